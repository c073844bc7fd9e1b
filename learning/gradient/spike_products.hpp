// Products with matrices that are mostly 0, as spikes are: work goes with the number of spikes.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>

#include "core/array.hpp"
#include "learning/gradient/products.hpp"

namespace synfire::learning {

/// Where the elements of a matrix [rows, columns] that are not 0 stand, row by row.
class Sparse {
 public:
  /// `dense` must live as long as this.
  template <class Real> Sparse(const Real* dense, std::size_t rows, std::size_t columns);

  /// Columns of a row's elements, ascending.
  std::span<const std::uint32_t> row(std::size_t r) const {
    return {columns_.data() + begins_[r], begins_[r + 1] - begins_[r]};
  }
  std::size_t rows() const { return begins_.size() - 1; }
  /// Part of the elements that are not 0.
  double density() const { return density_; }

 private:
  LargeVector<std::uint32_t> columns_;
  LargeVector<std::size_t> begins_;
  double density_ = 0;
};

/// Densities below which these are faster than dense products (docs/performance.md).
inline constexpr double sparse_forward = 0.3, sparse_backward = 0.15;
/// Times these, where dense products are faster than in single precision.
inline double gain(Precision precision) {
  return precision == Precision::bf16 && has_bf16_products() ? 0.5 : 1;
}

/// y [rows, out] += x [rows, in] w, with w [in, out]; `sparse` is of x.
template <class Real>
void multiply_spikes(const Sparse& sparse, const Real* x, std::size_t in, std::size_t out, const Real* w,
                     Real* y);

/// dw [in, out] += x^T dy, with dy [rows, out].
template <class Real>
void add_outer_products(const Sparse& sparse, const Real* x, std::size_t in, std::size_t out, const Real* dy,
                        Real* dw);

/// to [columns, rows] = the transpose of from [rows, columns].
template <class Real> void transpose(std::size_t rows, std::size_t columns, const Real* from, Real* to);

/// gradient [out, in] = dy^T x, with x [rows, in] and dy [rows, out], spike by spike where that is faster.
template <class Real>
void weights_gradient(const Real* x, std::size_t rows, std::size_t in, std::size_t out, const Real* dy,
                      Real* gradient, Precision precision = Precision::single);

/// Weights [out, in] as [in, out], made by the first of several threads that asks for them.
template <class Real> class TurnedWeights {
 public:
  /// They have changed; not while anybody asks.
  void begin() { made_ = std::make_unique<std::once_flag>(); }
  /// Nobody asks any more until they begin again.
  void release() { turned_ = {}; }
  const Real* get(std::size_t out, std::size_t in, const Real* weights) {
    std::call_once(*made_, [&] {
      turned_.resize(out * in);
      transpose(out, in, weights, turned_.data());
    });
    return turned_.data();
  }

 private:
  std::unique_ptr<std::once_flag> made_ = std::make_unique<std::once_flag>();
  LargeVector<Real> turned_;
};

}  // namespace synfire::learning
