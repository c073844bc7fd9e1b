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

  std::size_t bytes() const { return sources.size() * (2 * sizeof(std::uint32_t) + sizeof(float)); }
};

/// Puts parts that were appended one after another into that order.
void sort_by_source(SynapseTable& table);

/// The points of the grid (0: before the first step) at which synapses are kept.
class WeightTimes {
 public:
  WeightTimes(const WeightRecord& record, const Grid& grid);
  bool contain(Step point) const;

 private:
  Step every_ = 0;
  std::vector<Step> at_;
};

}  // namespace synfire
