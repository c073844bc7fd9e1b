// A run goes on from its checkpoint on any other number of ranks; ranks are threads here.
#include <atomic>
#include <filesystem>
#include <set>

#include "sim/checkpoint.hpp"
#include "tests/io/files.hpp"
#include "tests/plasticity/zoo.hpp"
#include "tests/sim/changing_zoo.hpp"
#include "tests/sim/local_ranks.hpp"
#include "tests/sim/networks.hpp"
#include "tests/sim/same.hpp"
#include "tests/sim/zoo.hpp"

namespace synfire {
namespace {

using namespace testing_tools;
using test::TemporaryFolder;

// Two populations, each on a rank, one of which reads spikes that the other has long forgotten.
const std::string distant = R"(
synfire: 1
simulation: {duration: 150 ms}
populations:
  a: {model: iaf_psc_exp, size: 50, params: {I_e: {uniform: [380 pA, 600 pA]}}}
  b: {model: iaf_psc_exp, size: 60}
projections:
  - {from: a, to: b, connect: all_to_all, weight: 100 pA, delay: {uniform: [25 ms, 35 ms]}}
record: {a: {spikes: all}, b: {spikes: all, V_m: {every: 1 ms}}}
)";

struct Parts {
  unsigned ranks, threads;
};

RunOptions options_of(const Parts& parts, Ranks* ranks) {
  RunOptions options = with(parts.threads);
  options.ranks = ranks;
  return options;
}

/// Runs to each of the points on ranks of its own, which all record into one sink.
Ran run_in_pieces(const NetworkDescription& network, const std::vector<double>& stops_ms,
                  const std::vector<Parts>& parts, const std::string& path) {
  Ran ran{network, {}, MemorySink(network)};
  const Grid grid(network.simulation.dt);
  for (std::size_t k = 0; k <= stops_ms.size(); ++k) {
    const Step until = grid.nearest(k < stops_ms.size() ? stops_ms[k] : network.simulation.duration);
    PostOffice office(parts[k].ranks);
    const auto failures = on_local_ranks(office, [&](unsigned rank, Ranks* ranks) {
      Simulation simulation(network, options_of(parts[k], ranks));
      if (k > 0) simulation.engine().load(read_checkpoint(path, ranks).state);
      MemorySink nothing(network);
      const RunResult result = simulation.run(rank == 0 ? ran.sink : nothing, [&](Engine& engine) {
        engine.advance(until);
        if (k == stops_ms.size()) return;
        EXPECT_TRUE(write_checkpoint(path, network, engine, ranks));
      });
      if (rank == 0) ran.result = result;
    });
    EXPECT_EQ(failures, std::vector<std::string>(parts[k].ranks));
  }
  return ran;
}

class OnOtherRanks : public testing::TestWithParam<std::pair<const char*, const std::string*>> {};

TEST_P(OnOtherRanks, a_run_in_pieces_is_the_whole_run_to_the_bit) {
  const TemporaryFolder folder;
  const auto network = network_of(*GetParam().second, {"simulation.duration=150 ms"});
  const Ran whole = run(network, with(1, 1));
  const std::string path = folder.file("run.checkpoint");
  {
    SCOPED_TRACE("one, several, others, one");
    expect_same(run_in_pieces(network, {33.3, 33.4, 100}, {{1, 1}, {3, 1}, {2, 2}, {1, 2}}, path), whole);
  }
  SCOPED_TRACE("several from the beginning, one, the same again");
  expect_same(run_in_pieces(network, {0, 66.6, 90}, {{2, 1}, {1, 1}, {4, 1}, {4, 1}}, path), whole);
}

INSTANTIATE_TEST_SUITE_P(Of, OnOtherRanks,
                         testing::Values(std::pair("everything", &zoo), std::pair("plasticity", &plastic_zoo),
                                         std::pair("masks_and_structure", &changing_zoo),
                                         std::pair("depression", &depressing_zoo),
                                         std::pair("learning", &learning_zoo),
                                         std::pair("long_delays", &distant)),
                         [](const auto& test) { return std::string(test.param.first); });

// By population and projection, not by rank: what belongs to neurons lies where it lies in any checkpoint.
TEST(RanksCheckpoint, has_the_arrays_of_one_process) {
  const TemporaryFolder folder;
  const auto network = network_of(plastic_zoo, {"simulation.duration=60 ms"});
  std::vector<State> states;
  for (const unsigned ranks : {1u, 3u}) {
    const std::string path = folder.file("run.checkpoint");
    run_in_pieces(network, {50}, {{ranks, 1}, {1, 1}}, path);
    states.push_back(read_checkpoint(path).state);
  }
  std::set<std::string> names, expected;
  for (const auto& [name, values] : states[0].arrays()) expected.insert(name);
  for (const auto& [name, values] : states[1].arrays()) names.insert(name);
  EXPECT_EQ(names, expected);
  std::size_t compared = 0;
  for (const auto& [name, values] : states[0].arrays()) {
    if (!name.starts_with("population/") || name.find("/recent/") != std::string::npos) continue;
    EXPECT_TRUE(states[1].arrays().at(name) == values) << name;
    ++compared;
  }
  EXPECT_GT(compared, 15u);
}

/// Runs with checkpoints until `stop`, which the last rank is told of; the step that was reached.
Step run_until_stopped(const NetworkDescription& network, unsigned count, const std::atomic<bool>& stop,
                       MemorySink& sink, const std::string& path) {
  PostOffice office(count);
  Step reached = -1;
  const auto failures = on_local_ranks(office, [&](unsigned rank, Ranks* ranks) {
    RunOptions options = options_of({count, 1}, ranks);
    if (rank + 1 == count) options.stop = &stop;
    Simulation simulation(network, options);
    MemorySink nothing(network);
    const RunResult result = simulation.run(rank == 0 ? sink : nothing, [&](Engine& engine) {
      advance_with_checkpoints(engine, network, path, 0, 7, ranks);
    });
    EXPECT_TRUE(result.stopped_early);
    if (rank == 0) reached = result.steps;
  });
  EXPECT_EQ(failures, std::vector<std::string>(count));
  return reached;
}

class Stopped : public testing::TestWithParam<bool> {};

TEST_P(Stopped, ranks_leave_a_checkpoint_of_where_they_stopped) {
  const TemporaryFolder folder;
  const std::string path = folder.file("run.checkpoint");
  const bool at_once = GetParam();
  std::atomic<bool> stop{at_once};
  const auto network = network_of(depressing_zoo, {"simulation.duration=1000 s"});
  Ran ran{network, {}, MemorySink(network)};
  std::thread alarm([&] {
    while (!at_once && !std::filesystem::exists(path)) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(at_once ? 0 : 50));
    stop = true;
  });
  const Step reached = run_until_stopped(network, 3, stop, ran.sink, path);
  alarm.join();
  ASSERT_EQ(read_checkpoint(path).step, reached);
  const Step until = reached + 600;
  PostOffice office(2);
  const auto failures = on_local_ranks(office, [&](unsigned rank, Ranks* ranks) {
    Simulation simulation(network, options_of({2, 1}, ranks));
    simulation.engine().load(read_checkpoint(path, ranks).state);
    MemorySink nothing(network);
    simulation.run(rank == 0 ? ran.sink : nothing, [&](Engine& engine) { engine.advance(until); });
  });
  EXPECT_EQ(failures, std::vector<std::string>(2));
  auto whole = network;
  whole.simulation.duration = Grid(whole.simulation.dt).time_ms(until);
  const Ran yardstick = run(whole, with(1));
  for (std::size_t p = 0; p < network.populations.size(); ++p)
    EXPECT_EQ(ran.sink.of(p), yardstick.sink.of(p)) << network.populations[p].name;
  EXPECT_TRUE(everything(ran) == everything(yardstick)) << "a trace differs";
}

INSTANTIATE_TEST_SUITE_P(When, Stopped, testing::Bool(),
                         [](const auto& test) { return test.param ? "at_once" : "in_the_midst"; });

State without(const State& state, const std::string& name) {
  State lacking;
  for (const auto& [other, values] : state.arrays())
    if (other != name) lacking.insert(other, values);
  return lacking;
}

State shortened(const State& state, const std::string& name) {
  State shorter = state;
  std::visit(
      [&](auto array) {
        array.pop_back();
        shorter.insert(name, std::move(array));
      },
      state.arrays().at(name));
  return shorter;
}

TEST(RanksCheckpoint, that_is_damaged_is_refused_by_all) {
  const TemporaryFolder folder;
  const std::string path = folder.file("run.checkpoint");
  const auto network = network_of(plastic_zoo);
  run_in_pieces(network, {20}, {{2, 1}, {1, 1}}, path);
  const State state = read_checkpoint(path).state;
  std::vector<std::pair<std::string, State>> damaged;
  for (const auto& [name, values] : state.arrays()) {
    damaged.emplace_back("without " + name, without(state, name));
    if (std::visit([](const auto& array) { return array.empty(); }, values)) continue;
    damaged.emplace_back("with less of " + name, shortened(state, name));
  }
  ASSERT_GT(damaged.size(), 100u);
  PostOffice office(2);
  std::vector<std::vector<std::string>> says(2);
  const auto failures = on_local_ranks(office, [&](unsigned rank, Ranks* ranks) {
    Simulation simulation(network, options_of({2, 1}, ranks));
    for (const auto& [what, less] : damaged) {
      try {
        simulation.engine().load(rank == 0 ? less : State());
        says[rank].emplace_back();
      } catch (const SharedError& error) {
        says[rank].emplace_back(error.what());
      }
    }
  });
  ASSERT_EQ(failures, std::vector<std::string>(2));
  EXPECT_EQ(says[0], says[1]);
  for (std::size_t k = 0; k < damaged.size(); ++k) {
    EXPECT_NE(says[0][k].find("the checkpoint is damaged"), std::string::npos)
        << damaged[k].first << ": " << says[0][k];
    EXPECT_EQ(says[0][k].find('\n'), std::string::npos);
  }
}

}  // namespace
}  // namespace synfire
