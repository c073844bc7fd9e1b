// A trained network as text for people.
#pragma once

#include <string>

#include "learning/gradient/trained_file.hpp"

namespace synfire::cli {

/// Where it comes from, a line for each epoch, firing rates of the best one, and what the test said.
std::string trained_text(const std::string& path, const learning::TrainedFile& trained, bool colours);

}  // namespace synfire::cli
