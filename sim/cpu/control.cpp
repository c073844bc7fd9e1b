#include "sim/cpu/control.hpp"

#include <fmt/format.h>

namespace synfire {

void CpuControl::spike_counts(std::size_t population, std::span<std::uint64_t> counts) const {
  for (const auto& shard : shards_)
    if (shard->population == population) shard->statistics.counts(counts.subspan(shard->range.first));
}

void CpuControl::set_parameter(std::size_t population, std::string_view parameter,
                               std::span<const double> values) {
  bool done = false;
  for (const auto& shard : shards_) {
    if (shard->population != population) continue;
    const auto part = values.size() == 1 ? values : values.subspan(shard->range.first, shard->range.count);
    done = shard->emitter->set_parameter(parameter, part);
    if (!done) break;
  }
  if (done) return;
  throw Error(ErrorKind::input, network_.populations[population].where,
              fmt::format("'{}' of {} cannot be changed while the network runs", parameter,
                          title(network_.populations[population])));
}

void CpuControl::set_plastic(bool on) {
  for (const auto& shard : shards_)
    for (PlasticInlet* inlet : shard->plastic) inlet->set_plastic(on);
}

template <class Visit> void CpuControl::for_each_part(std::size_t projection, const Visit& visit) const {
  for (const auto& shard : shards_)
    for (PlasticInlet* inlet : shard->plastic)
      if (inlet->projection() == projection) visit(*inlet);
}

void CpuControl::apply_periodic(std::size_t projection) {
  for_each_part(projection, [](PlasticInlet& inlet) { inlet.apply_periodic(); });
}

SynapseTable CpuControl::synapses(std::size_t projection) const {
  SynapseTable table;
  for_each_part(projection, [&](const PlasticInlet& inlet) { inlet.append_synapses(table); });
  sort_by_source(table);
  return table;
}

}  // namespace synfire
