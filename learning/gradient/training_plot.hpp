// The picture of a training: its curves, and what was taken for what in the test.
#pragma once

#include <string>

#include "learning/gradient/trained_file.hpp"

namespace synfire::learning {

/// Loss and accuracy by epoch for each share of the samples; below them, where the test samples were judged,
/// the confusion matrix. Throws as plot::Drawing.
void draw_training(const std::string& path, const TrainedFile& trained, bool overwrite);

}  // namespace synfire::learning
