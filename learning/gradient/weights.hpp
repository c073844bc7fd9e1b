// What gradients move: named arrays of numbers, each with its gradient.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace synfire::learning {

/// An array that is learned. A layer owns it, an optimiser moves it, a file keeps it under its name.
template <class Real> struct Weights {
  std::string name;                ///< "conv1.weight": the layer's name and what it is
  std::vector<std::size_t> shape;  ///< last index fastest
  std::vector<Real> values;
  std::vector<Real> gradient;        ///< of the loss, as large as the values
  std::vector<std::uint8_t> pruned;  ///< 1: a connection that is not there, whose value is 0; empty: all are
  bool gradient_of_pruned = false;   ///< whether anybody asks for it; else it may be anything finite
  bool decays = true;                ///< weight decay acts on it (not on biases, norms and neurons)
  double rate = 1;                   ///< times the learning rate
  bool filters_last = false;         ///< of one that decays: what it feeds is its last index, not the first
  Real low = -std::numeric_limits<Real>::infinity();  ///< after each move the values are kept within
  Real high = std::numeric_limits<Real>::infinity();

  std::size_t size() const { return values.size(); }
};

}  // namespace synfire::learning
