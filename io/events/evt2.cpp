#include "io/events/evt2.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "core/error.hpp"
#include "io/events/prophesee_header.hpp"

namespace synfire {

namespace {

constexpr std::size_t word_bytes = 4;
constexpr std::uint32_t most_pixels = 2048;
constexpr std::size_t judged_bytes = 4096;
constexpr std::int64_t period = std::int64_t{1} << 28;  ///< of the upper part, 64 µs each
constexpr std::int64_t last_us = std::int64_t{1} << 53;

enum Type : std::uint32_t {
  off = 0x0,
  on = 0x1,
  time_high = 0x8,
  trigger = 0xA,
  other = 0xE,
  continued = 0xF
};

HighCounter high_counter() { return {period, period / 4 * 3}; }

/// Words without a header bear no mark. They begin with a time, all are of known types, and the upper parts
/// of times go on in order and in small steps.
bool looks_like_words(std::span<const std::uint8_t> bytes) {
  constexpr std::size_t enough = 16;
  constexpr std::uint32_t longest_step = 1 << 16;  // 4 s
  const std::size_t count = bytes.size() / word_bytes;
  std::optional<std::uint32_t> high;
  for (std::size_t i = 0; i < count; ++i) {
    const auto bits = little_endian<std::uint32_t>(bytes.data() + i * word_bytes);
    const std::uint32_t type = bits >> 28, value = bits & 0x0fff'ffff;
    if (type == time_high) {
      if (high && (value < *high || value - *high > longest_step)) return false;
      high = value;
    } else if (!high || (type > on && type != trigger && type != other && type != continued)) {
      return false;
    }
  }
  return count >= enough;
}

}  // namespace

bool is_evt2(const FileHead& head) {
  const PropheseeHeader header = parse_prophesee_header(head.bytes);
  if (!header.found)
    return looks_like_words({reinterpret_cast<const std::uint8_t*>(head.bytes.data()), head.bytes.size()});
  return !header.encoding.empty() && header.encoding != "EVT21" && header.encoding != "EVT3";
}

Evt2Reader::Evt2Reader(const std::string& path, const EventOptions& options)
    : WordReader(path, options, {word_bytes, 1}), high_(high_counter()) {
  PropheseeHeader header = read_prophesee_header(file_);
  if (!header.found) {
    const auto start = file_.peek(judged_bytes);
    if (!looks_like_words(start.first(std::min(start.size(), judged_bytes))))
      file_.refuse(0, "no header, and not words of EVT 2.0");
    header.encoding = "EVT2";
  }
  if (header.encoding != "EVT2")
    file_.refuse(0, fmt::format("events are encoded as '{}'; EVT2, EVT21 and EVT3 can be read",
                                header.encoding.substr(0, 80)));
  info_ = prophesee_sensor(file_, header, options, "evt2", most_pixels);
  if (!header.found && !options.sensor) {
    const SensorSize needed = measured_size<Evt2Reader>(path, options, "2048x2048");
    info_.width = needed.width;
    info_.height = needed.height;
  }
  require_size(file_, info_);
}

std::size_t Evt2Reader::skip_untimed(std::span<const std::uint8_t> words) {
  std::size_t at = 0;
  for (; at < words.size(); at += word_bytes) {
    const std::uint32_t type = little_endian<std::uint32_t>(words.data() + at) >> 28;
    if (type == time_high) break;
    if (type <= on) tell_untimed();
  }
  return at;
}

WordReader::Progress Evt2Reader::decode_words(std::span<const std::uint8_t> words, std::span<Event> to) {
  const std::uint8_t* word = words.data() + (high_.started() ? 0 : skip_untimed(words));
  const std::uint8_t* const end = words.data() + words.size();
  Event* event = to.data();
  const Event* const full = event + to.size();
  std::int64_t high = high_us_;
  const std::uint32_t width = info_.width, height = info_.height;
  for (; word != end && event != full; word += word_bytes) {
    const auto bits = little_endian<std::uint32_t>(word);
    const std::uint32_t type = bits >> 28;
    if (type <= on) [[likely]] {
      const std::uint32_t x = bits >> 11 & 0x7ff, y = bits & 0x7ff;
      *event = {high | (bits >> 22 & 0x3f), static_cast<std::uint16_t>(x), static_cast<std::uint16_t>(y),
                static_cast<std::uint8_t>(type)};
      ++event;
      if (x < width && y < height) [[likely]]
        continue;
      --event;
      if (!damage_.lenient()) break;
      ++outside_;
    } else if (type == time_high) {
      high = high_(bits & 0x0fff'ffff) << 6;
    }
  }
  high_us_ = high;
  return {static_cast<std::size_t>(word - words.data()), static_cast<std::size_t>(event - to.data())};
}

Evt2Writer::Evt2Writer(const std::string& path, const EventSink& sink)
    : file_(path), sink_(sink), counter_(high_counter()) {
  check_sensor(path, sink, most_pixels);
  file_.put(raw_header("EVT2", "2.0", sink));
}

void Evt2Writer::put_high(std::int64_t high) {
  const auto stored = static_cast<std::uint32_t>(high % period);
  put_little_endian(Type::time_high << 28 | stored, bytes_);
  if (counter_(stored) != high)
    throw Error(ErrorKind::input, fmt::format("{}: the time {} us steps back further than EVT 2.0 can tell",
                                              file_.path(), high << 6));
  high_ = high;
}

void Evt2Writer::write(std::span<const Event> events) {
  bytes_.clear();
  for (const Event& event : events) {
    check_event(file_.path(), event, sink_);
    if (event.t_us < 0 || event.t_us > last_us)
      throw Error(ErrorKind::input,
                  fmt::format("{}: time {} us cannot be stored in EVT 2.0: it goes from 0 to 2^53 us",
                              file_.path(), event.t_us));
    const std::int64_t high = event.t_us >> 6;
    if (high_ < 0) put_high(high < period ? high : 0);
    while (high_ != high) put_high(next_high(high_, high, period));
    const auto low = static_cast<std::uint32_t>(event.t_us & 0x3f);
    put_little_endian(std::uint32_t{event.on} << 28 | low << 22 | std::uint32_t{event.x} << 11 | event.y,
                      bytes_);
  }
  file_.put(bytes_);
}

}  // namespace synfire
