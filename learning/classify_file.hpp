// What a task found out, in the file of its run.
#pragma once

#include "io/hdf5.hpp"
#include "learning/classify.hpp"

namespace synfire {

/// Writes /synfire/training/classify into the file of a run: accuracy, confusion matrix, votes, classes of
/// the neurons (docs/output.md).
void write_classification(hdf5::File& file, const NetworkDescription& network, const Classification& result);

}  // namespace synfire
