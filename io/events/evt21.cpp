#include "io/events/evt21.hpp"

#include <bit>

#include "core/error.hpp"
#include "io/events/prophesee_header.hpp"

namespace synfire {

namespace {

constexpr std::size_t word_bytes = 8;
constexpr std::size_t most_events = 32;
constexpr std::uint32_t most_pixels = 2048;
constexpr std::int64_t period = std::int64_t{1} << 28;  ///< of the upper part, 64 µs each

enum Type : std::uint64_t { off = 0x0, on = 0x1, time_high = 0x8 };

std::uint32_t bits(std::uint64_t word, int first, std::uint32_t mask) {
  return static_cast<std::uint32_t>(word >> first) & mask;
}

}  // namespace

bool is_evt21(const FileHead& head) { return is_raw(head, "EVT21"); }

Evt21Reader::Evt21Reader(const std::string& path, const EventOptions& options)
    : WordReader(path, options, {word_bytes, most_events}), high_(period, period / 4 * 3) {
  const PropheseeHeader header = read_prophesee_header(file_);
  if (header.encoding != "EVT21") file_.refuse(0, "not EVT 2.1");
  legacy_order_ = header.legacy_order;
  info_ = prophesee_sensor(file_, header, options, "evt21", most_pixels);
  require_size(file_, info_);
}

std::uint64_t Evt21Reader::word_at(const std::uint8_t* bytes) const {
  return std::rotl(little_endian<std::uint64_t>(bytes), legacy_order_ ? 32 : 0);
}

std::size_t Evt21Reader::skip_untimed(std::span<const std::uint8_t> words) {
  std::size_t at = 0;
  for (; at < words.size(); at += word_bytes) {
    const std::uint64_t type = word_at(words.data() + at) >> 60;
    if (type == time_high) break;
    if (type <= on) tell_untimed();
  }
  return at;
}

WordReader::Progress Evt21Reader::decode_words(std::span<const std::uint8_t> words, std::span<Event> to) {
  const std::uint8_t* at = words.data() + (high_.started() ? 0 : skip_untimed(words));
  const std::uint8_t* const end = words.data() + words.size();
  Event* event = to.data();
  const Event* const last = event + to.size() - most_events;
  std::int64_t high = high_us_;
  for (; at != end && event <= last; at += word_bytes) {
    const std::uint64_t word = word_at(at);
    const std::uint64_t type = word >> 60;
    if (type > on) {
      if (type == time_high) high = high_(bits(word, 32, 0x0fff'ffff)) << 6;
      continue;
    }
    auto mask = static_cast<std::uint32_t>(word);
    const std::uint32_t x = bits(word, 43, 0x7ff), y = bits(word, 32, 0x7ff);
    const std::uint32_t room = x >= info_.width || y >= info_.height ? 0 : info_.width - x;
    const std::uint32_t inside = room >= 32 ? mask : mask & ((1U << room) - 1);
    if (inside != mask) {
      if (!damage_.lenient()) break;
      outside_ += static_cast<std::uint64_t>(std::popcount(mask ^ inside));
      mask = inside;
    }
    const std::int64_t time = high | bits(word, 54, 0x3f);
    for (; mask != 0; mask &= mask - 1)
      *event++ = {time, static_cast<std::uint16_t>(x + static_cast<std::uint32_t>(std::countr_zero(mask))),
                  static_cast<std::uint16_t>(y), static_cast<std::uint8_t>(type)};
  }
  high_us_ = high;
  return {static_cast<std::size_t>(at - words.data()), static_cast<std::size_t>(event - to.data())};
}

}  // namespace synfire
