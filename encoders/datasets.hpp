// Data that the program makes itself, for tasks to train and test on. A new kind is its header and one line
// here.
#pragma once

#include <vector>

#include "core/model_list.hpp"
#include "encoders/made_recordings.hpp"
#include "encoders/vibration.hpp"

namespace synfire {

using Datasets = TypeList<Vibration, Gestures, MovingDigits, VowelWords, SpokenWords>;

/// Their names and parameters, described like any model.
const std::vector<ModelInfo>& dataset_models();

}  // namespace synfire
