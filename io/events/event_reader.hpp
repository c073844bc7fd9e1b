// Recordings of event cameras as a stream of events, whatever the file format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace synfire {

/// One change of brightness at one pixel. The origin is the upper left corner, y points down
/// (EventView::jaer).
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
  std::string format;  ///< "aedat2"
  std::string name;    ///< "DVS128"; "" if the file does not say
};

/// How stored addresses become events.
enum class EventView {
  jaer,  ///< as the jAER viewer shows them: upright, y down, `on` = 1 for brighter
  raw,   ///< coordinates and polarity bit exactly as stored
};

struct EventOptions {
  EventView view = EventView::jaer;
  std::optional<std::string> sensor = {};  ///< overrides what the file says or leaves out, e.g. "DAVIS346"
};

/// Reads a recording from front to back in bounded memory.
class EventReader {
 public:
  virtual ~EventReader() = default;

  virtual const SensorInfo& sensor() const = 0;
  /// Fills the front of `events`; returns how many. 0 only at the end (or for an empty span). Events come in
  /// the order of the file, all inside the sensor. Errors: reading fails.
  virtual std::size_t read(std::span<Event> events) = 0;
  /// What was wrong but could be passed over, such as a file cut inside an event; complete at the end.
  virtual std::vector<std::string> warnings() const = 0;
};

}  // namespace synfire
