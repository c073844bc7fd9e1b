#include "io/events/ecf.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "io/byte_file.hpp"

namespace synfire {

namespace {

constexpr std::string_view cut = "an ECF block ends too early";
constexpr std::string_view too_many = "an ECF block has runs that are longer than the block";
constexpr std::uint32_t most_events = 65535;

class Cursor {
 public:
  explicit Cursor(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  template <class T> bool take(T& value) {
    if (bytes_.size() < sizeof(T)) return false;
    value = little_endian<T>(bytes_.data());
    bytes_ = bytes_.subspan(sizeof(T));
    return true;
  }
  /// A length in the low bits of something read before; all ones mean that it is in the next 16 bits.
  bool take_length(std::uint32_t low, std::uint32_t all_ones, std::size_t& length) {
    length = low;
    std::uint16_t stored = 0;
    if (low != all_ones) return true;
    if (!take(stored)) return false;
    length = stored;
    return true;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

/// A number to add to the time, 4 bits in each of several bytes whose upper half is all ones; `byte` becomes
/// the first byte that is none of these.
std::string_view take_long_step(Cursor& from, std::uint8_t& byte, std::uint64_t& time) {
  std::uint64_t step = 0;
  for (int shift = 0; byte >> 4 == 15; shift += 4) {
    if (shift > 60) return "an ECF block has a step of time over 64 bits";
    step |= std::uint64_t{byte & 0xfU} << shift;
    if (!from.take(byte)) return cut;
  }
  time += step;
  return {};
}

std::string_view take_times(Cursor& from, std::vector<Event>& events) {
  std::uint64_t time = 0;
  if (!from.take(time)) return cut;
  for (std::size_t done = 0; done < events.size();) {
    std::uint8_t byte = 0;
    std::size_t length = 0;
    if (!from.take(byte)) return cut;
    if (const auto wrong = take_long_step(from, byte, time); !wrong.empty()) return wrong;
    time += byte >> 4;
    if (!from.take_length(byte & 0xf, 15, length)) return cut;
    if (length > events.size() - done) return too_many;
    for (const std::size_t end = done + length; done < end; ++done)
      events[done].t_us = static_cast<std::int64_t>(time);
  }
  return {};
}

/// Groups of four numbers of `bits` bits in three words; events in the last group that are too many are
/// filling.
template <class Word, class Set>
std::string_view take_packed(Cursor& from, std::vector<Event>& events, Set&& set) {
  constexpr int bits = 6 * sizeof(Word), third = bits / 3;
  constexpr std::uint32_t mask = (1U << bits) - 1;
  for (std::size_t done = 0; done < events.size(); done += 4) {
    Word w0 = 0, w1 = 0, w2 = 0;
    if (!from.take(w0) || !from.take(w1) || !from.take(w2)) return cut;
    const std::uint32_t a = w0, b = w1, c = w2;
    const std::array<std::uint32_t, 4> four{a >> third, (a & ((1U << third) - 1)) | (b >> 2 * third) << third,
                                            (b & ((1U << 2 * third) - 1)) | (c >> bits) << 2 * third,
                                            c & mask};
    for (std::size_t i = 0; i < std::min<std::size_t>(4, events.size() - done); ++i)
      set(events[done + i], four[i] & mask);
  }
  return {};
}

void set_x_and_on(Event& event, std::uint32_t packed) {
  event.x = static_cast<std::uint16_t>(packed >> 1 & 0x7ff);
  event.on = static_cast<std::uint8_t>(packed & 1);
}

std::string_view take_rows(Cursor& from, std::vector<Event>& events) {
  for (std::size_t done = 0; done < events.size();) {
    std::uint16_t stored = 0;
    std::size_t length = 0;
    if (!from.take(stored) || !from.take_length(stored & 0x1f, 31, length)) return cut;
    if (length > events.size() - done) return too_many;
    for (const std::size_t end = done + length; done < end; ++done) events[done].y = stored >> 5;
  }
  return {};
}

/// A column, and which of the five next to it follow.
std::string_view take_columns(Cursor& from, std::vector<Event>& events) {
  for (std::size_t done = 0; done < events.size();) {
    std::uint16_t stored = 0;
    if (!from.take(stored)) return cut;
    if (events.size() - done <= static_cast<unsigned>(std::popcount(stored & 0x1fU))) return too_many;
    const auto x = static_cast<std::uint16_t>(stored >> 5);
    events[done++].x = x;
    for (int j = 0; j < 5; ++j)
      if (stored >> (4 - j) & 1) events[done++].x = static_cast<std::uint16_t>(x + 1 + j);
  }
  return {};
}

std::string_view take_polarities(Cursor& from, std::vector<Event>& events) {
  for (std::size_t done = 0; done < events.size();) {
    std::uint8_t stored = 0;
    std::size_t length = 0;
    if (!from.take(stored) || !from.take_length(stored & 0x7f, 127, length)) return cut;
    if (length > events.size() - done) return too_many;
    for (const std::size_t end = done + length; done < end; ++done) events[done].on = stored >> 7;
  }
  return {};
}

}  // namespace

std::string_view decode_ecf(std::span<const std::uint8_t> block, std::vector<Event>& events) {
  Cursor from(block);
  std::uint32_t head = 0;
  if (!from.take(head)) return cut;
  if (head >> 2 > most_events) return "an ECF block claims more than 65535 events";
  const bool all_packed = (head & 2) != 0, x_packed = (head & 1) != 0;
  events.assign(head >> 2, {});
  if (const auto wrong = take_times(from, events); !wrong.empty()) return wrong;
  if (all_packed)
    return take_packed<std::uint32_t>(from, events, [](Event& event, std::uint32_t packed) {
      event.y = static_cast<std::uint16_t>(packed >> 12 & 0x7ff);
      set_x_and_on(event, packed);
    });
  if (const auto wrong = take_rows(from, events); !wrong.empty()) return wrong;
  if (x_packed) return take_packed<std::uint16_t>(from, events, set_x_and_on);
  if (const auto wrong = take_columns(from, events); !wrong.empty()) return wrong;
  return take_polarities(from, events);
}

}  // namespace synfire
