#pragma once

#include <array>
#include <cmath>
#include <string_view>

#include "core/parameter.hpp"
#include "core/random.hpp"
#include "encoders/samples.hpp"

namespace synfire {

/// Changes of a signal. Between two samples, whose values hold at their starts, the signal is a straight
/// line; a level R, at first the first value, is remembered:
///
///   signal reaches R + threshold:  spike of the ON neuron,   R = R + threshold
///   signal reaches R - threshold:  spike of the OFF neuron,  R = R - threshold
///
/// An image that a task shows is such a signal, too: its lines follow one another, a value for each column.
/// Value i has the neurons 2i (ON) and 2i + 1 (OFF), or, without off_spikes, neuron i alone; R falls all the
/// same. Sources: Miskowicz 2006, Sensors 6:49 (send-on-delta); the pixel of Lichtsteiner, Posch & Delbruck
/// 2008.
struct EncodeDelta {
  struct Parameters {
    double threshold = 0.1;
    double off_spikes = 1;
  };
  static constexpr bool emits_current = false;
  static constexpr std::string_view key = "values";
  static constexpr bool reads_lines = true;

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>(
        "delta", "changes of values as ON and OFF spikes", "Miskowicz 2006, Sensors 6:49",
        field(&P::threshold, "threshold", Unit::none, positive, "change that gives a spike"),
        field(&P::off_spikes, "off_spikes", Unit::none, flag, "a second neuron fires as the value falls"));
  }

  static std::size_t neurons(std::size_t values, const Parameters& p) {
    return p.off_spikes != 0 ? 2 * values : values;
  }

  static void encode(const Parameters& p, const Samples& samples, RandomKey, EncodedSpikes& spikes) {
    const std::size_t each = p.off_spikes != 0 ? 2 : 1;
    for (std::size_t i = 0; i < samples.columns; ++i) {
      // Levels are counted, not summed: R = first + level threshold.
      double level = 0;
      for (std::size_t r = 1; r < samples.rows(); ++r) {
        const double from = samples.row(r - 1)[i], to = samples.row(r)[i], origin = samples.row(0)[i];
        const double reached = (to - origin) / p.threshold;
        const auto time_of = [&](double at) {
          const double part = (origin + at * p.threshold - from) / (to - from);
          return samples.start(r - 1) + samples.step * (part < 0 ? 0.0 : part > 1 ? 1.0 : part);
        };
        constexpr double rounding = 1e-9;  // of a threshold: 0.1 three times is 0.3
        for (; reached >= level + 1 - rounding; ++level) spikes.add(time_of(level + 1), i * each);
        for (; reached <= level - 1 + rounding; --level)
          if (p.off_spikes != 0) spikes.add(time_of(level - 1), i * each + 1);
      }
    }
  }
};

}  // namespace synfire
