// The synapses of a projection into one block of targets, as rules that act on all of them see them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace synfire {

template <class Real> struct SynapseView {
  std::span<Real> weights;                 ///< sizes, in an order that no sharding can change for a target
  std::span<const std::uint16_t> targets;  ///< of each synapse, as an offset
  std::size_t target_count = 0;
};

}  // namespace synfire
