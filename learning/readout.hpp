// A linear readout of what a network makes of samples.
#pragma once

#include "encoders/decode_vote.hpp"
#include "learning/classify.hpp"
#include "learning/linear_readout.hpp"
#include "learning/present.hpp"

namespace synfire {

/// What came out.
struct ReadoutResult {
  explicit ReadoutResult(std::size_t classes) : confusion(classes) {}

  LinearReadout readout;         ///< feature bin * neurons + neuron
  std::optional<double> lambda;  ///< of ridge
  LambdaChoice choice;           ///< empty when lambda was given
  double train_accuracy = 0;
  std::vector<std::int32_t> predictions;  ///< of each test sample
  std::vector<std::uint8_t> labels;       ///< their true classes
  ConfusionMatrix confusion;              ///< of the test
  std::uint64_t train_samples = 0, test_samples = 0;
  double simulated_s = 0, learned_s = 0;  ///< wall time

  double ms_per_sample() const {
    const double samples = double(train_samples + test_samples);
    return samples > 0 ? simulated_s * 1e3 / samples : 0;
  }
};

/// Shows all samples to a network, each for `present` and then `rest`, and learns a linear readout of the
/// spikes that its output has in equal parts of `present`. A network whose synapses change is shown the
/// training samples before, `passes` times; while features are taken, they stay as they are.
class ReadoutTrainer {
 public:
  /// Loads the data and builds the network, whose task must be `readout`. Throws as load_task_data and
  /// Presenter do, Error(input) for an output whose spikes nobody needs, Error(resource) for more than 2^30
  /// features in all.
  explicit ReadoutTrainer(NetworkDescription network, const RunOptions& options = {},
                          TaskProgressCallback progress = {});

  const NetworkDescription& network() const { return presenter_.network(); }

  /// Once. Throws as the functions of learning/linear_readout.hpp. Stopped from outside it ends early, and
  /// nothing is learned.
  RunResult run(RecordSink& sink);
  const ReadoutResult& result() const { return result_; }

 private:
  bool adapt();
  bool collect(TaskSamples& samples, std::string_view phase, std::uint64_t& count,
               LabelledFeatures& features);
  bool show(const SampleView& sample, std::span<float> features);
  void learn();
  void tell(std::string_view phase, std::uint64_t done, std::uint64_t total) const;

  TaskData data_;
  Presenter presenter_;
  const ReadoutDescription& how_;
  TaskProgressCallback progress_;
  std::vector<std::uint64_t> counts_, earlier_counts_;
  LabelledFeatures train_, test_;
  ReadoutResult result_;
};

}  // namespace synfire
