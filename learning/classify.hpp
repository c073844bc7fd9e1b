// Learning of classes by the network itself: it is shown samples while its plasticity works, and then says of
// samples never seen what they are.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "encoders/decode_vote.hpp"
#include "learning/present.hpp"

namespace synfire {

/// How far a task is; told after every sample.
struct TaskProgress {
  std::string_view phase;  ///< "train", "test", …
  std::uint64_t done = 0, total = 0;
  /// Of the last samples by the classes as they stand; of all so far while testing; nothing where it is not
  /// known yet.
  std::optional<double> accuracy = {};
};
using TaskProgressCallback = std::function<void(const TaskProgress&)>;

/// What came out.
struct Classification {
  explicit Classification(std::size_t classes) : confusion(classes) {}

  std::vector<std::int32_t>
      assignment;                     ///< to vote: the class of each output neuron, no_class for silent ones
  std::vector<std::int32_t> votes;    ///< of each test sample
  std::vector<std::uint8_t> labels;   ///< their true classes
  std::vector<std::uint32_t> spikes;  ///< of the output, to each test sample
  ConfusionMatrix confusion;
  /// While training: accuracy over the samples since the entry before, and how many were seen until then.
  std::vector<double> training_accuracy;
  std::vector<std::uint64_t> training_samples;
  std::uint64_t train_samples = 0, train_presentations = 0;  ///< presentations count repeated ones, too
  std::uint64_t test_samples = 0, test_presentations = 0;
  double train_s = 0, test_s = 0;  ///< wall time

  double ms_per_sample() const {
    const double samples = double(train_samples + test_samples);
    return samples > 0 ? (train_s + test_s) * 1e3 / samples : 0;
  }
};

/// Trains and tests a network for its task. A sample is shown for `present`, then the input rests; when the
/// output fired less than `min_spikes` while it was shown, it is shown again, brighter. Before each
/// presentation of the training the periodic rules (scaling) of all plastic projections are applied, and once
/// more at the end; while testing, plasticity is off. The learned weights go to the sink at the end.
class Classifier {
 public:
  /// Loads the data and builds the network, whose task must be `classify`. Throws as load_task_data and
  /// Presenter do.
  explicit Classifier(NetworkDescription network, const RunOptions& options = {},
                      TaskProgressCallback progress = {});

  const NetworkDescription& network() const { return presenter_.network(); }

  /// Once. Stopped from outside it ends early; what the result holds is then what there is.
  RunResult run(RecordSink& sink);
  const Classification& result() const { return result_; }

 private:
  class RunningAccuracy;
  void train(RunningAccuracy& running);
  void test();
  bool show(const SampleView& sample, bool training, std::uint64_t& presentations);
  std::int32_t decoded() const;
  void tell(std::string_view phase, std::uint64_t done, std::uint64_t total, double accuracy) const;

  TaskData data_;
  Presenter presenter_;
  const ClassifyDescription& how_;
  TaskProgressCallback progress_;
  std::optional<std::size_t> variable_;  // that is watched
  std::vector<std::uint64_t> total_counts_, earlier_counts_;
  std::vector<std::uint32_t> counts_;  // of the last presentation
  Watched watched_;                    // while it was shown
  Classification result_;
};

}  // namespace synfire
