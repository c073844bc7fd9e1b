#include "core/distribution.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "tests/core/statistics.hpp"

namespace synfire {
namespace {

using testing_tools::Moments;
constexpr int draws = 200000;
constexpr double infinity = std::numeric_limits<double>::infinity();

Distribution make(Distribution::Shape shape, double min = -infinity, double max = infinity) {
  Distribution d;
  d.shape = std::move(shape);
  d.min = min;
  d.max = max;
  return d;
}

Moments moments(const Distribution& d) {
  Moments m;
  for (int i = 0; i < draws; ++i) m.add(d.sample(RandomKey(9, "draw"), std::uint64_t(i)));
  return m;
}

struct Known {
  Distribution distribution;
  double mean, variance;
};

TEST(Distribution, draws_have_mean_and_variance_of_the_shape) {
  const Known known[] = {{make(Uniform{-60, -50}), -55, 100.0 / 12},
                         {make(Normal{3, 0.5}), 3, 0.25},
                         {make(Lognormal{2, 1}), 2, 1},
                         {make(Exponential{4}), 4, 16},
                         {make(Normal{1, 0}), 1, 0}};
  for (const auto& k : known) {
    const Moments m = moments(k.distribution);
    EXPECT_NEAR(m.mean, k.mean, 5 * std::sqrt(k.variance / draws));
    EXPECT_NEAR(m.variance(), k.variance, 0.05 * k.variance + 1e-12);
    EXPECT_EQ(k.distribution.mean(), k.mean);
  }
}

TEST(Distribution, every_draw_lies_between_lowest_and_highest) {
  for (const auto& d : {make(Uniform{0, 1}, 0.25, 2), make(Normal{0, 1}, -0.5, 0.5),
                        make(Lognormal{1, 2}, 0.1, 3), make(Exponential{1}, 0.5), make(Normal{0, 1}, 1)}) {
    d.check("x");
    double lowest = infinity, highest = -infinity;
    for (int i = 0; i < draws; ++i) {
      const double x = d.sample(RandomKey(1, "cut"), std::uint64_t(i));
      lowest = std::min(lowest, x);
      highest = std::max(highest, x);
    }
    EXPECT_GE(lowest, d.lowest());
    EXPECT_LE(highest, d.highest());
    EXPECT_LT(lowest - d.lowest(), 0.05);  // and comes close
  }
}

TEST(Distribution, a_cut_normal_is_the_normal_inside_the_cut) {
  // Mean of the half normal: sqrt(2/pi); variance 1 - 2/pi.
  const Moments m = moments(make(Normal{0, 1}, 0));
  EXPECT_NEAR(m.mean, std::sqrt(2 / M_PI), 5 * std::sqrt((1 - 2 / M_PI) / draws));
}

TEST(Distribution, a_draw_depends_on_key_index_and_part_only) {
  const Distribution d = make(Normal{0, 1});
  EXPECT_EQ(d.sample(RandomKey(1, "a"), 5), d.sample(RandomKey(1, "a"), 5));
  EXPECT_NE(d.sample(RandomKey(1, "a"), 5), d.sample(RandomKey(1, "a"), 6));
  EXPECT_NE(d.sample(RandomKey(1, "a"), 5), d.sample(RandomKey(1, "b"), 5));
  EXPECT_NE(d.sample(RandomKey(1, "a"), 5), d.sample(RandomKey(1, "a"), 5, 1));
}

TEST(Distribution, many_at_once_are_those_one_by_one_to_the_bit) {
  const RandomKey key(7, "many");
  for (const auto& d :
       {make(Normal{2, 3}), make(Normal{0, 1}, -0.5, 0.25), make(Uniform{-2, 5}), make(Uniform{0, 1}, 0.9),
        make(Lognormal{2, 1}), make(Exponential{3}), Distribution(4)}) {
    for (const std::size_t count : {std::size_t(1), std::size_t(15), std::size_t(16), std::size_t(1000)}) {
      std::vector<double> values(count);
      d.sample(key, 41, 3, values);
      for (std::size_t i = 0; i < count; ++i)
        ASSERT_EQ(values[i], d.sample(key, 41, 3 + static_cast<std::uint32_t>(i))) << i << " of " << count;
    }
  }
}

TEST(Distribution, lists_and_constants_give_themselves) {
  const Distribution list = make(std::vector<double>{3, 1, 2});
  EXPECT_EQ(list.sample({}, 0), 3);
  EXPECT_EQ(list.sample({}, 2), 2);
  EXPECT_EQ(list.lowest(), 1);
  EXPECT_EQ(list.highest(), 3);
  EXPECT_EQ(list.mean(), 2);
  EXPECT_EQ(Distribution(7.5).sample({}, 99), 7.5);
}

TEST(Distribution, shapes_that_cannot_be_drawn_are_refused) {
  for (const auto& d :
       {make(Uniform{2, 1}), make(Normal{0, -1}), make(Lognormal{-1, 1}), make(Lognormal{0, 1}),
        make(Lognormal{1, -1}), make(Exponential{0}), make(Exponential{-1}), make(Normal{0, 1}, 2, 1),
        make(Normal{0, 1}, 10), make(Uniform{0, 1}, 2), make(Exponential{1}, -5, -1),
        make(std::vector<double>{1, 2}, 1.5)})
    EXPECT_THROW(d.check("x"), Error);
  for (const auto& d :
       {make(Uniform{1, 1}), make(Normal{0, 0}), make(Lognormal{1, 0}), make(Normal{0, 1}, 3)})
    EXPECT_NO_THROW(d.check("x"));
}

}  // namespace
}  // namespace synfire
