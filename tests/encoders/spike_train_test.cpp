#include <algorithm>

#include <gtest/gtest.h>

#include "core/random.hpp"
#include "core/spike_schedule.hpp"
#include "encoders/sources.hpp"

namespace synfire {
namespace {

std::vector<std::uint32_t> ids_in(const SpikeSchedule& train, Step step) {
  const auto ids = train.in_step(step);
  return {ids.begin(), ids.end()};
}

TEST(SpikeSchedule, a_spike_is_emitted_in_the_step_that_ends_at_its_time) {
  const std::vector<double> times = {0.1, 1.0, 0.34, 0.36, 0.0, 0.04};
  const std::vector<std::uint64_t> ids = {5, 1, 2, 3, 4, 0};
  const SpikeSchedule train(times, ids, Grid(0.1));
  EXPECT_EQ(ids_in(train, 0),
            (std::vector<std::uint32_t>{0, 4, 5}));  // 0.1 ms ends step 0; earlier ones come with it
  EXPECT_EQ(ids_in(train, 2), (std::vector<std::uint32_t>{2}));  // 0.34 ms lies nearest to 0.3 ms
  EXPECT_EQ(ids_in(train, 3), (std::vector<std::uint32_t>{3}));
  EXPECT_EQ(ids_in(train, 9), (std::vector<std::uint32_t>{1}));
  EXPECT_TRUE(ids_in(train, 1).empty());
  EXPECT_TRUE(ids_in(train, 10).empty());
}

TEST(SpikeSchedule, the_order_given_does_not_matter_and_nothing_is_lost) {
  RandomStream stream(RandomKey(1, "train"), 0);
  std::vector<double> times;
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < 5000; ++i) {
    times.push_back(stream.uniform(0, 50));
    ids.push_back(stream.below(40));
  }
  const SpikeSchedule train(times, ids, Grid(0.25));
  std::reverse(times.begin(), times.end());
  std::reverse(ids.begin(), ids.end());
  const SpikeSchedule reversed(times, ids, Grid(0.25));
  std::size_t found = 0;
  for (Step step = 0; step <= 200; ++step) {
    EXPECT_EQ(ids_in(train, step), ids_in(reversed, step));
    EXPECT_TRUE(std::is_sorted(train.in_step(step).begin(), train.in_step(step).end()));
    found += train.in_step(step).size();
  }
  EXPECT_EQ(found, 5000u);
  EXPECT_EQ(train.size(), 5000u);
}

TEST(SpikeSchedule, several_spikes_of_a_neuron_in_a_step_are_kept) {
  const std::vector<double> times = {1.01, 1.02, 0.99};
  const std::vector<std::uint64_t> ids = {3, 3, 3};
  EXPECT_EQ(ids_in(SpikeSchedule(times, ids, Grid(0.1)), 9), (std::vector<std::uint32_t>{3, 3, 3}));
}

TEST(SpikeSchedule, an_empty_train_is_silent) {
  EXPECT_TRUE(SpikeSchedule().in_step(0).empty());
  EXPECT_EQ(SpikeSchedule().size(), 0u);
}

TEST(Sources, what_they_say_of_their_parameters_names_parameters) {
  for (const auto& source : source_models()) {
    EXPECT_FALSE(source.model.summary.empty()) << source.model.name;
    EXPECT_FALSE(source.model.source.empty()) << source.model.name;
    for (const auto& list : {source.scheduled, source.per_neuron})
      for (const auto& name : list)
        EXPECT_NE(source.model.parameter(name), nullptr) << source.model.name << " " << name;
  }
}

}  // namespace
}  // namespace synfire
