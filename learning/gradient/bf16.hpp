// Numbers with the exponent of single precision and 8 significant bits.
#pragma once

#include <bit>
#include <cstdint>

#include "core/loops.hpp"

namespace synfire::learning {

/// The bits of the nearest one, halves to even; what is not finite stays so.
inline std::uint16_t to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const std::uint32_t quiet = bits >> 16 | 0x40u;
  return static_cast<std::uint16_t>((bits & 0x7fffffffu) > 0x7f800000u ? quiet : rounded);
}
inline float from_bf16(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t(bits) << 16); }

inline void to_bf16(const float* __restrict values, std::size_t count, std::uint16_t* __restrict to) {
  run_loop([=]() SYNFIRE_INLINE {
    SYNFIRE_INDEPENDENT
    for (std::size_t i = 0; i < count; ++i) to[i] = to_bf16(values[i]);
  });
}

}  // namespace synfire::learning
