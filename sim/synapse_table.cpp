#include "sim/synapse_table.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace synfire {

void sort_by_source(SynapseTable& table) {
  std::vector<std::size_t> order(table.sources.size());
  std::iota(order.begin(), order.end(), std::size_t(0));
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return table.sources[a] != table.sources[b] ? table.sources[a] < table.sources[b]
                                                : table.targets[a] < table.targets[b];
  });
  const SynapseTable old = std::exchange(table, {});
  for (const std::size_t k : order) {
    table.sources.push_back(old.sources[k]);
    table.targets.push_back(old.targets[k]);
    table.weights.push_back(old.weights[k]);
    if (!old.masks.empty()) table.masks.push_back(old.masks[k]);
  }
}

void SynapseTable::append(const SynapseTable& other) {
  sources.insert(sources.end(), other.sources.begin(), other.sources.end());
  targets.insert(targets.end(), other.targets.begin(), other.targets.end());
  weights.insert(weights.end(), other.weights.begin(), other.weights.end());
  masks.insert(masks.end(), other.masks.begin(), other.masks.end());
}

WeightTimes::WeightTimes(const WeightRecord& record, const Grid& grid) {
  if (record.every > 0) every_ = std::max<Step>(1, grid.nearest(record.every));
  for (const double time : record.at) at_.push_back(grid.nearest(time));
}

bool WeightTimes::contain(Step point) const {
  if (every_ > 0 && point > 0 && point % every_ == 0) return true;
  return std::binary_search(at_.begin(), at_.end(), point);
}

Step WeightTimes::next(Step point) const {
  constexpr Step never = Step(1) << 61;
  Step next = never;
  if (every_ > 0) next = std::max<Step>(1, (point + every_ - 1) / every_) * every_;
  const auto listed = std::lower_bound(at_.begin(), at_.end(), point);
  return listed == at_.end() ? next : std::min(next, *listed);
}

}  // namespace synfire
