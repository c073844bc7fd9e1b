// What layers of neurons have in common. Inside learning/gradient only.
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/noise.hpp"
#include "learning/gradient/layers.hpp"
#include "learning/gradient/rank_parts.hpp"
#include "sim/differentiable.hpp"

namespace synfire::learning {

/// What all neuron layers have in common: the model, its learned parameters, its noise.
template <class Real> class NeuronLayer : public Layer<Real> {
 public:
  NeuronLayer(const LayerDescription& layer, const SignalShape& in, const LayerContext& context)
      : in_(in),
        out_{in.features, context.steps == 1 && in.constant},
        surrogate_(context.surrogate),
        detach_reset_(context.detach_reset),
        truncate_(context.truncate),
        noise_key_(context.seed, "layer/" + layer.name + "/noise"),
        smooth_(context.smooth),
        neurons_(make(layer, context)),
        membrane_(layer.membrane || !neurons_->spikes()) {
    const ModelInfo& info = *differentiable_model(layer.what.name);
    for (const LearnedParameter& learned : layer.learned) learn(layer, info, learned);
  }

  SignalShape shape() const override { return out_; }
  std::vector<Weights<Real>*> weights() override {
    std::vector<Weights<Real>*> all;
    for (auto& learned : learned_) all.push_back(&learned);
    return all;
  }
  void begin(const Pass& pass, std::span<const std::size_t>, SpareArrays<Real>&) override {
    carried_.begin(pass);
    std::map<std::string, double> values;
    for (std::size_t k = 0; k < learned_.size(); ++k) values[names_[k]] = double(learned_[k].values[0]);
    if (!values.empty()) neurons_->set(values);
    sums_.assign(pass.parts, std::vector<double>(learned_.size()));
    spikes_.assign(pass.parts, 0);
    outputs_ = pass.samples * pass.steps * out_.features.size();
  }
  void after_forward(const Pass& pass) override {
    if (pass.ranks != nullptr) pass.ranks->share(std::span(spikes_));
  }
  void gather(const Pass& pass) override {
    if (pass.ranks != nullptr) pass.ranks->share(sums_);
    for (std::size_t k = 0; k < learned_.size(); ++k) {
      double sum = 0;
      for (const auto& part : sums_) sum += part[k];
      learned_[k].gradient[0] = Real(sum);
    }
  }
  double mean_rate() const override {
    if (!neurons_->spikes() || outputs_ == 0) return -1;
    std::uint64_t all = 0;
    for (const std::uint64_t part : spikes_) all += part;
    return double(all) / double(outputs_);
  }

 protected:
  using Neurons = DifferentiableNeurons<Real>;
  using Step = typename Neurons::Step;

  static std::unique_ptr<Neurons> make(const LayerDescription& layer, const LayerContext& context) {
    std::unique_ptr<Neurons> made;
    if constexpr (std::is_same_v<Real, double>) {
      if (context.smooth != nullptr)
        made = smooth_neurons(layer.what.name, layer.what.parameters, context.dt_ms, *context.smooth);
    }
    if (made == nullptr)
      made = differentiable_neurons<Real>(layer.what.name, layer.what.parameters, context.dt_ms);
    if (made == nullptr)
      throw Error(ErrorKind::input, layer.what.where,
                  fmt::format("layer {}: {} cannot learn by gradients; take one of {}", layer.name,
                              layer.what.name, fmt::join(differentiable_models(), ", ")));
    return made;
  }

  void learn(const LayerDescription& layer, const ModelInfo& info, const LearnedParameter& learned) {
    Weights<Real> made;
    made.name = layer.name + "." + learned.name;
    made.shape = {1};
    const auto given = layer.what.parameters.find(learned.name);
    made.values = {Real(given != layer.what.parameters.end() ? given->second
                                                             : info.parameter(learned.name)->default_value)};
    made.gradient = {Real(0)};
    made.decays = false;
    made.low = Real(learned.low), made.high = Real(learned.high);
    for (std::size_t k = 0; k < info.parameters.size(); ++k)
      if (info.parameters[k].name == learned.name) indices_.push_back(k);
    names_.push_back(learned.name);
    learned_.push_back(std::move(made));
  }

  std::size_t neurons_of(const Piece<Real>& piece) const { return piece.samples * in_.features.size(); }

  // Deviates of `count` neurons from number `first` on, which is a multiple of noise::group_size.
  void draw(const Pass& pass, const Piece<Real>& piece, std::size_t t, std::size_t first, std::size_t count,
            std::size_t stride, Real* noise) const {
    const std::size_t members = neurons_->noises();
    const auto step = static_cast<std::int64_t>(pass.iteration * pass.sequence() + pass.first_step() + t);
    for (std::size_t m = 0; m < members; ++m) {
      const auto member = static_cast<std::uint32_t>(piece.part * members + m);
      for (std::size_t i = 0; i < count; i += noise::group_size) {
        std::array<float, noise::group_size> values;
        noise::draw_group(noise_key_, step, static_cast<std::uint32_t>((first + i) / noise::group_size),
                          member, values.data());
        std::copy_n(values.data(), std::min<std::size_t>(noise::group_size, count - i),
                    noise + m * stride + i);
      }
    }
  }

  // The states of `size` neurons from number `first` on before the pass, in columns `stride` apart.
  void begin_states(const Pass& pass, const Piece<Real>& piece, std::size_t first, std::size_t size,
                    std::size_t stride, Real* states) const {
    const Real* before = carried_.before(pass, piece.part);
    if (before == nullptr) return neurons_->start(states, stride, size);
    for (std::size_t k = 0; k < neurons_->states(); ++k)
      std::copy_n(before + k * neurons_of(piece) + first, size, states + k * stride);
  }
  // Leaves them, as they are after the pass, to the next window.
  void end_states(const Piece<Real>& piece, std::size_t first, std::size_t size, std::size_t stride,
                  const Real* states, Real* after) const {
    if (after == nullptr) return;
    for (std::size_t k = 0; k < neurons_->states(); ++k)
      std::copy_n(states + k * stride, size, after + k * neurons_of(piece) + first);
  }

  // What learned parameters do to the first state.
  void by_start(const Piece<Real>& piece, const Real* d_states, std::size_t stride, std::size_t size) {
    for (std::size_t k = 0; k < learned_.size(); ++k)
      sums_[piece.part][k] += neurons_->start_by_parameter(d_states, stride, size, indices_[k]);
  }

  static std::uint64_t count(const Real* spikes, std::size_t size) {
    std::uint32_t all = 0;
    for (std::size_t i = 0; i < size; ++i) all += spikes[i] > Real(0) ? 1u : 0u;
    return all;
  }

  SignalShape in_, out_;
  Surrogate surrogate_;
  bool detach_reset_;
  std::size_t truncate_;
  RandomKey noise_key_;
  std::shared_ptr<const std::function<double(double)>> smooth_;  ///< the neurons refer to it
  std::unique_ptr<Neurons> neurons_;
  bool membrane_;  ///< what goes on
  std::vector<Weights<Real>> learned_;
  std::vector<std::string> names_;
  std::vector<std::size_t> indices_;
  std::vector<std::vector<double>> sums_;  ///< of each part: derivatives by the learned parameters
  std::vector<std::uint64_t> spikes_;      ///< of each part
  std::size_t outputs_ = 0;
  Carried<Real> carried_;  ///< columns of states
};

/// Neurons whose membrane is assumed (training::MembraneNoise, training::NormalisedMembrane); null pointer
/// where the neurons have their own. Throws Error(input) at a layer that hears itself.
template <class Real>
std::unique_ptr<Layer<Real>> make_assumed_neurons(const LayerDescription&, const SignalShape&,
                                                  const LayerContext&);

}  // namespace synfire::learning
