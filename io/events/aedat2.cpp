#include "io/events/aedat2.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

#include "core/error.hpp"

namespace synfire {

namespace {

constexpr std::string_view version_line = "#!AER-DAT2.0";
constexpr std::string_view end_line = "#End Of ASCII Header";
constexpr std::size_t event_bytes = 8;
constexpr std::size_t buffer_bytes = 1 << 16;
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

std::uint32_t big_endian(const unsigned char* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 |
         bytes[3];
}

void put_big_endian(std::uint32_t value, std::vector<char>& to) {
  for (const int shift : {24, 16, 8, 0}) to.push_back(static_cast<char>(value >> shift & 0xff));
}

/// From stored to jAER's coordinates, and back: both axes are mirrored, and the bit of a DVS128 is 1 for
/// darker.
void turn(Event& event, const Aedat2Sensor& sensor) {
  event.x = static_cast<std::uint16_t>(sensor.width - 1 - event.x);
  event.y = static_cast<std::uint16_t>(sensor.height - 1 - event.y);
  if (!sensor.davis) event.on ^= 1;
}

bool is_text(int c) { return c == '\t' || c == '\r' || (c >= 0x20 && c != 0x7f); }

/// "# AEChip: a.b.C" -> "C"; "" for any other line.
std::string_view chip_name(std::string_view line) {
  constexpr std::string_view key = "# AEChip:";
  if (!line.starts_with(key)) return {};
  line.remove_prefix(key.size());
  const auto begin = line.find_last_of(" .") + 1;
  return line.substr(begin);
}

}  // namespace

bool is_aedat2(std::string_view head) { return head.starts_with(version_line); }

std::int64_t TimestampUnwrapper::operator()(std::uint32_t stored) {
  constexpr std::int64_t period = std::int64_t{1} << 32;
  const std::int64_t step = std::int64_t{stored} - last_;
  if (step < -period / 2) epoch_ += period;
  if (step > period / 2 && epoch_ > 0) epoch_ -= period;  // a late event from before the last wrap
  last_ = stored;
  return epoch_ + stored;
}

// --- reading
// --------------------------------------------------------------------------------------------------------

Aedat2Reader::Aedat2Reader(const std::string& path, const EventOptions& options)
    : path_(path), stream_(path, std::ios::binary), view_(options.view) {
  if (!stream_) throw Error(ErrorKind::input, fmt::format("{}: cannot read: {}", path, std::strerror(errno)));
  info_.format = "aedat2";
  read_header();
  choose_sensor(options.sensor);
}

/// One line without its end, or false where the data begins: at a byte other than '#', or at a '#' that is
/// the first byte of an event (then bytes follow that no text has).
bool Aedat2Reader::read_header_line(std::string& line) {
  line.clear();
  if (stream_.peek() != '#') return false;
  for (int c = stream_.get(); c != '\n'; c = stream_.get()) {
    header_cut_ = c == std::char_traits<char>::eof();
    if (header_cut_ || !is_text(c)) return false;
    if (line.size() == longest_header_line)
      throw error_at_byte(path_, data_offset_, "a header line is longer than 1 MiB");
    line.push_back(static_cast<char>(c));
  }
  data_offset_ += line.size() + 1;
  if (line.ends_with('\r')) line.pop_back();
  return true;
}

void Aedat2Reader::read_header() {
  std::string line;
  if (!read_header_line(line) || !is_aedat2(line))
    throw Error(ErrorKind::input,
                fmt::format("{}: not AEDAT 2.0: its first line is not {}", path_, version_line));
  while (read_header_line(line)) {
    if (const auto chip = chip_name(line); !chip.empty()) info_.name = chip;
    if (line.starts_with(end_line)) break;
  }
  if (header_cut_) {
    cut_bytes_ = line.size();
    return;
  }
  stream_.clear();
  stream_.seekg(static_cast<std::streamoff>(data_offset_));
}

void Aedat2Reader::choose_sensor(const std::optional<std::string>& wanted) {
  if (wanted) info_.name = *wanted;
  layout_ = info_.name.empty() ? sensors.front() : find_sensor(info_.name, path_);
  info_.width = layout_.width;
  info_.height = layout_.height;
}

/// Gets whole events into the buffer; false at the end.
bool Aedat2Reader::refill() {
  if (header_cut_ || !stream_.good()) return false;
  buffer_.resize(buffer_bytes);
  stream_.read(reinterpret_cast<char*>(buffer_.data()), buffer_bytes);
  if (stream_.bad()) throw Error(ErrorKind::input, fmt::format("{}: cannot read on", path_));
  const auto got = static_cast<std::size_t>(stream_.gcount());
  cut_bytes_ = got % event_bytes;
  buffer_.resize(got - cut_bytes_);
  position_ = 0;
  return !buffer_.empty();
}

/// False if the word is no event of a pixel.
bool Aedat2Reader::decode(std::uint32_t address, Event& event) {
  const auto bits = [address](int first, std::uint32_t mask) {
    return static_cast<std::uint16_t>(address >> first & mask);
  };
  if (layout_.davis) {
    const bool frame_or_inertial = bits(31, 1) == 1;
    const bool external = bits(10, 1) == 1;
    if (frame_or_inertial || external) return false;
    event = {event.t_us, bits(12, 0x3ff), bits(22, 0x1ff), static_cast<std::uint8_t>(bits(11, 1))};
  } else {
    const bool external = bits(15, 1) == 1;
    if (external) return false;
    event = {event.t_us, bits(1, 0x7f), bits(8, 0x7f), static_cast<std::uint8_t>(bits(0, 1))};
  }
  const bool impossible = !layout_.davis && address >> 16 != 0;
  if (impossible || event.x >= layout_.width || event.y >= layout_.height) {
    ++outside_;
    return false;
  }
  if (view_ == EventView::jaer) turn(event, layout_);
  return true;
}

std::size_t Aedat2Reader::read(std::span<Event> events) {
  std::size_t filled = 0;
  while (filled < events.size()) {
    if (position_ == buffer_.size() && !refill()) break;
    const unsigned char* const word = buffer_.data() + position_;
    position_ += event_bytes;
    events[filled].t_us = unwrap_(big_endian(word + 4));
    if (decode(big_endian(word), events[filled])) ++filled;
  }
  return filled;
}

std::vector<std::string> Aedat2Reader::warnings() const {
  std::vector<std::string> all;
  if (header_cut_) all.push_back(fmt::format("{}: the file ends inside its header", path_));
  if (!header_cut_ && cut_bytes_ > 0)
    all.push_back(
        fmt::format("{}: the file ends inside an event; its last {} bytes are left out", path_, cut_bytes_));
  if (outside_ > 0)
    all.push_back(fmt::format("{}: {} events outside a {} x {} sensor are left out; is {} the right camera?",
                              path_, outside_, layout_.width, layout_.height, layout_.name));
  return all;
}

// --- writing
// --------------------------------------------------------------------------------------------------------

Aedat2Writer::Aedat2Writer(const std::string& path, const std::string& sensor, EventView view)
    : path_(path), unfinished_(path + ".unfinished"), layout_(find_sensor(sensor, path)), view_(view) {
  stream_.open(unfinished_, std::ios::binary | std::ios::trunc);
  if (!stream_)
    throw Error(ErrorKind::resource, fmt::format("{}: cannot create: {}", path, std::strerror(errno)));
  const bool one_line =
      std::all_of(sensor.begin(), sensor.end(), [](unsigned char c) { return std::isalnum(c); });
  const std::string_view package =
      layout_.davis ? "eu.seebetter.ini.chips.davis." : "ch.unizh.ini.jaer.chip.retina.";
  stream_ << version_line << "\r\n# AEChip: " << package << (one_line ? sensor : std::string(layout_.name))
          << "\r\n"
          << end_line << "\r\n";
}

Aedat2Writer::~Aedat2Writer() {
  if (finished_) return;
  stream_.close();
  std::remove(unfinished_.c_str());
}

std::uint32_t Aedat2Writer::encode(const Event& given) const {
  if (given.x >= layout_.width || given.y >= layout_.height || given.on > 1)
    throw Error(ErrorKind::input, fmt::format("{}: event at {}, {} ({}) is outside a {} x {} sensor", path_,
                                              given.x, given.y, given.on, layout_.width, layout_.height));
  Event event = given;
  if (view_ == EventView::jaer) turn(event, layout_);
  const std::uint32_t x = event.x, y = event.y, on = event.on;
  return layout_.davis ? y << 22 | x << 12 | on << 11 : y << 8 | x << 1 | on;
}

void Aedat2Writer::write(std::span<const Event> events) {
  if (finished_) throw Error(ErrorKind::internal, fmt::format("{}: is finished already", path_));
  std::vector<char> bytes;
  bytes.reserve(events.size() * event_bytes);
  for (const Event& event : events) {
    const auto stored = static_cast<std::uint32_t>(event.t_us);
    if (unwrap_(stored) != event.t_us)
      throw Error(
          ErrorKind::input,
          fmt::format("{}: time {} us cannot be stored in AEDAT 2.0: 32 bits, from 0, gaps up to 2^31 us",
                      path_, event.t_us));
    put_big_endian(encode(event), bytes);
    put_big_endian(stored, bytes);
  }
  stream_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!stream_)
    throw Error(ErrorKind::resource, fmt::format("{}: cannot write: {}", path_, std::strerror(errno)));
}

void Aedat2Writer::finish() {
  if (finished_) return;
  stream_.close();
  if (!stream_ || std::rename(unfinished_.c_str(), path_.c_str()) != 0)
    throw Error(ErrorKind::resource, fmt::format("{}: cannot write: {}", path_, std::strerror(errno)));
  finished_ = true;
}

}  // namespace synfire
