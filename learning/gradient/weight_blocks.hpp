// Arrays of weights as blocks that threads take in turns. Inside learning/gradient only.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include <tbb/parallel_for.h>

#include "learning/gradient/weights.hpp"

namespace synfire::learning {

inline constexpr std::size_t weight_block = std::size_t(1)
                                            << 14;  ///< numbers that one thread takes at a time

/// Calls work(weights, number of the block, number of the array, begin, end) for each block of each array,
/// side by side.
template <class Real, class Work>
void for_each_block(std::span<Weights<Real>* const> weights, const Work& work) {
  struct Piece {
    std::size_t array, begin, end;
  };
  std::vector<Piece> pieces;
  for (std::size_t a = 0; a < weights.size(); ++a)
    for (std::size_t begin = 0; begin < weights[a]->size(); begin += weight_block)
      pieces.push_back({a, begin, std::min(begin + weight_block, weights[a]->size())});
  tbb::parallel_for(std::size_t(0), pieces.size(), [&](std::size_t p) {
    work(*weights[pieces[p].array], p, pieces[p].array, pieces[p].begin, pieces[p].end);
  });
}

template <class Real> std::size_t count_blocks(std::span<Weights<Real>* const> weights) {
  std::size_t blocks = 0;
  for (const auto* array : weights) blocks += (array->size() + weight_block - 1) / weight_block;
  return blocks;
}

}  // namespace synfire::learning
