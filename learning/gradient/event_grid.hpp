// Where the events of a recording are counted as a sample of a network.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "learning/gradient/layer.hpp"

namespace synfire::learning {

/// Equal parts of a recording's time, and in each a map with a channel for each polarity, or one for both.
struct EventGrid {
  FeatureShape features;
  std::size_t steps = 1;

  /// The step of a time after the beginning of `span_us` > 0; `steps`: it comes later.
  std::size_t step(std::int64_t t_us, std::int64_t span_us) const {
    if (t_us >= span_us) return steps;
    const auto t = static_cast<std::uint64_t>(std::max<std::int64_t>(t_us, 0));
    const auto span = static_cast<std::uint64_t>(span_us);
    if (t <= std::numeric_limits<std::uint64_t>::max() / steps)
      return static_cast<std::size_t>(t * steps / span);
    return std::min(static_cast<std::size_t>(t / (span / steps)), steps - 1);
  }
  /// The element of a step's map; nothing outside it.
  std::optional<std::size_t> element(std::size_t y, std::size_t x, bool on) const {
    if (y >= features.height || x >= features.width) return std::nullopt;
    return (y * features.width + x) * features.channels + (features.channels == 1 || !on ? 0 : 1);
  }
};

}  // namespace synfire::learning
