// Synapses of several projections stored together: nothing is lost, rounding is bounded, parts do not matter.
#include <cstdlib>
#include <filesystem>

#include "io/yaml.hpp"
#include "synapses/sparse.hpp"
#include "tests/sim/networks.hpp"
#include "tests/source_dir.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

TEST(CompactBlock, rounds_a_weight_to_half_a_unit_at_most) {
  constexpr std::uint32_t targets = 1000;
  CompactBlock block;
  block.weight_unit = 0.01F;
  std::vector<std::uint32_t> sources(1, 0), delays(1, 1);
  std::vector<float> weights(1);
  const auto weight_of = [](std::uint32_t t) { return -300.0F + 0.6173F * static_cast<float>(t); };
  build_rows(block, 1, false, false, [&](bool, const auto& visit) {
    for (std::uint32_t t = 0; t < targets; ++t) {
      weights[0] = weight_of(t);
      delays[0] = 1 + t % 3;
      visit(TargetRow{t, sources, weights, delays});
    }
  });
  ASSERT_EQ(block.synapses(), targets);
  ASSERT_EQ(block.runs.size(), 3u);
  EXPECT_EQ(block.min_delay, 1);
  EXPECT_EQ(block.max_delay, 3);
  EXPECT_LE(double(block.bytes()) / targets, 4.1);
  std::vector<float> input(targets, 0.0F);
  std::uint64_t begin = 0;
  for (const DelayRun run : block.runs) {
    block.deliver(begin, run.count, 2, input.data());
    begin += run.count;
  }
  for (std::uint32_t t = 0; t < targets; ++t) EXPECT_NEAR(input[t], 2 * weight_of(t), 0.01 * 1.001) << t;
}

const std::string drawn = R"(
synfire: 1
simulation: {duration: 100 ms}
populations:
  exc, inh: {model: iaf_psc_exp, size: {each: [300, 100]}, params: {I_e: {each: [1000 pA, 1100 pA]}}}
projections:
  - from: [exc, inh]
    to: [exc, inh]
    connect: {fixed_indegree: {table: [[60, 20], [50, 30]]}}
    weight: {each_from: [{normal: {mean: 20 pA, sd: 2 pA, min: 0 pA}}, {normal: {mean: -80 pA, sd: 8 pA, max: 0 pA}}]}
    delay: {uniform: [0.5 ms, 2 ms]}
record: {"exc, inh": {spikes: all, I_syn_ex: all}}
)";

TEST(Joint, sixteen_bits_give_the_input_of_thirty_two_within_the_rounding) {
  const auto compact = run(network_of(drawn), with(1, 1));
  const auto full =
      run(network_of(drawn, {"simulation.weights=float32", "simulation.duration=20 ms"}), with(1, 1));
  EXPECT_EQ(compact.result.synapses, 300u * 80 + 100u * 80);
  EXPECT_LT(compact.result.synapse_bytes, full.result.synapse_bytes);
  EXPECT_GT(compact.spikes("exc").steps.size(), 300u);
  // Before anybody's first spike has returned twice, the two runs are the same but for the rounding.
  const auto &a = compact.trace("exc"), &b = full.trace("exc");
  const std::size_t frames = std::size_t(300) * 80;
  double largest = 0;
  for (std::size_t k = 0; k < frames; ++k) {
    ASSERT_NEAR(a[k], b[k], 2e-4 * (1 + std::abs(b[k])));
    largest = std::max(largest, std::abs(double(b[k])));
  }
  EXPECT_GT(largest, 1) << "some input has arrived";
}

TEST(Joint, more_targets_than_16_bits_can_name) {
  const std::string text = R"(
synfire: 1
simulation: {duration: 5 ms}
populations:
  pulse: {model: spike_list, size: 3, spikes: [[1 ms], [1.5 ms, 2 ms], [3 ms]]}
  a, b: {model: iaf_psc_delta, size: {each: [50000, 45000]}, params: {t_ref: 0.1 ms}}
projections:
  - {from: pulse, to: [a, b], connect: {fixed_indegree: 2}, weight: {uniform: [5 mV, 30 mV]}, delay: {uniform: [0.1 ms, 0.5 ms]}}
record: {"a, b": {spikes: all}}
)";
  const auto network = network_of(text);
  const auto yardstick = run(network, with(1, 1));
  EXPECT_EQ(yardstick.result.synapses, 2u * 95000);
  EXPECT_GT(yardstick.spikes("b").steps.size(), 10000u);
  for (const unsigned shards : {2u, 3u}) {
    const auto ran = run(network, with(2, shards));
    EXPECT_EQ(ran.spikes("a"), yardstick.spikes("a"));
    EXPECT_EQ(ran.spikes("b"), yardstick.spikes("b"));
    EXPECT_EQ(ran.result.synaptic_events, yardstick.result.synaptic_events);
  }
}

TEST(Microcircuit, spikes_are_the_same_on_any_number_of_threads) {
  Tree tree = read_yaml(test::source_dir() / "examples/microcircuit.yaml");
  for (const char* set : {"scale.neurons=0.05", "simulation.duration=100 ms"}) apply_set(tree, set);
  const NetworkDescription network = parse_network(tree);
  const auto yardstick = run(network, with(1));
  EXPECT_NEAR(double(yardstick.result.synapses), 3.02e8 * 0.05 * 0.05, 0.01e8 * 0.05 * 0.05 * 3);
  std::size_t spikes = 0;
  for (const auto& record : network.records) spikes += yardstick.sink.of(record.population).steps.size();
  EXPECT_GT(spikes, 500u);
  for (unsigned threads = 2; threads <= 8; ++threads) {
    const auto ran = run(network, with(threads, threads));
    for (const auto& record : network.records)
      ASSERT_EQ(ran.sink.of(record.population), yardstick.sink.of(record.population)) << threads;
  }
}

}  // namespace
}  // namespace synfire
