// Trains a network of layers: epochs of batches, and after each one how it does on samples it did not see.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "encoders/decode_vote.hpp"
#include "learning/gradient/fptt.hpp"
#include "learning/gradient/losses.hpp"
#include "learning/gradient/network.hpp"
#include "learning/gradient/optimisers.hpp"
#include "learning/gradient/samples.hpp"
#include "learning/gradient/schedules.hpp"
#include "learning/gradient/structure.hpp"
#include "networks/description.hpp"

namespace synfire::learning {

/// How a network did on a share of the samples; NaN where there are none, and the accuracy of a network that
/// gives no classes.
struct Score {
  double loss = std::numeric_limits<double>::quiet_NaN();
  double accuracy = std::numeric_limits<double>::quiet_NaN();
};

/// Each number of a Routing: its name and meaning, and where it stands.
struct RoutingColumn {
  std::string_view name, meaning;
  double Routing::*value;
  std::string_view units = "1", by = "layer, while learning";
};
inline constexpr std::array routing_columns = {
    RoutingColumn{"conv_ratio", "part of the mask above 1/2: where it convolves", &Routing::conv_ratio},
    RoutingColumn{"binariness", "mean of 1 - 4 M (1 - M)", &Routing::binariness},
    RoutingColumn{"sensitivity", "mean of |C - P|", &Routing::sensitivity},
    RoutingColumn{"leverage", "mean of M (1 - M) |C - P|", &Routing::leverage},
    RoutingColumn{"normalised", "mean of |C - P| / (|C| + |P| + 1e-8)", &Routing::normalised},
};

/// What the mask of a layer chose while an epoch was learned.
struct LayerRouting {
  std::string layer;
  Routing routing;
};

struct EpochRecord {
  Score train, validation, test;  ///< train: while it learned
  double learning_rate = 0;       ///< in its first batch
  double gradient_norm = 0;       ///< mean over its batches, before clipping
  double seconds = 0;             ///< wall time of learning, without judging
  double images_per_s = 0;
  std::uint64_t peak_bytes = 0;  ///< of the process so far
  std::vector<double> rates;  ///< of each layer: mean spikes per neuron and step while it learned; -1: none
  std::vector<LayerRouting> routing;      ///< of the layers that have a mask
  std::vector<ArrayStructure> structure;  ///< of the arrays whose connections come and go, after the epoch
};

/// All numbers of a network and its optimiser, from which training goes on as if it had never stopped.
struct TrainingState {
  std::vector<NamedArray<float>> weights, buffers, optimiser, method, structure;
  std::uint64_t optimiser_steps = 0;
  RateSchedule::State schedule;
};

struct TrainingRecord {
  std::vector<EpochRecord> epochs;
  std::size_t best = 0;                         ///< epoch whose weights are kept
  std::vector<NamedArray<float>> best_weights;  ///< with the buffers
  std::vector<ConnectionMask> best_masks;       ///< of the arrays whose connections come and go
  TrainingState last;
};

/// Pearson's r of pairs of numbers; NaN where one of the two never moves.
double correlation(std::span<const std::pair<double, double>> points);
/// Pearson's r of the conv ratio and the binariness of a mask over the epochs; NaN where one never moved.
double routing_correlation(const TrainingRecord& record, std::size_t masked_layer);

/// Predictions for a share of the samples. Of a network that gives no classes: score and rates only.
struct Judgement {
  Score score;
  ConfusionMatrix confusion;
  std::vector<std::uint32_t> predictions, labels;
  std::vector<float> outputs;  ///< [samples, classes]
  std::vector<double> rates;   ///< of each layer
  double seconds = 0;
  bool complete = true;  ///< false: stopped before all samples were judged
};

struct TrainingProgress {
  std::uint64_t epoch = 0, epochs = 0;
  std::string_view phase;  ///< "train", "validate", "test"
  std::uint64_t done = 0, total = 0;
  double loss = 0, accuracy = 0;  ///< of the samples so far; accuracy as that of Score
};

struct TrainingOptions {
  unsigned threads = 0;                     ///< 0: all of the machine
  const std::atomic<bool>* stop = nullptr;  ///< when it becomes true, training ends before the next batch
  std::function<void(const TrainingProgress&)> progress = {};
  Ranks* ranks = nullptr;  ///< that share the parts of each batch; all make a trainer and call the same of it
};

class Trainer {
 public:
  /// Passes that do not learn draw other numbers than those that do: what they add to the number of a pass.
  static constexpr std::uint64_t judging = std::uint64_t(1) << 39;

  /// Opens the data and makes the network. Throws as Samples and Network do.
  Trainer(const NetworkDescription& network, const TrainingOptions& options);

  const Samples& samples() const { return samples_; }
  Samples& samples() { return samples_; }
  Network<float>& network() { return network_; }
  const NetworkDescription& description() const { return description_; }
  const TrainingRecord& record() const { return record_; }

  /// Goes on from a record of the same network. Throws Error(input), naming the first difference, when its
  /// arrays are not those of this network.
  void load(const TrainingRecord& record);
  /// Takes weights and buffers only.
  void load_weights(const std::vector<NamedArray<float>>& arrays);

  /// Trains what is left of the epochs; `after_epoch` is called with the record so far. False when it was
  /// stopped.
  bool run(const std::function<void(const TrainingRecord&)>& after_epoch);
  /// Judges a share of the samples, or the first `most` of it, by the weights as they are.
  Judgement judge(Share share, std::size_t most = std::numeric_limits<std::size_t>::max());

 private:
  bool learn_epoch(std::uint64_t epoch, EpochRecord& record);
  /// What a batch of an epoch was like.
  struct Learned {
    PassResult result;
    double norm = 0;  // mean over its windows
  };
  Learned learn_batch(std::uint64_t epoch, std::size_t batch, std::size_t batches, double share,
                      EpochRecord& record);
  // Shows samples as a batch for each window of their steps: visit(batch, window).
  template <class Visit> void for_each_window(std::span<const std::size_t> items, const Visit& visit);
  std::size_t windows() const { return fptt_ ? fptt_->windows() : 1; }
  void keep_best(std::uint64_t epoch);
  bool is_better(const Score& now, const Score& best) const;
  double accuracy_of(std::size_t correct, std::size_t samples) const;
  void add_rates(std::vector<double>& sums, double weight) const;
  void add_routing(std::vector<LayerRouting>& sums, double weight) const;
  Judgement judge_reconstruction(std::span<const std::size_t> items);
  void check_gradients(double norm, std::uint64_t epoch, std::size_t batch);
  // Adds the mean rates of the layers to `rates`, where they are asked for.
  Score score(std::span<const std::size_t> items, std::uint64_t epoch, std::string_view phase,
              std::vector<double>* rates = nullptr);
  void save_state();
  double learning_rate(std::uint64_t epoch, std::size_t batch, std::size_t batches) const;
  template <class Work> auto in_arena(Work&& work);
  void tell(std::uint64_t epoch, std::string_view phase, std::size_t done, std::size_t total, double loss,
            std::size_t correct) const;
  // On any of the ranks.
  bool stopped() const {
    const bool here = options_.stop != nullptr && options_.stop->load();
    return options_.ranks == nullptr ? here : smallest(*options_.ranks, here ? 0 : 1) == 0;
  }

  NetworkDescription description_;
  TrainingOptions options_;
  const TrainingDescription& how_;
  Samples samples_;
  Network<float> network_;
  Loss<float> loss_;
  std::optional<Fptt<float>> fptt_;
  Loss<float> window_loss_;  // while learning
  std::optional<WeightStructure> structure_;
  Optimiser<float> optimiser_;
  RateSchedule schedule_;
  TrainingRecord record_;
  ChosenSamples chosen_;  // for one batch
  Batch<float> batch_;    // of one window
};

/// What the layers of a network that is trained share.
LayerContext context_of(const NetworkDescription& description);
/// Gives the weights and buffers of a network the values of arrays by their names. Throws Error(input),
/// naming the first, where arrays are missing, left over, or of other shapes.
template <class Real> void take(const std::vector<NamedArray<float>>& arrays, Network<Real>& network);
/// The values of arrays, by name.
std::vector<NamedArray<float>> values_of_all(std::span<Weights<float>* const> weights);

}  // namespace synfire::learning
