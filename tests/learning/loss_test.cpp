// Losses and regularisers: values in closed form, gradients against differences, and nothing infinite.
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.hpp"
#include "learning/gradient/losses.hpp"
#include "learning/gradient/regularisers.hpp"

namespace synfire::learning {
namespace {

constexpr std::size_t classes = 5;
constexpr std::uint32_t steps = 8;

std::vector<Chosen> losses() {
  return {{.name = "cross_entropy"},
          {.name = "cross_entropy", .parameters = {{"label_smoothing", 0.1}}},
          {.name = "cross_entropy", .parameters = {{"label_smoothing", 1}}},
          {.name = "mse"},
          {.name = "mse", .parameters = {{"correct", 0.9}, {"wrong", -0.2}}},
          {.name = "spike_count"},
          {.name = "spike_count", .parameters = {{"correct", 0.8}, {"wrong", 0.05}}},
          {.name = "nll"}};
}

std::vector<double> drawn(std::size_t count, double low, double high) {
  RandomStream stream(RandomKey(3, "outputs"), 0);
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(stream.uniform(low, high));
  return values;
}

const std::vector<std::uint32_t> labels = {0, 3, 4, 1, 3, 3, 2};

TEST(Loss, gradients_are_those_of_the_value) {
  for (const Chosen& chosen : losses()) {
    SCOPED_TRACE(chosen.name);
    const Loss<double> loss(chosen, steps);
    std::vector<double> outputs = drawn(labels.size() * classes, -2, 2), gradient(outputs.size());
    constexpr double scale = 0.37, h = 1e-4;
    loss.evaluate(outputs, labels, classes, scale, gradient);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const double at = outputs[i];
      outputs[i] = at + h;
      const double above = loss.evaluate(outputs, labels, classes, scale);
      outputs[i] = at - h;
      const double below = loss.evaluate(outputs, labels, classes, scale);
      outputs[i] = at;
      EXPECT_NEAR((above - below) / (2 * h), gradient[i], 1e-6 * std::max(std::abs(gradient[i]), 1e-2)) << i;
    }
  }
}

TEST(Loss, values_are_those_of_the_formulas) {
  const std::vector<double> outputs = {1, -0.5, 2, 0.25, 0};
  const std::vector<std::uint32_t> label = {2};
  const auto value = [&](const Chosen& chosen) {
    return Loss<double>(chosen, steps).evaluate(outputs, label, classes, 1);
  };
  double sum = 0, squares = 0, mean = 0;
  for (std::size_t c = 0; c < classes; ++c) {
    sum += std::exp(outputs[c]);
    squares += std::pow(outputs[c] - (c == 2 ? 1 : 0), 2);
    mean += outputs[c] / classes;
  }
  EXPECT_NEAR(value({.name = "cross_entropy"}), std::log(sum) - 2, 1e-14);
  EXPECT_NEAR(value({.name = "cross_entropy", .parameters = {{"label_smoothing", 0.2}}}),
              std::log(sum) - 0.8 * 2 - 0.2 * mean, 1e-14);
  EXPECT_NEAR(value({.name = "mse"}), squares / classes, 1e-14);
  EXPECT_NEAR(value({.name = "spike_count"}), steps * squares / classes, 1e-13);
  EXPECT_EQ(value({.name = "nll"}), -2);
}

TEST(Loss, spike_count_is_the_distance_of_counts_per_step) {
  // 6 and 1 spikes in 8 steps, wanted: 80 % and 5 % of the steps.
  const Loss<double> loss({.name = "spike_count", .parameters = {{"correct", 0.8}, {"wrong", 0.05}}}, 8);
  const std::vector<double> rates = {1.0 / 8, 6.0 / 8};
  const std::vector<std::uint32_t> label = {1};
  EXPECT_NEAR(loss.evaluate(rates, label, 2, 1), (0.6 * 0.6 + 0.4 * 0.4) / 2 / 8, 1e-15);
}

TEST(Loss, cross_entropy_is_nll_of_the_softmax) {
  const std::vector<double> outputs = drawn(labels.size() * classes, -4, 4);
  std::vector<double> logs = outputs;
  for (std::size_t s = 0; s < labels.size(); ++s) {
    double sum = 0;
    for (std::size_t c = 0; c < classes; ++c) sum += std::exp(outputs[s * classes + c]);
    for (std::size_t c = 0; c < classes; ++c) logs[s * classes + c] -= std::log(sum);
  }
  EXPECT_NEAR(Loss<double>({.name = "cross_entropy"}, 1).evaluate(outputs, labels, classes, 1),
              Loss<double>({.name = "nll"}, 1).evaluate(logs, labels, classes, 1), 1e-12);
}

TEST(Loss, the_gradient_of_cross_entropy_sums_to_zero_and_shifts_change_nothing) {
  for (const double smoothing : {0.0, 0.3}) {
    const Loss<double> loss({.name = "cross_entropy", .parameters = {{"label_smoothing", smoothing}}}, 1);
    std::vector<double> outputs = drawn(labels.size() * classes, -4, 4), gradient(outputs.size());
    const double value = loss.evaluate(outputs, labels, classes, 1, gradient);
    for (std::size_t s = 0; s < labels.size(); ++s) {
      double sum = 0;
      for (std::size_t c = 0; c < classes; ++c) sum += gradient[s * classes + c];
      EXPECT_NEAR(sum, 0, 1e-15);
    }
    for (double& output : outputs) output += 1000;
    EXPECT_NEAR(loss.evaluate(outputs, labels, classes, 1), value, 1e-10);
  }
}

TEST(Loss, cross_entropy_of_huge_outputs_is_finite) {
  for (const float size : {1e4f, 1e30f, std::numeric_limits<float>::max()}) {
    for (const double smoothing : {0.0, 0.1}) {
      const Loss<float> loss({.name = "cross_entropy", .parameters = {{"label_smoothing", smoothing}}}, 1);
      const std::vector<float> outputs = {size, -size, 0, size, -size, -size, size, 0, -size, -size};
      const std::vector<std::uint32_t> two = {1, 1};
      std::vector<float> gradient(outputs.size());
      const double value = loss.evaluate(outputs, two, classes, 1, gradient);
      EXPECT_TRUE(std::isfinite(value));
      EXPECT_GT(value, double(size));
      for (const float g : gradient) {
        EXPECT_TRUE(std::isfinite(g));
        EXPECT_LE(std::abs(g), 1);
      }
    }
  }
}

TEST(Loss, single_precision_is_double_precision_rounded) {
  for (const Chosen& chosen : losses()) {
    const std::vector<double> drawn_outputs = drawn(labels.size() * classes, -2, 2);
    const std::vector<float> single(drawn_outputs.begin(), drawn_outputs.end());
    const std::vector<double> outputs(single.begin(), single.end());
    std::vector<float> narrow(single.size());
    std::vector<double> wide(single.size());
    const double a = Loss<float>(chosen, steps).evaluate(single, labels, classes, 0.25, narrow);
    const double b = Loss<double>(chosen, steps).evaluate(outputs, labels, classes, 0.25, wide);
    EXPECT_EQ(a, b) << chosen.name;
    for (std::size_t i = 0; i < wide.size(); ++i) EXPECT_EQ(narrow[i], float(wide[i])) << chosen.name;
  }
}

TEST(Loss, what_does_not_fit_is_refused) {
  const Loss<double> loss({.name = "mse"}, 1);
  std::vector<double> outputs(10), gradient(9);
  const std::vector<std::uint32_t> two = {0, 5};
  EXPECT_THROW(loss.evaluate(outputs, two, 5, 1), Error);
  EXPECT_THROW(loss.evaluate(outputs, std::vector<std::uint32_t>{0, 4}, 5, 1, gradient), Error);
  EXPECT_THROW(loss.evaluate(outputs, std::vector<std::uint32_t>{0}, 5, 1), Error);
  EXPECT_THROW(Loss<double>({.name = "hinge"}, 1), Error);
}

std::vector<Chosen> regularisers() {
  std::vector<Chosen> list;
  for (const double norm : {0.0, 1.0})
    for (const double of : {0.0, 1.0}) {
      list.push_back(
          {.name = "rate", .parameters = {{"target", 0.3}, {"weight", 0.7}, {"norm", norm}, {"of", of}}});
      list.push_back(
          {.name = "rate_bounds",
           .parameters = {{"low", 0.4}, {"high", 0.6}, {"weight", 2}, {"norm", norm}, {"of", of}}});
    }
  return list;
}

TEST(Regulariser, gradients_are_those_of_the_value_and_are_added) {
  constexpr std::size_t neurons = 6, samples = 4;
  for (const Chosen& chosen : regularisers()) {
    SCOPED_TRACE(chosen.name);
    const RateRegulariser<double> term(chosen);
    std::vector<double> rates = drawn(samples * neurons, 0, 1), gradient(rates.size(), 5),
                        unused(rates.size());
    constexpr double scale = 0.25, h = 1e-6;
    term.evaluate(rates, neurons, scale, gradient);
    for (std::size_t i = 0; i < rates.size(); ++i) {
      const double at = rates[i];
      rates[i] = at + h;
      const double above = term.evaluate(rates, neurons, scale, unused);
      rates[i] = at - h;
      const double below = term.evaluate(rates, neurons, scale, unused);
      rates[i] = at;
      EXPECT_NEAR((above - below) / (2 * h), gradient[i] - 5, 1e-8) << i;
    }
  }
}

TEST(Regulariser, values_are_those_of_the_formulas) {
  const std::vector<double> rates = {0.1, 0.5, 0.2, 0.8};  // two samples of two neurons
  const auto value = [&](const Chosen& chosen) {
    std::vector<double> gradient(4);
    return RateRegulariser<double>(chosen).evaluate(rates, 2, 0.5, gradient);
  };
  const auto rate = [&](double norm, double of) {
    return value(
        {.name = "rate", .parameters = {{"target", 0.4}, {"weight", 3}, {"norm", norm}, {"of", of}}});
  };
  EXPECT_NEAR(rate(0, 0), 3 * (0.1 * 0.1 + 0.1 * 0.1) / 2, 1e-15);
  EXPECT_NEAR(rate(1, 0), 3 * (0.1 + 0.1) / 2, 1e-15);
  EXPECT_NEAR(rate(0, 1), 3 * ((0.09 + 0.01) / 2 + (0.04 + 0.16) / 2) / 2, 1e-15);
  EXPECT_NEAR(rate(1, 1), 3 * ((0.3 + 0.1) / 2 + (0.2 + 0.4) / 2) / 2, 1e-15);
  const Chosen bounds = {.name = "rate_bounds",
                         .parameters = {{"low", 0.15}, {"high", 0.6}, {"weight", 1}, {"norm", 1}, {"of", 1}}};
  EXPECT_NEAR(value(bounds), (0.05 / 2 + 0.2 / 2) / 2, 1e-15);
}

}  // namespace
}  // namespace synfire::learning
