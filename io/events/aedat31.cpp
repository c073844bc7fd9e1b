#include "io/events/aedat31.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace synfire {

namespace {

constexpr std::string_view version_line = "#!AER-DAT3.1";
constexpr std::string_view end_line = "#!END-HEADER";
constexpr std::size_t header_bytes = 28;
constexpr std::size_t event_bytes = 8;
constexpr std::size_t packet_events = 4096;
constexpr std::int16_t polarity = 1;
constexpr int overflow_shift = 31;  // timestamps are signed, so that 31 bits of them count

Event event_at(const std::uint8_t* bytes, std::int64_t epoch) {
  const auto data = little_endian<std::uint32_t>(bytes);
  return {epoch + little_endian<std::int32_t>(bytes + 4), static_cast<std::uint16_t>(data >> 17),
          static_cast<std::uint16_t>(data >> 2 & 0x7fff), static_cast<std::uint8_t>(data >> 1 & 1)};
}

/// "#Source 1: DVS128" -> "DVS128"; "" for any other line.
std::string source_name(std::string_view line) {
  if (!line.starts_with("#Source ")) return "";
  const auto colon = line.find(": ");
  return colon == std::string_view::npos ? "" : std::string(line.substr(colon + 2));
}

}  // namespace

bool is_aedat31(const FileHead& head) { return head.bytes.starts_with(version_line); }

// --- reading
// --------------------------------------------------------------------------------------------------------

Aedat31Reader::Aedat31Reader(const std::string& path, const EventOptions& options)
    : DecodingReader(path, options), file_(path) {
  info_.format = "aedat31";
  info_.name = read_header();
  if (options.sensor) info_.name = *options.sensor;
  SensorSize size{};
  if (options.sensor) {
    size = sensor_size(path, *options.sensor);
  } else {
    const auto known = find_sensor_size(info_.name);
    size = known ? *known : measured_size<Aedat31Reader>(path, options);
  }
  info_.width = size.width;
  info_.height = size.height;
}

std::string Aedat31Reader::read_header() {
  std::string line, name;
  if (!file_.line(line, version_line))
    throw Error(ErrorKind::input,
                fmt::format("{}: not AEDAT 3.1: its first line is not {}", file_.path(), version_line));
  while (file_.line(line, "#")) {
    if (line == end_line) return name;
    if (name.empty()) name = source_name(line);
  }
  file_.refuse(file_.offset(), fmt::format("the header has no end: a line {} is missing", end_line));
}

Aedat31Reader::Packet Aedat31Reader::packet_at(const std::uint8_t* bytes) {
  const auto word = [bytes](std::size_t at) { return little_endian<std::int32_t>(bytes + at); };
  return {little_endian<std::int16_t>(bytes), word(4), word(8), word(12), word(16), word(20), word(24)};
}

/// Null for a packet that does not contradict itself.
const char* Aedat31Reader::complaint_about(const Packet& packet) {
  if (packet.type < 0) return "a packet of a type below 0";
  if (packet.event_bytes <= 0 || packet.capacity < 0) return "a packet with sizes below 0";
  if (packet.time_overflow < 0) return "a packet with an overflow of time below 0";
  if (packet.number < 0 || packet.number > packet.capacity || packet.valid < 0 ||
      packet.valid > packet.number)
    return "a packet whose numbers of events contradict each other";
  if (packet.type == polarity && (packet.event_bytes != event_bytes || packet.time_offset != 4))
    return "a packet of polarity events that are not 8 bytes long";
  return nullptr;
}

bool Aedat31Reader::looks_like_polarity(const Packet& packet) {
  return packet.type == polarity && complaint_about(packet) == nullptr && packet.capacity == packet.number &&
         packet.number > 0;
}

void Aedat31Reader::next_packet() {
  if (!pass_over(file_, padding_)) {
    damage_.note(file_.offset(), "the file ends inside a packet", 0);
    ended_ = true;
    return;
  }
  padding_ = 0;
  const auto bytes = ahead(file_, header_bytes);
  if (bytes.size() < header_bytes) {
    if (!bytes.empty()) damage_.note(file_.offset(), "the file ends inside the header of a packet", 0);
    ended_ = true;
    return;
  }
  const Packet packet = packet_at(bytes.data());
  if (const char* const complaint = complaint_about(packet)) {
    damage_.note(file_.offset(), complaint, packet.type == polarity ? std::max(packet.number, 1) : 1);
    return find_next_packet();
  }
  const auto size = [&packet](std::int32_t events) {
    return static_cast<std::uint64_t>(events) * static_cast<std::uint64_t>(packet.event_bytes);
  };
  const bool wanted = packet.type == polarity;
  file_.skip(header_bytes);
  epoch_ = std::int64_t{packet.time_overflow} << overflow_shift;
  left_ = wanted ? static_cast<std::uint64_t>(packet.number) : 0;
  padding_ = wanted ? size(packet.capacity - packet.number) : size(packet.capacity);
}

/// After a header that cannot be trusted: goes on at the next place that looks like polarity events.
void Aedat31Reader::find_next_packet() {
  if (!damage_.lenient()) return;
  file_.skip(1);
  for (auto bytes = ahead(file_, header_bytes); bytes.size() >= header_bytes;
       bytes = ahead(file_, header_bytes)) {
    std::size_t at = 0;
    while (at + header_bytes <= bytes.size() && !looks_like_polarity(packet_at(bytes.data() + at))) ++at;
    const bool found = at + header_bytes <= bytes.size();
    file_.skip(at);
    if (found) return;
  }
  ended_ = true;
}

std::size_t Aedat31Reader::decode(std::span<Event> to) {
  if (left_ == 0) {
    next_packet();
    return 0;
  }
  const auto bytes = ahead(file_, event_bytes);
  const std::size_t whole =
      std::min({bytes.size() / event_bytes, static_cast<std::size_t>(left_), to.size()});
  if (whole == 0) {
    damage_.note(file_.offset(), "the file ends inside a packet", left_);
    ended_ = true;
    return 0;
  }
  return decode_events(bytes.first(whole * event_bytes), to);
}

std::size_t Aedat31Reader::decode_events(std::span<const std::uint8_t> bytes, std::span<Event> to) {
  std::size_t filled = 0, bad = 0;
  const std::size_t count = bytes.size() / event_bytes;
  // Without branches: every event is stored, the next over it where it does not count.
  const std::uint32_t width = info_.width, height = info_.height;
  Event* const out = to.data();
  for (const std::uint8_t* stored = bytes.data(); stored != bytes.data() + bytes.size();
       stored += event_bytes) {
    const auto data = little_endian<std::uint32_t>(stored);
    const auto time = little_endian<std::int32_t>(stored + 4);
    const std::uint32_t x = data >> 17, y = data >> 2 & 0x7fff;
    out[filled] = {epoch_ + time, static_cast<std::uint16_t>(x), static_cast<std::uint16_t>(y),
                   static_cast<std::uint8_t>(data >> 1 & 1)};
    const std::uint32_t valid = data & 1;
    const std::uint32_t good = static_cast<std::uint32_t>(x < width) &
                               static_cast<std::uint32_t>(y < height) & static_cast<std::uint32_t>(time >= 0);
    filled += valid & good;
    bad += valid & (good ^ 1);
  }
  if (bad > 0 && !damage_.lenient()) return decode_up_to_damage(bytes, to);
  if (bad > 0) damage_.note(file_.offset(), "events outside the sensor, or of negative time", bad);
  file_.skip(bytes.size());
  left_ -= count;
  return filled;
}

std::size_t Aedat31Reader::decode_up_to_damage(std::span<const std::uint8_t> bytes, std::span<Event> to) {
  std::size_t filled = 0;
  for (;; bytes = bytes.subspan(event_bytes)) {
    const bool valid = (bytes[0] & 1) != 0;
    const Event event = event_at(bytes.data(), epoch_);
    if (valid && (!inside(event) || bytes[7] >= 0x80)) break;
    if (valid) to[filled++] = event;
    file_.skip(event_bytes);
    --left_;
  }
  damage_.note(
      file_.offset(),
      fmt::format("an event outside a {} x {} sensor, or of negative time", info_.width, info_.height), 1);
  return filled;
}

// --- writing
// --------------------------------------------------------------------------------------------------------

Aedat31Writer::Aedat31Writer(const std::string& path, const EventSink& sink) : file_(path), sink_(sink) {
  const auto known = find_sensor_size(sink.sensor);
  const bool as_named = known && known->width == sink.width && known->height == sink.height &&
                        std::all_of(sink.sensor.begin(), sink.sensor.end(), [](char c) { return c > ' '; });
  file_.put(fmt::format("{}\r\n#Format: RAW\r\n#Source 1: {}\r\n{}\r\n", version_line,
                        as_named ? sink.sensor : fmt::format("{}x{}", sink.width, sink.height), end_line));
}

void Aedat31Writer::write(std::span<const Event> events) {
  constexpr std::int64_t last_overflow = std::numeric_limits<std::int32_t>::max();
  for (const Event& event : events) {
    check_event(file_.path(), event, sink_);
    const std::int64_t overflow = event.t_us >> overflow_shift;
    if (overflow < 0 || overflow > last_overflow || event.x > 0x7fff || event.y > 0x7fff)
      throw Error(
          ErrorKind::input,
          fmt::format("{}: AEDAT 3.1 cannot store an event at {}, {}, {} us: 15 bits, times from 0 to 2^62",
                      file_.path(), event.x, event.y, event.t_us));
    if (overflow != overflow_ || packet_.size() == packet_events * event_bytes) end_packet();
    overflow_ = overflow;
    put_little_endian(
        std::uint32_t{event.x} << 17 | std::uint32_t{event.y} << 2 | std::uint32_t{event.on} << 1 | 1U,
        packet_);
    put_little_endian(static_cast<std::uint32_t>(event.t_us & 0x7fffffff), packet_);
  }
}

void Aedat31Writer::end_packet() {
  if (packet_.empty()) return;
  const auto number = static_cast<std::int32_t>(packet_.size() / event_bytes);
  std::vector<std::uint8_t> header;
  put_little_endian<std::int16_t>(polarity, header);
  put_little_endian<std::int16_t>(1, header);
  for (const std::int32_t word :
       {std::int32_t{event_bytes}, 4, static_cast<std::int32_t>(overflow_), number, number, number})
    put_little_endian(word, header);
  file_.put(header);
  file_.put(packet_);
  packet_.clear();
}

void Aedat31Writer::finish() {
  end_packet();
  file_.finish();
}

}  // namespace synfire
