// "Did you mean": the nearest valid word to a misspelt one.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace synfire {

/// Number of insertions, deletions, replacements and swaps of neighbours that turn one word into the other;
/// upper and lower case count as equal (`TAU_M` is `tau_m`).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The valid word closest to `word`, when it is close enough to be what was meant.
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> valid);

/// "; did you mean 'tau_m'?" when a valid word is near, else "; valid are: a, b, c".
std::string did_you_mean(std::string_view word, std::span<const std::string_view> valid);

}  // namespace synfire
