// `synfire run` of a trained network.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace synfire::cli {

struct TrainedRun {
  std::string file;
  std::vector<std::string> overrides;         ///< of --set
  std::optional<std::string> engine, input;   ///< input: the data set
  std::optional<std::string> output, report;  ///< without an output no spikes are written
  bool force = false, quiet = false;
  unsigned threads = 0;
};

/// Shows the test samples to the network in an engine, and says what they were taken for and what that took.
void run_trained(const TrainedRun& arguments);

}  // namespace synfire::cli
