#include "learning/readout.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include <fmt/format.h>

#include "core/error.hpp"
#include "sim/catalogue_rules.hpp"

namespace synfire {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

bool learns(const NetworkDescription& network) {
  return std::any_of(network.projections.begin(), network.projections.end(),
                     [](const auto& projection) { return changes_synapses(projection.plasticity); });
}

double presentations(const NetworkDescription& network, const TaskData& data) {
  const double passes = 1 + (learns(network) ? double(task_of(network).passes) : 0);
  return passes * double(data.train->count()) + double(data.test->count());
}

// Spikes are counted where something needs them.
void check_output(const NetworkDescription& network) {
  const std::size_t output = task_of(network).output;
  if (!network.populations[output].fed) return;
  const bool needed =
      std::any_of(network.projections.begin(), network.projections.end(),
                  [&](const auto& projection) { return projection.from == output; }) ||
      std::any_of(network.records.begin(), network.records.end(), [&](const auto& record) {
        return record.population == output && (record.spikes.all || !record.spikes.ids.empty());
      });
  if (!needed)
    throw Error(ErrorKind::input, network.populations[output].where,
                fmt::format("{}: nothing is connected to it, so that it has no spikes to read; record them",
                            title(network.populations[output])));
}

}  // namespace

ReadoutTrainer::ReadoutTrainer(NetworkDescription network, const RunOptions& options,
                               TaskProgressCallback progress)
    : data_(load_task_data(network, task_of(network))),
      presenter_(std::move(network), data_, presentations(network, data_), options),
      how_(std::get<ReadoutDescription>(presenter_.task().kind)),
      progress_(std::move(progress)),
      result_(data_.classes) {
  check_output(this->network());
  const std::size_t neurons = this->network().populations[presenter_.task().output].size();
  counts_.resize(neurons);
  earlier_counts_.resize(neurons);
  constexpr double most_features = double(1 << 30);
  const double samples = double(data_.train->count()) + double(data_.test->count());
  if (samples * double(neurons) * how_.bins > most_features)
    throw Error(
        ErrorKind::resource, presenter_.task().where,
        fmt::format("readout: {} samples with {} bins of {} neurons are too many features; read fewer "
                    "neurons, bins or samples",
                    samples, how_.bins, neurons));
  train_.columns = test_.columns = neurons * how_.bins;
}

void ReadoutTrainer::tell(std::string_view phase, std::uint64_t done, std::uint64_t total) const {
  if (progress_) progress_({phase, done, total, {}});
}

// The network learns; false when the run was stopped.
bool ReadoutTrainer::adapt() {
  if (presenter_.plastic().empty()) return true;
  const std::uint64_t total = std::uint64_t(presenter_.task().passes) * data_.train->count();
  for (std::uint64_t k = 0; k < total; ++k) {
    presenter_.scale();
    presenter_.show(data_.train->next().view, presenter_.task().rate);
    if (!presenter_.advance(presenter_.present_steps())) return false;
    presenter_.hide();
    if (!presenter_.advance(presenter_.rest_steps())) return false;
    tell("adapt", k + 1, total);
  }
  presenter_.scale();
  return true;
}

// One sample, to which the network answers with features; false when the run was stopped.
bool ReadoutTrainer::show(const SampleView& sample, std::span<float> features) {
  const std::size_t neurons = counts_.size(), output = presenter_.task().output;
  const double bin_ms = presenter_.task().present / how_.bins;
  const double kept = how_.filter > 0 ? std::exp(-bin_ms / how_.filter) : 0;
  presenter_.show(sample, presenter_.task().rate);
  presenter_.control().spike_counts(output, earlier_counts_);
  for (std::size_t bin = 0; bin < how_.bins; ++bin) {
    if (!presenter_.advance(presenter_.present_steps() / how_.bins)) return false;
    presenter_.control().spike_counts(output, counts_);
    for (std::size_t i = 0; i < neurons; ++i) {
      const double before = bin > 0 ? kept * features[(bin - 1) * neurons + i] : 0;
      features[bin * neurons + i] = static_cast<float>(double(counts_[i] - earlier_counts_[i]) + before);
    }
    earlier_counts_ = counts_;
  }
  presenter_.hide();
  if (how_.features == ReadoutDescription::Features::roots)
    for (float& feature : features) feature = std::sqrt(feature);
  return presenter_.advance(presenter_.rest_steps());
}

bool ReadoutTrainer::collect(TaskSamples& samples, std::string_view phase, std::uint64_t& count,
                             LabelledFeatures& features) {
  features.values.reserve(samples.count() * features.columns);
  std::vector<float> row(features.columns);
  for (std::size_t k = 0; k < samples.count(); ++k) {
    const auto [label, view] = samples.next();
    if (!show(view, row)) return false;
    features.values.insert(features.values.end(), row.begin(), row.end());
    features.labels.push_back(label);
    ++count;
    tell(phase, k + 1, samples.count());
  }
  return true;
}

void ReadoutTrainer::learn() {
  const bool standardise = how_.features == ReadoutDescription::Features::standardised;
  const RandomKey key(network().seed, "task/readout");
  if (how_.method == ReadoutDescription::Method::delta) {
    result_.readout = learn_delta(train_, data_.classes, how_.learning_rate, how_.epochs, key, standardise);
  } else {
    if (!how_.lambda) result_.choice = choose_lambda(train_, data_.classes, how_.held_out, key, standardise);
    result_.lambda = how_.lambda.value_or(result_.choice.lambda);
    result_.readout = learn_ridge(train_, data_.classes, *result_.lambda, standardise);
  }
  result_.train_accuracy = result_.readout.accuracy(train_);
  result_.labels = test_.labels;
  for (std::size_t r = 0; r < test_.rows(); ++r) {
    const auto decided = static_cast<std::int32_t>(result_.readout.decide(test_.row(r)));
    result_.predictions.push_back(decided);
    result_.confusion.add(test_.labels[r], decided);
  }
}

RunResult ReadoutTrainer::run(RecordSink& sink) {
  auto began = Clock::now();
  RunResult result = presenter_.simulation().run(sink, [this](Engine&) {
    if (!adapt()) return;
    presenter_.begin_test();
    if (collect(*data_.train, "train", result_.train_samples, train_))
      collect(*data_.test, "test", result_.test_samples, test_);
  });
  presenter_.keep_weights(sink, result);
  result_.simulated_s = seconds_since(began);
  if (presenter_.stopped()) return result;
  began = Clock::now();
  try {
    learn();
  } catch (const Error& error) {
    throw Error(error.kind(), presenter_.task().where, error.what());
  }
  result_.learned_s = seconds_since(began);
  return result;
}

}  // namespace synfire
