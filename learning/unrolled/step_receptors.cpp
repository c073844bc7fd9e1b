#include "learning/unrolled/step_receptors.hpp"

#include <algorithm>

#include "learning/gradient/delays.hpp"
#include "networks/training.hpp"
#include "sim/differentiable.hpp"

namespace synfire::learning {
namespace {

std::vector<float> start_of(const LayerDescription& layer, std::size_t neurons,
                            const std::vector<Weights<float>*>& trained, double dt_ms) {
  auto parameters = layer.what.parameters;
  for (const Weights<float>* array : trained)
    for (const LearnedParameter& learned : layer.learned)
      if (array->name == layer.name + "." + learned.name) parameters[learned.name] = double(array->values[0]);
  const auto model = differentiable_neurons<float>(layer.what.name, parameters, dt_ms);
  std::vector<float> states(model->states() * neurons);
  model->start(states.data(), neurons, neurons);
  return states;
}

FilledReceptors<float> receptors_of(const LayerDescription& layer, std::size_t neurons) {
  const ModelInfo& info = *differentiable_model(layer.what.name);
  const auto model = differentiable_neurons<float>(layer.what.name, layer.what.parameters, 1);
  // Nothing is learned here, and the weights are the trained ones.
  const LayerContext context{.surrogate = Surrogate(TrainingDescription{}.surrogate)};
  return {layer, info, neurons, model->receptors(), context};
}

}  // namespace

StepReceptors::StepReceptors(const LayerDescription& layer, std::size_t neurons,
                             const std::vector<Weights<float>*>& trained, double dt_ms)
    : neurons_(neurons),
      described_(layer.receptors),
      receptors_(receptors_of(layer, neurons)),
      start_(start_of(layer, neurons, trained, dt_ms)) {
  std::vector<Weights<float>*> own;
  receptors_.add_weights(own);
  for (const Weights<float>* array : trained) {
    for (Weights<float>* each : own)
      if (each->name == array->name) each->values = array->values;
    if (layer.recurrent && array->name == layer.name + ".recurrent") recurrent_ = &array->values;
    if (layer.delays && array->name == layer.name + ".delay") delays_ = &array->values;
  }
}

std::vector<std::vector<double>> StepReceptors::compute(
    std::span<const float> x, std::vector<Spike> spikes, bool first_step,
    const std::function<std::vector<float>(std::size_t)>& state) {
  keep_to_this_thread();
  std::vector<float> heard(x.begin(), x.end()), states = start_;
  if (delays_ == nullptr) std::erase_if(spikes, [](const Spike& spike) { return spike.age != 1; });
  std::ranges::sort(spikes);
  for (std::size_t to = 0; to < neurons_ && recurrent_ != nullptr; ++to)
    for (const Spike& spike : spikes) {
      const std::size_t n = to * neurons_ + spike.neuron;
      const std::size_t after = 1 + (delays_ != nullptr ? whole_delay((*delays_)[n]) : 0);
      if (spike.age == after) heard[to] += (*recurrent_)[n];
    }
  for (const FilledReceptor& filled : described_)
    for (const std::size_t source : filled.sources)
      if (source > 0 && !first_step)
        std::ranges::copy(state(source - 1), states.begin() + std::ptrdiff_t((source - 1) * neurons_));
  const std::size_t one = 1;
  const Pass pass{.samples = 1};
  Piece<float> piece;
  piece.samples = 1;
  SpareArrays<float> unused;
  receptors_.begin(pass, std::span(&one, 1), unused);
  receptors_.begin_part(pass, piece);
  receptors_.hear(piece, 0, 1, heard.data());
  receptors_.recall(piece, 0, states.data());
  const float* const* inputs = receptors_.inputs(0, 0);
  std::vector<std::vector<double>> made;
  for (const FilledReceptor& filled : described_) {
    const float* values = inputs[filled.receptor - 1];
    made.emplace_back(values, values + neurons_);
  }
  return made;
}

}  // namespace synfire::learning
