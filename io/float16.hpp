// Numbers of 16 bits as IEEE 754 has them (binary16): 11 bits of precision, up to 65504.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace synfire {

inline constexpr double largest_float16 = 65504;

inline double from_float16(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const int fraction = bits & 1023;
  const double sign = bits >> 15 != 0 ? -1 : 1;
  if (exponent == 31)
    return fraction == 0 ? sign * std::numeric_limits<double>::infinity()
                         : std::numeric_limits<double>::quiet_NaN();
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  return sign * std::ldexp(1024 + fraction, exponent - 25);
}

/// The nearest one, of two equally near the even one. `value` is within +-largest_float16.
inline std::uint16_t to_float16(double value) {
  const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  const double size = std::abs(value);
  if (size == 0) return sign;
  int exponent = 0;
  std::frexp(size, &exponent);                    // size = m * 2^exponent, 0.5 <= m < 1
  const int step = std::max(exponent - 11, -24);  // the last of 11 bits; fixed below 2^-14
  // The usual rounding of the machine is to the even one. Carries run on into the exponent by themselves.
  const auto units = static_cast<int>(std::nearbyint(std::ldexp(size, -step)));
  return static_cast<std::uint16_t>(sign + ((step + 24) << 10) + units);
}

}  // namespace synfire
