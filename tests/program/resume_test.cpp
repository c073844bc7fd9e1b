// A run that was killed or asked to stop goes on from its checkpoint, and its file is that of the whole run.
#include <csignal>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "tests/program/networks.hpp"
#include "tests/program/program.hpp"

namespace synfire::test {
namespace {

// The lasting network for a time that takes some tenths of a second.
const std::string twelve_seconds = "simulation.duration=12 s";

void wait_for_checkpoint(Process& process, const Folder& folder) {
  while (process.running() && process.seconds() < 100) {
    if (std::filesystem::exists(folder.path() / "net.h5.checkpoint")) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  FAIL() << "no checkpoint was written";
}

void expect_equal_files(const Folder& folder) {
  const hdf5::File whole = hdf5::File::open(folder.file("whole.h5")),
                   file = hdf5::File::open(folder.file("net.h5"));
  EXPECT_EQ(status_of(file), "complete");
  EXPECT_EQ(completed_ms(file), 12000);
  for (const char* population : {"exc", "inh"})
    EXPECT_EQ(spikes_of(file, population), spikes_of(whole, population)) << population;
  EXPECT_EQ(Report(file, "exc").read(), Report(whole, "exc").read());
  EXPECT_EQ(file.group("synfire/timing").number_attribute("synaptic_events"),
            whole.group("synfire/timing").number_attribute("synaptic_events"));
}

class Resumed : public testing::TestWithParam<int> {};

TEST_P(Resumed, RunHasTheFileOfTheWholeRun) {
  const Folder folder;
  folder.write("net.yaml", lasting_network);
  const auto whole = synfire({"run", "net.yaml", "-q", "-o", "whole.h5", "--set", twelve_seconds, "-t", "1"},
                             {.folder = folder.path()});
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  Process process(
      synfire_command({"run", "net.yaml", "-t", "2", "--set", twelve_seconds, "--checkpoint", "every=100ms"}),
      {.folder = folder.path()});
  wait_for_checkpoint(process, folder);
  process.signal(GetParam());
  EXPECT_NE(process.wait().exit_code, 0) << "it was done before it could be stopped";
  std::filesystem::remove(folder.path() / "net.yaml");  // the checkpoint holds the network
  folder.write("report.json", "of another run");
  for (const char* const report : {"report.json", "net.h5", "net.h5.checkpoint"}) {
    const auto refused = synfire({"resume", "net.h5", "--report", report}, {.folder = folder.path()});
    EXPECT_EQ(refused.exit_code, 2) << report << refused.err;
  }
  EXPECT_EQ(folder.content("report.json"), "of another run");
  const auto resumed = synfire({"resume", "net.h5", "-t", "1", "--report", "report.json", "--force"},
                               {.folder = folder.path()});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(folder.content("report.json").substr(0, 1), "{");
  EXPECT_EQ(folder.list(), (Words{"net.h5", "report.json", "whole.h5"}))
      << "a finished run keeps no checkpoint";
  expect_equal_files(folder);
}
INSTANTIATE_TEST_SUITE_P(Signal, Resumed, testing::Values(SIGKILL, SIGTERM),
                         [](const auto& test) { return test.param == SIGKILL ? "SIGKILL" : "SIGTERM"; });

TEST(Resume, SaysWhatIsMissingOrWrong) {
  const Folder folder;
  folder.write("net.yaml", small_network);
  const auto fails = [&](const Words& arguments, const std::string& says) {
    const auto outcome = synfire(arguments, {.folder = folder.path()});
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_NE(outcome.err.find(says), std::string::npos) << outcome.err;
  };
  fails({"resume", "net.h5"}, "there is no 'net.h5'");
  fails({"run", "net.yaml", "--checkpoint", "10s"}, "every=10s");
  fails({"run", "net.yaml", "--checkpoint", "every=10"}, "unit");
  fails({"run", "net.yaml", "--checkpoint", "every=0 s"}, "above 0");
  const auto ran = synfire({"run", "net.yaml", "-q"}, {.folder = folder.path()});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  fails({"resume", "net.h5"}, "there is no 'net.h5.checkpoint'");
  const auto taken = [&](const std::string& content) {
    folder.write("net.h5.checkpoint", content);
    return synfire({"resume", "net.h5"}, {.folder = folder.path()});
  };
  const auto garbage = taken("garbage");
  EXPECT_EQ(garbage.exit_code, 3) << garbage.err;
  EXPECT_NE(garbage.err.find("not an HDF5 file"), std::string::npos) << garbage.err;
  const auto another = taken(folder.content("net.h5"));
  EXPECT_EQ(another.exit_code, 3) << another.err;
  EXPECT_NE(another.err.find("is not a checkpoint"), std::string::npos) << another.err;
  EXPECT_EQ(status_of(hdf5::File::open(folder.file("net.h5"))), "complete") << "the result file is untouched";
}

}  // namespace
}  // namespace synfire::test
