#include "core/concepts.hpp"
#include "core/loops.hpp"
#include "neurons/models.hpp"
#include "sim/bounded.hpp"
#include "sim/cpu/differentiable.hpp"

namespace synfire {
namespace {

using Number = Interval<float>;

/// A model's `step` over intervals (core/interval.hpp).
template <template <class> class Model> class IntervalNeurons final : public BoundedNeurons {
  using Exact = Model<double>;
  using M = Model<Number>;
  static constexpr std::size_t state_count = member_count<typename M::State, Number>;
  static constexpr std::size_t input_count = member_count<typename M::Input, Number>;

 public:
  IntervalNeurons(const std::map<std::string, double>& parameters, double dt_ms) {
    typename Exact::Parameters exact{};
    for_each_field(Exact::describe(), [&](const auto& f) {
      const auto found = parameters.find(std::string(f.name));
      if (found != parameters.end()) exact.*(f.member) = found->second;
    });
    parameters_ = convert_members<typename M::Parameters, Number, typename Exact::Parameters, double>(exact);
    if constexpr (!std::is_empty_v<typename M::Constants>)
      constants_ = convert_members<typename M::Constants, Number, typename Exact::Constants, double>(
          Exact::constants(exact, dt_ms));
    first_ = convert_members<typename M::State, Number, typename Exact::State, double>(Exact::initial(exact));
  }

  std::size_t states() const override { return state_count; }
  bool spikes() const override { return !never_spikes<Exact>; }
  bool linear() const override { return is_linear<Exact>; }
  std::size_t receptors() const override { return further_receptors<Model>; }

  void start(Bound<float> states, std::size_t stride, std::size_t count) const override {
    const auto members = tie_members<state_count>(first_);
    [&]<std::size_t... m>(std::index_sequence<m...>) {
      (std::fill_n(states.low + m * stride, count, std::get<m>(members).low), ...);
      (std::fill_n(states.high + m * stride, count, std::get<m>(members).high), ...);
    }
    (std::make_index_sequence<state_count>());
  }

  void step(Bound<const float> input, Bound<float> states, std::size_t stride, std::size_t count,
            Bound<float> spikes, std::span<const Bound<const float>> further) const override {
    if constexpr (further_receptors < Model >> 0) {
      if (!further.empty()) {
        std::array<Bound<const float>, 1 + further_receptors<Model>> inputs{input};
        std::copy_n(further.begin(), further_receptors<Model>, inputs.begin() + 1);
        return step_by(inputs, states, stride, count, spikes);
      }
    }
    step_by(std::array{input}, states, stride, count, spikes);
  }

 private:
  template <std::size_t receptors>
  void step_by(const std::array<Bound<const float>, receptors>& inputs, Bound<float> states,
               std::size_t stride, std::size_t count, Bound<float> spikes) const {
    run_loop([&]() SYNFIRE_INLINE {
      SYNFIRE_INDEPENDENT
      for (std::size_t i = 0; i < count; ++i) {
        typename M::State s{};
        const auto members = tie_members<state_count>(s);
        typename M::Input in{};
        const auto arriving = tie_members<input_count>(in);
        [&]<std::size_t... r>(std::index_sequence<r...>) SYNFIRE_INLINE {
          ((std::get<r>(arriving) = {inputs[r].low[i], inputs[r].high[i]}), ...);
        }
        (std::make_index_sequence<receptors>());
        [&]<std::size_t... m>(std::index_sequence<m...>) SYNFIRE_INLINE {
          ((std::get<m>(members) = {states.low[m * stride + i], states.high[m * stride + i]}), ...);
        }
        (std::make_index_sequence<state_count>());
        const auto spike = take(s, in);
        [&]<std::size_t... m>(std::index_sequence<m...>) SYNFIRE_INLINE {
          ((states.low[m * stride + i] = std::get<m>(members).low), ...);
          ((states.high[m * stride + i] = std::get<m>(members).high), ...);
        }
        (std::make_index_sequence<state_count>());
        if constexpr (!never_spikes<Exact>) {
          spikes.low[i] = spike.no ? 0.0f : 1.0f;
          spikes.high[i] = spike.yes ? 1.0f : 0.0f;
        }
      }
    });
  }

  SYNFIRE_HD auto take(typename M::State& s, const typename M::Input& in) const {
    NoiseOf<M> noise{};
    constexpr std::size_t noises = member_count<NoiseOf<M>, Number>;
    const auto members = tie_members<noises>(noise);
    [&]<std::size_t... m>(std::index_sequence<m...>) SYNFIRE_INLINE {
      ((std::get<m>(members) = Number(0.0f, 1.0f)), ...);
    }
    (std::make_index_sequence<noises>());
    return advance<M>(s, parameters_, constants_, in, noise);
  }

  typename M::Parameters parameters_;
  typename M::Constants constants_;
  typename M::State first_;
};

}  // namespace

std::unique_ptr<BoundedNeurons> bounded_neurons(const std::string& model,
                                                const std::map<std::string, double>& parameters,
                                                double dt_ms) {
  std::unique_ptr<BoundedNeurons> made;
  NeuronModels::for_each([&]<template <class> class Model>() {
    if constexpr (StepsWithDuals<Model>)
      if (Model<double>::describe().name == model)
        made = std::make_unique<IntervalNeurons<Model>>(parameters, dt_ms);
  });
  return made;
}

}  // namespace synfire
