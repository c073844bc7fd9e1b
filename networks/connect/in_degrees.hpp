// How a fixed number of synapses is shared among targets, in time that follows the targets, not the synapses.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "networks/connect/draws.hpp"

namespace synfire::connect {

/// `total` synapses thrown at targets uniformly and independently. The targets are halved again and again,
/// and the synapses of each half are a binomial share, drawn from the stream of that node of the tree.
inline std::vector<std::uint64_t> multinomial_in_degrees(std::uint32_t targets, std::uint64_t total,
                                                         RandomKey key) {
  struct Node {
    std::uint64_t first, last, synapses, id;
  };
  std::vector<std::uint64_t> degrees(targets, 0);
  std::vector<Node> open{{0, targets, total, 1}};
  while (!open.empty()) {
    const Node node = open.back();
    open.pop_back();
    const std::uint64_t width = node.last - node.first;
    if (width == 0 || node.synapses == 0) continue;
    if (width == 1) {
      degrees[node.first] = node.synapses;
      continue;
    }
    const std::uint64_t half = width / 2, middle = node.first + half;
    RandomStream stream = stream_of(key, node.id, Part::split);
    const double share = static_cast<double>(half) / static_cast<double>(width);
    const std::uint64_t below = draw_binomial(stream, node.synapses, share);
    open.push_back({node.first, middle, below, 2 * node.id});
    open.push_back({middle, node.last, node.synapses - below, 2 * node.id + 1});
  }
  return degrees;
}

/// `total` different pairs chosen uniformly among targets x candidates. A Bernoulli process whose mean is
/// `total` picks a uniform set of about that size; uniformly chosen pairs are then taken out or put in until
/// the size is right, which keeps the set uniform. Only its in-degrees are needed: given them, the sources of
/// a target are a uniform set of that many candidates. About sqrt(total) pairs are corrected.
inline std::vector<std::uint64_t> in_degrees_of_distinct_pairs(std::uint32_t targets,
                                                               std::uint32_t candidates, std::uint64_t total,
                                                               RandomKey key) {
  std::vector<std::uint64_t> degrees(targets, 0);
  if (total == 0) return degrees;
  const double p = static_cast<double>(total) / (static_cast<double>(targets) * candidates);
  std::uint64_t chosen = 0;
  for (std::uint32_t target = 0; target < targets; ++target) {
    RandomStream stream = stream_of(key, target, Part::counts);
    degrees[target] = draw_binomial(stream, candidates, p);
    chosen += degrees[target];
  }
  RandomStream stream = stream_of(key, 0, Part::adjust);
  // A target is hit in proportion to its chosen (or its free) pairs: a uniform target, accepted in
  // proportion.
  const std::uint64_t most = *std::max_element(degrees.begin(), degrees.end());
  for (; chosen > total; --chosen) {
    std::uint64_t target = 0;
    do target = stream.below(targets);
    while (stream.below(most) >= degrees[target]);
    --degrees[target];
  }
  const std::uint64_t most_free = candidates - *std::min_element(degrees.begin(), degrees.end());
  for (; chosen < total; ++chosen) {
    std::uint64_t target = 0;
    do target = stream.below(targets);
    while (stream.below(most_free) >= candidates - degrees[target]);
    ++degrees[target];
  }
  return degrees;
}

}  // namespace synfire::connect
