// What plastic projections know of each other: who competes with whom, whose structure moves whose rates.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "sim/cpu/plastic.hpp"
#include "sim/plan.hpp"

namespace synfire {

/// The mask of a projection into one range of its targets, whose synapses lie as in `block`; null pointer
/// when it has none.
std::unique_ptr<Mask> make_mask(const ProjectionPlan& projection, const BuildContext& context, Range range,
                                const SparseBlock& block);

/// Joins masks with those that they complement or compete with.
void link_masks(const NetworkDescription& network, const std::vector<std::unique_ptr<Shard>>& shards);

/// Gives structural rules the counts of the projections that they refer to.
void link_structures(const NetworkDescription& network, const std::vector<std::unique_ptr<Shard>>& shards);

}  // namespace synfire
