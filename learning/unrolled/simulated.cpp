#include "learning/unrolled/simulated.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>

#include <fmt/format.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>

namespace synfire::learning {
namespace {

using Clock = std::chrono::steady_clock;
double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

constexpr std::size_t most_at_once = 32;  // samples whose spikes are kept

std::size_t largest(std::span<const float> outputs) {
  return static_cast<std::size_t>(std::max_element(outputs.begin(), outputs.end()) - outputs.begin());
}

// What layers put out is looked at after a pass.
NetworkDescription keeping_outputs(NetworkDescription trained) {
  trained.training->recompute = false;
  return trained;
}

template <class Work> auto on_threads(unsigned threads, Work&& work) {
  std::optional<tbb::global_control> limit;  // or TBB wonders at more threads than processors
  if (threads > 0) limit.emplace(tbb::global_control::max_allowed_parallelism, threads);
  tbb::task_arena arena(threads == 0 ? tbb::task_arena::automatic : int(threads));
  return arena.execute(work);
}

// One step stands for all where they are the same.
template <class Drive> void shorten(Drive& drive) {
  const auto size = std::ptrdiff_t(drive.values.size() / drive.steps);
  const auto first = drive.values.begin();
  for (std::size_t t = 1; t < drive.steps; ++t)
    if (!std::equal(first, first + size, first + std::ptrdiff_t(t) * size)) return;
  drive.values.resize(std::size_t(size));
  drive.steps = 1;
}

}  // namespace

double SimulatedTest::agreement() const {
  std::size_t same = 0;
  for (std::size_t k = 0; k < predictions.size(); ++k) same += predictions[k] == layer_predictions[k];
  return predictions.empty() ? 0 : double(same) / double(predictions.size());
}

double SimulatedTest::layer_accuracy() const {
  std::size_t right = 0;
  for (std::size_t k = 0; k < labels.size(); ++k) right += layer_predictions[k] == labels[k];
  return labels.empty() ? 0 : double(right) / double(labels.size());
}

double SimulatedTest::spike_count() const {
  double sum = 0;
  for (const auto& layer : layers) sum += layer.spike_count;
  return sum;
}
double SimulatedTest::synaptic_operations() const {
  double sum = 0;
  for (const auto& layer : layers) sum += layer.synaptic_operations;
  return sum;
}
double SimulatedTest::dense_operations() const {
  double sum = 0;
  for (const auto& layer : layers) sum += layer.dense_operations;
  return sum;
}

SimulatedNetwork::SimulatedNetwork(const NetworkDescription& trained,
                                   const std::vector<NamedArray<float>>& weights, const RunOptions& options,
                                   TaskProgressCallback progress)
    : options_(options),
      progress_(std::move(progress)),
      trainer_(keeping_outputs(trained), {.threads = options.threads, .stop = options.stop}),
      steps_(trained.training->steps),
      classes_(trainer_.samples().classes().size()),
      result_(classes_) {
  trainer_.load_weights(weights);
  const std::size_t samples = trainer_.samples().share(Share::test).size();
  if (samples == 0)
    throw Error(ErrorKind::usage, "there are no test samples; `--set training.test=…` says how many");
  unrolled_ = unroll(trained, trainer_.network());
  NetworkDescription network = std::move(unrolled_.network);
  network.simulation.duration =
      Grid(network.simulation.dt).time_ms(begin(samples));  // the first sample begins at step 1
  simulation_ = std::make_unique<Simulation>(std::move(network), options);
  drives_.resize(unrolled_.layers.size());
  held_.resize(unrolled_.layers.size(), nullptr);
  for (const UnrolledLayer& layer : unrolled_.layers) {
    const LayerDescription& described = trainer_.network().layers()[layer.layer];
    SimulatedLayer made;
    const PopulationDescription& population = simulation_->network().populations[layer.population];
    made.name = population.name;
    made.neurons = population.size();
    made.spikes = layer.spikes;
    made.neuron_model = described.neurons;
    made.stepped = layer.stepped();
    made.dense_operations = layer.dense_operations;
    result_.layers.push_back(made);
    receptors_.emplace_back();
    if (!layer.filled.empty())
      receptors_.back().emplace(described, made.neurons, trainer_.network().weights(), trained.simulation.dt);
  }
  for (const UnrolledWiring& wiring : unrolled_.wirings)
    for (const std::uint32_t count : wiring.fan_out) result_.layers[wiring.to].synapses += count;
  result_.dense_before = unrolled_.dense_before;
  result_.dense_behind = unrolled_.dense_behind;
}

RunResult SimulatedNetwork::run(RecordSink* sink) {
  Window window(network(), unrolled_, steps_, sink);
  RunResult run = simulation_->run(window, [&](Engine& engine) { steer(engine, window); });
  const double samples = std::max(1.0, result_.samples());
  for (SimulatedLayer& layer : result_.layers) {
    layer.spike_count /= samples;
    layer.synaptic_operations /= samples;
    layer.differing /= samples;
  }
  return run;
}

void SimulatedNetwork::steer(Engine& engine, Window& window) {
  if (engine.stage() == nullptr)
    throw Error(ErrorKind::usage, "this backend cannot show one sample after the other; take backend cpu");
  const std::size_t samples = trainer_.samples().share(Share::test).size();
  if (!engine.advance(1)) return;
  for (std::size_t first = 0; first < samples; first += most_at_once)
    if (!show_batch(engine, window, first)) return;
}

// Samples from number `first` on; false when the run was stopped.
bool SimulatedNetwork::show_batch(Engine& engine, Window& window, std::size_t first) {
  const auto& items = trainer_.samples().share(Share::test);
  const std::size_t size = std::min(most_at_once, items.size() - first);
  Batch<float> batch;
  std::vector<float> expected;
  std::vector<std::vector<float>> outputs;  // of the layers of neurons
  on_threads(options_.threads, [&] {
    trainer_.samples().fill(std::span(items).subspan(first, size), false, 0, {0, size}, batch);
    const auto start = Clock::now();
    expected = trainer_.network().predict(batch, Trainer::judging + first);
    result_.layers_s += since(start);
    for (const UnrolledLayer& layer : unrolled_.layers)
      outputs.push_back(layer.routed ? std::vector<float>() : trainer_.network().gathered(layer.layer));
    if (first == 0) find_drives(batch, false);
    find_drives(batch, true);
  });
  const auto start = Clock::now();
  for (std::size_t k = 0; k < size; ++k) {
    result_.start_ms.push_back(Grid(network().simulation.dt).time_ms(begin(first + k)));
    if (!show(engine, {batch, window}, k, begin(first + k))) {
      result_.start_ms.resize(first);
      return false;
    }
  }
  engine.sync();
  result_.simulated_s += since(start);
  count(window, size, outputs);
  on_threads(options_.threads, [&] { judge(batch, window, expected); });
  window.forget(size);
  return true;
}

// What the layers that are no neurons give where nobody spikes. Those that no sample reaches give the same
// for all, which one of them shows.
void SimulatedNetwork::find_drives(const Batch<float>& batch, bool varying) {
  Network<float>& network = trainer_.network();
  const std::size_t samples = varying ? batch.samples : 1, steps = std::size_t(steps_);
  Batch<float> shown;
  const SignalShape& input = trainer_.samples().shape();
  shown.samples = samples;
  shown.labels = batch.labels;
  if (varying) shown.values = batch.values;
  if (!varying) shown.values.assign(input.steps(steps) * input.features.size(), 0.0f);
  std::vector<std::vector<float>> silence;
  std::vector<Given> given;
  std::vector<std::size_t> wanted;
  for (const UnrolledLayer& layer : unrolled_.layers) {
    const SignalShape& shape = network.shape(layer.layer);
    silence.emplace_back(shape.steps(steps) * samples * shape.features.size(), 0.0f);
    if (layer.drive && layer.drive_varies == varying && layer.steps_after.empty())
      wanted.push_back(layer.reads);
  }
  if (wanted.empty()) return;
  for (std::size_t k = 0; k < silence.size(); ++k)
    if (!unrolled_.layers[k].routed) given.push_back({unrolled_.layers[k].layer, silence[k]});
  network.compute(shown, given, wanted);
  for (std::size_t k = 0; k < unrolled_.layers.size(); ++k) {
    const UnrolledLayer& layer = unrolled_.layers[k];
    if (!layer.drive || layer.drive_varies != varying || !layer.steps_after.empty()) continue;
    drives_[k] = {network.shape(layer.reads).steps(steps), samples, network.gathered(layer.reads)};
    shorten(drives_[k]);
  }
}

// Shows a sample, which is number `sample` of the batch, from step `begin` on; false when the run was
// stopped. Each layer begins with its lag.
bool SimulatedNetwork::show(Engine& engine, const Shown& shown, std::size_t sample, Step begin) {
  Stage& stage = *engine.stage();
  Step stood = 0;
  for (Step step = 0; step < period(); ++step) {
    for (std::size_t k = 0; k < unrolled_.layers.size(); ++k) {
      const UnrolledLayer& layer = unrolled_.layers[k];
      const Step own = step - layer.lag;
      const bool stepped = layer.stepped() && own >= 0 && own < steps_;
      const std::span<const float> now = drive(k, own, sample);
      if (!stepped && step != layer.lag && now.data() == held_[k]) continue;
      if (step > stood && !engine.advance(begin + step)) return false;
      stood = step;
      if (step == layer.lag) stage.restart(layer.population);
      if (stepped) {
        this->step(engine, shown, k, sample, own);
      } else if (layer.drive && now.data() != held_[k]) {
        hold(stage, k, now);
      }
    }
  }
  if (!engine.advance(begin + period())) return false;
  for (std::size_t k = 0; k < unrolled_.layers.size(); ++k) {
    if (held_[k] != nullptr) hold(stage, k, {});
    for (const std::size_t population : unrolled_.layers[k].filled) stage.hold(population, {});
  }
  return true;
}

// What the layers between spikes and neurons give in a step where they are not linear, from the spikes so
// far. They know nothing of other steps, so that what they say of those to come does not matter.
std::vector<float> SimulatedNetwork::heard(const Shown& shown, std::size_t k, std::size_t sample, Step now) {
  const UnrolledLayer& layer = unrolled_.layers[k];
  Network<float>& network = trainer_.network();
  const std::size_t steps = std::size_t(steps_);
  std::vector<std::vector<float>> outputs;
  std::vector<Given> given;
  outputs.reserve(layer.steps_after.size());
  for (const std::size_t source : layer.steps_after) {
    const std::size_t neurons = result_.layers[source].neurons;
    auto& output = outputs.emplace_back(steps * neurons, 0.0f);
    const auto spikes = shown.window.spikes(source);
    for (auto spike = spikes.rbegin(); spike != spikes.rend() && spike->sample == sample; ++spike)
      output[spike->step * neurons + spike->neuron] += 1;
    given.push_back({unrolled_.layers[source].layer, output});
  }
  Batch<float> one;
  one.samples = 1;
  one.labels = {shown.batch.labels[sample]};
  const SignalShape& input = trainer_.samples().shape();
  const std::size_t features = input.features.size();
  for (std::size_t t = 0; t < input.steps(steps); ++t) {
    const auto row =
        shown.batch.values.begin() + std::ptrdiff_t((t * shown.batch.samples + sample) * features);
    one.values.insert(one.values.end(), row, row + std::ptrdiff_t(features));
  }
  on_threads(options_.threads, [&] { network.compute(one, given, std::span(&layer.reads, 1)); });
  const std::vector<float> all = network.gathered(layer.reads);
  const std::size_t neurons = result_.layers[k].neurons;
  const auto row = all.begin() + std::ptrdiff_t(std::size_t(now) * neurons);
  return {row, row + std::ptrdiff_t(neurons)};
}

// What is computed in a step of a layer that cannot have it by synapses.
void SimulatedNetwork::step(Engine& engine, const Shown& shown, std::size_t k, std::size_t sample, Step now) {
  engine.sync();
  if (unrolled_.layers[k].steps_after.empty()) {
    const auto given = drive(k, now, sample);
    stepped_.assign(given.begin(), given.end());
  } else {
    stepped_ = heard(shown, k, sample, now);
  }
  hold(*engine.stage(), k, stepped_);
  if (receptors_[k]) fill(*engine.stage(), shown, k, sample, now);
}

// The receptors that a layer fills, by what reaches the first one in this step and by the states as they are.
void SimulatedNetwork::fill(Stage& stage, const Shown& shown, std::size_t k, std::size_t sample, Step now) {
  const UnrolledLayer& layer = unrolled_.layers[k];
  std::vector<StepReceptors::Spike> before;
  const auto spikes = shown.window.spikes(k);
  for (auto spike = spikes.rbegin(); spike != spikes.rend() && spike->sample == sample; ++spike)
    if (spike->step < std::size_t(now)) before.push_back({spike->neuron, std::size_t(now) - spike->step});
  const auto state = [&](std::size_t variable) { return stage.state(layer.population, variable); };
  const auto values = receptors_[k]->compute(stepped_, before, now == 0, state);
  for (std::size_t r = 0; r < layer.filled.size(); ++r) stage.hold(layer.filled[r], values[r]);
}

// What a layer is given in a step of its own time; nothing before and after a sample.
std::span<const float> SimulatedNetwork::drive(std::size_t k, Step step, std::size_t sample) const {
  const Drive& drive = drives_[k];
  if (step < 0 || step >= steps_ || drive.values.empty()) return {};
  const std::size_t neurons = result_.layers[k].neurons;
  const std::size_t row = (drive.steps == 1 ? 0 : std::size_t(step)) * drive.samples;
  return std::span(drive.values).subspan((row + (drive.samples == 1 ? 0 : sample)) * neurons, neurons);
}

void SimulatedNetwork::hold(Stage& stage, std::size_t k, std::span<const float> values) {
  stage.hold(*unrolled_.layers[k].drive, std::vector<double>(values.begin(), values.end()));
  held_[k] = values.data();
}

// ---- What came out ----

// Spikes, and how many are only in the engine or only in the layers.
void SimulatedNetwork::count(const Window& window, std::size_t samples,
                             const std::vector<std::vector<float>>& expected) {
  for (std::size_t k = 0; k < unrolled_.layers.size(); ++k) {
    SimulatedLayer& layer = result_.layers[k];
    if (!layer.spikes) continue;
    const auto spikes = window.spikes(k);
    layer.spike_count += double(spikes.size());
    for (const UnrolledWiring& wiring : unrolled_.wirings)
      if (wiring.from == k)
        for (const auto& spike : spikes)
          result_.layers[wiring.to].synaptic_operations += wiring.fan_out[spike.neuron];
    if (trainer_.network().layers()[unrolled_.layers[k].layer].membrane || unrolled_.layers[k].routed)
      continue;
    std::vector<float> left = expected[k];
    for (const auto& spike : spikes)
      left[(spike.step * samples + spike.sample) * layer.neurons + spike.neuron] -= 1;
    for (const float difference : left) layer.differing += std::abs(difference);
  }
}

// The layers behind the last neurons say what these mean.
void SimulatedNetwork::judge(const Batch<float>& batch, const Window& window,
                             std::span<const float> expected) {
  Network<float>& network = trainer_.network();
  std::vector<std::vector<float>> outputs;
  std::vector<Given> given;
  for (std::size_t k = 0; k < unrolled_.layers.size(); ++k)
    if (unrolled_.layers[k].is_read) outputs.push_back(window.output(k, batch.samples));
  for (std::size_t k = 0, next = 0; k < unrolled_.layers.size(); ++k)
    if (unrolled_.layers[k].is_read) given.push_back({unrolled_.layers[k].layer, outputs[next++]});
  const std::size_t last = network.layers().size() - 1;
  network.compute(batch, given, std::span(&last, 1));
  const std::vector<float> said = network.gathered(last);
  for (std::size_t b = 0; b < batch.samples; ++b) {
    const std::size_t decided = largest(std::span(said).subspan(b * classes_, classes_));
    result_.labels.push_back(batch.labels[b]);
    result_.predictions.push_back(static_cast<std::uint32_t>(decided));
    result_.layer_predictions.push_back(
        static_cast<std::uint32_t>(largest(expected.subspan(b * classes_, classes_))));
    result_.confusion.add(batch.labels[b], static_cast<std::int32_t>(decided));
  }
  result_.outputs.insert(result_.outputs.end(), said.begin(), said.end());
  if (progress_)
    progress_(
        {"test", result_.labels.size(), trainer_.samples().share(Share::test).size(), result_.accuracy()});
}

}  // namespace synfire::learning
