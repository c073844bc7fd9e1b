#pragma once

#include <limits>
#include <span>

#include "core/parameter.hpp"
#include "core/random.hpp"
#include "core/time.hpp"

namespace synfire {

/// White noise as current: every `dt` each neuron gets a new value from a normal distribution, independent of
/// all others, and keeps it for `dt`.
struct NoiseCurrent {
  struct Parameters {
    double mean = 0;
    double std = 0;
    double dt = 1;
    double start = 0;
    double stop = std::numeric_limits<double>::infinity();
  };
  static constexpr bool emits_current = true;

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>("noise_current", "piecewise constant Gaussian noise current, independent for each target",
                    "NEST noise_generator", field(&P::mean, "mean", Unit::pA, unbounded, "mean current"),
                    field(&P::std, "std", Unit::pA, non_negative, "standard deviation of the values"),
                    field(&P::dt, "dt", Unit::ms, positive, "time between new values"),
                    field(&P::start, "start", Unit::ms, non_negative, "the current flows from here"),
                    field(&P::stop, "stop", Unit::ms, non_negative, "and until here"));
  }

  /// values[i] = the current of neuron first + i in the interval number `interval`.
  static void draw(RandomKey key, const Parameters& p, std::int64_t interval, std::uint32_t first,
                   std::span<float> values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      RandomStream stream(key, static_cast<std::uint64_t>(interval), first + static_cast<std::uint32_t>(i));
      values[i] = static_cast<float>(p.mean + p.std * stream.normal());
    }
  }
};

}  // namespace synfire
