// Recordings of which a trained network keeps a part: `synfire events --compress-with`.
#pragma once

#include <string>

#include "io/events/event_reader.hpp"

namespace synfire::cli {

struct CompressArguments {
  std::string input, trained, output;
  EventOptions options;
  bool overwrite = false, json = false;
};

/// Writes a recording, or all of a data set's, in their own format with the events that a trained network
/// keeps, and prints how much is saved.
void compress_events(const CompressArguments& arguments);

}  // namespace synfire::cli
