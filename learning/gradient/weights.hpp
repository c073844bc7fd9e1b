// What gradients move: named arrays of numbers, each with its gradient.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

namespace synfire::learning {

/// An array that is learned. A layer owns it, an optimiser moves it, a file keeps it under its name.
template <class Real> struct Weights {
  std::string name;                ///< "conv1.weight": the layer's name and what it is
  std::vector<std::size_t> shape;  ///< last index fastest
  std::vector<Real> values;
  std::vector<Real> gradient;  ///< of the loss, as large as the values
  bool decays = true;          ///< weight decay acts on it (not on biases, norms and neurons)
  bool filters_last = false;   ///< of one that decays: what it feeds is its last index, not the first
  Real low = -std::numeric_limits<Real>::infinity();  ///< after each move the values are kept within
  Real high = std::numeric_limits<Real>::infinity();

  std::size_t size() const { return values.size(); }
};

}  // namespace synfire::learning
