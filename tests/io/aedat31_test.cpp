#include "io/events/aedat31.hpp"

#include "io/events/aedat2.hpp"
#include "tests/io/event_files.hpp"

namespace synfire {
namespace {

using test::all_events;
using test::outcome_of;
using test::TemporaryFolder;

const std::string header = "#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DVS128\r\n#!END-HEADER\r\n";

std::string le(std::initializer_list<std::uint32_t> words) {
  std::string bytes;
  for (const std::uint32_t word : words)
    for (const int shift : {0, 8, 16, 24}) bytes.push_back(static_cast<char>(word >> shift & 0xff));
  return bytes;
}

/// A packet's head; `type` in its low half, the source in the other.
std::string head(std::uint32_t type, std::uint32_t size, std::uint32_t overflow, std::uint32_t capacity,
                 std::uint32_t number) {
  return le({type | 1U << 16, size, 4, overflow, capacity, number, number});
}

std::uint32_t data(std::uint32_t x, std::uint32_t y, std::uint32_t on, std::uint32_t valid = 1) {
  return x << 17 | y << 2 | on << 1 | valid;
}

std::string two_packets() {
  return header + head(1, 8, 0, 2, 2) + le({data(5, 6, 1), 10, data(127, 127, 0), 11}) + head(0, 8, 0, 1, 1) +
         le({1 | 2 << 1, 12}) + head(1, 8, 1, 1, 1) + le({data(0, 1, 0), 3});
}
const std::vector<Event> of_two_packets{
    {10, 5, 6, 1}, {11, 127, 127, 0}, {(std::int64_t{1} << 31) + 3, 0, 1, 0}};

TEST(Aedat31, ARecordingHasTheKnownEvents) {
  const char* const name = "dvs/derived/dvs128_checkerboard_1_as_aedat31.aedat";
  if (!test::have(name)) GTEST_SKIP() << "no recording: " << name;
  const auto found = outcome_of(test::data_file(name));
  EXPECT_EQ(found.error, "");
  EXPECT_TRUE(found.warnings.empty());
  ASSERT_EQ(found.events.size(), 63442U);
  EXPECT_EQ(found.events.front(), (Event{166829147, 95, 102, 0}));
  EXPECT_EQ(found.events.back().t_us, 166904742);
  EXPECT_EQ(std::ranges::count(found.events, 1, &Event::on), 42691);
  EXPECT_EQ(test::digest_of(found.events), 11777460068370935768U);
  // All but the invalid ones are those of the original, in order.
  Aedat2Reader original(test::data_file("dvs/aedat2/dvs128_checkerboard_1.aedat"));
  const auto all = all_events(original);
  std::size_t next = 0;
  for (const Event& event : all)
    if (next < found.events.size() && event == found.events[next]) ++next;
  EXPECT_EQ(next, found.events.size());
}

TEST(Aedat31, PacketsOfOtherKindsArePassedOver) {
  const TemporaryFolder folder;
  for (const std::uint32_t type : {0U, 2U, 3U, 12U, 200U}) {
    const std::string other = head(type, 36, 0, 2, 1) + std::string(72, '\x55');
    const std::string path = folder.write("a", header + other + two_packets().substr(header.size()) + other);
    const auto found = outcome_of(path);
    EXPECT_EQ(found.error, "") << type;
    EXPECT_EQ(found.events, of_two_packets) << type;
  }
}

TEST(Aedat31, TheValidBitAndTheCapacityAreHonoured) {
  const TemporaryFolder folder;
  const std::string body =
      head(1, 8, 0, 4, 3) +
      le({data(1, 1, 1, 0), 1, data(2, 2, 1), 2, data(3, 3, 0, 0), 3, data(4, 4, 1), 4}) +
      head(1, 8, 0, 1, 1) + le({data(9, 9, 1), 9});
  const auto found = outcome_of(folder.write("a", header + body));
  EXPECT_EQ(found.error, "");
  EXPECT_EQ(found.events, (std::vector<Event>{{2, 2, 2, 1}, {9, 9, 9, 1}}));
}

TEST(Aedat31, TheSensorIsNamedGivenOrMeasured) {
  const TemporaryFolder folder;
  const std::string start = "#!AER-DAT3.1\r\n#-Source 0: DVS128\n";
  const std::string body = "#!END-HEADER\r\n" + head(1, 8, 0, 1, 1) + le({data(200, 100, 1), 7});
  const auto size = [&](const std::string& source, std::optional<std::string> given = {}) {
    const auto reader = open_events(folder.write("a", start + source + body), {.sensor = given});
    return std::pair<int, int>(reader->sensor().width, reader->sensor().height);
  };
  EXPECT_EQ(size("#Source 1: DAVIS240C\r\n"), std::pair(240, 180));
  EXPECT_EQ(size("#Source 1: Eye\r\n"), std::pair(201, 101));
  EXPECT_EQ(size(""), std::pair(201, 101));
  EXPECT_EQ(size("", "640x480"), std::pair(640, 480));
  EXPECT_NE(test::error_of([&] { size("", "Eye"); }).find("'Eye' is not known"), std::string::npos);
}

TEST(Aedat31, DamageIsAnErrorOrCounted) {
  const TemporaryFolder folder;
  const std::string good = two_packets().substr(header.size());
  const auto both = [&](const std::string& bad, const char* what, std::uint64_t lost) {
    const std::string path = folder.write("a", header + good + bad + good);
    const auto strict = outcome_of(path), lenient = outcome_of(path, {.lenient = true});
    EXPECT_EQ(strict.events, of_two_packets) << what;
    EXPECT_NE(strict.error.find("a: byte " + std::to_string(header.size() + good.size())), std::string::npos)
        << strict.error;
    EXPECT_NE(strict.error.find(what), std::string::npos) << strict.error;
    auto twice = of_two_packets;
    twice.insert(twice.end(), of_two_packets.begin(), of_two_packets.end());
    EXPECT_EQ(lenient.error, "");
    EXPECT_EQ(lenient.events, twice) << what;
    EXPECT_EQ(lenient.lost, lost) << what;
    EXPECT_EQ(lenient.warnings.size(), 1U) << what;
  };
  both(head(1, 8, 0, 2, 3) + le({0, 0, 0, 0}), "contradict", 3);
  both(head(1, 12, 0, 1, 1) + le({0, 0, 0}), "not 8 bytes", 1);
  both(head(1, 8, 0x80000000U, 1, 1) + le({0, 0}), "below 0", 1);
  both(head(7, 0xffffffffU, 0, 1, 1), "below 0", 1);
  both(head(0xffff, 8, 0, 0x7fffffff, 0x7fffffff), "below 0", 1);
  both("rubbish between packets of 28", "", 1);
}

TEST(Aedat31, EventsOutsideAreDamage) {
  const TemporaryFolder folder;
  const std::string path = folder.write(
      "a", header + head(1, 8, 0, 4, 4) +
               le({data(1, 2, 1), 5, data(128, 2, 1), 6, data(1, 128, 1), 7, data(1, 2, 0), 0x80000000U}) +
               head(1, 8, 0, 1, 1) + le({data(3, 3, 0), 9}));
  const auto strict = outcome_of(path), lenient = outcome_of(path, {.lenient = true});
  EXPECT_EQ(strict.events, (std::vector<Event>{{5, 1, 2, 1}}));
  EXPECT_NE(
      strict.error.find("byte " + std::to_string(header.size() + 36) + ": an event outside a 128 x 128"),
      std::string::npos)
      << strict.error;
  EXPECT_EQ(lenient.events, (std::vector<Event>{{5, 1, 2, 1}, {9, 3, 3, 0}}));
  EXPECT_EQ(lenient.lost, 3U);
}

TEST(Aedat31, HostileSizesTakeNoMemory) {
  const TemporaryFolder folder;
  for (const std::uint32_t type : {1U, 2U}) {
    const std::string path =
        folder.write("a", two_packets() + head(type, type == 1 ? 8 : 0x7fffffff, 0, 0x7fffffff, 0x7fffffff));
    const auto strict = outcome_of(path), lenient = outcome_of(path, {.lenient = true});
    EXPECT_NE(strict.error.find("ends inside a packet"), std::string::npos) << strict.error;
    EXPECT_EQ(lenient.events, of_two_packets);
    EXPECT_EQ(lenient.lost, type == 1 ? 0x7fffffffU : 0U);
  }
}

TEST(Aedat31, CutsFlipsAndHeaders) {
  test::expect_safe_cuts(two_packets(), header.size());
  test::expect_safe_flips(two_packets());
  const TemporaryFolder folder;
  EXPECT_NE(outcome_of(folder.write("a", "#!AER-DAT3.1\r\n#Format: RAW\r\n"))
                .error.find("byte 28: the header has no end"),
            std::string::npos);
}

TEST(Aedat31, WritesWhatItReads) {
  const TemporaryFolder folder;
  for (const char* const camera : {"DVS128", "DAVIS346red", "an unknown one"}) {
    const auto known = find_sensor_size(camera).value_or(SensorSize{1000, 700});
    const EventSink sink{.width = known.width, .height = known.height, .sensor = camera};
    const auto events =
        test::random_events(20'000, known.width, known.height, (std::int64_t{3} << 31) - 500, 1U << 31);
    test::write_events(folder.file("a"), "aedat31", sink, events);
    const auto reader = open_events(folder.file("a"));
    EXPECT_EQ(reader->sensor().format, "aedat31");
    EXPECT_EQ(reader->sensor().width, known.width);
    EXPECT_EQ(reader->sensor().height, known.height);
    EXPECT_EQ(all_events(*reader), events);
  }
  const EventSink sink{.width = 128, .height = 128};
  for (const Event& bad :
       {Event{0, 128, 0, 0}, Event{0, 0, 0, 2}, Event{-1, 0, 0, 0}, Event{std::int64_t{1} << 62, 0, 0, 0}}) {
    EXPECT_NE(test::error_of([&] { test::write_events(folder.file("b"), "aedat31", sink, {bad}); }), "");
    EXPECT_FALSE(std::filesystem::exists(folder.file("b")));
  }
}

}  // namespace
}  // namespace synfire
