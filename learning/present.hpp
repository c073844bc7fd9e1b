// Showing the samples of a task to a running network.
#pragma once

#include <vector>

#include "learning/data.hpp"
#include "sim/simulation.hpp"

namespace synfire {

/// The task of a network; throws Error(usage) when it has none.
const TaskDescription& task_of(const NetworkDescription& network);

/// A network that is shown samples: as rates, as values that its input encodes, or as events. Time goes on
/// from one to the next; the same samples in the same order give the same spikes on any number of threads.
class Presenter {
 public:
  /// Builds the network, with a record of the weights of every plastic projection, for a run of
  /// `presentations`. Throws as Simulation does, and Error(input) when the engine cannot be steered.
  Presenter(NetworkDescription network, const TaskData& data, double presentations,
            const RunOptions& options);

  const NetworkDescription& network() const { return simulation_.network(); }
  const TaskDescription& task() const { return task_; }
  Simulation& simulation() { return simulation_; }
  Control& control() { return control_; }
  const std::vector<std::size_t>& plastic() const { return plastic_; }  ///< projections
  Step present_steps() const { return present_; }
  Step rest_steps() const { return rest_; }

  /// Shows a sample from now on, until `hide`. `full_rate` (Hz) is that of a white pixel, for inputs with
  /// rates.
  void show(const SampleView& sample, double full_rate);
  /// The input is silent.
  void hide();
  /// False when the run was stopped from outside.
  bool advance(Step steps);
  bool stopped() const { return stopped_; }

  /// Plasticity off, parameters of the test set.
  void begin_test();
  /// Applies the periodic rules of all plastic projections.
  void scale();
  /// Hands the weights as they are to the sink, and ends what was begun.
  void keep_weights(RecordSink& sink, RunResult& result) const;

 private:
  void set_rates(std::span<const std::uint8_t> pixels, double full_rate);

  Simulation simulation_;
  const TaskDescription& task_;
  Control& control_;
  SampleShape shape_;
  RandomKey random_;  // of the encoders
  std::vector<std::size_t> plastic_;
  Step present_ = 0, rest_ = 0, now_ = 0;
  std::uint64_t shown_ = 0;
  bool stopped_ = false;
  std::vector<double> rates_;
};

}  // namespace synfire
