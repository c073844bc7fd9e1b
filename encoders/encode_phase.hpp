#pragma once

#include <cmath>
#include <cstdint>

#include "core/parameter.hpp"
#include "core/random.hpp"
#include "encoders/samples.hpp"

namespace synfire {

/// Weighted spikes: a period has `bits` phases, and the value between low and high, rounded to a binary
/// fraction of so many bits, fires in phase k (k = 1, 2, …) when its bit of weight 2^-k is 1; a spike comes
/// at the end of its phase. 1 is all bits. The periods of a sample follow one another, the last only if it is
/// whole. Source: Kim et al. 2018, Neurocomputing 311:373, section 3.1.
struct EncodePhase : EncoderBetween {
  struct Parameters {
    double bits = 8;
    double phase = 1;
    double low = 0;
    double high = 1;
  };

  static constexpr auto describe() {
    using P = Parameters;
    constexpr Bounds bits{.low = 1, .high = 32, .whole = true};
    return about<P>("phase", "values as binary digits, one in each phase of a period, the greatest first",
                    "Kim et al. 2018, Neurocomputing 311:373",
                    field(&P::bits, "bits", Unit::none, bits, "phases of a period"),
                    field(&P::phase, "phase", Unit::ms, positive, "length of a phase"),
                    field(&P::low, "low", Unit::none, unbounded, "value without spikes"),
                    field(&P::high, "high", Unit::none, unbounded, "value with a spike in each phase"));
  }

  static std::size_t neurons(std::size_t values, const Parameters&) { return values; }

  static void encode(const Parameters& p, const Samples& samples, RandomKey, EncodedSpikes& spikes) {
    const auto bits = static_cast<int>(p.bits);
    const double whole = std::ldexp(1.0, bits) - 1, period = p.phase * p.bits;
    const double periods = std::floor(samples.step / period * (1 + 1e-12));
    for (std::size_t r = 0; r < samples.rows(); ++r)
      for (std::size_t i = 0; i < samples.columns; ++i) {
        const auto digits =
            static_cast<std::uint64_t>(std::round(scaled(samples.row(r)[i], p.low, p.high) * whole));
        if (digits == 0) continue;
        for (double n = 0; n < periods; ++n)
          for (int k = 1; k <= bits; ++k)
            if ((digits >> (bits - k) & 1) != 0) spikes.add(samples.start(r) + n * period + k * p.phase, i);
      }
  }
};

}  // namespace synfire
