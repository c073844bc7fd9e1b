// `mpirun synfire run`: one file, the same on any number of ranks; and what happens when a rank dies.
#include <csignal>
#include <cstdlib>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/program/networks.hpp"
#include "tests/program/program.hpp"
#include "tests/program/small_training.hpp"
#include "tests/source_dir.hpp"

namespace synfire::test {
namespace {

Words mpirun(unsigned ranks, const Words& arguments, const Words& options = {}) {
  Words command = {"mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none",
                   "-n",     std::to_string(ranks)};
  command.insert(command.end(), options.begin(), options.end());
  const Words program = synfire_command(arguments);
  command.insert(command.end(), program.begin(), program.end());
  return command;
}

std::string example(const std::string& name) { return (test::source_dir() / "examples" / name).string(); }

struct Network {
  std::string name;
  Words arguments;
  Words populations;
  std::string weights = {};  // projection whose weights are recorded
  friend void PrintTo(const Network& network, std::ostream* out) { *out << network.name; }
};

class SameOnRanks : public testing::TestWithParam<Network> {};

TEST_P(SameOnRanks, SpikesAndWeights) {
  const Folder folder;
  const Network& network = GetParam();
  const auto arguments = [&](const std::string& output) {
    Words words = {"run", example(network.name), "-q", "--threads", "1", "-o", output};
    words.insert(words.end(), network.arguments.begin(), network.arguments.end());
    return words;
  };
  const auto alone = synfire(arguments("1.h5"), {.folder = folder.path()});
  ASSERT_EQ(alone.exit_code, 0) << alone.err;
  const hdf5::File yardstick = hdf5::File::open(folder.file("1.h5"));
  for (const unsigned ranks : {2u, 3u, 4u}) {
    const std::string name = fmt::format("{}.h5", ranks);
    const auto outcome = Process(mpirun(ranks, arguments(name)), {.folder = folder.path()}).wait();
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    const hdf5::File file = hdf5::File::open(folder.file(name));
    EXPECT_EQ(status_of(file), "complete");
    EXPECT_EQ(completed_ms(file), completed_ms(yardstick));
    EXPECT_EQ(file.group("synfire/timing").number_attribute("ranks"), double(ranks));
    for (const auto& population : network.populations) {
      const SpikeTrain expected = spikes_of(yardstick, population);
      EXPECT_FALSE(expected.times_ms.empty()) << population;
      EXPECT_EQ(spikes_of(file, population), expected) << population << " on " << ranks << " ranks";
    }
    if (network.weights.empty()) continue;
    for (const char* const part : {"weight", "source_node_id", "target_node_id"}) {
      const std::string place = fmt::format("synfire/weights/{}/{}", network.weights, part);
      EXPECT_EQ(file.dataset(place).read<double>(), yardstick.dataset(place).read<double>()) << place;
    }
  }
  EXPECT_EQ(folder.list(), (Words{"1.h5", "2.h5", "3.h5", "4.h5"}));
}

const Words microcircuit = {"L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I"};
INSTANTIATE_TEST_SUITE_P(
    Networks, SameOnRanks,
    testing::Values(Network{"cuba.yaml", {"--set", "simulation.duration=200 ms"}, {"exc", "inh"}},
                    Network{"brunel.yaml", {"--set", "simulation.duration=60 ms"}, {"exc", "inh"}},
                    Network{"plastic.yaml",
                            {"--set", "simulation.duration=100 ms", "--set",
                             "record.exc->exc.weights.at=[0 ms, 100 ms]"},
                            {"exc", "inh"},
                            "exc->exc"},
                    Network{"microcircuit.yaml",
                            {"--set", "simulation.duration=100 ms", "--set", "scale.neurons=0.05"},
                            microcircuit}),
    [](const auto& test) { return test.param.name.substr(0, test.param.name.find('.')); });

TEST(OnRanks, OneSpeaksAndTheFirstErrorCounts) {
  const Folder folder;
  folder.write("net.yaml", small_network);
  const auto told = Process(mpirun(3, {"run", "net.yaml"}), {.folder = folder.path()}).wait();
  EXPECT_EQ(told.exit_code, 0) << told.err;
  EXPECT_NE(told.out.find("3 ranks with 1 of"), std::string::npos) << told.out;
  EXPECT_EQ(told.out.find("net.h5"), told.out.rfind("net.h5")) << "printed once";
  const auto again = Process(mpirun(3, {"run", "net.yaml"}), {.folder = folder.path()}).wait();
  EXPECT_EQ(again.exit_code, 2) << again.err;
  const auto first = again.err.find("synfire: output 'net.h5' exists");
  ASSERT_NE(first, std::string::npos) << again.err;
  EXPECT_EQ(again.err.find("synfire: output", first + 1), std::string::npos) << again.err;
}

TEST(OnRanks, ATaskIsRefused) {
  const Folder folder;
  const auto outcome = Process(mpirun(2, {"run", example("tactile.yaml")}), {.folder = folder.path()}).wait();
  EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
  EXPECT_NE(outcome.err.find("task runs in one process"), std::string::npos) << outcome.err;
}

std::vector<double> epochs_of(const Folder& folder, const std::string& name, const std::string& column) {
  return hdf5::File::open(folder.file(name)).group("synfire/training/epochs").dataset(column).read<double>();
}

void expect_same_training(const Folder& folder, const std::string& name, const std::string& yardstick) {
  EXPECT_EQ(weights_of(folder, name), weights_of(folder, yardstick)) << name;
  for (const char* const column :
       {"train_loss", "train_accuracy", "validation_loss", "test_loss", "gradient_norm"})
    EXPECT_EQ(epochs_of(folder, name, column), epochs_of(folder, yardstick, column)) << name << " " << column;
}

// Norms, spikes that come back, dropout, rates that cost, a last batch smaller than the parts.
const Words shared_training = {"--set", "training.parts=8",
                               "--set", "training.epochs=2",
                               "--set", "training.regularisers=[{rate: {target: 0.1, weight: 0.1}}]"};

Words train(const std::string& output, Words more = {}) {
  Words words = {"train", "net.yaml", "-q", "--threads", "1", "-o", output};
  words.insert(words.end(), shared_training.begin(), shared_training.end());
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST(TrainingOnRanks, IsThatOfOneProcessToTheBit) {
  const Folder folder;
  prepare(folder, 147);
  const auto alone = synfire(train("1.h5"), {.folder = folder.path()});
  ASSERT_EQ(alone.exit_code, 0) << alone.err;
  for (const unsigned ranks : {2u, 4u}) {
    const std::string name = fmt::format("{}.h5", ranks);
    const auto outcome = Process(mpirun(ranks, train(name)), {.folder = folder.path()}).wait();
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    expect_same_training(folder, name, "1.h5");
  }
  const auto first =
      Process(mpirun(2, train("r.h5", {"--set", "training.epochs=1"})), {.folder = folder.path()}).wait();
  ASSERT_EQ(first.exit_code, 0) << first.err;
  const auto rest = Process(mpirun(4, train("r.h5", {"--resume"})), {.folder = folder.path()}).wait();
  ASSERT_EQ(rest.exit_code, 0) << rest.err;
  expect_same_training(folder, "r.h5", "1.h5");
}

TEST(TrainingOnRanks, ThreeRanksShareTwelveParts) {
  const Folder folder;
  prepare(folder, 147);
  const Words twelve = {"--set", "training.parts=12"};
  const auto alone = synfire(train("1.h5", twelve), {.folder = folder.path()});
  ASSERT_EQ(alone.exit_code, 0) << alone.err;
  const auto outcome = Process(mpirun(3, train("3.h5", twelve)), {.folder = folder.path()}).wait();
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  expect_same_training(folder, "3.h5", "1.h5");
  const auto refused = Process(mpirun(3, train("no.h5")), {.folder = folder.path()}).wait();
  EXPECT_EQ(refused.exit_code, 2) << refused.err;
  EXPECT_NE(refused.err.find("3 ranks cannot share 8 parts of a batch"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("training.parts=12"), std::string::npos) << refused.err;
}

TEST(TrainingOnRanks, NumbersThatAreNotFiniteAreToldOnce) {
  const Folder folder;
  prepare(folder);
  const auto outcome =
      Process(mpirun(2, train("net.h5", {"--set", "training.optimiser.sgd.learning_rate=1e30"})),
              {.folder = folder.path()})
          .wait();
  EXPECT_EQ(outcome.exit_code, 3) << outcome.err;
  const auto told = outcome.err.find("finite number");
  ASSERT_NE(told, std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.err.find("finite number", told + 1), std::string::npos) << outcome.err;
}

// The processes of mpirun's program, by what they were started as.
std::vector<pid_t> ranks_of(const Folder& folder) {
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::error_code gone;
    if (std::filesystem::read_symlink(entry.path() / "cwd", gone) != folder.path() || gone) continue;
    if (std::filesystem::equivalent(entry.path() / "exe", synfire_command({}).front(), gone) == false || gone)
      continue;
    found.push_back(static_cast<pid_t>(std::stol(name)));
  }
  std::sort(found.begin(), found.end());
  return found;
}

bool wait_for_file(Process& process, const Folder& folder, const std::string& name) {
  while (process.running() && process.seconds() < 60) {
    if (std::filesystem::exists(folder.path() / name)) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

// The file of a run that ended early holds what the whole run has up to there.
void expect_prefix(const Folder& folder, const std::string& name) {
  const hdf5::File file = hdf5::File::open(folder.file(name));
  EXPECT_EQ(status_of(file), "stopped");
  const double last_ms = completed_ms(file);
  ASSERT_GT(last_ms, 1);
  const auto whole = synfire({"run", "net.yaml", "-q", "-o", "whole.h5", "--force", "--set",
                              fmt::format("simulation.duration={:.1f} ms", last_ms)},
                             {.folder = folder.path()});
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  const hdf5::File yardstick = hdf5::File::open(folder.file("whole.h5"));
  for (const char* const population : {"exc", "inh"}) {
    const SpikeTrain expected = spikes_of(yardstick, population);
    SpikeTrain part = spikes_of(file, population, true);
    while (!part.times_ms.empty() && part.times_ms.back() > last_ms + 1e-6)
      part.times_ms.pop_back(), part.ids.pop_back();
    EXPECT_EQ(part, expected) << population;
  }
}

class Dies : public testing::TestWithParam<bool> {};

TEST_P(Dies, AClearErrorAndAReadableFile) {
  const Folder folder;
  folder.write("net.yaml", lasting_network);
  const Words options = GetParam() ? Words{"--enable-recovery"} : Words{};
  Process process(mpirun(3, {"run", "net.yaml", "-q", "--threads", "1"}, options), {.folder = folder.path()});
  ASSERT_TRUE(wait_for_file(process, folder, "net.h5"));
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  const auto ranks = ranks_of(folder);
  ASSERT_EQ(ranks.size(), 3u);
  ::kill(ranks.back(), SIGKILL);
  const auto outcome = process.wait();
  EXPECT_FALSE(outcome.timed_out);
  if (!GetParam()) {
    EXPECT_NE(outcome.exit_code, 0);  // with --enable-recovery, mpirun itself says 0
  }
  EXPECT_NE(outcome.err.find(fmt::format("(process {} on ", ranks.back())), std::string::npos) << outcome.err;
  const auto told = outcome.err.find("ended before the run did");
  ASSERT_NE(told, std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.err.find("ended before the run did", told + 1), std::string::npos)
      << "told twice: " << outcome.err;
  expect_prefix(folder, "net.h5");
}
INSTANTIATE_TEST_SUITE_P(Rank, Dies, testing::Bool(),
                         [](const auto& test) { return test.param ? "Alone" : "ThenMpirunEndsAll"; });

TEST(OnRanks, SigtermEndsAllAtOneStep) {
  const Folder folder;
  folder.write("net.yaml", lasting_network);
  Process process(mpirun(2, {"run", "net.yaml", "-q", "--threads", "1"}), {.folder = folder.path()});
  ASSERT_TRUE(wait_for_file(process, folder, "net.h5"));
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  process.signal(SIGTERM);
  const auto outcome = process.wait();
  EXPECT_FALSE(outcome.timed_out);
  EXPECT_NE(outcome.exit_code, 0);
  expect_prefix(folder, "net.h5");
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "net.h5.checkpoint"));
}

// Waits for a checkpoint that is not the one written at `before`.
bool wait_for_checkpoint(Process& process, const Folder& folder,
                         std::filesystem::file_time_type before = {}) {
  while (process.running() && process.seconds() < 100) {
    std::error_code none_yet;
    const auto written = std::filesystem::last_write_time(folder.path() / "net.h5.checkpoint", none_yet);
    if (!none_yet && written != before) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

// mpirun itself would wait before it passes a signal on.
void terminate_ranks(const Folder& folder) {
  for (const pid_t rank : ranks_of(folder)) ::kill(rank, SIGTERM);
}

TEST(OnRanks, RunsGoOnOnOtherRanksAfterSigterm) {
  const Folder folder;
  folder.write("net.yaml", lasting_network);
  const Words twelve_seconds = {"--set", "simulation.duration=12 s"};
  Words alone = {"run", "net.yaml", "-q", "-o", "whole.h5"}, shared = {"run", "net.yaml", "-q"};
  for (Words* const words : {&alone, &shared})
    words->insert(words->end(), twelve_seconds.begin(), twelve_seconds.end());
  ASSERT_EQ(synfire(alone, {.folder = folder.path()}).exit_code, 0);
  shared.insert(shared.end(), {"--threads", "1", "--checkpoint", "every=100ms"});
  {
    Process process(mpirun(2, shared), {.folder = folder.path()});
    ASSERT_TRUE(wait_for_checkpoint(process, folder));
    terminate_ranks(folder);
    const auto outcome = process.wait();
    EXPECT_NE(outcome.exit_code, 0) << "it was done before it could be stopped";
    EXPECT_EQ(outcome.err.find("synfire:"), std::string::npos) << outcome.err;
  }
  const auto stopped_ms = completed_ms(hdf5::File::open(folder.file("net.h5")));
  EXPECT_LT(stopped_ms, 12000);
  {
    const auto before = std::filesystem::last_write_time(folder.path() / "net.h5.checkpoint");
    Process process(mpirun(3, {"resume", "net.h5", "-q", "--threads", "1", "--checkpoint", "every=100ms"}),
                    {.folder = folder.path()});
    ASSERT_TRUE(wait_for_checkpoint(process, folder, before));
    terminate_ranks(folder);
    EXPECT_NE(process.wait().exit_code, 0) << "it was done before it could be stopped";
  }
  EXPECT_GT(completed_ms(hdf5::File::open(folder.file("net.h5"))), stopped_ms);
  const auto resumed = synfire({"resume", "net.h5", "-q"}, {.folder = folder.path()});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(folder.list(), (Words{"net.h5", "net.yaml", "whole.h5"})) << "a finished run keeps no checkpoint";
  const hdf5::File whole = hdf5::File::open(folder.file("whole.h5")),
                   file = hdf5::File::open(folder.file("net.h5"));
  EXPECT_EQ(status_of(file), "complete");
  for (const char* population : {"exc", "inh"})
    EXPECT_EQ(spikes_of(file, population), spikes_of(whole, population)) << population;
  EXPECT_EQ(Report(file, "exc").read(), Report(whole, "exc").read());
  EXPECT_EQ(file.group("synfire/timing").number_attribute("synaptic_events"),
            whole.group("synfire/timing").number_attribute("synaptic_events"));
}

// What is wrong is said once.
TEST(OnRanks, OneSpeaksOfWhatCannotBeBegun) {
  const Folder folder;
  folder.write("net.yaml", small_network);
  const auto fails = [&](const Words& arguments, int code, const std::string& says) {
    const auto outcome = Process(mpirun(3, arguments), {.folder = folder.path()}).wait();
    EXPECT_EQ(outcome.exit_code, code) << outcome.err;
    const auto told = outcome.err.find(says);
    ASSERT_NE(told, std::string::npos) << outcome.err;
    const auto first = outcome.err.find("synfire: ");
    EXPECT_EQ(outcome.err.find("synfire: ", first + 1), std::string::npos) << outcome.err;
  };
  fails({"run", "net.yaml", "--no-such-option"}, 2, "--no-such-option");
  fails({"walk", "net.yaml"}, 2, "no command 'walk'");
  fails({"resume", "net.h5"}, 2, "there is no 'net.h5'");
  ASSERT_EQ(synfire({"run", "net.yaml", "-q"}, {.folder = folder.path()}).exit_code, 0);
  folder.write("net.h5.checkpoint", "garbage");
  fails({"resume", "net.h5"}, 3, "not an HDF5 file");
  const auto helped = Process(mpirun(3, {"resume", "--help"}), {.folder = folder.path()}).wait();
  EXPECT_EQ(helped.exit_code, 0);
  EXPECT_EQ(helped.out.find("further checkpoints"), helped.out.rfind("further checkpoints"));
}

}  // namespace
}  // namespace synfire::test
