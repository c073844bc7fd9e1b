// The linear readout against its equations.
#include "learning/linear_readout.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/io/files.hpp"

namespace synfire {
namespace {

/// Classes take turns; the features are noise, and the first is larger for class 1.
LabelledFeatures noisy(std::size_t rows, std::size_t columns, double signal = 1) {
  LabelledFeatures made;
  made.columns = columns;
  RandomStream random(RandomKey(3, "test"), rows * 1000 + columns);
  for (std::size_t r = 0; r < rows; ++r) {
    made.labels.push_back(static_cast<std::uint8_t>(r % 3));
    for (std::size_t c = 0; c < columns; ++c)
      made.values.push_back(static_cast<float>(random.normal() + (c == r % 3 ? signal : 0)));
  }
  return made;
}

double score(const LinearReadout& readout, std::span<const float> x, std::size_t of_class) {
  double sum = readout.bias[of_class];
  for (std::size_t j = 0; j < readout.columns; ++j)
    sum += readout.weights[of_class * readout.columns + j] * x[j];
  return sum;
}

TEST(Ridge, OneFeatureByHand) {
  const LabelledFeatures samples{1, {0, 2}, {0, 1}};
  // z = -1, 1; y = -1/2, 1/2: w = sum zy / (sum zz + lambda) = 1 / (2 + 2)
  const LinearReadout readout = learn_ridge(samples, 2, 2, false);
  EXPECT_NEAR(readout.weights[1], 0.25, 1e-12);
  EXPECT_NEAR(readout.weights[0], -0.25, 1e-12);
  EXPECT_NEAR(readout.bias[1], 0.25, 1e-12);
  EXPECT_NEAR(readout.bias[0], 0.75, 1e-12);
}

// The gradient vanishes: sum_n (y_n - score(x_n)) (x_nj - mean_j) = lambda w_j, and the errors sum to 0.
void expect_normal_equations(const LabelledFeatures& samples, double lambda) {
  const LinearReadout readout = learn_ridge(samples, 3, lambda, false);
  std::vector<double> mean(samples.columns);
  for (std::size_t r = 0; r < samples.rows(); ++r)
    for (std::size_t j = 0; j < samples.columns; ++j) mean[j] += samples.row(r)[j] / double(samples.rows());
  for (std::size_t c = 0; c < 3; ++c) {
    std::vector<double> gradient(samples.columns);
    double errors = 0;
    for (std::size_t r = 0; r < samples.rows(); ++r) {
      const double error = double(samples.labels[r] == c) - score(readout, samples.row(r), c);
      errors += error;
      for (std::size_t j = 0; j < samples.columns; ++j) gradient[j] += error * (samples.row(r)[j] - mean[j]);
    }
    EXPECT_NEAR(errors, 0, 1e-9);
    for (std::size_t j = 0; j < samples.columns; ++j)
      EXPECT_NEAR(gradient[j], lambda * readout.weights[c * samples.columns + j], 1e-9);
  }
}

TEST(Ridge, SolvesTheNormalEquationsInBothSpaces) {
  expect_normal_equations(noisy(40, 5), 0.7);
  expect_normal_equations(noisy(12, 30), 0.7);
  expect_normal_equations(noisy(40, 5), 0);
}

TEST(Ridge, WithoutPenaltyPassesThroughAllSamplesWhereItCan) {
  const LabelledFeatures samples = noisy(9, 30, 0);
  const LinearReadout readout = learn_ridge(samples, 3, 0, true);
  for (std::size_t r = 0; r < samples.rows(); ++r)
    for (std::size_t c = 0; c < 3; ++c)
      EXPECT_NEAR(score(readout, samples.row(r), c), samples.labels[r] == c, 1e-9);
}

TEST(Ridge, StandardisedFeaturesHaveNoUnitAndConstantOnesNoWeight) {
  LabelledFeatures samples = noisy(30, 4);
  for (std::size_t r = 0; r < samples.rows(); ++r) samples.values[r * 4 + 3] = 7;
  LabelledFeatures other = samples;
  for (std::size_t r = 0; r < samples.rows(); ++r)
    other.values[r * 4 + 1] = 1024 * samples.values[r * 4 + 1] + 512;
  const LinearReadout a = learn_ridge(samples, 3, 5, true), b = learn_ridge(other, 3, 5, true);
  for (std::size_t r = 0; r < samples.rows(); ++r)
    EXPECT_NEAR(score(a, samples.row(r), 1), score(b, other.row(r), 1), 1e-6);
  for (std::size_t c = 0; c < 3; ++c) EXPECT_EQ(a.weights[c * 4 + 3], 0);
}

TEST(Ridge, LambdaIsThatWhichServesTheHeldOutSamplesBest) {
  const LabelledFeatures samples = noisy(90, 200, 3), fresh = noisy(600, 200, 3);
  const LambdaChoice choice = choose_lambda(samples, 3, 0.3, RandomKey(1, "test"), true);
  ASSERT_EQ(choice.tried.size(), 9u);
  double best = 0, expected = 0;
  for (std::size_t k = 0; k < choice.tried.size(); ++k)
    if (choice.accuracy[k] >= best) best = choice.accuracy[k], expected = choice.tried[k];
  EXPECT_EQ(choice.lambda, expected);
  EXPECT_NEAR(choice.tried[4] / choice.tried[3], 10, 1e-9);
  EXPECT_GT(best, 1 / 3.0);
  EXPECT_EQ(choose_lambda(samples, 3, 0.3, RandomKey(1, "test"), true).accuracy, choice.accuracy);
  // It generalises better than hardly any penalty does.
  EXPECT_GE(learn_ridge(samples, 3, choice.lambda, true).accuracy(fresh),
            learn_ridge(samples, 3, choice.tried.front() * 1e-3, true).accuracy(fresh));
}

TEST(Ridge, NothingToHoldOutIsAnError) {
  const LabelledFeatures few = noisy(3, 2);
  EXPECT_NE(test::error_of([&] { choose_lambda(few, 3, 0.2, {}, true); }).find("give lambda"),
            std::string::npos);
  EXPECT_NE(test::error_of([] { learn_ridge({}, 3, 1, true); }).find("no samples"), std::string::npos);
}

TEST(DeltaRule, ConvergesToLeastSquares) {
  const LabelledFeatures samples = noisy(40, 5);
  const LinearReadout exact = learn_ridge(samples, 3, 0, true);
  const auto distance = [&](std::uint32_t epochs) {
    const LinearReadout found = learn_delta(samples, 3, 0.004, epochs, RandomKey(1, "test"), true);
    double sum = 0;
    for (std::size_t k = 0; k < exact.weights.size(); ++k)
      sum += std::abs(found.weights[k] - exact.weights[k]);
    return sum;
  };
  EXPECT_LT(distance(4000), 1e-3);
  EXPECT_GT(distance(3), 0.1);
}

TEST(DeltaRule, LearnsWhatCanBeLearnedAndSaysWhenItBursts) {
  const LabelledFeatures samples = noisy(60, 5, 6);
  EXPECT_GT(learn_delta(samples, 3, 0.1, 50, RandomKey(1, "test"), true).accuracy(samples), 0.97);
  EXPECT_NE(test::error_of([&] { learn_delta(samples, 3, 100, 200, {}, true); }).find("lower learning_rate"),
            std::string::npos);
}

}  // namespace
}  // namespace synfire
