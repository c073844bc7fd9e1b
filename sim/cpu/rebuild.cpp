#include "sim/cpu/rebuild.hpp"

#include <algorithm>

namespace synfire {

std::vector<ListedSynapse> list_of(const SparseBlock& block) {
  std::vector<ListedSynapse> list;
  list.reserve(block.synapses());
  const auto append = [&](std::uint32_t source, std::uint64_t count, std::uint32_t delay) {
    for (std::uint64_t n = 0; n < count; ++n) {
      const std::size_t k = list.size();
      list.push_back({source, block.targets[k], delay, double(block.weights[k]), k});
    }
  };
  for (std::uint32_t source = 0; source + 1 < block.row_begin.size(); ++source) {
    if (block.has_one_delay()) {
      append(source, block.row_begin[source + 1] - block.row_begin[source],
             static_cast<std::uint32_t>(block.min_delay));
      continue;
    }
    for (std::uint64_t r = block.run_begin[source]; r < block.run_begin[source + 1]; ++r)
      append(source, block.runs[r].count, block.runs[r].delay);
  }
  return list;
}

SparseBlock block_of(const std::vector<ListedSynapse>& synapses, const SparseBlock& old) {
  SparseBlock block;
  block.row_begin.assign(old.row_begin.size(), 0);
  block.targets.resize(synapses.size());
  block.weights.resize(synapses.size());
  LargeVector<std::uint32_t> delays(old.has_one_delay() ? 0 : synapses.size());
  for (std::size_t k = 0; k < synapses.size(); ++k) {
    ++block.row_begin[std::size_t(synapses[k].source) + 1];
    block.targets[k] = static_cast<std::uint16_t>(synapses[k].target);
    block.weights[k] = static_cast<float>(synapses[k].weight);
    if (!delays.empty()) delays[k] = synapses[k].delay;
  }
  for (std::size_t r = 1; r < block.row_begin.size(); ++r) block.row_begin[r] += block.row_begin[r - 1];
  if (!old.has_one_delay()) order_by_delay(block, delays);
  block.min_delay = old.min_delay;
  block.max_delay = old.max_delay;
  return block;
}

std::vector<std::uint64_t> trains_before(const SparseBlock& now, const SparseBlock& before) {
  std::vector<std::uint64_t> places;
  for (std::size_t source = 0; source + 1 < now.row_begin.size(); ++source) {
    if (now.has_one_delay()) {
      places.push_back(before.row_begin[source + 1] > before.row_begin[source] ? source : no_train);
      continue;
    }
    const auto* const begin = before.runs.data() + before.run_begin[source];
    const auto* const end = before.runs.data() + before.run_begin[source + 1];
    for (std::uint64_t r = now.run_begin[source]; r < now.run_begin[source + 1]; ++r) {
      const std::uint32_t delay = now.runs[r].delay;
      const auto* const found = std::lower_bound(
          begin, end, delay, [](const DelayRun& run, std::uint32_t d) { return run.delay < d; });
      const bool was_there = found != end && found->delay == delay;
      places.push_back(was_there ? static_cast<std::uint64_t>(found - before.runs.data()) : no_train);
    }
  }
  return places;
}

}  // namespace synfire
