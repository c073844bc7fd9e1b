// Sparse synapses of one projection into one block of targets, found by their source.
#pragma once

#include <cstdint>
#include <span>

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

/// Rows of synapses, one row a source neuron; a row is ordered by delay, then target, then the order in which
/// the connection rule named them. A target is a 16-bit offset into its block. What is the same for all
/// synapses (weight, delay) is stored once: 2 bytes a synapse at least, 6 with weights, plus 4 for each run
/// of equal delay.
struct SparseBlock {
  static constexpr std::uint32_t max_targets = 1u << 16;

  LargeVector<std::uint64_t> row_begin;  ///< sources + 1 entries
  LargeVector<std::uint16_t> targets;
  LargeVector<float> weights;  ///< empty: every synapse has shared_weight
  float shared_weight = 0;
  LargeVector<std::uint64_t> run_begin;  ///< sources + 1 entries; empty: every synapse has min_delay
  LargeVector<DelayRun> runs;
  Step min_delay = 1, max_delay = 1;

  bool has_one_delay() const { return run_begin.empty(); }
  std::size_t synapses() const { return targets.size(); }
  std::size_t bytes() const {
    return row_begin.size() * sizeof(std::uint64_t) + targets.size() * sizeof(std::uint16_t) +
           weights.size() * sizeof(float) + run_begin.size() * sizeof(std::uint64_t) +
           runs.size() * sizeof(DelayRun);
  }

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

  /// Asks the cache for the beginning of a run of synapses.
  void prefetch(std::uint64_t begin) const {
    constexpr int lines = 4, per_line = 32;
    for (int l = 0; l < lines; ++l) __builtin_prefetch(targets.data() + begin + l * per_line);
    if (!weights.empty()) __builtin_prefetch(weights.data() + begin);
  }
};

/// Builds a block from the synapses of each target, asked for twice and the same both times:
///   sources(t)   the sources of target t, one for each synapse
///   weight(t, k) and delay(t, k) of the k-th of them; asked once
template <class Sources, class Weight, class Delay>
SparseBlock build_sparse(std::uint32_t source_count, std::uint32_t target_count, bool one_weight,
                         bool one_delay, const Sources& sources, const Weight& weight, const Delay& delay);

/// Puts every row into the order of delay and cuts it into runs; `delays` has one entry for each synapse.
void order_by_delay(SparseBlock& block, std::span<const std::uint32_t> delays);

template <class Sources, class Weight, class Delay>
SparseBlock build_sparse(std::uint32_t source_count, std::uint32_t target_count, bool one_weight,
                         bool one_delay, const Sources& sources, const Weight& weight, const Delay& delay) {
  SparseBlock block;
  block.row_begin.assign(std::size_t(source_count) + 1, 0);
  for (std::uint32_t t = 0; t < target_count; ++t)
    for (const std::uint32_t source : sources(t)) ++block.row_begin[std::size_t(source) + 1];
  for (std::size_t r = 0; r < source_count; ++r) block.row_begin[r + 1] += block.row_begin[r];
  const std::size_t total = block.row_begin[source_count];
  block.targets.resize(total);
  if (!one_weight) block.weights.resize(total);
  LargeVector<std::uint32_t> delays(one_delay ? 0 : total);
  LargeVector<std::uint64_t> next(block.row_begin.begin(), block.row_begin.end() - 1);
  for (std::uint32_t t = 0; t < target_count; ++t) {
    std::uint32_t k = 0;
    for (const std::uint32_t source : sources(t)) {
      const std::uint64_t place = next[source]++;
      block.targets[place] = static_cast<std::uint16_t>(t);
      if (!one_weight) block.weights[place] = weight(t, k);
      if (!one_delay) delays[place] = static_cast<std::uint32_t>(delay(t, k));
      ++k;
    }
  }
  if (one_weight) block.shared_weight = weight(0, 0);
  if (one_delay) block.min_delay = block.max_delay = delay(0, 0);
  if (!one_delay) order_by_delay(block, delays);
  return block;
}

}  // namespace synfire
