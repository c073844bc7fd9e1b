// A trained network as an HDF5 file: its text, its weights, how training went, and what it takes to go on.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "learning/gradient/trainer.hpp"

namespace synfire::learning {

/// What the weights of the best epoch made of the test samples.
struct TestedSamples {
  Score score;
  std::vector<std::uint64_t> confusion;  ///< row after row: true class; columns: said class, the last none
  std::vector<double> rates;             ///< of each layer
};
/// Nothing where no sample was judged.
std::optional<TestedSamples> tested_of(const Judgement& judged);

struct TrainedFile {
  std::string source_text, source_file;  ///< the network as it was trained
  std::string version;                   ///< of the program
  TrainingRecord record;
  std::vector<std::string> layers;      ///< names, in order
  std::vector<std::string> classes;     ///< names
  std::optional<TestedSamples> tested;  ///< once training is over

  /// The network that was trained, with some values replaced, each as PATH=VALUE (io/yaml.hpp). Its text is
  /// that of the file where there are none.
  NetworkDescription network(std::span<const std::string> overrides = {}) const;
};

/// True for a file that write_trained made; false where there is none.
bool is_trained(const std::string& path);

/// Replaces the file as a whole, so that there is always a readable one. `judged`: the test samples by the
/// best weights, once training is over. Throws Error(resource).
void write_trained(const std::string& path, const NetworkDescription& network, const TrainingRecord& record,
                   const Judgement* judged, const std::vector<std::string>& classes);

/// Throws Error(input) where the file is damaged or no trained network.
TrainedFile read_trained(const std::string& path);

/// Refuses to go on with another network than the one that was trained: throws Error(input), naming the first
/// difference. Only what has no part in the results may differ, and the number of epochs.
void check_same_network(const TrainedFile& trained, const NetworkDescription& network);

}  // namespace synfire::learning
