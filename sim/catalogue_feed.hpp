// Samples of a task as what a population makes of them. Part of the catalogue.
#pragma once

#include <string>

#include "io/events/event_reader.hpp"
#include "sim/backend.hpp"

namespace synfire {

/// What all samples of a task look like.
struct SampleShape {
  bool events = false;  ///< else images
  bool audio = false;   ///< events of a cochlea with `width` channels
  std::uint32_t height = 0, width = 0, channels = 1;
};

/// One of them: pixels (0 to 255) in the order of neurons, or events that begin at 0.
struct SampleView {
  std::span<const std::uint8_t> pixels;
  std::span<const Event> events;
};

/// Spikes with their times from the start of the sample, or a current (pA) for each neuron.
struct EncodedSample {
  std::vector<double> times_ms;
  std::vector<std::uint64_t> ids;
  std::vector<double> currents;
};

/// Throws Error(input) at the population, which a task feeds, when it cannot show such samples or has not the
/// size that they need. `source` says whose they are.
void check_feed(const PopulationDescription&, const SampleShape&, const std::string& source);

/// What a population that passed check_feed does for the `present_ms` that a sample is shown. Its encoding
/// begins with the sample; random numbers come from `key`.
EncodedSample encode_sample(const PopulationDescription&, const SampleShape&, const SampleView&,
                            double present_ms, RandomKey key);

}  // namespace synfire
