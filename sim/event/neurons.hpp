// The event form of a model for a range of neurons.
#pragma once

#include <algorithm>
#include <vector>

#include "core/concepts.hpp"
#include "sim/event/parts.hpp"
#include "sim/values.hpp"

namespace synfire {

template <class M> class EventNeuronsOf final : public EventNeurons {
  using Parameters = typename M::Parameters;
  using State = typename M::State;
  static constexpr bool has_refractory = requires(State s) { s.refractory; };

 public:
  EventNeuronsOf(const BuildContext& context, const PopulationDescription& population, Range range)
      : dt_ms_(context.grid.dt_ms()),
        first_(range.first),
        context_(&context),
        population_(&population),
        neurons_(range.count) {
    const ParameterSampler<M> sampler(context, population);
    const std::uint32_t different = sampler.varies() ? range.count : std::min(range.count, 1u);
    parameters_.reserve(different);
    for (std::uint32_t i = 0; i < different; ++i) parameters_.push_back(sampler.parameters(range.first + i));
    begin(sampler, 0);
  }

  void receive(double t, std::size_t receptor, std::span<const std::uint32_t> targets,
               std::span<const double> weights) override {
    constexpr std::size_t ahead = 8;  // neurons come from anywhere in memory
    const bool one_weight = weights.size() == 1;
    for (std::size_t k = 0; k < targets.size(); ++k) {
      if (k + ahead < targets.size()) __builtin_prefetch(neurons_.data() + targets[k + ahead], 1);
      const std::uint32_t i = targets[k];
      bring(i, t);
      M::receive(neurons_[i].state, parameters(i), receptor, weights[one_weight ? 0 : k]);
    }
  }
  void set_current(std::uint32_t i, double t, double current) override {
    bring(i, t);
    neurons_[i].current = current;
  }
  double next_spike(std::uint32_t i) const override {
    const Neuron& n = neurons_[i];
    return n.time + M::next_spike(n.state, parameters(i), n.current);
  }
  double earliest_spike(std::uint32_t i) const override {
    const Neuron& n = neurons_[i];
    if constexpr (requires { M::earliest_spike(n.state, parameters(i), n.current); }) {
      return n.time + M::earliest_spike(n.state, parameters(i), n.current);
    } else {
      return next_spike(i);
    }
  }
  void fire(std::uint32_t i, double t) override {
    bring(i, t);
    M::fire(neurons_[i].state, parameters(i));
  }
  void restart(double t) override { begin(ParameterSampler<M>(*context_, *population_), t); }
  double state(std::uint32_t i, double t, std::size_t variable) const override {
    Neuron n = neurons_[i];
    if (t > n.time) M::advance(n.state, parameters(i), n.current, t - n.time);
    if constexpr (has_refractory) n.state.refractory /= dt_ms_;
    double value = 0;
    std::size_t k = 0;
    for_each_field(M::describe_state(), [&](const auto& f) {
      if (k++ == variable) value = n.state.*(f.member);
    });
    return value;
  }
  std::size_t bytes() const override {
    return neurons_.size() * sizeof(Neuron) + parameters_.size() * sizeof(Parameters);
  }

 private:
  struct Neuron {
    State state{};
    double current = 0, time = 0;
  };

  void begin(const ParameterSampler<M>& sampler, double t) {
    for (std::uint32_t i = 0; i < neurons_.size(); ++i) {
      neurons_[i].state = sampler.initial(first_ + i, parameters(i));
      neurons_[i].time = t;
      if constexpr (has_refractory) neurons_[i].state.refractory *= dt_ms_;
    }
  }

  const Parameters& parameters(std::uint32_t i) const { return parameters_[parameters_.size() > 1 ? i : 0]; }
  void bring(std::uint32_t i, double t) {
    Neuron& n = neurons_[i];
    if (t > n.time) M::advance(n.state, parameters(i), n.current, t - n.time);
    n.time = t;
  }

  double dt_ms_;
  std::uint32_t first_;          // of the range
  const BuildContext* context_;  // what it was made of, which outlives it
  const PopulationDescription* population_;
  std::vector<Parameters> parameters_;  // one for all, or one each
  std::vector<Neuron> neurons_;
};

}  // namespace synfire
