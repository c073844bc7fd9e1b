// A shard: a range of one population with everything that feeds it.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <vector>

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

struct Shard;

/// Carries the spikes (or currents) of one projection into one shard.
class Inlet {
 public:
  virtual ~Inlet() = default;
  /// Adds what is due in `step` to the shard's input.
  virtual void deliver(Step step) = 0;
  /// The shards whose spikes are read, and the age at which they are: the step of delivery minus the step of
  /// emission.
  virtual std::span<Shard* const> feeders() const { return {}; }
  virtual Step age() const { return 1; }

  virtual std::uint64_t synapses() const = 0;
  virtual std::size_t bytes() const = 0;
  std::uint64_t events() const { return events_; }
  virtual bool is_drive() const { return false; }

 protected:
  std::uint64_t events_ = 0;
};

struct Shard {
  struct Neighbour {
    Shard* shard;
    Step age;
  };

  std::size_t population = 0;
  Range range;
  bool neurons = false;  ///< false: spike sources
  std::unique_ptr<Emitter> emitter;
  std::vector<std::unique_ptr<Inlet>>
      inlets;  ///< in the order of the projections, which fixes the order of sums
  std::vector<Neighbour> feeders, fed;
  SpikeHistory history;
  IntervalStatistics statistics;
  ShardRecorder recorder;
  std::vector<std::uint32_t> spikes;  ///< of the present step, as offsets

  alignas(64) std::atomic<Step> done{0};      ///< steps completed
  std::atomic<std::uint64_t> spike_count{0};  ///< in these steps, for whoever watches
  alignas(64) std::atomic_flag busy = ATOMIC_FLAG_INIT;

  /// True when everything that step `done` needs has been emitted, and its spikes will not overwrite unread
  /// ones.
  bool ready() const;
  /// Runs one step.
  void advance();
};

}  // namespace synfire
