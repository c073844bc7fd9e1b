// The synapses of one projection into one shard, row by row of sources, in double precision.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/array.hpp"
#include "sim/plan.hpp"

namespace synfire {

/// Rows by source; a row is ordered by delay, equal delays by target.
class EventSynapses {
 public:
  /// Those onto `range` of the projection's target. Throws what drawing them throws. Synapses that are to
  /// change have a weight each, of which the size is kept.
  EventSynapses(const ProjectionPlan& projection, Range range, bool changing = false);

  std::uint32_t sources() const { return static_cast<std::uint32_t>(rows_.size() - 1); }
  std::uint64_t begin(std::uint32_t source) const { return rows_[source]; }
  std::uint64_t end(std::uint32_t source) const { return rows_[source + 1]; }
  /// ms
  double delay(std::uint64_t synapse) const { return one_delay_ ? delays_[0] : delays_[synapse]; }
  bool one_delay() const { return one_delay_; }
  /// Of all synapses from these sources; infinity when there are none.
  double shortest_delay(Range sources) const;
  /// As offsets in the range.
  std::span<const std::uint32_t> targets(std::uint64_t from, std::uint64_t to) const {
    return {targets_.data() + from, to - from};
  }
  /// One for all, or one each.
  std::span<const double> weights(std::uint64_t from, std::uint64_t to) const {
    return one_weight_ ? std::span(weights_).first(1) : std::span(weights_).subspan(from, to - from);
  }

  /// Of synapses that change.
  std::span<double> own_weights() { return weights_; }
  std::span<const double> own_weights() const { return weights_; }

  std::uint64_t size() const { return targets_.size(); }
  std::size_t bytes() const {
    return rows_.size() * sizeof(rows_[0]) + targets_.size() * sizeof(targets_[0]) +
           (weights_.size() + delays_.size()) * sizeof(double);
  }
  /// What a synapse takes while it is built and after.
  static std::size_t bytes_per_synapse(const ProjectionPlan& projection);

 private:
  struct Draft {
    std::uint32_t source, target;
    double weight, delay;
  };
  void fill(const std::vector<Draft>& drafts, std::uint32_t sources);

  bool one_weight_, one_delay_;
  std::vector<std::uint64_t> rows_;  // by source, and the end
  LargeVector<std::uint32_t> targets_;
  LargeVector<double> weights_, delays_;
};

}  // namespace synfire
