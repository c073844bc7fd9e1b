// The list of event-recording formats, and the one way to open a recording.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "io/events/event_reader.hpp"

namespace synfire {

/// What a format is judged by.
struct FileHead {
  std::string path;
  std::string bytes;       ///< the first bytes (up to 4096), unpacked if the file is gzip
  std::uint64_t size = 0;  ///< of the file on disk
  bool gzip = false;
};

struct EventFormat {
  std::string_view name;         ///< "aedat2"
  std::string_view description;  ///< for lists in messages and help
  std::string_view extensions;   ///< "aedat aedat2": names of new files that mean this format; "" = none
  /// Judges by content. Formats without a mark of their own come last in the list.
  bool (*recognises)(const FileHead&);
  std::unique_ptr<EventReader> (*open)(const std::string& path, const EventOptions&);
  /// Null: cannot be written.
  std::unique_ptr<EventWriter> (*create)(const std::string& path, const EventSink&);
};

std::span<const EventFormat> event_formats();

/// Opens a recording; the format is found by content. Errors: unreadable; unknown content (lists what is
/// supported).
std::unique_ptr<EventReader> open_events(const std::string& path, const EventOptions& options = {});

/// The format of a new file: `name`, or, when that is empty, by the ending of the path. Errors: unknown, or
/// cannot be written (lists those that can).
const EventFormat& format_to_write(const std::string& path, std::string_view name = {});

}  // namespace synfire
