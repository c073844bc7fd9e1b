// Spikes of a recording counted in parts of its time: what a network without time, or one of few steps, is
// shown.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace synfire {

/// The spikes of `channels` channels in `parts` equal parts of [0, duration): counts[part * channels +
/// channel]. Spikes outside that time, or of channels that are not there, are left out. `times` and `of` lie
/// side by side; duration > 0, in the unit of the times.
inline std::vector<std::uint32_t> count_in_parts(std::span<const double> times,
                                                 std::span<const std::uint32_t> of, std::size_t channels,
                                                 std::size_t parts, double duration) {
  std::vector<std::uint32_t> counts(channels * parts);
  for (std::size_t k = 0; k < times.size(); ++k) {
    if (!(times[k] >= 0 && times[k] < duration) || of[k] >= channels) continue;
    const auto part = static_cast<std::size_t>(times[k] / duration * static_cast<double>(parts));
    ++counts[std::min(part, parts - 1) * channels + of[k]];
  }
  return counts;
}

}  // namespace synfire
