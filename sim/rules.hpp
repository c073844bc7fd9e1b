// The rules of plasticity as the engines meet them, without their types.
#pragma once

#include <functional>

#include "core/synapse_view.hpp"
#include "core/time.hpp"

namespace synfire {

/// A rule that acts on all synapses of a block from time to time.
struct PeriodicRule {
  Step every = 0;  ///< steps
  std::function<void(const SynapseView<float>&)> apply;
};

}  // namespace synfire
