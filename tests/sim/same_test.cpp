// The same answer whatever the machine: threads, shards and vector width change nothing, to the bit.
#include "tests/sim/same.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <set>

#include <unistd.h>

#include "core/cpu.hpp"
#include "sim/plan.hpp"
#include "tests/io/files.hpp"
#include "tests/sim/networks.hpp"
#include "tests/sim/zoo.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

TEST(Same, spikes_and_traces_do_not_depend_on_threads_or_shards_to_the_bit) {
  const auto network = network_of(zoo);
  const auto yardstick = run(network, with(1, 1));
  ASSERT_EQ(yardstick.result.shards, 5u) << "three populations of neurons, two of sources with synapses";
  for (const char* population : {"exc", "inh", "cond"}) {
    const double rate = double(yardstick.spikes(population).steps.size()) /
                        network.populations[yardstick.index(population)].size() / 0.3;
    EXPECT_GT(rate, 2) << population << " is too quiet for this test to mean anything";
    EXPECT_LT(rate, 100) << population;
  }
  for (const unsigned threads : {1u, 2u, 3u, 8u}) {
    for (const unsigned shards : {1u, 2u, 3u, 5u}) {
      SCOPED_TRACE(fmt::format("{} threads, {} shards", threads, shards));
      const auto ran = run(network, with(threads, shards));
      // Ranges are cut between groups of 64: cond has 2 of them, inh 4.
      EXPECT_EQ(ran.result.shards, shards + std::min(shards, 4u) + std::min(shards, 2u) + 2);
      expect_same(ran, yardstick);
    }
    SCOPED_TRACE(fmt::format("{} threads, shards as chosen", threads));
    expect_same(run(network, with(threads)), yardstick);
  }
}

TEST(Same, repeated_runs_are_equal_and_another_seed_is_not) {
  const auto once = run(network_of(zoo), with(2, 3)), again = run(network_of(zoo), with(2, 3));
  expect_same(again, once);
  const auto other = run(network_of(zoo, {"seed=8"}), with(2, 3));
  EXPECT_NE(other.spikes("exc"), once.spikes("exc"));
}

// 640 neurons spike at once, again and again; each target adds up some 200 different weights in one step. In
// another order the sum is another float. One delay, and drawn delays, which take another path.
TEST(Same, sums_are_taken_in_one_order) {
  const auto network = network_of(R"(
synfire: 1
simulation: {duration: 60 ms}
populations:
  volley: {model: iaf_psc_delta, size: 640, params: {I_e: 800 pA}}
  one: {model: iaf_psc_exp, size: 130, params: {V_th: 1 V}}
  drawn: {model: iaf_psc_exp, size: 130, params: {V_th: 1 V}}
projections:
  - {from: volley, to: one, connect: {fixed_probability: 0.3}, weight: {uniform: [1 pA, 2 pA]}, delay: 1 ms}
  - {from: volley, to: drawn, connect: {fixed_probability: 0.3}, weight: {uniform: [1 pA, 2 pA]}, delay: {uniform: [1 ms, 1.3 ms]}}
record: {volley: {spikes: all}, one: {I_syn_ex: all}, drawn: {I_syn_ex: all}}
)");
  const auto yardstick = run(network, with(1, 1));
  EXPECT_GE(yardstick.spikes("volley").steps.size(), 5 * 640u);
  for (const unsigned shards : {2u, 3u, 5u, 10u}) {
    SCOPED_TRACE(shards);
    expect_same(run(network, with(2, shards)), yardstick);
  }
}

// A shard must not let its order of work leak into another population: leaving out what is recorded, or a
// population that receives only, changes no spike of the others.
TEST(Same, recording_changes_nothing) {
  const auto full = run(network_of(zoo), with(2, 2));
  auto network = network_of(zoo);
  network.records.resize(1);
  network.records[0].traces.clear();
  const auto bare = run(network, with(2, 2));
  EXPECT_EQ(bare.spikes("exc"), full.spikes("exc"));
  EXPECT_TRUE(bare.spikes("inh").steps.empty());
}

/// Runs in a process of its own, because the width is chosen once: writes all results to `file`.
[[noreturn]] void run_at_width(const char* wide, const std::string& file) {
  setenv("SYNFIRE_WIDE", wide, 1);
  if (std::string(wide) == "0" && cpu_runs_wide_loops()) std::_Exit(3);
  std::ofstream(file, std::ios::binary) << everything(run(network_of(zoo), with(2, 2)));
  std::_Exit(0);
}

TEST(SameDeathTest, wide_vectors_give_the_same_bits) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // starts this program anew for each statement below
  // The children must find the same names.
  if (std::getenv("SYNFIRE_TEST_WIDTHS") == nullptr)
    setenv("SYNFIRE_TEST_WIDTHS",
           (std::filesystem::temp_directory_path() / fmt::format("synfire-widths-{}", getpid())).c_str(), 1);
  const std::string prefix = std::getenv("SYNFIRE_TEST_WIDTHS");
  EXPECT_EXIT(run_at_width("0", prefix + ".narrow"), ::testing::ExitedWithCode(0), "");
  EXPECT_EXIT(run_at_width("1", prefix + ".wide"), ::testing::ExitedWithCode(0), "");
  const std::string narrow = test::content_of(prefix + ".narrow"), wide = test::content_of(prefix + ".wide");
  for (const char* name : {".narrow", ".wide"}) std::filesystem::remove(prefix + name);
  unsetenv("SYNFIRE_TEST_WIDTHS");
  EXPECT_GT(narrow.size(), 10000u);
  EXPECT_TRUE(narrow == wide);
  if (!cpu_runs_wide_loops()) GTEST_SKIP() << "this machine has no AVX-512: both runs were narrow";
}

// Synapses that spikes went through, counted from the rules: a spike of step k acts in step k + delay, if
// that is before the end.
std::uint64_t recounted_events(const Ran& ran) {
  const Step steps = ran.result.steps;
  const auto plans = plan_projections({ran.network, Grid(ran.network.simulation.dt)}, true);
  std::uint64_t events = 0;
  for (const auto& plan : plans) {
    if (plan.is_current || plan.is_fused) continue;
    std::vector<std::vector<Step>> delays(plan.from->size());
    std::vector<std::uint32_t> sources;
    for (std::uint32_t t = 0; t < plan.to->size(); ++t) {
      sources.clear();
      plan.connector->sources_of(t, sources);
      for (std::uint32_t k = 0; k < sources.size(); ++k) delays[sources[k]].push_back(plan.delay(t, k));
    }
    const auto& spikes = ran.sink.of(plan.description->from);
    for (std::size_t s = 0; s < spikes.steps.size(); ++s)
      for (const Step delay : delays[spikes.neurons[s]]) events += spikes.steps[s] + delay < steps;
  }
  return events;
}

TEST(Conservation, every_spike_goes_through_each_of_its_synapses_once) {
  auto network = network_of(zoo);
  RecordDescription volleys;
  volleys.population = network.population("volleys").value();
  volleys.spikes = {};
  network.records.push_back(volleys);
  for (const unsigned shards : {1u, 3u}) {
    const auto ran = run(network, with(2, shards));
    EXPECT_EQ(ran.result.synaptic_events, recounted_events(ran));
    EXPECT_GT(ran.result.synaptic_events, 100'000u);
    std::uint64_t spikes = 0;
    for (const auto& population : ran.sink.all()) spikes += population.steps.size();
    std::uint64_t counted = 0;
    for (const auto& population : ran.result.populations) counted += population.spikes;
    EXPECT_EQ(counted, spikes) << "all populations are recorded";
    EXPECT_EQ(ran.result.neuron_updates, 1100u * 3000u);
  }
}

TEST(Building, tells_what_part_is_done_and_ends_with_all) {
  for (const unsigned threads : {1u, 3u}) {
    std::vector<double> parts;
    RunOptions options = with(threads);
    options.building = [&](double part) { parts.push_back(part); };
    const Simulation simulation(network_of(zoo), options);
    ASSERT_GT(parts.size(), 3u);
    EXPECT_TRUE(std::is_sorted(parts.begin(), parts.end()));
    EXPECT_GT(parts.front(), 0);
    EXPECT_NEAR(parts.back(), 1, 1e-12);
  }
}

}  // namespace
}  // namespace synfire
