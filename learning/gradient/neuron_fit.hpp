// Other neurons in a network that has learned, fitted so that they spike as those it learned with.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "learning/gradient/trained_file.hpp"

namespace synfire::learning {

/// Whether it is a layer of neurons whose spikes others read.
bool passes_spikes(const LayerDescription& layer);

/// The same network with other neurons in all layers that pass spikes on. `entry` is one of a list of layers,
/// in YAML: a model with its parameters and, under `learn`, those that may be fitted. Name, sources and
/// recurrence stay those of each layer. Throws Error(usage) where no layer passes spikes on or `entry` is no
/// spiking model, Error(input), naming --neurons, as for layers.
NetworkDescription with_neurons(const NetworkDescription& network, const std::string& entry);

/// Spikes of a layer in two networks that were shown the same.
struct SpikeMatch {
  double places = 0;          ///< neurons times steps times samples
  double one = 0, other = 0;  ///< spikes of either
  double both = 0;            ///< of both, in the same neuron and step

  /// Part of the places in which both do the same.
  double same() const { return 1 - (one + other - 2 * both) / places; }
  /// Part of all spikes of either that the other has as well, 2 both / (one + other); NaN where there are
  /// none.
  double matched() const { return 2 * both / (one + other); }
};

struct FittedParameter {
  std::string name;
  double before = 0, after = 0;
};

struct FittedLayer {
  std::string name;
  std::vector<FittedParameter> parameters;
  SpikeMatch before, after;  ///< of the teacher's spikes and the student's
  SpikeMatch again;          ///< of the teacher's spikes and its own, its noise drawn anew: what can be hoped
};

struct FitProgress {
  std::string_view phase;  ///< "compare" or "fit"
  std::size_t done = 0, total = 0;
};

struct FitOptions {
  std::uint32_t epochs = 3;
  double learning_rate = 0.02;         ///< of Adam, falling along a cosine
  double sharpness = 15;               ///< alpha of the arctan that stands for the derivative of a spike
  bool shared = false;                 ///< one value of each parameter for all layers
  std::optional<std::size_t> samples;  ///< of each epoch, and compared; nothing: all training samples
  unsigned threads = 0;                ///< 0: all of the machine
  const std::atomic<bool>* stop = nullptr;
  std::function<void(const FitProgress&)> progress = {};
};

struct NeuronFit {
  NetworkDescription network;  ///< the student with its fitted parameters, none of which is learned any more
  TrainingRecord record;       ///< the teacher's, without parameters of neurons that are gone
  std::vector<FittedLayer> layers;
  std::size_t samples = 0;
  double seconds = 0;
  bool complete = true;  ///< false: stopped
};

/// Fits the parameters under `learn` of the student's spiking neurons, with all weights as they were learned:
/// in each layer j of its own, from what reaches it in the student, to
///   L_j = sum over steps of |S_j(t) - S'_j(t)|^2 / 2,  S of the teacher, S' of the student,     (3.15)
/// whose derivative by a spike S' is 1/2 - S, as spikes are 0 or 1; a spike's own is that of an arctan, and
/// what goes through earlier steps is left out. Batch follows batch of training samples, not augmented; kept
/// is what after any epoch, or before the first one, has the fewest places in which the two differ, as a mean
/// over the layers. `trained` is the file of both; they have the same layers, other neurons aside. Throws
/// Error(usage) where there are epochs and nothing to fit, Error(input) where weights are missing or a
/// gradient is no longer finite. Source: Jiang 2022, thesis, University of Canterbury, section 3.3.3.
NeuronFit fit_neurons(const TrainedFile& trained, const NetworkDescription& teacher,
                      const NetworkDescription& student, const FitOptions& options);

std::string neuron_fit_json(const NeuronFit& fit, const FitOptions& options, const std::string& network);

}  // namespace synfire::learning
