// What the tests of all event formats ask for.
#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "io/events/formats.hpp"
#include "tests/io/files.hpp"

namespace synfire::test {

inline std::vector<Event> all_events(EventReader& reader, std::size_t at_once = 1000) {
  std::vector<Event> all;
  std::vector<Event> part(at_once);
  for (std::size_t got = reader.read(part); got > 0; got = reader.read(part))
    all.insert(all.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(got));
  return all;
}

/// What became of reading a file: the events before the error, if there was one.
struct Outcome {
  std::vector<Event> events;
  std::string error;
  std::uint64_t lost = 0;
  std::vector<std::string> warnings;
  bool opened = false;
};

/// Reads to the end or the error; every event must lie inside the sensor.
inline Outcome outcome_of(const std::string& path, const EventOptions& options = {}) {
  Outcome outcome;
  outcome.error = error_of([&] {
    const auto reader = open_events(path, options);
    outcome.opened = true;
    std::vector<Event> part(61);
    try {
      for (std::size_t got = reader->read(part); got > 0; got = reader->read(part))
        outcome.events.insert(outcome.events.end(), part.begin(),
                              part.begin() + static_cast<std::ptrdiff_t>(got));
    } catch (const Error&) {
      EXPECT_FALSE(options.lenient && std::string(reader->sensor().format).empty());
      outcome.lost = reader->lost();
      throw;
    }
    outcome.lost = reader->lost();
    outcome.warnings = reader->warnings();
    for (const Event& event : outcome.events) {
      ASSERT_LT(event.x, reader->sensor().width);
      ASSERT_LT(event.y, reader->sensor().height);
      ASSERT_LE(event.on, 1);
    }
  });
  return outcome;
}

/// Cut at every byte: strict reading gives the first events of the whole file and then an error, unless the
/// cut falls between two events; lenient reading gives no fewer of them, and no error once the header is
/// whole.
inline void expect_safe_cuts(const std::string& bytes, std::size_t header, const EventOptions& options = {}) {
  const TemporaryFolder folder;
  const auto whole = outcome_of(folder.write("whole", bytes), options);
  ASSERT_EQ(whole.error, "");
  EventOptions lenient = options;
  lenient.lenient = true;
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const std::string path = folder.write("cut", std::string_view(bytes).substr(0, length));
    const auto is_start = [&](const std::vector<Event>& some) {
      return some.size() <= whole.events.size() && std::equal(some.begin(), some.end(), whole.events.begin());
    };
    const Outcome strict = outcome_of(path, options), forgiving = outcome_of(path, lenient);
    ASSERT_TRUE(is_start(strict.events)) << length;
    ASSERT_TRUE(is_start(forgiving.events)) << length;
    ASSERT_GE(forgiving.events.size(), strict.events.size()) << length;
    if (length < header) continue;
    ASSERT_EQ(forgiving.error, "") << length;
    ASSERT_EQ(strict.error.empty(), forgiving.warnings.empty()) << length << strict.error;
  }
}

/// Every single bit turned over: any outcome but a crash, events outside the sensor or an unexplained loss.
inline void expect_safe_flips(std::string bytes, const EventOptions& options = {}) {
  const TemporaryFolder folder;
  EventOptions lenient = options;
  lenient.lenient = true;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const auto flip = [&] { bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8); };
    flip();
    const std::string path = folder.write("flipped", bytes);
    const Outcome strict = outcome_of(path, options), forgiving = outcome_of(path, lenient);
    ASSERT_EQ(strict.lost, 0U) << bit;
    ASSERT_TRUE(forgiving.lost == 0 || !forgiving.warnings.empty() || !forgiving.error.empty()) << bit;
    if (strict.opened && strict.error.empty()) {
      ASSERT_EQ(forgiving.events, strict.events) << bit;
    }
    flip();
  }
}

/// Events in order of time, with equal times among them, and gaps of up to `gap_us` now and then.
inline std::vector<Event> random_events(std::size_t count, unsigned width, unsigned height,
                                        std::int64_t start_us = 0, std::uint32_t gap_us = 2,
                                        std::uint32_t seed = 7) {
  std::mt19937 random(seed);
  std::vector<Event> events(count);
  std::int64_t time = start_us;
  for (Event& event : events) {
    event = {time, static_cast<std::uint16_t>(random() % width),
             static_cast<std::uint16_t>(random() % height), static_cast<std::uint8_t>(random() % 2)};
    time += random() % 50 == 0 ? random() % (gap_us + 1) : random() % 3;
  }
  return events;
}

/// Writes with the format of that name, in two pieces.
inline void write_events(const std::string& path, std::string_view format, const EventSink& sink,
                         const std::vector<Event>& events) {
  std::filesystem::remove(path);
  const auto writer = format_to_write(path, format).create(path, sink);
  const std::size_t part = std::min<std::size_t>(events.size(), 777);
  writer->write(std::span(events).first(part));
  writer->write(std::span(events).subspan(part));
  EXPECT_FALSE(std::filesystem::exists(path));
  writer->finish();
}

/// FNV-1a over t, x, y, on: one number for what a recording says.
inline std::uint64_t digest_of(const std::vector<Event>& events) {
  std::uint64_t digest = 14695981039346656037U;
  const auto add = [&digest](std::uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) digest = (digest ^ (value >> shift & 0xff)) * 1099511628211U;
  };
  for (const Event& event : events) {
    add(static_cast<std::uint64_t>(event.t_us));
    add(event.x), add(event.y), add(event.on);
  }
  return digest;
}

}  // namespace synfire::test
