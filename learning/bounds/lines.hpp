// Straight lines below and above functions of one number on an interval.
#pragma once

#include <algorithm>
#include <cmath>

#include "learning/gradient/elementwise.hpp"

namespace synfire::learning::bounds {

/// low_slope x + low_offset <= f(x) <= high_slope x + high_offset for all x of the interval.
struct Lines {
  float low_slope = 0, low_offset = 0, high_slope = 0, high_offset = 0;
};

namespace lines {

inline Lines constants(float low, float high) { return {0, low, 0, high}; }

/// Through (x, y) with a slope; as the lower and as the upper line.
inline void set_low(Lines& lines, float slope, float x, float y) {
  lines.low_slope = slope, lines.low_offset = y - slope * x;
}
inline void set_high(Lines& lines, float slope, float x, float y) {
  lines.high_slope = slope, lines.high_offset = y - slope * x;
}

}  // namespace lines

// Each function has
//   value(x)
//   range(l, u)      the least and the largest value on [l, u]
//   lines(l, u)
//   steepest(l, u)   the largest |f(x) - f(y)| / |x - y| there

struct Range {
  float low, high;
};

template <class F> struct Rising {
  F f;
  float value(float x) const { return f.value(x); }
  Range range(float l, float u) const { return {f.value(l), f.value(u)}; }
};

struct Straight : Rising<Identity<float>> {
  Lines lines(float, float) const { return {1, 0, 1, 0}; }
  float steepest(float, float) const { return 1; }
};

/// Above 0 the identity, below a slope, which may be negative.
struct Rectifier {
  Rectified<float> f;
  float value(float x) const { return f.value(x); }
  Range range(float l, float u) const {
    const float a = f.value(l), b = f.value(u);
    const float least = l < 0 && u > 0 ? std::min(0.0f, std::min(a, b)) : std::min(a, b);
    return {least, std::max(a, b)};
  }
  Lines lines(float l, float u) const {
    if (l >= 0) return {1, 0, 1, 0};
    if (u <= 0) return {f.below, 0, f.below, 0};
    const float chord = (f.value(u) - f.value(l)) / (u - l);
    const float tangent =
        u > -l ? 1 : f.below;  // the one that leaves the smaller triangle (Zhang et al. 2018)
    Lines made;
    if (f.below <= 1) {
      lines::set_high(made, chord, u, f.value(u)), lines::set_low(made, tangent, 0, 0);
    } else {
      lines::set_low(made, chord, u, f.value(u)), lines::set_high(made, tangent, 0, 0);
    }
    return made;
  }
  float steepest(float l, float u) const {
    const float below = std::abs(f.below);
    return l >= 0 ? 1 : u <= 0 ? below : std::max(1.0f, below);
  }
};

/// celu: convex.
struct ExponentialUnit : Rising<Exponential<float>> {
  Lines lines(float l, float u) const {
    if (l >= 0) return {1, 0, 1, 0};
    Lines made;
    const float middle = (l + u) / 2;
    lines::set_low(made, f.slope(middle), middle, f.value(middle));
    if (u - l < 1e-6f) {
      lines::set_high(made, 0, u, f.value(u));
    } else {
      lines::set_high(made, (f.value(u) - f.value(l)) / (u - l), u, f.value(u));
    }
    return made;
  }
  float steepest(float, float u) const { return f.slope(u); }
};

/// factor x + shift, kept between two values; factor > 0.
struct Ramp {
  float factor = 1, shift = 0;
  Clamped<float> clamp{0, 1};
  float value(float x) const { return clamp.value(factor * x + shift); }
  Range range(float l, float u) const { return {value(l), value(u)}; }
  Lines lines(float l, float u) const {
    const float a = factor * l + shift, b = factor * u + shift;
    if (b <= clamp.low || a >= clamp.high) return lines::constants(value(l), value(u));
    Lines made{factor, shift, factor, shift};
    const bool bent_below = a<clamp.low, bent_above = b> clamp.high;
    // The upper line starts at the left end where the function is bent below, else where it is bent above.
    if (bent_below) {
      const float right = std::min(b, clamp.high), rise = (right - clamp.low) / (right - a);
      lines::set_high(made, factor * rise, l, clamp.low);
    } else if (bent_above) {
      const float slope = clamp.high - a > b - clamp.high ? factor : 0;
      lines::set_high(made, slope, (clamp.high - shift) / factor, clamp.high);
    }
    if (bent_above) {
      const float left = std::max(a, clamp.low), rise = (clamp.high - left) / (b - left);
      lines::set_low(made, factor * rise, u, clamp.high);
    } else if (bent_below) {
      const float slope = b - clamp.low > clamp.low - a ? factor : 0;
      lines::set_low(made, slope, (clamp.low - shift) / factor, clamp.low);
    }
    return made;
  }
  float steepest(float l, float u) const {
    return factor * u + shift <= clamp.low || factor * l + shift >= clamp.high ? 0 : factor;
  }
};

/// 1/(1 + e^-x), by the smaller of the slopes at the ends (Singh et al. 2019, DeepPoly).
struct Logistic {
  float value(float x) const { return 1 / (1 + math::exp(-x)); }
  float slope(float x) const { return value(x) * (1 - value(x)); }
  Range range(float l, float u) const { return {value(l) - 1e-6f, value(u) + 1e-6f}; }
  Lines lines(float l, float u) const {
    Lines made;
    const Range ends = range(l, u);
    const float least = std::min(slope(l), slope(u)),
                chord = u - l > 1e-4f ? (value(u) - value(l)) / (u - l) : 0;
    lines::set_low(made, l >= 0 ? chord : least, l, ends.low);
    lines::set_high(made, u <= 0 ? chord : least, u, ends.high);
    return made;
  }
  float steepest(float l, float u) const { return l <= 0 && u >= 0 ? 0.25f : std::max(slope(l), slope(u)); }
};

/// 1 above 0, else 0.
struct Step {
  float value(float x) const { return x > 0 ? 1 : 0; }
  Range range(float l, float u) const { return {value(l), value(u)}; }
  Lines lines(float l, float u) const {
    if (value(l) == value(u)) return lines::constants(value(l), value(u));
    Lines made = lines::constants(0, 1);
    if (l < -1e-6f) lines::set_high(made, -1 / l, 0, 1);
    if (u > 1e-6f) lines::set_low(made, 1 / u, 0, 0);
    return made;
  }
  float steepest(float l, float u) const {
    return value(l) == value(u) ? 0 : std::numeric_limits<float>::infinity();
  }
};

}  // namespace synfire::learning::bounds
