#include "sim/cpu/totals.hpp"

#include <algorithm>

#include "core/array.hpp"

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

std::vector<PopulationResult> Totals::populations_of(const NetworkDescription& network,
                                                     double biological_s) const {
  std::vector<PopulationResult> results;
  for (std::size_t p = 0; p < populations.size(); ++p) {
    const PopulationTotals& sums = populations[p];
    if (!sums.simulated) continue;
    PopulationResult population;
    population.name = network.populations[p].name;
    population.neurons = static_cast<std::uint32_t>(sums.neurons);
    population.spikes = sums.spikes;
    if (biological_s > 0) population.rate_hz = double(population.spikes) / population.neurons / biological_s;
    population.cv_isi = sums.varied > 0 ? sums.variation / double(sums.varied) : 0;
    results.push_back(population);
  }
  return results;
}

Totals totals_of(const std::vector<std::unique_ptr<Shard>>& shards,
                 const std::vector<std::unique_ptr<Group>>& groups, std::size_t populations) {
  Totals totals;
  RunResult& result = totals.result;
  result.shards = shards.size();
  result.peak_rss_bytes = peak_resident_bytes();
  const auto add = [&result](const Inlet& inlet) {
    (inlet.is_drive() ? result.drive_events : result.synaptic_events) += inlet.events();
    result.synapses += inlet.synapses();
    result.synapse_bytes += inlet.bytes();
  };
  totals.populations.resize(populations);
  for (const auto& shard : shards) {
    if (shard->neurons)
      result.neuron_updates += std::uint64_t(shard->range.count) * std::uint64_t(shard->group->done.load());
    result.neuron_bytes += shard->emitter->bytes();
    shard->for_each_inlet(add);
    PopulationTotals& population = totals.populations[shard->population];
    population.simulated = true;
    population.neurons += shard->range.count;
    population.spikes += shard->statistics.spikes();
    shard->statistics.add_variation(population.variation, population.varied);
  }
  for (const auto& group : groups)
    for (const auto& inlet : group->inlets) add(*inlet);
  return totals;
}

}  // namespace synfire
