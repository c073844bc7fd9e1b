#include "learning/classify.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "encoders/decode_first_spike.hpp"
#include "encoders/decode_membrane.hpp"
#include "encoders/decode_rate.hpp"
#include "sim/catalogue.hpp"

namespace synfire {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double presentations(const NetworkDescription& network, const TaskData& data) {
  return double(task_of(network).passes) * double(data.train->count()) + double(data.test->count());
}

}  // namespace

/// Classes as they stand while the network learns, from the samples of a window that moves along.
class Classifier::RunningAccuracy {
 public:
  RunningAccuracy(std::size_t classes, std::size_t neurons)
      : responses_(classes, neurons), counts_(window * neurons), labels_(window) {}

  /// True when the present classes vote for the right one.
  bool add(std::uint8_t label, std::span<const std::uint32_t> counts) {
    const std::size_t neurons = responses_.neurons(), slot = seen_ % window;
    if (seen_ % interval == 0) assignment_ = assign_classes(responses_);
    const bool right = vote(assignment_, counts, responses_.classes()) == label;
    const auto kept = std::span(counts_).subspan(slot * neurons, neurons);
    if (seen_ >= window) responses_.remove(labels_[slot], kept);
    std::copy(counts.begin(), counts.end(), kept.begin());
    labels_[slot] = label;
    responses_.add(label, counts);
    ++seen_;
    return right;
  }

 private:
  static constexpr std::size_t window = 1000, interval = 50;
  ClassResponses responses_;
  std::vector<std::uint32_t> counts_;  // of the samples in the window
  std::vector<std::uint8_t> labels_;
  std::vector<std::int32_t> assignment_;
  std::uint64_t seen_ = 0;
};

Classifier::Classifier(NetworkDescription network, const RunOptions& options, TaskProgressCallback progress)
    : data_(load_task_data(network, task_of(network))),
      presenter_(std::move(network), data_, presentations(network, data_), options),
      how_(std::get<ClassifyDescription>(presenter_.task().kind)),
      progress_(std::move(progress)),
      result_(data_.classes) {
  const PopulationDescription& output = this->network().populations[presenter_.task().output];
  total_counts_.resize(output.size());
  earlier_counts_.resize(output.size());
  counts_.resize(output.size());
  if (how_.decoder != Decoder::membrane_max) return;
  const auto names = model_info(output.model).state_names();
  variable_ = static_cast<std::size_t>(std::find(names.begin(), names.end(), how_.variable) - names.begin());
}

void Classifier::tell(std::string_view phase, std::uint64_t done, std::uint64_t total,
                      double accuracy) const {
  if (progress_) progress_({phase, done, total, accuracy});
}

// Shows one sample until the output has answered; false when the run was stopped.
bool Classifier::show(const SampleView& sample, bool training, std::uint64_t& presentations) {
  const std::size_t output = presenter_.task().output;
  const bool is_lit = std::any_of(sample.pixels.begin(), sample.pixels.end(), [](auto p) { return p > 0; });
  const bool can_help = how_.boost > 0 && is_lit;
  const bool watches = how_.decoder == Decoder::first_spike || variable_;
  Control& control = presenter_.control();
  double full_rate = presenter_.task().rate;
  for (std::uint32_t boosts = 0;; ++boosts, full_rate += how_.boost) {
    if (training) presenter_.scale();
    presenter_.show(sample, full_rate);
    control.spike_counts(output, earlier_counts_);
    if (watches) control.watch(output, variable_);
    if (!presenter_.advance(presenter_.present_steps())) return false;
    control.spike_counts(output, total_counts_);
    for (std::size_t i = 0; i < counts_.size(); ++i)
      counts_[i] = static_cast<std::uint32_t>(total_counts_[i] - earlier_counts_[i]);
    if (watches) watched_ = control.watched(output);
    presenter_.hide();
    if (!presenter_.advance(presenter_.rest_steps())) return false;
    ++presentations;
    const auto spikes = std::accumulate(counts_.begin(), counts_.end(), std::uint64_t(0));
    if (spikes >= how_.min_spikes || boosts == how_.max_boosts || !can_help) return true;
  }
}

// What the output says of the last sample.
std::int32_t Classifier::decoded() const {
  switch (how_.decoder) {
    case Decoder::rate:
      return decode_rate(counts_, data_.classes);
    case Decoder::first_spike: {
      std::vector<double> first;
      for (const Step step : watched_.first_spikes) first.push_back(step > 0 ? double(step) : no_spike);
      return decode_first_spike(first, data_.classes);
    }
    case Decoder::membrane_max: {
      const std::vector<double> highest(watched_.highest.begin(), watched_.highest.end());
      return decode_membrane_maximum(highest, data_.classes);
    }
    case Decoder::vote:
      break;
  }
  return vote(result_.assignment, counts_, data_.classes);
}

void Classifier::train(RunningAccuracy& running) {
  const std::uint64_t count = data_.train->count(), total = count * presenter_.task().passes;
  const std::uint64_t assigned = std::min<std::uint64_t>(total, how_.assign.value_or(std::uint32_t(count)));
  const std::uint64_t interval = std::clamp<std::uint64_t>(total / 60, 1, 1000);
  ClassResponses responses(data_.classes, counts_.size());
  const bool by_vote = how_.decoder == Decoder::vote;
  std::uint64_t right = 0, judged = 0;
  for (std::uint64_t k = 0; k < total; ++k) {
    const auto [label, sample] = data_.train->next();
    if (!show(sample, true, result_.train_presentations)) break;
    ++result_.train_samples;
    right += by_vote ? running.add(label, counts_) : decoded() == label;
    ++judged;
    if (k + assigned >= total) responses.add(label, counts_);
    tell("train", k + 1, total, double(right) / double(judged));
    if ((k + 1) % interval != 0 && k + 1 != total) continue;
    result_.training_accuracy.push_back(double(right) / double(judged));
    result_.training_samples.push_back(k + 1);
    right = judged = 0;
  }
  if (!presenter_.stopped() && total > 0) presenter_.scale();
  if (by_vote) result_.assignment = assign_classes(responses);
}

void Classifier::test() {
  presenter_.begin_test();
  for (std::size_t k = 0; k < data_.test->count(); ++k) {
    const auto [label, sample] = data_.test->next();
    if (!show(sample, false, result_.test_presentations)) return;
    ++result_.test_samples;
    const std::int32_t voted = decoded();
    result_.confusion.add(label, voted);
    result_.votes.push_back(voted);
    result_.labels.push_back(label);
    result_.spikes.push_back(std::accumulate(counts_.begin(), counts_.end(), 0u));
    tell("test", k + 1, data_.test->count(), result_.confusion.accuracy());
  }
}

RunResult Classifier::run(RecordSink& sink) {
  RunResult result = presenter_.simulation().run(sink, [this](Engine&) {
    auto began = Clock::now();
    RunningAccuracy running(data_.classes, counts_.size());
    train(running);
    result_.train_s = seconds_since(began);
    began = Clock::now();
    if (!presenter_.stopped()) test();
    result_.test_s = seconds_since(began);
  });
  presenter_.keep_weights(sink, result);  // as learned: plasticity was off since
  return result;
}

}  // namespace synfire
