#include "core/noise.hpp"

#include <cmath>
#include <set>

#include <gtest/gtest.h>

namespace synfire {
namespace {

struct Four {
  float a, b, c, d;
};
struct FourWide {
  double a, b, c, d;
};

const RandomKey key(1, "population/exc/noise");

TEST(Noise, is_the_same_one_by_one_and_by_the_group_in_float_and_double) {
  for (const std::int64_t step : {std::int64_t(0), std::int64_t(7), std::int64_t(1) << 40}) {
    for (const std::uint32_t group : {0u, 1u, 1000u}) {
      float values[4][noise::group_size];
      for (std::uint32_t m = 0; m < 4; ++m) noise::draw_group(key, step, group, m, values[m]);
      for (std::uint32_t i = 0; i < noise::group_size; ++i) {
        const auto one = noise::of_neuron<Four, float>(key, step, group * noise::group_size + i);
        const auto wide = noise::of_neuron<FourWide, double>(key, step, group * noise::group_size + i);
        EXPECT_EQ(one.a, values[0][i]);
        EXPECT_EQ(one.b, values[1][i]);
        EXPECT_EQ(one.c, values[2][i]);
        EXPECT_EQ(one.d, values[3][i]);
        EXPECT_EQ(wide.a, one.a);
        EXPECT_EQ(wide.d, one.d);
      }
    }
  }
}

TEST(Noise, lies_in_0_to_1_with_1_left_out) {
  EXPECT_EQ(noise::deviate<float>(0), 0);
  EXPECT_EQ(noise::deviate<float>(0xFFFFFFFFu), 1 - 0x1p-24f);
  EXPECT_EQ(noise::deviate<double>(0xFFFFFFFFu), 1 - 0x1p-24);
}

// 24 bits: among 4096 words of one kind some 0.5 pairs are equal by chance.
TEST(Noise, differs_between_neurons_members_steps_and_keys) {
  std::set<float> seen;
  float values[noise::group_size];
  const auto add = [&](RandomKey from, std::int64_t step, std::uint32_t group, std::uint32_t member) {
    noise::draw_group(from, step, group, member, values);
    seen.insert(std::begin(values), std::end(values));
  };
  for (std::uint32_t k = 0; k < 16; ++k) {
    add(key, 0, k, 0);
    add(key, 1 + k, 0, 0);
    add(key, (std::int64_t(1) << 32) + k, 0, 0);
    add(key, 0, 0, 1 + k);
  }
  EXPECT_GT(seen.size(), 4096u - 8u);
  const auto before = seen.size();
  add(RandomKey(2, "population/exc/noise"), 0, 0, 0);
  EXPECT_GE(seen.size(), before + 60);
}

// Mean and variance of n uniforms within 5 standard errors: a false alarm in 1e6 runs with other seeds.
TEST(Noise, is_uniform) {
  double sum = 0, squares = 0, products = 0, last = 0;
  int n = 0;
  float values[noise::group_size];
  for (std::uint32_t group = 0; group < 4000; ++group) {
    noise::draw_group(key, 3, group, 0, values);
    for (const float v : values) {
      const double x = v - 0.5;
      sum += x, squares += x * x, products += x * last, last = x, ++n;
    }
  }
  EXPECT_NEAR(sum / n, 0, 5 * std::sqrt(1.0 / 12 / n));
  EXPECT_NEAR(squares / n, 1.0 / 12, 5 * std::sqrt(1.0 / 180 / n));
  EXPECT_NEAR(products / n, 0, 5.0 / 12 / std::sqrt(n));
}

}  // namespace
}  // namespace synfire
