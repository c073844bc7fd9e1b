// Moves weights along their gradients.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "learning/gradient/weights.hpp"
#include "networks/training.hpp"

namespace synfire::learning {

/// What an optimiser remembers of an array of weights.
template <class Real> struct NamedArray {
  std::string name;  ///< "conv1.weight.momentum": the array's name and what is remembered
  std::vector<std::size_t> shape;
  std::vector<Real> values;
};

/// One of networks/training.hpp's optimisers. Its results do not depend on the number of threads.
template <class Real> class Optimiser {
 public:
  /// Throws Error(input) at `chosen.where` when there is no optimiser of this name.
  explicit Optimiser(const Chosen& chosen);

  /// The rate before any schedule.
  double learning_rate() const;

  /// Moves all values by their gradients, once, and keeps them within [low, high]. The arrays must be the
  /// same ones, in the same order, each time (Error(internal) otherwise).
  void step(std::span<Weights<Real>* const> weights, double learning_rate);

  std::uint64_t steps() const { return steps_; }
  /// All it remembers besides steps(), in a fixed order; nothing before the first step.
  std::vector<NamedArray<Real>> state() const;
  /// Goes on where another one stopped. Throws Error(input) when the arrays are not those of these weights
  /// and this optimiser; nothing is changed then.
  void load(std::span<Weights<Real>* const> weights, std::vector<NamedArray<Real>> state,
            std::uint64_t steps);

 private:
  void prepare(std::span<Weights<Real>* const> weights);

  AnyOf<training::Optimisers> kind_;
  std::vector<NamedArray<Real>> state_;  ///< slots() of each array, array after array
  std::vector<std::string_view> slots() const;
  std::uint64_t steps_ = 0;
  bool prepared_ = false;
};

/// Root of the sum of the squares of all gradients, summed in double in a fixed order.
template <class Real> double gradient_norm(std::span<Weights<Real>* const> weights);

/// Makes gradients smaller as `chosen`, one of networks/training.hpp's clips, says; gives their norm before.
/// By norm: times most / (norm + 1e-6) where that is below 1. A norm that is not finite changes nothing.
template <class Real> double clip_gradients(std::span<Weights<Real>* const> weights, const Chosen& chosen);

}  // namespace synfire::learning
