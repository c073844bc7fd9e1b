#include "learning/landscape/spectrum.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <Eigen/Dense>
#include <fmt/format.h>

#include "core/array.hpp"
#include "core/error.hpp"
#include "core/random.hpp"

namespace synfire::learning {
namespace {

using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;

void check_room(std::size_t size, std::size_t steps) {
  const double bytes = double(size) * double(steps + 2) * sizeof(double);
  if (bytes <= double(available_bytes())) return;
  throw Error(
      ErrorKind::resource,
      fmt::format("{} vectors of {} numbers need {:.1f} GB of memory, and {:.1f} GB are free; ask for "
                  "fewer steps",
                  steps + 2, size, bytes / 1e9, double(available_bytes()) / 1e9));
}

// Of the matrix as the vectors saw it, P, with beta the norm of what was left after the last one.
Quadrature quadrature_of(const MatrixXd& seen, double beta) {
  const MatrixXd symmetric = (seen + seen.transpose()) / 2;
  const Eigen::SelfAdjointEigenSolver<MatrixXd> solved(symmetric);
  const MatrixXd& vectors = solved.eigenvectors();
  Quadrature made;
  made.mean = seen(0, 0);
  made.asymmetry = seen.norm() > 0 ? (seen - seen.transpose()).norm() / (2 * seen.norm()) : 0;
  for (Index i = 0; i < seen.rows(); ++i) {
    const double node = solved.eigenvalues()(i),
                 within = (seen * vectors.col(i) - node * vectors.col(i)).norm();
    made.nodes.push_back(node);
    made.weights.push_back(vectors(0, i) * vectors(0, i));
    made.residuals.push_back(std::hypot(within, beta * vectors(seen.rows() - 1, i)));
  }
  return made;
}

void add_trace(Spectrum& found) {
  const double count = double(found.probes.size()), size = double(found.size);
  double mean = 0, squares = 0;
  for (const Quadrature& probe : found.probes) mean += probe.mean / count;
  for (const Quadrature& probe : found.probes) squares += (probe.mean - mean) * (probe.mean - mean);
  found.trace = size * mean;
  found.trace_error =
      count > 1 ? size * std::sqrt(squares / (count - 1) / count) : std::numeric_limits<double>::quiet_NaN();
}

// Of each rank from one end the probe that reached farthest.
std::vector<Eigenvalue> ends(const std::vector<Quadrature>& probes, std::size_t count, bool largest) {
  std::vector<Eigenvalue> found;
  for (std::size_t rank = 0; rank < count; ++rank) {
    std::optional<Eigenvalue> best;
    for (const Quadrature& probe : probes) {
      if (rank >= probe.nodes.size()) continue;
      const std::size_t i = largest ? probe.nodes.size() - 1 - rank : rank;
      if (!best || (largest ? probe.nodes[i] > best->value : probe.nodes[i] < best->value))
        best = Eigenvalue{probe.nodes[i], probe.residuals[i]};
    }
    if (!best) break;
    found.push_back(*best);
  }
  return found;
}

void add_density(Spectrum& found, const SpectrumQuestion& question) {
  const double low = found.smallest.front().value, high = found.largest.front().value;
  const double range = high > low ? high - low : std::max(std::abs(high), 1.0);
  found.width = question.width * range;
  const double first = low - 5 * found.width, last = high + 5 * found.width;
  const double factor = 1 / (found.width * std::sqrt(2 * std::numbers::pi) * double(found.probes.size()));
  for (std::size_t k = 0; k < question.points; ++k) {
    const double t = first + (last - first) * double(k) / double(question.points - 1);
    double sum = 0;
    for (const Quadrature& probe : found.probes)
      for (std::size_t i = 0; i < probe.nodes.size(); ++i) {
        const double away = (t - probe.nodes[i]) / found.width;
        sum += probe.weights[i] * std::exp(-away * away / 2);
      }
    found.values.push_back(t);
    found.density.push_back(factor * sum);
  }
}

}  // namespace

std::optional<Quadrature> lanczos(const MatrixProduct& product, std::span<const double> start,
                                  std::size_t steps) {
  const auto size = Index(start.size()), most = std::min(Index(steps), size);
  check_room(start.size(), std::size_t(most));
  MatrixXd basis(size, most), seen = MatrixXd::Zero(most, most);
  basis.col(0) = VectorXd::Map(start.data(), size);
  VectorXd next(size);
  for (Index j = 0;; ++j) {
    const auto column = basis.col(j);
    if (!product({column.data(), start.size()}, {next.data(), start.size()})) return std::nullopt;
    const double before = next.norm();
    const auto known = basis.leftCols(j + 1);
    for (int round = 0; round < 2; ++round) {
      const VectorXd along = known.transpose() * next;
      next.noalias() -= known * along;
      seen.col(j).head(j + 1) += along;
    }
    const double beta = next.norm();
    const bool spanned = beta <= 1e-13 * before;
    if (spanned || j + 1 == most) return quadrature_of(seen.topLeftCorner(j + 1, j + 1), spanned ? 0 : beta);
    seen(j + 1, j) = beta;
    basis.col(j + 1) = next / beta;
  }
}

std::vector<double> random_signs(std::size_t size, std::uint64_t seed, std::uint64_t k) {
  RandomStream random(RandomKey(seed, "landscape/signs"), k);
  const double each = 1 / std::sqrt(double(size));
  std::vector<double> signs(size);
  for (double& sign : signs) sign = (random.word() & 1) != 0 ? each : -each;
  return signs;
}

std::optional<Spectrum> spectrum_of(const MatrixProduct& product, std::size_t size,
                                    const SpectrumQuestion& question) {
  Spectrum found;
  found.size = size;
  for (std::size_t k = 0; k < question.probes; ++k) {
    auto probe = lanczos(product, random_signs(size, question.seed, k), question.steps);
    if (!probe) return std::nullopt;
    found.asymmetry = std::max(found.asymmetry, probe->asymmetry);
    found.probes.push_back(std::move(*probe));
  }
  add_trace(found);
  found.largest = ends(found.probes, question.largest, true);
  found.smallest = ends(found.probes, question.largest, false);
  add_density(found, question);
  return found;
}

template <class Real>
HessianProduct<Real>::HessianProduct(Network<Real>& network, Loss<Real> loss, BatchSource<Real> batches,
                                     double step, std::function<bool(std::size_t)> go_on)
    : network_(network),
      loss_(std::move(loss)),
      batches_(std::move(batches)),
      go_on_(std::move(go_on)),
      weights_(network.weights()) {
  double squares = 0;
  for (const Real value : weights_.kept()) squares += double(value) * double(value);
  reach_ = step * std::sqrt(squares > 0 ? squares : double(size()));
}

template <class Real> double HessianProduct<Real>::default_step(bool spiking) {
  if (spiking) return 1e-2;
  return std::is_same_v<Real, double> ? 1e-8 : 1e-3;
}

template <class Real>
bool HessianProduct<Real>::gradient(std::span<const double> v, double by, std::vector<double>& sum) {
  weights_.set([&](std::size_t i) { return by * v[i]; });
  sum.assign(size(), 0);
  std::size_t samples = 0;
  std::uint64_t pass = 0;
  for (std::size_t k = 0; batches_(k, batch_, pass); ++k) {
    network_.differentiate(batch_, loss_, pass, {});
    std::size_t at = 0;
    for (const Weights<Real>* array : weights_.arrays())
      for (const Real slope : array->gradient) sum[at++] += double(batch_.samples) * double(slope);
    samples += batch_.samples;
    if (go_on_ && !go_on_(batch_.samples)) return false;
  }
  for (double& each : sum) each /= double(samples);
  return true;
}

template <class Real>
bool HessianProduct<Real>::operator()(std::span<const double> v, std::span<double> product) {
  double squares = 0;
  for (const double each : v) squares += each * each;
  const double h = squares > 0 ? reach_ / std::sqrt(squares) : 0;
  if (h == 0) {
    std::fill(product.begin(), product.end(), 0.0);
    return true;
  }
  std::vector<double> above, below;
  const bool whole = gradient(v, h, above) && gradient(v, -h, below);
  weights_.set([](std::size_t) { return 0.0; });
  if (!whole) return false;
  for (std::size_t i = 0; i < product.size(); ++i) product[i] = (above[i] - below[i]) / (2 * h);
  return true;
}

template class HessianProduct<float>;
template class HessianProduct<double>;

}  // namespace synfire::learning
