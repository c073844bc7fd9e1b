#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "core/parameter.hpp"
#include "core/random.hpp"
#include "encoders/samples.hpp"

namespace synfire {

/// A neuron for each value fires with the rate f = max_rate x, x the value between low and high:
///
///   poisson:    intervals drawn from the exponential distribution of mean 1/f
///   bernoulli:  in each bin one spike with probability min(1, f bin), at the end of the bin
///   regular:    spikes at (k + 1)/f after the sample's start, k = 0, 1, …
///
/// Each sample starts anew. Source: the rate code of Adrian & Zotterman 1926, J. Physiol. 61:151; the forms
/// as in Auge et al. 2021, Neural Process. Lett. 53:4693, section 3.1.
struct EncodeRate : EncoderBetween {
  struct Parameters {
    double max_rate = 100;
    double low = 0;
    double high = 1;
    double method = 0;
    double bin = 1;
  };
  static constexpr std::array<std::string_view, 3> methods = {"poisson", "bernoulli", "regular"};

  static constexpr auto describe() {
    using P = Parameters;
    constexpr Bounds rate{.low = 0, .high = 1e6}, bin{.low = 1e-3, .high = 1e6};
    return about<P>("rate", "values as firing rates: random, by coin toss or regular",
                    "Adrian & Zotterman 1926, J. Physiol. 61:151",
                    field(&P::max_rate, "max_rate", Unit::Hz, rate, "rate of a value at `high`"),
                    field(&P::low, "low", Unit::none, unbounded, "value that stands for no spikes"),
                    field(&P::high, "high", Unit::none, unbounded, "value that stands for `max_rate`"),
                    field(&P::method, "method", methods, "how spikes are placed"),
                    field(&P::bin, "bin", Unit::ms, bin, "bernoulli: time between two tosses"));
  }

  static std::size_t neurons(std::size_t values, const Parameters&) { return values; }

  static void encode(const Parameters& p, const Samples& samples, RandomKey random, EncodedSpikes& spikes) {
    for (std::size_t r = 0; r < samples.rows(); ++r)
      for (std::size_t i = 0; i < samples.columns; ++i) {
        const double rate = p.max_rate * scaled(samples.row(r)[i], p.low, p.high) * 1e-3;  // per ms
        if (rate <= 0) continue;
        const double start = samples.start(r), end = start + samples.step;
        RandomStream stream(random, i, static_cast<std::uint32_t>(r));
        if (p.method == 0) {
          for (double t = stream.exponential() / rate; t <= samples.step; t += stream.exponential() / rate)
            spikes.add(start + t, i);
        } else if (p.method == 1) {
          const double chance = std::min(1.0, rate * p.bin);
          for (double k = 1; start + k * p.bin <= end * (1 + 1e-12); ++k)
            if (stream.uniform() < chance) spikes.add(start + k * p.bin, i);
        } else {
          for (double k = 1; k <= samples.step * rate * (1 + 1e-12); ++k) spikes.add(start + k / rate, i);
        }
      }
  }
};

}  // namespace synfire
