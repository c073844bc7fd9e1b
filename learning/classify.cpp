#include "learning/classify.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <numeric>

#include "core/error.hpp"

namespace synfire {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

const ClassifyDescription& task_of(const NetworkDescription& network) {
  if (network.task) return *network.task;
  throw Error(ErrorKind::usage, "the network has no task");
}

std::optional<std::size_t> weight_record(const NetworkDescription& network, std::size_t projection) {
  for (std::size_t r = 0; r < network.weight_records.size(); ++r)
    if (network.weight_records[r].projection == projection) return r;
  return std::nullopt;
}

/// With the duration as expected when no sample needs a second presentation, and a record of the weights of
/// every plastic projection.
NetworkDescription prepared(NetworkDescription network, const TaskData& data) {
  const ClassifyDescription& task = network.task.value();
  const double samples = double(task.passes) * double(data.train->count()) + double(data.test->count());
  network.simulation.duration = samples * (task.present + task.rest);
  for (std::size_t p = 0; p < network.projections.size(); ++p)
    if (!network.projections[p].plasticity.empty() && !weight_record(network, p))
      network.weight_records.push_back({p, 0, {}, network.projections[p].where});
  return network;
}

Control& control_of(Simulation& simulation, const ClassifyDescription& task) {
  if (Control* control = simulation.engine().control()) return *control;
  throw Error(ErrorKind::input, task.where,
              "task: this engine cannot be steered while it runs; use engine batched on backend cpu");
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

Classifier::Classifier(NetworkDescription network, const RunOptions& options, ProgressCallback progress)
    : data_(load_task_data(network, task_of(network))),
      simulation_(prepared(std::move(network), data_), options),
      task_(*simulation_.network().task),
      control_(control_of(simulation_, task_)),
      progress_(std::move(progress)),
      result_(data_.classes) {
  const NetworkDescription& built = simulation_.network();
  for (std::size_t p = 0; p < built.projections.size(); ++p)
    if (!built.projections[p].plasticity.empty()) plastic_.push_back(p);
  const Grid grid(built.simulation.dt);
  present_ = grid.nearest(task_.present);
  rest_ = grid.nearest(task_.rest);
  const std::size_t neurons = built.populations[task_.output].size();
  total_counts_.resize(neurons);
  earlier_counts_.resize(neurons);
  counts_.resize(neurons);
  rates_.resize(built.populations[task_.input].size());
}

void Classifier::tell(std::string_view phase, std::uint64_t done, std::uint64_t total,
                      double accuracy) const {
  if (progress_) progress_({phase, done, total, accuracy});
}

bool Classifier::advance(Step steps) {
  if (steps == 0) return true;
  now_ += steps;
  stopped_ = !simulation_.engine().advance(now_);
  return !stopped_;
}

void Classifier::set_rates(std::span<const std::uint8_t> image, double full_rate) {
  std::array<double, 256> rate_of;
  for (std::size_t i = 0; i < rate_of.size(); ++i) rate_of[i] = full_rate * double(i) / 255;
  for (std::size_t i = 0; i < image.size(); ++i) rates_[i] = rate_of[image[i]];
  control_.set_parameter(task_.input, "rate", rates_);
}

void Classifier::count_spikes() {
  control_.spike_counts(task_.output, total_counts_);
  for (std::size_t i = 0; i < counts_.size(); ++i)
    counts_[i] = static_cast<std::uint32_t>(total_counts_[i] - earlier_counts_[i]);
}

void Classifier::scale() {
  for (const std::size_t projection : plastic_) control_.apply_periodic(projection);
}

// Shows one sample until the output has answered; false when the run was stopped.
bool Classifier::show(std::span<const std::uint8_t> image, bool training, std::uint64_t& presentations) {
  const bool can_help = task_.boost > 0 && *std::max_element(image.begin(), image.end()) > 0;
  constexpr std::array<double, 1> silence = {0.0};
  double full_rate = task_.rate;
  for (std::uint32_t boosts = 0;; ++boosts, full_rate += task_.boost) {
    if (training) scale();
    set_rates(image, full_rate);
    control_.spike_counts(task_.output, earlier_counts_);
    if (!advance(present_)) return false;
    count_spikes();
    control_.set_parameter(task_.input, "rate", silence);
    if (!advance(rest_)) return false;
    ++presentations;
    const auto spikes = std::accumulate(counts_.begin(), counts_.end(), std::uint64_t(0));
    if (spikes >= task_.min_spikes || boosts == task_.max_boosts || !can_help) return true;
  }
}

void Classifier::train(RunningAccuracy& running) {
  const std::uint64_t count = data_.train->count(), total = count * task_.passes;
  const std::uint64_t assigned = std::min<std::uint64_t>(total, task_.assign.value_or(std::uint32_t(count)));
  const std::uint64_t interval = std::clamp<std::uint64_t>(total / 60, 1, 1000);
  ClassResponses responses(data_.classes, counts_.size());
  std::uint64_t right = 0, judged = 0;
  for (std::uint64_t k = 0; k < total; ++k) {
    const auto [label, pixels] = data_.train->next();
    if (!show(pixels, true, result_.train_presentations)) break;
    ++result_.train_samples;
    right += running.add(label, counts_);
    ++judged;
    if (k + assigned >= total) responses.add(label, counts_);
    tell("train", k + 1, total, double(right) / double(judged));
    if ((k + 1) % interval != 0 && k + 1 != total) continue;
    result_.training_accuracy.push_back(double(right) / double(judged));
    result_.training_samples.push_back(k + 1);
    right = judged = 0;
  }
  if (!stopped_) scale();
  result_.assignment = assign_classes(responses);
}

void Classifier::test() {
  control_.set_plastic(false);
  for (const auto& change : task_.test_parameters)
    control_.set_parameter(change.population, change.parameter, std::array{change.value});
  for (std::size_t k = 0; k < data_.test->count(); ++k) {
    const auto [label, pixels] = data_.test->next();
    if (!show(pixels, false, result_.test_presentations)) return;
    ++result_.test_samples;
    const std::int32_t voted = vote(result_.assignment, counts_, data_.classes);
    result_.confusion.add(label, voted);
    result_.votes.push_back(voted);
    result_.labels.push_back(label);
    result_.spikes.push_back(std::accumulate(counts_.begin(), counts_.end(), 0u));
    tell("test", k + 1, data_.test->count(), result_.confusion.accuracy());
  }
}

RunResult Classifier::run(RecordSink& sink) {
  RunResult result = simulation_.run(sink, [this](Engine&) {
    auto began = Clock::now();
    RunningAccuracy running(data_.classes, counts_.size());
    train(running);
    result_.train_s = seconds_since(began);
    began = Clock::now();
    if (!stopped_) test();
    result_.test_s = seconds_since(began);
  });
  result.stopped_early = stopped_;
  for (const std::size_t p : plastic_)  // as learned: plasticity was off since
    sink.weights(*weight_record(network(), p), result.steps, control_.synapses(p));
  sink.flush(result.steps);
  return result;
}

}  // namespace synfire
