#include "io/events/aedat2.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "core/error.hpp"
#include "io/events/decoding.hpp"

namespace synfire {

namespace {

constexpr std::string_view version_line = "#!AER-DAT2.0";
constexpr std::string_view end_line = "#End Of ASCII Header";
constexpr std::size_t event_bytes = 8;
constexpr std::size_t longest_header_line = 1 << 20;

constexpr std::array sensors{
    Aedat2Sensor{"DVS128", 128, 128, false},
    Aedat2Sensor{"DAVIS240", 240, 180, true},
    Aedat2Sensor{"DAVIS346", 346, 260, true},
    Aedat2Sensor{"DAVIS640", 640, 480, true},
};

std::string upper(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return result;
}

Aedat2Sensor find_sensor(const std::string& name, const std::string& path) {
  std::string known;
  for (const Aedat2Sensor& sensor : sensors) {
    if (upper(name).starts_with(sensor.name)) return sensor;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", sensor.name);
  }
  throw Error(ErrorKind::input,
              fmt::format("{}: camera '{}' is not known; name one of {}", path, name.substr(0, 80), known));
}

std::string camera_for(const std::string& path, const EventSink& sink) {
  const auto fits = [&sink](const Aedat2Sensor& s) {
    return sink.width <= s.width && sink.height <= s.height;
  };
  for (const Aedat2Sensor& sensor : sensors)
    if (!sink.sensor.empty() && upper(sink.sensor).starts_with(sensor.name) && fits(sensor))
      return sink.sensor;
  const auto* const sensor = std::find_if(sensors.begin(), sensors.end(), fits);
  if (sensor != sensors.end()) return std::string(sensor->name);
  throw Error(ErrorKind::input,
              fmt::format("{}: no camera of AEDAT 2.0 has {} x {} pixels; write another format", path,
                          sink.width, sink.height));
}

void put_big_endian(std::uint32_t value, std::vector<std::uint8_t>& to) {
  for (const int shift : {24, 16, 8, 0}) to.push_back(static_cast<std::uint8_t>(value >> shift & 0xff));
}

/// From stored to jAER's coordinates, and back: both axes are mirrored, and the bit of a DVS128 is 1 for
/// darker.
void turn(Event& event, const Aedat2Sensor& sensor) {
  event.x = static_cast<std::uint16_t>(sensor.width - 1 - event.x);
  event.y = static_cast<std::uint16_t>(sensor.height - 1 - event.y);
  if (!sensor.davis) event.on ^= 1;
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
    : file_(path), view_(options.view), lenient_(options.lenient) {
  info_.format = "aedat2";
  read_header();
  choose_sensor(options.sensor);
}

/// One line without its end, or false where the data begins: at a byte other than '#', or at a '#' that is
/// the first byte of an event (then bytes follow that no text has).
bool Aedat2Reader::read_header_line(std::string& line) {
  const auto ahead = file_.peek(longest_header_line);
  if (ahead.empty() || ahead[0] != '#') return false;
  const auto end = std::find(ahead.begin(), ahead.end(), '\n');
  line.assign(ahead.begin(), end);
  if (!std::all_of(ahead.begin(), end, is_text)) return false;
  if (line.size() >= longest_header_line) file_.refuse(file_.offset(), "a header line is longer than 1 MiB");
  header_cut_ = end == ahead.end();
  if (header_cut_) return false;
  file_.skip(line.size() + 1);
  if (line.ends_with('\r')) line.pop_back();
  return true;
}

void Aedat2Reader::read_header() {
  std::string line;
  if (!read_header_line(line) || !line.starts_with(version_line))
    throw Error(ErrorKind::input,
                fmt::format("{}: not AEDAT 2.0: its first line is not {}", file_.path(), version_line));
  while (read_header_line(line)) {
    if (const auto chip = chip_name(line); !chip.empty()) info_.name = chip;
    if (line.starts_with(end_line)) break;
  }
  data_offset_ = file_.offset();
  if (header_cut_) cut_bytes_ = line.size();
}

void Aedat2Reader::choose_sensor(const std::optional<std::string>& wanted) {
  if (wanted) info_.name = *wanted;
  layout_ = info_.name.empty() ? sensors.front() : find_sensor(info_.name, file_.path());
  info_.width = layout_.width;
  info_.height = layout_.height;
}

Aedat2Reader::Word Aedat2Reader::decode(std::uint32_t address, Event& event) const {
  const auto bits = [address](int first, std::uint32_t mask) {
    return static_cast<std::uint16_t>(address >> first & mask);
  };
  if (layout_.davis) {
    const bool frame_or_inertial = bits(31, 1) == 1;
    const bool external = bits(10, 1) == 1;
    if (frame_or_inertial || external) return Word::other;
    event = {event.t_us, bits(12, 0x3ff), bits(22, 0x1ff), static_cast<std::uint8_t>(bits(11, 1))};
  } else {
    const bool external = bits(15, 1) == 1;
    if (external) return Word::other;
    event = {event.t_us, bits(1, 0x7f), bits(8, 0x7f), static_cast<std::uint8_t>(bits(0, 1))};
  }
  const bool impossible = !layout_.davis && address >> 16 != 0;
  if (impossible || event.x >= layout_.width || event.y >= layout_.height) return Word::outside;
  if (view_ == EventView::jaer) turn(event, layout_);
  return Word::event;
}

void Aedat2Reader::refuse_outside() const {
  file_.refuse(file_.offset(), fmt::format("an event outside a {} x {} sensor; is {} the right camera?",
                                           layout_.width, layout_.height, layout_.name));
}

void Aedat2Reader::end_of_file(std::size_t left_over) {
  cut_bytes_ = left_over;
  if (left_over == 0 || lenient_) return;
  file_.refuse(file_.offset(),
               header_cut_ ? "the file ends inside its header" : "the file ends inside an event");
}

std::size_t Aedat2Reader::read(std::span<Event> events) {
  std::size_t filled = 0;
  while (filled < events.size()) {
    const auto ahead = file_.peek(event_bytes);
    const std::size_t whole = header_cut_ ? 0 : ahead.size() / event_bytes;
    if (whole == 0) {
      if (filled == 0) end_of_file(ahead.size());
      break;
    }
    for (std::size_t i = 0; i < whole && filled < events.size(); ++i) {
      const std::uint8_t* const word = ahead.data() + i * event_bytes;
      Event event{.t_us = unwrap_(big_endian<std::uint32_t>(word + 4))};
      const Word kind = decode(big_endian<std::uint32_t>(word), event);
      if (kind == Word::outside && !lenient_) {
        if (filled > 0) return filled;
        refuse_outside();
      }
      outside_ += kind == Word::outside ? 1 : 0;
      if (kind == Word::event) events[filled++] = event;
      file_.skip(event_bytes);
    }
  }
  return filled;
}

std::vector<std::string> Aedat2Reader::warnings() const {
  std::vector<std::string> all;
  const std::string& path = file_.path();
  if (header_cut_) all.push_back(fmt::format("{}: the file ends inside its header", path));
  if (!header_cut_ && cut_bytes_ > 0)
    all.push_back(
        fmt::format("{}: the file ends inside an event; its last {} bytes are left out", path, cut_bytes_));
  if (outside_ > 0)
    all.push_back(fmt::format("{}: {} events outside a {} x {} sensor are left out; is {} the right camera?",
                              path, outside_, layout_.width, layout_.height, layout_.name));
  return all;
}

// --- writing
// --------------------------------------------------------------------------------------------------------

Aedat2Writer::Aedat2Writer(const std::string& path, const std::string& sensor, EventView view)
    : file_(path), layout_(find_sensor(sensor, path)), view_(view) {
  const bool one_line =
      std::all_of(sensor.begin(), sensor.end(), [](unsigned char c) { return std::isalnum(c); });
  const std::string_view package =
      layout_.davis ? "eu.seebetter.ini.chips.davis." : "ch.unizh.ini.jaer.chip.retina.";
  file_.put(fmt::format("{}\r\n# AEChip: {}{}\r\n{}\r\n", version_line, package,
                        one_line ? sensor : std::string(layout_.name), end_line));
}

Aedat2Writer::Aedat2Writer(const std::string& path, const EventSink& sink)
    : Aedat2Writer(path, camera_for(path, sink)) {}

std::uint32_t Aedat2Writer::encode(const Event& given) const {
  check_event(file_.path(), given, {.width = layout_.width, .height = layout_.height});
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
