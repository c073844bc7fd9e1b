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

// The integral that the coefficient stands for, by Simpson's rule; error about (1/2000)^4/180.
double alpha_by_simpson(double tau_syn) {
  constexpr int pieces = 2000;
  const auto at = [&](double s) { return std::exp(-(dt - s) / tau_m) * s * std::exp(-s / tau_syn) / C_m; };
  double sum = 0;
  for (int k = 0; k < pieces; ++k) {
    const double a = dt * k / pieces, h = dt / pieces;
    sum += h / 6 * (at(a) + 4 * at(a + h / 2) + at(a + h));
  }
  return sum;
}

TEST(Propagators, alpha_current_is_its_integral_on_both_sides_of_equal_time_constants) {
  for (const double tau_syn :
       {0.02, 0.05, 0.2, 2.0, 5.0, tau_m * (1 - 1e-9), tau_m, tau_m * (1 + 1e-9), 11.0, 500.0}) {
    const double exact = alpha_by_simpson(tau_syn);
    EXPECT_NEAR(alpha_current(dt, tau_m, tau_syn, C_m), exact, 1e-12 * exact) << tau_syn;
    EXPECT_NEAR(alpha_current(dt, tau_syn, tau_m, C_m) / alpha_current(dt, tau_syn, tau_m, 1), 1 / C_m,
                tolerance);
  }
}

TEST(Propagators, stay_numbers_where_a_step_is_a_thousand_time_constants) {
  for (const double a : {1e-4, 1e-30, 2.0})
    for (const double b : {1e-4, 1e-30, 2.0}) {
      EXPECT_TRUE(std::isfinite(exponential_current(1, a, b, C_m))) << a << " " << b;
      EXPECT_TRUE(std::isfinite(alpha_current(1, a, b, C_m))) << a << " " << b;
    }
  // A membrane that follows at once: V = I tau_m/C_m, with the current at the end of the step.
  EXPECT_NEAR(exponential_current(1, 1e-4, 2, C_m), std::exp(-0.5) * 1e-4 / C_m, 1e-4 * 1e-4 / C_m);
  EXPECT_NEAR(alpha_current(1, 1e-4, 2, C_m), std::exp(-0.5) * 1e-4 / C_m, 1e-4 * 1e-4 / C_m);
}

TEST(Propagators, mean_of_alpha_is_its_integral) {
  for (const double tau : {0.02, 0.1, 0.2, 2.0, 1e6})
    EXPECT_NEAR(mean_of_alpha(dt, tau), (tau * tau - (tau * tau + tau * dt) * std::exp(-dt / tau)) / dt,
                1e-15 * (tau * tau / dt + 1))
        << tau;
}

TEST(Propagators, matrix_exponential_meets_closed_forms_of_any_size) {
  for (const double t : {1e-9, 0.3, 4.0, 50.0}) {
    const auto turned = exponential(Matrix<2>{{{0, -t}, {t, 0}}});
    EXPECT_NEAR(turned[0][0], std::cos(t), 1e-13 * (1 + t));
    EXPECT_NEAR(turned[1][0], std::sin(t), 1e-13 * (1 + t));
    const auto faded = exponential(Matrix<3>{{{-t, 0, 0}, {0, -3 * t, 2 * t}, {0, 0, -3 * t}}});
    EXPECT_NEAR(faded[0][0], std::exp(-t), 1e-13);
    EXPECT_NEAR(faded[1][1], std::exp(-3 * t), 1e-13);
    EXPECT_NEAR(faded[1][2], 2 * t * std::exp(-3 * t), 1e-13);
    EXPECT_EQ(faded[0][1], 0);
  }
}

TEST(Propagators, matrix_exponential_of_a_synaptic_current_is_its_propagator) {
  for (const double tau_syn : {0.02, 2.0, 10.0, 50.0}) {
    const auto E = exponential(Matrix<2>{{{-dt / tau_m, dt / C_m}, {0, -dt / tau_syn}}});
    EXPECT_NEAR(E[0][1] / exponential_current(dt, tau_m, tau_syn, C_m), 1, 1e-13) << tau_syn;
  }
}

}  // namespace
}  // namespace synfire
