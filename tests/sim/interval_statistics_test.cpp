#include <array>

#include <gtest/gtest.h>

#include "sim/statistics.hpp"

namespace synfire {
namespace {

struct Variation {
  double sum = 0;
  std::uint64_t neurons = 0;
};

Variation variation_of(const std::vector<Step>& times, std::uint32_t least = 5) {
  IntervalStatistics statistics(1);
  const std::array<std::uint32_t, 1> neuron = {0};
  for (const Step time : times) statistics.add(time, neuron);
  Variation v;
  statistics.add_variation(v.sum, v.neurons, least);
  return v;
}

TEST(IntervalStatistics, of_a_hand_worked_train) {
  const auto v = variation_of({0, 1, 3, 6, 10, 15});  // intervals 1, 2, 3, 4, 5: mean 3, variance 2
  EXPECT_EQ(v.neurons, 1u);
  EXPECT_NEAR(v.sum, std::sqrt(2.0) / 3, 1e-15);
}

TEST(IntervalStatistics, do_not_count_the_way_to_the_first_spike) {
  EXPECT_NEAR(variation_of({1000, 1001, 1003, 1006, 1010, 1015}).sum, std::sqrt(2.0) / 3, 1e-15);
}

TEST(IntervalStatistics, of_a_regular_train_are_zero) {
  const auto v = variation_of({7, 17, 27, 37, 47, 57, 67});
  EXPECT_EQ(v.neurons, 1u);
  EXPECT_EQ(v.sum, 0);
}

TEST(IntervalStatistics, leave_out_neurons_with_fewer_than_least_intervals) {
  EXPECT_EQ(variation_of({0, 1, 3, 6, 10}).neurons, 0u) << "four intervals";
  EXPECT_EQ(variation_of({0, 1, 3, 6, 10}, 4).neurons, 1u);
  EXPECT_EQ(variation_of({}).neurons, 0u);
  EXPECT_EQ(variation_of({5}, 0).neurons, 0u) << "no interval, no variation";
}

TEST(IntervalStatistics, keep_neurons_apart_and_count_all_spikes) {
  IntervalStatistics statistics(3);
  const std::array<std::uint32_t, 2> both = {0, 2};
  const std::array<std::uint32_t, 1> second = {2};
  for (Step k = 0; k < 12; ++k) {
    if (k % 2 == 0) {
      statistics.add(k, both);  // neuron 0: each 2 steps
    } else if (k % 4 == 1) {
      statistics.add(k, second);  // neuron 2: 0 1 2 4 5 6 8 9 10: intervals 1 1 2 1 1 2 1 1
    }
  }
  EXPECT_EQ(statistics.spikes(), 15u);
  Variation v;
  statistics.add_variation(v.sum, v.neurons, 5);
  EXPECT_EQ(v.neurons, 2u);
  // mean 10/8, mean square 14/8: variance 1.75 - 1.5625 = 0.1875
  EXPECT_NEAR(v.sum, std::sqrt(0.1875) / 1.25, 1e-15);
}

}  // namespace
}  // namespace synfire
