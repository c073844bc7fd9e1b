// A recording written anew: another format, filtered, sorted, or as frames.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/events/frames.hpp"
#include "io/events/readers.hpp"

namespace synfire {

/// A filter of a conversion; or, where there is none, "drop the hot pixels", which are looked for first
/// (EventSummary::hot) in what the filters before it leave.
using ConversionStep = std::optional<EventFilter>;

struct Conversion {
  std::string input;           ///< for messages, and opened unless `open` is set
  OpenRecording open = {};     ///< how to read it, where it is no file of events
  std::string output, format;  ///< "" = by the ending of `output`
  EventOptions options = {};
  std::vector<ConversionStep> steps = {};
  bool sort = false;
  std::optional<FrameOptions> frames = {};  ///< write frames to HDF5 instead of events
  bool overwrite = false;
};

struct ConversionReport {
  std::string format;                                ///< of the new file; "frames" for frames
  Extent extent;                                     ///< of what was written
  std::uint64_t written = 0, dropped = 0, lost = 0;  ///< events; dropped: by filters
  std::uint64_t frames = 0;
  std::optional<std::size_t> hot_pixels = {};  ///< dropped, where they were looked for
  std::vector<std::string> warnings;
};

/// Errors (usage): the output exists and is not to be replaced.
void check_new_output(const Conversion& conversion);

/// Errors (usage): the output exists, has no known format, a filter does not fit. Errors (input): damage, and
/// events out of order, with the byte; EventOptions::lenient leaves both out, `sort` mends the second. The
/// new file appears when it is whole.
ConversionReport convert_events(const Conversion& conversion);

}  // namespace synfire
