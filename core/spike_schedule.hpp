// Spikes known in advance, by the step of the grid that emits them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/time.hpp"

namespace synfire {

/// Spikes sorted by step, then neuron. A spike at time t is emitted in the step that ends at the grid point
/// nearest to t (spikes before the first grid point: in step 0). Several spikes of a neuron in a step are
/// kept.
class SpikeSchedule {
 public:
  SpikeSchedule() = default;
  /// times in ms, counted from the grid point before step `origin`, and ids side by side, in any order.
  SpikeSchedule(std::span<const double> times_ms, std::span<const std::uint64_t> ids, const Grid& grid,
                Step origin = 0);

  /// The neurons that spike in `step`, ascending.
  std::span<const std::uint32_t> in_step(Step step) const;

  std::size_t size() const { return ids_.size(); }
  std::size_t bytes() const { return steps_.size() * sizeof(Step) + ids_.size() * sizeof(std::uint32_t); }

 private:
  std::vector<Step> steps_;
  std::vector<std::uint32_t> ids_;
};

}  // namespace synfire
