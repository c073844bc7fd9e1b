// What the fuzzer starts from, and what it has found, stays harmless.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "io/events/formats.hpp"
#include "tests/fuzz/read_bytes.hpp"

namespace synfire {
namespace {

std::vector<std::string> corpus() {
  std::vector<std::string> paths;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(__FILE__).parent_path() / "corpus"))
    paths.push_back(entry.path().string());
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::vector<std::uint8_t> content(const std::string& path) {
  std::vector<std::uint8_t> bytes(std::filesystem::file_size(path));
  std::FILE* const stream = std::fopen(path.c_str(), "rb");
  const std::size_t got = stream == nullptr ? 0 : std::fread(bytes.data(), 1, bytes.size(), stream);
  if (stream != nullptr) std::fclose(stream);
  bytes.resize(got);
  return bytes;
}

TEST(Corpus, IsReadWithoutBreakingAnyPromise) {
  ASSERT_GE(corpus().size(), 8U);
  for (const std::string& path : corpus()) {
    SCOPED_TRACE(path);
    const auto bytes = content(path);
    ASSERT_FALSE(bytes.empty());
    ASSERT_NO_THROW(test::read_as_events(bytes));
  }
}

// Every format has a start in it from which the fuzzer reaches the depths of its reader.
TEST(Corpus, HasARecordingOfEachFormat) {
  for (const EventFormat& format : event_formats()) {
    if (format.open == nullptr) continue;
    bool found = false;
    for (const std::string& path : corpus()) {
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
