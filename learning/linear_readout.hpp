// A linear readout: scores of classes as weighted sums of features, and two ways to learn the weights.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/random.hpp"

namespace synfire {

/// Labelled vectors of features, row after row.
struct LabelledFeatures {
  std::size_t columns = 0;
  std::vector<float> values;
  std::vector<std::uint8_t> labels;  ///< of each row

  std::size_t rows() const { return labels.size(); }
  std::span<const float> row(std::size_t r) const { return std::span(values).subspan(r * columns, columns); }
};

/// score_c(x) = bias_c + sum_j weights_cj x_j; the greatest score decides, the first of equals.
struct LinearReadout {
  std::size_t classes = 0, columns = 0;
  std::vector<double> weights;  ///< class after class
  std::vector<double> bias;     ///< of each class

  std::size_t decide(std::span<const float> x) const;
  /// Right decisions among all rows; 0 when there are none.
  double accuracy(const LabelledFeatures& samples) const;
};

/// Ridge regression onto 1 for the class of a sample and 0 for the others: minimises
///
///   sum_n |y_n - b - W z_n|^2 + lambda |W|^2
///
/// in closed form, the bias unpunished. z is x less its mean, divided by its standard deviation when
/// `standardise` (a feature that never changes has the weight 0); W and b are then given for x. lambda = 0 is
/// the solution of least squares with the smallest W. Where there are more features than samples, the
/// equations are solved in the space of samples (Saunders, Gammerman & Vovk 1998, ICML). Throws Error(input)
/// without samples, Error(resource) for more than 2^14 of both samples and features.
LinearReadout learn_ridge(const LabelledFeatures& samples, std::size_t classes, double lambda,
                          bool standardise);

/// How the penalty was chosen.
struct LambdaChoice {
  double lambda = 0;
  std::vector<double> tried, accuracy;  ///< on the held-out samples
};

/// Holds out a share of each class, drawn by `key`; of 10^-4, 10^-3, …, 10^4 times the mean of the diagonal
/// of Z'Z the lambda that tells most of them right, the largest of equals. Throws Error(input) when nothing
/// can be held out.
LambdaChoice choose_lambda(const LabelledFeatures& samples, std::size_t classes, double held_out,
                           RandomKey key, bool standardise);

/// The delta rule (Widrow & Hoff 1960) on the same y and z, sample after sample, in an order drawn anew for
/// each epoch:
///
///   W += (learning_rate / m) (y - b - W z) z',   m the largest |z|^2 of the samples
///
/// Throws Error(input) without samples, or when the weights grow beyond all bounds.
LinearReadout learn_delta(const LabelledFeatures& samples, std::size_t classes, double learning_rate,
                          std::uint32_t epochs, RandomKey key, bool standardise);

}  // namespace synfire
