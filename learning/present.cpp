#include "learning/present.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>

#include <fmt/format.h>

#include "core/error.hpp"
#include "sim/catalogue_rules.hpp"

namespace synfire {
namespace {

// Which record of weights is that of a projection.
std::optional<std::size_t> weight_record(const NetworkDescription& network, std::size_t projection) {
  for (std::size_t r = 0; r < network.weight_records.size(); ++r)
    if (network.weight_records[r].projection == projection) return r;
  return std::nullopt;
}

std::vector<std::size_t> plastic_projections(const NetworkDescription& network) {
  std::vector<std::size_t> found;
  for (std::size_t p = 0; p < network.projections.size(); ++p)
    if (changes_synapses(network.projections[p].plasticity)) found.push_back(p);
  return found;
}

NetworkDescription prepared(NetworkDescription network, double presentations) {
  const TaskDescription& task = task_of(network);
  network.simulation.duration = presentations * (task.present + task.rest);
  for (const std::size_t p : plastic_projections(network))
    if (!weight_record(network, p))
      network.weight_records.push_back({p, 0, {}, network.projections[p].where});
  return network;
}

Control& control_of(Simulation& simulation, const TaskDescription& task) {
  if (Control* control = simulation.engine().control()) return *control;
  throw Error(ErrorKind::input, task.where,
              "task: this engine cannot be steered while it runs; use engine batched on backend cpu");
}

}  // namespace

const TaskDescription& task_of(const NetworkDescription& network) {
  if (network.task) return *network.task;
  throw Error(ErrorKind::usage, "the network has no task");
}

Presenter::Presenter(NetworkDescription network, const TaskData& data, double presentations,
                     const RunOptions& options)
    : simulation_(prepared(std::move(network), presentations), options),
      task_(task_of(simulation_.network())),
      control_(control_of(simulation_, task_)),
      shape_(data.shape) {
  const NetworkDescription& built = simulation_.network();
  plastic_ = plastic_projections(built);
  const Grid grid(built.simulation.dt);
  present_ = grid.nearest(task_.present);
  rest_ = grid.nearest(task_.rest);
  const PopulationDescription& input = built.populations[task_.input];
  random_ = RandomKey(built.seed, fmt::format("population/{}/spikes", input.name));
  if (!input.fed) rates_.resize(input.size());
}

void Presenter::set_rates(std::span<const std::uint8_t> pixels, double full_rate) {
  double scale = 1.0 / 255;
  if (task_.intensity) {
    const double mean = std::accumulate(pixels.begin(), pixels.end(), 0.0) / double(pixels.size());
    if (mean > 0) scale = *task_.intensity / mean;
  }
  std::array<double, 256> rate_of;
  for (std::size_t i = 0; i < rate_of.size(); ++i) rate_of[i] = full_rate * std::min(1.0, scale * double(i));
  for (std::size_t i = 0; i < pixels.size(); ++i) rates_[i] = rate_of[pixels[i]];
  control_.set_parameter(task_.input, "rate", rates_);
}

void Presenter::show(const SampleView& sample, double full_rate) {
  const PopulationDescription& input = network().populations[task_.input];
  if (!input.fed) return set_rates(sample.pixels, full_rate);
  RandomKey key = random_;  // another for each presentation
  const std::uint64_t number = shown_++ * 0x9E3779B97F4A7C15u;
  key.low ^= static_cast<std::uint32_t>(number);
  key.high ^= static_cast<std::uint32_t>(number >> 32);
  const EncodedSample encoded = encode_sample(input, shape_, sample, task_.present, key);
  control_.play(task_.input, encoded.times_ms, encoded.ids);
  control_.hold(task_.input, encoded.currents);
}

void Presenter::hide() {
  if (!network().populations[task_.input].fed)
    return control_.set_parameter(task_.input, "rate", std::array{0.0});
  control_.play(task_.input, {}, {});
  control_.hold(task_.input, {});
}

bool Presenter::advance(Step steps) {
  if (steps == 0) return true;
  now_ += steps;
  stopped_ = !simulation_.engine().advance(now_);
  return !stopped_;
}

void Presenter::begin_test() {
  control_.set_plastic(false);
  for (const auto& change : task_.test_parameters)
    control_.set_parameter(change.population, change.parameter, std::array{change.value});
}

void Presenter::scale() {
  for (const std::size_t projection : plastic_) control_.apply_periodic(projection);
}

void Presenter::keep_weights(RecordSink& sink, RunResult& result) const {
  result.stopped_early = stopped_;
  for (const std::size_t p : plastic_)
    sink.weights(*weight_record(network(), p), result.steps, control_.synapses(p));
  sink.flush(result.steps);
}

}  // namespace synfire
