// Synapses that a program has made, for the rule `list`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace synfire {

/// Row after row of targets: those onto target t stand from begin[t] to begin[t + 1], sources ascending. Each
/// has a weight in the receptor's unit, of any sign.
struct GivenSynapses {
  std::vector<std::uint64_t> begin{0};
  std::vector<std::uint32_t> sources;
  std::vector<float> weights;

  std::size_t size() const { return sources.size(); }
};

}  // namespace synfire
