// Populations laid out in two dimensions.
#pragma once

#include <algorithm>

#include "networks/connect/checks.hpp"

namespace synfire::connect {

/// [height, width, channels], channels fastest.
struct GridShape {
  std::int64_t height = 0, width = 0, channels = 1;

  std::int64_t row_of(std::uint32_t neuron) const { return neuron / channels / width; }
  std::int64_t column_of(std::uint32_t neuron) const { return neuron / channels % width; }
  std::int64_t channel_of(std::uint32_t neuron) const { return neuron % channels; }
  std::uint32_t index(std::int64_t y, std::int64_t x, std::int64_t channel) const {
    return static_cast<std::uint32_t>((y * width + x) * channels + channel);
  }
};

inline GridShape grid_shape(const std::vector<std::uint32_t>& shape, std::string_view end,
                            const ConnectDescription& connect) {
  if (shape.size() != 2 && shape.size() != 3)
    throw refusal(connect, fmt::format("the {} must have the shape [height, width] or [height, width, "
                                       "channels], but its shape has {} number{}",
                                       end, shape.size(), shape.size() == 1 ? "" : "s"));
  if (std::find(shape.begin(), shape.end(), 0u) != shape.end())
    throw refusal(connect, fmt::format("the {} has no neurons", end));
  return {shape[0], shape[1], shape.size() == 3 ? std::int64_t(shape[2]) : 1};
}

}  // namespace synfire::connect
