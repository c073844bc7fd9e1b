// Results over intervals hold whatever exact arithmetic gives for numbers within them.
#include "core/interval.hpp"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace synfire {
namespace {

using Range = Interval<float>;

struct Cases {
  std::mt19937 random{7};
  float near(float size) {
    return std::uniform_real_distribution<float>(-size, size)(random) *
           std::pow(10.0f, std::uniform_real_distribution<float>(-3, 0)(random));
  }
  Range range(float size) {
    const float a = near(size), b = near(size);
    return {std::min(a, b), std::max(a, b)};
  }
  double within(const Range& r) {
    const double u = std::uniform_real_distribution<double>(-0.1, 1.1)(random);
    return std::clamp(double(r.low) + u * (double(r.high) - double(r.low)), double(r.low), double(r.high));
  }
};

void expect_holds(const Range& range, double value, const char* what) {
  EXPECT_LE(double(range.low), value) << what;
  EXPECT_GE(double(range.high), value) << what;
}

TEST(Interval, HoldsWhatItsNumbersGive) {
  Cases cases;
  for (int k = 0; k < 20000; ++k) {
    const Range a = cases.range(20), b = cases.range(20);
    const double x = cases.within(a), y = cases.within(b);
    expect_holds(a + b, x + y, "+");
    expect_holds(a - b, x - y, "-");
    expect_holds(a * b, x * y, "*");
    if (y != 0) expect_holds(a / b, x / y, "/");
    expect_holds(math::max(a, b), std::max(x, y), "max");
    expect_holds(math::min(a, b), std::min(x, y), "min");
    expect_holds(math::exp(a), std::exp(x), "exp");
    expect_holds(math::sigmoid(a), 1 / (1 + std::exp(-x)), "sigmoid");
    expect_holds(math::tanh(a), std::tanh(x), "tanh");
    expect_holds(math::sin(a), std::sin(x), "sin");
    expect_holds(math::cos(a), std::cos(x), "cos");
    if (x > 0) expect_holds(math::sqrt(a), std::sqrt(x), "sqrt");
    if (x > 0) expect_holds(math::log(a), std::log(x), "log");
    const Maybe less = a < b, same_or_more = a >= b;
    EXPECT_TRUE(x < y ? less.yes : less.no);
    EXPECT_TRUE(x >= y ? same_or_more.yes : same_or_more.no);
    expect_holds(math::select(less, a, b), x < y ? x : y, "select");
  }
}

// Otherwise sine would be bounded by +-1 and all be well.
TEST(Interval, IsNarrowWhereFunctionsAre) {
  Cases cases;
  for (int k = 0; k < 2000; ++k) {
    const float x = cases.near(20);
    const Range a{x, x + 1e-3f};
    for (const Range& r : {math::sin(a), math::exp(Range(std::min(x, 0.0f)) + Range(0.0f, 1e-3f)), a * a})
      EXPECT_LT(r.high - r.low, 0.05f) << x;
  }
  EXPECT_EQ(math::sin(Range(1.5f, 1.7f)).high, 1);
  EXPECT_EQ(math::sin(Range(4.6f, 4.8f)).low, -1);
}

TEST(Interval, CountsStepsExactly) {
  Range left(5);
  for (int k = 0; k < 5; ++k) {
    EXPECT_FALSE((left <= Range(0)).yes);
    left = left - Range(1);
  }
  EXPECT_FALSE((left <= Range(0)).no);
  EXPECT_EQ(left.low, 0);
  EXPECT_EQ(left.high, 0);
}

TEST(Interval, AnswersMayBeBoth) {
  const Maybe either = Range(0, 2) < Range(1);
  EXPECT_TRUE(either.yes && either.no);
  EXPECT_TRUE((either & Maybe{false, true}).no && !(either & Maybe{false, true}).yes);
  EXPECT_TRUE((either | Maybe{true, false}).yes && !(either | Maybe{true, false}).no);
  EXPECT_TRUE((Range(1) == Range(1)).yes && !(Range(1) == Range(1)).no);
  EXPECT_TRUE((Range(0, 1) == Range(1)).yes && (Range(0, 1) == Range(1)).no);
  EXPECT_FALSE((Range(0, 1) == Range(2)).yes);
}

}  // namespace
}  // namespace synfire
