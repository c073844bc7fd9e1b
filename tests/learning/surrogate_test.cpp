// Slopes of spikes and the smooth steps whose derivatives they are.
#include "learning/gradient/surrogate.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "networks/training.hpp"

namespace synfire::learning {
namespace {

// Every surrogate with its standards, and some with other parameters.
std::vector<Chosen> all() {
  std::vector<Chosen> list;
  for (const auto& model : surrogates()) list.push_back({.name = model.name});
  list.push_back({.name = "arctan", .parameters = {{"alpha", 0.7}}});
  list.push_back({.name = "sigmoid", .parameters = {{"alpha", 1}}});
  list.push_back({.name = "fast_sigmoid", .parameters = {{"slope", 3}}});
  list.push_back({.name = "triangle", .parameters = {{"alpha", 2.5}, {"scale", 0.3}}});
  list.push_back({.name = "rectangle", .parameters = {{"width", 0.4}}});
  list.push_back({.name = "tanh", .parameters = {{"form", 1}, {"alpha", 0.5}}});
  list.push_back({.name = "tanh", .parameters = {{"threshold", 0.25}, {"alpha", 2}}});
  list.push_back({.name = "gaussian", .parameters = {{"sigma", 0.2}}});
  list.push_back({.name = "multi_gaussian", .parameters = {{"sigma", 0.8}, {"height", 0.3}, {"ratio", 2}}});
  return list;
}

bool is_printed_tanh(const Chosen& chosen) {
  return chosen.name == "tanh" && !chosen.parameters.contains("form");
}

// What lies between the two ends of the step.
double height(const Chosen& chosen) {
  const auto given = [&](const char* name, double standard) {
    const auto found = chosen.parameters.find(name);
    return found == chosen.parameters.end() ? standard : found->second;
  };
  if (chosen.name == "fast_sigmoid") return 2 / given("slope", 25);
  if (chosen.name == "triangle") return given("scale", 1);
  if (chosen.name == "tanh") return 2 * given("alpha", 0.3);
  if (chosen.name == "multi_gaussian") return given("gamma", 0.5) * (1 - given("height", 0.15));
  return 1;
}

TEST(Surrogate, each_slope_is_the_derivative_of_its_primitive) {
  constexpr double h = 1e-5;
  for (const Chosen& chosen : all()) {
    const Surrogate surrogate(chosen);
    SCOPED_TRACE(chosen.name);
    // The margins avoid the corners of triangle and rectangle.
    for (double x = -3.0123; x < 3; x += 0.0371) {
      const double difference = (surrogate.primitive(x + h) - surrogate.primitive(x - h)) / (2 * h);
      ASSERT_NEAR(difference, surrogate.slope(x), 1e-6 * (1 + std::abs(surrogate.slope(x)))) << x;
    }
  }
}

TEST(Surrogate, each_primitive_is_a_step_of_the_height_that_its_slope_encloses) {
  for (const Chosen& chosen : all()) {
    if (is_printed_tanh(chosen)) continue;
    const Surrogate surrogate(chosen);
    SCOPED_TRACE(chosen.name);
    // Tails fall with the square at worst.
    constexpr double far = 1e7;
    EXPECT_NEAR(surrogate.primitive(-far), 0, 1e-6);
    EXPECT_NEAR(surrogate.primitive(far), height(chosen), 1e-6);
    constexpr double end = 40, h = 1e-3;
    double integral = 0;
    for (int i = 0; i < int(2 * end / h); ++i) integral += h * surrogate.slope(-end + (i + 0.5) * h);
    EXPECT_NEAR(integral, surrogate.primitive(end) - surrogate.primitive(-end), 1e-5);
  }
}

TEST(Surrogate, slopes_are_symmetric_about_the_threshold_and_steepest_there) {
  for (const Chosen& chosen : all()) {
    if (is_printed_tanh(chosen)) continue;
    const Surrogate surrogate(chosen);
    SCOPED_TRACE(chosen.name);
    for (double x = 0; x < 4; x += 0.13) {
      EXPECT_NEAR(surrogate.slope(x), surrogate.slope(-x), 1e-15);
      EXPECT_LE(surrogate.slope(x), surrogate.slope(0));
    }
  }
}

TEST(Surrogate, slopes_have_the_published_values) {
  const auto slope = [](const Chosen& chosen, double x) { return Surrogate(chosen).slope(x); };
  const double pi = std::acos(-1.0);
  EXPECT_DOUBLE_EQ(slope({.name = "arctan"}, 0.5), 1 / (1 + pi * pi / 4));
  EXPECT_DOUBLE_EQ(slope({.name = "sigmoid"}, 0), 1);
  EXPECT_NEAR(slope({.name = "sigmoid"}, 0.3), 4 * std::exp(-1.2) / std::pow(1 + std::exp(-1.2), 2), 1e-15);
  EXPECT_DOUBLE_EQ(slope({.name = "fast_sigmoid"}, -0.2), 1.0 / 36);
  EXPECT_DOUBLE_EQ(slope({.name = "triangle"}, 0.25), 0.75);
  EXPECT_DOUBLE_EQ(slope({.name = "rectangle"}, 0.49), 1);
  EXPECT_DOUBLE_EQ(slope({.name = "rectangle"}, 0.51), 0);
  EXPECT_NEAR(slope({.name = "tanh"}, 0), 0.3 * std::tanh(1), 1e-15);  // at U = V_th = 1
  EXPECT_NEAR(slope({.name = "tanh"}, -3), 0.3 * std::tanh(-2), 1e-15);
  EXPECT_NEAR(slope({.name = "gaussian"}, 0.5), std::exp(-0.5) / (0.5 * std::sqrt(2 * pi)), 1e-15);
  // gamma = 0.5; N(x; m, s) with s = 0.5 in the middle and s = 3 at the sides
  const auto normal = [&](double x, double m, double s) {
    return std::exp(-(x - m) * (x - m) / (2 * s * s)) / (s * std::sqrt(2 * pi));
  };
  EXPECT_NEAR(slope({.name = "multi_gaussian"}, 0.2),
              0.5 * (1.15 * normal(0.2, 0, 0.5) - 0.15 * normal(0.2, 0.5, 3) - 0.15 * normal(0.2, -0.5, 3)),
              1e-15);
}

TEST(Surrogate, many_slopes_are_the_single_ones_in_both_precisions) {
  std::vector<double> margins;
  for (int i = 0; i < 1003; ++i) margins.push_back(-5 + 0.00997 * i);
  margins.insert(margins.end(), {1e30, -1e30, 0});
  const std::vector<float> single(margins.begin(), margins.end());
  for (const Chosen& chosen : all()) {
    SCOPED_TRACE(chosen.name);
    const Surrogate surrogate(chosen);
    std::vector<double> wide(margins.size());
    std::vector<float> narrow(margins.size());
    surrogate.slopes(margins, wide);
    surrogate.slopes(single, narrow);
    for (std::size_t i = 0; i < margins.size(); ++i) {
      ASSERT_EQ(wide[i], surrogate.slope(margins[i])) << margins[i];
      ASSERT_TRUE(std::isfinite(narrow[i])) << margins[i];
      ASSERT_NEAR(double(narrow[i]), surrogate.slope(double(single[i])), 4e-6) << margins[i];
    }
  }
}

TEST(Surrogate, a_name_that_is_none_is_an_error_at_its_place) {
  try {
    Surrogate({.name = "arctann", .where = {"net.yaml", 7, 3}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_STREQ(error.what(), "net.yaml:7:3: there is no surrogate 'arctann'; did you mean 'arctan'?");
  }
}

}  // namespace
}  // namespace synfire::learning
