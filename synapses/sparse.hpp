// Sparse synapses into one block of targets, found by their source.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "core/array.hpp"
#include "core/time.hpp"

namespace synfire {

/// A run of synapses with the same source and delay.
struct DelayRun {
  static constexpr std::uint32_t max_delay = (1u << 20) - 1, max_count = (1u << 12) - 1;
  std::uint32_t delay : 20;  ///< steps
  std::uint32_t count : 12;
};
static_assert(sizeof(DelayRun) == 4);

/// Rows of synapses, one row a source neuron; a row is ordered by delay, then in the order in which the
/// builder was told of its synapses. Where delays differ, 4 bytes for each run of equal delay.
struct SparseRows {
  static constexpr std::uint32_t max_targets = 1u << 16;

  LargeVector<std::uint64_t> row_begin;  ///< sources + 1 entries
  LargeVector<std::uint64_t> run_begin;  ///< sources + 1 entries; empty: every synapse has min_delay
  LargeVector<DelayRun> runs;
  Step min_delay = 1, max_delay = 1;

  bool has_one_delay() const { return run_begin.empty(); }
  std::size_t synapses() const { return row_begin.empty() ? 0 : row_begin.back(); }
  std::size_t rows_bytes() const {
    return (row_begin.size() + run_begin.size()) * sizeof(std::uint64_t) + runs.size() * sizeof(DelayRun);
  }
};

/// Synapses of any weight. A target is a 16-bit offset into its block. A weight that all have is stored once:
/// 2 bytes a synapse, 6 with weights.
struct SparseBlock : SparseRows {
  LargeVector<std::uint16_t> targets;
  LargeVector<float> weights;  ///< empty: every synapse has shared_weight
  float shared_weight = 0;

  std::size_t bytes() const {
    return rows_bytes() + targets.size() * sizeof(std::uint16_t) + weights.size() * sizeof(float);
  }
  std::uint16_t target(std::uint64_t place) const { return targets[place]; }

  /// input[target] += factor * weight, in order, for `count` synapses from `begin`.
  void deliver(std::uint64_t begin, std::uint32_t count, float factor, float* input) const {
    const std::uint16_t* target = targets.data() + begin;
    if (weights.empty()) {
      const float w = shared_weight * factor;
      for (std::uint32_t k = 0; k < count; ++k) input[target[k]] += w;
      return;
    }
    const float* weight = weights.data() + begin;
    for (std::uint32_t k = 0; k < count; ++k) input[target[k]] += factor * weight[k];
  }

  /// Asks the cache for a run of synapses, the first ones of it where it is long.
  void prefetch(std::uint64_t begin, std::uint32_t count) const {
    constexpr std::uint32_t per_line = 32, most = 4 * per_line;
    for (std::uint32_t k = 0; k < std::min(count + per_line - 1, most); k += per_line)
      __builtin_prefetch(targets.data() + begin + k);
    if (!weights.empty()) __builtin_prefetch(weights.data() + begin);
  }

  // For build_rows.
  void make_room(std::size_t total, bool one_weight) {
    targets.resize(total);
    if (!one_weight) weights.resize(total);
  }
  void prefetch_place(std::uint64_t place) const {
    __builtin_prefetch(targets.data() + place, 1);
    if (!weights.empty()) __builtin_prefetch(weights.data() + place, 1);
  }
  void put(std::uint64_t place, std::uint16_t target, float weight) {
    targets[place] = target;
    if (!weights.empty()) weights[place] = weight;
  }
  void reorder(std::uint64_t begin, std::span<const std::uint32_t> order);
};

/// Synapses of 4 bytes: a 16-bit offset and a weight of 16 bits, in units of `weight_unit`. A weight is
/// rounded to a whole number of units, so it is wrong by half a unit at most.
struct CompactBlock : SparseRows {
  static constexpr int largest = 32767;

  LargeVector<std::uint32_t> packed;  ///< weight << 16 | target
  float weight_unit = 1;

  std::size_t bytes() const { return rows_bytes() + packed.size() * sizeof(std::uint32_t); }
  std::uint16_t target(std::uint64_t place) const { return static_cast<std::uint16_t>(packed[place]); }

  void deliver(std::uint64_t begin, std::uint32_t count, float factor, float* input) const {
    const std::uint32_t* synapse = packed.data() + begin;
    const float unit = weight_unit * factor;
    for (std::uint32_t k = 0; k < count; ++k)
      input[synapse[k] & 0xffff] += unit * static_cast<float>(static_cast<std::int32_t>(synapse[k]) >> 16);
  }

  void prefetch(std::uint64_t begin, std::uint32_t count) const {
    constexpr std::uint32_t per_line = 16, most = 8 * per_line;
    for (std::uint32_t k = 0; k < std::min(count + per_line - 1, most); k += per_line)
      __builtin_prefetch(packed.data() + begin + k);
  }

  void make_room(std::size_t total, bool) { packed.resize(total); }
  void prefetch_place(std::uint64_t place) const { __builtin_prefetch(packed.data() + place, 1); }
  void put(std::uint64_t place, std::uint16_t target, float weight) {
    const float units = std::clamp(std::rint(weight / weight_unit), float(-largest), float(largest));
    const auto stored = static_cast<std::int16_t>(units);
    packed[place] = std::uint32_t(static_cast<std::uint16_t>(stored)) << 16 | target;
  }
  void reorder(std::uint64_t begin, std::span<const std::uint32_t> order);
};

/// The order of a row by delay, equal delays as they stand; and the runs of it, appended.
class DelayOrder {
 public:
  std::span<const std::uint32_t> operator()(std::span<const std::uint32_t> delays,
                                            LargeVector<DelayRun>& runs);

 private:
  void by_counting(std::span<const std::uint32_t> delays, std::uint32_t low, std::uint32_t high);

  std::vector<std::uint32_t> order_, starts_;
};

/// Puts every row into the order of delay and cuts it into runs; `delays` has one entry for each synapse.
template <class Block, class DelaySteps> void order_by_delay(Block& block, const DelaySteps& delays) {
  const std::size_t rows = block.row_begin.size() - 1;
  block.run_begin.resize(rows + 1);
  block.run_begin[0] = 0;
  DelayOrder ordered;
  std::vector<std::uint32_t> row;
  for (std::size_t r = 0; r < rows; ++r) {
    const std::size_t begin = block.row_begin[r], count = block.row_begin[r + 1] - begin;
    row.assign(delays.begin() + static_cast<std::ptrdiff_t>(begin),
               delays.begin() + static_cast<std::ptrdiff_t>(begin + count));
    if (count > 0) block.reorder(begin, ordered(row, block.runs));
    block.run_begin[r + 1] = block.runs.size();
  }
  const auto [low, high] = std::minmax_element(delays.begin(), delays.end());
  block.min_delay = delays.empty() ? 1 : *low;
  block.max_delay = delays.empty() ? 1 : *high;
}

/// The synapses onto one target: their sources, and, where they are asked for, what was drawn for each.
struct TargetRow {
  std::uint32_t target = 0;
  std::span<const std::uint32_t> sources;
  std::span<const float> weights;         ///< empty where all are equal
  std::span<const std::uint32_t> delays;  ///< steps; empty where all are equal
};

/// Fills the empty block. `for_each_target(drawn, visit)` calls visit(TargetRow) for the targets one after
/// another, twice and with the same sources both times; weights and delays are used the second time, when
/// `drawn` is true. What is equal for all is set by the caller. While it builds, each synapse's delay is kept
/// as a DelayStep.
template <class DelayStep = std::uint32_t, class Block, class ForEachTarget>
void build_rows(Block& block, std::uint32_t source_count, bool one_weight, bool one_delay,
                const ForEachTarget& for_each_target) {
  block.row_begin.assign(std::size_t(source_count) + 1, 0);
  for_each_target(false, [&](const TargetRow& row) {
    for (const std::uint32_t source : row.sources) ++block.row_begin[std::size_t(source) + 1];
  });
  for (std::size_t r = 0; r < source_count; ++r) block.row_begin[r + 1] += block.row_begin[r];
  const std::size_t total = block.row_begin[source_count];
  block.make_room(total, one_weight);
  LargeVector<DelayStep> delays(one_delay ? 0 : total);
  LargeVector<std::uint64_t> next(block.row_begin.begin(), block.row_begin.end() - 1);
  for_each_target(true, [&](const TargetRow& row) {
    constexpr std::size_t ahead = 12;  // each place lies in memory that no cache has
    for (std::size_t k = 0; k < row.sources.size(); ++k) {
      if (k + 2 * ahead < row.sources.size()) __builtin_prefetch(&next[row.sources[k + 2 * ahead]], 1);
      if (k + ahead < row.sources.size()) {
        const std::uint64_t place = next[row.sources[k + ahead]];
        block.prefetch_place(place);
        if (!one_delay) __builtin_prefetch(delays.data() + place, 1);
      }
      const std::uint64_t place = next[row.sources[k]]++;
      block.put(place, static_cast<std::uint16_t>(row.target), one_weight ? 0.0F : row.weights[k]);
      if (!one_delay) delays[place] = static_cast<DelayStep>(row.delays[k]);
    }
  });
  if (!one_delay) order_by_delay(block, delays);
}

/// Builds a block from the synapses of each target, asked for twice and the same both times:
///   sources(t)   the sources of target t, one for each synapse
///   weight(t, k) and delay(t, k) of the k-th of them; asked once
template <class Sources, class Weight, class Delay>
SparseBlock build_sparse(std::uint32_t source_count, std::uint32_t target_count, bool one_weight,
                         bool one_delay, const Sources& sources, const Weight& weight, const Delay& delay) {
  SparseBlock block;
  std::vector<float> weights;
  std::vector<std::uint32_t> delays;
  build_rows(block, source_count, one_weight, one_delay, [&](bool drawn, const auto& visit) {
    for (std::uint32_t t = 0; t < target_count; ++t) {
      const auto& row = sources(t);
      weights.clear();
      delays.clear();
      for (std::uint32_t k = 0; drawn && k < row.size(); ++k) {
        if (!one_weight) weights.push_back(weight(t, k));
        if (!one_delay) delays.push_back(static_cast<std::uint32_t>(delay(t, k)));
      }
      visit(TargetRow{t, row, weights, delays});
    }
  });
  if (one_weight) block.shared_weight = weight(0, 0);
  if (one_delay) block.min_delay = block.max_delay = delay(0, 0);
  return block;
}

}  // namespace synfire
