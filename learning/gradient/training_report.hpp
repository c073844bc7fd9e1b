// How a training went, as JSON and as a table, for scripts.
#pragma once

#include <optional>
#include <string>

#include "learning/gradient/trained_file.hpp"

namespace synfire::learning {

/// Every epoch, which one was best, and what the test said.
std::string training_json(const NetworkDescription& network, const TrainingRecord& record,
                          const std::optional<TestedSamples>& tested);
/// A header and a row for each epoch; empty where there is no value.
std::string training_csv(const TrainingRecord& record);

/// The JSON as a file, whole or not at all. Throws Error(resource).
void write_training_report(const std::string& path, const NetworkDescription& network,
                           const TrainingRecord& record, const std::optional<TestedSamples>& tested);

/// Numbers that are learned.
std::size_t learned_numbers(const TrainingRecord& record);

}  // namespace synfire::learning
