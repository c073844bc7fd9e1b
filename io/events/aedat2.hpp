// AEDAT 2.0, the files of jAER: text lines that begin with '#', then events of 8 bytes (big endian address
// and timestamp in µs). How an address is cut into x, y and polarity depends on the camera.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/byte_file.hpp"
#include "io/events/formats.hpp"
#include "io/events/timestamps.hpp"

namespace synfire {

/// True for a file that begins with the version line of AEDAT 2.0.
bool is_aedat2(const FileHead& head);

/// How the addresses of a family of cameras are laid out.
struct Aedat2Sensor {
  std::string_view name;  ///< "DAVIS240"; the cameras of the family have names that begin so
  std::uint16_t width;
  std::uint16_t height;
  bool davis;  ///< the DAVIS layout; otherwise that of the DVS128
};

/// Polarity events of a recording; frames, inertial samples and external events are passed over.
class Aedat2Reader final : public EventReader {
 public:
  /// Reads the header. A file that names no camera is taken as a DVS128. Errors: not AEDAT 2.0, unknown
  /// camera.
  explicit Aedat2Reader(const std::string& path, const EventOptions& options = {});

  const SensorInfo& sensor() const override { return info_; }
  std::size_t read(std::span<Event> events) override;
  std::uint64_t offset() const override { return file_.offset(); }
  std::uint64_t lost() const override { return outside_ + (cut_bytes_ > 0 && !header_cut_ ? 1 : 0); }
  std::vector<std::string> warnings() const override;

  /// Length of the header in bytes: where the first event begins.
  std::uint64_t data_offset() const { return data_offset_; }

 private:
  void read_header();
  bool read_header_line(std::string& line);
  void choose_sensor(const std::optional<std::string>& wanted);
  enum class Word : std::uint8_t { event, other, outside };
  Word decode(std::uint32_t address, Event& event) const;
  [[noreturn]] void refuse_outside() const;
  void end_of_file(std::size_t left_over);

  ByteFile file_;
  EventView view_;
  bool lenient_;
  Aedat2Sensor layout_{};
  SensorInfo info_;
  std::uint64_t data_offset_ = 0;
  bool header_cut_ = false;
  TimestampUnwrapper unwrap_;
  std::size_t cut_bytes_ = 0;
  std::uint64_t outside_ = 0;  ///< events that no pixel of the sensor can send
};

class Aedat2Writer final : public EventWriter {
 public:
  /// `sensor`: "DVS128", "DAVIS240C", "DAVIS346", ...; `view`: how the events given to `write` are to be
  /// understood. Errors: unknown sensor, file cannot be made.
  Aedat2Writer(const std::string& path, const std::string& sensor, EventView view = EventView::jaer);
  /// The camera named, or else the smallest that has all pixels. Errors: none is large enough.
  Aedat2Writer(const std::string& path, const EventSink& sink);

  /// Errors: outside the sensor; a time that 32 bits cannot carry (below 0, first time over 2^32 µs, gaps
  /// over 2^31).
  void write(std::span<const Event> events) override;
  void finish() override { file_.finish(); }

 private:
  std::uint32_t encode(const Event&) const;

  NewFile file_;
  Aedat2Sensor layout_;
  EventView view_;
  TimestampUnwrapper unwrap_;
};

}  // namespace synfire
