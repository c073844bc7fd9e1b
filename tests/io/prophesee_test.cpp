#include <array>
#include <random>

#include <gtest/gtest.h>

#include "io/events/dat.hpp"
#include "io/events/evt2.hpp"
#include "io/events/evt21.hpp"
#include "io/events/evt3.hpp"
#include "io/events/prophesee_header.hpp"
#include "tests/io/event_files.hpp"
#include "tests/io/sha256.hpp"

namespace synfire {
namespace {

using test::all_events;
using test::error_of;
using test::outcome_of;
using test::TemporaryFolder;

constexpr std::int64_t evt3_wrap = std::int64_t{1} << 24;
constexpr std::int64_t evt2_wrap = std::int64_t{1} << 34;

template <class Word> std::string le(std::initializer_list<std::uint64_t> words) {
  std::vector<std::uint8_t> bytes;
  for (const std::uint64_t word : words) put_little_endian(static_cast<Word>(word), bytes);
  return {bytes.begin(), bytes.end()};
}
std::string words16(std::initializer_list<std::uint64_t> words) { return le<std::uint16_t>(words); }
std::string words32(std::initializer_list<std::uint64_t> words) { return le<std::uint32_t>(words); }
std::string words64(std::initializer_list<std::uint64_t> words) { return le<std::uint64_t>(words); }

std::string raw(std::string_view encoding) {
  return fmt::format("% format {};height=30;width=40\n% end\n", encoding);
}

// Words, so that tests read as the stream does.
std::uint64_t y3(std::uint64_t y) { return y; }
std::uint64_t x3(std::uint64_t x, std::uint64_t on) { return 0x2000 | on << 11 | x; }
std::uint64_t base3(std::uint64_t x, std::uint64_t on) { return 0x3000 | on << 11 | x; }
std::uint64_t low3(std::uint64_t t) { return 0x6000 | t; }
std::uint64_t high3(std::uint64_t t) { return 0x8000 | t; }
std::uint64_t cd2(std::uint64_t on, std::uint64_t t, std::uint64_t x, std::uint64_t y) {
  return on << 28 | t << 22 | x << 11 | y;
}
std::uint64_t high2(std::uint64_t t) { return 0x80000000U | t; }
std::uint64_t cd21(std::uint64_t on, std::uint64_t t, std::uint64_t x, std::uint64_t y, std::uint64_t mask) {
  return on << 60 | t << 54 | x << 43 | y << 32 | mask;
}
std::uint64_t high21(std::uint64_t t) { return std::uint64_t{8} << 60 | t << 32; }
std::uint64_t dat(std::uint64_t t, std::uint64_t x, std::uint64_t y, std::uint64_t on) {
  return (on << 28 | y << 14 | x) << 32 | t;
}
const std::string dat_header = std::string("% Version 2\n% Height 30\n% Width 40\n") + "\x0c\x08";

std::vector<Event> events_of(const std::string& bytes, const EventOptions& options = {}) {
  const TemporaryFolder folder;
  const auto outcome = outcome_of(folder.write("a", bytes), options);
  EXPECT_EQ(outcome.error, "");
  return outcome.events;
}

// --- genuine files
// --------------------------------------------------------------------------------------------------------

struct Facts {
  const char* file;
  const char* format;
  int width, height;
  std::size_t events, on;
  Event first, last;
  std::array<int, 4> ranges;  ///< x, then y
  const char* digest;
};
class GenuineProphesee : public testing::TestWithParam<Facts> {};
INSTANTIATE_TEST_SUITE_P(Files, GenuineProphesee,
                         testing::Values(Facts{"dvs/evt2/gen3_640x480_evt2.raw",
                                               "evt2",
                                               640,
                                               480,
                                               539481,
                                               367855,
                                               {1317888, 237, 121, 1},
                                               {1367888, 210, 142, 1},
                                               {60, 599, 18, 475},
                                               "f3e69064e27885ef"},
                                         Facts{"dvs/evt3/gen41_1280x720_evt3.raw",
                                               "evt3",
                                               1280,
                                               720,
                                               219596,
                                               115532,
                                               {11718656, 874, 200, 0},
                                               {11727457, 1218, 572, 1},
                                               {0, 1279, 0, 719},
                                               "b13f6a8414eaa83a"},
                                         Facts{"dvs/dat/ncars_sample.dat",
                                               "dat",
                                               78,
                                               42,
                                               2009,
                                               1350,
                                               {0, 25, 8, 0},
                                               {99952, 75, 28, 1},
                                               {0, 77, 0, 41},
                                               "7a151f18c5c9b843"}));

TEST_P(GenuineProphesee, HasTheKnownEvents) {
  const Facts& facts = GetParam();
  if (!test::have(facts.file)) GTEST_SKIP() << "no genuine data: " << facts.file;
  const auto reader = open_events(test::data_file(facts.file));
  EXPECT_EQ(reader->sensor().format, facts.format);
  EXPECT_EQ(reader->sensor().width, facts.width);
  EXPECT_EQ(reader->sensor().height, facts.height);
  const auto events = all_events(*reader, 1 << 16);
  ASSERT_EQ(events.size(), facts.events);
  EXPECT_EQ(events.front(), facts.first);
  EXPECT_EQ(events.back(), facts.last);
  std::size_t on = 0;
  std::array<int, 4> ranges{1 << 16, -1, 1 << 16, -1};
  for (const Event& event : events) {
    on += event.on;
    ranges = {std::min<int>(ranges[0], event.x), std::max<int>(ranges[1], event.x),
              std::min<int>(ranges[2], event.y), std::max<int>(ranges[3], event.y)};
  }
  EXPECT_EQ(on, facts.on);
  EXPECT_EQ(ranges, facts.ranges);
  EXPECT_EQ(test::sha256_of(events), facts.digest);
  EXPECT_EQ(reader->lost(), 0U);
  EXPECT_TRUE(reader->warnings().empty());
}

std::vector<Event> first_events(const char* name, std::size_t count) {
  const auto reader = open_events(test::data_file(name));
  std::vector<Event> events(count);
  events.resize(reader->read(events));
  return events;
}

// The same recordings in other containers.
TEST(Prophesee, DerivedFilesHaveTheEventsOfTheirSource) {
  const auto same = [](const char* derived, const char* source, std::size_t count) {
    if (!test::have(derived) || !test::have(source)) GTEST_SKIP() << "no genuine data: " << derived;
    const auto reader = open_events(test::data_file(derived));
    const auto events = all_events(*reader, 777);
    EXPECT_EQ(events.size(), count) << derived;
    EXPECT_EQ(events, first_events(source, count)) << derived;
  };
  same("dvs/derived/gen41_first60000_as_evt21.raw", "dvs/evt3/gen41_1280x720_evt3.raw", 60000);
  same("dvs/derived/gen3_first100000_as.dat", "dvs/evt2/gen3_640x480_evt2.raw", 100000);
}

TEST(Prophesee, PiecesOfAnySizeGiveTheSameEvents) {
  const char* const name = "dvs/evt3/gen41_1280x720_evt3.raw";
  if (!test::have(name)) GTEST_SKIP() << "no genuine data: " << name;
  const std::string path = test::data_file(name);
  const auto whole = all_events(*open_events(path), 1 << 20);
  for (const std::size_t piece : {1, 5, 12, 13, 997}) {
    const auto reader = open_events(path);
    EXPECT_EQ(all_events(*reader, piece), whole) << piece;
    EXPECT_EQ(reader->offset(), std::filesystem::file_size(path)) << piece;
  }
}

// --- words
// --------------------------------------------------------------------------------------------------------

TEST(Evt2, DecodesItsWords) {
  const auto events =
      events_of(raw("EVT2") + words32({cd2(1, 3, 1, 1),                                 // before any time
                                       high2(10), cd2(1, 63, 39, 29),                   //
                                       0xA0000001, 0xE0001234, 0xFFFFFFFF, 0x70000000,  // others
                                       cd2(0, 0, 5, 6), high2(11), cd2(1, 1, 7, 8)}));
  EXPECT_EQ(events, (std::vector<Event>{{703, 39, 29, 1}, {640, 5, 6, 0}, {705, 7, 8, 1}}));
}

TEST(Evt2, MayComeWithoutAHeader) {
  const TemporaryFolder folder;
  std::string words;
  const auto put = [&words](std::uint32_t word) {
    for (int shift = 0; shift < 32; shift += 8) words.push_back(static_cast<char>(word >> shift & 0xff));
  };
  std::vector<Event> expected;
  for (std::uint32_t i = 0; i < 20; ++i) {
    put(0x8U << 28 | (1000 + i));
    put((i % 2) << 28 | 5U << 22 | (300 + i) << 11 | (2 * i));
    expected.push_back({std::int64_t{1000 + i} * 64 + 5, static_cast<std::uint16_t>(300 + i),
                        static_cast<std::uint16_t>(2 * i), static_cast<std::uint8_t>(i % 2)});
  }
  const auto measured = open_events(folder.write("a.raw", words));
  EXPECT_EQ(measured->sensor().format, "evt2");
  EXPECT_EQ(measured->sensor().width, 320);
  EXPECT_EQ(measured->sensor().height, 39);
  EXPECT_EQ(test::all_events(*measured), expected);
  const auto told = open_events(folder.write("b.raw", words), {.sensor = "640x480"});
  EXPECT_EQ(told->sensor().width, 640);
  EXPECT_EQ(test::all_events(*told), expected);
  // Neither where times go back, nor where a word is of no known kind, nor where there are few of them.
  std::string back = words, unknown = words;
  back.at(8) = 1;
  unknown.at(15) = 0x55;
  for (const std::string& bytes : {back, unknown, words.substr(0, 40)})
    EXPECT_NE(test::error_of([&] { Evt2Reader reader(folder.write("c.raw", bytes)); }).find("no header"),
              std::string::npos);
}

TEST(Evt2, TimesWrapAfter34Bits) {
  constexpr std::uint64_t most = (1U << 28) - 1;
  const auto events =
      events_of(raw("EVT2") + words32({high2(most), cd2(0, 63, 1, 1), high2(0), cd2(0, 0, 1, 1), high2(most),
                                       cd2(0, 1, 1, 1),  // late
                                       high2(2), cd2(0, 0, 1, 1), high2(1), cd2(0, 0, 1, 1)}));
  std::vector<std::int64_t> times;
  for (const Event& event : events) times.push_back(event.t_us - evt2_wrap);
  EXPECT_EQ(times, (std::vector<std::int64_t>{-1, 0, -63, 128, 64}));
}

TEST(Evt21, DecodesItsWordsInBothOrders) {
  const std::initializer_list<std::uint64_t> stream{cd21(1, 0, 0, 0, 1),
                                                    high21(2),
                                                    cd21(1, 5, 8, 29, 0x80000001U),
                                                    std::uint64_t{0xA} << 60,
                                                    std::uint64_t{0xE} << 60,
                                                    cd21(0, 63, 39, 0, 1),
                                                    cd21(0, 63, 0, 7, 0)};
  const std::vector<Event> expected{{133, 8, 29, 1}, {133, 39, 29, 1}, {191, 39, 0, 0}};
  EXPECT_EQ(events_of(raw("EVT21") + words64(stream)), expected);
  EXPECT_EQ(events_of("% evt 2.1\n% geometry 40x30\n" + words64(stream)), expected);
  std::string halves;
  for (const std::uint64_t word : stream) halves += words32({word >> 32, word & 0xffffffff});
  EXPECT_EQ(events_of("% format EVT21;endianness=legacy;height=30;width=40\n" + halves), expected);
}

TEST(Evt21, AFullMaskGives32EventsInPiecesOfAnySize) {
  const TemporaryFolder folder;
  const std::string path = folder.write(
      "a", raw("EVT21") + words64({high21(0), cd21(1, 1, 0, 3, 0xffffffff), cd21(0, 2, 8, 4, 0xffffffff)}));
  const auto whole = all_events(*open_events(path), 64);
  ASSERT_EQ(whole.size(), 64U);
  EXPECT_EQ(whole[31], (Event{1, 31, 3, 1}));
  EXPECT_EQ(whole[63], (Event{2, 39, 4, 0}));
  for (const std::size_t piece : {1, 7, 31, 33, 63}) EXPECT_EQ(all_events(*open_events(path), piece), whole);
}

TEST(Evt3, DecodesItsWords) {
  const auto events = events_of(
      raw("EVT3") +
      words16({y3(9), x3(1, 1),                                              // before any time
               high3(1), low3(2), y3(0x800 | 7), x3(5, 1), x3(6, 0),         // bit 11 of a row: which camera
               base3(10, 1), 0x4000 | 0x801, 0x5000 | 0x81, 0x5000 | 0xf02,  // 12 + 8 + 8 pixels
               0x7abc, 0xfabc, 0xa001, 0xe123, 0xd000, 0x1000, low3(3), x3(0, 0)}));
  EXPECT_EQ(events, (std::vector<Event>{{4098, 5, 7, 1},
                                        {4098, 6, 7, 0},
                                        {4098, 10, 7, 1},
                                        {4098, 21, 7, 1},
                                        {4098, 22, 7, 1},
                                        {4098, 29, 7, 1},
                                        {4098, 31, 7, 1},
                                        {4099, 0, 7, 0}}));
}

TEST(Evt3, OnlyTheUpperPartOfTheTimeCounts) {
  const auto events =
      events_of(raw("EVT3") + words16({high3(4095), low3(4095), y3(0),       x3(0, 0),    low3(7),
                                       x3(0, 0),               // back, but no wrap
                                       high3(4095), x3(0, 0),  // said again: as before
                                       high3(0),    x3(0, 0),  // a wrap; the lower part is 0
                                       low3(9),     x3(0, 0),   high3(4095), x3(0, 0),  // late
                                       high3(0),    low3(1),    x3(0, 0),    high3(3000), x3(0, 0),
                                       high3(2990), x3(0, 0),   high3(10),   x3(0, 0)}));
  std::vector<std::int64_t> times;
  for (const Event& event : events) times.push_back(event.t_us - evt3_wrap);
  EXPECT_EQ(times, (std::vector<std::int64_t>{-1, -4089, -4089, 0, 9, -4096, 1, 3000 << 12, 2990 << 12,
                                              evt3_wrap + (10 << 12)}));
}

TEST(Dat, DecodesItsEventsAndUnwrapsTimes) {
  const std::int64_t wrap = std::int64_t{1} << 32;
  EXPECT_EQ(
      events_of(dat_header + words64({dat(0xffffffff, 39, 29, 1), dat(0, 1, 2, 0), dat(0xfffffffe, 3, 4, 3),
                                      dat(5, 6, 7, 14)})),
      (std::vector<Event>{{wrap - 1, 39, 29, 1}, {wrap, 1, 2, 0}, {wrap - 2, 3, 4, 1}, {wrap + 5, 6, 7, 0}}));
}

TEST(Dat, WithoutASizeTheEventsSayIt) {
  const TemporaryFolder folder;
  const std::string header =
      std::string("% Data file containing Event2D events.\n% Version 2\n") + '\0' + '\x08';
  const std::string path = folder.write("a", header + words64({dat(1, 16383, 4, 1), dat(2, 3, 16383, 0)}));
  const auto measured = open_events(path);
  EXPECT_EQ(measured->sensor().width, 16384);
  EXPECT_EQ(measured->sensor().height, 16384);
  EXPECT_EQ(all_events(*measured).size(), 2U);
  EXPECT_EQ(open_events(path, {.sensor = "20000x17000"})->sensor().height, 17000);
}

// --- headers
// --------------------------------------------------------------------------------------------------------

TEST(PropheseeHeader, SaysEncodingAndSizeInOldAndNewWords) {
  const auto header = [](std::string_view text) { return parse_prophesee_header(text); };
  const auto old = header("% Date 2020\n% evt 3.0\n% system_ID 48\nx");
  EXPECT_EQ(old.encoding, "EVT3");
  EXPECT_EQ(old.width, 1280U);
  EXPECT_EQ(header("% system_ID 21\n").encoding, "EVT2");
  EXPECT_EQ(header("% system_ID 40\n").encoding, "EVT3");
  EXPECT_EQ(header("% system_ID 40\n").height, 480U);
  EXPECT_EQ(header("% evt 2.1\n").encoding, "EVT21");
  const auto later = header("% format EVT3;height=720;width=1280\r\n% geometry 12x34\r\n% end\n% evt 2.0\n");
  EXPECT_EQ(later.encoding, "EVT3");
  EXPECT_EQ(later.width, 12U);
  EXPECT_FALSE(header("%evt 3.0\n").found);
  EXPECT_EQ(header("% evt 3.0").encoding, "") << "its line is not whole";
  EXPECT_TRUE(header("% format EVT21\n% endianness legacy\n").legacy_order);
}

// A recording may begin with bytes that look like a line of the header.
TEST(PropheseeHeader, TheFirstEventsMayLookLikeALine) {
  const auto bytes = words16({0x2025, 0x0001, 0x000a, high3(0), y3(1), x3(2, 1)});
  EXPECT_EQ(events_of("% evt 3.0\n% geometry 40x30\n" + bytes), (std::vector<Event>{{0, 2, 1, 1}}));
}

TEST(PropheseeHeader, WhatCannotBeReadIsNamed) {
  const TemporaryFolder folder;
  const auto says = [&](const std::string& bytes, std::initializer_list<const char*> parts,
                        const EventOptions& options = {}) {
    const std::string message = outcome_of(folder.write("a", bytes), options).error;
    for (const char* const part : parts) EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  says("% format EVT4;height=720;width=1280\n% end\n", {"EVT4", "EVT2, EVT21 and EVT3", "byte 0"});
  says("% evt 3.0\n", {"does not say how large", "1280x720"});
  says("% evt 2.0\n", {"does not say how large"});
  says("% evt 2.1\n% system_ID 9999999999999999999\n", {"does not say how large"});
  says("% evt 3.0\n% geometry 99999999999999x720\n", {"addresses go to 2047"});
  says("% format EVT2;width=2049;height=2\n", {"2049 x 2", "addresses go to 2047"});
  says("% evt 3.0\n", {"'Eye'", "640x480"}, {.sensor = "Eye"});
  says("% evt 3.0\n% " + std::string(1 << 17, 'x'), {"byte 10", "longer than 64 KiB"});
  says("% evt 3.0\n% " + std::string(1 << 15, 'x'), {"byte 10", "ends inside its header"});
  says("% Version 1\n\x01\x08", {"version 1"});
  says(std::string("% Version 2\n\x0e\x08"), {"byte 12", "type 14"});
  says("% Version 2\n", {"byte 12", "before its first event"});
}

TEST(PropheseeHeader, TheUserMayNameTheSensor) {
  const auto bytes = "% evt 3.0\n" + words16({high3(0), y3(1), x3(200, 1)});
  EXPECT_EQ(events_of(bytes, {.sensor = "201x2"}), (std::vector<Event>{{0, 200, 1, 1}}));
}

// --- damage
// --------------------------------------------------------------------------------------------------------

/// A small recording of each format; every word matters.
struct Sample {
  const char* name;
  std::string bytes;
  std::size_t header;
};
std::vector<Sample> samples() {
  std::vector<Sample> all;
  const auto add = [&all](const char* name, const std::string& header, const std::string& data) {
    all.push_back({name, header + data, header.size()});
  };
  add("evt2", raw("EVT2"),
      words32({high2(1), cd2(1, 1, 2, 3), cd2(0, 2, 39, 29), high2(2), cd2(1, 0, 0, 0)}));
  add("evt21", raw("EVT21"),
      words64({high21(1), cd21(1, 1, 8, 3, 0x80010001U), high21(2), cd21(0, 1, 39, 29, 1)}));
  add("evt3", raw("EVT3"),
      words16(
          {high3(1), low3(5), y3(29), x3(39, 1), base3(4, 0), 0x4fff, 0x5081, high3(2), low3(1), x3(0, 0)}));
  add("dat", dat_header, words64({dat(1, 2, 3, 1), dat(2, 39, 29, 0), dat(2, 0, 0, 1)}));
  return all;
}

TEST(Prophesee, AnyCutIsSafe) {
  for (const Sample& sample : samples()) {
    SCOPED_TRACE(sample.name);
    test::expect_safe_cuts(sample.bytes, sample.header);
  }
}

TEST(Prophesee, AnyFlippedBitIsSafe) {
  for (const Sample& sample : samples()) {
    SCOPED_TRACE(sample.name);
    test::expect_safe_flips(sample.bytes);
  }
}

// Strict: the events before, then the byte; lenient: all but those outside, which are counted.
TEST(Prophesee, EventsOutsideTheSensorAreDamage) {
  struct Case {
    std::string header, before, bad, after;
    std::uint64_t lost;
    std::vector<Event> events;  ///< when lenient; the first of them are before the damage
  };
  const std::vector<Case> cases{
      {raw("EVT2"),
       words32({high2(0), cd2(1, 1, 2, 3)}),
       words32({cd2(1, 1, 40, 3)}),
       words32({cd2(1, 1, 3, 30), cd2(0, 2, 4, 5)}),
       2,
       {{1, 2, 3, 1}, {2, 4, 5, 0}}},
      {raw("EVT21"),
       words64({high21(0), cd21(1, 1, 2, 3, 1)}),
       words64({cd21(1, 1, 36, 3, 0x38)}),
       words64({cd21(1, 1, 3, 30, 3), cd21(0, 2, 4, 5, 1)}),
       4,
       {{1, 2, 3, 1}, {1, 39, 3, 1}, {2, 4, 5, 0}}},
      {raw("EVT3"),
       words16({high3(0), low3(1), y3(3), x3(2, 1)}),
       words16({x3(40, 1)}),
       words16({y3(30), x3(1, 1), base3(0, 1), 0x4003, y3(3), base3(38, 1), 0x4005, 0x4001, x3(1, 0)}),
       6,
       {{1, 2, 3, 1}, {1, 38, 3, 1}, {1, 1, 3, 0}}},
      {dat_header,
       words64({dat(1, 2, 3, 1)}),
       words64({dat(1, 40, 3, 1)}),
       words64({dat(1, 3, 30, 1), dat(2, 4, 5, 0)}),
       2,
       {{1, 2, 3, 1}, {2, 4, 5, 0}}},
  };
  const TemporaryFolder folder;
  for (const Case& damaged : cases) {
    const std::string path = folder.write("a", damaged.header + damaged.before + damaged.bad + damaged.after);
    const auto strict = outcome_of(path), lenient = outcome_of(path, {.lenient = true});
    EXPECT_EQ(strict.events, (std::vector<Event>{{1, 2, 3, 1}}));
    const auto where = fmt::format("byte {}", damaged.header.size() + damaged.before.size());
    EXPECT_NE(strict.error.find(where + ": an event outside a 40 x 30 sensor"), std::string::npos)
        << strict.error;
    EXPECT_EQ(lenient.events, damaged.events) << damaged.header;
    EXPECT_EQ(lenient.lost, damaged.lost) << damaged.header;
    EXPECT_EQ(lenient.warnings.size(), 1U);
  }
}

// --- writing
// --------------------------------------------------------------------------------------------------------

class PropheseeRoundTrip : public testing::TestWithParam<const char*> {
 protected:
  std::vector<Event> back(const std::vector<Event>& events, EventSink sink = {.width = 1280, .height = 720}) {
    const std::string path = folder_.file(fmt::format("{}", files_++));
    test::write_events(path, GetParam(), sink, events);
    const auto reader = open_events(path);
    EXPECT_EQ(reader->sensor().format, GetParam());
    EXPECT_EQ(reader->sensor().width, sink.width);
    EXPECT_EQ(reader->sensor().height, sink.height);
    const auto read = all_events(*reader, 61);
    EXPECT_TRUE(reader->warnings().empty());
    return read;
  }
  TemporaryFolder folder_;
  int files_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Formats, PropheseeRoundTrip, testing::Values("evt2", "evt3", "dat"));

TEST_P(PropheseeRoundTrip, RandomStreamsComeBack) {
  const auto quiet = test::random_events(20'000, 1280, 720);
  EXPECT_EQ(back(quiet), quiet);
  const auto gaps = test::random_events(5'000, 1280, 720, 3'000'000'000, 2'000'000'000);
  EXPECT_EQ(back(gaps), gaps);
  EXPECT_EQ(back({}), std::vector<Event>{});
}

// Few rows, pixels and times: vectors of all lengths, gaps in them, repetitions, and steps back in x.
TEST_P(PropheseeRoundTrip, DenseStreamsComeBackInOrder) {
  std::mt19937 random(3);
  std::vector<Event> events;
  std::int64_t time = evt3_wrap - 3000;
  while (events.size() < 30'000) {
    time += random() % 7 == 0 ? random() % 4 : 0;
    const auto y = static_cast<std::uint16_t>(random() % 3);
    const auto on = static_cast<std::uint8_t>(random() % 2);
    const unsigned stride = 1 + random() % 5;
    for (unsigned x = random() % 60; x < 64 && random() % 16 != 0; x += 1 + random() % stride)
      events.push_back({time, static_cast<std::uint16_t>(x), y, on});
    if (random() % 8 == 0) events.push_back(events.back());
  }
  EXPECT_EQ(back(events, {.width = 64, .height = 3}), events);
}

// Times that step back a little, also over a wrap of each format.
TEST_P(PropheseeRoundTrip, SmallStepsBackAreKept) {
  for (const std::int64_t around : {std::int64_t{200'000}, evt3_wrap, std::int64_t{1} << 32}) {
    std::mt19937 random(5);
    std::vector<Event> events(3000);
    for (Event& event : events) {
      const auto i = &event - events.data();
      event = {around + (i - 1500) * 50 - static_cast<std::int64_t>(random() % 20'000),
               static_cast<std::uint16_t>(random() % 8), 1, 1};
    }
    EXPECT_EQ(back(events, {.width = 8, .height = 2}), events) << around;
  }
}

TEST_P(PropheseeRoundTrip, TheNameOfTheSensorStaysOneLine) {
  EXPECT_EQ(back({{1, 2, 3, 1}}, {.width = 8, .height = 4, .sensor = "IMX\n% end\n\x01"}),
            (std::vector<Event>{{1, 2, 3, 1}}));
}

TEST_P(PropheseeRoundTrip, WhatCannotBeStoredIsRefusedAndLeavesNothing) {
  const auto refused = [this](const std::vector<Event>& events,
                              EventSink sink = {.width = 1280, .height = 720}) {
    return error_of([&] {
      const auto writer = format_to_write(folder_.file("a"), GetParam()).create(folder_.file("a"), sink);
      writer->write(events);
      writer->finish();
    });
  };
  EXPECT_NE(refused({{0, 1280, 0, 0}}).find("outside"), std::string::npos);
  EXPECT_NE(refused({{0, 0, 720, 0}}).find("outside"), std::string::npos);
  EXPECT_NE(refused({{0, 0, 0, 0}, {0, 1, 0, 2}}).find("outside"), std::string::npos);
  EXPECT_NE(refused({{-1, 0, 0, 0}}).find("-1 us"), std::string::npos);
  EXPECT_NE(refused({{std::int64_t{1} << 60, 0, 0, 0}}).find("1152921504606846976 us"), std::string::npos);
  EXPECT_NE(refused({}, {.width = 20'000, .height = 720}).find("20000 x 720"), std::string::npos);
  EXPECT_NE(refused({}, {.width = 0, .height = 720}).find("0 x 720"), std::string::npos);
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST(Evt3Writer, RefusesTimesThatStepBackTooFar) {
  const TemporaryFolder folder;
  const auto message = [&](std::int64_t from, std::int64_t to) {
    return error_of([&] {
      Evt3Writer writer(folder.file("a"), {.width = 8, .height = 8});
      writer.write(std::array<Event, 2>{Event{from, 1, 1, 1}, Event{to, 1, 1, 1}});
    });
  };
  EXPECT_NE(message(10'000'000, 0).find("steps back"), std::string::npos);
  EXPECT_NE(message(evt3_wrap + 300'000, evt3_wrap - 300'000).find("steps back"), std::string::npos);
  EXPECT_EQ(message(8'000'000, 0), "");
}

// Events of one row, time and polarity cost a vector, not a word each.
TEST(Evt3Writer, IsCompact) {
  const TemporaryFolder folder;
  std::vector<Event> row(720);
  for (Event& event : row) event = {5, static_cast<std::uint16_t>(&event - row.data()), 0, 1};
  test::write_events(folder.file("row"), "evt3", {.width = 1280, .height = 720}, row);
  const auto header = raw_header("EVT3", "3.0", {.width = 1280, .height = 720}).size();
  EXPECT_EQ(std::filesystem::file_size(folder.file("row")), header + 2 * (3 + 1 + 60));

  const char* const name = "dvs/evt3/gen41_1280x720_evt3.raw";
  if (!test::have(name)) return;
  const auto events = first_events(name, 1 << 20);
  test::write_events(folder.file("a"), "evt3", {.width = 1280, .height = 720}, events);
  EXPECT_LT(std::filesystem::file_size(folder.file("a")), std::filesystem::file_size(test::data_file(name)));
  EXPECT_EQ(all_events(*open_events(folder.file("a"))), events);
}

// Word for word what the camera wrote, but for its repetitions of the time.
TEST(Evt2Writer, RewritesTheEventsOfAGenuineFile) {
  const char* const name = "dvs/evt2/gen3_640x480_evt2.raw";
  if (!test::have(name)) GTEST_SKIP() << "no genuine data: " << name;
  const TemporaryFolder folder;
  test::write_events(folder.file("a"), "evt2", {.width = 640, .height = 480}, first_events(name, 1 << 20));
  const auto events_only = [](const std::string& path) {
    const std::string bytes = test::content_of(path);
    ByteFile file(path);
    read_prophesee_header(file);
    std::vector<std::uint32_t> words;
    for (std::size_t at = file.offset(); at < bytes.size(); at += 4) {
      const auto word =
          little_endian<std::uint32_t>(reinterpret_cast<const std::uint8_t*>(bytes.data()) + at);
      if (word >> 28 != 8) words.push_back(word);
    }
    return words;
  };
  EXPECT_EQ(events_only(folder.file("a")), events_only(test::data_file(name)));
}

}  // namespace
}  // namespace synfire
