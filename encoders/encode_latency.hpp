#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "core/parameter.hpp"
#include "core/random.hpp"
#include "encoders/samples.hpp"

namespace synfire {

/// A neuron for each value fires once in a sample, the earlier the larger the value is; x is the value
/// between low and high, and values of x <= threshold give no spike:
///
///   linear:       t = first + (last - first) (1 - x)
///   logarithmic:  t = first + tau ln(x (1 - threshold) / (x - threshold)), no spike when that is after last
///
/// The second is the time at which a membrane of time constant tau, driven by x, reaches the threshold,
/// counted from where the largest value does. Spikes that would fall behind the end of their sample are left
/// out. Sources: Thorpe, Delorme & Van Rullen 2001, Neural Networks 14:715; logarithm, Hopfield 1995, Nature
/// 376:33.
struct EncodeLatency : EncoderBetween {
  struct Parameters {
    double first = 1;
    double last = 100;
    double low = 0;
    double high = 1;
    double threshold = 0.01;
    double method = 0;
    double tau = 20;
  };
  static constexpr std::array<std::string_view, 2> methods = {"linear", "logarithmic"};

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>(
        "latency", "values as the time to the first and only spike of a sample",
        "Thorpe, Delorme & Van Rullen 2001, Neural Networks 14:715",
        field(&P::first, "first", Unit::ms, non_negative, "earliest spike, of a value at `high`"),
        field(&P::last, "last", Unit::ms, positive, "latest spike, of a value at `low`"),
        field(&P::low, "low", Unit::none, unbounded, "value that is taken as 0"),
        field(&P::high, "high", Unit::none, unbounded, "value that is taken as 1"),
        field(&P::threshold, "threshold", Unit::none, Bounds{.low = 0, .high = 1, .high_excluded = true},
              "values up to this, between 0 and 1, give no spike"),
        field(&P::method, "method", methods, "how time follows from the value"),
        field(&P::tau, "tau", Unit::ms, positive, "logarithmic: time constant of the membrane"));
  }

  static std::size_t neurons(std::size_t values, const Parameters&) { return values; }

  static void encode(const Parameters& p, const Samples& samples, RandomKey, EncodedSpikes& spikes) {
    for (std::size_t r = 0; r < samples.rows(); ++r)
      for (std::size_t i = 0; i < samples.columns; ++i) {
        const double x = scaled(samples.row(r)[i], p.low, p.high);
        if (x <= p.threshold) continue;
        // At high the membrane takes -tau ln(1 - threshold), which is taken off: that value fires at `first`.
        const double t =
            p.method == 0 ? p.first + (p.last - p.first) * (1 - x)
                          : p.first + p.tau * (std::log(x / (x - p.threshold)) + std::log(1 - p.threshold));
        if (t <= std::max(p.first, p.last) && t <= samples.step) spikes.add(samples.start(r) + t, i);
      }
  }
};

}  // namespace synfire
