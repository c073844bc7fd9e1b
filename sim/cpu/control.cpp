#include "sim/cpu/control.hpp"

#include <algorithm>

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
  const PopulationDescription& description = context_.network.populations[population];
  throw Error(
      ErrorKind::input, description.where,
      fmt::format("'{}' of {} cannot be changed while the network runs", parameter, title(description)));
}

void CpuControl::play(std::size_t population, std::span<const double> times_ms,
                      std::span<const std::uint64_t> ids) {
  // Between two calls of advance all groups have come equally far.
  const Step now = shards_.empty() ? 0 : shards_.front()->group->done.load();
  (*context_.feeds)[population].spikes = SpikeSchedule(times_ms, ids, context_.grid, now);
}

void CpuControl::hold(std::size_t population, std::span<const double> currents) {
  (*context_.feeds)[population].currents.assign(currents.begin(), currents.end());
}

void CpuControl::restart(std::size_t population) {
  for (const auto& shard : shards_) {
    if (shard->population != population) continue;
    shard->emitter->restart();
    shard->history.clear();
  }
}

std::vector<float> CpuControl::state(std::size_t population, std::size_t variable) const {
  std::vector<float> all(context_.network.populations[population].size());
  for (const auto& shard : shards_)
    if (shard->population == population)
      std::ranges::copy(shard->emitter->state(variable), all.begin() + std::ptrdiff_t(shard->range.first));
  return all;
}

void CpuControl::watch(std::size_t population, std::optional<std::size_t> variable) {
  for (const auto& shard : shards_)
    if (shard->population == population)
      shard->watch = std::make_unique<Watch>(shard->group->done.load(), shard->range.count, variable);
}

Watched CpuControl::watched(std::size_t population) const {
  Watched watched;
  watched.first_spikes.resize(context_.network.populations[population].size());
  watched.highest.resize(watched.first_spikes.size());
  for (const auto& shard : shards_)
    if (shard->population == population && shard->watch) shard->watch->append_to(watched, shard->range.first);
  return watched;
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
