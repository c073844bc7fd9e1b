// What y = m c + (1 - m) p can be when c, p and m are only known to lie between two bounds.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "learning/bounds/lines.hpp"

namespace synfire::learning::bounds {

/// C and P apart, each at its own worst (Ning, equation B.10): for a given m the least is m l_c + (1 - m)
/// l_p, and it is linear in m.
inline Range mix_apart(const Range& c, const Range& p, const Range& m) {
  return {std::min(m.low * c.low + (1 - m.low) * p.low, m.high * c.low + (1 - m.high) * p.low),
          std::max(m.low * c.high + (1 - m.low) * p.high, m.high * c.high + (1 - m.high) * p.high)};
}

/// From P, D = C - P and m (equation 3.14).
inline Range mix_by_difference(const Range& p, const Range& d, const Range& m) {
  const auto [least, most] = std::minmax({m.low * d.low, m.low * d.high, m.high * d.low, m.high * d.high});
  return {p.low + least, p.high + most};
}

inline Range common(const Range& a, const Range& b) {
  return {std::max(a.low, b.low), std::min(a.high, b.high)};
}

/// Planes below and above the product m d on a box (McCormick 1976): of the two on each side, which are as
/// far away at its middle, the one that hangs less on m.
struct Planes {
  float low_m, low_d, low_offset, high_m, high_d, high_offset;
};
inline Planes product_planes(const Range& m, const Range& d) {
  const auto plane = [](float of_m, float of_d) { return std::array{of_m, of_d, -of_m * of_d}; };
  const bool less = std::abs(d.low) <= std::abs(d.high);
  const auto low = less ? plane(d.low, m.low) : plane(d.high, m.high);
  const auto high = less ? plane(d.low, m.high) : plane(d.high, m.low);
  return {low[0], low[1], low[2], high[0], high[1], high[2]};
}

}  // namespace synfire::learning::bounds
