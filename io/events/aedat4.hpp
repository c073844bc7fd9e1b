// AEDAT 4, the files of iniVation's DV: a FlatBuffer with an XML text that names the streams, packets
// (FlatBuffers, each packed by LZ4 or Zstandard or not at all), and a table of the packets at the end.
#pragma once

#include "io/events/decoding.hpp"
#include "io/events/formats.hpp"
#include "io/events/packing.hpp"

namespace synfire {

/// True for a file that begins with the version line of AEDAT 4.
bool is_aedat4(const FileHead& head);

/// A stream as the XML text of the header tells it.
struct Aedat4Stream {
  std::int32_t id = 0;
  std::string type;                     ///< "EVTS"
  std::string source;                   ///< name of the camera
  std::uint16_t width = 0, height = 0;  ///< 0: not told
};

/// The streams under `outInfo`.
std::vector<Aedat4Stream> aedat4_streams(std::string_view xml);

/// The first stream of events (EVTS); packets of other streams are passed over. Where the file has a table of
/// its packets, the number of events is checked against it.
class Aedat4Reader final : public DecodingReader {
 public:
  /// Errors: damaged header, no stream of events, unknown packing.
  explicit Aedat4Reader(const std::string& path, const EventOptions& options = {});

  std::uint64_t offset() const override { return file_.offset(); }

 private:
  void read_header();
  void choose_stream(const std::string& xml);
  bool named(std::int32_t stream) const;
  std::size_t decode(std::span<Event> to) override;
  void next_packet();
  bool find_next_packet();
  void open_packet(std::uint64_t offset, std::span<const std::uint8_t> packed);
  void end_of_packets();
  std::optional<std::int64_t> events_by_table();

  ByteFile file_;
  Packing packing_ = Packing::none;
  std::int64_t table_at_ = -1;  ///< -1: there is none
  std::vector<Aedat4Stream> streams_;
  std::optional<std::int32_t> stream_;  ///< whose events are read; unknown if the header names no streams
  std::vector<std::uint8_t> unpacked_;
  std::span<const std::uint8_t> left_;  ///< events of the packet, in unpacked_
  std::uint64_t packet_at_ = 0, seen_ = 0;
};

/// One stream of events, packed by LZ4.
class Aedat4Writer final : public EventWriter {
 public:
  Aedat4Writer(const std::string& path, const EventSink& sink);

  /// Errors: outside the sensor; a coordinate over 32767.
  void write(std::span<const Event> events) override;
  void finish() override;

 private:
  void end_packet();
  std::vector<std::uint8_t> table() const;

  struct Entry {
    std::uint64_t offset;
    std::uint32_t bytes;
    std::int64_t events, first_us, last_us;
  };
  NewFile file_;
  EventSink sink_;
  std::vector<Event> packet_;
  std::vector<Entry> entries_;
};

}  // namespace synfire
