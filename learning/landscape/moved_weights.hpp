// The weights of a network, moved along directions for a while.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "learning/gradient/weights.hpp"

namespace synfire::learning {

/// Keeps the weights of a network as they are and gives them back, to the bit, at the end of its life. A
/// direction has one number for each of them, array after array.
template <class Real> class MovedWeights {
 public:
  explicit MovedWeights(std::vector<Weights<Real>*> weights) : weights_(std::move(weights)) {
    for (const Weights<Real>* array : weights_) {
      kept_.insert(kept_.end(), array->values.begin(), array->values.end());
    }
  }
  MovedWeights(const MovedWeights&) = delete;
  MovedWeights& operator=(const MovedWeights&) = delete;
  ~MovedWeights() {
    set([](std::size_t) { return 0.0; });
  }

  std::size_t size() const { return kept_.size(); }
  const std::vector<Weights<Real>*>& arrays() const { return weights_; }
  std::span<const Real> kept() const { return kept_; }
  /// Each is what it was, and `by(its number)` more.
  template <class By> void set(const By& by) {
    std::size_t at = 0;
    for (Weights<Real>* array : weights_)
      for (Real& value : array->values) {
        value = Real(double(kept_[at]) + by(at));
        ++at;
      }
  }

 private:
  std::vector<Weights<Real>*> weights_;
  std::vector<Real> kept_;
};

}  // namespace synfire::learning
