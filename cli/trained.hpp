// What subcommands that ask a trained network have in common.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "learning/gradient/trained_file.hpp"

namespace synfire::cli {

/// The network of a trained file with the weights of its best epoch and some values replaced.
std::unique_ptr<learning::Trainer> open_trained(const learning::TrainedFile& trained,
                                                std::span<const std::string> overrides,
                                                const learning::TrainingOptions& options);
std::unique_ptr<learning::Trainer> open_trained(const std::string& file,
                                                std::span<const std::string> overrides, unsigned threads);

/// "0.03" or "8/255". Throws Error(usage) naming the option.
double part_of(const std::string& option, const std::string& text);
/// Radii in pixels of 0 to 1, ascending, each once. Throws Error(usage) naming --eps.
std::vector<double> radii_of(const std::vector<std::string>& texts);

/// Throws Error(usage) where one of the files to be written is one of those read, another one of those
/// written, or there already without `force`.
void check_results(std::vector<std::string> read, std::span<const std::optional<std::string>> written,
                   bool force);

}  // namespace synfire::cli
