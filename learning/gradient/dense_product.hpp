// The product with weights that are learned, by whichever way is fastest.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "learning/gradient/spike_products.hpp"
#include "learning/gradient/weights.hpp"

namespace synfire::learning {

/// The connections [targets, sources] that pruning has left, listed by target and by source.
template <class Real> class KeptConnections {
 public:
  /// Where `pruned` is empty, those that are not 0.
  explicit KeptConnections(const Weights<Real>& weights);

  /// y [rows, targets] = x [rows, sources] W^T, or is added to.
  void by_target(const Real* x, std::size_t rows, bool adds, Real* y) const;
  /// dx [rows, sources] = dy [rows, targets] W, or is added to.
  void by_source(const Real* dy, std::size_t rows, bool adds, Real* dx) const;
  /// dW [targets, sources] = dy^T x for what is there, or is added to; the rest is 0, or is left.
  void gradient(const Real* x, const Real* dy, std::size_t rows, bool adds, Real* dw) const;

 private:
  struct List {
    std::vector<std::size_t> begins;
    std::vector<std::uint32_t> others;  // of each connection the other end, ascending
    std::vector<Real> weights;

    std::span<const std::uint32_t> row(std::size_t n) const {
      return {others.data() + begins[n], begins[n + 1] - begins[n]};
    }
  };
  void product(const List& list, const Real* from, std::size_t width_from, std::size_t rows, bool adds,
               Real* to) const;

  std::size_t targets_, sources_;
  List of_targets_, of_sources_;
};

/// Densities of connections below which those that are left are faster than dense products with the weights,
/// and than one that is their gradient (docs/performance.md).
inline constexpr double sparse_connections = 0.25, sparse_gradient = 0.15;

/// Products with W [out, in]: dense, spike by spike where the factor is mostly 0, or connection by
/// connection where few are left. Between `begin` and the next, W may not move; parts of a batch may ask
/// side by side.
template <class Real> class DenseProduct {
 public:
  /// What follows is with these weights, which must stay where they are; `learns`: their gradient is asked
  /// for.
  void begin(const Weights<Real>& weights, Precision precision, bool learns);
  /// Gives back what is needed on the way there alone.
  void release() { turned_.release(); }

  /// y [rows, out] = x W^T, or is added to.
  void forward(const Real* x, std::size_t rows, bool adds, Real* y);
  /// The same of x that is not mostly 0, which is not looked at.
  void forward_values(const Real* x, std::size_t rows, bool adds, Real* y) const;
  /// dx [rows, in] = dy W, or is added to.
  void by_input(const Real* dy, std::size_t rows, bool adds, Real* dx) const;
  /// dW [out, in] = dy^T x. Of pruned connections it is anything finite unless somebody asks for it.
  void by_weights(const Real* x, const Real* dy, std::size_t rows, Real* gradient) const;
  /// The same of x that is not mostly 0, or is added to.
  void by_weights_of_values(const Real* x, const Real* dy, std::size_t rows, bool adds, Real* gradient) const;

 private:
  std::size_t out() const { return weights_->shape[0]; }
  std::size_t in() const { return weights_->shape[1]; }
  bool gradient_of_kept() const {
    return kept_ && density_ < sparse_gradient * gain(precision_) && !weights_->pruned.empty() &&
           !weights_->gradient_of_pruned;
  }

  const Weights<Real>* weights_ = nullptr;
  Precision precision_ = Precision::single;
  double density_ = 1;
  std::unique_ptr<KeptConnections<Real>> kept_;  // where they are few
  TurnedWeights<Real> turned_;
};

}  // namespace synfire::learning
