#include "io/events/dat.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

#include "core/error.hpp"
#include "io/events/prophesee_header.hpp"

namespace synfire {

namespace {

constexpr std::size_t event_bytes = 8;
constexpr std::uint32_t most_pixels = 1 << 14;
constexpr std::uint8_t event_2d = 0, event_cd = 12;

struct Address {
  std::uint32_t x, y;
};
Address address_of(const std::uint8_t* event) {
  const auto bits = little_endian<std::uint32_t>(event + 4);
  return {bits & 0x3fff, bits >> 14 & 0x3fff};
}

}  // namespace

bool is_dat(const FileHead& head) {
  const PropheseeHeader header = parse_prophesee_header(head.bytes);
  return header.found && header.encoding.empty();
}

DatReader::DatReader(const std::string& path, const EventOptions& options)
    : WordReader(path, options, {event_bytes, 1, true}) {
  const PropheseeHeader header = read_prophesee_header(file_);
  if (!header.found) file_.refuse(0, "not DAT: no line that begins with '% '");
  if (header.version.value_or(2) != 2)
    file_.refuse(0, fmt::format("DAT of version {} cannot be read, only version 2", *header.version));
  const auto kind = file_.peek(2);
  if (kind.size() < 2) file_.refuse(file_.offset(), "the file ends before its first event");
  if ((kind[0] != event_2d && kind[0] != event_cd) || kind[1] != event_bytes)
    file_.refuse(file_.offset(),
                 fmt::format("events of type {} and {} bytes; only changes of brightness (type 0 or "
                             "12, 8 bytes) can be read",
                             kind[0], kind[1]));
  file_.skip(2);
  info_ = prophesee_sensor(file_, header, options, "dat", std::numeric_limits<std::uint16_t>::max());
  if (info_.width > 0 && info_.height > 0) return;
  const SensorSize needed = measured_size<DatReader>(path, options);
  info_.width = needed.width;
  info_.height = needed.height;
}

WordReader::Progress DatReader::decode_words(std::span<const std::uint8_t> words, std::span<Event> to) {
  const std::uint8_t* word = words.data();
  const std::uint8_t* const end = word + words.size();
  Event* event = to.data();
  const Event* const full = event + to.size();
  TimestampUnwrapper unwrap = unwrap_;
  for (; word != end && event != full; word += event_bytes) {
    const auto [x, y] = address_of(word);
    const std::int64_t time = unwrap(little_endian<std::uint32_t>(word));
    *event = {time, static_cast<std::uint16_t>(x), static_cast<std::uint16_t>(y),
              static_cast<std::uint8_t>(word[7] >> 4 & 1)};
    const bool inside = x < info_.width && y < info_.height;
    if (!inside && !damage_.lenient()) break;
    event += inside ? 1 : 0;
    outside_ += inside ? 0 : 1;
  }
  unwrap_ = unwrap;
  return {static_cast<std::size_t>(word - words.data()), static_cast<std::size_t>(event - to.data())};
}

DatWriter::DatWriter(const std::string& path, const EventSink& sink) : file_(path), sink_(sink) {
  check_sensor(path, sink, most_pixels);
  file_.put(fmt::format("% Version 2\n% Height {}\n% Width {}\n", sink.height, sink.width));
  const std::array<std::uint8_t, 2> kind{event_cd, event_bytes};
  file_.put(kind);
}

void DatWriter::write(std::span<const Event> events) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(events.size() * event_bytes);
  for (const Event& event : events) {
    check_event(file_.path(), event, sink_);
    const auto stored = static_cast<std::uint32_t>(event.t_us);
    if (unwrap_(stored) != event.t_us)
      throw Error(ErrorKind::input,
                  fmt::format("{}: time {} us cannot be stored in DAT: 32 bits, from 0, gaps up to 2^31 us",
                              file_.path(), event.t_us));
    put_little_endian(stored, bytes);
    put_little_endian(std::uint32_t{event.on} << 28 | std::uint32_t{event.y} << 14 | event.x, bytes);
  }
  file_.put(bytes);
}

}  // namespace synfire
