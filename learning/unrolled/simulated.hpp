// The test samples of a trained network, shown to it in an engine.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "encoders/decode_vote.hpp"
#include "io/hdf5.hpp"
#include "learning/classify.hpp"
#include "learning/gradient/trainer.hpp"
#include "learning/unrolled/step_receptors.hpp"
#include "learning/unrolled/unrolled.hpp"
#include "learning/unrolled/window.hpp"
#include "sim/simulation.hpp"

namespace synfire::learning {

/// What a layer did; of a sample on average.
struct SimulatedLayer {
  std::string name;
  std::uint64_t neurons = 0, synapses = 0;  ///< synapses: onto it
  bool spikes = true, neuron_model = true;  ///< false: a readout; a pool
  bool stepped =
      false;  ///< what it hears is no sum of spikes, and is computed in each step; or receptors are
  double spike_count = 0;
  double synaptic_operations = 0;  ///< spikes times the synapses onto this layer that they went through
  double dense_operations = 0;     ///< multiply-accumulates of the same, done for all inputs in each step
  double differing = 0;            ///< spikes that only one has, the engine or the layers
};

struct SimulatedTest {
  explicit SimulatedTest(std::size_t classes) : confusion(classes) {}

  ConfusionMatrix confusion;
  std::vector<std::uint32_t> labels, predictions;  ///< of each sample
  std::vector<std::uint32_t> layer_predictions;    ///< what the layers say, as `synfire eval` does
  std::vector<float> outputs;                      ///< [samples, classes]
  std::vector<double> start_ms;                    ///< when each was shown to the first layer
  std::vector<SimulatedLayer> layers;              ///< in their order
  double dense_before = 0,
         dense_behind = 0;               ///< multiply-accumulates of a sample before and behind the neurons
  double simulated_s = 0, layers_s = 0;  ///< wall time of the engine, and of the layers for the same samples

  double samples() const { return double(labels.size()); }
  double accuracy() const { return confusion.accuracy(); }
  /// Share of the samples of which the layers say the same.
  double agreement() const;
  double layer_accuracy() const;
  double spike_count() const;          ///< of a sample
  double synaptic_operations() const;  ///< of a sample
  double dense_operations() const;     ///< of a sample: what the synaptic operations stand for
};

/// A trained network in the engine that its description asks for. Each sample begins with neurons as they are
/// at the start; what the layers before the first neurons give is what flows into these, and what comes
/// behind the last neurons reads what these did.
class SimulatedNetwork {
 public:
  /// Opens the data, takes the weights and builds the network. Throws as Trainer, unroll and Simulation do,
  /// and Error(usage) when there are no test samples.
  SimulatedNetwork(const NetworkDescription& trained, const std::vector<NamedArray<float>>& weights,
                   const RunOptions& options, TaskProgressCallback progress = {});

  const NetworkDescription& network() const { return simulation_->network(); }
  const Samples& samples() const { return trainer_.samples(); }

  /// Once. `sink` may be a null pointer; it gets the spikes of the steps in which samples are shown, and the
  /// membranes that are read. Stopped from outside it ends early; what the result holds is then what there
  /// is.
  RunResult run(RecordSink* sink);
  const SimulatedTest& result() const { return result_; }

 private:
  using Given = Network<float>::Given;
  /// What flows into a layer beside spikes: [steps, samples, neurons], one of them where all are the same.
  struct Drive {
    std::size_t steps = 1, samples = 1;
    std::vector<float> values;
  };

  void steer(Engine& engine, Window& window);
  bool show_batch(Engine& engine, Window& window, std::size_t first);
  void find_drives(const Batch<float>& batch, bool varying);
  /// The samples that are shown, and what layers have done since they began.
  struct Shown {
    const Batch<float>& batch;
    const Window& window;
  };
  bool show(Engine& engine, const Shown& shown, std::size_t sample, Step begin);
  void step(Engine& engine, const Shown& shown, std::size_t layer, std::size_t sample, Step now);
  std::vector<float> heard(const Shown& shown, std::size_t layer, std::size_t sample, Step now);
  void fill(Stage& stage, const Shown& shown, std::size_t layer, std::size_t sample, Step now);
  std::span<const float> drive(std::size_t layer, Step step, std::size_t sample) const;
  void hold(Stage& stage, std::size_t layer, std::span<const float> values);
  void count(const Window& window, std::size_t samples, const std::vector<std::vector<float>>& expected);
  void judge(const Batch<float>& batch, const Window& window, std::span<const float> expected);
  Step period() const { return steps_ + unrolled_.lag; }
  Step begin(std::size_t sample) const { return 1 + static_cast<Step>(sample) * period(); }

  RunOptions options_;
  TaskProgressCallback progress_;
  Trainer trainer_;
  Step steps_;
  std::size_t classes_;
  Unrolled unrolled_;  // its network is that of the simulation
  std::unique_ptr<Simulation> simulation_;
  std::vector<Drive> drives_;       ///< by layer
  std::vector<const float*> held_;  ///< by layer: what flows in at present; null pointers: nothing
  std::vector<float> stepped_;      ///< what flowed in last where it is computed in each step
  std::vector<std::optional<StepReceptors>> receptors_;  ///< by layer, of those that fill them
  SimulatedTest result_;
};

/// What came out, as JSON; written whole or not at all. Throws Error(resource).
void write_simulated_report(const std::string& path, const SimulatedNetwork& network, const RunResult& run);
/// Adds the samples and what was said of them to a result file.
void write_simulated(hdf5::File& file, const SimulatedTest& result);

}  // namespace synfire::learning
