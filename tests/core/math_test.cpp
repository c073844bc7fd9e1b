#include "core/math.hpp"

#include <bit>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "core/random.hpp"

namespace synfire {
namespace {

// The distance between a result and the truth, in units of the last place of the truth.
template <class Real> double ulps(Real result, long double truth) {
  const Real nearest = static_cast<Real>(truth);
  const Real next = std::nextafter(std::abs(nearest), std::numeric_limits<Real>::infinity());
  const long double ulp = static_cast<long double>(next) - std::abs(nearest);
  return static_cast<double>(std::abs(static_cast<long double>(result) - truth) / ulp);
}

template <class Real> class Math : public testing::Test {};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(Math, Reals);

TYPED_TEST(Math, exp_is_as_accurate_as_it_says) {
  using Real = TypeParam;
  const double low = sizeof(Real) == 4 ? -87 : -708, high = sizeof(Real) == 4 ? 88 : 709;
  RandomStream stream(RandomKey(1, "exp"), 0);
  double worst = 0;
  for (int i = 0; i < 1000000; ++i) {
    const auto x = static_cast<Real>(i % 2 == 0 ? stream.uniform(low, high) : stream.uniform(-2, 2));
    worst = std::max(worst, ulps(math::exp(x), std::exp(static_cast<long double>(x))));
  }
  EXPECT_LT(worst, 1.5);
}

TYPED_TEST(Math, exp_at_its_edges) {
  using Real = TypeParam;
  constexpr Real infinity = std::numeric_limits<Real>::infinity();
  EXPECT_EQ(math::exp(Real(0)), Real(1));
  EXPECT_EQ(math::exp(-Real(0)), Real(1));
  EXPECT_GT(math::exp(-infinity), Real(0));
  EXPECT_LT(math::exp(-infinity), Real(1e-37));
  EXPECT_TRUE(std::isfinite(math::exp(infinity)));
  EXPECT_GT(math::exp(infinity), Real(1e38));
}

TYPED_TEST(Math, log_is_as_accurate_as_it_says) {
  using Real = TypeParam;
  RandomStream stream(RandomKey(1, "log"), 0);
  const double decades = sizeof(Real) == 4 ? 37 : 300;
  double worst = 0;
  for (int i = 0; i < 1000000; ++i) {
    const double x = i % 3 == 0   ? std::pow(10.0, stream.uniform(-decades, decades))
                     : i % 3 == 1 ? stream.uniform(0.5, 2)
                                  : 1 + stream.uniform(-1e-3, 1e-3);
    const auto real = static_cast<Real>(x);
    if (real == Real(1)) continue;
    worst = std::max(worst, ulps(math::log(real), std::log(static_cast<long double>(real))));
  }
  EXPECT_LT(worst, 2);
}

TYPED_TEST(Math, log_of_one_is_zero_and_powers_of_two_are_close) {
  using Real = TypeParam;
  EXPECT_EQ(math::log(Real(1)), Real(0));
  for (int k = -60; k <= 60; ++k) {
    if (k == 0) continue;
    EXPECT_LT(ulps(math::log(std::ldexp(Real(1), k)), k * std::log(2.0L)), 2) << k;
  }
}

TYPED_TEST(Math, sine_and_cosine_are_as_accurate_as_they_say) {
  using Real = TypeParam;
  RandomStream stream(RandomKey(1, "sine"), 0);
  double worst = 0;
  for (int i = 0; i < 500000; ++i) {
    const double most = i % 3 == 0 ? 8192 : i % 3 == 1 ? 10 : 0.8;
    const auto x = static_cast<Real>(stream.uniform(-most, most));
    worst = std::max(worst, std::abs(double(math::sin(x) - std::sin(static_cast<long double>(x)))));
    worst = std::max(worst, std::abs(double(math::cos(x) - std::cos(static_cast<long double>(x)))));
  }
  EXPECT_LT(worst, std::numeric_limits<Real>::epsilon());
}

TYPED_TEST(Math, sine_and_cosine_have_their_symmetries_and_never_leave_1) {
  using Real = TypeParam;
  EXPECT_EQ(math::sin(Real(0)), Real(0));
  EXPECT_EQ(math::cos(Real(0)), Real(1));
  const Real highest = 1 + std::numeric_limits<Real>::epsilon();
  for (Real x = 0; x < 20; x += Real(0.0107)) {
    EXPECT_EQ(math::sin(-x), -math::sin(x)) << x;
    EXPECT_EQ(math::cos(-x), math::cos(x)) << x;
    EXPECT_LE(std::abs(math::sin(x)), highest);
    EXPECT_LE(std::abs(math::cos(x)), highest);
  }
  for (const Real huge : {Real(8193), Real(1e9), Real(1e30), std::numeric_limits<Real>::infinity()}) {
    EXPECT_EQ(math::sin(huge), math::sin(Real(8192)));
    EXPECT_EQ(math::cos(-huge), math::cos(Real(8192)));
  }
}

TYPED_TEST(Math, sigmoid_is_as_accurate_as_it_says) {
  using Real = TypeParam;
  const double low = sizeof(Real) == 4 ? -87 : -708;
  RandomStream stream(RandomKey(1, "sigmoid"), 0);
  double worst = 0;
  for (int i = 0; i < 500000; ++i) {
    const auto x = static_cast<Real>(i % 2 == 0 ? stream.uniform(low, 40) : stream.uniform(-2, 2));
    worst = std::max(worst, ulps(math::sigmoid(x), 1 / (1 + std::exp(-static_cast<long double>(x)))));
  }
  EXPECT_LT(worst, 3);
}

TYPED_TEST(Math, sigmoid_at_its_edges) {
  using Real = TypeParam;
  constexpr Real infinity = std::numeric_limits<Real>::infinity();
  EXPECT_EQ(math::sigmoid(Real(0)), Real(0.5));
  EXPECT_EQ(math::sigmoid(infinity), Real(1));
  EXPECT_GE(math::sigmoid(-infinity), std::numeric_limits<Real>::min());
  EXPECT_LT(math::sigmoid(-infinity), Real(1e-37));
}

TYPED_TEST(Math, tanh_and_atan_are_as_accurate_as_they_say_and_odd) {
  using Real = TypeParam;
  RandomStream stream(RandomKey(1, "tanh"), 0);
  double worst_tanh = 0, worst_atan = 0;
  for (int i = 0; i < 300000; ++i) {
    const double x = i % 3 == 0   ? std::pow(10.0, stream.uniform(-30, 30))
                     : i % 3 == 1 ? stream.uniform(0, 20)
                                  : stream.uniform(0, 1);
    const auto real = static_cast<Real>(x);
    worst_tanh = std::max(worst_tanh, ulps(math::tanh(real), std::tanh(static_cast<long double>(real))));
    worst_atan = std::max(worst_atan, ulps(math::atan(real), std::atan(static_cast<long double>(real))));
    ASSERT_EQ(math::tanh(-real), -math::tanh(real));
    ASSERT_EQ(math::atan(-real), -math::atan(real));
    ASSERT_LE(math::tanh(real), Real(1));
  }
  EXPECT_LT(worst_tanh, 4);
  EXPECT_LT(worst_atan, 3);
}

TYPED_TEST(Math, tanh_atan_and_erfc_at_their_edges) {
  using Real = TypeParam;
  constexpr Real infinity = std::numeric_limits<Real>::infinity();
  EXPECT_EQ(math::tanh(Real(0)), Real(0));
  EXPECT_EQ(math::tanh(infinity), Real(1));
  EXPECT_EQ(math::tanh(-infinity), Real(-1));
  EXPECT_EQ(math::atan(Real(0)), Real(0));
  EXPECT_EQ(math::atan(infinity), Real(1.57079632679489661923));
  EXPECT_EQ(math::atan(-infinity), Real(-1.57079632679489661923));
  EXPECT_NEAR(math::erfc(Real(0)), Real(1), std::numeric_limits<Real>::epsilon());
  EXPECT_EQ(math::erfc(infinity), Real(0));
  EXPECT_EQ(math::erfc(-infinity), Real(2));
}

TYPED_TEST(Math, erfc_is_as_accurate_as_it_says) {
  using Real = TypeParam;
  constexpr bool single = sizeof(Real) == 4;
  RandomStream stream(RandomKey(1, "erfc"), 0);
  double worst = 0, worst_relative = 0;
  for (int i = 0; i < 300000; ++i) {
    const auto x = static_cast<Real>(i % 2 == 0 ? stream.uniform(-8, 8) : stream.uniform(-2, 2));
    const long double truth = std::erfc(static_cast<long double>(x));
    worst = std::max(worst, std::abs(static_cast<double>(math::erfc(x) - truth)));
  }
  EXPECT_LT(worst, single ? 0x1p-21 : 0x1p-50);
  const double end = single ? 9 : 26;  // e^(-x^2) is 1e-35 and 1e-294 there
  for (int i = 0; i < 100000; ++i) {
    const auto x = static_cast<Real>(stream.uniform(0, end));
    const long double truth = std::erfc(static_cast<long double>(x));
    worst_relative = std::max(worst_relative, std::abs(static_cast<double>(math::erfc(x) / truth - 1)));
  }
  EXPECT_LT(worst_relative, single ? 1e-5 : 1e-13);
}

TEST(NormalQuantile, inverts_the_normal_distribution_function) {
  RandomStream stream(RandomKey(1, "quantile"), 0);
  for (int i = 0; i < 200000; ++i) {
    // Both halves of the unit interval, and tails as far as doubles go.
    const double u = i % 2 == 0 ? stream.uniform() : std::pow(10.0, stream.uniform(-300, -0.31));
    const double z = math::normal_quantile(u);
    const long double back = 0.5L * std::erfc(-static_cast<long double>(z) / std::sqrt(2.0L));
    // A relative error e of z moves the probability by about z^2 e.
    const double allowed = 1e-15 * (1 + z * z);
    ASSERT_NEAR(static_cast<double>(back / u), 1, 4 * allowed) << "u = " << u << ", z = " << z;
  }
}

TEST(NormalQuantile, is_odd_about_one_half_and_never_falls) {
  EXPECT_EQ(math::normal_quantile(0.5), 0);
  double last = -100;
  for (int i = 1; i < 4096; ++i) {
    const double u = i / 4096.0;  // 1 - u is exact
    EXPECT_EQ(math::normal_quantile(u), -math::normal_quantile(1 - u));
    EXPECT_GT(math::normal_quantile(u), last);
    last = math::normal_quantile(u);
  }
}

TEST(Math, log_factorial_is_the_gamma_function) {
  for (const double n : {0.0, 1.0, 2.0, 15.0, 16.0, 17.0, 100.0, 12345.0, 1e6}) {
    const double exact = std::lgamma(n + 1);
    EXPECT_NEAR(math::log_factorial(n), exact, 1e-13 * std::max(1.0, exact)) << n;
  }
}

}  // namespace
}  // namespace synfire
