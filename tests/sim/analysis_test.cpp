#include "sim/inspection/analysis.hpp"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/random.hpp"
#include "io/sonata.hpp"
#include "sim/inspection/results.hpp"

namespace synfire {
namespace {

/// Independent Poisson trains of `neurons` neurons.
SpikeTrain poisson(std::uint64_t neurons, double rate_hz, double length_ms, std::uint64_t seed) {
  SpikeTrain train;
  const RandomKey key(seed, "test");
  for (std::uint64_t id = 0; id < neurons; ++id) {
    RandomStream random(key, id);
    for (double t = random.exponential() * 1000 / rate_hz; t < length_ms;
         t += random.exponential() * 1000 / rate_hz) {
      train.times_ms.push_back(t);
      train.ids.push_back(id);
    }
  }
  return train;
}

TEST(Analysis, WindowsHoldTheirEndAndNotTheirBegin) {
  const SpikeTrain train{{10, 20, 30}, {0, 0, 1}};
  EXPECT_EQ(spikes_per_neuron(view(train, 3), {10, 30}), (std::vector<std::uint32_t>{1, 1, 0}));
  EXPECT_EQ(spikes_per_neuron(view(train, 3), {9.9, 29.9}), (std::vector<std::uint32_t>{2, 0, 0}));
}

// Ends of bins on a grid of 0.1 ms are not exact in binary: k * 0.1 may lie behind 3 * b.
TEST(Analysis, BinsOfGridTimesAreEven) {
  std::vector<double> times(3000);
  for (std::size_t k = 0; k < times.size(); ++k) times[k] = static_cast<double>(k + 1) * 0.1;
  EXPECT_EQ(count_in_bins(times, {0, 300}, 3), std::vector<std::uint32_t>(100, 30));
  EXPECT_EQ(count_in_bins(times, {0, 300}, 0.3), std::vector<std::uint32_t>(1000, 3));
  EXPECT_EQ(count_in_bins(times, {0, 10}, 3).size(), 3U) << "only whole bins";
}

TEST(Analysis, VarianceOverMeanByHand) {
  EXPECT_DOUBLE_EQ(*variance_over_mean(std::vector<std::uint32_t>{1, 2, 3, 6}), 3.5 / 3);
  EXPECT_FALSE(variance_over_mean(std::vector<std::uint32_t>{0, 0, 0}));
  EXPECT_FALSE(variance_over_mean(std::vector<std::uint32_t>{4}));
}

TEST(Analysis, VariationOfIntervalsByHand) {
  // Neuron 0: intervals 1 3 1 3 1 3: mean 2, sd 1. Neuron 1: six equal ones. Neuron 2: too few.
  const SpikeTrain train{{1, 2, 5, 6, 9, 10, 13, 1, 3, 5, 7, 9, 11, 13, 1, 9},
                         {0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 2, 2}};
  const auto cv = interval_variation(view(train, 4), {0, 20});
  ASSERT_TRUE(cv);
  EXPECT_DOUBLE_EQ(cv->mean, 0.25);
  EXPECT_EQ(cv->neurons, 2U);
  EXPECT_FALSE(interval_variation(view(train, 4), {0, 20}, 7));
  EXPECT_EQ(interval_variation(view(train, 4), {0, 20}, 1)->neurons, 3U);
}

TEST(Analysis, RegularTrainHasNoVariation) {
  SpikeTrain train;
  for (int k = 1; k <= 100000; ++k) train.times_ms.push_back(k * 0.7), train.ids.push_back(0);
  EXPECT_LT(interval_variation(view(train, 1), {0, 1e9})->mean, 1e-7);
  const auto s = spike_statistics(view(train, 1), {0, 70000});
  EXPECT_NEAR(s.rate_hz, 1000 / 0.7, 1e-9);
  EXPECT_EQ(s.rate_sd_hz, 0);
}

TEST(Analysis, CorrelationByHand) {
  // Counts in bins of 1 ms: a = 1 0 1 0, b = 1 0 1 0, c = 0 1 0 1, d = 1 1 1 1 (does not vary).
  const SpikeTrain train{{.5, 2.5, .5, 2.5, 1.5, 3.5, .5, 1.5, 2.5, 3.5}, {0, 0, 1, 1, 2, 2, 3, 3, 3, 3}};
  const auto c = pairwise_correlation(view(train, 5), {0, 4}, {.bin_ms = 1});
  ASSERT_TRUE(c);
  EXPECT_EQ(c->neurons, 4U);
  EXPECT_EQ(c->pairs, 3U);
  EXPECT_NEAR(c->mean, -1.0 / 3, 1e-12);
  EXPECT_NEAR(c->sd, std::sqrt(8.0 / 9), 1e-12);
  EXPECT_FALSE(pairwise_correlation(view(train, 5), {0, 4}, {.bin_ms = 4}));
}

TEST(Analysis, CorrelationOfUnequalCountsByHand) {
  // a = 2 0 1, b = 1 0 2 in bins of 1 ms: covariance 1/3, both variances 2/3.
  const SpikeTrain train{{.2, .4, 2.5, .3, 2.2, 2.4}, {0, 0, 0, 1, 1, 1}};
  EXPECT_NEAR(pairwise_correlation(view(train, 2), {0, 3}, {.bin_ms = 1})->mean, 0.5, 1e-12);
}

// Bounds: five standard errors, from the numbers of intervals, bins and pairs.
TEST(Analysis, PoissonTrains) {
  constexpr double length = 100000;
  constexpr std::uint64_t neurons = 50;
  const SpikeTrain train = poisson(neurons, 20, length, 3);
  const auto s = spike_statistics(view(train, neurons), {0, length});
  EXPECT_EQ(s.active_neurons, neurons);
  EXPECT_EQ(s.spikes, train.ids.size());
  EXPECT_NEAR(s.rate_hz, 20, 5 * std::sqrt(20 / (neurons * length * 1e-3)));
  EXPECT_NEAR(s.cv_isi->mean, 1, 5 / std::sqrt(2000.0 * neurons));
  EXPECT_NEAR(*s.fano, 1, 5 * std::sqrt(2 * 3 / length) * 1.2);
  const double pairs = neurons * (neurons - 1) / 2;
  EXPECT_NEAR(s.correlation_2ms->mean, 0, 5 / std::sqrt(length / 2 * pairs));
  EXPECT_NEAR(s.correlation_2ms->sd, 1 / std::sqrt(length / 2), 0.15 / std::sqrt(length / 2));
  EXPECT_NEAR(s.correlation_5ms->sd, 1 / std::sqrt(length / 5), 0.15 / std::sqrt(length / 5));
}

// Each train keeps a spike of a mother train with probability c: correlations are c, at any bin.
TEST(Analysis, ThinnedMotherTrainHasTheCorrelationItWasGiven) {
  constexpr double length = 200000, share = 0.3;
  const SpikeTrain mother = poisson(1, 30, length, 8);
  SpikeTrain train;
  RandomStream random(RandomKey(1, "thin"), 0);
  for (const double t : mother.times_ms)
    for (std::uint64_t id = 0; id < 10; ++id)
      if (random.uniform() < share) train.times_ms.push_back(t), train.ids.push_back(id);
  const auto s = spike_statistics(view(train, 10), {0, length});
  EXPECT_NEAR(s.correlation_2ms->mean, share, 0.02);
  EXPECT_NEAR(s.correlation_5ms->mean, share, 0.02);
  EXPECT_NEAR(*s.fano, 1 + 9 * share, 0.2);
}

TEST(Analysis, OrderAmongNeuronsDoesNotMatter) {
  SpikeTrain by_time = poisson(30, 15, 5000, 5);
  const SpikeTrain by_id = by_time;
  sort_by_time(by_time);
  ASSERT_NE(by_time, by_id);
  const TimeWindow window{500, 4500};
  const auto a = spike_statistics(view(by_id, 30), window), b = spike_statistics(view(by_time, 30), window);
  EXPECT_EQ(a.spikes, b.spikes);
  EXPECT_EQ(a.cv_isi->mean, b.cv_isi->mean);
  EXPECT_EQ(a.fano, b.fano);
  EXPECT_EQ(a.correlation_2ms->mean, b.correlation_2ms->mean);
  EXPECT_TRUE(ordered_by_neuron(view(by_id, 30)));
  EXPECT_FALSE(ordered_by_neuron(view(SpikeTrain{{2, 1}, {4, 4}}, 30)));
}

TEST(Analysis, SampleIsOfActiveNeuronsAndSeeded) {
  SpikeTrain train = poisson(400, 10, 3000, 6);
  for (auto& id : train.ids) id *= 10;  // nine of ten neurons are silent
  const auto sample = [&](std::uint64_t seed) {
    return *pairwise_correlation(view(train, 4000), {0, 3000},
                                 {.bin_ms = 2, .most_neurons = 50, .seed = seed});
  };
  EXPECT_EQ(sample(1).neurons, 50U);
  EXPECT_EQ(sample(1).pairs, 50U * 49 / 2);
  EXPECT_EQ(sample(1).mean, sample(1).mean);
  EXPECT_NE(sample(1).mean, sample(2).mean);
}

TEST(Analysis, RatesInBins) {
  const SpikeTrain train{{1, 2, 12, 25}, {0, 1, 0, 0}};
  EXPECT_EQ(rate_in_bins(view(train, 2), {0, 30}, 10), (std::vector<double>{100, 50, 50}));
}

TEST(Analysis, SilenceAndNothing) {
  const auto s = spike_statistics(SpikeView{{}, {}, 10}, {0, 100});
  EXPECT_EQ(s.rate_hz, 0);
  EXPECT_FALSE(s.cv_isi || s.fano || s.correlation_2ms);
  EXPECT_EQ(spike_statistics(SpikeView{}, {0, 0}).spikes, 0U);
}

TEST(Analysis, RefusesWhatMakesNoSense) {
  const SpikeTrain train{{1, 2}, {0, 7}};
  EXPECT_THROW(spike_statistics(view(train, 7), {0, 10}), Error);
  EXPECT_THROW(spikes_per_neuron({train.times_ms, std::span(train.ids).first(1), 9}, {0, 10}), Error);
  EXPECT_THROW(whole_bins({0, 10}, 0), Error);
  EXPECT_THROW(whole_bins({0, 1e18}, 1e-3), Error);
}

}  // namespace
}  // namespace synfire
