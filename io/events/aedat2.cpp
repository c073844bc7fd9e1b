#include "io/events/aedat2.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "core/error.hpp"

namespace synfire {

namespace {

constexpr std::string_view version_line = "#!AER-DAT2.0";
constexpr std::string_view end_line = "#End Of ASCII Header";
constexpr std::size_t event_bytes = 8;
constexpr std::size_t longest_header_line = 1 << 20;

/// Those that a file is written for when no camera is asked for, smallest first.
constexpr std::array written_cameras{"DVS128", "DAVIS240", "DAVIS346", "DAVIS640"};

bool is_letter_or_digit(unsigned char c) { return std::isalnum(c) != 0; }
bool is_size(std::string_view camera) {
  return !camera.empty() && std::isdigit(static_cast<unsigned char>(camera.front())) != 0;
}

bool is_davis(std::string_view camera) {
  constexpr std::string_view family = "DAVIS";
  return std::ranges::equal(camera.substr(0, family.size()), family,
                            [](unsigned char a, unsigned char b) { return std::toupper(a) == b; });
}

Aedat2Layout layout_of(const std::string& path, std::string_view camera) {
  const SensorSize size = sensor_size(path, camera);
  const bool as_dvs128 = size.width == 128 && size.height == 128;
  return {size, is_size(camera) ? !as_dvs128 : is_davis(camera)};
}

std::string camera_for(const std::string& path, const EventSink& sink) {
  const auto fits = [&sink](std::string_view camera) {
    const auto size = find_sensor_size(camera);
    return size && sink.width <= size->width && sink.height <= size->height;
  };
  const bool named =
      !sink.sensor.empty() && std::isalpha(static_cast<unsigned char>(sink.sensor.front())) != 0;
  if (named && fits(sink.sensor)) return sink.sensor;
  const auto* const camera = std::ranges::find_if(written_cameras, fits);
  if (camera != written_cameras.end()) return *camera;
  throw Error(ErrorKind::input,
              fmt::format("{}: no camera of AEDAT 2.0 has {} x {} pixels; write another format", path,
                          sink.width, sink.height));
}

void put_big_endian(std::uint32_t value, std::vector<std::uint8_t>& to) {
  for (const int shift : {24, 16, 8, 0}) to.push_back(static_cast<std::uint8_t>(value >> shift & 0xff));
}

/// From stored to jAER's coordinates, and back: both axes are mirrored, and the bit of a DVS128 is 1 for
/// darker.
void turn(Event& event, const Aedat2Layout& layout) {
  event.x = static_cast<std::uint16_t>(layout.size.width - 1 - event.x);
  event.y = static_cast<std::uint16_t>(layout.size.height - 1 - event.y);
  if (!layout.davis) event.on ^= 1;
}

enum class Word : std::uint8_t { event, other, outside };

/// Fills in the pixel as stored; `other`: no pixel's word.
Word decode_address(std::uint32_t address, const Aedat2Layout& layout, Event& event) {
  const auto bits = [address](int first, std::uint32_t mask) {
    return static_cast<std::uint16_t>(address >> first & mask);
  };
  if (layout.davis) {
    const bool frame_or_inertial = bits(31, 1) == 1;
    const bool external = bits(10, 1) == 1;
    if (frame_or_inertial || external) return Word::other;
    event = {event.t_us, bits(12, 0x3ff), bits(22, 0x1ff), static_cast<std::uint8_t>(bits(11, 1))};
  } else {
    const bool external = bits(15, 1) == 1;
    if (external) return Word::other;
    event = {event.t_us, bits(1, 0x7f), bits(8, 0x7f), static_cast<std::uint8_t>(bits(0, 1))};
  }
  const bool impossible = !layout.davis && address >> 16 != 0;
  const bool outside = impossible || event.x >= layout.size.width || event.y >= layout.size.height;
  return outside ? Word::outside : Word::event;
}

bool is_text(unsigned char c) { return c == '\t' || c == '\r' || (c >= 0x20 && c != 0x7f); }

/// "# AEChip: a.b.C" -> "C"; "" for any other line.
std::string_view chip_name(std::string_view line) {
  constexpr std::string_view key = "# AEChip:";
  if (!line.starts_with(key)) return {};
  line.remove_prefix(key.size());
  const auto begin = line.find_last_of(" .") + 1;
  return line.substr(begin);
}

}  // namespace

bool is_aedat2(const FileHead& head) { return head.bytes.starts_with(version_line); }

// --- reading
// --------------------------------------------------------------------------------------------------------

Aedat2Reader::Aedat2Reader(const std::string& path, const EventOptions& options)
    : WordReader(path, options, {event_bytes, 1, true}), view_(options.view) {
  info_.format = "aedat2";
  read_header();
  if (options.sensor) info_.name = *options.sensor;
  layout_ = layout_of(path, info_.name.empty() ? written_cameras.front() : info_.name);
  info_.width = layout_.size.width;
  info_.height = layout_.size.height;
}

/// One line without its end, or none where the data begins: at a byte other than '#', or at a '#' that is the
/// first byte of an event (then bytes follow that no text has).
Aedat2Reader::Line Aedat2Reader::read_header_line(std::string& line) {
  const auto bytes = ahead(file_, longest_header_line);
  if (bytes.empty() || bytes[0] != '#') return Line::none;
  const auto end = std::find(bytes.begin(), bytes.end(), '\n');
  line.assign(bytes.begin(), end);
  if (!std::all_of(bytes.begin(), end, is_text)) return Line::none;
  if (line.size() >= longest_header_line) file_.refuse(file_.offset(), "a header line is longer than 1 MiB");
  if (end == bytes.end()) return Line::cut;
  file_.skip(line.size() + 1);
  if (line.ends_with('\r')) line.pop_back();
  return Line::whole;
}

void Aedat2Reader::read_header() {
  std::string line;
  if (read_header_line(line) != Line::whole || !line.starts_with(version_line))
    throw Error(ErrorKind::input,
                fmt::format("{}: not AEDAT 2.0: its first line is not {}", file_.path(), version_line));
  Line next = Line::none;
  while ((next = read_header_line(line)) == Line::whole) {
    if (const auto chip = chip_name(line); !chip.empty()) info_.name = chip;
    if (line.starts_with(end_line)) break;
  }
  data_offset_ = file_.offset();
  if (next != Line::cut) return;
  damage_.note(data_offset_, "the file ends inside its header", 0);
  ended_ = true;
}

WordReader::Progress Aedat2Reader::decode_words(std::span<const std::uint8_t> words, std::span<Event> to) {
  std::size_t filled = 0, at = 0;
  for (; at < words.size() && filled < to.size(); at += event_bytes) {
    Event& event = to[filled];
    event.t_us = unwrap_(big_endian<std::uint32_t>(&words[at + 4]));
    const Word kind = decode_address(big_endian<std::uint32_t>(&words[at]), layout_, event);
    if (kind == Word::outside && !damage_.lenient()) break;
    outside_ += kind == Word::outside ? 1 : 0;
    if (kind != Word::event) continue;
    if (view_ == EventView::jaer) turn(event, layout_);
    ++filled;
  }
  return {at, filled};
}

// --- writing
// --------------------------------------------------------------------------------------------------------

Aedat2Writer::Aedat2Writer(const std::string& path, const std::string& sensor, EventView view)
    : file_(path), layout_(layout_of(path, sensor)), view_(view) {
  if (is_size(sensor))
    throw Error(ErrorKind::input, fmt::format("{}: AEDAT 2.0 needs a camera's name, not '{}'", path, sensor));
  const auto name_end = std::ranges::find_if_not(sensor, is_letter_or_digit);
  const std::string_view package =
      layout_.davis ? "eu.seebetter.ini.chips.davis." : "ch.unizh.ini.jaer.chip.retina.";
  file_.put(fmt::format("{}\r\n# AEChip: {}{}\r\n{}\r\n", version_line, package,
                        std::string(sensor.begin(), name_end), end_line));
}

Aedat2Writer::Aedat2Writer(const std::string& path, const EventSink& sink)
    : Aedat2Writer(path, camera_for(path, sink)) {}

std::uint32_t Aedat2Writer::encode(const Event& given) const {
  check_event(file_.path(), given, {.width = layout_.size.width, .height = layout_.size.height});
  Event event = given;
  if (view_ == EventView::jaer) turn(event, layout_);
  const std::uint32_t x = event.x, y = event.y, on = event.on;
  return layout_.davis ? y << 22 | x << 12 | on << 11 : y << 8 | x << 1 | on;
}

void Aedat2Writer::write(std::span<const Event> events) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(events.size() * event_bytes);
  for (const Event& event : events) {
    const auto stored = static_cast<std::uint32_t>(event.t_us);
    if (unwrap_(stored) != event.t_us)
      throw Error(
          ErrorKind::input,
          fmt::format("{}: time {} us cannot be stored in AEDAT 2.0: 32 bits, from 0, gaps up to 2^31 us",
                      file_.path(), event.t_us));
    put_big_endian(encode(event), bytes);
    put_big_endian(stored, bytes);
  }
  file_.put(bytes);
}

}  // namespace synfire
