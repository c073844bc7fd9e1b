#include "sim/cpu/totals.hpp"

#include <algorithm>

namespace synfire {

void Totals::add(const Totals& other) {
  const RunResult& more = other.result;
  result.neuron_updates += more.neuron_updates;
  result.synaptic_events += more.synaptic_events;
  result.drive_events += more.drive_events;
  result.synapses += more.synapses;
  result.synapse_bytes += more.synapse_bytes;
  result.neuron_bytes += more.neuron_bytes;
  result.shards += more.shards;
  result.messages += more.messages;
  result.message_bytes += more.message_bytes;
  result.build_s = std::max(result.build_s, more.build_s);
  result.wall_s = std::max(result.wall_s, more.wall_s);
  result.peak_rss_bytes = std::max(result.peak_rss_bytes, more.peak_rss_bytes);
  for (std::size_t p = 0; p < populations.size(); ++p) {
    PopulationTotals& sum = populations[p];
    const PopulationTotals& part = other.populations[p];
    sum.neurons += part.neurons;
    sum.spikes += part.spikes;
    sum.variation += part.variation;
    sum.varied += part.varied;
    sum.simulated = sum.simulated || part.simulated;
  }
}

}  // namespace synfire
