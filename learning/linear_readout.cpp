#include "learning/linear_readout.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <Eigen/Cholesky>
#include <Eigen/QR>
#include <fmt/format.h>

#include "core/error.hpp"

namespace synfire {
namespace {

using Matrix = Eigen::MatrixXd;
using Index = Eigen::Index;

Index as_index(std::size_t n) { return static_cast<Index>(n); }

/// Features and targets about their means.
struct Centred {
  Matrix z;                                // a row for each sample
  Matrix y;                                // a row for each sample, a column for each class
  Eigen::RowVectorXd mean, scale, y_mean;  // z = (x - mean) * scale

  Centred(const LabelledFeatures& samples, std::size_t classes, bool standardise) {
    const Index rows = as_index(samples.rows()), columns = as_index(samples.columns);
    using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    z = Eigen::Map<const RowMajor>(samples.values.data(), rows, columns).cast<double>();
    mean = z.colwise().mean();
    z.rowwise() -= mean;
    scale = Eigen::RowVectorXd::Ones(columns);
    if (standardise) {
      for (Index c = 0; c < columns; ++c) {
        const double deviation = std::sqrt(z.col(c).squaredNorm() / double(rows));
        scale[c] = deviation > 1e-9 ? 1 / deviation : 0;
      }
      z *= scale.asDiagonal();
    }
    y = Matrix::Zero(rows, as_index(classes));
    for (Index r = 0; r < rows; ++r) y(r, samples.labels[static_cast<std::size_t>(r)]) = 1;
    y_mean = y.colwise().mean();
    y.rowwise() -= y_mean;
  }

  /// Of weights for z (features x classes), the same for x.
  LinearReadout readout(const Matrix& w) const {
    LinearReadout made;
    made.columns = static_cast<std::size_t>(w.rows());
    made.classes = static_cast<std::size_t>(w.cols());
    const Matrix for_x = scale.asDiagonal() * w;
    const Eigen::RowVectorXd bias = y_mean - mean * for_x;
    made.weights.assign(for_x.data(), for_x.data() + for_x.size());
    made.bias.assign(bias.data(), bias.data() + bias.size());
    return made;
  }
};

void check_samples(const LabelledFeatures& samples) {
  if (samples.rows() == 0 || samples.columns == 0)
    throw Error(ErrorKind::input, "readout: there are no samples to learn from");
}

/// The equations of ridge regression, for any penalty.
class Ridge {
 public:
  explicit Ridge(const Centred& data) : data_(data), by_samples_(data.z.cols() > data.z.rows()) {
    constexpr Index most = Index(1) << 14;
    if (std::min(data.z.cols(), data.z.rows()) > most)
      throw Error(
          ErrorKind::resource,
          fmt::format("readout: {} samples with {} features each; one of the two must be {} at most: read "
                      "fewer neurons or bins, or use method: delta",
                      data.z.rows(), data.z.cols(), most));
    if (by_samples_) {
      gram_.noalias() = data.z * data.z.transpose();
    } else {
      gram_.noalias() = data.z.transpose() * data.z;
    }
  }

  double mean_diagonal() const { return gram_.trace() / double(data_.z.cols()); }

  LinearReadout solve(double lambda) const {
    if (lambda <= 0) return data_.readout(data_.z.completeOrthogonalDecomposition().solve(data_.y));
    Matrix gram = gram_;
    gram.diagonal().array() += lambda;
    const Eigen::LDLT<Matrix> factors(gram);
    if (by_samples_) return data_.readout(data_.z.transpose() * factors.solve(data_.y));
    return data_.readout(factors.solve(data_.z.transpose() * data_.y));
  }

 private:
  const Centred& data_;
  bool by_samples_;
  Matrix gram_;
};

std::vector<std::size_t> shuffled(std::size_t count, RandomKey key, std::uint64_t index) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t(0));
  RandomStream random(key, index);
  for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

void append(LabelledFeatures& to, const LabelledFeatures& from, std::size_t row) {
  to.columns = from.columns;
  const auto values = from.row(row);
  to.values.insert(to.values.end(), values.begin(), values.end());
  to.labels.push_back(from.labels[row]);
}

}  // namespace

std::size_t LinearReadout::decide(std::span<const float> x) const {
  std::size_t winner = 0;
  double best = -std::numeric_limits<double>::infinity();
  for (std::size_t c = 0; c < classes; ++c) {
    double score = bias[c];
    for (std::size_t j = 0; j < columns; ++j) score += weights[c * columns + j] * x[j];
    if (score <= best) continue;
    best = score;
    winner = c;
  }
  return winner;
}

double LinearReadout::accuracy(const LabelledFeatures& samples) const {
  std::size_t right = 0;
  for (std::size_t r = 0; r < samples.rows(); ++r) right += decide(samples.row(r)) == samples.labels[r];
  return samples.rows() == 0 ? 0 : double(right) / double(samples.rows());
}

LinearReadout learn_ridge(const LabelledFeatures& samples, std::size_t classes, double lambda,
                          bool standardise) {
  check_samples(samples);
  const Centred data(samples, classes, standardise);
  return Ridge(data).solve(lambda);
}

LambdaChoice choose_lambda(const LabelledFeatures& samples, std::size_t classes, double held_out,
                           RandomKey key, bool standardise) {
  check_samples(samples);
  std::vector<std::size_t> counts(classes), seen(classes);
  for (const std::uint8_t label : samples.labels) ++counts[label];
  LabelledFeatures learned, judged;
  for (const std::size_t row : shuffled(samples.rows(), key, 0)) {
    const std::size_t label = samples.labels[row];
    const bool out = double(seen[label]++) < std::floor(held_out * double(counts[label]) + 0.5);
    append(out ? judged : learned, samples, row);
  }
  if (learned.rows() == 0 || judged.rows() == 0)
    throw Error(
        ErrorKind::input,
        fmt::format("readout: of {} training samples none can be held out to choose lambda; give lambda, "
                    "or more samples",
                    samples.rows()));
  const Centred data(learned, classes, standardise);
  const Ridge ridge(data);
  const double unit = ridge.mean_diagonal() > 0 ? ridge.mean_diagonal() : 1;
  LambdaChoice choice;
  double best = -1;
  for (int exponent = -4; exponent <= 4; ++exponent) {
    const double lambda = unit * std::pow(10.0, exponent);
    const double accuracy = ridge.solve(lambda).accuracy(judged);
    choice.tried.push_back(lambda);
    choice.accuracy.push_back(accuracy);
    if (accuracy < best) continue;
    best = accuracy;
    choice.lambda = lambda;
  }
  return choice;
}

LinearReadout learn_delta(const LabelledFeatures& samples, std::size_t classes, double learning_rate,
                          std::uint32_t epochs, RandomKey key, bool standardise) {
  check_samples(samples);
  const Centred data(samples, classes, standardise);
  const Matrix z = data.z.transpose();  // a column for each sample
  Matrix w = Matrix::Zero(z.rows(), data.y.cols());
  const double largest_square = z.colwise().squaredNorm().maxCoeff();
  if (largest_square <= 0) return data.readout(w);
  const double step = learning_rate / largest_square;
  for (std::uint32_t epoch = 0; epoch < epochs; ++epoch) {
    for (const std::size_t sample : shuffled(samples.rows(), key, epoch)) {
      const auto x = z.col(as_index(sample));
      const Eigen::RowVectorXd error = data.y.row(as_index(sample)) - x.transpose() * w;
      w.noalias() += (step * x) * error;
    }
    if (!w.allFinite())
      throw Error(ErrorKind::input,
                  fmt::format("readout: the weights grow beyond all bounds; lower learning_rate ({:g})",
                              learning_rate));
  }
  return data.readout(w);
}

}  // namespace synfire
