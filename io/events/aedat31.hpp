// AEDAT 3.1, the files of cAER: text lines that begin with '#', then packets of events of one kind (little
// endian). Polarity packets are read; frames, inertial samples and the like are passed over by their length.
#pragma once

#include "io/events/decoding.hpp"
#include "io/events/formats.hpp"

namespace synfire {

/// True for a file that begins with the version line of AEDAT 3.1.
bool is_aedat31(const FileHead& head);

/// Events whose valid bit is set. The size of the sensor follows from the name of the source; for a name that
/// is not known the file is read twice, and the smallest sensor taken that holds all events.
class Aedat31Reader final : public DecodingReader {
 public:
  /// Errors: not AEDAT 3.1, a header without end.
  explicit Aedat31Reader(const std::string& path, const EventOptions& options = {});

  std::uint64_t offset() const override { return file_.offset(); }

 private:
  /// As it lies in the file, checked.
  struct Packet {
    std::int16_t type;
    std::int32_t event_bytes, time_offset, time_overflow, capacity, number, valid;
  };
  static Packet packet_at(const std::uint8_t* bytes);
  static const char* complaint_about(const Packet& packet);
  static bool looks_like_polarity(const Packet& packet);

  std::size_t decode(std::span<Event> to) override;
  std::size_t decode_events(std::span<const std::uint8_t> bytes, std::span<Event> to);
  std::size_t decode_up_to_damage(std::span<const std::uint8_t> bytes, std::span<Event> to);
  std::string read_header();
  void next_packet();
  void find_next_packet();

  ByteFile file_;
  std::int64_t epoch_ = 0;     ///< of the packet, µs
  std::uint64_t left_ = 0;     ///< events of the packet to come
  std::uint64_t padding_ = 0;  ///< bytes of the packet behind its events
};

class Aedat31Writer final : public EventWriter {
 public:
  Aedat31Writer(const std::string& path, const EventSink& sink);

  /// Errors: outside the sensor; a time below 0 or from 2^62 µs on.
  void write(std::span<const Event> events) override;
  void finish() override;

 private:
  void end_packet();

  NewFile file_;
  EventSink sink_;
  std::int64_t overflow_ = 0;  ///< of the packet begun: time / 2^31 µs
  std::vector<std::uint8_t> packet_;
};

}  // namespace synfire
