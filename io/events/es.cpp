#include "io/events/es.hpp"

#include <array>

#include <fmt/format.h>

namespace synfire {

namespace {

constexpr std::string_view mark = "Event Stream";
constexpr std::size_t head_bytes = 20;
constexpr std::size_t event_bytes = 5;
constexpr std::uint8_t dvs = 1, atis = 2;
constexpr std::array type_names{"generic", "DVS", "ATIS", "AMD", "colour"};

/// What the first byte of an event says.
struct Lead {
  std::int64_t step_us;
  bool pixel;   ///< x and y follow
  bool change;  ///< a change of brightness; otherwise a grey level
  std::uint8_t on;
};

Lead dvs_lead(std::uint8_t byte) {
  if (byte == 0xff) return {127, false, false, 0};
  if (byte == 0xfe) return {0, false, false, 0};
  return {byte >> 1, true, true, static_cast<std::uint8_t>(byte & 1)};
}

Lead atis_lead(std::uint8_t byte) {
  if ((byte & 0xfc) == 0xfc) return {63 * (byte & 3), false, false, 0};
  return {byte >> 2, true, (byte & 1) == 0, static_cast<std::uint8_t>(byte >> 1 & 1)};
}

}  // namespace

bool is_es(const FileHead& head) { return head.bytes.starts_with(mark); }

EsReader::EsReader(const std::string& path, const EventOptions& options)
    : DecodingReader(path, options), file_(path), view_(options.view) {
  info_.format = "es";
  read_header();
  if (!options.sensor) return;
  const SensorSize size = sensor_size(path, *options.sensor);
  info_.name = *options.sensor;
  info_.width = size.width;
  info_.height = size.height;
}

void EsReader::read_header() {
  const auto head = file_.peek(head_bytes);
  if (head.size() < 16) file_.refuse(head.size(), "the file ends inside its header");
  if (head[12] != 2)
    file_.refuse(12, fmt::format("version {}.{}.{} of Event Stream; only version 2 can be read", head[12],
                                 head[13], head[14]));
  const std::uint8_t type = head[15];
  if (type != dvs && type != atis)
    file_.refuse(
        15, fmt::format("an Event Stream of type {} ({}) holds no changes of brightness; DVS and ATIS do",
                        type, type < type_names.size() ? type_names[type] : "unknown"));
  if (head.size() < head_bytes) file_.refuse(head.size(), "the file ends inside its header");
  atis_ = type == atis;
  info_.width = little_endian<std::uint16_t>(head.data() + 16);
  info_.height = little_endian<std::uint16_t>(head.data() + 18);
  if (info_.width == 0 || info_.height == 0) file_.refuse(16, "a sensor without pixels");
  file_.skip(head_bytes);
}

std::size_t EsReader::decode(std::span<Event> to) {
  const auto bytes = ahead(file_, event_bytes);
  std::size_t filled = 0, at = 0;
  while (at < bytes.size() && filled < to.size()) {
    const Lead lead = atis_ ? atis_lead(bytes[at]) : dvs_lead(bytes[at]);
    if (lead.pixel && bytes.size() - at < event_bytes) break;
    if (lead.change) {
      Event event{time_ + lead.step_us, little_endian<std::uint16_t>(bytes.data() + at + 1),
                  little_endian<std::uint16_t>(bytes.data() + at + 3), lead.on};
      if (inside(event)) {
        if (view_ == EventView::jaer) event.y = static_cast<std::uint16_t>(info_.height - 1 - event.y);
        to[filled++] = event;
      } else {
        damage_.note(file_.offset() + at,
                     fmt::format("an event outside a {} x {} sensor", info_.width, info_.height), 1);
        if (damage_.stopped()) break;
      }
    }
    time_ += lead.step_us;
    at += lead.pixel ? event_bytes : 1;
  }
  const bool cut =
      filled < to.size() && at < bytes.size() && bytes.size() < event_bytes && !damage_.stopped();
  file_.skip(at);
  if (cut) damage_.note(file_.offset(), "the file ends inside an event", 1);
  if (cut || bytes.empty()) ended_ = true;
  return filled;
}

EsWriter::EsWriter(const std::string& path, const EventSink& sink) : file_(path), sink_(sink) {
  file_.put(mark);
  std::vector<std::uint8_t> head{2, 0, 0, dvs};
  put_little_endian(sink.width, head);
  put_little_endian(sink.height, head);
  file_.put(head);
}

void EsWriter::write(std::span<const Event> events) {
  constexpr std::int64_t longest_gap_us = std::int64_t{1} << 32;
  constexpr std::int64_t overflow_us = 127;
  std::vector<std::uint8_t> bytes;
  bytes.reserve(events.size() * event_bytes);
  for (const Event& event : events) {
    check_event(file_.path(), event, sink_);
    if (event.t_us < time_ || event.t_us - time_ > longest_gap_us)
      throw Error(
          ErrorKind::input,
          fmt::format("{}: time {} us cannot be stored in Event Stream: from 0, in order, gaps up to 2^32 us",
                      file_.path(), event.t_us));
    for (; event.t_us - time_ >= overflow_us; time_ += overflow_us) bytes.push_back(0xff);
    bytes.push_back(static_cast<std::uint8_t>((event.t_us - time_) << 1 | event.on));
    put_little_endian(event.x, bytes);
    put_little_endian(static_cast<std::uint16_t>(sink_.height - 1 - event.y), bytes);
    time_ = event.t_us;
  }
  file_.put(bytes);
}

}  // namespace synfire
