// What a task gives a source while the network runs.
#pragma once

#include <vector>

#include "core/spike_schedule.hpp"

namespace synfire {

/// One for all parts of a population; changed only while the network stands still.
struct Feed {
  SpikeSchedule spikes;         ///< of a source of spikes
  std::vector<float> currents;  ///< pA, of a source of currents: one for each neuron; empty: none
};

}  // namespace synfire
