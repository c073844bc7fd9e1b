// The state of the batched engine, taken apart by population and projection, so that it does not matter how
// either is cut into parts.
#include <map>

#include "sim/cpu/engine.hpp"

namespace synfire {
namespace {

template <class Archive>
StateShare<Archive> share_of(Archive& state, const NetworkDescription& network, const Shard& shard) {
  const PopulationDescription& population = network.populations[shard.population];
  return {state, "population/" + population.name, shard.range.first, shard.range.count, population.size()};
}

template <class Archive>
StateShare<Archive> share_of(Archive& state, const NetworkDescription& network, const Shard& shard,
                             std::size_t projection) {
  StateShare<Archive> share = share_of(state, network, shard);
  share.path = "projection/" + network.projections[projection].name;
  return share;
}

// Calls visit(inlet, projection) for the inlets of a shard, which lie in the order of the projections onto
// it.
template <class Visit>
void for_each_projection(const NetworkDescription& network, const Shard& shard, const Visit& visit) {
  std::size_t slot = 0;
  for (std::size_t p = 0; p < network.projections.size(); ++p) {
    if (network.projections[p].to != shard.population) continue;
    if (slot < shard.inlets.size() && shard.inlets[slot]) visit(*shard.inlets[slot], p);
    ++slot;
  }
}

void save_history(const SavedShare& share, const SpikeHistory& history, Step now) {
  if (history.kept() == 0) return;
  for (Step step = std::max<Step>(0, now - history.kept()); step < now; ++step) {
    const auto& sources = history.slot(step);
    const std::vector<std::int64_t> steps(sources.size(), step);
    share.append<std::int64_t>("recent/step", steps);
    share.append<std::uint32_t>("recent/neuron", sources);
  }
}

void load_history(const LoadedShare& share, SpikeHistory& history, Step now) {
  if (history.kept() == 0) return;
  const auto& steps = share.all<std::int64_t>("recent/step");
  const auto& neurons = share.all<std::uint32_t>("recent/neuron", steps.size());
  for (std::size_t k = 0; k < steps.size(); ++k) {
    if (steps[k] < now - history.kept() || steps[k] >= now) continue;
    if (neurons[k] < share.first || neurons[k] - share.first >= share.count) continue;
    history.slot(steps[k]).push_back(neurons[k]);
  }
}

}  // namespace

bool CpuEngine::save(State& state) const {
  if (remote_) return false;                           // each rank has a part of it only
  if (recorder_ && recorder_->failed()) return false;  // the results end before
  const NetworkDescription& network = context_.network;
  const Step now = completed();
  for (const auto& shard : shards_) {
    const SavedShare share = share_of(state, network, *shard);
    shard->emitter->save(share);
    shard->statistics.save(share);
    save_history(share, shard->history, now);
    for_each_projection(network, *shard, [&](const Inlet& inlet, std::size_t projection) {
      inlet.save(share_of(state, network, *shard, projection), now);
    });
  }
  const RunResult so_far = result();
  const SavedShare run{state, "run", 0, 1, 1};
  run.append<std::int64_t>("steps", now);
  run.append<double>("wall_s", wall_s_);
  run.append<std::uint64_t>("synaptic_events", so_far.synaptic_events);
  run.append<std::uint64_t>("drive_events", so_far.drive_events);
  return true;
}

void CpuEngine::load(const State& state) {
  if (remote_) throw Error(ErrorKind::usage, "a run of several processes cannot go on from a checkpoint");
  const NetworkDescription& network = context_.network;
  const LoadedShare run{state, "run", 0, 1, 1};
  const Step now = run.one<std::int64_t>("steps");
  if (now < 0 || now > context_.grid.nearest(network.simulation.duration))
    State::refuse("run/steps", "lies outside the run");
  for (const auto& shard : shards_) {
    const LoadedShare share = share_of(state, network, *shard);
    shard->emitter->load(share);
    shard->statistics.load(share);
    shard->spike_count = shard->statistics.spikes();
    load_history(share, shard->history, now);
  }
  for (const auto& shard : shards_)
    for_each_projection(network, *shard, [&](Inlet& inlet, std::size_t projection) {
      inlet.load(share_of(state, network, *shard, projection), now);
    });
  for (const auto& group : groups_) {
    const LoadedShare none{state, "", 0, 0, 0};  // joined synapses depend on spikes alone
    for (const auto& inlet : group->inlets) inlet->load(none, now);
    group->done = now;
  }
  wall_s_ = run.one<double>("wall_s");
  earlier_synaptic_events_ = run.one<std::uint64_t>("synaptic_events");
  earlier_drive_events_ = run.one<std::uint64_t>("drive_events");
}

}  // namespace synfire
