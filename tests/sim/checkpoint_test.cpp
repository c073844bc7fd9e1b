// A run that is stopped, saved and gone on with, on any number of threads, is the run that never stopped.
#include "sim/checkpoint.hpp"

#include <optional>

#include "tests/io/files.hpp"
#include "tests/plasticity/zoo.hpp"
#include "tests/sim/networks.hpp"
#include "tests/sim/same.hpp"
#include "tests/sim/zoo.hpp"

namespace synfire {
namespace {

using namespace testing_tools;
using test::TemporaryFolder;

// Masks that compete, by synapse and by target; structure that goes and comes; a rule that looks at another
// projection's structure.
const std::string changing_zoo = R"(
synfire: 1
seed: 5
simulation: {duration: 200 ms}
populations:
  noise: {model: poisson, size: 200, params: {rate: 5 kHz}}
  exc: {model: iaf_psc_exp, size: 200, params: {I_e: {uniform: [0 pA, 50 pA]}}}
  inh: {model: iaf_psc_exp, size: 100, params: {I_e: 380 pA}}
projections:
  - {from: noise, to: exc, connect: one_to_one, weight: 55 pA}
  - {name: left, from: exc, to: inh, connect: {fixed_indegree: 12}, weight: 30 pA, delay: {uniform: [1 ms, 4 ms]}, mask: {granularity: target, initial: {uniform: [0.3, 0.7]}, every: 10 ms, competition: {against: right, rate: 0.01, tau: 20 ms}}}
  - {name: right, from: inh, to: inh, connect: {fixed_indegree: 12}, weight: -30 pA, delay: 1 ms, mask: {complement_of: left}}
  - {name: open, from: exc, to: exc, connect: {fixed_indegree: 10}, weight: 20 pA, delay: 2 ms, mask: {kind: stochastic, initial: 0.6, every: 7 ms}}
  - {name: pruned, from: exc, to: inh, connect: {fixed_indegree: 20}, weight: {uniform: [5 pA, 60 pA]}, delay: {uniform: [0.5 ms, 6 ms]}, plasticity: {stdp: {w_max: 100 pA}, structural: {every: 15 ms, prune: synapses, rate_prune: 5, regenerate: random, rate_regenerate: 20, rates: connections, next: balance, form: 10, w_new: 25 pA}}}
  - {name: balance, from: inh, to: exc, connect: {fixed_indegree: 20}, weight: -50 pA, delay: {uniform: [0.5 ms, 2 ms]}, plasticity: {stdp_inhibitory: {w_max: 300 pA, eta: 0.01}, structural: {every: 25 ms, prune: weight, w_prune: 45 pA, form: 30, w_new: 50 pA}}}
record:
  exc: {spikes: all, V_m: {every: 0.7 ms, neurons: "0:5"}}
  inh: {spikes: all}
  left: {weights: {every: 50 ms}}
  pruned: {weights: {every: 40 ms}}
  balance: {weights: {at: [200 ms]}}
)";

// Static synapses with short-term plasticity on one delay and on many.
const std::string depressing_zoo = R"(
synfire: 1
seed: 9
simulation: {duration: 200 ms}
populations:
  noise: {model: poisson, size: 300, params: {rate: 6 kHz}}
  a: {model: iaf_psc_exp, size: 300}
  b: {model: iaf_cond_alpha, size: 200}
projections:
  - {from: noise, to: a, connect: one_to_one, weight: 60 pA}
  - {from: a, to: b, connect: {fixed_indegree: 30}, weight: 3 nS, delay: {uniform: [0.5 ms, 12 ms]}, plasticity: {tsodyks_markram: {U: 0.4, tau_rec: 100 ms, tau_fac: 50 ms}}}
  - {from: a, to: a, connect: {fixed_indegree: 30}, weight: 30 pA, delay: 3 ms, plasticity: {tsodyks_markram: {U: 0.4, tau_rec: 100 ms}}}
  - {from: b, to: a, connect: {fixed_indegree: 10}, weight: -50 pA, delay: {uniform: [1 ms, 40 ms]}}
record:
  a: {spikes: all}
  b: {spikes: all, g_ex: {every: 1 ms}}
)";

struct Parts {
  unsigned threads, shards;
};

/// Runs to each of the points in an engine of its own, all of them recording into one sink.
Ran run_in_pieces(const NetworkDescription& network, const std::vector<double>& stops_ms,
                  const std::vector<Parts>& parts, const std::string& path) {
  std::optional<MemorySink> sink;
  RunResult result;
  NetworkDescription built;
  for (std::size_t k = 0; k <= stops_ms.size(); ++k) {
    Simulation simulation(network, with(parts[k].threads, parts[k].shards));
    built = simulation.network();
    if (!sink) sink.emplace(built);
    if (k > 0) simulation.engine().load(read_checkpoint(path).state);
    const Grid grid(network.simulation.dt);
    const Step until = grid.nearest(k < stops_ms.size() ? stops_ms[k] : network.simulation.duration);
    result = simulation.run(*sink, [&](Engine& engine) {
      engine.advance(until);
      if (k == stops_ms.size()) return;
      EXPECT_TRUE(write_checkpoint(path, built, engine));
    });
  }
  return {std::move(built), std::move(result), std::move(*sink)};
}

class Checkpoints : public testing::TestWithParam<std::pair<const char*, const std::string*>> {};

TEST_P(Checkpoints, a_run_in_pieces_is_the_whole_run_to_the_bit) {
  const TemporaryFolder folder;
  const auto network = network_of(*GetParam().second);
  const Ran whole = run(network, with(1, 1));
  std::size_t spikes = 0;
  for (const auto& population : whole.sink.all()) spikes += population.steps.size();
  EXPECT_GT(spikes, 300u);
  const std::string path = folder.file("run.checkpoint");
  {
    SCOPED_TRACE("the same parts");
    expect_same(run_in_pieces(network, {80}, {{1, 1}, {1, 1}}, path), whole);
  }
  SCOPED_TRACE("other threads and parts each time, and one piece of a single step");
  expect_same(run_in_pieces(network, {33.3, 33.4, 150}, {{2, 3}, {1, 1}, {3, 5}, {2, 2}}, path), whole);
}

INSTANTIATE_TEST_SUITE_P(Of, Checkpoints,
                         testing::Values(std::pair("everything", &zoo), std::pair("plasticity", &plastic_zoo),
                                         std::pair("masks_and_structure", &changing_zoo),
                                         std::pair("depression", &depressing_zoo)),
                         [](const auto& test) { return std::string(test.param.first); });

TEST(CheckpointFile, of_another_network_or_damaged_is_refused_and_nothing_crashes) {
  const TemporaryFolder folder;
  const std::string path = folder.file("run.checkpoint");
  const auto network = network_of(plastic_zoo);
  run_in_pieces(network, {50}, {{1, 1}, {1, 1}}, path);
  const Checkpoint checkpoint = read_checkpoint(path);
  EXPECT_EQ(checkpoint.step, 500);
  {
    Simulation other(network_of(plastic_zoo, {"populations.inh.size=210"}), with(1));
    EXPECT_THROW(other.engine().load(checkpoint.state), Error);
  }
  {
    Simulation other(network_of(plastic_zoo, {"seed=12"}), with(1));
    EXPECT_THROW(other.engine().load(checkpoint.state), Error) << "its synapses are others";
  }
  for (const auto& [name, values] : checkpoint.state.arrays()) {
    State lacking;
    for (const auto& [other, kept] : checkpoint.state.arrays())
      if (other != name) lacking.insert(other, kept);
    Simulation simulation(network, with(2));
    EXPECT_THROW(simulation.engine().load(lacking), Error) << "without " << name;
    State shorter = checkpoint.state;
    std::visit(
        [&](auto array) {
          if (array.empty()) return;
          array.pop_back();
          shorter.insert(name, std::move(array));
          Simulation again(network, with(1));
          try {
            again.engine().load(shorter);
            ADD_FAILURE() << name << " with an element less was taken";
          } catch (const Error&) {
          }
        },
        values);
  }
  EXPECT_THROW(read_checkpoint(folder.write("text", "no HDF5")), Error);
}

TEST(CheckpointFile, is_not_kept_where_a_run_could_not_go_on) {
  EXPECT_THROW(check_checkpoints(network_of(zoo, {"simulation.backend=reference"})), Error);
  EXPECT_NO_THROW(check_checkpoints(network_of(zoo)));
}

}  // namespace
}  // namespace synfire
