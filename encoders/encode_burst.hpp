#pragma once

#include <cmath>

#include "core/parameter.hpp"
#include "core/random.hpp"
#include "encoders/samples.hpp"

namespace synfire {

/// A burst at the start of each sample; with x the value between low and high, it has N spikes, the first
/// after min_interval and then each T after the one before:
///
///   N = ceil(max_spikes x),   T = max_interval - (max_interval - min_interval) x
///
/// Spikes behind the end of the sample are left out. Source: Guo et al. 2021, Front. Neurosci. 15:638474,
/// section 2.2.4 (there T is rounded up to a step).
struct EncodeBurst : EncoderBetween {
  struct Parameters {
    double max_spikes = 5;
    double min_interval = 2;
    double max_interval = 10;
    double low = 0;
    double high = 1;
  };

  static constexpr auto describe() {
    using P = Parameters;
    constexpr Bounds spikes{.low = 1, .high = 1000, .whole = true};
    return about<P>(
        "burst", "values as bursts: the larger, the more spikes and the shorter their intervals",
        "Guo et al. 2021, Front. Neurosci. 15:638474",
        field(&P::max_spikes, "max_spikes", Unit::none, spikes, "spikes of a value at `high`"),
        field(&P::min_interval, "min_interval", Unit::ms, positive, "interval of a value at `high`"),
        field(&P::max_interval, "max_interval", Unit::ms, positive, "longest interval"),
        field(&P::low, "low", Unit::none, unbounded, "value without spikes"),
        field(&P::high, "high", Unit::none, unbounded, "value with the strongest burst"));
  }

  static std::size_t neurons(std::size_t values, const Parameters&) { return values; }

  static void encode(const Parameters& p, const Samples& samples, RandomKey, EncodedSpikes& spikes) {
    for (std::size_t r = 0; r < samples.rows(); ++r)
      for (std::size_t i = 0; i < samples.columns; ++i) {
        const double x = scaled(samples.row(r)[i], p.low, p.high);
        const double count = std::ceil(p.max_spikes * x - 1e-9);
        const double interval = p.max_interval - (p.max_interval - p.min_interval) * x;
        for (double k = 0; k < count; ++k) {
          const double t = p.min_interval + k * interval;
          if (t <= samples.step) spikes.add(samples.start(r) + t, i);
        }
      }
  }
};

}  // namespace synfire
