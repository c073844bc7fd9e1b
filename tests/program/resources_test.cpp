// What the machine refuses: permissions, disks that fill up, memory; and what becomes of an existing result.
#include <filesystem>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include "tests/program/networks.hpp"
#include "tests/program/program.hpp"

namespace synfire::test {
namespace {

namespace fs = std::filesystem;
constexpr int resource = 4;

void expect_one_line(const Outcome& outcome, int exit_code, const std::string& says) {
  EXPECT_FALSE(outcome.timed_out);
  EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
  EXPECT_TRUE(outcome.err.starts_with("synfire: ")) << outcome.err;
  EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << outcome.err;
  EXPECT_NE(outcome.err.find(says), std::string::npos) << outcome.err;
}

// A run that the disk ended: what the file holds must be whole as far as it goes.
void expect_readable_until_the_end(const std::string& path) {
  const hdf5::File file = hdf5::File::open(path);
  EXPECT_EQ(status_of(file), "running");
  const hdf5::Group noise = file.group("spikes/noise");
  EXPECT_EQ(noise.dataset("timestamps").dimensions(), noise.dataset("node_ids").dimensions());
  const SpikeTrain spikes = spikes_of(file, "noise");
  ASSERT_GT(spikes.times_ms.size(), 10000U);
  EXPECT_TRUE(std::is_sorted(spikes.times_ms.begin(), spikes.times_ms.end()));
  EXPECT_GE(spikes.times_ms.back(), completed_ms(file) - 1.0);
}

// True when another user can start the program: it may lie in a folder that is closed to others.
bool others_can_start_it(const Folder& folder) {
  return synfire({"--version"}, {.folder = folder.path(), .unprivileged = true}).exit_code == 0;
}

TEST(Permissions, UnreadableNetwork) {
  const Folder folder;
  folder.write("net.yaml", small_network);
  fs::permissions(folder.path(), fs::perms(0777));
  if (!others_can_start_it(folder)) GTEST_SKIP() << "an unprivileged user cannot start the program here";
  fs::permissions(folder.path() / "net.yaml", fs::perms::none);
  const auto outcome = synfire({"run", "net.yaml", "-q"}, {.folder = folder.path(), .unprivileged = true});
  expect_one_line(outcome, resource, "net.yaml: ");
  EXPECT_NE(outcome.err.find("Permission denied"), std::string::npos) << outcome.err;
  EXPECT_EQ(folder.list(), Words{"net.yaml"});
}

TEST(Permissions, UnwritableFolder) {
  const Folder folder;
  folder.write("net.yaml", small_network);
  fs::permissions(folder.path(), fs::perms(0555));
  if (!others_can_start_it(folder)) GTEST_SKIP() << "an unprivileged user cannot start the program here";
  const auto outcome = synfire({"run", "net.yaml", "-q"}, {.folder = folder.path(), .unprivileged = true});
  expect_one_line(outcome, resource, "no permission in folder '.'");
  EXPECT_EQ(folder.list(), Words{"net.yaml"});
}

TEST(ExistingOutput, IsReplacedWithForce) {
  const Folder folder;
  folder.write("net.yaml", small_network);
  folder.write("net.h5", "old");
  const auto outcome = synfire({"run", "net.yaml", "-q", "--force"}, {.folder = folder.path()});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(status_of(hdf5::File::open(folder.file("net.h5"))), "complete");
  EXPECT_EQ(folder.list(), (Words{"net.h5", "net.yaml"}));
}

TEST(ExistingOutput, StaysWhenTheNewRunCannotStart) {
  const Folder folder;
  folder.write("net.yaml", small_network);
  folder.write("net.h5", "old");
  folder.write("edges", "source,target\n1,99\n");
  for (const char* const set : {"projections[0].connect={list: edges}", "populations.exc.size=2000000000"}) {
    const auto outcome =
        synfire({"run", "net.yaml", "-q", "--force", "--set", set}, {.folder = folder.path()});
    EXPECT_NE(outcome.exit_code, 0) << set;
    EXPECT_EQ(folder.content("net.h5"), "old") << set;
    EXPECT_EQ(folder.list(), (Words{"edges", "net.h5", "net.yaml"})) << set;
  }
}

// A file system of its own; only root may make one.
class SmallDisk {
 public:
  SmallDisk(const Folder& folder, int megabytes) : path_(folder.path() / "disk") {
    fs::create_directory(path_);
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, fmt::format("size={}m", megabytes).c_str()) == 0;
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }

 private:
  fs::path path_;
  bool mounted_ = false;
};

TEST(FullDisk, EndsTheRunInOrder) {
  const Folder folder;
  const SmallDisk disk(folder, 12);  // large enough for some flushes, one each 300 ms
  if (!disk.mounted()) GTEST_SKIP() << "mounting a small disk takes root";
  folder.write("net.yaml", noisy_network);
  const auto outcome = synfire({"run", "net.yaml", "-q", "-o", "disk/net.h5"}, {.folder = folder.path()});
  expect_one_line(outcome, resource, "the disk of 'disk/net.h5' is full");
  expect_readable_until_the_end(folder.file("disk/net.h5"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path() / "disk"), {}), 1);
}

TEST(FullDisk, FromTheStartLeavesNothing) {
  const Folder folder;
  const SmallDisk disk(folder, 2);
  if (!disk.mounted()) GTEST_SKIP() << "mounting a small disk takes root";
  folder.write("net.yaml", noisy_network);
  folder.write("disk/filler", std::string(2 << 20, 'x'));
  const auto outcome = synfire({"run", "net.yaml", "-q", "-o", "disk/net.h5"}, {.folder = folder.path()});
  expect_one_line(outcome, resource, "disk/net.h5");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path() / "disk"), {}), 1) << "only the filler";
}

TEST(FullDisk, LimitOnFileSizesCountsAsOne) {
  const Folder folder;
  folder.write("net.yaml", noisy_network);
  const auto outcome =
      synfire({"run", "net.yaml", "-q"}, {.folder = folder.path(), .largest_file = 30000000});
  expect_one_line(outcome, resource, "net.h5");
  expect_readable_until_the_end(folder.file("net.h5"));
}

TEST(FullDisk, IsNoticedOnStandardOutput) {
  const Folder folder;
  for (const char* const command : {"schema", "models", "info"})
    expect_one_line(synfire({command}, {.folder = folder.path(), .stdout_to = "/dev/full"}), resource,
                    "standard output: ");
}

// Each would need more than any machine this runs on has; `set` turns the small network into it.
struct Large {
  const char* name;
  Words set;
};
void PrintTo(const Large& l, std::ostream* out) { *out << l.name; }

class TooLarge : public testing::TestWithParam<Large> {};

TEST_P(TooLarge, IsRefusedBeforeMemoryIsTaken) {
  const Folder folder;
  folder.write("net.yaml", small_network);
  Words arguments = {"run", "net.yaml", "-q"};
  for (const auto& assignment : GetParam().set) {
    arguments.emplace_back("--set");
    arguments.push_back(assignment);
  }
  const auto outcome = synfire(arguments, {.folder = folder.path(), .limit_s = 30});
  expect_one_line(outcome, resource, " GB of memory");
  EXPECT_LT(outcome.wall_s, 10);
  EXPECT_LT(outcome.peak_rss_kb, 1 << 20) << "taken before the network was refused";
  EXPECT_EQ(folder.list(), Words{"net.yaml"});
}

const std::string million = "populations.exc.size=1000000";
const std::vector<Large> large_networks = {
    {"synapses",
     {million,
      "projections[0]={from: exc, to: exc, connect: {fixed_indegree: 1000000}, weight: 1 pA, delay: 1 ms}"}},
    {"neurons", {"projections=[]", "populations.exc.size=2000000000"}},
    {"graph",
     {million,
      "projections[0]={from: exc, to: exc, connect: {erdos_renyi: 0.9}, weight: 1 pA, delay: 1 ms}"}},
    {"reference",
     {million, "simulation.backend=reference",
      "projections[0]={from: exc, to: exc, connect: {fixed_indegree: 1000000}, weight: 1 pA, delay: 1 ms}"}},
};
INSTANTIATE_TEST_SUITE_P(Network, TooLarge, testing::ValuesIn(large_networks),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace synfire::test
