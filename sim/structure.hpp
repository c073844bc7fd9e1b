// Structural plasticity as the engines meet it: a rule without its type, and counts that other rules read.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "core/state.hpp"
#include "core/synapse_list.hpp"
#include "core/time.hpp"

namespace synfire {

/// How many synapses a projection had at which points of the grid. Filled by one thread, read by others.
class StructureLog {
 public:
  void add(Step point, const SynapseCounts& counts) {
    const std::lock_guard lock(mutex_);
    entries_.emplace_back(point, counts);
  }
  /// As it stood right before a point; all entries before it must have been added.
  SynapseCounts before(Step point) const {
    const std::lock_guard lock(mutex_);
    const auto after = std::partition_point(entries_.begin(), entries_.end(),
                                            [&](const auto& entry) { return entry.first < point; });
    return after == entries_.begin() ? SynapseCounts{} : std::prev(after)->second;
  }

  std::pair<Step, SynapseCounts> latest() const {
    const std::lock_guard lock(mutex_);
    return entries_.empty() ? std::pair(from_the_start, SynapseCounts{}) : entries_.back();
  }

  static constexpr Step from_the_start = -1;

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<Step, SynapseCounts>> entries_;
};

/// Changes the list of all synapses of a projection at every multiple of `every`, in the order of time.
class StructureRule {
 public:
  explicit StructureRule(Step every_steps) : every(every_steps) {}
  virtual ~StructureRule() = default;
  virtual std::size_t bytes() const = 0;

  /// At a point of the grid. The list must be ascending by source, delay, target, and is so afterwards.
  StructureEvent apply(Step point, std::vector<ListedSynapse>& synapses) {
    const StructureEvent event = change(synapses, next ? next->before(point) : SynapseCounts{});
    if (own) own->add(point, event.left);
    if (announce) announce(point, event);
    return event;
  }

  /// What the next change depends on beside the synapses.
  void save(const SavedShare& share) const {
    save_rule(share);
    if (!own) return;
    const auto [point, counts] = own->latest();
    share.append<std::int64_t>("counted/point", point);
    share.append<std::uint64_t>("counted/synapses", counts.synapses);
    share.append<std::uint32_t>("counted/connected", counts.connected);
    share.append<std::uint32_t>("counted/targets", counts.targets);
  }
  void load(const LoadedShare& share) {
    load_rule(share);
    if (!own) return;
    own->add(share.one<std::int64_t>("counted/point"),
             {share.one<std::uint64_t>("counted/synapses"), share.one<std::uint32_t>("counted/connected"),
              share.one<std::uint32_t>("counted/targets")});
  }

  const Step every;
  std::shared_ptr<StructureLog> own;         ///< null pointer when nobody asks
  std::shared_ptr<const StructureLog> next;  ///< of the projection that rates refer to
  std::function<void(Step, const StructureEvent&)> announce;

 private:
  virtual void save_rule(const SavedShare& share) const = 0;
  virtual void load_rule(const LoadedShare& share) = 0;
  virtual StructureEvent change(std::vector<ListedSynapse>& synapses, const SynapseCounts& next) = 0;
};

}  // namespace synfire
