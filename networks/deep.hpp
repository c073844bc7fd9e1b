// A network that learns by gradients, as plain data.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/chosen.hpp"

namespace synfire {

/// A parameter of neurons that is learned, one value for all of a layer, and where it is kept.
struct LearnedParameter {
  std::string name;
  double low = 0, high = 0;
};

/// One entry of the `layers` of a network that is trained.
struct LayerDescription {
  std::string name;                       ///< as given, else its kind and a number: "conv2"
  Chosen what;                            ///< of layer::kinds(), or a neuron model
  bool neurons = false;                   ///< a neuron model
  std::vector<std::size_t> from;          ///< layers that it reads, all earlier ones; none: the input
  std::vector<LearnedParameter> learned;  ///< neurons
  bool membrane = false;                  ///< neurons: what goes on is the membrane potential, not the spikes
  bool recurrent = false;                 ///< neurons: each spike reaches all of them in the next step
};

}  // namespace synfire
