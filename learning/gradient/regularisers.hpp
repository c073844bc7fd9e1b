// Terms of the loss that keep the activity of spiking layers where it should be.
#pragma once

#include <cstddef>
#include <span>

#include "networks/training.hpp"

namespace synfire::learning {

/// One of networks/training.hpp's regularisers, for one layer.
template <class Real> class RateRegulariser {
 public:
  /// Throws Error(input) at `chosen.where` when there is no regulariser of this name.
  explicit RateRegulariser(const Chosen& chosen);

  /// The rates are rows, one for each sample, of the mean spikes per step of the layer's neurons. Gives
  /// `scale` times the sum over the samples of the term, its weight included, and ADDS the gradient with
  /// respect to the rates; that of a spike of one of T steps is 1/T of it. With `of: layer` a sample's term
  /// is that of the mean of its row, with `of: neuron` the mean over the row of the terms. Samples in order.
  double evaluate(std::span<const Real> rates, std::size_t neurons, double scale,
                  std::span<Real> gradient) const;

 private:
  double low_ = 0, high_ = 1, weight_ = 0;
  bool squared_ = true, of_layer_ = true;

  struct Term {
    double value, derivative;
  };
  Term term(double rate) const;
};

}  // namespace synfire::learning
