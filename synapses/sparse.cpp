#include "synapses/sparse.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace synfire {
namespace {

template <class T>
void permute(std::span<T> row, std::span<const std::uint32_t> order, std::vector<T>& scratch) {
  scratch.assign(row.begin(), row.end());
  for (std::size_t k = 0; k < row.size(); ++k) row[k] = scratch[order[k]];
}

void append_runs(LargeVector<DelayRun>& runs, std::span<const std::uint32_t> sorted_delays) {
  for (std::size_t k = 0; k < sorted_delays.size();) {
    std::size_t end = k;
    while (end < sorted_delays.size() && sorted_delays[end] == sorted_delays[k] &&
           end - k < DelayRun::max_count)
      ++end;
    runs.push_back({sorted_delays[k], static_cast<std::uint32_t>(end - k)});
    k = end;
  }
}

}  // namespace

void order_by_delay(SparseBlock& block, std::span<const std::uint32_t> delays) {
  const std::size_t rows = block.row_begin.size() - 1;
  block.run_begin.resize(rows + 1);
  block.run_begin[0] = 0;
  std::vector<std::uint32_t> order, sorted_delays;
  std::vector<std::uint16_t> old_targets;
  std::vector<float> old_weights;
  for (std::size_t r = 0; r < rows; ++r) {
    const std::size_t begin = block.row_begin[r], count = block.row_begin[r + 1] - begin;
    const auto row_delays = delays.subspan(begin, count);
    order.resize(count);
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(),
                     [&](auto a, auto b) { return row_delays[a] < row_delays[b]; });
    sorted_delays.resize(count);
    for (std::size_t k = 0; k < count; ++k) sorted_delays[k] = row_delays[order[k]];
    permute(std::span(block.targets).subspan(begin, count), order, old_targets);
    if (!block.weights.empty()) permute(std::span(block.weights).subspan(begin, count), order, old_weights);
    append_runs(block.runs, sorted_delays);
    block.run_begin[r + 1] = block.runs.size();
  }
  const auto [low, high] = std::minmax_element(delays.begin(), delays.end());
  block.min_delay = delays.empty() ? 1 : *low;
  block.max_delay = delays.empty() ? 1 : *high;
}

}  // namespace synfire
