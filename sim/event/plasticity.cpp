#include "sim/event/plasticity.hpp"

#include <numeric>

namespace synfire {

EventIncoming::EventIncoming(const EventSynapses& synapses, std::uint32_t targets)
    : begins_(std::size_t(targets) + 1, 0), synapses_(synapses.size()) {
  const auto all = synapses.targets(0, synapses.size());
  for (const std::uint32_t target : all) ++begins_[target + 1];
  std::partial_sum(begins_.begin(), begins_.end(), begins_.begin());
  std::vector<std::uint64_t> next(begins_.begin(), begins_.end() - 1);
  for (std::uint64_t k = 0; k < all.size(); ++k) synapses_[next[all[k]]++] = k;
}

void apply_in_blocks(const EventPeriod& rule, const EventIncoming& incoming, std::uint32_t targets,
                     std::span<double> weights) {
  constexpr std::uint32_t most_targets = 1u << 15;
  std::vector<double> sizes;
  std::vector<std::uint16_t> offsets;
  for (std::uint32_t first = 0; first < targets; first += most_targets) {
    const std::uint32_t count = std::min(most_targets, targets - first);
    sizes.clear();
    offsets.clear();
    for (std::uint32_t i = 0; i < count; ++i) {
      for (const std::uint64_t k : incoming.of(first + i)) {
        sizes.push_back(weights[k]);
        offsets.push_back(static_cast<std::uint16_t>(i));
      }
    }
    rule.apply({sizes, offsets, count});
    std::size_t place = 0;
    for (std::uint32_t i = 0; i < count; ++i)
      for (const std::uint64_t k : incoming.of(first + i)) weights[k] = sizes[place++];
  }
}

}  // namespace synfire
