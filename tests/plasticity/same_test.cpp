// Plastic networks: the same bits on any number of shards and threads, and the reference's result.
#include <cmath>

#include "tests/plasticity/pairs.hpp"
#include "tests/plasticity/zoo.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

TEST(PlasticSame, any_shards_and_threads_give_the_same_spikes_and_weights) {
  const Ran one = run(network_of(plastic_zoo), with(1, 1));
  EXPECT_GT(one.spikes("exc").steps.size(), 200u);
  EXPECT_GT(one.spikes("inh").steps.size(), 200u);
  const std::pair<unsigned, unsigned> cases[] = {{1, 4}, {2, 3}, {3, 7}};
  for (const auto& [threads, shards] : cases) {
    const Ran other = run(network_of(plastic_zoo), with(threads, shards));
    EXPECT_EQ(other.sink.all(), one.sink.all()) << threads << " threads " << shards << " shards";
    for (std::size_t r = 0; r < one.network.weight_records.size(); ++r) {
      const auto &a = one.sink.weights_of(r), &b = other.sink.weights_of(r);
      ASSERT_EQ(a.size(), b.size()) << r;
      for (std::size_t k = 0; k < a.size(); ++k) {
        EXPECT_EQ(a[k].first, b[k].first);
        EXPECT_EQ(a[k].second.sources, b[k].second.sources) << r;
        EXPECT_EQ(a[k].second.targets, b[k].second.targets) << r;
        EXPECT_EQ(a[k].second.weights, b[k].second.weights)
            << r << " " << threads << " threads " << shards << " shards";
      }
    }
  }
}

TEST(PlasticSame, recording_weights_does_not_change_the_run) {
  std::string silent = plastic_zoo;
  silent.erase(silent.find("  pairs: {weights"));
  EXPECT_EQ(run(silent).sink.all(), run(plastic_zoo).sink.all());
}

// The first 20 ms, before rounding has moved a spike: weights agree to single precision's sums.
TEST(PlasticSame, the_fast_backend_agrees_with_the_reference) {
  std::string text = plastic_zoo;
  text.replace(text.find("duration: 200 ms"), 16, "duration: 20 ms");
  for (const char* entry : {"{at: [0 ms, 100 ms, 200 ms]}", "{every: 60 ms}", "{every: 100 ms}",
                            "{every: 50 ms}", "{every: 70 ms}"})
    text.replace(text.find(entry), std::string(entry).size(), "{at: [20 ms]}");
  const Ran fast = run_on("cpu", text), exact = run_on("reference", text);
  EXPECT_GT(fast.spikes("exc").steps.size(), 20u);
  EXPECT_EQ(fast.sink.all(), exact.sink.all());
  for (std::size_t r = 0; r < fast.network.weight_records.size(); ++r) {
    const auto &a = fast.sink.weights_of(r).at(0).second, &b = exact.sink.weights_of(r).at(0).second;
    ASSERT_EQ(a.sources, b.sources) << r;
    ASSERT_EQ(a.targets, b.targets) << r;
    for (std::size_t k = 0; k < a.weights.size(); ++k)
      ASSERT_NEAR(a.weights[k], b.weights[k], 1e-3) << r << " " << k;
  }
}

TEST(PlasticControl, plasticity_can_be_switched_off_and_on) {
  Simulation simulation(network_of(plastic_zoo), with(2, 4));
  MemorySink sink(simulation.network());
  Engine& engine = simulation.engine();
  engine.start(sink);
  const auto before = engine.control()->synapses(1).weights;
  engine.control()->set_plastic(false);
  ASSERT_TRUE(engine.advance(1000));
  EXPECT_EQ(engine.control()->synapses(1).weights, before);
  engine.control()->set_plastic(true);
  ASSERT_TRUE(engine.advance(2000));
  EXPECT_NE(engine.control()->synapses(1).weights, before);
  std::vector<std::uint64_t> counts(400);
  engine.control()->spike_counts(1, counts);
  const RunResult result = engine.finish();
  std::uint64_t total = 0;
  for (const auto count : counts) total += count;
  EXPECT_EQ(total, sink.of(1).steps.size());
  EXPECT_EQ(result.steps, 2000);
}

TEST(PlasticControl, parameters_change_between_advances) {
  Simulation simulation(network_of(R"(
synfire: 1
simulation: {duration: 200 ms}
populations:
  quiet: {model: poisson, size: 200, params: {rate: 0 Hz}}
  cells: {model: iaf_psc_exp, size: 200}
projections: [{from: quiet, to: cells, connect: {fixed_indegree: 3}, weight: 1 pA}]
record: {quiet: {spikes: all}, cells: {spikes: all}}
)"),
                        with(1, 2));
  MemorySink sink(simulation.network());
  Engine& engine = simulation.engine();
  engine.start(sink);
  engine.advance(1000);
  std::vector<std::uint64_t> counts(200);
  engine.control()->spike_counts(0, counts);
  EXPECT_EQ(counts, std::vector<std::uint64_t>(200, 0));
  std::vector<double> rates(200, 0.0);
  for (std::size_t i = 100; i < 200; ++i) rates[i] = 1000;
  engine.control()->set_parameter(0, "rate", rates);
  const double strong[] = {1000.0};
  engine.control()->set_parameter(1, "I_e", strong);
  engine.advance(2000);
  engine.control()->spike_counts(0, counts);
  for (std::size_t i = 0; i < 200; ++i)
    EXPECT_EQ(counts[i] > 0, i >= 100) << i;  // 0 in 100 draws of mean 1: e^-100
  engine.control()->spike_counts(1, counts);
  for (std::size_t i = 0; i < 200; ++i) EXPECT_GT(counts[i], 5u) << i;
  EXPECT_THROW(engine.control()->set_parameter(1, "no_such", strong), Error);
  engine.finish();
}

}  // namespace
}  // namespace synfire
