#include "io/events/aedat2.hpp"

#include <array>
#include <random>

#include <gtest/gtest.h>

#include "tests/io/event_files.hpp"

namespace synfire {
namespace {

using test::all_events;
using test::error_of;
using test::TemporaryFolder;

std::string be(std::initializer_list<std::uint32_t> words) {
  std::string bytes;
  for (const std::uint32_t word : words)
    for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<char>(word >> shift & 0xff));
  return bytes;
}

const std::string dvs_header = "#!AER-DAT2.0\r\n# a comment\r\n";
const std::string davis_header = "#!AER-DAT2.0\r\n# AEChip: eu.seebetter.ini.chips.davis.DAVIS240C\r\n";

struct Facts {
  const char* file;
  EventView view;
  std::size_t events, on;
  Event first, last;
  int min_x, max_x, min_y, max_y;
  std::uint64_t header;
};
class GenuineAedat2 : public testing::TestWithParam<Facts> {};
constexpr auto raw = EventView::raw;
constexpr auto jaer = EventView::jaer;
INSTANTIATE_TEST_SUITE_P(Files, GenuineAedat2,
                         testing::Values(Facts{"dvs/aedat2/dvs128_checkerboard_1.aedat",
                                               raw,
                                               63483,
                                               20782,
                                               {166829147, 32, 25, 1},
                                               {166904742, 98, 56, 1},
                                               0,
                                               126,
                                               0,
                                               127,
                                               216},
                                         Facts{"dvs/aedat2/dvs128_checkerboard_1.aedat",
                                               jaer,
                                               63483,
                                               42701,
                                               {166829147, 95, 102, 0},
                                               {166904742, 29, 71, 0},
                                               1,
                                               127,
                                               0,
                                               127,
                                               216},
                                         Facts{"dvs/aedat2/dvs128_checkerboard_2.aedat",
                                               raw,
                                               30350,
                                               9130,
                                               {210107982, 93, 57, 1},
                                               {210232796, 112, 84, 1},
                                               0,
                                               127,
                                               0,
                                               126,
                                               216},
                                         Facts{"dvs/aedat2/davis240c_IMU_translBoxes.aedat",
                                               raw,
                                               162771,
                                               82944,
                                               {294976755, 156, 36, 0},
                                               {297049406, 233, 40, 0},
                                               0,
                                               239,
                                               0,
                                               179,
                                               175268},
                                         Facts{"dvs/aedat2/davis240c_IMU_translBoxes.aedat",
                                               jaer,
                                               162771,
                                               82944,
                                               {294976755, 83, 143, 0},
                                               {297049406, 6, 139, 0},
                                               0,
                                               239,
                                               0,
                                               179,
                                               175268}));

TEST_P(GenuineAedat2, HasTheKnownEvents) {
  const Facts& facts = GetParam();
  if (!test::have(facts.file)) GTEST_SKIP() << "no genuine data: " << facts.file;
  Aedat2Reader reader(test::data_file(facts.file), {.view = facts.view});
  EXPECT_EQ(reader.data_offset(), facts.header);
  const auto events = all_events(reader);
  ASSERT_EQ(events.size(), facts.events);
  EXPECT_EQ(events.front(), facts.first);
  EXPECT_EQ(events.back(), facts.last);
  EXPECT_TRUE(reader.warnings().empty());
  std::size_t on = 0;
  int min_x = 1 << 16, max_x = -1, min_y = 1 << 16, max_y = -1;
  for (const Event& event : events) {
    on += event.on;
    min_x = std::min<int>(min_x, event.x), max_x = std::max<int>(max_x, event.x);
    min_y = std::min<int>(min_y, event.y), max_y = std::max<int>(max_y, event.y);
  }
  EXPECT_EQ(on, facts.on);
  EXPECT_EQ((std::array{min_x, max_x, min_y, max_y}),
            (std::array{facts.min_x, facts.max_x, facts.min_y, facts.max_y}));
}

// The same events whatever the size of the pieces, and through the general door.
TEST(Aedat2, PiecesDoNotMatter) {
  const char* const name = "dvs/aedat2/davis240c_IMU_translBoxes.aedat";
  if (!test::have(name)) GTEST_SKIP() << "no genuine data: " << name;
  Aedat2Reader whole(test::data_file(name));
  const auto reader = open_events(test::data_file(name));
  EXPECT_EQ(reader->sensor().format, "aedat2");
  EXPECT_EQ(reader->sensor().name, "DAVIS240C");
  EXPECT_EQ(reader->sensor().width, 240);
  EXPECT_EQ(reader->sensor().height, 180);
  EXPECT_EQ(all_events(whole, 1 << 20), all_events(*reader, 37));
}

TEST(Aedat2, DecodesTheBitsOfADvs128) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", dvs_header + be({5U << 8 | 9U << 1 | 1, 70,  // y 5, x 9, OFF
                                                              0x8000, 71,                 // external
                                                              127U << 8 | 127U << 1, 72, 0x10000, 73}));
  Aedat2Reader stored(path, {.view = raw, .lenient = true});
  EXPECT_EQ(all_events(stored), (std::vector<Event>{{70, 9, 5, 1}, {72, 127, 127, 0}}));
  EXPECT_EQ(stored.lost(), 1U);
  ASSERT_EQ(stored.warnings().size(), 1U);
  EXPECT_NE(stored.warnings()[0].find("an event outside a 128 x 128 sensor; 1 events are left out"),
            std::string::npos);
  Aedat2Reader shown(path, {.lenient = true});
  EXPECT_EQ(all_events(shown), (std::vector<Event>{{70, 118, 122, 0}, {72, 0, 0, 1}}));
  const test::Outcome strict = test::outcome_of(path);
  EXPECT_EQ(strict.events.size(), 2U);
  EXPECT_NE(strict.error.find("byte " + std::to_string(dvs_header.size() + 24) + ": an event outside"),
            std::string::npos)
      << strict.error;
}

TEST(Aedat2, DecodesTheBitsOfADavis) {
  const TemporaryFolder folder;
  const auto word = [](std::uint32_t y, std::uint32_t x, std::uint32_t bits) {
    return y << 22 | x << 12 | bits;
  };
  const std::string path =
      folder.write("a", davis_header + be({word(3, 7, 0x800), 1, word(3, 7, 0x400), 2, word(3, 7, 0x80000800),
                                           3, word(179, 239, 0), 4, word(180, 0, 0), 5, word(0, 240, 0), 6}));
  Aedat2Reader stored(path, {.view = raw, .lenient = true});
  EXPECT_EQ(all_events(stored), (std::vector<Event>{{1, 7, 3, 1}, {4, 239, 179, 0}}));
  EXPECT_EQ(stored.lost(), 2U);
  EXPECT_EQ(stored.warnings().size(), 1U);
  Aedat2Reader shown(path, {.lenient = true});
  EXPECT_EQ(all_events(shown), (std::vector<Event>{{1, 232, 176, 1}, {4, 0, 0, 0}}));
  Aedat2Reader larger(path, {.view = raw, .sensor = "davis346"});
  EXPECT_EQ(all_events(larger).size(), 4U);
}

// A size says as much as a name: that of the DVS128 means its layout, any other that of the DAVIS.
TEST(Aedat2, TheSensorMayBeASize) {
  const TemporaryFolder folder;
  const std::string bytes = "#!AER-DAT2.0\r\n" + be({5U << 8 | 9U << 1 | 1, 70});
  Aedat2Reader small(folder.write("a", bytes), {.view = raw, .sensor = "128x128"});
  EXPECT_EQ(all_events(small), (std::vector<Event>{{70, 9, 5, 1}}));
  Aedat2Reader large(folder.write("b", davis_header + be({300U << 22 | 400U << 12, 1})),
                     {.view = raw, .sensor = "640x480"});
  EXPECT_EQ(all_events(large), (std::vector<Event>{{1, 400, 300, 0}}));
}

// A first event whose first byte is '#' is not taken for text.
TEST(Aedat2, TheFirstEventMayLookLikeAHeader) {
  const TemporaryFolder folder;
  const std::uint32_t address = 0x23000000U | 17U << 12 | 0x800;
  Aedat2Reader reader(folder.write("a", davis_header + be({address, 9, address, '\n'})), {.view = raw});
  EXPECT_EQ(all_events(reader), (std::vector<Event>{{9, 17, 140, 1}, {10, 17, 140, 1}}));
  EXPECT_EQ(reader.data_offset(), davis_header.size());
}

TEST(Aedat2, TheHeaderMayEndInWordsAndHaveBareLineFeeds) {
  const TemporaryFolder folder;
  const std::string body = be({0x23232323U, 9});
  Aedat2Reader reader(folder.write("a", "#!AER-DAT2.0\n# AEChip: x.Davis640\n#End Of ASCII Header\n" + body),
                      {.view = raw});
  EXPECT_EQ(reader.sensor().width, 640);
  EXPECT_EQ(all_events(reader), (std::vector<Event>{{9, 0x232, 140, 0}}));
}

TEST(Aedat2, TimestampsAreUnsignedAndUnwrapped) {
  const TemporaryFolder folder;
  Aedat2Reader reader(folder.write("a", dvs_header + be({0, 3799644735U, 0, 0xfffffff0U, 0, 5, 0, 0xfffffff8U,
                                                         0, 6, 0, 4, 0, 0xc0000000U, 0, 1})));
  std::vector<std::int64_t> times;
  for (const Event& event : all_events(reader)) times.push_back(event.t_us);
  const std::int64_t wrap = std::int64_t{1} << 32;
  EXPECT_EQ(times, (std::vector<std::int64_t>{3799644735, wrap - 16, wrap + 5, wrap - 8, wrap + 6, wrap + 4,
                                              0xc0000000, wrap + 1}));
}

TEST(Aedat2, AnyCutIsReadUpToItsLastWholeEvent) {
  const TemporaryFolder folder;
  const std::string bytes = davis_header + be({0, 1, 0x400000, 2, 0x800000, 3});
  for (std::size_t length = 0; length <= bytes.size(); ++length) {
    const std::string path = folder.write("cut", std::string_view(bytes).substr(0, length));
    if (length < 14) {
      EXPECT_NE(error_of([&] { Aedat2Reader reader(path); }).find("not AEDAT 2.0"), std::string::npos)
          << length;
      continue;
    }
    const std::size_t data = length < davis_header.size() ? 0 : length - davis_header.size();
    const bool whole = length == 14 || (length >= davis_header.size() && data % 8 == 0);
    const test::Outcome strict = test::outcome_of(path, {.sensor = "DAVIS240C"});
    EXPECT_EQ(strict.events.size(), data / 8) << length;
    EXPECT_EQ(strict.error.empty(), whole) << length;
    Aedat2Reader reader(path, {.sensor = "DAVIS240C", .lenient = true});
    EXPECT_EQ(all_events(reader).size(), data / 8) << length;
    EXPECT_EQ(reader.warnings().empty(), whole) << length;
  }
}

TEST(Aedat2, FlippedBitsNeverCrash) {
  test::expect_safe_flips(davis_header + be({0, 1, 0x400000, 2, 0x800000, 3}));
}

TEST(Aedat2, BadFilesAreNamed) {
  const TemporaryFolder folder;
  const auto says = [](const std::string& message, std::initializer_list<const char*> parts) {
    for (const char* const part : parts) EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  says(error_of([&] { open_events(folder.file("none")); }), {"none", "No such file"});
  says(error_of([&] { open_events(folder.path().string()); }), {folder.path().c_str(), "cannot read"});
  says(error_of([&] { open_events(folder.write("e", "")); }), {"e", "aedat2"});
  says(error_of([&] { open_events(folder.write("x.aedat", "#!AER-DAT1.0\r\n")); }), {"x.aedat", "supported"});
  const std::string chip = "#!AER-DAT2.0\r\n# AEChip: a.b.Cochlea\r\n";
  says(error_of([&] { open_events(folder.write("c", chip)); }), {"Cochlea", "DVS128, DAVIS128"});
  const std::string endless = dvs_header + "#" + std::string(3 << 20, 'x');
  says(error_of([&] { open_events(folder.write("l", endless)); }), {"l: byte 27", "1 MiB"});
}

// --- writing
// --------------------------------------------------------------------------------------------------------

struct WriterCase {
  const char* sensor;
  EventView view;
  int width, height;
};
class Aedat2RoundTrip : public testing::TestWithParam<WriterCase> {};
INSTANTIATE_TEST_SUITE_P(Sensors, Aedat2RoundTrip,
                         testing::Values(WriterCase{"DVS128", jaer, 128, 128},
                                         WriterCase{"DVS128", raw, 128, 128},
                                         WriterCase{"DAVIS240C", jaer, 240, 180},
                                         WriterCase{"Davis346red", raw, 346, 260},
                                         WriterCase{"DAVIS640", jaer, 640, 480}));

TEST_P(Aedat2RoundTrip, EveryEventComesBack) {
  const auto [sensor, view, width, height] = GetParam();
  const TemporaryFolder folder;
  std::mt19937 random(7);
  std::vector<Event> events(20'000);
  std::int64_t time = (std::int64_t{1} << 32) - 1000;
  for (Event& event : events)
    event = {time += random() % 3, static_cast<std::uint16_t>(random() % static_cast<unsigned>(width)),
             static_cast<std::uint16_t>(random() % static_cast<unsigned>(height)),
             static_cast<std::uint8_t>(random() % 2)};
  Aedat2Writer writer(folder.file("a"), sensor, view);
  writer.write(std::span(events).first(777));
  writer.write(std::span(events).subspan(777));
  EXPECT_FALSE(std::filesystem::exists(folder.file("a")));
  writer.finish();
  Aedat2Reader reader(folder.file("a"), {.view = view});
  EXPECT_EQ(reader.sensor().name, sensor);
  EXPECT_EQ(reader.sensor().width, width);
  EXPECT_EQ(all_events(reader), events);
  EXPECT_TRUE(reader.warnings().empty());
}

TEST(Aedat2Writer, RewritesAGenuineFileWordForWord) {
  const char* const name = "dvs/aedat2/dvs128_checkerboard_1.aedat";
  if (!test::have(name)) GTEST_SKIP() << "no genuine data: " << name;
  const TemporaryFolder folder;
  Aedat2Reader genuine(test::data_file(name));
  Aedat2Writer writer(folder.file("a"), "DVS128");
  writer.write(all_events(genuine));
  writer.finish();
  Aedat2Reader ours(folder.file("a"));
  EXPECT_EQ(test::content_of(folder.file("a")).substr(ours.data_offset()),
            test::content_of(test::data_file(name)).substr(genuine.data_offset()));
}

TEST(Aedat2Writer, RefusesWhatCannotBeStoredAndLeavesNothing) {
  const TemporaryFolder folder;
  const auto refused = [&](std::vector<Event> events) {
    return error_of([&] {
      Aedat2Writer writer(folder.file("a"), "DVS128");
      writer.write(events);
      writer.finish();
    });
  };
  EXPECT_NE(refused({{0, 128, 0, 0}}).find("outside"), std::string::npos);
  EXPECT_NE(refused({{0, 0, 128, 0}}).find("outside"), std::string::npos);
  EXPECT_NE(refused({{0, 0, 0, 2}}).find("outside"), std::string::npos);
  EXPECT_NE(refused({{-1, 0, 0, 0}}).find("-1 us"), std::string::npos);
  EXPECT_NE(refused({{std::int64_t{1} << 32, 0, 0, 0}}).find("4294967296 us"), std::string::npos);
  EXPECT_NE(error_of([&] { Aedat2Writer writer(folder.file("a"), "Eye"); }).find("'Eye'"), std::string::npos);
  EXPECT_NE(error_of([&] { Aedat2Writer writer(folder.file("no/a"), "DVS128"); }).find("no/a"),
            std::string::npos);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace synfire
