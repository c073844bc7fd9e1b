// Encoders of values: what each makes of values small enough to know by hand, and the statistics of the
// random one.
#include <algorithm>
#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include "core/random.hpp"
#include "encoders/encode_burst.hpp"
#include "encoders/encode_delta.hpp"
#include "encoders/encode_latency.hpp"
#include "encoders/encode_phase.hpp"
#include "encoders/encode_population.hpp"
#include "encoders/encode_rate.hpp"
#include "encoders/moving_picture.hpp"

namespace synfire {
namespace {

using Times = std::vector<double>;

Samples samples(std::vector<double> values, std::size_t columns, double step) {
  return {std::move(values), columns, step, 0, 0};
}

template <class Encoder>
std::map<std::uint64_t, Times> encoded(const typename Encoder::Parameters& p, const Samples& shown,
                                       std::uint64_t seed = 1) {
  EncodedSpikes spikes;
  Encoder::encode(p, shown, RandomKey(seed, "encoder"), spikes);
  std::map<std::uint64_t, Times> trains;
  for (std::size_t k = 0; k < spikes.ids.size(); ++k) trains[spikes.ids[k]].push_back(spikes.times_ms[k]);
  for (auto& [id, times] : trains) std::sort(times.begin(), times.end());
  return trains;
}

void expect_times(const Times& found, const Times& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t k = 0; k < found.size(); ++k) EXPECT_NEAR(found[k], expected[k], 1e-9) << k;
}

TEST(EncodeRate, RegularSpikesCountTheValue) {
  auto trains = encoded<EncodeRate>({.max_rate = 50, .method = 2}, samples({0, 0.5, 1, 2}, 4, 100));
  EXPECT_TRUE(trains[0].empty());
  expect_times(trains[1], {40, 80});
  expect_times(trains[2], {20, 40, 60, 80, 100});
  EXPECT_EQ(trains[3], trains[2]);  // beyond `high` is `high`
}

TEST(EncodeRate, SamplesFollowOneAnother) {
  auto trains =
      encoded<EncodeRate>({.max_rate = 100, .low = -1, .high = 3, .method = 2}, samples({3, 1, -1}, 1, 20));
  expect_times(trains[0], {10, 20, 40});
}

class RandomRate : public testing::TestWithParam<double> {};
INSTANTIATE_TEST_SUITE_P(Methods, RandomRate, testing::Values(0, 1));

TEST_P(RandomRate, MeanAndVarianceAreThoseOfTheProcess) {
  constexpr std::size_t values = 2000;
  const EncodeRate::Parameters p{.max_rate = 200, .method = GetParam(), .bin = 2};
  const double x = 0.6, step = 100, bins = 50, chance = x * 200e-3 * 2;
  const double mean = x * 200e-3 * step, variance = GetParam() == 0 ? mean : bins * chance * (1 - chance);
  auto trains = encoded<EncodeRate>(p, samples(std::vector<double>(values, x), values, step));
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < values; ++i) {
    const double count = double(trains[i].size());
    sum += count;
    squares += count * count;
    for (const double t : trains[i]) {
      EXPECT_GE(t, 0);
      EXPECT_LE(t, step);
      EXPECT_TRUE(GetParam() == 0 || std::abs(std::remainder(t, 2)) < 1e-9) << t;
    }
  }
  const double found = sum / values;
  EXPECT_NEAR(found, mean, 4 * std::sqrt(variance / values));
  EXPECT_NEAR(squares / values - found * found, variance, 4 * variance * std::sqrt(2.0 / values) + 0.1);
}

TEST_P(RandomRate, SameKeySameSpikesWhateverStandsBeside) {
  const EncodeRate::Parameters p{.method = GetParam()};
  auto one = encoded<EncodeRate>(p, samples({0.5, 0.5}, 2, 500));
  auto more = encoded<EncodeRate>(p, samples({0.5, 0.1, 0.9}, 3, 500));
  EXPECT_EQ(one[0], more[0]);
  EXPECT_NE(one[0], one[1]);
  EXPECT_NE(one[0], encoded<EncodeRate>(p, samples({0.5, 0.5}, 2, 500), 2)[0]);
}

TEST(EncodeRate, CertaintyTossesHeadsOnly) {
  auto trains = encoded<EncodeRate>({.max_rate = 1000, .method = 1, .bin = 5}, samples({1}, 1, 20));
  expect_times(trains[0], {5, 10, 15, 20});
}

TEST(EncodeRate, RefusesMoreThanMemoryHolds) {
  EncodedSpikes spikes;
  spikes.most = 100;
  const auto show = [&](double step) {
    EncodeRate::encode({.max_rate = 1000, .method = 2}, samples({1}, 1, step), RandomKey(), spikes);
  };
  EXPECT_NO_THROW(show(100));
  EXPECT_THROW(show(1e12), Error);
}

TEST(EncodeLatency, LinearIsAStraightLine) {
  auto trains = encoded<EncodeLatency>({.first = 2, .last = 12}, samples({1, 0.5, 0.02, 0.01, 0, 7}, 6, 50));
  expect_times(trains[0], {2});
  expect_times(trains[1], {7});
  expect_times(trains[2], {11.8});
  EXPECT_TRUE(trains[3].empty());
  EXPECT_TRUE(trains[4].empty());
  expect_times(trains[5], {2});
}

// The logarithm is what a membrane driven by the value does: integrate v' = (x - v)/tau from 0 to the
// threshold.
TEST(EncodeLatency, LogarithmicIsAMembrane) {
  const EncodeLatency::Parameters p{.first = 1, .last = 200, .threshold = 0.2, .method = 1, .tau = 10};
  const auto membrane = [&](double x) {
    double v = 0, t = 0;
    for (; v < p.threshold; t += 1e-4) v += 1e-4 * (x - v) / p.tau;
    return t;
  };
  for (const double x : {0.25, 0.5, 0.9, 1.0}) {
    auto trains = encoded<EncodeLatency>(p, samples({x}, 1, 300));
    ASSERT_EQ(trains[0].size(), 1u);
    EXPECT_NEAR(trains[0][0], p.first + membrane(x) - membrane(1), 2e-3) << x;
  }
  EXPECT_TRUE(encoded<EncodeLatency>(p, samples({0.2}, 1, 300)).empty());
}

TEST(EncodeLatency, NothingComesAfterTheSample) {
  auto trains = encoded<EncodeLatency>({.first = 0, .last = 100}, samples({0.9, 0.5, 0.9, 0.5}, 2, 30));
  expect_times(trains[0], {10, 40});
  EXPECT_TRUE(trains[1].empty());
}

TEST(EncodeDelta, CrossingsLieOnTheLineBetweenSamples) {
  auto trains = encoded<EncodeDelta>({.threshold = 0.25}, samples({0, 1, 0.6}, 1, 100));
  expect_times(trains[0], {25, 50, 75, 100});
  expect_times(trains[1], {162.5});
}

TEST(EncodeDelta, WithoutOffSpikesTheLevelStillFalls) {
  auto trains =
      encoded<EncodeDelta>({.threshold = 0.5, .off_spikes = 0}, samples({0, 3, 1, 3, 0, 3, 1, 3}, 2, 10));
  expect_times(trains[0], {5, 10, 25, 30});  // 0, 1, 0, 1
  EXPECT_TRUE(trains[1].empty());            // never changes
  EXPECT_EQ(trains.size(), 2u);
}

TEST(EncodeDelta, SpikesAddUpToTheChange) {
  RandomStream stream(RandomKey(1, "walk"), 0);
  std::vector<double> walk = {0};
  for (int k = 0; k < 1000; ++k) walk.push_back(walk.back() + 0.3 * stream.normal());
  auto trains = encoded<EncodeDelta>({.threshold = 0.1}, samples(walk, 1, 1));
  const double level = 0.1 * (double(trains[0].size()) - double(trains[1].size()));
  EXPECT_NEAR(level, walk.back(), 0.1 + 1e-9);
}

TEST(EncodeDelta, StillValuesAndSingleSamplesAreSilent) {
  EXPECT_TRUE(encoded<EncodeDelta>({}, samples({1, 1, 1}, 1, 10)).empty());
  EXPECT_TRUE(encoded<EncodeDelta>({}, samples({1}, 1, 10)).empty());
}

// Summing the weights 2^-k of a period's spikes gives the value back, to half a digit.
TEST(EncodePhase, WeightsOfAPeriodAddUpToTheValue) {
  const EncodePhase::Parameters p{.bits = 6, .phase = 2};
  std::vector<double> values;
  for (int k = 0; k <= 100; ++k) values.push_back(k / 100.0);
  auto trains = encoded<EncodePhase>(p, samples(values, values.size(), 25));  // two periods and a bit
  for (std::size_t i = 0; i < values.size(); ++i) {
    double first = 0, second = 0;
    for (const double t : trains[i]) (t <= 12 ? first : second) += std::exp2(-(t <= 12 ? t : t - 12) / 2);
    EXPECT_NEAR(first / (1 - std::exp2(-6)), values[i], 0.5 / 63 + 1e-12);
    EXPECT_NEAR(first, second, 1e-12);
  }
}

TEST(EncodeBurst, StrongerValuesHaveMoreSpikesAndShorterIntervals) {
  const EncodeBurst::Parameters p{.max_spikes = 4, .min_interval = 2, .max_interval = 10};
  auto trains = encoded<EncodeBurst>(p, samples({1, 0.5, 0.1, 0}, 4, 100));
  expect_times(trains[0], {2, 4, 6, 8});
  expect_times(trains[1], {2, 8});
  expect_times(trains[2], {2});
  EXPECT_TRUE(trains[3].empty());
  expect_times(encoded<EncodeBurst>(p, samples({1}, 1, 5))[0], {2, 4});
}

TEST(EncodePopulation, TheNeuronOfTheNearestCentreFiresFirst) {
  const EncodePopulation::Parameters p{.fields = 6, .low = -1, .high = 3, .first = 1, .last = 11};
  for (const double value : {-1.4, -0.5, 0.3, 1.5, 3.4}) {  // centres at -1.5, -0.5, … 3.5
    auto trains = encoded<EncodePopulation>(p, samples({0, value}, 2, 50));
    std::uint64_t first = 0;
    double earliest = 1e9;
    for (const auto& [id, times] : trains) {
      if (id < 6) continue;  // of the other value
      ASSERT_EQ(times.size(), 1u);
      if (times[0] < earliest) earliest = times[0], first = id - 6;
    }
    const double centre = -1.5 + double(first);
    EXPECT_LE(std::abs(value - centre), 0.5) << value;
    const double off = (value - centre) * 1.5;
    EXPECT_NEAR(earliest, 1 + 10 * (1 - std::exp(-off * off / 2)), 1e-9);
  }
}

TEST(EncodePopulation, WeakResponsesAreSilent) {
  auto few = encoded<EncodePopulation>({.fields = 20, .threshold = 0.7}, samples({0.5}, 1, 50));
  auto all = encoded<EncodePopulation>({.fields = 20, .threshold = 0}, samples({0.5}, 1, 50));
  EXPECT_EQ(all.size(), 20u);
  EXPECT_EQ(few.size(), 2u);  // those half a distance away: exp(-(1.5/2)^2 / 2) = 0.75
}

TEST(MovingPicture, EdgesFireBothWaysAndNothingElse) {
  Samples shown = samples(std::vector<double>(16 * 12, 0.0), 16 * 12, 90);
  shown.width = 16;
  shown.height = 12;
  for (std::size_t y = 4; y < 8; ++y)
    for (std::size_t x = 6; x < 10; ++x) shown.values[y * 16 + x] = 1;
  auto trains = encoded<MovingPicture>({.noise_rate = 0}, shown);
  std::size_t on = 0, off = 0;
  for (const auto& [id, times] : trains) {
    ASSERT_LT(id, 16u * 12 * 2);
    (id % 2 == 1 ? on : off) += times.size();
    for (const double t : times) EXPECT_LE(t, 90);
  }
  EXPECT_GT(on, 20u);
  EXPECT_GT(off, 20u);
  EXPECT_FALSE(trains.contains(0));  // a corner that the square never reaches
  EXPECT_TRUE(encoded<MovingPicture>({.noise_rate = 0},
                                     [&] {
                                       Samples dark = shown;
                                       std::fill(dark.values.begin(), dark.values.end(), 0.0);
                                       return dark;
                                     }())
                  .empty());
}

}  // namespace
}  // namespace synfire
