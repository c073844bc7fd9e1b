// Text from files of others, made safe to print and draw.
#pragma once

#include <string>
#include <string_view>

namespace synfire {

/// The text with a '?' in place of every control character and every byte that is not UTF-8.
std::string printable(std::string_view text);

}  // namespace synfire
