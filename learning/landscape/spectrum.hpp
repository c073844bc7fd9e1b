// Eigenvalues of a matrix that is known by its products alone, such as the Hessian of a loss.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "learning/gradient/network.hpp"
#include "learning/landscape/moved_weights.hpp"

namespace synfire::learning {

/// y = A x, both of the size of A. False when it was stopped.
using MatrixProduct = std::function<bool(std::span<const double> x, std::span<double> y)>;

/// Nodes t_i and weights w_i such that v^T f(A) v = sum_i w_i f(t_i) for polynomials f of degree below 2 m.
struct Quadrature {
  std::vector<double> nodes;      ///< Ritz values, ascending
  std::vector<double> weights;    ///< their sum is 1
  std::vector<double> residuals;  ///< |A y - t y| of the unit vector y of each node: within that of an
                                  ///< eigenvalue
  double mean = 0;                ///< v^T A v
  double asymmetry = 0;           ///< |P - P^T| / 2 |P| of the matrix as it was seen, P = Q^T A Q (Frobenius)
};

/// `steps` products, fewer where the vectors span all that A makes of `start`, which is a unit vector.
/// Each new vector is made orthogonal to all before it, twice (Lanczos 1950; Golub & Meurant 2010). A need
/// not be quite symmetric: nodes and weights are those of (P + P^T) / 2. Nothing when the product was
/// stopped. Throws Error(resource) where the vectors do not fit into memory.
std::optional<Quadrature> lanczos(const MatrixProduct& product, std::span<const double> start,
                                  std::size_t steps);

/// The k-th vector of signs, each +-1 / sqrt(size) (Rademacher).
std::vector<double> random_signs(std::size_t size, std::uint64_t seed, std::uint64_t k);

struct SpectrumQuestion {
  std::size_t probes = 4;    ///< start vectors
  std::size_t steps = 32;    ///< products for each
  std::size_t largest = 5;   ///< how many eigenvalues at either end
  std::size_t points = 512;  ///< of the density
  double width = 0.01;       ///< deviation of the Gaussians, as a part of the range of eigenvalues
  std::uint64_t seed = 1;
};

struct Eigenvalue {
  double value = 0, residual = 0;  ///< as in Quadrature
};

struct Spectrum {
  std::size_t size = 0;               ///< of the matrix
  double trace = 0, trace_error = 0;  ///< its standard error; NaN of one probe
  double asymmetry = 0;               ///< the largest of the probes
  std::vector<Quadrature> probes;
  /// The i-th is the best bound that a probe gives: no i-th largest (smallest) Ritz value lies beyond the
  /// i-th eigenvalue. Eigenvalues that are equal are found once.
  std::vector<Eigenvalue> largest, smallest;
  double width = 0;                     ///< deviation of the Gaussians
  std::vector<double> values, density;  ///< its integral is 1
};

/// Stochastic Lanczos quadrature (Ubaru, Chen & Saad 2017; Ghorbani, Krishnan & Xiao 2019): the density is
/// the mean over vectors of random signs of sum_i w_i N(t; t_i, width^2), the trace `size` times that of v^T
/// A v (Hutchinson 1989). Nothing when the product was stopped.
std::optional<Spectrum> spectrum_of(const MatrixProduct& product, std::size_t size,
                                    const SpectrumQuestion& question);

/// Gives the k-th batch and the number of its pass; false after the last.
template <class Real>
using BatchSource = std::function<bool(std::size_t k, Batch<Real>& batch, std::uint64_t& pass)>;

/// Products with the Hessian H of the mean loss over samples, by all weights of a network as it stands (see
/// Network::differentiate), from central differences of its gradient g:
///   H v = (g(w + h v) - g(w - h v)) / 2h,   h = step |w| / |v|  (step sqrt(n) / |v| where all weights are
///   0).
/// Of neurons that spike it is the surrogate's gradient whose differences are taken: spikes come and go
/// between the two points, and H need not be symmetric.
template <class Real> class HessianProduct {
 public:
  /// `go_on` is told the number of samples after each batch; when it says no, the product stops.
  HessianProduct(Network<Real>& network, Loss<Real> loss, BatchSource<Real> batches, double step,
                 std::function<bool(std::size_t samples)> go_on = {});

  /// Double precision: 1e-8, so that hardly any kink, such as that of a rectifier, lies between; single:
  /// 1e-3, against rounding; where neurons spike: 1e-2, so that many spikes come and go, and none by itself
  /// counts.
  static double default_step(bool spiking);
  std::size_t size() const { return weights_.size(); }
  bool operator()(std::span<const double> v, std::span<double> product);

 private:
  // g at w + by v.
  bool gradient(std::span<const double> v, double by, std::vector<double>& sum);

  Network<Real>& network_;
  Loss<Real> loss_;
  BatchSource<Real> batches_;
  std::function<bool(std::size_t)> go_on_;
  MovedWeights<Real> weights_;
  double reach_;  // step |w|
  Batch<Real> batch_;
};

}  // namespace synfire::learning
