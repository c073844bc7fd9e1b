// A block of synapses as a list and back, and what follows the synapses when their places change.
#pragma once

#include <algorithm>
#include <vector>

#include "core/synapse_list.hpp"
#include "synapses/sparse.hpp"

namespace synfire {

/// The synapses of a block in its own order, which is by source, delay and target.
std::vector<ListedSynapse> list_of(const SparseBlock& block);

/// A block of a list in that order. Whether all delays are equal, and the smallest and largest of them, stay
/// those of `old`.
SparseBlock block_of(const std::vector<ListedSynapse>& synapses, const SparseBlock& old);

/// Where the trains of spikes of a block (sources, or runs of equal delay) were in the one before; `none`
/// where there were no synapses.
constexpr std::uint64_t no_train = ~std::uint64_t(0);
std::vector<std::uint64_t> trains_before(const SparseBlock& now, const SparseBlock& before);

/// Targets of a block that have a synapse.
template <class Block> std::uint32_t connected_targets(const Block& block) {
  std::vector<bool> connected(SparseRows::max_targets);
  for (std::uint64_t k = 0; k < block.synapses(); ++k) connected[block.target(k)] = true;
  return static_cast<std::uint32_t>(std::count(connected.begin(), connected.end(), true));
}

}  // namespace synfire
