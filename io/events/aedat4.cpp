#include "io/events/aedat4.hpp"

#include <charconv>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/events/flatbuffer.hpp"

namespace synfire {

namespace {

constexpr std::string_view version_line = "#!AER-DAT4.0\r\n";
constexpr std::size_t header_limit = 1 << 24;
constexpr std::size_t packet_limit = 1 << 26;
constexpr std::size_t packet_head = 8;
constexpr std::size_t event_bytes = 16;

template <class T> bool read_number(std::string_view text, T& value) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  return problem == std::errc{} && end == text.data() + text.size();
}

/// The value of name="..." in a tag; "" without.
std::string_view value_of(std::string_view tag, std::string_view name) {
  const std::string wanted = fmt::format(" {}=\"", name);
  const auto begin = tag.find(wanted);
  if (begin == std::string_view::npos) return {};
  const std::string_view rest = tag.substr(begin + wanted.size());
  return rest.substr(0, rest.find('"'));
}

/// A FlatBuffer behind the length that precedes it; empty if it claims more than there is.
std::span<const std::uint8_t> size_prefixed(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < 4) return {};
  const auto size = little_endian<std::uint32_t>(bytes.data());
  return size <= bytes.size() - 4 ? bytes.subspan(4, size) : std::span<const std::uint8_t>();
}

bool starts_a_packet(const std::uint8_t* payload, Packing packing) {
  const std::string_view text(reinterpret_cast<const char*>(payload), 12);
  if (packing == Packing::lz4) return text.starts_with("\x04\x22\x4d\x18");
  if (packing == Packing::zstd) return text.starts_with("\x28\xb5\x2f\xfd");
  return text.substr(8, 4) == "EVTS";
}

}  // namespace

bool is_aedat4(const FileHead& head) { return head.bytes.starts_with(version_line.substr(0, 12)); }

std::vector<Aedat4Stream> aedat4_streams(std::string_view xml) {
  std::vector<std::string_view> nodes;
  std::vector<Aedat4Stream> streams;
  for (auto begin = xml.find('<'); begin != std::string_view::npos; begin = xml.find('<', begin + 1)) {
    const auto end = xml.find('>', begin);
    if (end == std::string_view::npos) break;
    const std::string_view tag = xml.substr(begin, end - begin);
    if (tag.starts_with("</node")) {
      if (!nodes.empty()) nodes.pop_back();
    } else if (tag.starts_with("<node ")) {
      if (tag.ends_with('/')) continue;
      nodes.push_back(value_of(tag, "name"));
      Aedat4Stream stream;
      if (nodes.size() == 2 && nodes[0] == "outInfo" && read_number(nodes[1], stream.id))
        streams.push_back(stream);
    } else if (tag.starts_with("<attr ") && !streams.empty() && nodes.size() >= 2 && nodes[0] == "outInfo") {
      const std::string_view key = value_of(tag, "key");
      const std::string_view text = xml.substr(end + 1, xml.find('<', end) - end - 1);
      const bool of_info = nodes.size() == 3 && nodes[2] == "info";
      if (nodes.size() == 2 && key == "typeIdentifier") streams.back().type = text;
      if (of_info && key == "source") streams.back().source = text;
      if (of_info && key == "sizeX") read_number(text, streams.back().width);
      if (of_info && key == "sizeY") read_number(text, streams.back().height);
    }
  }
  return streams;
}

Aedat4Reader::Aedat4Reader(const std::string& path, const EventOptions& options)
    : DecodingReader(path, options), file_(path) {
  info_.format = "aedat4";
  read_header();
  SensorSize size{info_.width, info_.height};
  if (options.sensor) {
    info_.name = *options.sensor;
    size = sensor_size(path, *options.sensor);
  } else if (size.width == 0 || size.height == 0) {
    size = measured_size<Aedat4Reader>(path, options);
  }
  info_.width = size.width;
  info_.height = size.height;
}

void Aedat4Reader::read_header() {
  const std::size_t begin = version_line.size() + 4;
  const auto start = file_.peek(begin);
  if (start.size() < begin || !std::equal(version_line.begin(), version_line.end(), start.begin()))
    file_.refuse(0, "not AEDAT 4: its first line is not #!AER-DAT4.0, or the file ends there");
  const auto size = little_endian<std::uint32_t>(start.data() + version_line.size());
  if (size > header_limit)
    file_.refuse(version_line.size(), fmt::format("a header of {} bytes; 16 MiB are allowed", size));
  const auto whole = file_.peek(begin + size);
  if (whole.size() < begin + size) file_.refuse(whole.size(), "the file ends inside its header");
  const auto header = FlatTable::root(whole.subspan(begin, size), "IOHE");
  if (!header) file_.refuse(begin, "a damaged header (a FlatBuffer IOHE is expected)");
  const auto packing = header->number<std::int32_t>(0, 0);
  if (packing < 0 || packing > 4)
    file_.refuse(begin, fmt::format("packing {} is not known; 0 to 4 are", packing));
  packing_ = packing == 0 ? Packing::none : packing <= 2 ? Packing::lz4 : Packing::zstd;
  table_at_ = header->number<std::int64_t>(1, -1);
  const auto xml = header->vector(2, 1).value_or(std::span<const std::uint8_t>());
  choose_stream(std::string(xml.begin(), xml.end()));
  file_.skip(begin + size);
}

void Aedat4Reader::choose_stream(const std::string& xml) {
  streams_ = aedat4_streams(xml);
  if (streams_.empty()) return;
  const auto events =
      std::find_if(streams_.begin(), streams_.end(), [](const Aedat4Stream& s) { return s.type == "EVTS"; });
  if (events == streams_.end()) {
    std::vector<std::string> types;
    for (const Aedat4Stream& stream : streams_) types.push_back(stream.type);
    file_.refuse(version_line.size(),
                 fmt::format("has no stream of events (EVTS), only: {}", fmt::join(types, ", ")));
  }
  stream_ = events->id;
  info_.name = events->source;
  info_.width = events->width;
  info_.height = events->height;
}

bool Aedat4Reader::named(std::int32_t stream) const {
  return streams_.empty() || std::any_of(streams_.begin(), streams_.end(),
                                         [stream](const Aedat4Stream& s) { return s.id == stream; });
}

void Aedat4Reader::next_packet() {
  if (table_at_ >= 0 && file_.offset() >= static_cast<std::uint64_t>(table_at_)) return end_of_packets();
  packet_at_ = file_.offset();
  const auto head = ahead(file_, packet_head);
  if (head.size() < packet_head) {
    if (!head.empty() || table_at_ >= 0)
      damage_.note(packet_at_ + head.size(), "the file ends before its table of packets, or inside a packet",
                   0);
    ended_ = true;
    return;
  }
  const auto stream = little_endian<std::int32_t>(head.data());
  const auto size = little_endian<std::int32_t>(head.data() + 4);
  if (size < 0 || static_cast<std::size_t>(size) > packet_limit || !named(stream)) {
    damage_.note(packet_at_,
                 "not a packet: its size is below 0 or over 64 MiB, or its stream is not in the header", 1);
    ended_ = !damage_.lenient() || !find_next_packet();
    return;
  }
  if (stream_ && stream != *stream_) {
    if (pass_over(file_, packet_head + static_cast<std::uint64_t>(size))) return;
  } else {
    const auto whole = ahead(file_, packet_head + static_cast<std::size_t>(size));
    if (whole.size() >= packet_head + static_cast<std::size_t>(size)) {
      open_packet(packet_at_, whole.subspan(packet_head, static_cast<std::size_t>(size)));
      return file_.skip(packet_head + static_cast<std::size_t>(size));
    }
  }
  damage_.note(packet_at_, "the file ends inside a packet", 1);
  ended_ = true;
}

/// After a head that cannot be trusted: goes on at the next place that looks like a packet.
bool Aedat4Reader::find_next_packet() {
  constexpr std::size_t least = packet_head + 12;
  file_.skip(1);
  for (auto bytes = ahead(file_, least); bytes.size() >= least; bytes = ahead(file_, least)) {
    const auto looks_right = [this](const std::uint8_t* at) {
      const auto size = little_endian<std::int32_t>(at + 4);
      return size >= 0 && static_cast<std::size_t>(size) <= packet_limit &&
             starts_a_packet(at + packet_head, packing_) && named(little_endian<std::int32_t>(at));
    };
    std::size_t at = 0;
    while (at + least <= bytes.size() && !looks_right(bytes.data() + at)) ++at;
    const bool found = at + least <= bytes.size();
    file_.skip(at);
    if (found) return true;
  }
  return false;
}

void Aedat4Reader::open_packet(std::uint64_t offset, std::span<const std::uint8_t> packed) {
  if (!unpack(packing_, packed, packet_limit, unpacked_))
    return damage_.note(offset, "a packet that cannot be unpacked, or is larger than 64 MiB", 1);
  const auto table = FlatTable::root(size_prefixed(unpacked_), "EVTS");
  if (!table && !stream_) return;
  if (!table) return damage_.note(offset, "a packet that is no FlatBuffer of events (EVTS)", 1);
  const bool has_events = table->field(0, 4).has_value();
  const auto events = table->vector(0, event_bytes);
  if (has_events && !events) return damage_.note(offset, "a packet that claims more events than it holds", 1);
  left_ = events.value_or(std::span<const std::uint8_t>());
  seen_ += left_.size() / event_bytes;
}

/// The events of our stream as the table at the end counts them; nothing if it is damaged.
std::optional<std::int64_t> Aedat4Reader::events_by_table() {
  if (!stream_ || file_.offset() != static_cast<std::uint64_t>(table_at_)) return std::nullopt;
  auto bytes = ahead(file_, packet_limit + 1);
  if (bytes.empty() || bytes.size() > packet_limit) return std::nullopt;
  if (!unpack(packing_, bytes, packet_limit, unpacked_)) return std::nullopt;
  const auto table = FlatTable::root(size_prefixed(unpacked_), "FTAB");
  if (!table) return std::nullopt;
  const auto entries = table->vector(0, 4).value_or(std::span<const std::uint8_t>());
  std::uint64_t events = 0;
  for (std::size_t i = 0; i < entries.size() / 4; ++i) {
    const auto entry = table->table_in(entries, i);
    if (!entry) return std::nullopt;
    const auto packet = entry->number<std::uint64_t>(1, 0);  // a struct: stream, then size
    if (static_cast<std::int32_t>(packet & 0xffffffffU) == *stream_)
      events += static_cast<std::uint64_t>(entry->number<std::int64_t>(2, 0));
  }
  return static_cast<std::int64_t>(events);
}

void Aedat4Reader::end_of_packets() {
  ended_ = true;
  if (!stream_) return;
  const auto expected = events_by_table();
  if (!expected) return damage_.note(file_.offset(), "the table of packets at the end is damaged", 0);
  if (*expected == static_cast<std::int64_t>(seen_) || damage_.lost() > 0) return;
  damage_.note(file_.offset(),
               fmt::format("the table of packets counts {} events, the packets hold {}", *expected, seen_),
               0);
}

std::size_t Aedat4Reader::decode(std::span<Event> to) {
  if (left_.empty()) {
    next_packet();
    return 0;
  }
  std::size_t filled = 0;
  const std::size_t count = std::min(left_.size() / event_bytes, to.size());
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* const stored = left_.data();
    to[filled] = {little_endian<std::int64_t>(stored), little_endian<std::uint16_t>(stored + 8),
                  little_endian<std::uint16_t>(stored + 10), stored[12]};
    const bool good = inside(to[filled]) && to[filled].on <= 1;
    if (!good)
      damage_.note(packet_at_,
                   fmt::format("a packet with events outside a {} x {} sensor", info_.width, info_.height),
                   1);
    if (damage_.stopped()) break;
    filled += good ? 1 : 0;
    left_ = left_.subspan(event_bytes);
  }
  return filled;
}

}  // namespace synfire
