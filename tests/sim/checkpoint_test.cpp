// A run that is stopped, saved and gone on with, on any number of threads, is the run that never stopped.
#include "sim/checkpoint.hpp"

#include <optional>

#include "tests/io/files.hpp"
#include "tests/plasticity/zoo.hpp"
#include "tests/sim/changing_zoo.hpp"
#include "tests/sim/networks.hpp"
#include "tests/sim/same.hpp"
#include "tests/sim/zoo.hpp"

namespace synfire {
namespace {

using namespace testing_tools;
using test::TemporaryFolder;

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
