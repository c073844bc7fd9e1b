#include "encoders/noise_current.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "tests/core/statistics.hpp"

namespace synfire {
namespace {

using testing_tools::Moments;
const RandomKey key(2, "population/noise");
const NoiseCurrent::Parameters parameters{.mean = 100, .std = 25};

std::vector<float> draw(std::int64_t interval, std::uint32_t first, std::size_t count) {
  std::vector<float> values(count);
  NoiseCurrent::draw(key, parameters, interval, first, values);
  return values;
}

TEST(NoiseCurrent, has_its_mean_and_standard_deviation_and_is_normal) {
  Moments moments;
  double fourth = 0;
  for (std::int64_t interval = 0; interval < 200; ++interval)
    for (const float value : draw(interval, 0, 1000)) {
      moments.add(value);
      fourth += std::pow((value - 100) / 25, 4);
    }
  EXPECT_NEAR(moments.mean, 100, 5 * 25 / std::sqrt(moments.n));
  EXPECT_NEAR(moments.variance(), 625, 5 * 625 * std::sqrt(2 / moments.n));
  EXPECT_NEAR(fourth / moments.n, 3, 5 * std::sqrt(96 / moments.n));
}

TEST(NoiseCurrent, neurons_and_intervals_are_independent) {
  double neighbours = 0, intervals = 0;
  constexpr int rounds = 400, neurons = 500;
  auto before = draw(0, 0, neurons);
  for (std::int64_t interval = 1; interval <= rounds; ++interval) {
    const auto now = draw(interval, 0, neurons);
    for (std::size_t i = 1; i < neurons; ++i) neighbours += (now[i] - 100) * (now[i - 1] - 100) / 625;
    for (std::size_t i = 0; i < neurons; ++i) intervals += (now[i] - 100) * (before[i] - 100) / 625;
    before = now;
  }
  const double sd = std::sqrt(double(rounds) * neurons);
  EXPECT_LT(std::abs(neighbours / sd), 5);
  EXPECT_LT(std::abs(intervals / sd), 5);
}

TEST(NoiseCurrent, values_do_not_depend_on_how_the_population_is_cut) {
  const auto whole = draw(7, 0, 100);
  for (const std::uint32_t first : {0u, 1u, 33u, 99u}) {
    const auto part = draw(7, first, 100 - first);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + first));
  }
}

TEST(NoiseCurrent, without_deviation_it_is_the_mean) {
  std::vector<float> values(10);
  NoiseCurrent::draw(key, {.mean = -3, .std = 0}, 0, 0, values);
  for (const float value : values) EXPECT_EQ(value, -3);
}

}  // namespace
}  // namespace synfire
