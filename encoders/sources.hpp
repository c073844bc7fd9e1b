// What can stand at the beginning of a network: sources of spikes and of currents. A new source is its header
// and one line here.
#pragma once

#include <string>
#include <vector>

#include "core/model_list.hpp"
#include "encoders/cochlea.hpp"
#include "encoders/encode_burst.hpp"
#include "encoders/encode_delta.hpp"
#include "encoders/encode_direct.hpp"
#include "encoders/encode_latency.hpp"
#include "encoders/encode_phase.hpp"
#include "encoders/encode_population.hpp"
#include "encoders/encode_rate.hpp"
#include "encoders/moving_picture.hpp"
#include "encoders/noise_current.hpp"
#include "encoders/poisson.hpp"
#include "encoders/spike_train.hpp"
#include "encoders/step_current.hpp"

namespace synfire {

using Sources = TypeList<Poisson, SpikeList, SpikeFile, EventRecording, StepCurrent, NoiseCurrent, EncodeRate,
                         EncodeLatency, EncodeDelta, EncodePhase, EncodeBurst, EncodePopulation, EncodeDirect,
                         MovingPicture, Cochlea>;

struct SourceInfo {
  ModelInfo model;
  bool emits_current = false;
  std::string key;  ///< the entry of a population that this source needs beside `params`: spikes, file,
                    ///< events, values; or ""
  std::vector<std::string> scheduled;  ///< parameters that may change over time
  std::vector<std::string>
      per_neuron;  ///< parameters that may differ between neurons; the others hold for all
};

const std::vector<SourceInfo>& source_models();

}  // namespace synfire
