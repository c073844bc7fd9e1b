// Pictures of a training: its curves, what was taken for what in the test, how much its layers spiked.
#pragma once

#include <cstdint>
#include <string>

#include "learning/gradient/trained_file.hpp"

namespace synfire::learning {

enum class TrainingPicture : std::uint8_t {
  all,
  training,   ///< loss and accuracy by epoch for each share of the samples
  confusion,  ///< of the test samples
  rates,      ///< of each spiking layer by epoch: spikes per neuron and step
  routing,    ///< of each layer with a mask by epoch: where it convolves, how decided it is, what hangs on it
  structure  ///< of each array whose connections come and go by epoch: how many there are, what went and came
};

/// Draws one of them, or all that the file has numbers for. Throws Error(input) where it has none for the one
/// that is asked for, and as plot::Drawing.
void draw_training(const std::string& path, const TrainedFile& trained, bool overwrite,
                   TrainingPicture picture = TrainingPicture::all);

}  // namespace synfire::learning
