// The list of event-recording formats, and the one way to open a recording.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "io/events/event_reader.hpp"

namespace synfire {

struct EventFormat {
  std::string_view name;         ///< "aedat2"
  std::string_view description;  ///< for lists in messages and help
  /// Judges by the first bytes of a file (up to 64).
  bool (*recognises)(std::string_view head);
  std::unique_ptr<EventReader> (*open)(const std::string& path, const EventOptions&);
};

std::span<const EventFormat> event_formats();

/// Opens a recording; the format is found by content. Errors: unreadable; unknown content (lists what is
/// supported).
std::unique_ptr<EventReader> open_events(const std::string& path, const EventOptions& options = {});

}  // namespace synfire
