#include "sim/cpu/shard.hpp"

#include <algorithm>
#include <limits>

namespace synfire {

Watch::Watch(Step since, std::size_t neurons, std::optional<std::size_t> variable)
    : since_(since),
      variable_(variable),
      first_spikes_(neurons),
      highest_(variable ? neurons : 0, std::numeric_limits<float>::lowest()) {}

void Watch::after_step(Step step, std::span<const std::uint32_t> spikes, const Emitter& emitter) {
  for (const std::uint32_t i : spikes)
    if (first_spikes_[i] == 0) first_spikes_[i] = step + 1 - since_;
  if (!variable_) return;
  const auto state = emitter.state(*variable_);
  for (std::size_t i = 0; i < highest_.size(); ++i) highest_[i] = std::max(highest_[i], state[i]);
}

void Watch::append_to(Watched& watched, std::uint32_t first) const {
  std::copy(first_spikes_.begin(), first_spikes_.end(), watched.first_spikes.begin() + first);
  std::copy(highest_.begin(), highest_.end(), watched.highest.begin() + first);
}

void WeightProbe::take(Step point, ChunkSink& recorder) const {
  if (!times.contain(point)) return;
  WeightChunk chunk{record, point, {}};
  inlet->append_synapses(chunk.table);
  recorder.push(std::move(chunk));
}

bool Group::ready() const {
  const Step step = done.load(std::memory_order_relaxed);
  for (const auto& [feeder, age] : feeders)
    if (feeder->done.load(std::memory_order_acquire) <= step - age) return false;
  for (const auto& [consumer, age] : fed)
    if (consumer->done.load(std::memory_order_acquire) <= step - history + age) return false;
  return true;
}

void Group::advance() {
  const Step step = done.load(std::memory_order_relaxed);
  for (const auto& inlet : inlets) inlet->deliver(step);
  for (Shard* shard : shards) shard->advance(step);
  done.store(step + 1, std::memory_order_release);
}

void Shard::advance(Step step) {
  for_each_inlet([step](Inlet& inlet) { inlet.deliver(step); });
  spikes.clear();
  emitter->step(step, spikes);
  if (history.kept() > 0) {
    auto& slot = history.slot(step);
    slot.clear();
    for (const std::uint32_t i : spikes) slot.push_back(range.first + i);
  }
  for (PlasticInlet* inlet : plastic) inlet->learn(step, spikes);
  for (const WeightProbe& probe : probes) probe.take(step + 1, *sink);
  statistics.add(step, spikes);
  spike_count.store(statistics.spikes(), std::memory_order_relaxed);
  if (recorder.active()) recorder.after_step(step, spikes, *emitter);
  if (watch) watch->after_step(step, spikes, *emitter);
}

}  // namespace synfire
