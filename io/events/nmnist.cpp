#include "io/events/nmnist.hpp"

#include <fmt/format.h>

namespace synfire {

namespace {

constexpr std::size_t event_bytes = 5;
constexpr std::uint16_t overflow_row = 240;
constexpr std::int64_t overflow_us = 1 << 13;
constexpr std::int64_t time_limit_us = 1 << 23;
constexpr std::uint16_t nmnist_size = 34;
constexpr SensorSize largest{256, overflow_row};

Event event_at(const std::uint8_t* bytes, std::int64_t epoch) {
  const std::int64_t time = (bytes[2] & 0x7f) << 16 | bytes[3] << 8 | bytes[4];
  return {epoch + time, bytes[0], bytes[1], static_cast<std::uint8_t>(bytes[2] >> 7)};
}

void put_event(const Event& event, std::int64_t epoch, std::vector<std::uint8_t>& to) {
  const std::int64_t time = event.t_us - epoch;
  for (const std::int64_t byte : {std::int64_t{event.x}, std::int64_t{event.y}, event.on << 7 | time >> 16,
                                  time >> 8 & 0xff, time & 0xff})
    to.push_back(static_cast<std::uint8_t>(byte));
}

}  // namespace

bool is_nmnist(const FileHead& head) {
  constexpr std::size_t convincing = 100;
  const std::size_t count = head.bytes.size() / event_bytes;
  const bool whole = head.gzip || head.size % event_bytes == 0;
  if (count == 0 || (!whole && count < convincing)) return false;
  const auto is_text = [](unsigned char c) { return (c >= 0x20 && c < 0x7f) || (c >= '\t' && c <= '\r'); };
  if (std::all_of(head.bytes.begin(), head.bytes.end(), is_text)) return false;
  // So few events prove little: they must at least begin within the first second, as recordings do.
  constexpr std::size_t few = 4;
  constexpr std::int64_t soon_us = 1 << 20;
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(head.bytes.data());
  if (count < few && event_at(bytes, 0).t_us >= soon_us) return false;
  std::int64_t epoch = 0, last = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Event event = event_at(bytes + i * event_bytes, epoch);
    if (event.y == overflow_row) {
      epoch += overflow_us;
      continue;
    }
    if (event.y >= largest.height || event.t_us < last) return false;
    last = event.t_us;
  }
  return true;
}

NmnistReader::NmnistReader(const std::string& path, const EventOptions& options)
    : DecodingReader(path, options), file_(path) {
  info_.format = "nmnist";
  SensorSize size{};
  if (options.sensor) {
    info_.name = *options.sensor;
    size = sensor_size(path, *options.sensor);
  } else {
    size = measured_size<NmnistReader>(path, options);
    if (size.width <= nmnist_size && size.height <= nmnist_size) size = {nmnist_size, nmnist_size};
  }
  info_.width = size.width;
  info_.height = size.height;
}

std::size_t NmnistReader::decode(std::span<Event> to) {
  const auto bytes = ahead(file_, event_bytes);
  const std::size_t whole = std::min(bytes.size() / event_bytes, to.size());
  if (whole == 0) {
    if (!bytes.empty()) damage_.note(file_.offset(), "the file ends inside an event", 1);
    ended_ = true;
    return 0;
  }
  std::size_t filled = 0;
  for (std::size_t i = 0; i < whole; ++i) {
    const Event event = event_at(bytes.data() + i * event_bytes, epoch_);
    if (event.y == overflow_row) {
      epoch_ += overflow_us;
    } else if (inside(event)) {
      to[filled++] = event;
    } else {
      damage_.note(file_.offset(),
                   fmt::format("an event outside a {} x {} sensor", info_.width, info_.height), 1);
      if (damage_.stopped()) break;
    }
    file_.skip(event_bytes);
  }
  return filled;
}

NmnistWriter::NmnistWriter(const std::string& path, const EventSink& sink) : file_(path), sink_(sink) {
  if (sink.width > largest.width || sink.height > largest.height)
    throw Error(
        ErrorKind::input,
        fmt::format("{}: the format of N-MNIST holds up to {} x {} pixels, not {} x {}; write another format",
                    path, largest.width, largest.height, sink.width, sink.height));
}

void NmnistWriter::write(std::span<const Event> events) {
  constexpr std::int64_t longest_gap_us = std::int64_t{1} << 32;
  std::vector<std::uint8_t> bytes;
  bytes.reserve(events.size() * event_bytes);
  for (const Event& event : events) {
    check_event(file_.path(), event, sink_);
    const std::int64_t time = event.t_us - epoch_;
    if (event.t_us < 0 || time < 0 || time > longest_gap_us)
      throw Error(
          ErrorKind::input,
          fmt::format("{}: time {} us cannot be stored as in N-MNIST: from 0, in order, gaps up to 2^32 us",
                      file_.path(), event.t_us));
    for (; event.t_us - epoch_ >= time_limit_us; epoch_ += overflow_us)
      put_event({epoch_ + time_limit_us - 1, 0, overflow_row, 0}, epoch_, bytes);
    put_event(event, epoch_, bytes);
  }
  file_.put(bytes);
}

}  // namespace synfire
