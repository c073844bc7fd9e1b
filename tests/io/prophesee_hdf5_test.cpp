#include "io/events/prophesee_hdf5.hpp"

#include <array>
#include <random>

#include <gtest/gtest.h>

#include "io/byte_file.hpp"
#include "io/events/ecf.hpp"
#include "tests/io/event_files.hpp"

namespace synfire {
namespace {

using test::all_events;
using test::outcome_of;
using test::TemporaryFolder;

constexpr const char* plain_file = "dvs/derived/gen41_first50000_plain.hdf5";
constexpr const char* ecf_file = "dvs/derived/gen41_first50000_ecf.hdf5";

TEST(PropheseeHdf5, HasTheEventsOfItsSource) {
  const char* const source = "dvs/evt3/gen41_1280x720_evt3.raw";
  for (const char* const name : {plain_file, ecf_file}) {
    if (!test::have(name) || !test::have(source)) GTEST_SKIP() << "no genuine data: " << name;
    const auto reader = open_events(test::data_file(name));
    EXPECT_EQ(reader->sensor().format, "prophesee_hdf5");
    EXPECT_EQ(reader->sensor().width, 1280);
    EXPECT_EQ(reader->sensor().height, 720);
    const auto events = all_events(*reader, 999);
    ASSERT_EQ(events.size(), 50'000U);
    EXPECT_EQ(events.front().t_us, 11718656);
    EXPECT_EQ(events.back(), (Event{11720613, 512, 305, 1}));
    std::vector<Event> original(50'000);
    EXPECT_EQ(open_events(test::data_file(source))->read(original), original.size());
    EXPECT_EQ(events, original);
    EXPECT_EQ(reader->lost(), 0U);
  }
}

// Half of the file, and bits turned over here and there: any outcome but a crash or events outside.
TEST(PropheseeHdf5, DamagedFilesAreSafe) {
  if (!test::have(ecf_file)) GTEST_SKIP() << "no genuine data: " << ecf_file;
  const TemporaryFolder folder;
  const std::string whole = test::content_of(test::data_file(ecf_file));
  for (const std::size_t part : {1, 2, 3, 5})
    outcome_of(folder.write("cut", std::string_view(whole).substr(0, whole.size() * part / 6)),
               {.lenient = true});
  std::mt19937 random(1);
  for (int i = 0; i < 40; ++i) {
    std::string damaged = whole;
    const std::size_t bit = random() % (damaged.size() * 8);
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    const auto strict = outcome_of(folder.write("flipped", damaged));
    const auto lenient = outcome_of(folder.file("flipped"), {.lenient = true});
    EXPECT_TRUE(lenient.lost == 0 || !lenient.warnings.empty());
    EXPECT_GE(lenient.events.size(), strict.events.size());
  }
}

// --- ECF
// --------------------------------------------------------------------------------------------------------

enum class Packing { all, columns, none };

class BlockMaker {
 public:
  std::vector<std::uint8_t> make(const std::vector<Event>& events, Packing packing) {
    put(static_cast<std::uint32_t>(events.size() << 2 | (packing == Packing::all ? 2U : 0U) |
                                   (packing == Packing::columns ? 1U : 0U)));
    times(events);
    if (packing == Packing::all) {
      for (std::size_t i = 0; i < events.size(); i += 4) {
        const auto e =
            four(events, i, [](const Event& v) { return std::uint32_t{v.y} << 12 | v.x << 1 | v.on; });
        put(e[0] << 8 | (e[1] & 0xff)), put(e[1] >> 8 << 16 | (e[2] & 0xffff)), put(e[2] >> 16 << 24 | e[3]);
      }
      return bytes_;
    }
    runs(
        events, [](const Event& e) { return e.y; },
        [this](unsigned y, std::size_t length) {
          const bool is_long = length >= 31;
          put(static_cast<std::uint16_t>(y << 5 | (is_long ? 31 : length)));
          if (is_long) put(static_cast<std::uint16_t>(length));
        });
    if (packing == Packing::columns) {
      for (std::size_t i = 0; i < events.size(); i += 4) {
        const auto e = four(events, i, [](const Event& v) { return std::uint32_t{v.x} << 1 | v.on; });
        put16(e[0] << 4 | (e[1] & 0xf)), put16(e[1] >> 4 << 8 | (e[2] & 0xff)), put16(e[2] >> 8 << 12 | e[3]);
      }
      return bytes_;
    }
    columns(events);
    runs(
        events, [](const Event& e) { return e.on; },
        [this](unsigned on, std::size_t length) {
          const bool is_long = length >= 127;
          put(static_cast<std::uint8_t>(on << 7 | (is_long ? 127 : length)));
          if (is_long) put(static_cast<std::uint16_t>(length));
        });
    return bytes_;
  }

 private:
  template <class T> void put(T value) { put_little_endian(value, bytes_); }
  void put16(std::uint32_t value) { put(static_cast<std::uint16_t>(value)); }
  template <class Of>
  std::array<std::uint32_t, 4> four(const std::vector<Event>& events, std::size_t at, Of of) {
    std::array<std::uint32_t, 4> values{};
    for (std::size_t i = 0; i < 4 && at + i < events.size(); ++i) values[i] = of(events[at + i]);
    return values;
  }
  template <class Of, class Put> void runs(const std::vector<Event>& events, Of of, Put put_run) {
    for (std::size_t i = 0, end = 0; i < events.size(); i = end) {
      while (end < events.size() && of(events[end]) == of(events[i])) ++end;
      put_run(of(events[i]), end - i);
    }
  }
  void times(const std::vector<Event>& events) {
    std::uint64_t now = events.empty() ? 0 : static_cast<std::uint64_t>(events[0].t_us);
    put(now);
    runs(
        events, [](const Event& e) { return e.t_us; },
        [&](std::int64_t time, std::size_t length) {
          std::uint64_t step = static_cast<std::uint64_t>(time) - now;
          now += step;
          const bool far = step >= 15;
          for (; far && step > 0; step >>= 4) put(static_cast<std::uint8_t>(0xf0 | (step & 0xf)));
          put(static_cast<std::uint8_t>((far ? 0 : step) << 4 | (length >= 15 ? 15 : length)));
          if (length >= 15) put(static_cast<std::uint16_t>(length));
        });
  }
  void columns(const std::vector<Event>& events) {
    for (std::size_t i = 0; i < events.size();) {
      const unsigned x = events[i++].x;
      unsigned mask = 0;
      for (unsigned last = x; i < events.size() && events[i].x > last && events[i].x <= x + 5; ++i) {
        last = events[i].x;
        mask |= 1U << (4 - (last - x - 1));
      }
      put16(x << 5 | mask);
    }
  }
  std::vector<std::uint8_t> bytes_;
};

/// Rows of one time, with neighbours, long runs, and steps of time of all sizes.
std::vector<Event> streams(std::size_t count) {
  std::mt19937 random(11);
  std::vector<Event> events;
  Event event{1'605'537'493'718'345, 0, 0, 0};
  while (events.size() < count) {
    if (random() % 3 == 0) event.t_us += std::int64_t{1} << random() % 40;
    event.y = static_cast<std::uint16_t>(random() % 720);
    event.x = static_cast<std::uint16_t>(random() % 1200);
    event.on = static_cast<std::uint8_t>(random() % 2);
    const unsigned length = random() % 20 == 0 ? 300 : 1 + random() % 6;
    for (unsigned i = 0; i < length && event.x < 1280; ++i) {
      events.push_back(event);
      event.x = static_cast<std::uint16_t>(event.x + 1 + random() % 3);
    }
  }
  events.resize(count);
  return events;
}

class EcfBlock : public testing::TestWithParam<Packing> {};
INSTANTIATE_TEST_SUITE_P(Packings, EcfBlock, testing::Values(Packing::all, Packing::columns, Packing::none));

TEST_P(EcfBlock, GivesItsEvents) {
  for (const std::size_t count : {0, 1, 2, 3, 4, 5, 1000, 16'384}) {
    const auto events = streams(count);
    std::vector<Event> decoded;
    EXPECT_EQ(decode_ecf(BlockMaker().make(events, GetParam()), decoded), "");
    EXPECT_EQ(decoded, events) << count;
  }
}

TEST_P(EcfBlock, DamageIsTold) {
  const auto block = BlockMaker().make(streams(60), GetParam());
  std::vector<Event> decoded;
  for (std::size_t length = 0; length < block.size(); ++length) {
    EXPECT_NE(decode_ecf(std::span(block).first(length), decoded), "") << length;
  }
  for (std::size_t bit = 0; bit < block.size() * 8; ++bit) {
    auto flipped = block;
    flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ 1 << bit % 8);
    decode_ecf(flipped, decoded);
    EXPECT_LE(decoded.size(), 65'535U);
  }
  const std::array<std::uint8_t, 4> greedy{0xff, 0xff, 0xff, 0xff};
  EXPECT_NE(decode_ecf(greedy, decoded).find("65535"), std::string_view::npos);
}

}  // namespace
}  // namespace synfire
