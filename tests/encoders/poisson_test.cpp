#include "encoders/poisson.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/core/statistics.hpp"

namespace synfire {
namespace {

using namespace testing_tools;
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double most = 5;  // standard deviations
const RandomKey key(11, "population/noise");

Schedule constant(double rate) { return {{{0, rate}}, {}}; }

class PoissonMeans : public testing::TestWithParam<double> {};

TEST_P(PoissonMeans, counts_follow_the_distribution) {
  const double mean = GetParam(), dt = 0.1;
  constexpr std::uint32_t neurons = 1000, steps = 400;
  PoissonCounts source(key, constant(mean / dt * 1e3), 0, infinity, Grid(dt));
  const auto highest = std::size_t(mean + 12 * std::sqrt(mean) + 20);
  std::vector<std::uint64_t> seen(highest + 1);
  std::vector<double> expected(highest + 1);
  std::vector<std::uint32_t> counts(neurons);
  Moments moments;
  for (Step step = 0; step < steps; ++step) {
    ASSERT_TRUE(source.draw(step, 0, counts));
    for (const std::uint32_t n : counts) ++seen[std::min<std::size_t>(n, highest)], moments.add(n);
  }
  const double draws = double(neurons) * steps;
  for (std::size_t k = 0; k <= highest; ++k) expected[k] = draws * std::exp(log_poisson(double(k), mean));
  EXPECT_NEAR(moments.mean, mean, most * std::sqrt(mean / draws));
  EXPECT_NEAR(moments.variance(), mean, most * std::sqrt((mean + 2 * mean * mean) / draws));
  const ChiSquare test = chi_square(seen, expected);
  if (test.degrees > 0) {
    EXPECT_LT(std::abs(test.deviate()), most);
  }
}
INSTANTIATE_TEST_SUITE_P(Means, PoissonMeans, testing::Values(0.0005, 0.02, 0.5, 2.0, 20.0, 700.0, 50000.0));

TEST(Poisson, neurons_and_steps_are_independent) {
  constexpr std::uint32_t neurons = 500, steps = 2000;
  PoissonCounts source(key, constant(1000), 0, infinity, Grid(0.5));  // mean 0.5
  std::vector<std::uint32_t> counts(neurons), before(neurons);
  double next_neuron = 0, next_step = 0, next_group = 0;
  for (Step step = 0; step < steps; ++step) {
    source.draw(step, 0, counts);
    for (std::uint32_t i = 1; i < neurons; ++i) next_neuron += (counts[i] - 0.5) * (counts[i - 1] - 0.5);
    for (std::uint32_t i = 64; i < neurons; ++i) next_group += (counts[i] - 0.5) * (counts[i - 64] - 0.5);
    if (step > 0)
      for (std::uint32_t i = 0; i < neurons; ++i) next_step += (counts[i] - 0.5) * (before[i] - 0.5);
    before = counts;
  }
  const double sd = 0.5 * std::sqrt(double(neurons) * steps);  // each product has variance 0.5^2
  EXPECT_LT(std::abs(next_neuron / sd), most);
  EXPECT_LT(std::abs(next_group / sd), most);
  EXPECT_LT(std::abs(next_step / sd), most);
}

TEST(Poisson, intervals_of_a_train_have_the_variation_of_a_poisson_process) {
  PoissonCounts source(key, constant(20), 0, infinity, Grid(0.1));
  std::vector<std::uint32_t> counts(200);
  std::vector<Step> last(200, -1);
  Moments intervals;
  for (Step step = 0; step < 100000; ++step) {
    source.draw(step, 0, counts);
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] == 0) continue;
      if (last[i] >= 0) intervals.add(0.1 * double(step - last[i]));
      last[i] = step;
    }
  }
  EXPECT_NEAR(intervals.mean, 50, 1.5);  // long intervals at the end are cut, so not exactly 50 ms
  EXPECT_NEAR(std::sqrt(intervals.variance()) / intervals.mean, 1, 0.03);
}

std::vector<std::uint32_t> in_one_draw(PoissonCounts source, Step step, std::uint32_t neurons) {
  std::vector<std::uint32_t> counts(neurons, 0);
  source.draw(step, 0, counts);
  return counts;
}

TEST(Poisson, counts_do_not_depend_on_how_the_population_is_cut) {
  constexpr std::uint32_t neurons = 517;
  std::vector<double> rates;
  for (std::uint32_t i = 0; i < neurons; ++i) rates.push_back(1000.0 * (i % 7));
  for (const bool shared : {true, false}) {
    PoissonCounts source = shared ? PoissonCounts(key, constant(8000), 0, infinity, Grid(0.1))
                                  : PoissonCounts(key, rates, 0, infinity, Grid(0.1));
    for (const Step step : {Step(0), Step(1), Step(123456), Step(1) << 33}) {
      const auto whole = in_one_draw(source, step, neurons);
      for (const std::uint32_t piece : {1u, 7u, 63u, 64u, 65u, 200u, 516u}) {
        std::vector<std::uint32_t> cut;
        for (std::uint32_t first = 0; first < neurons; first += piece) {
          std::vector<std::uint32_t> part(std::min(piece, neurons - first));
          source.draw(step, first, part);
          cut.insert(cut.end(), part.begin(), part.end());
        }
        EXPECT_EQ(cut, whole) << "piece " << piece << ", step " << step;
      }
    }
  }
}

TEST(Poisson, equal_rates_one_by_one_are_the_shared_rate) {
  const std::vector<double> rates(100, 8000.0);
  EXPECT_EQ(in_one_draw(PoissonCounts(key, rates, 0, infinity, Grid(0.1)), 5, 100),
            in_one_draw(PoissonCounts(key, constant(8000), 0, infinity, Grid(0.1)), 5, 100));
}

TEST(Poisson, each_neuron_has_its_own_rate) {
  const std::vector<double> rates = {0, 100, 1000, 10000};
  PoissonCounts source(key, rates, 0, infinity, Grid(0.1));
  std::vector<std::uint32_t> counts(4);
  std::vector<double> sums(4);
  constexpr int steps = 100000;
  for (Step step = 0; step < steps; ++step) {
    source.draw(step, 0, counts);
    for (std::size_t i = 0; i < 4; ++i) sums[i] += counts[i];
  }
  EXPECT_EQ(sums[0], 0);
  for (std::size_t i = 1; i < 4; ++i) {
    const double expected = rates[i] * 1e-4 * steps;
    EXPECT_NEAR(sums[i], expected, most * std::sqrt(expected)) << rates[i];
  }
}

TEST(Poisson, spikes_come_from_start_up_to_stop) {
  PoissonCounts source(key, constant(1e5), 1.0, 2.0, Grid(0.1));  // mean 10: a silent step is no accident
  std::vector<std::uint32_t> counts(64);
  for (Step step = 0; step < 30; ++step) {
    const bool inside = step >= 10 && step < 20;
    std::fill(counts.begin(), counts.end(), 77u);
    EXPECT_EQ(source.draw(step, 0, counts), inside) << step;
    if (!inside) {
      EXPECT_EQ(counts[0], 77u) << "left untouched";
    }
  }
}

TEST(Poisson, the_rate_follows_its_schedule) {
  PoissonCounts source(key, Schedule{{{1, 50000}, {2, 0}, {3, 200000}}, {}}, 0, infinity, Grid(0.1));
  std::vector<std::uint32_t> counts(1000);
  const auto mean_at = [&](Step step) {
    if (!source.draw(step, 0, counts)) return 0.0;
    double sum = 0;
    for (const std::uint32_t n : counts) sum += n;
    return sum / double(counts.size());
  };
  for (const Step step : {0, 9, 20, 29}) EXPECT_EQ(mean_at(step), 0) << step;
  for (const Step step : {10, 15, 19}) EXPECT_NEAR(mean_at(step), 5, most * std::sqrt(5.0 / 1000)) << step;
  for (const Step step : {30, 1000}) EXPECT_NEAR(mean_at(step), 20, most * std::sqrt(20.0 / 1000)) << step;
  EXPECT_NEAR(mean_at(12), 5, most * std::sqrt(5.0 / 1000)) << "and back again";
}

TEST(Poisson, rates_given_later_draw_as_if_given_at_once) {
  std::vector<double> dim(300), bright(300);
  for (std::size_t i = 0; i < dim.size(); ++i) dim[i] = 0.25 * double(i % 256), bright[i] = 120.0 * double(i);
  PoissonCounts source(key, constant(50), 0, infinity, Grid(0.5));
  const auto expect_like = [&](const PoissonCounts& fresh, Step step) {
    EXPECT_EQ(in_one_draw(source, step, 300), in_one_draw(fresh, step, 300)) << step;
  };
  for (const auto* rates : {&dim, &bright, &dim}) {  // small means are drawn in another way than large ones
    source.set_rates(*rates);
    for (const Step step : {Step(0), Step(7), Step(8)})
      expect_like(PoissonCounts(key, *rates, 0, infinity, Grid(0.5)), step);
  }
  source.set_rate(70);
  expect_like(PoissonCounts(key, constant(70), 0, infinity, Grid(0.5)), 9);
}

TEST(Poisson, a_silent_picture_draws_nothing) {
  PoissonCounts source(key, constant(50), 0, infinity, Grid(0.5));
  std::vector<std::uint32_t> counts(100, 7);
  source.set_rates(std::vector<double>(100, 0.0));
  EXPECT_FALSE(source.draw(3, 0, counts));
  source.set_rate(0);
  EXPECT_FALSE(source.draw(3, 0, counts));
  EXPECT_EQ(counts, std::vector<std::uint32_t>(100, 7));
}

TEST(Poisson, single_thresholds_have_the_mean_of_their_neuron) {
  std::vector<double> rates(784);
  for (std::size_t i = 0; i < rates.size(); ++i) rates[i] = i % 3 == 0 ? 0 : 200.0 * double(i % 10);
  PoissonCounts source(key, constant(0), 0, infinity, Grid(0.5));
  source.set_rates(rates);
  std::vector<double> sums(rates.size());
  std::vector<std::uint32_t> counts(rates.size());
  constexpr int steps = 4000;
  for (Step step = 0; step < steps; ++step) {
    ASSERT_TRUE(source.draw(step, 0, counts));
    for (std::size_t i = 0; i < counts.size(); ++i) sums[i] += counts[i];
  }
  for (std::size_t i = 0; i < rates.size(); ++i) {
    const double mean = rates[i] * 0.5e-3;
    EXPECT_NEAR(sums[i] / steps, mean, most * std::sqrt(mean / steps)) << i;
  }
}

// Rates of many pictures, one after another: what is remembered of old ones must not be mixed up.
TEST(Poisson, ten_thousand_different_rates_pass) {
  PoissonCounts source(key, constant(0), 0, infinity, Grid(0.5));
  for (int picture = 0; picture < 120; ++picture) {
    std::vector<double> rates(100);
    for (std::size_t i = 0; i < rates.size(); ++i) rates[i] = 1 + picture * 100 + double(i);
    source.set_rates(rates);
    ASSERT_EQ(in_one_draw(source, picture, 100),
              in_one_draw(PoissonCounts(key, rates, 0, infinity, Grid(0.5)), picture, 100));
  }
}

// A hash of many counts, shared and per neuron, for comparing processes.
std::uint64_t digest() {
  std::uint64_t hash = 0xCBF29CE484222325u;
  std::vector<double> rates;
  for (int i = 0; i < 1000; ++i) rates.push_back(10.0 * i);
  PoissonCounts shared(key, constant(12000), 0, infinity, Grid(0.1)), own(key, rates, 0, infinity, Grid(0.1));
  std::vector<std::uint32_t> counts(1000);
  for (Step step = 0; step < 50; ++step)
    for (PoissonCounts* source : {&shared, &own}) {
      source->draw(step, 3, std::span(counts).first(990));
      for (const std::uint32_t n : counts) hash = (hash ^ n) * 0x100000001B3u;
    }
  return hash;
}

TEST(PoissonWide, digest_of_this_process) {
  std::printf("digest %016llx\n", static_cast<unsigned long long>(digest()));
}

TEST(PoissonWide, wide_and_narrow_loops_draw_the_same) {
  if (!cpu_runs_wide_loops())
    GTEST_SKIP() << "this processor has no wide loops, or SYNFIRE_WIDE=0 turned them off";
  const std::string command =
      fmt::format("SYNFIRE_WIDE=0 '{}' --gtest_filter=PoissonWide.digest_of_this_process",
                  testing::internal::GetArgvs().front());
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  ASSERT_NE(pipe, nullptr);
  std::string output;
  char part[256];
  while (std::fgets(part, sizeof part, pipe.get()) != nullptr) output += part;
  EXPECT_NE(output.find(fmt::format("digest {:016x}", digest())), std::string::npos) << output;
}

}  // namespace
}  // namespace synfire
