// The state of the batched engine, taken apart by population and projection, so that it does not matter how
// either is cut into parts.
#include <algorithm>
#include <exception>

#include "sim/cpu/engine.hpp"
#include "sim/state_messages.hpp"

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

void save_history(const SavedShare& share, const SpikeHistory& history, Step now) {
  if (history.kept() == 0) return;
  share.append<std::int64_t>("recent/step", std::span<const std::int64_t>());
  share.append<std::uint32_t>("recent/neuron", std::span<const std::uint32_t>());
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
  for (Step step = std::max<Step>(0, now - history.kept()); step < now; ++step) {
    auto& slot = history.slot(step);  // ascending, whatever parts it was saved in
    std::sort(slot.begin(), slot.end());
  }
}

// Tries one part of loading after another until one fails, which all ranks then hear of.
class Attempts {
 public:
  template <class Part> void operator()(const Part& part) {
    if (failure_) return;
    try {
      part();
    } catch (...) {
      failure_ = std::current_exception();
    }
  }
  void agree(Ranks* ranks) const {
    together(ranks, [this] {
      if (failure_) std::rethrow_exception(failure_);
    });
  }

 private:
  std::exception_ptr failure_;
};

}  // namespace

bool CpuEngine::save(State& state) const {
  std::vector<std::int64_t> recorded = {recorder_ == nullptr || !recorder_->failed()};
  agree_on_smallest(options_.ranks, recorded);
  if (recorded.front() == 0) return false;  // the results end before
  together(options_.ranks, [&] { save_shards(state); });
  const RunResult so_far = result();
  if (remote_) gather(*options_.ranks, state);
  if (remote_ && !remote_->writes()) return true;
  state.arrange();
  const SavedShare run{state, "run", 0, 1, 1};
  run.append<std::int64_t>("steps", completed());
  run.append<double>("wall_s", so_far.wall_s);
  run.append<std::uint64_t>("synaptic_events", so_far.synaptic_events);
  run.append<std::uint64_t>("drive_events", so_far.drive_events);
  return true;
}

void CpuEngine::save_shards(State& state) const {
  const NetworkDescription& network = context_.network;
  const Step now = completed();
  for (const auto& shard : shards_) {
    const SavedShare share = share_of(state, network, *shard);
    shard->emitter->save(share);
    shard->statistics.save(share);
    save_history(share, shard->history, now);
    shard->for_each_projection(network, [&](const Inlet& inlet, std::size_t projection) {
      inlet.save(share_of(state, network, *shard, projection), now);
    });
  }
}

void CpuEngine::load(const State& state) {
  const NetworkDescription& network = context_.network;
  SectionedState sections(options_.ranks, state);
  Attempts attempt;
  Step now = 0;
  const State& of_run = sections.get("run");
  attempt([&] { now = load_run(of_run); });
  for (std::size_t p = 0; p < network.populations.size(); ++p) {
    const State& section = sections.get("population/" + network.populations[p].name);
    attempt([&] { load_population(section, p, now); });
  }
  for (std::size_t p = 0; p < network.projections.size(); ++p) {
    const State& section = sections.get("projection/" + network.projections[p].name);
    attempt([&] { load_projection(section, p, now); });
  }
  attempt([&] {
    for (const auto& group : groups_) {
      const LoadedShare none{state, "", 0, 0, 0};  // joined synapses depend on spikes alone
      for (const auto& inlet : group->inlets) inlet->load(none, now);
      group->done = now;
    }
  });
  attempt.agree(options_.ranks);
  if (remote_) remote_->exchange().begin_at(now);
  loaded_ = true;
}

// Counts from before go on on one rank.
Step CpuEngine::load_run(const State& state) {
  const LoadedShare run{state, "run", 0, 1, 1};
  const Step now = run.one<std::int64_t>("steps");
  if (now < 0 || now > context_.grid.nearest(context_.network.simulation.duration))
    State::refuse("run/steps", "lies outside the run");
  wall_s_ = run.one<double>("wall_s");
  const auto synaptic = run.one<std::uint64_t>("synaptic_events");
  const auto drive = run.one<std::uint64_t>("drive_events");
  if (remote_ && !remote_->writes()) return now;
  earlier_synaptic_events_ = synaptic;
  earlier_drive_events_ = drive;
  return now;
}

void CpuEngine::load_population(const State& state, std::size_t population, Step now) {
  for (const auto& shard : shards_) {
    if (shard->population != population) continue;
    const LoadedShare share = share_of(state, context_.network, *shard);
    shard->emitter->load(share);
    shard->statistics.load(share);
    shard->spike_count = shard->statistics.spikes();
    load_history(share, shard->history, now);
  }
  if (!remote_) return;
  for (const auto& ghost : remote_->exchange().ghosts())
    if (ghost->population == population)
      load_history(share_of(state, context_.network, *ghost), ghost->history, now);
}

void CpuEngine::load_projection(const State& state, std::size_t projection, Step now) {
  for (const auto& shard : shards_) {
    shard->for_each_projection(context_.network, [&](Inlet& inlet, std::size_t p) {
      if (p == projection) inlet.load(share_of(state, context_.network, *shard, p), now);
    });
  }
}

}  // namespace synfire
