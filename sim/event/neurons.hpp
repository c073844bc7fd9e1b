// The event form of a model for a range of neurons.
#pragma once

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
      : dt_ms_(context.grid.dt_ms()) {
    const ParameterSampler<M> sampler(context, population);
    const bool varied = sampler.varies();
    parameters_.reserve(varied ? range.count : 1);
    neurons_.reserve(range.count);
    for (std::uint32_t i = 0; i < range.count; ++i) {
      if (varied || i == 0) parameters_.push_back(sampler.parameters(range.first + i));
      Neuron neuron{sampler.initial(range.first + i, parameters_.back()), 0, 0};
      if constexpr (has_refractory) neuron.state.refractory *= dt_ms_;
      neurons_.push_back(neuron);
    }
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
    State state;
    double current, time;
  };

  const Parameters& parameters(std::uint32_t i) const { return parameters_[parameters_.size() > 1 ? i : 0]; }
  void bring(std::uint32_t i, double t) {
    Neuron& n = neurons_[i];
    if (t > n.time) M::advance(n.state, parameters(i), n.current, t - n.time);
    n.time = t;
  }

  double dt_ms_;
  std::vector<Parameters> parameters_;  // one for all, or one each
  std::vector<Neuron> neurons_;
};

}  // namespace synfire
