// What a task and plastic projections left in a result file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/hdf5.hpp"

namespace synfire {

/// The outcome of a task of classes.
struct RecordedTask {
  std::string name;    ///< as in YAML
  std::string method;  ///< how classes were read off: a decoder, or how a readout learned; "" where unknown
  std::optional<double> train_accuracy, lambda;  ///< of a readout
  std::string data, input, output;
  std::size_t classes = 0;
  std::uint64_t train_samples = 0, test_samples = 0;
  double accuracy = 0;
  std::vector<std::uint64_t> confusion;  ///< row after row: true class; columns: voted class, the last none
};

/// Nothing when the run had no task. Throws Error(input) when parts are missing or do not fit together.
std::optional<RecordedTask> read_task(const hdf5::File& file);

/// Projections of which synapses were kept at least once, in alphabetical order.
std::vector<std::string> recorded_projections(const hdf5::File& file);

/// The last snapshot of a projection's synapses.
struct RecordedWeights {
  std::string projection, source, target, units;
  std::vector<std::uint32_t> source_shape, target_shape;
  double time_ms = 0;
  std::vector<std::uint32_t> sources, targets;
  std::vector<float> weights;
};

/// Throws Error(usage) for a projection without snapshots, Error(input) for a damaged file.
RecordedWeights read_weights(const hdf5::File& file, const std::string& projection);

}  // namespace synfire
