#include "io/hdf5.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/io/files.hpp"

namespace synfire {
namespace {

using hdf5::Dataset;
using hdf5::File;
using hdf5::Type;
using test::error_of;
using test::TemporaryFolder;

template <class T> std::vector<T> counted(std::size_t n, T first = 0) {
  std::vector<T> values(n);
  std::iota(values.begin(), values.end(), first);
  return values;
}

template <class T> class Hdf5Numbers : public testing::Test {};
using Numbers = testing::Types<std::int8_t, std::int16_t, std::int32_t, std::int64_t, std::uint8_t,
                               std::uint16_t, std::uint32_t, std::uint64_t, float, double>;
TYPED_TEST_SUITE(Hdf5Numbers, Numbers);

TYPED_TEST(Hdf5Numbers, FixedAndGrowingDatasetsKeepExtremes) {
  const TemporaryFolder folder;
  using Limits = std::numeric_limits<TypeParam>;
  const std::vector<TypeParam> values{Limits::lowest(), 0, 1, Limits::max()};
  {
    File file = File::create(folder.file("a.h5"));
    file.create_dataset<TypeParam>("fixed", values);
    file.create_growing("growing", hdf5::type_of<TypeParam>()).template append<TypeParam>(values);
  }
  const File file = File::open(folder.file("a.h5"));
  for (const char* const name : {"fixed", "growing"}) {
    EXPECT_EQ(file.dataset(name).type(), hdf5::type_of<TypeParam>());
    EXPECT_EQ(file.dataset(name).template read<TypeParam>(), values);
    EXPECT_EQ(file.dataset(name).template read_rows<TypeParam>(1, 2), (std::vector<TypeParam>{0, 1}));
  }
}

struct GrowthCase {
  std::uint64_t columns, chunk_bytes;
  int deflate;
};
class Hdf5Growth : public testing::TestWithParam<GrowthCase> {};
INSTANTIATE_TEST_SUITE_P(Shapes, Hdf5Growth,
                         testing::Values(GrowthCase{0, 64, 0}, GrowthCase{0, 64, 1}, GrowthCase{0, 1, 9},
                                         GrowthCase{3, 128, 1}, GrowthCase{3, 7, 0},
                                         GrowthCase{1, 65536, 1}));

// Whatever the sizes of appended pieces and the moments of flushes, the file holds the rows in order.
TEST_P(Hdf5Growth, RowsComeBackInOrder) {
  const TemporaryFolder folder;
  const auto [columns, chunk_bytes, deflate] = GetParam();
  const std::uint64_t width = std::max<std::uint64_t>(columns, 1);
  const auto all = counted<std::int32_t>(300 * width);
  File file = File::create(folder.file("a.h5"));
  Dataset growing = file.create_growing("rows", Type::int32,
                                        {.columns = columns, .chunk_bytes = chunk_bytes, .deflate = deflate});
  std::size_t row = 0;
  for (std::size_t piece = 1; row < 300; piece = piece * 7 % 41 + 1) {
    const std::size_t rows = std::min<std::size_t>(piece, 300 - row);
    growing.append(std::span(all).subspan(row * width, rows * width));
    row += rows;
    EXPECT_EQ(growing.appended_rows(), row);
    if (piece % 3 != 0) continue;
    file.flush();
    const std::string copy = folder.write("copy.h5", test::content_of(folder.file("a.h5")));
    const auto now = File::open(copy).dataset("rows").read<std::int32_t>();
    ASSERT_EQ(now.size(), row * width);
    EXPECT_TRUE(std::equal(now.begin(), now.end(), all.begin(), all.begin() + row * width));
  }
  file.close();
  const Dataset back = File::open(folder.file("a.h5")).dataset("rows");
  EXPECT_EQ(back.read<std::int32_t>(), all);
  if (columns == 3) {
    EXPECT_EQ(back.dimensions(), (std::vector<std::uint64_t>{300, 3}));
    EXPECT_EQ(back.read_block<std::int32_t>(10, 2, 1, 2), (std::vector<std::int32_t>{31, 32, 34, 35}));
  }
}

TEST(Hdf5, GroupsAndAttributes) {
  const TemporaryFolder folder;
  {
    File file = File::create(folder.file("a.h5"));
    hdf5::Group group = file.require_group("b/c");
    file.require_group("a");
    EXPECT_EQ(file.require_group("b").path(), "/b");
    group.set_attribute("text", "first");
    group.set_attribute("text", "grüße, longer than before");
    group.set_attribute("empty", "");
    group.set_attribute("real", 0.1);
    group.set_attribute("whole", std::int64_t{-3});
    group.set_attribute("large", ~std::uint64_t{0});
    constexpr std::array<std::pair<const char*, std::uint8_t>, 2> members{{{"off", 0}, {"on", 7}}};
    group.set_enum_attribute("state", 7, members);
  }
  const File file = File::open(folder.file("a.h5"));
  EXPECT_EQ(file.children(), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(file.exists("b/c"));
  EXPECT_FALSE(file.exists("b/d"));
  EXPECT_FALSE(file.exists("x/y/z"));
  EXPECT_TRUE(file.has_group("b"));
  EXPECT_FALSE(file.has_dataset("b"));
  const hdf5::Group group = file.group("b").group("c");
  EXPECT_EQ(group.path(), "/b/c");
  EXPECT_EQ(group.text_attribute("text"), "grüße, longer than before");
  EXPECT_EQ(group.text_attribute("empty"), "");
  EXPECT_EQ(group.text_attribute("none"), std::nullopt);
  EXPECT_EQ(group.number_attribute("real"), 0.1);
  EXPECT_EQ(group.integer_attribute("whole"), -3);
  EXPECT_EQ(group.unsigned_attribute("large"), ~std::uint64_t{0});
  EXPECT_EQ(group.text_attribute("state"), "on");
  EXPECT_FALSE(group.has_attribute("none"));
}

TEST(Hdf5, HandlesOutliveTheFileObject) {
  const TemporaryFolder folder;
  Dataset dataset = [&] {
    File file = File::create(folder.file("a.h5"));
    return file.require_group("g").create_dataset<double>("x", counted<double>(5));
  }();
  EXPECT_EQ(dataset.read<double>(), counted<double>(5));
}

TEST(Hdf5, ErrorsNameFileObjectAndReason) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.h5");
  File file = File::create(path);
  file.create_dataset<double>("fractions", std::vector<double>{0.5});
  file.create_dataset<std::int64_t>("negative", std::vector<std::int64_t>{-1});
  const auto says = [&](const std::string& message, std::initializer_list<const char*> parts) {
    for (const char* const part : parts) EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  says(error_of([&] { File::create(path); }), {"a.h5", "exists"});
  says(error_of([&] { File::create(folder.file("no/b.h5")); }), {"no/b.h5", "No such file"});
  says(error_of([&] { File::open(folder.file("c.h5")); }), {"c.h5", "No such file"});
  says(error_of([&] { File::open(folder.write("d.h5", "text")); }), {"d.h5", "not an HDF5 file"});
  says(error_of([&] { file.dataset("g/x"); }), {"a.h5", "/g/x", "no such dataset"});
  says(error_of([&] { file.group("fractions"); }), {"a.h5", "/fractions", "no such group"});
  says(error_of([&] { file.dataset("fractions").read<std::uint64_t>(); }), {"/fractions", "whole numbers"});
  says(error_of([&] { file.dataset("negative").read<std::uint64_t>(); }), {"/negative", "cannot read"});
  says(error_of([&] { file.dataset("negative").read_rows<double>(0, 2); }), {"/negative", "no 2 rows"});
  says(error_of([&] { file.dataset("negative").read_block<double>(0, 1, 0, 1); }),
       {"/negative", "two dimensions"});
  says(error_of([&] { file.create_dataset<double>("negative", std::vector<double>{1}); }),
       {"/negative", "exist"});
  file.close();
  says(error_of([&] { file.children(); }), {"a.h5", "closed"});
}

TEST(Hdf5, SizesWithoutBytesAreRefusedBeforeAllocating) {
  const TemporaryFolder folder;
  File file = File::create(folder.file("a.h5"));
  Dataset rows = file.create_growing("x", Type::float64, {.chunk_bytes = 64, .deflate = 0});
  rows.append<double>(counted<double>(8));
  file.close();
  std::string bytes = test::content_of(folder.file("a.h5"));
  const std::string before("\x08\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 16);  // dims, limits
  const auto at = bytes.find(before);
  ASSERT_NE(at, std::string::npos);
  bytes[at + 6] = '\x10';
  const File large = File::open(folder.write("b.h5", bytes));
  const std::string message = error_of([&] { large.dataset("x").read<double>(); });
  EXPECT_NE(message.find("more than its bytes"), std::string::npos) << message;
}

// What is written to lies in memory later, where damage would no longer be seen.
TEST(Hdf5, AFileToBeWrittenIsLookedAtFirst) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.h5");
  {
    File file = File::create_at_once(path);
    file.require_group("below").create_growing("times", Type::float64, {.chunk_bytes = 256, .deflate = 0});
    file.close();
  }
  EXPECT_EQ(error_of([&] {
              File file = File::open_for_writing(path);
              file.require_group("below/later").create_text("more", "text");
              file.close();
            }),
            "");
  EXPECT_EQ(File::open(path).dataset("below/later/more").read_text(), "text");
  std::string bytes = test::content_of(path);
  using namespace std::literals;
  const std::size_t chunks = bytes.find("\x20\0\0\0\x08\0\0\0"sv);  // 32 rows of 8 bytes
  ASSERT_NE(chunks, std::string::npos);
  bytes[chunks] = 0;
  folder.write("a.h5", bytes);
  EXPECT_EQ(error_of([&] { File::open(path); }), "") << "only what is read is looked at";
  EXPECT_NE(error_of([&] { File::open_for_writing(path); }).find("chunks that are empty"), std::string::npos);
  {
    File file = File::create_at_once(path);
    std::string deep = "a";
    for (int k = 0; k < 70; ++k) deep += "/a";
    file.require_group(deep);
    file.close();
  }
  EXPECT_NE(error_of([&] { File::open_for_writing(path); }).find("more objects"), std::string::npos);
}

TEST(Hdf5, ManyThreadsMayUseTheLibrary) {
  const TemporaryFolder folder;
  std::vector<std::jthread> threads;
  std::atomic<int> right = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < 10; ++round) {
        const std::string path = folder.file("t" + std::to_string(t) + std::to_string(round));
        File file = File::create(path);
        Dataset rows = file.create_growing("x", Type::float64, {.chunk_bytes = 256});
        for (int k = 0; k < 50; ++k) rows.append<double>(counted<double>(7, 7 * k));
        file.close();
        right += File::open(path).dataset("x").read<double>() == counted<double>(350);
        error_of([&] { File::open(path).dataset("none"); });
      }
    });
  }
  threads.clear();
  EXPECT_EQ(right, 40);
}

TEST(Hdf5, ARenamedFileIsWrittenOnAndNamedAnew) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a.h5", "something else");
  File file = File::create(folder.file("a.h5.new"));
  Dataset rows = file.create_growing("x", Type::float64, {.chunk_bytes = 64});
  file.flush();
  EXPECT_NE(error_of([&] { file.rename(folder.file("no/a.h5")); }).find("a.h5.new"), std::string::npos);
  file.rename(path);
  EXPECT_EQ(rows.file_path(), path);
  rows.append<double>(counted<double>(100));
  const std::string message = error_of([&] { file.dataset("none"); });
  EXPECT_NE(message.find("a.h5: "), std::string::npos) << message;
  file.close();
  EXPECT_FALSE(std::filesystem::exists(folder.file("a.h5.new")));
  EXPECT_EQ(File::open(path).dataset("x").read<double>(), counted<double>(100));
}

// --- a writer that dies
// ---------------------------------------------------------------------------------------------

constexpr std::uint64_t batch = 1000;

/// Appends batches for ever; after each flush tells through `progress` how many rows must be in the file.
[[noreturn]] void write_for_ever(const std::string& path, int progress, int flush_every) {
  File file = File::create(path);
  Dataset times =
      file.require_group("spikes/a").create_growing("times", Type::float64, {.chunk_bytes = 1 << 14});
  Dataset ids = file.require_group("spikes/a").create_growing("ids", Type::uint64, {.chunk_bytes = 1 << 14});
  Dataset trace = file.require_group("report/a")
                      .create_growing("data", Type::float32, {.columns = 10, .chunk_bytes = 1 << 13});
  for (std::uint64_t k = 0;; ++k) {
    times.append<double>(counted<double>(batch, static_cast<double>(k * batch)));
    ids.append<std::uint64_t>(counted<std::uint64_t>(batch, k * batch));
    trace.append<float>(std::vector<float>(10 * 13, static_cast<float>(k)));
    if (k % static_cast<std::uint64_t>(flush_every) != 0) continue;
    file.flush();
    const std::uint64_t rows = (k + 1) * batch;
    if (::write(progress, &rows, sizeof rows) != sizeof rows) _exit(1);
  }
}

/// Runs the writer for a while, kills it, and returns the rows that it said were flushed.
std::uint64_t rows_when_killed(const std::string& path, std::chrono::microseconds life, int flush_every) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return 0;
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    write_for_ever(path, ends[1], flush_every);
  }
  ::close(ends[1]);
  std::uint64_t rows = 0, told = 0;
  std::uint64_t first = 0;
  if (::read(ends[0], &first, sizeof first) == sizeof first) rows = first;
  std::this_thread::sleep_for(life);
  ::kill(child, SIGKILL);
  while (::read(ends[0], &told, sizeof told) == sizeof told) rows = told;
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return rows;
}

TEST(Hdf5, AKilledWriterLeavesAllThatWasFlushed) {
  const TemporaryFolder folder;
  for (int round = 0; round < 40; ++round) {
    const std::string path = folder.file("killed" + std::to_string(round) + ".h5");
    const auto life = std::chrono::microseconds(500 + 1700 * round);
    const std::uint64_t rows = rows_when_killed(path, life, round % 2 == 0 ? 10 : 200);
    ASSERT_GE(rows, batch);
    const File file = File::open(path);
    ASSERT_GE(file.dataset("spikes/a/times").dimensions()[0], rows);
    EXPECT_EQ(file.dataset("spikes/a/times").read_rows<double>(0, rows), counted<double>(rows));
    EXPECT_EQ(file.dataset("spikes/a/ids").read_rows<std::uint64_t>(0, rows), counted<std::uint64_t>(rows));
    const std::uint64_t frames = rows / batch * 13;
    const auto trace = file.dataset("report/a/data").read_rows<float>(0, frames);
    EXPECT_EQ(trace.back(), static_cast<float>(rows / batch - 1));
    if (std::system("command -v h5dump > /dev/null") != 0) continue;
    EXPECT_EQ(std::system(("h5dump -H '" + path + "' > /dev/null 2>&1").c_str()), 0);
  }
}

// A full disk, here a limit on the size of files: one clear error, and the file stays as at the last flush.
TEST(Hdf5, AFullDiskLeavesAllThatWasFlushed) {
  const TemporaryFolder folder;
  const std::string path = folder.file("full.h5");
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{400'000, 400'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::uint64_t flushed = 0;
    const std::string message = error_of([&] {
      File file = File::create(path);
      Dataset rows = file.create_growing("x", Type::uint64, {.chunk_bytes = 4096, .deflate = 0});
      for (std::uint64_t k = 0; k < 100; ++k) {
        rows.append<std::uint64_t>(counted<std::uint64_t>(batch, k * batch));
        file.flush();
        flushed = (k + 1) * batch;
      }
    });
    const bool clear = message.find("full.h5") != std::string::npos &&
                       message.find("cannot write") != std::string::npos &&
                       message.find("large") != std::string::npos;
    if (!clear) std::fprintf(stderr, "%s\n", message.c_str());
    _exit(clear ? static_cast<int>(flushed / batch) : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  const auto rows = static_cast<std::uint64_t>(WEXITSTATUS(status)) * batch;
  ASSERT_GT(rows, 20 * batch);
  EXPECT_LT(rows, 60 * batch);
  EXPECT_EQ(File::open(path).dataset("x").read<std::uint64_t>(), counted<std::uint64_t>(rows));
}

TEST(Hdf5, CutFilesAreErrorsOrReadable) {
  const TemporaryFolder folder;
  {
    File file = File::create(folder.file("a.h5"));
    file.create_growing("x", Type::float64, {.chunk_bytes = 64}).append<double>(counted<double>(20));
  }
  const std::string bytes = test::content_of(folder.file("a.h5"));
  ASSERT_LT(bytes.size(), 20'000U);
  std::size_t refused = 0;
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const std::string path = folder.write("cut.h5", std::string_view(bytes).substr(0, length));
    std::vector<double> values;
    const std::string message = error_of([&] { values = File::open(path).dataset("x").read<double>(); });
    ASSERT_TRUE(!message.empty() || values == counted<double>(20)) << "cut at " << length;
    refused += !message.empty();
  }
  EXPECT_GT(refused, bytes.size() / 2);
}

TEST(Hdf5, AFileBeingWrittenIsNotOpenedTwice) {
  const TemporaryFolder folder;
  File file = File::create(folder.file("a.h5"));
  EXPECT_NE(error_of([&] { File::open(folder.file("a.h5")); }), "");
  file.close();
  EXPECT_EQ(error_of([&] { File::open(folder.file("a.h5")); }), "");
}

}  // namespace
}  // namespace synfire
