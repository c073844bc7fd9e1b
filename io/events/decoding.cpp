#include "io/events/decoding.hpp"

#include <array>
#include <cctype>
#include <charconv>

#include <fmt/format.h>

namespace synfire {

void Damage::note(std::uint64_t offset, std::string_view what, std::uint64_t events) {
  if (stopped()) return;
  if (!lenient_) {
    error_ = error_at_byte(path_, offset, what);
    return;
  }
  const auto same =
      std::find_if(kinds_.begin(), kinds_.end(), [what](const Kind& k) { return k.what == what; });
  if (same == kinds_.end()) {
    kinds_.push_back({std::string(what), offset, 1, events});
  } else {
    ++same->times;
    same->events += events;
  }
}

void Damage::note(const Error& error) {
  if (stopped()) return;
  if (lenient_) {
    reports_.emplace_back(error.what());
  } else {
    error_ = error;
  }
}

void Damage::note_event(const Error& error) {
  if (!lenient_) return note(error);
  if (single_events_++ == 0) first_event_ = error.what();
}

void Damage::raise() const {
  if (error_) throw Error(*error_);
}

std::uint64_t Damage::lost() const {
  std::uint64_t all = single_events_;
  for (const Kind& kind : kinds_) all += kind.events;
  return all;
}

std::vector<std::string> Damage::warnings() const {
  std::vector<std::string> all = reports_;
  if (single_events_ > 0)
    all.push_back(
        fmt::format("{}; {} events are left out for this or the like", first_event_, single_events_));
  for (const Kind& kind : kinds_) {
    std::string text = fmt::format("{}: byte {}: {}", path_, kind.first_offset, kind.what);
    if (kind.times > 1) text += fmt::format("; {} times in all", kind.times);
    if (kind.events > 0) text += fmt::format("; {} events are left out", kind.events);
    all.push_back(std::move(text));
  }
  return all;
}

std::size_t DecodingReader::read(std::span<Event> events) {
  std::size_t filled = 0;
  while (filled < events.size() && !ended_ && !damage_.stopped()) filled += decode(events.subspan(filled));
  if (filled == 0 && !events.empty()) damage_.raise();
  return filled;
}

std::span<const std::uint8_t> DecodingReader::ahead(ByteFile& file, std::size_t least) {
  try {
    return file.peek(least);
  } catch (const Error& error) {
    damage_.note(error);
    ended_ = true;
    return file.peek(0);
  }
}

bool DecodingReader::pass_over(ByteFile& file, std::uint64_t bytes) {
  while (bytes > 0) {
    const std::uint64_t step = std::min<std::uint64_t>(bytes, ahead(file, 1).size());
    if (step == 0) return false;
    file.skip(step);
    bytes -= step;
  }
  return true;
}

namespace {

struct Camera {
  std::string_view name;
  SensorSize size;
};

constexpr std::array cameras{
    Camera{"DVS128", {128, 128}},   Camera{"DAVIS128", {128, 128}}, Camera{"DAVIS208", {208, 192}},
    Camera{"DAVIS240", {240, 180}}, Camera{"DAVIS346", {346, 260}}, Camera{"DAVIS640", {640, 480}},
};

std::optional<SensorSize> written_size(std::string_view text) {
  SensorSize size{};
  const char* const end = text.data() + text.size();
  const auto width = std::from_chars(text.data(), end, size.width);
  if (width.ec != std::errc{} || width.ptr == end || *width.ptr != 'x') return std::nullopt;
  const auto height = std::from_chars(width.ptr + 1, end, size.height);
  if (height.ec != std::errc{} || height.ptr != end || size.width == 0 || size.height == 0)
    return std::nullopt;
  return size;
}

}  // namespace

std::optional<SensorSize> find_sensor_size(std::string_view name) {
  std::string upper(name);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  for (const Camera& camera : cameras)
    if (upper.starts_with(camera.name)) return camera.size;
  return written_size(name);
}

SensorSize sensor_size(const std::string& path, std::string_view name) {
  if (const auto size = find_sensor_size(name)) return *size;
  std::string known;
  for (const Camera& camera : cameras) known += fmt::format("{}, ", camera.name);
  throw Error(ErrorKind::input,
              fmt::format("{}: camera '{}' is not known; name one of {}or its size as in 640x480", path,
                          name.substr(0, 80), known));
}

void check_event(const std::string& path, const Event& event, const EventSink& sink) {
  if (event.x < sink.width && event.y < sink.height && event.on <= 1) return;
  throw Error(ErrorKind::input, fmt::format("{}: event at {}, {} ({}) is outside a {} x {} sensor", path,
                                            event.x, event.y, event.on, sink.width, sink.height));
}

}  // namespace synfire
