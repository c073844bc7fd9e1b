// How wrong the outputs of a network are, and in which direction they should move.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "networks/training.hpp"

namespace synfire::learning {

/// One of networks/training.hpp's losses.
template <class Real> class Loss {
 public:
  /// `steps` is T, by which spike_count turns mean rates into counts. Throws Error(input) at `chosen.where`
  /// when there is no loss of this name.
  Loss(const Chosen& chosen, std::uint32_t steps);

  /// The same, but the targets are `label` of the label and 1 - `label` of the given frequencies of the
  /// classes, of losses by logarithms of probabilities (Error(internal) for others).
  Loss mixed(double label, std::vector<double> frequencies) const;

  /// `scale` times the sum over the samples, which are rows of `classes` outputs; and the gradient of that,
  /// which is overwritten. Outputs and gradient are of one length, labels.size() * classes, each label below
  /// `classes` (Error(internal) otherwise). Computed in double, samples in order.
  double evaluate(std::span<const Real> outputs, std::span<const std::uint32_t> labels, std::size_t classes,
                  double scale, std::span<Real> gradient) const;
  /// The same without the gradient.
  double evaluate(std::span<const Real> outputs, std::span<const std::uint32_t> labels, std::size_t classes,
                  double scale) const;

  /// Whether the network is to give its samples back, and no classes.
  bool reconstructs() const;
  /// The same of such a network: `scale` times the sum over the samples of the mean over their elements.
  /// Outputs and targets are of one length, as the gradient, unless that is empty.
  double distance(std::span<const Real> outputs, std::span<const Real> targets, std::size_t elements,
                  double scale, std::span<Real> gradient) const;

 private:
  AnyOf<training::Losses> kind_;
  double steps_ = 1;
  double label_ = 1;  // part of the target
  std::vector<double> frequencies_;
};

}  // namespace synfire::learning
