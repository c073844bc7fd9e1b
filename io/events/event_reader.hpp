// Recordings of event cameras and of artificial cochleas as a stream of events, whatever the file format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace synfire {

/// One change of brightness at one pixel. The origin is the upper left corner, y points down
/// (EventView::jaer). In a recording of a cochlea x is the channel, y is 0 and `on` is 1.
struct Event {
  std::int64_t t_us = 0;  ///< sensor time, µs
  std::uint16_t x = 0;
  std::uint16_t y = 0;
  std::uint8_t on = 0;  ///< 1: brighter, 0: darker

  bool operator==(const Event&) const = default;
};

struct SensorInfo {
  std::uint16_t width = 0;
  std::uint16_t height = 0;
  std::string format;         ///< "aedat2"
  std::string name;           ///< "DVS128"; "" if the file does not say
  bool audio = false;         ///< channels of a cochlea instead of pixels: width channels, height 1
  std::uint64_t samples = 1;  ///< recordings in the file, of which one is open
  std::optional<std::int64_t> label = {};  ///< class of the open recording, where the file says it
  std::vector<std::string> classes = {};   ///< names of the classes, where the file says them
};

/// How stored addresses become events.
enum class EventView {
  jaer,  ///< upright, y down, `on` = 1 for brighter
  raw,   ///< coordinates and polarity bit exactly as stored
};

struct EventOptions {
  EventView view = EventView::jaer;
  std::optional<std::string> sensor = {};  ///< overrides what the file says or leaves out, e.g. "DAVIS346"
  std::uint64_t sample = 0;                ///< which recording of a file that holds many
  /// Pass over what is damaged, count what is lost by it, and go on; otherwise damage is an error.
  bool lenient = false;
};

/// Reads a recording from front to back in bounded memory.
///
/// Damage is a file cut inside an event, packet or header, a packet that contradicts itself, an event outside
/// the sensor. It throws Error(input) with the byte, unless EventOptions::lenient: then it is left out,
/// counted by lost() and described by warnings(). Times are passed on as they are, also where they step back.
class EventReader {
 public:
  virtual ~EventReader() = default;

  virtual const SensorInfo& sensor() const = 0;
  /// Fills the front of `events`; returns how many. 0 only at the end (or for an empty span). Events come in
  /// the order of the file, all inside the sensor. Errors: reading fails; damage. The events before the
  /// damage are returned first, so that the error comes with the call after.
  virtual std::size_t read(std::span<Event> events) = 0;
  /// Byte of the file (unpacked, where it is compressed as a whole) at which the reader stands: after the
  /// events returned so far, before the next.
  virtual std::uint64_t offset() const = 0;
  /// Events lost by damage so far; where their number cannot be known, the least that it must be.
  virtual std::uint64_t lost() const = 0;
  /// What was wrong but could be passed over; complete at the end.
  virtual std::vector<std::string> warnings() const = 0;
};

/// What a writer is told before the first event.
struct EventSink {
  std::uint16_t width = 0, height = 0;
  std::string sensor = {};                 ///< name of the camera, where the format keeps one
  bool audio = false;                      ///< see SensorInfo
  std::optional<std::int64_t> label = {};  ///< see SensorInfo
};

/// Writes a recording from front to back. The file appears under its name when `finish` has succeeded, never
/// half-made; a writer destroyed before leaves nothing.
class EventWriter {
 public:
  virtual ~EventWriter() = default;

  /// Errors: an event outside the sensor; a time that the format cannot carry; times that step back where the
  /// format needs them in order; disk full.
  virtual void write(std::span<const Event> events) = 0;
  virtual void finish() = 0;
};

}  // namespace synfire
