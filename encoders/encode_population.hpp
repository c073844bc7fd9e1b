#pragma once

#include <cmath>

#include "core/parameter.hpp"
#include "core/random.hpp"
#include "encoders/samples.hpp"

namespace synfire {

/// Each value is seen by `fields` neurons with overlapping Gaussian receptive fields; that of neuron j = 1 …
/// m has the centre and width
///
///   mu_j = low + (2j - 3)/2 (high - low)/(m - 2),   sigma = (high - low) / (beta (m - 2))
///
/// and a response y = exp(-(v - mu_j)^2 / (2 sigma^2)) above the threshold fires once, at first + (last -
/// first) (1 - y) after the sample's start. Field j of value i is neuron i m + j - 1. Spikes behind the end
/// of the sample are left out. Source: Bohte, Kok & La Poutre 2002, Neurocomputing 48:17, section 5 (there
/// first = 0 ms, last = 10 ms, threshold 0.1).
struct EncodePopulation : EncoderBetween {
  struct Parameters {
    double fields = 8;
    double beta = 1.5;
    double low = 0;
    double high = 1;
    double first = 1;
    double last = 10;
    double threshold = 0.1;
  };

  static constexpr auto describe() {
    using P = Parameters;
    constexpr Bounds fields{.low = 3, .high = 1000, .whole = true};
    return about<P>(
        "population",
        "each value seen by several neurons with Gaussian receptive fields, the best match first",
        "Bohte, Kok & La Poutre 2002, Neurocomputing 48:17",
        field(&P::fields, "fields", Unit::none, fields, "neurons for each value"),
        field(&P::beta, "beta", Unit::none, positive, "narrowness of the fields; the source takes 1 to 2"),
        field(&P::low, "low", Unit::none, unbounded, "least value that is expected"),
        field(&P::high, "high", Unit::none, unbounded, "largest value that is expected"),
        field(&P::first, "first", Unit::ms, non_negative, "time of the spike of a value at a field's centre"),
        field(&P::last, "last", Unit::ms, positive, "time to which weak responses tend"),
        field(&P::threshold, "threshold", Unit::none, fraction, "weaker responses give no spike"));
  }

  static std::size_t neurons(std::size_t values, const Parameters& p) {
    return values * static_cast<std::size_t>(p.fields);
  }

  static void encode(const Parameters& p, const Samples& samples, RandomKey, EncodedSpikes& spikes) {
    const auto fields = static_cast<std::size_t>(p.fields);
    const double distance = (p.high - p.low) / (p.fields - 2), sigma = distance / p.beta;
    for (std::size_t r = 0; r < samples.rows(); ++r)
      for (std::size_t i = 0; i < samples.columns; ++i)
        for (std::size_t j = 0; j < fields; ++j) {
          const double off = (samples.row(r)[i] - p.low - (static_cast<double>(j) - 0.5) * distance) / sigma;
          const double response = std::exp(-off * off / 2);
          const double t = p.first + (p.last - p.first) * (1 - response);
          if (response >= p.threshold && t <= samples.step) spikes.add(samples.start(r) + t, i * fields + j);
        }
  }
};

}  // namespace synfire
