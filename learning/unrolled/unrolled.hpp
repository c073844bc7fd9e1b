// A trained network of layers as one that the engines run.
#pragma once

#include <optional>
#include <vector>

#include "core/time.hpp"
#include "learning/gradient/network.hpp"
#include "networks/description.hpp"

namespace synfire::learning {

/// A layer that spikes or has a membrane, as a population.
struct UnrolledLayer {
  std::size_t layer = 0;  ///< neurons; or a pool of the largest, which spikes where any of its inputs does
  bool routed = false;    ///< the layer's pool alone, of one that convolves or pools by a frozen mask
  std::size_t population = 0;        ///< in the network
  std::optional<std::size_t> drive;  ///< population that gives it, in each step, what is no spike
  std::size_t reads = 0;             ///< the layer whose output without any spikes is that
  bool drive_varies = false;         ///< from sample to sample; else it is biases only
  /// What it reads is not linear in spikes: no synapses carry it, but its drive is computed anew in each step
  /// from the spikes of these, of Unrolled::layers. Empty: it hears synapses.
  std::vector<std::size_t> steps_after = {};
  /// Populations that give what arrives at the receptors that the layer fills (LayerDescription::receptors),
  /// which follows in each step from what the first one gets and from the states.
  std::vector<std::size_t> filled = {};
  Step lag = 0;  ///< steps by which it follows the first layer
  bool spikes = true;
  bool is_read = false;         ///< what comes behind the last neurons reads it
  bool membrane = false;        ///< ... namely its membrane, which is recorded then
  double dense_operations = 0;  ///< multiply-accumulates of a sample, done for all inputs, spikes or not

  bool stepped() const { return !steps_after.empty() || !filled.empty(); }
};

/// Spikes of one layer on their way to another.
struct UnrolledWiring {
  std::size_t from = 0, to = 0;        ///< of Unrolled::layers
  std::vector<std::uint32_t> fan_out;  ///< synapses of each neuron
};

/// In training, spikes pass through all layers within a step; in the engines a synapse takes a step at least.
/// So each layer runs some steps later than in training, and sees the same.
struct Unrolled {
  NetworkDescription network;
  std::vector<UnrolledLayer> layers;
  std::vector<UnrolledWiring> wirings;
  Step lag = 0;             ///< of the last layer
  double dense_before = 0;  ///< multiply-accumulates of a sample before the first neurons
  double dense_behind = 0;  ///< and behind the last
};

/// `trained` is the description of `network`, whose weights are the learned ones. Populations have the names
/// of their layers; linear layers between neurons become synapses with all that they do, batch norm included,
/// and so do frozen masks: where they pool, spikes pass a population that spikes where any of its inputs
/// does. Throws Error(input) at a layer that cannot be had by synapses, or whose place is not in an engine.
Unrolled unroll(const NetworkDescription& trained, Network<float>& network);

}  // namespace synfire::learning
