// What a file holds when its writer dies, or the disk refuses, between any two writes.
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/hdf5.hpp"
#include "tests/io/files.hpp"

namespace synfire::test {
namespace {

// One thing asked of the disk: bytes at a place, or without bytes a new size.
struct DiskWrite {
  std::uint64_t offset = 0;
  std::string bytes;
};

void replay(const DiskWrite& write, std::string& file) {
  if (write.bytes.empty()) return file.resize(write.offset);
  file.resize(std::max(file.size(), write.offset + write.bytes.size()));
  file.replace(write.offset, write.bytes.size(), write.bytes);
}

// Sees the writes of this program while set; returns false to have one refused.
std::function<bool(DiskWrite)> on_disk_write;

bool refused(off_t offset, std::string_view bytes) {
  if (!on_disk_write || on_disk_write({static_cast<std::uint64_t>(offset), std::string(bytes)})) return false;
  errno = ENOSPC;
  return true;
}

}  // namespace
}  // namespace synfire::test

// This program's own versions of two functions of the system tell what reaches the disk, in what order.
extern "C" ssize_t pwrite(int fd, const void* from, size_t size, off_t offset) {
  if (synfire::test::refused(offset, {static_cast<const char*>(from), size})) return -1;
  return ::syscall(SYS_pwrite64, fd, from, size, offset);
}

extern "C" int ftruncate(int fd, off_t size) noexcept {
  if (synfire::test::refused(size, {})) return -1;
  return static_cast<int>(::syscall(SYS_ftruncate, fd, size));
}

namespace synfire::test {
namespace {

using hdf5::Dataset;
using hdf5::File;
using hdf5::Type;

template <class T> std::vector<T> counted(std::uint64_t n, std::uint64_t first = 0) {
  std::vector<T> values(n);
  std::iota(values.begin(), values.end(), static_cast<T>(first));
  return values;
}

struct Flushed {
  std::uint64_t rows = 0, flushes = 0, groups = 0;
};

// A file that grows as a result does, with chunks so small that its index is rebuilt all the time.
class GrowingFile {
 public:
  explicit GrowingFile(const std::string& path) : file_(File::create(path, true)) {
    for (const char* const name : {"a", "b"}) {
      hdf5::Group group = file_.require_group(name);
      times_.push_back(group.create_growing("times", Type::float64, {.chunk_bytes = 16, .deflate = 1}));
      ids_.push_back(group.create_growing("ids", Type::uint64, {.chunk_bytes = 24, .deflate = 0}));
    }
    traces_.push_back(
        file_.require_group("c").create_growing("traces", Type::float32, {.columns = 3, .chunk_bytes = 48}));
    file_.set_attribute("flushes", std::uint64_t{0});
    file_.set_attribute("status", std::string_view("running"));
    flush();
  }

  void append(std::uint64_t rows) {
    for (auto& dataset : times_) dataset.append<double>(counted<double>(rows, now_.rows));
    for (auto& dataset : ids_) dataset.append<std::uint64_t>(counted<std::uint64_t>(rows, now_.rows));
    for (auto& dataset : traces_) dataset.append<float>(counted<float>(3 * rows, 3 * now_.rows));
    now_.rows += rows;
  }
  void add_group() {
    auto group = file_.require_group("later/" + std::to_string(now_.groups++));
    group.create_dataset<double>("values", counted<double>(3));
    group.set_attribute("text", "anything");
  }
  void flush() {
    file_.set_attribute("flushes", ++now_.flushes);
    file_.flush();
    flushed_ = now_;
  }
  void finish() {
    file_.set_attribute("status", std::string_view("complete, which is longer"));
    file_.close();
    flushed_ = now_;
  }
  // What the file must hold whatever happens.
  const Flushed& flushed() const { return flushed_; }

 private:
  File file_;
  std::vector<Dataset> times_, ids_, traces_;
  Flushed now_, flushed_;
};

template <class T>
void require_rows(const File& file, const std::string& path, std::uint64_t rows, std::uint64_t width = 1) {
  const Dataset dataset = file.dataset(path);
  const auto all = dataset.read<T>();
  const auto expected = counted<T>(rows * width);
  if (all.size() < expected.size() || !std::equal(expected.begin(), expected.end(), all.begin()))
    throw Error(ErrorKind::input, fmt::format("{} lacks some of {} rows", path, rows));
}

// Empty if the file can be read whole and holds all that was flushed.
std::string complaint(const std::string& path, const Flushed& flushed) {
  return error_of([&] {
    const File file = File::open(path);
    for (const char* const name : {"a/times", "b/times"}) require_rows<double>(file, name, flushed.rows);
    for (const char* const name : {"a/ids", "b/ids"}) require_rows<std::uint64_t>(file, name, flushed.rows);
    require_rows<float>(file, "c/traces", flushed.rows, 3);
    for (std::uint64_t k = 0; k < flushed.groups; ++k) {
      require_rows<double>(file, fmt::format("later/{}/values", k), 3);
      if (file.group(fmt::format("later/{}", k)).text_attribute("text") != "anything")
        throw Error(ErrorKind::input, fmt::format("later/{} lost its text", k));
    }
    const auto flushes = file.unsigned_attribute("flushes");
    const auto status = file.text_attribute("status");
    if (!flushes || *flushes < flushed.flushes) throw Error(ErrorKind::input, "an attribute went back");
    if (status != "running" && status != "complete, which is longer")
      throw Error(ErrorKind::input, "the status is gone");
  });
}

// Does `act`, then replays on a copy what it wrote: the file must be whole after each single write.
class EveryPrefix {
 public:
  EveryPrefix(const TemporaryFolder& folder, const std::string& path)
      : copy_(folder.file("copy.h5")), disk_(content_of(path)), folder_(folder) {}

  template <class Act> void check(Act&& act, const Flushed& before) {
    std::vector<DiskWrite> writes;
    on_disk_write = [&](DiskWrite write) {
      writes.push_back(std::move(write));
      return true;
    };
    act();
    on_disk_write = nullptr;
    bool flushing = writes.size() < 100;
    for (std::size_t k = 0; k < writes.size(); ++k) {
      replay(writes[k], disk_);
      flushing = flushing || writes[k].bytes.empty();  // the file is made longer; before come many chunks
      if (!flushing && k % 97 != 0) continue;
      folder_.write("copy.h5", disk_);
      ASSERT_EQ(complaint(copy_, before), "")
          << "after write " << k + 1 << " of " << writes.size() << " that follow flush " << before.flushes;
      ++checked_;
    }
  }
  const std::string& disk() const { return disk_; }
  std::size_t checked() const { return checked_; }

 private:
  std::string copy_, disk_;
  const TemporaryFolder& folder_;
  std::size_t checked_ = 0;
};

struct Pace {
  std::uint64_t first_rows, rows, flushes;
  bool groups;
};
void PrintTo(const Pace& pace, std::ostream* out) { *out << pace.rows << " rows a flush"; }

class Crash : public testing::TestWithParam<Pace> {};
// The last begins just before the index of "times" gets its third level.
INSTANTIATE_TEST_SUITE_P(Paces, Crash,
                         testing::Values(Pace{0, 1, 60, true}, Pace{0, 8, 40, false},
                                         Pace{6900, 200, 3, false}));

TEST_P(Crash, BetweenAnyTwoWritesLeavesAllThatWasFlushed) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.h5");
  GrowingFile file(path);
  file.append(GetParam().first_rows);
  file.flush();
  EveryPrefix prefix(folder, path);
  for (std::uint64_t k = 0; k < GetParam().flushes && !HasFatalFailure(); ++k) {
    const auto grow = [&] {
      file.append(GetParam().rows);
      if (GetParam().groups && k % 4 == 0) file.add_group();
      file.flush();
    };
    prefix.check(grow, Flushed(file.flushed()));
    ASSERT_TRUE(prefix.disk() == content_of(path)) << "some write was not seen";
  }
  if (HasFatalFailure()) return;
  prefix.check([&] { file.finish(); }, Flushed(file.flushed()));
  EXPECT_TRUE(prefix.disk() == content_of(path));
  EXPECT_EQ(complaint(path, file.flushed()), "");
  EXPECT_GT(prefix.checked(), 10 * GetParam().flushes);
}

// Writes until the `last`-th write, which the disk refuses; tells what the file must hold.
Flushed write_until_refused(const std::string& path, std::size_t last) {
  std::size_t writes = 0, after = 0;
  Flushed flushed;
  const std::string message = error_of([&] {
    GrowingFile file(path);
    on_disk_write = [&](const DiskWrite&) {
      after += writes >= last;
      return ++writes != last;
    };
    for (;;) {
      flushed = file.flushed();
      file.append(20);
      file.flush();
    }
  });
  on_disk_write = nullptr;
  EXPECT_NE(message.find("cannot write"), std::string::npos) << message;
  EXPECT_NE(message.find("No space left"), std::string::npos) << message;
  EXPECT_EQ(after, 0U) << "something was written after the refusal";
  return flushed;
}

TEST(Refusal, OfAnyWriteLeavesAllThatWasFlushed) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.h5");
  for (std::size_t last = 1; last < 2000; last += 13) {
    const Flushed flushed = write_until_refused(path, last);
    ASSERT_EQ(complaint(path, flushed), "") << "write " << last << " was refused";
  }
}

// Runs a writer that flushes all the time, kills it, and returns what it said was flushed.
Flushed flushed_when_killed(const std::string& path, std::chrono::microseconds life) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    GrowingFile file(path);
    for (;;) {
      if (::write(ends[1], &file.flushed(), sizeof(Flushed)) != sizeof(Flushed)) _exit(1);
      file.append(40);
      file.flush();
    }
  }
  ::close(ends[1]);
  Flushed flushed, told;
  if (::read(ends[0], &told, sizeof told) == sizeof told) flushed = told;
  std::this_thread::sleep_for(life);
  ::kill(child, SIGKILL);
  while (::read(ends[0], &told, sizeof told) == sizeof told) flushed = told;
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return flushed;
}

// SYNFIRE_KILL_ROUNDS asks for more than the few that a suite has time for.
TEST(Killed, AtAnyMomentLeavesAllThatWasFlushed) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.h5");
  const char* const asked = std::getenv("SYNFIRE_KILL_ROUNDS");
  const int rounds = asked != nullptr ? std::atoi(asked) : 60;
  std::mt19937 random(std::random_device{}());
  std::uniform_int_distribution<int> life_us(0, 40'000);
  for (int round = 0; round < rounds; ++round) {
    const std::chrono::microseconds life(life_us(random));
    const Flushed flushed = flushed_when_killed(path, life);
    ASSERT_GT(flushed.flushes, 0U);
    ASSERT_EQ(complaint(path, flushed), "")
        << "round " << round << ", killed after " << life.count() << " us";
  }
}

}  // namespace
}  // namespace synfire::test
