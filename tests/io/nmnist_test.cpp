#include "io/events/nmnist.hpp"

#include "io/csv.hpp"
#include "tests/io/event_files.hpp"

namespace synfire {
namespace {

using test::all_events;
using test::outcome_of;
using test::TemporaryFolder;

struct Facts {
  const char* file;
  std::size_t events;
  std::ptrdiff_t on;
  Event first, last;
};
class GenuineNmnist : public testing::TestWithParam<Facts> {};
INSTANTIATE_TEST_SUITE_P(
    Files, GenuineNmnist,
    testing::Values(Facts{"train/00001.bin", 4681, 2328, {893, 18, 16, 1}, {305924, 10, 10, 0}},
                    Facts{"train/01000.bin", 3858, 1911, {596, 19, 14, 1}, {306799, 11, 22, 0}},
                    Facts{"test/60001.bin", 3330, 1718, {5087, 7, 7, 1}, {307827, 26, 8, 1}},
                    Facts{"tonic_sample_nmnist.bin", 4325, 2145, {654, 7, 15, 1}, {311175, 21, 14, 1}}));

TEST_P(GenuineNmnist, HasTheKnownEvents) {
  const Facts& facts = GetParam();
  const std::string name = std::string("nmnist/") + facts.file;
  if (!test::have(name)) GTEST_SKIP() << "no genuine data: " << name;
  const auto reader = open_events(test::data_file(name));
  EXPECT_EQ(reader->sensor().format, "nmnist");
  EXPECT_EQ(reader->sensor().width, 34);
  EXPECT_EQ(reader->sensor().height, 34);
  const auto events = all_events(*reader);
  ASSERT_EQ(events.size(), facts.events);
  EXPECT_EQ(std::ranges::count(events, 1, &Event::on), facts.on);
  EXPECT_EQ(events.front(), facts.first);
  EXPECT_EQ(events.back(), facts.last);
  const TemporaryFolder folder;
  test::write_events(folder.file("a"), "nmnist", {.width = 34, .height = 34}, events);
  EXPECT_TRUE(test::content_of(folder.file("a")) == test::content_of(test::data_file(name)));
}

TEST(Nmnist, AllGenuineFilesAreRecognisedInOrderAndSmall) {
  if (!test::have("nmnist")) GTEST_SKIP() << "no genuine data: nmnist";
  std::size_t files = 0, events = 0;
  for (const char* const part : {"nmnist/train", "nmnist/test"}) {
    for (const auto& entry : std::filesystem::directory_iterator(test::data_file(part))) {
      if (++files % 25 != 0) continue;  // every file takes half a minute under AddressSanitizer
      const auto found = outcome_of(entry.path().string());
      ASSERT_EQ(found.error, "");
      ASSERT_TRUE(std::ranges::is_sorted(found.events, {}, &Event::t_us));
      ASSERT_LE(found.events.back().t_us, 336040);
      events += found.events.size();
    }
  }
  EXPECT_EQ(files, 1050U);
  EXPECT_GT(events, 42U * 2000);
}

std::string bytes_of(const std::vector<std::array<int, 5>>& events) {
  std::string bytes;
  for (const auto& event : events)
    for (const int byte : event) bytes += static_cast<char>(byte);
  return bytes;
}

TEST(Nmnist, OverflowsMoveTheTime) {
  const TemporaryFolder folder;
  const auto found = outcome_of(folder.write("a", bytes_of({{1, 2, 0x80, 0, 7},
                                                            {9, 240, 0x7f, 0xff, 0xff},
                                                            {3, 4, 0, 0, 8},
                                                            {0, 240, 0, 0, 0},
                                                            {5, 33, 1, 0, 0}})));
  EXPECT_EQ(found.error, "");
  EXPECT_EQ(found.events, (std::vector<Event>{{7, 1, 2, 1}, {8192 + 8, 3, 4, 0}, {16384 + 65536, 5, 33, 0}}));
}

TEST(Nmnist, LargerSensorsAreMeasuredOrGiven) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", bytes_of({{200, 2, 0, 0, 7}, {3, 150, 0, 0, 8}}));
  const auto measured = open_events(path);
  EXPECT_EQ(measured->sensor().width, 201);
  EXPECT_EQ(measured->sensor().height, 151);
  const auto small = outcome_of(path, {.sensor = "201x100"});
  EXPECT_EQ(small.events.size(), 1U);
  EXPECT_NE(small.error.find("byte 5: an event outside a 201 x 100 sensor"), std::string::npos)
      << small.error;
}

TEST(Nmnist, OtherBytesAreNotRecognised) {
  const TemporaryFolder folder;
  for (const std::string& other :
       {std::string("hello"), std::string(""), bytes_of({{1, 2, 0, 0, 7}, {3, 4, 0, 0, 6}}),
        bytes_of({{1, 2, 0, 0, 7}}) + "x", bytes_of({{2, 250, 0, 0, 7}})})
    EXPECT_NE(outcome_of(folder.write("a", other)).error.find("supported"), std::string::npos);
}

TEST(Nmnist, CutsAndFlips) {
  const TemporaryFolder folder;
  const EventSink sink{.width = 34, .height = 34};
  test::write_events(folder.file("long"), "nmnist", sink, test::random_events(110, 34, 34));
  test::expect_safe_cuts(test::content_of(folder.file("long")), 500);
  test::write_events(folder.file("short"), "nmnist", sink, test::random_events(20, 34, 34));
  test::expect_safe_flips(test::content_of(folder.file("short")));
}

TEST(Nmnist, EveryEventComesBack) {
  const TemporaryFolder folder;
  for (const auto& [width, height] : {std::pair(34, 34), std::pair(240, 180)}) {
    const auto events = test::random_events(20'000, static_cast<unsigned>(width),
                                            static_cast<unsigned>(height), 1000, 1 << 22);
    EXPECT_GT(events.back().t_us, 1 << 25);
    const EventSink sink{.width = static_cast<std::uint16_t>(width),
                         .height = static_cast<std::uint16_t>(height)};
    test::write_events(folder.file("a"), "nmnist", sink, events);
    EXPECT_EQ(outcome_of(folder.file("a")).events, events);
  }
}

TEST(Nmnist, RefusesWhatCannotBeStored) {
  const TemporaryFolder folder;
  const auto refused = [&](const EventSink& sink, const std::vector<Event>& events) {
    return test::error_of([&] { test::write_events(folder.file("b"), "nmnist", sink, events); });
  };
  const EventSink sink{.width = 34, .height = 34};
  EXPECT_NE(refused(sink, {{-1, 0, 0, 0}}), "");
  EXPECT_NE(refused(sink, {{std::int64_t{1} << 33, 0, 0, 0}}).find("gaps up to 2^32"), std::string::npos);
  EXPECT_NE(refused(sink, {{1 << 24, 0, 0, 0}, {0, 0, 0, 0}}).find("in order"), std::string::npos);
  EXPECT_NE(refused(sink, {{0, 34, 0, 0}}).find("outside"), std::string::npos);
  EXPECT_NE(refused({.width = 34, .height = 241}, {}).find("256 x 240"), std::string::npos);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace synfire
