// The synapses of a projection as a list, for rules that remove some and add others.
#pragma once

#include <cstdint>

namespace synfire {

/// One synapse; `was` is its place in the list before the change.
struct ListedSynapse {
  static constexpr std::uint64_t new_here = ~std::uint64_t(0);

  std::uint32_t source = 0, target = 0;
  std::uint32_t delay = 1;  ///< steps
  double weight = 0;        ///< its size
  std::uint64_t was = new_here;
};

/// How many synapses a projection has, and how many of its targets have one at least.
struct SynapseCounts {
  std::uint64_t synapses = 0;
  std::uint32_t connected = 0, targets = 0;
};

/// What one change of the structure of a projection did.
struct StructureEvent {
  std::uint64_t pruned = 0, regenerated = 0, formed = 0;
  SynapseCounts left;                          ///< afterwards
  double rate_prune = 0, rate_regenerate = 0;  ///< %, which were in force
};

}  // namespace synfire
