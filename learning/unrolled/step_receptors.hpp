// What arrives at the receptors that a layer fills from values, step by step.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "learning/gradient/filled_receptors.hpp"

namespace synfire::learning {

/// Of one layer of a trained network and one sample; the neurons themselves are somebody else's.
class StepReceptors {
 public:
  /// With its arrays among `trained`; dt in ms.
  StepReceptors(const LayerDescription& layer, std::size_t neurons,
                const std::vector<Weights<float>*>& trained, double dt_ms);

  /// A spike of the layer itself, so many steps ago.
  struct Spike {
    std::uint32_t neuron = 0;
    std::size_t age = 1;
    auto operator<=>(const Spike&) const = default;
  };
  /// What arrives in a step at each of the layer's `receptors`, one value a neuron. `x` is what reaches the
  /// first receptor from other layers, `spikes` are all so far, in any order; in the first step neurons are
  /// as they begin, else `state` gives a variable of them.
  std::vector<std::vector<double>> compute(std::span<const float> x, std::vector<Spike> spikes,
                                           bool first_step,
                                           const std::function<std::vector<float>(std::size_t)>& state);

 private:
  std::size_t neurons_;
  std::vector<FilledReceptor> described_;
  FilledReceptors<float> receptors_;
  std::vector<float> start_;                       // columns of all state variables
  const std::vector<float>* recurrent_ = nullptr;  // [to, from]
  const std::vector<float>* delays_ = nullptr;     // the same; none: each spike is heard in the next step
};

}  // namespace synfire::learning
