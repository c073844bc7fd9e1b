// AEDAT 2.0, the files of jAER: text lines that begin with '#', then events of 8 bytes (big endian address
// and timestamp in µs). How an address is cut into x, y and polarity depends on the camera.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/events/formats.hpp"
#include "io/events/timestamps.hpp"
#include "io/events/word_reader.hpp"

namespace synfire {

/// True for a file that begins with the version line of AEDAT 2.0.
bool is_aedat2(const FileHead& head);

/// How a camera lays out its addresses.
struct Aedat2Layout {
  SensorSize size{};
  bool davis = false;  ///< as the DAVIS family does; otherwise as the DVS128
};

/// Polarity events of a recording; frames, inertial samples and external events are passed over.
class Aedat2Reader final : public WordReader {
 public:
  /// Reads the header. A file that names no camera is taken as a DVS128. A size given as the sensor means the
  /// layout of the DVS128 if it is 128x128, otherwise that of the DAVIS. Errors: not AEDAT 2.0, unknown
  /// camera.
  explicit Aedat2Reader(const std::string& path, const EventOptions& options = {});

  /// Length of the header in bytes: where the first event begins.
  std::uint64_t data_offset() const { return data_offset_; }

 private:
  enum class Line : std::uint8_t { whole, cut, none };
  Line read_header_line(std::string& line);
  void read_header();
  Progress decode_words(std::span<const std::uint8_t> words, std::span<Event> to) override;

  EventView view_;
  Aedat2Layout layout_;
  std::uint64_t data_offset_ = 0;
  TimestampUnwrapper unwrap_;
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
  Aedat2Layout layout_;
  EventView view_;
  TimestampUnwrapper unwrap_;
};

}  // namespace synfire
