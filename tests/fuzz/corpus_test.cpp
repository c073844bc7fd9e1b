// What the fuzzer starts from, and what it has found, stays harmless.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "io/events/formats.hpp"
#include "tests/fuzz/read_bytes.hpp"
#include "tests/source_dir.hpp"

namespace synfire {
namespace {

namespace fs = std::filesystem;

/// The folder of a reader's files in the corpus.
fs::path folder_of(const std::string& reader) { return test::source_dir() / "tests/fuzz/corpus" / reader; }

std::vector<std::string> corpus_of(const std::string& reader) {
  std::vector<std::string> paths;
  if (!fs::exists(folder_of(reader))) return paths;
  for (const auto& entry : fs::directory_iterator(folder_of(reader))) paths.push_back(entry.path().string());
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::vector<std::uint8_t> content(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

class Corpus : public testing::TestWithParam<std::string> {};

TEST_P(Corpus, IsReadWithoutBreakingAnyPromise) {
  const auto paths = corpus_of(GetParam());
  ASSERT_FALSE(paths.empty());
  for (const std::string& path : paths) {
    SCOPED_TRACE(path);
    const auto bytes = content(path);
    ASSERT_FALSE(bytes.empty());
    ASSERT_NO_THROW(test::read_bytes(bytes, GetParam()));
    ASSERT_NO_THROW(test::read_bytes(bytes, "events"));
  }
}

INSTANTIATE_TEST_SUITE_P(Readers, Corpus, testing::ValuesIn(test::byte_readers()),
                         [](const auto& tested) { return tested.param; });

TEST(CorpusFolders, AreThoseOfReaders) {
  const auto readers = test::byte_readers();
  for (const auto& entry : fs::directory_iterator(folder_of("")))
    EXPECT_EQ(std::ranges::count(readers, entry.path().filename().string()), 1) << entry.path();
}

// Every format has a start in it from which the fuzzer reaches the depths of its reader.
TEST(CorpusFolders, HaveARecordingOfEachFormat) {
  for (const EventFormat& format : event_formats()) {
    if (format.open == nullptr) continue;
    bool found = false;
    for (const std::string& path : corpus_of(std::string(format.name))) {
      try {
        const auto reader = open_events(path);
        std::vector<Event> events(4);
        found = found || (reader->sensor().format == format.name && reader->read(events) > 0);
      } catch (const Error&) {
        continue;  // a damaged one
      }
    }
    EXPECT_TRUE(found) << format.name;
  }
}

}  // namespace
}  // namespace synfire
