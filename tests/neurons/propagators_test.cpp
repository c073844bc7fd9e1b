#include "neurons/propagators.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace synfire {
namespace {

using namespace propagators;

constexpr double dt = 0.1, tau_m = 10, C_m = 250;
constexpr double rounding = 0x1p-53;

// The same coefficient as an integral over the step, by a series in x that has no singularity; long double,
// so that its own error does not count. Converges for |x| < 1.
double by_series(double tau_syn) {
  const long double x = (long double)dt * (1 / (long double)tau_syn - 1 / (long double)tau_m);
  long double term = 1, sum = 0;
  for (int k = 1; k < 30; ++k) {
    sum += term;
    term *= -x / (k + 1);
  }
  return static_cast<double>(dt / (long double)C_m * std::exp(-(long double)dt / tau_m) * sum);
}

// Fifteen roundings at most lead to the coefficient; the cancellation in x is harmless, since x is added
// to 1.
constexpr double tolerance = 16 * rounding;

TEST(Propagators, exponential_current_has_full_precision_at_and_beside_equal_time_constants) {
  EXPECT_NEAR(exponential_current(dt, tau_m, tau_m, C_m) / (dt / C_m * std::exp(-dt / tau_m)), 1, tolerance);
  for (int k = 1; k < 54; ++k) {
    for (const double side : {-1.0, 1.0}) {
      const double tau_syn = tau_m * (1 + side * std::ldexp(1.0, -k));
      const double expected = by_series(tau_syn);
      EXPECT_NEAR(exponential_current(dt, tau_m, tau_syn, C_m), expected, tolerance * expected)
          << "tau_syn = tau_m (1 " << (side < 0 ? "-" : "+") << " 2^-" << k << ")";
    }
  }
}

// A slower current acts longer within the step: the coefficient grows with tau_syn, also through the place
// where the textbook formula is 0/0.
TEST(Propagators, exponential_current_grows_with_tau_syn_through_the_singularity) {
  double last = exponential_current(dt, tau_m, tau_m * 0.5, C_m);
  for (const double relative : {-1e-2, -1e-4, -1e-6, -1e-8, 0.0, 1e-8, 1e-6, 1e-4, 1e-2, 1.0}) {
    const double next = exponential_current(dt, tau_m, tau_m * (1 + relative), C_m);
    EXPECT_GE(next, last * (1 - tolerance)) << relative;
    last = next;
  }
  EXPECT_GT(last, exponential_current(dt, tau_m, tau_m * 0.5, C_m));
}

TEST(Propagators, exponential_current_agrees_with_the_textbook_formula_far_from_the_singularity) {
  for (const double tau_syn : {0.2, 1.0, 2.0, 30.0, 100.0}) {
    const double textbook =
        (std::exp(-dt / tau_m) - std::exp(-dt / tau_syn)) / (1 / tau_syn - 1 / tau_m) / C_m;
    // The difference of the two exponentials loses log2(1/|x|) bits.
    const double x = std::abs(dt * (1 / tau_syn - 1 / tau_m));
    EXPECT_NEAR(exponential_current(dt, tau_m, tau_syn, C_m) / textbook, 1, tolerance / x) << tau_syn;
  }
}

TEST(Propagators, two_half_steps_make_a_whole_one) {
  for (const double tau : {0.2, 2.0, 10.0, 500.0}) {
    const double half = decay(dt / 2, tau);
    EXPECT_NEAR(half * half, decay(dt, tau), tolerance);
    const double current = constant_current(dt / 2, tau, C_m);
    EXPECT_NEAR((current * half + current) / constant_current(dt, tau, C_m), 1, tolerance) << tau;
    const double mean = mean_of_decay(dt / 2, tau);
    EXPECT_NEAR((mean + half * mean) / 2, mean_of_decay(dt, tau), tolerance) << tau;
    const double to_membrane = exponential_current(dt / 2, tau_m, tau, C_m);
    EXPECT_NEAR(
        (to_membrane * decay(dt / 2, tau_m) + half * to_membrane) / exponential_current(dt, tau_m, tau, C_m),
        1, tolerance)
        << tau;
  }
}

TEST(Propagators, durations_are_rounded_to_the_nearest_step) {
  EXPECT_EQ(steps(0.1, 0), 0);
  EXPECT_EQ(steps(0.1, 2), 20);
  EXPECT_EQ(steps(0.1, 0.3), 3);  // 0.3/0.1 = 2.9999999999999996
  EXPECT_EQ(steps(0.1, 0.04), 0);
  EXPECT_EQ(steps(0.1, 0.06), 1);
}

}  // namespace
}  // namespace synfire
