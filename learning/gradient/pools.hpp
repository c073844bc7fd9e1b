// Pools of one map: the largest or the mean of what lies under a square.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>

#include "learning/gradient/layer.hpp"

namespace synfire::learning {

struct Window {
  std::size_t kernel, stride, padding;
};

/// Calls visit(place of the output, place of the input) for all pairs, output by output.
template <class Visit>
void for_each_under(const FeatureShape& in, const FeatureShape& out, const Window& w, const Visit& visit) {
  // Of a square that begins at `at` places, padding included: its first place in the map, and the end.
  const auto clip = [&](std::size_t at, std::size_t places) {
    const std::size_t end = std::min(at + w.kernel, places + w.padding);
    return std::pair(at > w.padding ? at - w.padding : 0, end > w.padding ? end - w.padding : 0);
  };
  for (std::size_t y = 0; y < out.height; ++y) {
    const auto [top, bottom] = clip(y * w.stride, in.height);
    for (std::size_t x = 0; x < out.width; ++x) {
      const auto [left, right] = clip(x * w.stride, in.width);
      for (std::size_t iy = top; iy < bottom; ++iy)
        for (std::size_t ix = left; ix < right; ++ix) visit(y * out.width + x, iy * in.width + ix);
    }
  }
}

template <class Real>
void max_pool(const FeatureShape& in, const FeatureShape& out, const Window& window, const Real* from,
              Real* to) {
  const std::size_t channels = in.channels;
  std::fill_n(to, out.places() * channels, std::numeric_limits<Real>::lowest());
  for_each_under(in, out, window, [&](std::size_t o, std::size_t i) {
    Real* __restrict y = to + o * channels;
    const Real* __restrict x = from + i * channels;
    for (std::size_t c = 0; c < channels; ++c) y[c] = x[c] > y[c] ? x[c] : y[c];
  });
}

/// Adds to d_from; the first of equals has it all. `left` begins as the gradient of the output, and is used
/// up.
template <class Real>
void max_pool_back(const FeatureShape& in, const FeatureShape& out, const Window& window, const Real* from,
                   const Real* top, Real* left, Real* d_from) {
  const std::size_t channels = in.channels;
  for_each_under(in, out, window, [&](std::size_t o, std::size_t i) {
    Real* __restrict d = left + o * channels;
    const Real* __restrict y = top + o * channels;
    const Real* __restrict x = from + i * channels;
    Real* __restrict dx = d_from + i * channels;
    for (std::size_t c = 0; c < channels; ++c) {
      const bool found = x[c] == y[c];
      dx[c] += found ? d[c] : Real(0);
      d[c] = found ? Real(0) : d[c];
    }
  });
}

template <class Real>
void average_pool(const FeatureShape& in, const FeatureShape& out, const Window& window, const Real* from,
                  Real* to) {
  const std::size_t channels = in.channels;
  const Real share = Real(1) / Real(window.kernel * window.kernel);
  std::fill_n(to, out.places() * channels, Real(0));
  for_each_under(in, out, window, [&](std::size_t o, std::size_t i) {
    Real* __restrict y = to + o * channels;
    const Real* __restrict x = from + i * channels;
    for (std::size_t c = 0; c < channels; ++c) y[c] += share * x[c];
  });
}

/// Adds to d_from.
template <class Real>
void average_pool_back(const FeatureShape& in, const FeatureShape& out, const Window& window, const Real* d,
                       Real* d_from) {
  const std::size_t channels = in.channels;
  const Real share = Real(1) / Real(window.kernel * window.kernel);
  for_each_under(in, out, window, [&](std::size_t o, std::size_t i) {
    const Real* __restrict dy = d + o * channels;
    Real* __restrict dx = d_from + i * channels;
    for (std::size_t c = 0; c < channels; ++c) dx[c] += share * dy[c];
  });
}

}  // namespace synfire::learning
