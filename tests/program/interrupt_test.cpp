// Runs that end before their time: by a signal that asks, and by one that does not.
#include <algorithm>
#include <csignal>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/program/networks.hpp"
#include "tests/program/program.hpp"

namespace synfire::test {
namespace {

const Words populations_of_lasting = {"exc", "inh"};

void sleep_s(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

// Until the result file has its name: from then on the run writes.
bool wait_for_file(Process& process, const Folder& folder, const std::string& name) {
  while (process.running() && process.seconds() < 60) {
    if (std::filesystem::exists(folder.path() / name)) return true;
    sleep_s(0.005);
  }
  return false;
}

SpikeTrain up_to(const SpikeTrain& all, double last_ms) {
  SpikeTrain part;
  for (std::size_t i = 0; i < all.times_ms.size(); ++i) {
    if (all.times_ms[i] > last_ms + 1e-6) continue;
    part.times_ms.push_back(all.times_ms[i]);
    part.ids.push_back(all.ids[i]);
  }
  return part;
}

// A run of the lasting network that was never meant to go on longer.
void run_whole(const Folder& folder, double duration_ms) {
  const auto outcome = synfire({"run", "net.yaml", "-q", "-o", "whole.h5", "--force", "--set",
                                fmt::format("simulation.duration={:.1f} ms", duration_ms)},
                               {.folder = folder.path()});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
}

class Asked : public testing::TestWithParam<int> {};

TEST_P(Asked, EndsInOrderWithThePrefixOfTheWholeRun) {
  const Folder folder;
  folder.write("net.yaml", lasting_network);
  Process process(synfire_command({"run", "net.yaml", "--threads", "2", "--report", "r.json"}),
                  {.folder = folder.path()});
  ASSERT_TRUE(wait_for_file(process, folder, "net.h5"));
  sleep_s(1.5);  // a busy machine with sanitizers takes a second for 100 ms
  process.signal(GetParam());
  const auto outcome = process.wait();
  EXPECT_EQ(outcome.signal, 0) << "the signal ended it, not the program itself";
  EXPECT_EQ(outcome.exit_code, 128 + GetParam()) << outcome.err;
  EXPECT_NE(outcome.out.find("stopped before the end"), std::string::npos) << outcome.out;
  EXPECT_EQ(folder.list(), (Words{"net.h5", "net.h5.checkpoint", "net.yaml", "r.json"}));

  const hdf5::File stopped = hdf5::File::open(folder.file("net.h5"));
  EXPECT_EQ(status_of(stopped), "stopped");
  const double last_ms = completed_ms(stopped);
  ASSERT_GT(last_ms, 20);
  run_whole(folder, last_ms);
  const hdf5::File whole = hdf5::File::open(folder.file("whole.h5"));
  for (const auto& name : populations_of_lasting) {
    const SpikeTrain part = spikes_of(stopped, name), full = spikes_of(whole, name);
    EXPECT_FALSE(full.times_ms.empty());
    EXPECT_EQ(up_to(part, last_ms), full) << name;
    EXPECT_EQ(part.times_ms.size(), full.times_ms.size()) << name << ": spikes after completed_ms";
  }
}
INSTANTIATE_TEST_SUITE_P(Signal, Asked, testing::Values(SIGINT, SIGTERM),
                         [](const auto& test) { return test.param == SIGINT ? "SIGINT" : "SIGTERM"; });

// Before the kill the file of a running network may be opened; after it, it must be readable whole.
TEST(Killed, FileHoldsThePrefixOfTheWholeRun) {
  for (const double after_s : {0.05, 0.45, 0.8, 1.3}) {
    const Folder folder;
    folder.write("net.yaml", lasting_network);
    Process process(synfire_command({"run", "net.yaml", "-q"}), {.folder = folder.path()});
    ASSERT_TRUE(wait_for_file(process, folder, "net.h5"));
    sleep_s(after_s);
    process.signal(SIGKILL);
    EXPECT_EQ(process.wait().signal, SIGKILL);

    const hdf5::File killed = hdf5::File::open(folder.file("net.h5"));
    EXPECT_EQ(status_of(killed), "running");
    const double last_ms = completed_ms(killed);
    if (after_s > 1) {
      EXPECT_GT(last_ms, 0);
    }
    if (last_ms <= 0) continue;
    run_whole(folder, last_ms);
    const hdf5::File whole = hdf5::File::open(folder.file("whole.h5"));
    for (const auto& name : populations_of_lasting) {
      const SpikeTrain part = spikes_of(killed, name, true);
      EXPECT_EQ(part.times_ms.size(), part.ids.size());
      EXPECT_TRUE(std::is_sorted(part.times_ms.begin(), part.times_ms.end()));
      EXPECT_EQ(up_to(part, last_ms), spikes_of(whole, name)) << name << " after " << after_s << " s";
    }
    const Report traces(killed, "exc");
    EXPECT_GE(double(traces.frames()), std::floor(last_ms) - 0.5);
  }
}

// Times of the progress bar: "12.3 s of 1e+05 s", three digits.
double last_progress_ms(const std::string& terminal) {
  static const std::regex shown("([0-9.]+) (us|ms|s) of ");
  double last = 0;
  for (auto m = std::sregex_iterator(terminal.begin(), terminal.end(), shown); m != std::sregex_iterator();
       ++m) {
    const double unit = (*m)[2] == "s" ? 1e3 : (*m)[2] == "ms" ? 1 : 1e-3;
    last = std::stod((*m)[1]) * unit;
  }
  return last;
}

TEST(Killed, LosesAtMostOneSecondOfWallTime) {
  const Folder folder;
  folder.write("net.yaml", noisy_network);
  Process process(synfire_command({"run", "net.yaml"}), {.folder = folder.path(), .terminal = true});
  ASSERT_TRUE(wait_for_file(process, folder, "net.h5"));
  const double start = process.seconds();
  std::vector<std::pair<double, double>> seen;  // wall time, biological time the bar shows
  while (process.running() && process.seconds() < start + 3.0) {
    seen.emplace_back(process.seconds(), last_progress_ms(process.terminal_text()));
    sleep_s(0.02);
  }
  const double killed_at = process.seconds();
  process.signal(SIGKILL);
  process.wait();

  double due_ms = 0;
  for (const auto& [wall, shown] : seen)
    if (wall <= killed_at - 1.0) due_ms = shown;
  ASSERT_GT(due_ms, 0) << "no progress was shown: " << process.terminal_text();
  const hdf5::File file = hdf5::File::open(folder.file("net.h5"));
  constexpr double rounding = 0.994;  // of three digits
  EXPECT_GE(completed_ms(file), due_ms * rounding);
  const SpikeTrain spikes = spikes_of(file, "noise", true);
  EXPECT_TRUE(std::is_sorted(spikes.times_ms.begin(), spikes.times_ms.end()));
  EXPECT_GE(spikes.times_ms.back(), completed_ms(file) - 1.0);
  // 1000 sources of 1 kHz: a million spikes a second, give or take its root.
  const double expected = completed_ms(file) * 1e3;
  const auto counted =
      std::upper_bound(spikes.times_ms.begin(), spikes.times_ms.end(), completed_ms(file) + 1e-6) -
      spikes.times_ms.begin();
  EXPECT_NEAR(double(counted), expected, 6 * std::sqrt(expected));
}

TEST(Killed, FileOpensInOtherTools) {
  const Folder folder;
  folder.write("net.yaml", noisy_network);
  Process process(synfire_command({"run", "net.yaml", "-q"}), {.folder = folder.path()});
  ASSERT_TRUE(wait_for_file(process, folder, "net.h5"));
  sleep_s(1.2);
  process.signal(SIGKILL);
  process.wait();
  const bool has_h5dump = is_installed("h5dump");
  if (has_h5dump) {
    Process dump({"h5dump", "-d", "/spikes/noise/node_ids", "-o", "/dev/null", "net.h5"},
                 {.folder = folder.path()});
    EXPECT_EQ(dump.wait().exit_code, 0);
  }
  const auto python = python_with("h5py");
  if (python) {
    const std::string script =
        "import h5py\n"
        "s = h5py.File('net.h5')['spikes/noise']\n"
        "t, i = s['timestamps'][:], s['node_ids'][:]\n"
        "n = min(len(t), len(i))\n"
        "t = t[:n]; t = t[t == t]\n"
        "assert len(t) > 1000 and (t[1:] >= t[:-1]).all() and i.max() < 1000\n";
    Process read({*python, "-c", script}, {.folder = folder.path()});
    const auto outcome = read.wait();
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  }
  const auto inspected = synfire({"inspect", "net.h5"}, {.folder = folder.path()});
  EXPECT_EQ(inspected.exit_code, 0) << inspected.err;
  if (!has_h5dump && !python) GTEST_SKIP() << "neither h5dump nor h5py is installed";
}

}  // namespace
}  // namespace synfire::test
