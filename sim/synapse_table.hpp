// The synapses of a projection as a table, for recording and for whoever steers a run.
#pragma once

#include <cstdint>
#include <vector>

#include "core/time.hpp"
#include "networks/description.hpp"

namespace synfire {

/// Ascending by source, then target, then delay, then the order the connection rule named them in.
struct SynapseTable {
  std::vector<std::uint32_t> sources, targets;
  std::vector<float> weights;
  std::vector<float> masks;  ///< M of each synapse; empty for projections without a mask

  std::size_t bytes() const {
    return sources.size() * (2 * sizeof(std::uint32_t) + sizeof(float)) + masks.size() * sizeof(float);
  }
  /// Appends another table.
  void append(const SynapseTable& other);
};

/// Puts parts that were appended one after another into that order.
void sort_by_source(SynapseTable& table);

/// The points of the grid (0: before the first step) at which synapses are kept.
class WeightTimes {
 public:
  WeightTimes(const WeightRecord& record, const Grid& grid);
  bool contain(Step point) const;
  /// The first of them that is not before `point`; far beyond any run when there is none.
  Step next(Step point) const;

 private:
  Step every_ = 0;
  std::vector<Step> at_;
};

}  // namespace synfire
