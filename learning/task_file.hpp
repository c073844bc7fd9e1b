// What a task found out, in the file of its run.
#pragma once

#include "io/hdf5.hpp"
#include "learning/classify.hpp"
#include "learning/readout.hpp"

namespace synfire {

/// Writes /synfire/training/classify into the file of a run: accuracy, confusion matrix, votes, classes of
/// the neurons (docs/output.md).
void write_task(hdf5::File& file, const NetworkDescription& network, const Classification& result);

/// Writes /synfire/training/readout: accuracies, confusion matrix, predictions, weights, penalty.
void write_task(hdf5::File& file, const NetworkDescription& network, const ReadoutResult& result);

}  // namespace synfire
