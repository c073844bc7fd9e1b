#include "encoders/fourier.hpp"

#include <cmath>
#include <numbers>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.hpp"

namespace synfire {
namespace {

using Complex = std::complex<double>;

std::vector<Complex> noise(std::size_t n) {
  RandomStream stream(RandomKey(1, "fourier"), n);
  std::vector<Complex> values;
  for (std::size_t k = 0; k < n; ++k) values.emplace_back(stream.normal(), stream.normal());
  return values;
}

std::vector<Complex> transformed(const std::vector<Complex>& values, Fourier::Direction direction) {
  std::vector<Complex> result(values.size());
  Fourier(values.size(), direction).transform(values, result);
  return result;
}

// Smooth lengths, primes, squares and products of large primes.
class AnyLength : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Lengths, AnyLength,
                         testing::Values(1, 2, 3, 4, 7, 8, 13, 60, 101, 121, 211, 256, 22 * 17));

TEST_P(AnyLength, IsTheSumThatDefinesIt) {
  const std::size_t n = GetParam();
  const auto values = noise(n);
  for (const auto direction : {Fourier::Direction::forward, Fourier::Direction::inverse}) {
    const double sign = direction == Fourier::Direction::forward ? -2 : 2;
    const auto found = transformed(values, direction);
    for (std::size_t k = 0; k < n; ++k) {
      Complex expected = 0;
      for (std::size_t j = 0; j < n; ++j)
        expected += values[j] * std::polar(1.0, sign * std::numbers::pi * double(j * k % n) / double(n));
      EXPECT_LT(std::abs(found[k] - expected), 1e-13 * double(n) + 1e-14) << k;
    }
  }
}

TEST(Fourier, ThereAndBackIsTheLengthTimesTheSame) {
  for (const std::size_t n : {19087u, 20000u}) {
    const auto values = noise(n);
    const auto back =
        transformed(transformed(values, Fourier::Direction::forward), Fourier::Direction::inverse);
    double worst = 0;
    for (std::size_t k = 0; k < n; ++k) worst = std::max(worst, std::abs(back[k] / double(n) - values[k]));
    EXPECT_LT(worst, 1e-12) << n;
  }
}

TEST(Fourier, SmoothLengthsAreTheNext) {
  EXPECT_EQ(smooth_length(1), 1u);
  EXPECT_EQ(smooth_length(7), 8u);
  EXPECT_EQ(smooth_length(59), 60u);
  EXPECT_EQ(smooth_length(60), 60u);
  EXPECT_EQ(smooth_length(38173), 38400u);
}

}  // namespace
}  // namespace synfire
