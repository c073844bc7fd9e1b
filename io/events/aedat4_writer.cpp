// The FlatBuffers are laid out by hand, once for each kind: a small head with vtable and root table, then the
// data. Numbers of 8 bytes are aligned to 8 counted from the length that precedes a buffer.
#include <fmt/format.h>

#include "io/events/aedat4.hpp"

namespace synfire {

namespace {

constexpr std::string_view version_line = "#!AER-DAT4.0\r\n";
constexpr std::size_t packet_events = 8192;
constexpr std::uint64_t table_position_at = version_line.size() + 4 + 0x24;
constexpr std::int32_t lz4 = 1;

using Bytes = std::vector<std::uint8_t>;

void put_text(std::string_view text, Bytes& to) { to.insert(to.end(), text.begin(), text.end()); }

template <class... Numbers> void put_numbers(Bytes& to, Numbers... numbers) {
  (put_little_endian(numbers, to), ...);
}

void pad(Bytes& to, std::size_t multiple) {
  while (to.size() % multiple != 0) to.push_back(0);
}

/// A buffer whose root table has one field, a vector that begins (with its count) at 0x18.
Bytes vector_buffer(std::string_view identifier, std::size_t count) {
  Bytes bytes;
  put_numbers(bytes, std::uint32_t{0x10});
  put_text(identifier, bytes);
  put_numbers(bytes, std::uint16_t{0}, std::uint16_t{6}, std::uint16_t{8},
              std::uint16_t{4});  // padding, vtable
  put_numbers(bytes, std::int32_t{6}, std::uint32_t{4}, static_cast<std::uint32_t>(count));
  return bytes;
}

Bytes size_prefixed(const Bytes& buffer) {
  Bytes bytes;
  put_little_endian(static_cast<std::uint32_t>(buffer.size()), bytes);
  bytes.insert(bytes.end(), buffer.begin(), buffer.end());
  return bytes;
}

std::string plain(std::string text) {
  for (char& c : text)
    if (c < ' ' || c == '<' || c == '>' || c == '&' || c == '"') c = '_';
  return text;
}

std::string info_node(const EventSink& sink) {
  return fmt::format(
      "<dv version=\"2.0\">\n"
      "    <node name=\"outInfo\" path=\"/mainloop/Recorder/outInfo/\">\n"
      "        <node name=\"0\" path=\"/mainloop/Recorder/outInfo/0/\">\n"
      "            <attr key=\"compression\" type=\"string\">LZ4</attr>\n"
      "            <attr key=\"originalModuleName\" type=\"string\">synfire</attr>\n"
      "            <attr key=\"originalOutputName\" type=\"string\">events</attr>\n"
      "            <attr key=\"typeDescription\" type=\"string\">Array of events (polarity ON/OFF).</attr>\n"
      "            <attr key=\"typeIdentifier\" type=\"string\">EVTS</attr>\n"
      "            <node name=\"info\" path=\"/mainloop/Recorder/outInfo/0/info/\">\n"
      "                <attr key=\"sizeX\" type=\"int\">{}</attr>\n"
      "                <attr key=\"sizeY\" type=\"int\">{}</attr>\n"
      "                <attr key=\"source\" type=\"string\">{}</attr>\n"
      "                <attr key=\"tsOffset\" type=\"long\">0</attr>\n"
      "            </node>\n"
      "        </node>\n"
      "    </node>\n"
      "</dv>\n",
      sink.width, sink.height, plain(sink.sensor));
}

Bytes header(const EventSink& sink) {
  Bytes bytes;
  const std::string xml = info_node(sink);
  put_numbers(bytes, std::uint32_t{0x18});
  put_text("IOHE", bytes);
  put_numbers(bytes, std::uint32_t{0}, std::uint16_t{0});
  for (const std::uint16_t word : {10, 20, 4, 12, 8}) put_little_endian(word, bytes);  // vtable
  put_numbers(bytes, std::int32_t{10}, lz4, std::uint32_t{0x0c}, std::int64_t{-1},
              static_cast<std::uint32_t>(xml.size()));
  put_text(xml, bytes);
  bytes.push_back(0);
  pad(bytes, 4);
  return bytes;
}

}  // namespace

Aedat4Writer::Aedat4Writer(const std::string& path, const EventSink& sink) : file_(path), sink_(sink) {
  file_.put(version_line);
  file_.put(size_prefixed(header(sink)));
}

void Aedat4Writer::write(std::span<const Event> events) {
  for (const Event& event : events) {
    check_event(file_.path(), event, sink_);
    if (event.x > 0x7fff || event.y > 0x7fff)
      throw Error(ErrorKind::input, fmt::format("{}: AEDAT 4 cannot store pixel {}, {}: 15 bits",
                                                file_.path(), event.x, event.y));
    packet_.push_back(event);
    if (packet_.size() == packet_events) end_packet();
  }
}

void Aedat4Writer::end_packet() {
  if (packet_.empty()) return;
  Bytes buffer = vector_buffer("EVTS", packet_.size());
  for (const Event& event : packet_)
    put_numbers(buffer, event.t_us, event.x, event.y, std::uint32_t{event.on});
  const Bytes packed = pack_lz4(size_prefixed(buffer));
  Bytes head;
  put_numbers(head, std::int32_t{0}, static_cast<std::int32_t>(packed.size()));
  file_.put(head);
  entries_.push_back({file_.offset(), static_cast<std::uint32_t>(packed.size()),
                      static_cast<std::int64_t>(packet_.size()), packet_.front().t_us, packet_.back().t_us});
  file_.put(packed);
  packet_.clear();
}

Bytes Aedat4Writer::table() const {
  Bytes bytes = vector_buffer("FTAB", entries_.size());
  constexpr std::size_t vtable_bytes = 14, stride = 48;
  const std::size_t vtable = bytes.size() + 4 * entries_.size();
  const std::size_t first = (vtable + vtable_bytes + 7) / 8 * 8;
  for (std::size_t i = 0; i < entries_.size(); ++i)
    put_numbers(bytes, static_cast<std::uint32_t>(first + i * stride - bytes.size()));
  for (const std::uint16_t word : {14, 44, 4, 12, 20, 28, 36}) put_little_endian(word, bytes);
  for (const Entry& entry : entries_) {
    pad(bytes, 8);
    put_numbers(bytes, static_cast<std::int32_t>(bytes.size() - vtable),
                static_cast<std::int64_t>(entry.offset), std::int32_t{0},
                static_cast<std::int32_t>(entry.bytes), entry.events, entry.first_us, entry.last_us);
  }
  return bytes;
}

void Aedat4Writer::finish() {
  end_packet();
  Bytes position;
  put_little_endian(file_.offset(), position);
  file_.put(pack_lz4(size_prefixed(table())));
  file_.replace(table_position_at, position);
  file_.finish();
}

}  // namespace synfire
