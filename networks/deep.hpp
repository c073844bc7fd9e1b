// A network that learns by gradients, as plain data.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/chosen.hpp"

namespace synfire {

/// A parameter of neurons that is learned, one value for all of a layer, and where it is kept.
struct LearnedParameter {
  std::string name;
  double low = 0, high = 0;
};

/// A receptor of neurons behind the first, which in each step gets a dense product of what reaches the first
/// one and of state variables of the step before, with weights that are learned.
struct FilledReceptor {
  std::size_t receptor = 0;          ///< of the model, never the first
  std::vector<std::size_t> sources;  ///< 0: what reaches the first receptor; k + 1: state variable k
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
  std::vector<FilledReceptor> receptors;  ///< neurons
  std::optional<Chosen> delays = {};      ///< layer::Delays of a dense layer or of recurrent connections
};

}  // namespace synfire
