// A shard: a range of one population with everything that feeds it. Shards that advance together are a group.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/array.hpp"
#include "sim/backend.hpp"
#include "sim/record.hpp"
#include "sim/statistics.hpp"

namespace synfire {

/// The spikes a shard emitted in its last steps, kept until everybody fed by it has read them.
class SpikeHistory {
 public:
  /// Keeps at least `steps` steps.
  void keep(Step steps) {
    std::size_t size = 1;
    while (static_cast<Step>(size) < steps) size *= 2;
    slots_.resize(size);
  }
  /// Forgets all of them.
  void clear() {
    for (auto& slot : slots_) slot.clear();
  }
  Step kept() const { return static_cast<Step>(slots_.size()); }
  std::vector<std::uint32_t>& slot(Step step) {
    return slots_[static_cast<std::size_t>(step) & (slots_.size() - 1)];
  }
  const std::vector<std::uint32_t>& slot(Step step) const {
    return slots_[static_cast<std::size_t>(step) & (slots_.size() - 1)];
  }

 private:
  std::vector<std::vector<std::uint32_t>> slots_;
};

/// Notes what a shard does while somebody watches it.
class Watch {
 public:
  Watch(Step since, std::size_t neurons, std::optional<std::size_t> variable);
  void after_step(Step step, std::span<const std::uint32_t> spikes, const Emitter& emitter);
  /// Copies to the place of the shard in its population.
  void append_to(Watched& watched, std::uint32_t first) const;

 private:
  Step since_;
  std::optional<std::size_t> variable_;
  std::vector<Step> first_spikes_;
  std::vector<float> highest_;
};

struct Shard;
struct Group;
class PlasticInlet;
class Branch;
class StructureRule;

/// A shard whose spikes are read, and their age then: the step of delivery minus the step of emission. They
/// act until they are of the `last` age.
struct Feeder {
  Shard* shard;
  Step age, last;
};

inline std::vector<Feeder> feeders_of_age(const std::vector<Shard*>& shards, Step age, Step last) {
  std::vector<Feeder> feeders;
  for (Shard* shard : shards) feeders.push_back({shard, age, last});
  return feeders;
}

/// The smallest and largest delay of some synapses, in steps.
struct DelaySpan {
  Step least, most;
};

/// Carries the spikes (or currents) of one projection into one shard.
class Inlet {
 public:
  virtual ~Inlet() = default;
  /// Adds what is due in `step` to the shard's input.
  virtual void deliver(Step step) = 0;
  /// The shards whose spikes are read.
  virtual std::vector<Feeder> feeders() const { return {}; }

  virtual std::uint64_t synapses() const = 0;
  /// Targets that have a synapse.
  virtual std::uint32_t connected() const { return 0; }
  virtual std::size_t bytes() const = 0;
  std::uint64_t events() const { return events_; }
  virtual bool is_drive() const { return false; }
  /// What deliveries depend on from step `now` on beside the spikes of the feeders, to and from the arrays of
  /// the projection; the share are the targets. When it is loaded, the histories of the feeders are there.
  virtual void save(const SavedShare& /*share*/, Step /*now*/) const {}
  virtual void load(const LoadedShare& /*share*/, Step /*now*/) {}
  /// Nothing, or the delays of synapses whose sources have a state that moves on when a spike is looked up.
  /// All parts of a projection must look it up at the same age, so that they have one state to save.
  virtual std::optional<DelaySpan> stateful_delays() const { return std::nullopt; }
  /// Before the first delivery: looks spikes up as if there were such delays, too.
  virtual void widen(DelaySpan /*delays*/) {}
  /// Null pointer when the synapses stay as they are.
  virtual PlasticInlet* as_plastic() { return nullptr; }

 protected:
  std::uint64_t events_ = 0;
};

/// An inlet whose synapses change.
class PlasticInlet : public Inlet {
 public:
  explicit PlasticInlet(std::size_t projection) : projection_(projection) {}
  PlasticInlet* as_plastic() override { return this; }
  /// Which one of the description this is a part of.
  std::size_t projection() const { return projection_; }
  /// After a step: the targets that spiked in it, as offsets.
  virtual void learn(Step step, std::span<const std::uint32_t> spikes) = 0;
  virtual void set_plastic(bool on) = 0;
  virtual void apply_periodic() = 0;
  /// Its activity and its mask.
  virtual Branch& branch() = 0;
  /// Null pointer when no synapses go and come.
  virtual StructureRule* structure() = 0;
  /// Appends the synapses as they are now, with the numbers of source and target in their populations.
  virtual void append_synapses(SynapseTable& table) const = 0;

 private:
  std::size_t projection_;
};

/// Synapses of a shard that are to be recorded, and when.
struct WeightProbe {
  std::size_t record = 0;
  const PlasticInlet* inlet = nullptr;
  WeightTimes times;

  void take(Step point, ChunkSink& recorder) const;
};

struct Shard {
  std::size_t population = 0;
  Range range;
  bool neurons = false;  ///< false: spike sources
  std::unique_ptr<Emitter> emitter;
  /// In the order of the projections, which fixes the order of sums; null for those that the group delivers.
  std::vector<std::unique_ptr<Inlet>> inlets;
  std::vector<PlasticInlet*> plastic;  ///< those of the inlets that learn
  Group* group = nullptr;
  SpikeHistory history;
  IntervalStatistics statistics;
  ShardRecorder recorder;
  std::unique_ptr<Watch> watch;  ///< null unless asked for
  std::vector<WeightProbe> probes;
  ChunkSink* sink = nullptr;          ///< of the probes
  std::vector<std::uint32_t> spikes;  ///< of the present step, as offsets

  std::atomic<std::uint64_t> spike_count{0};  ///< so far, for whoever watches

  /// Calls visit(inlet) for those of its own.
  template <class Visit> void for_each_inlet(const Visit& visit) const {
    for (const auto& inlet : inlets)
      if (inlet) visit(*inlet);
  }
  /// The same with the number of the projection in the description.
  template <class Visit>
  void for_each_projection(const NetworkDescription& network, const Visit& visit) const {
    std::size_t slot = 0;
    for (std::size_t p = 0; p < network.projections.size(); ++p) {
      if (network.projections[p].to != population) continue;
      if (slot < inlets.size() && inlets[slot]) visit(*inlets[slot], p);
      ++slot;
    }
  }
  /// Runs a step of which the group has delivered its part.
  void advance(Step step);
};

/// Shards of different populations that advance together, with the synapses that reach several of them.
struct Group {
  /// A group that this one waits for, and the age of the spikes then read (of this one, or by that one).
  struct Neighbour {
    Group* group;
    Step age;
  };

  std::vector<Shard*> shards;
  LargeVector<float> accumulators;  ///< of the receptors that `inlets` reach
  std::vector<std::unique_ptr<Inlet>> inlets;
  std::vector<Neighbour> feeders, fed;  ///< others, not itself
  Step history = 0;                     ///< steps that its spikes are kept; 0 when nobody reads them

  alignas(64) std::atomic<Step> done{0};  ///< steps completed
  alignas(64) std::atomic_flag busy = ATOMIC_FLAG_INIT;

  /// True when everything that step `done` needs has been emitted, and its spikes will not overwrite unread
  /// ones.
  bool ready() const;
  /// Runs one step.
  void advance();
};

}  // namespace synfire
