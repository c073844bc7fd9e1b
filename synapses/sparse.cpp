#include "synapses/sparse.hpp"

#include <numeric>

namespace synfire {
namespace {

template <class T> void permute(T* row, std::span<const std::uint32_t> order) {
  thread_local std::vector<T> before;
  before.assign(row, row + order.size());
  for (std::size_t k = 0; k < order.size(); ++k) row[k] = before[order[k]];
}

}  // namespace

void SparseBlock::reorder(std::uint64_t begin, std::span<const std::uint32_t> order) {
  permute(targets.data() + begin, order);
  if (!weights.empty()) permute(weights.data() + begin, order);
}

void CompactBlock::reorder(std::uint64_t begin, std::span<const std::uint32_t> order) {
  permute(packed.data() + begin, order);
}

void DelayOrder::by_counting(std::span<const std::uint32_t> delays, std::uint32_t low, std::uint32_t high) {
  starts_.assign(std::size_t(high - low) + 2, 0);
  for (const std::uint32_t delay : delays) ++starts_[delay - low + 1];
  for (std::size_t d = 1; d < starts_.size(); ++d) starts_[d] += starts_[d - 1];
  for (std::size_t k = 0; k < delays.size(); ++k)
    order_[starts_[delays[k] - low]++] = static_cast<std::uint32_t>(k);
}

std::span<const std::uint32_t> DelayOrder::operator()(std::span<const std::uint32_t> delays,
                                                      LargeVector<DelayRun>& runs) {
  order_.resize(delays.size());
  const auto [low, high] = std::minmax_element(delays.begin(), delays.end());
  if (*high - *low <= 4 * delays.size() + 256) {
    by_counting(delays, *low, *high);
  } else {
    std::iota(order_.begin(), order_.end(), 0u);
    std::stable_sort(order_.begin(), order_.end(), [&](auto a, auto b) { return delays[a] < delays[b]; });
  }
  for (std::size_t k = 0; k < order_.size();) {
    const std::uint32_t delay = delays[order_[k]];
    std::size_t end = k;
    while (end < order_.size() && delays[order_[end]] == delay && end - k < DelayRun::max_count) ++end;
    runs.push_back({delay, static_cast<std::uint32_t>(end - k)});
    k = end;
  }
  return order_;
}

}  // namespace synfire
