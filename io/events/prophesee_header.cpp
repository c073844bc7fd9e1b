#include "io/events/prophesee_header.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "io/events/decoding.hpp"

namespace synfire {

namespace {

constexpr std::string_view mark = "% ";
constexpr std::size_t longest_line = 1 << 16;

struct CameraSystem {
  int id;
  std::string_view encoding;
  std::uint32_t width, height;
};
/// What old files leave to the number of the system: Gen3 and 3.1 have 640 x 480 pixels, Gen4, 4.1 and IMX636
/// 1280 x 720.
constexpr std::array systems{
    CameraSystem{0x15, "EVT2", 640, 480},  CameraSystem{0x17, "EVT2", 640, 480},
    CameraSystem{0x19, "EVT2", 640, 480},  CameraSystem{0x1C, "EVT2", 640, 480},
    CameraSystem{0x1D, "EVT2", 640, 480},  CameraSystem{0x21, "EVT2", 640, 480},
    CameraSystem{0x22, "EVT2", 640, 480},  CameraSystem{0x23, "EVT2", 640, 480},
    CameraSystem{0x28, "EVT3", 640, 480},  CameraSystem{0x29, "EVT2", 640, 480},
    CameraSystem{0x1A, "EVT2", 1280, 720}, CameraSystem{0x1E, "EVT3", 1280, 720},
    CameraSystem{0x1F, "EVT2", 1280, 720}, CameraSystem{0x27, "EVT2", 1280, 720},
    CameraSystem{0x2E, "EVT3", 1280, 720}, CameraSystem{0x30, "EVT3", 1280, 720},
    CameraSystem{0x31, "EVT3", 1280, 720}, CameraSystem{0x32, "EVT3", 1280, 720},
};

/// A whole number, or nothing; what exceeds `unsigned` is its largest value.
std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || text.empty()) return std::nullopt;
  return error == std::errc::result_out_of_range ? ~0U : value;
}

/// "1280x720"
std::optional<std::pair<std::uint32_t, std::uint32_t>> size_from(std::string_view text) {
  const std::size_t cross = text.find('x');
  if (cross == std::string_view::npos) return std::nullopt;
  const auto width = number(text.substr(0, cross)), height = number(text.substr(cross + 1));
  if (!width || !height) return std::nullopt;
  return std::pair(*width, *height);
}

/// Without the part up to and with the first `separator`, which is returned.
std::string_view cut_front(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view front = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return front;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

bool is_text(char c) {
  return c == '\t' || c == '\r' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

struct Line {
  enum Kind : std::uint8_t { none, whole, cut } kind = none;
  std::string_view text = {};  ///< without mark and end
  std::size_t bytes = 0;
};

/// The line at the front. The first event may look like the mark; then bytes follow that no text has.
Line front_line(std::string_view ahead) {
  if (!ahead.starts_with(mark)) return {};
  const std::size_t end = ahead.find('\n');
  const std::string_view line = ahead.substr(0, end);
  if (!std::all_of(line.begin(), line.end(), is_text)) return {};
  if (end == std::string_view::npos) return {Line::cut, {}, ahead.size()};
  return {Line::whole, trimmed(line.substr(mark.size())), end + 1};
}

bool ends_header(std::string_view line) { return line == "end"; }

}  // namespace

void PropheseeHeader::take(std::string_view line) {
  found = true;
  const std::string_view key = cut_front(line, ' ');
  std::string_view value = trimmed(line);
  const auto take_pair = [this](std::string_view pair, char separator) {
    const std::string_view pair_key = cut_front(pair, separator);
    if (pair_key == "width" || pair_key == "Width") width = number(trimmed(pair)).value_or(width);
    if (pair_key == "height" || pair_key == "Height") height = number(trimmed(pair)).value_or(height);
    if (pair_key == "endianness") legacy_order = pair == "legacy";
  };
  if (key == "format") {
    encoding = cut_front(value, ';');
    while (!value.empty()) take_pair(cut_front(value, ';'), '=');
  } else if (key == "evt" && encoding.empty()) {
    encoding = value == "2.1" ? "EVT21" : fmt::format("EVT{}", value.substr(0, value.find('.')));
  } else if (key == "geometry") {
    if (const auto size = size_from(value)) std::tie(width, height) = *size;
  } else if (key == "Width" || key == "Height" || key == "endianness") {
    take_pair(fmt::format("{}={}", key, value), '=');
  } else if (key == "sensor_name") {
    name = value.substr(0, 80);
  } else if (key == "system_ID") {
    system_id = value.substr(0, 80);
  } else if (key == "Version") {
    if (const auto stored = number(value)) version = static_cast<int>(std::min(*stored, 1000U));
  }
}

void PropheseeHeader::complete() {
  const auto id = number(system_id);
  const auto* const system = std::find_if(systems.begin(), systems.end(), [id](const CameraSystem& s) {
    return id && s.id == static_cast<int>(*id);
  });
  if (system == systems.end()) return;
  if (encoding.empty()) encoding = system->encoding;
  if (width == 0 && height == 0) width = system->width, height = system->height;
}

PropheseeHeader parse_prophesee_header(std::string_view bytes) {
  PropheseeHeader header;
  header.found = front_line(bytes).kind != Line::none;
  for (Line line = front_line(bytes); line.kind == Line::whole; line = front_line(bytes)) {
    header.take(line.text);
    bytes.remove_prefix(line.bytes);
    if (ends_header(line.text)) break;
  }
  header.complete();
  return header;
}

PropheseeHeader read_prophesee_header(ByteFile& file) {
  PropheseeHeader header;
  while (true) {
    const auto bytes = file.peek(longest_line);
    const std::string_view ahead(reinterpret_cast<const char*>(bytes.data()),
                                 std::min(bytes.size(), longest_line));
    const Line line = front_line(ahead);
    if (line.kind == Line::none) break;
    if (line.kind == Line::cut)
      file.refuse(file.offset(), line.bytes < longest_line ? "the file ends inside its header"
                                                           : "a header line is longer than 64 KiB");
    header.take(line.text);
    const bool last = ends_header(line.text);
    file.skip(line.bytes);
    if (last) break;
  }
  header.complete();
  return header;
}

SensorInfo prophesee_sensor(const ByteFile& file, const PropheseeHeader& header, const EventOptions& options,
                            std::string_view format, std::uint32_t most) {
  auto size = std::pair(header.width, header.height);
  if (options.sensor) {
    const SensorSize wanted = sensor_size(file.path(), *options.sensor);
    size = {wanted.width, wanted.height};
  }
  if (size.first > most || size.second > most)
    file.refuse(0, fmt::format("a sensor of {} x {} pixels, but addresses go to {}", size.first, size.second,
                               most - 1));
  SensorInfo info;
  info.width = static_cast<std::uint16_t>(size.first);
  info.height = static_cast<std::uint16_t>(size.second);
  info.format = format;
  info.name = header.name;
  return info;
}

void require_size(const ByteFile& file, const SensorInfo& sensor) {
  if (sensor.width == 0 || sensor.height == 0)
    file.refuse(0, "the header does not say how large the sensor is; give it as the sensor, e.g. 1280x720");
}

std::string one_line(std::string_view name) {
  std::string line(name);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '_');
  return line;
}

std::string raw_header(std::string_view encoding, std::string_view version, const EventSink& sink) {
  const std::string name =
      sink.sensor.empty() ? "" : fmt::format("% sensor_name {}\n", one_line(sink.sensor.substr(0, 80)));
  return fmt::format("% evt {}\n% format {};height={};width={}\n% geometry {}x{}\n{}% end\n", version,
                     encoding, sink.height, sink.width, sink.width, sink.height, name);
}

bool is_raw(const FileHead& head, std::string_view encoding) {
  return parse_prophesee_header(head.bytes).encoding == encoding;
}

}  // namespace synfire
