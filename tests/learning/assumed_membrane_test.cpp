// What stands for the membrane of the step before, against equations 4.5 to 4.9 of Jiang 2022.
#include "learning/gradient/assumed_membrane.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include <gtest/gtest.h>

#include "io/yaml.hpp"
#include "learning/gradient/network.hpp"
#include "networks/parse_layers.hpp"

namespace synfire::learning {
namespace {

using Numbers = std::vector<double>;

AssumedMembrane<double> membrane(const std::string& name, std::map<std::string, double> parameters = {}) {
  return *AssumedMembrane<double>::of({.name = name, .parameters = std::move(parameters)},
                                      RandomKey(5, "test"));
}

Numbers term(const AssumedMembrane<double>& assumed, const Numbers& before, std::int64_t step = 3,
             std::uint32_t part = 0, std::uint32_t sample = 0) {
  const Numbers input(before.size(), 0.0);
  Numbers x(before.size());
  assumed.add(input, before, step, part, sample, x);
  return x;
}

double mean(const Numbers& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / double(values.size());
}
double deviation(const Numbers& values) {
  const double middle = mean(values);
  double sum = 0;
  for (const double value : values) sum += (value - middle) * (value - middle);
  return std::sqrt(sum / double(values.size()));
}
double largest_from(const Numbers& values, double middle) {
  double largest = 0;
  for (const double value : values) largest = std::max(largest, std::abs(value - middle));
  return largest;
}

// As left by spikes: many zeros.
Numbers membranes(std::size_t size) {
  std::mt19937 random(4);
  std::normal_distribution<double> normal(0.2, 0.4);
  Numbers values(size);
  for (double& value : values) value = random() % 3 == 0 ? 0.0 : normal(random);
  return values;
}

TEST(AssumedMembrane, neurons_keep_their_own_unless_told) {
  EXPECT_FALSE(AssumedMembrane<double>::of({.name = "own"}, RandomKey(5, "test")).has_value());
  EXPECT_THROW(AssumedMembrane<double>::of({.name = "none"}, RandomKey(5, "test")), Error);
}

TEST(AssumedMembrane, gaussian_noise_is_normal_and_reaches_half_from_its_mean) {
  const Numbers noise = term(membrane("noise", {{"beta", 0.3}}), Numbers(100000));
  EXPECT_NEAR(largest_from(noise, 0.3), 0.5, 1e-6);
  EXPECT_NEAR(mean(noise), 0.3, 0.002);
  // Of a normal distribution 68.27 % lie within a deviation and 95.45 % within two.
  const double sigma = deviation(noise);
  for (const auto& [within, share] : {std::pair(1.0, 0.6827), {2.0, 0.9545}, {3.0, 0.9973}})
    EXPECT_NEAR(double(std::count_if(noise.begin(), noise.end(),
                                     [&](double x) { return std::abs(x - 0.3) < within * sigma; })) /
                    1e5,
                share, 0.006);
  // The largest of so many normal deviates is 4.4 of them, give or take.
  EXPECT_NEAR(0.5 / sigma, 4.4, 0.6);
}

TEST(AssumedMembrane, uniform_noise_fills_its_range) {
  const Numbers noise = term(membrane("noise", {{"distribution", 1.0}}), Numbers(100000));
  EXPECT_NEAR(mean(noise), 0.5, 0.004);
  EXPECT_NEAR(deviation(noise), std::sqrt(1 / 12.0), 0.002);
  EXPECT_LE(largest_from(noise, 0.5), 0.5);
}

TEST(AssumedMembrane, noise_differs_by_step_sample_and_part_and_comes_again) {
  const auto assumed = membrane("noise");
  const Numbers none(130);
  const Numbers noise = term(assumed, none, 3, 0, 0);
  EXPECT_EQ(noise, term(assumed, none, 3, 0, 0));
  for (const Numbers& other :
       {term(assumed, none, 4, 0, 0), term(assumed, none, 3, 1, 0), term(assumed, none, 3, 0, 1)})
    for (std::size_t i = 0; i < none.size(); ++i) EXPECT_NE(noise[i], other[i]) << i;
}

// With alpha 2 nothing is left for the noise, and 4.7 to 4.9 can be computed as they are printed.
TEST(AssumedMembrane, normalised_membrane_is_that_of_the_equations) {
  const Numbers v = membranes(50);
  const double lambda = 0.5, alpha = 2, beta = 0.4;
  Numbers a = v;
  for (double& value : a) value *= lambda;
  const double mu = mean(a), sigma = deviation(a);
  for (double& value : a) value = (value - mu) / sigma;
  const double largest = largest_from(a, 0);
  const Numbers found = term(membrane("normalised", {{"alpha", alpha}, {"beta", beta}}), v);
  for (std::size_t i = 0; i < v.size(); ++i) EXPECT_NEAR(found[i], a[i] / (alpha * largest) + beta, 1e-12);
}

TEST(AssumedMembrane, membrane_and_noise_together_keep_the_mean_and_range_of_the_noise) {
  const Numbers v = membranes(5000);
  for (const double alpha : {2.0, 4.0, 10.0, 1e6})
    for (const double distribution : {0.0, 1.0}) {
      const Numbers both =
          term(membrane("normalised", {{"alpha", alpha}, {"distribution", distribution}}), v);
      EXPECT_NEAR(mean(both), 0.5, 0.02) << alpha;
      EXPECT_LE(largest_from(both, 0.5), 0.5 + 1e-6) << alpha;
    }
  // Without an end of alpha it is the noise alone: step 3 becomes step 2.
  const Numbers noise = term(membrane("noise"), v), limit = term(membrane("normalised", {{"alpha", 1e9}}), v);
  for (std::size_t i = 0; i < v.size(); ++i) EXPECT_NEAR(noise[i], limit[i], 1e-8);
}

TEST(AssumedMembrane, equal_membranes_are_their_mean) {
  const Numbers both = term(membrane("normalised"), Numbers(1000, 0.7));
  EXPECT_NEAR(mean(both), 0.5, 0.02);
  EXPECT_NEAR(largest_from(both, 0.5), 0.25, 1e-6);  // the noise that is left by alpha 4
}

// What a layer of neurons that never spike gives as its membrane, less its input.
Numbers membrane_above_input(const Chosen& membrane, std::size_t steps) {
  LayerContext context{.seed = 3, .dt_ms = 1, .steps = steps, .surrogate = Surrogate({.name = "arctan"})};
  context.membrane = membrane;
  const std::size_t features = 40;
  Network<double> network(
      parse::parse_layers(
          parse_yaml("[{input: constant}, {lif: {V_th: 100}, output: membrane}, {readout: last}]", "t")),
      {{1, 1, features}, true}, features, context, 2);
  Batch<double> batch{3, {}, {0, 0, 0}};
  for (std::size_t i = 0; i < 3 * features; ++i) batch.values.push_back(0.01 * double(i));
  Numbers found = network.predict(batch);
  for (std::size_t i = 0; i < found.size(); ++i) found[i] -= batch.values[i];
  return found;
}

TEST(AssumedMembrane, a_step_is_its_input_and_the_term) {
  for (const std::size_t steps : {1u, 2u, 7u})
    for (const std::string name : {"noise", "normalised"}) {
      const Numbers found = membrane_above_input({.name = name}, steps);
      EXPECT_LE(largest_from(found, 0.5), 0.5 + 1e-6) << name << steps;
      EXPECT_GT(deviation(found), 0.05) << name << steps;
      EXPECT_NEAR(mean(found), 0.5, 0.1) << name << steps;
    }
  EXPECT_EQ(largest_from(membrane_above_input({.name = "own"}, 1), 0), 0);
  EXPECT_GT(largest_from(membrane_above_input({.name = "own"}, 2), 0), 0.5);  // half of what came before
}

TEST(AssumedMembrane, is_refused_where_neurons_hear_each_other) {
  LayerContext context{.seed = 3, .dt_ms = 1, .steps = 1, .surrogate = Surrogate({.name = "arctan"})};
  context.membrane = {.name = "noise"};
  const auto layers =
      parse::parse_layers(parse_yaml("[{input: constant}, {lif: , recurrent: true}, {readout: mean}]", "t"));
  EXPECT_THROW(Network<float>(layers, {{1, 1, 3}, true}, 3, context, 1), Error);
}

}  // namespace
}  // namespace synfire::learning
