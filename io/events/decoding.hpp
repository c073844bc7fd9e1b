// What the readers of event files have in common: how damage is met, and how large a sensor is.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "io/byte_file.hpp"
#include "io/events/event_reader.hpp"

namespace synfire {

/// Damage met while reading. Strict: the first stops the reader and is thrown once the events before it are
/// out. Lenient: it is counted and described.
class Damage {
 public:
  Damage(std::string path, bool lenient) : path_(std::move(path)), lenient_(lenient) {}

  bool lenient() const { return lenient_; }
  bool stopped() const { return error_.has_value(); }
  /// `what` is one of few texts (equal ones are told once); `events`: how many were lost by it.
  void note(std::uint64_t offset, std::string_view what, std::uint64_t events);
  /// Damage that the file itself reported, such as broken gzip data.
  void note(const Error& error);
  /// The same for one event; of many, the first is told.
  void note_event(const Error& error);
  /// Throws what stopped the reader, if anything did.
  void raise() const;

  std::uint64_t lost() const;
  std::vector<std::string> warnings() const;

 private:
  struct Kind {
    std::string what;
    std::uint64_t first_offset, times, events;
  };

  std::string path_;
  bool lenient_;
  std::optional<Error> error_;
  std::vector<Kind> kinds_;
  std::vector<std::string> reports_;
  std::string first_event_;
  std::uint64_t single_events_ = 0;
};

/// A reader that decodes piece by piece.
class DecodingReader : public EventReader {
 public:
  const SensorInfo& sensor() const final { return info_; }
  std::size_t read(std::span<Event> events) final;
  std::uint64_t lost() const final { return damage_.lost(); }
  std::vector<std::string> warnings() const final { return damage_.warnings(); }

 protected:
  DecodingReader(const std::string& path, const EventOptions& options) : damage_(path, options.lenient) {}

  /// Fills the front of `to` and says how many, or goes on without an event; sets `ended_` at the end.
  virtual std::size_t decode(std::span<Event> to) = 0;
  /// As ByteFile::peek; broken packing counts as damage, after which the file ends.
  std::span<const std::uint8_t> ahead(ByteFile& file, std::size_t least);
  /// Goes on by `bytes`, or to the end of the file: then false.
  bool pass_over(ByteFile& file, std::uint64_t bytes);
  bool inside(const Event& event) const { return event.x < info_.width && event.y < info_.height; }

  Damage damage_;
  SensorInfo info_;
  bool ended_ = false;
};

struct SensorSize {
  std::uint16_t width, height;
};

/// Of a camera's name ("DVS128", "DAVIS346red"), or of a size written out ("640x480").
std::optional<SensorSize> find_sensor_size(std::string_view name);
/// The same, or an error that names the file.
SensorSize sensor_size(const std::string& path, std::string_view name);

/// Errors: event outside a sensor of that size, or not one of 0 and 1.
void check_event(const std::string& path, const Event& event, const EventSink& sink);

/// The smallest sensor that holds all events of a file that does not say: reads it from front to back.
/// `largest`: what the format can tell.
template <class Reader>
SensorSize measured_size(const std::string& path, EventOptions options,
                         const std::string& largest = "65535x65535") {
  options.sensor = largest;
  options.lenient = true;
  Reader reader(path, options);
  std::vector<Event> part(1 << 14);
  SensorSize size{1, 1};
  for (std::size_t got = reader.read(part); got > 0; got = reader.read(part)) {
    for (const Event& event : std::span(part).first(got)) {
      size.width = std::max<std::uint16_t>(size.width, static_cast<std::uint16_t>(event.x + 1));
      size.height = std::max<std::uint16_t>(size.height, static_cast<std::uint16_t>(event.y + 1));
    }
  }
  return size;
}

}  // namespace synfire
