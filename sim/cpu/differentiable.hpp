// How a model's `step` becomes its own derivative (core/dual.hpp); included by the files of the catalogue.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "core/concepts.hpp"
#include "core/loops.hpp"
#include "core/soa.hpp"
#include "sim/differentiable.hpp"

namespace synfire {

/// A readout, or a model whose `step` says SpikeOf<Real>.
template <template <class> class Model>
concept StepsWithDuals = never_spikes<Model<double>> ||
    requires(typename Model<Dual<double, 1>>::State s, typename Model<Dual<double, 1>>::Parameters p,
             typename Model<Dual<double, 1>>::Constants c, typename Model<Dual<double, 1>>::Input in) {
  { Model<Dual<double, 1>>::step(s, p, c, in) } -> std::same_as<SpikeOf<Dual<double, 1>>>;
} || requires(typename Model<Dual<double, 1>>::State s, typename Model<Dual<double, 1>>::Parameters p,
              typename Model<Dual<double, 1>>::Constants c, typename Model<Dual<double, 1>>::Input in,
              NoiseOf<Model<Dual<double, 1>>> noise) {
  { Model<Dual<double, 1>>::step(s, p, c, in, noise) } -> std::same_as<SpikeOf<Dual<double, 1>>>;
};

/// Receptors behind the first; that for currents, which stands last, is left out.
template <template <class> class Model>
inline constexpr std::size_t further_receptors = member_count<typename Model<double>::Input, double> -
                                                 (requires(typename Model<double>::Input in) { in.current; }
                                                      ? 2
                                                      : 1);

/// The same struct over another number type.
template <class To, class ToReal, class From, class FromReal>
SYNFIRE_HD To convert_members(const From& from) {
  constexpr std::size_t count = member_count<From, FromReal>;
  To made{};
  if constexpr (count > 0) {
    const auto source = tie_members<count>(from);
    const auto target = tie_members<count>(made);
    [&]<std::size_t... m>(std::index_sequence<m...>) SYNFIRE_INLINE {
      ((std::get<m>(target) = ToReal(std::get<m>(source))), ...);
    }
    (std::make_index_sequence<count>());
  }
  return made;
}

/// Doubles serve tests only and need no wide form.
template <class Real, class Body> SYNFIRE_HD void loop_over_neurons(const Body& body) {
  if constexpr (std::is_same_v<Real, float>) {
    run_loop(body);
  } else {
    body();
  }
}

template <template <class> class Model, class Real, bool smooth = false>
class DualNeurons final : public DifferentiableNeurons<Real> {
  using M = Model<Real>;
  using Exact = Model<double>;
  static constexpr std::size_t state_count = member_count<typename M::State, Real>;
  static constexpr std::size_t noise_count = member_count<NoiseOf<M>, Real>;
  static constexpr std::size_t input_count = member_count<typename M::Input, Real>;
  static constexpr std::size_t further_count = further_receptors<Model>;
  static constexpr bool fires = !never_spikes<M>;
  // Directions: the states, the inputs, the spike.
  template <std::size_t receptors> using Directions = Dual<Real, state_count + receptors + 1, smooth>;
  template <std::size_t receptors> using Inputs = std::array<const Real*, receptors>;
  using Plain = Dual<Real, 0, smooth>;
  using OneWay = Dual<Real, 2, smooth>;  // a parameter, the spike
  template <class Number> using Spike = DualSpike<Number>;

 public:
  using typename DifferentiableNeurons<Real>::Step;
  using typename DifferentiableNeurons<Real>::Reverse;

  DualNeurons(const std::map<std::string, double>& parameters, double dt_ms,
              const std::function<Real(Real)>* primitive = nullptr)
      : dt_(dt_ms), primitive_(primitive) {
    DualNeurons::set(parameters);
  }

  std::size_t states() const override { return state_count; }
  std::size_t noises() const override { return noise_count; }
  bool spikes() const override { return fires; }
  std::size_t receptors() const override { return further_count; }

  void set(const std::map<std::string, double>& values) override {
    for_each_field(Exact::describe(), [&](const auto& f) {
      const auto found = values.find(std::string(f.name));
      if (found != values.end()) exact_.*(f.member) = found->second;
    });
    parameters_ = convert_members<typename M::Parameters, Real, typename Exact::Parameters, double>(exact_);
    constants_ = constants_of(exact_);
  }

  void start(Real* states, std::size_t stride, std::size_t count) const override {
    typename M::State first = M::initial(parameters_);
    const auto members = tie_members<state_count>(first);
    [&]<std::size_t... m>(std::index_sequence<m...>) {
      (std::fill_n(states + m * stride, count, std::get<m>(members)), ...);
    }
    (std::make_index_sequence<state_count>());
  }

  void forward(const Step& step, Real* after, Real* spikes, Real* margins) const override {
    with_inputs(step, [&](const auto& inputs) { forward_by(inputs, step, after, spikes, margins); });
  }
  void backward(const Step& step, const Reverse& reverse, Real* d_states, Real* d_input) const override {
    with_inputs(step, [&](const auto& inputs) { backward_by(inputs, step, reverse, d_states, d_input); });
  }
  double by_parameter(const Step& step, const Reverse& reverse, const Real* d_states,
                      std::size_t parameter) const override {
    double sum = 0;
    with_inputs(
        step, [&](const auto& inputs) { sum = by_parameter_by(inputs, step, reverse, d_states, parameter); });
    return sum;
  }

  double start_by_parameter(const Real* d_states, std::size_t stride, std::size_t count,
                            std::size_t parameter) const override {
    auto first = Model<OneWay>::initial(along_parameter(parameter));
    double sum = 0;
    std::size_t m = 0;
    std::apply(
        [&](const auto&... number) {
          const auto add = [&](const OneWay& by) {
            for (std::size_t i = 0; i < count; ++i)
              sum += double(by.along[0]) * double(d_states[m * stride + i]);
            ++m;
          };
          (add(number), ...);
        },
        tie_members<state_count>(first));
    return sum;
  }

 private:
  // Columns of what arrives: at the first receptor, or at all of them.
  template <class Work> static void with_inputs(const Step& step, const Work& work) {
    if constexpr (further_count > 0) {
      if (step.further != nullptr) {
        Inputs<1 + further_count> all{step.input};
        std::copy_n(step.further, further_count, all.begin() + 1);
        return work(all);
      }
    }
    work(Inputs<1>{step.input});
  }

  template <std::size_t receptors>
  void forward_by(const Inputs<receptors>& inputs, const Step& step, Real* after, Real* spikes,
                  Real* margins) const {
    loop_over_neurons<Real>([&]() SYNFIRE_INLINE {
      const auto p = in_numbers<Plain>(parameters_);
      const auto c = constants_in_numbers<Plain>(constants_);
      SYNFIRE_INDEPENDENT
      for (std::size_t i = 0; i < step.count; ++i) {
        typename Model<Plain>::State s = load<Plain>(step, i, [](Plain&, std::size_t) SYNFIRE_INLINE {});
        const auto spike = take<Plain>(s, p, c, inputs, step, i);
        const auto members = tie_members<state_count>(s);
        [&]<std::size_t... m>(std::index_sequence<m...>) SYNFIRE_INLINE {
          ((after[m * step.stride + i] = std::get<m>(members).value), ...);
        }
        (std::make_index_sequence<state_count>());
        if constexpr (fires) {
          spikes[i] = spike.value;
          margins[i] = spike.margin.value;
        }
      }
    });
  }

  template <std::size_t receptors>
  void backward_by(const Inputs<receptors>& inputs, const Step& step, const Reverse& reverse, Real* d_states,
                   Real* d_input) const {
    using D = Directions<receptors>;
    std::array<Real*, receptors> d_inputs{d_input};
    if constexpr (receptors > 1) std::copy_n(reverse.d_further, receptors - 1, d_inputs.begin() + 1);
    loop_over_neurons<Real>([&]() SYNFIRE_INLINE {
      constexpr std::size_t by_input = state_count, by_spike = state_count + receptors;
      const auto p = in_numbers<D>(parameters_);
      const auto c = constants_in_numbers<D>(constants_);
      const Real through_reset = reverse.detach_reset ? Real(0) : Real(1);
      SYNFIRE_INDEPENDENT
      for (std::size_t i = 0; i < step.count; ++i) {
        typename Model<D>::State s =
            load<D>(step, i, [](D& number, std::size_t m) SYNFIRE_INLINE { number.along[m] = Real(1); });
        const auto spike = take<D>(s, p, c, inputs, step, i, [](D& x, std::size_t r) SYNFIRE_INLINE {
          x.along[by_input + r] = Real(1);
        });
        const auto members = tie_members<state_count>(s);
        const auto along = [&](std::size_t k) SYNFIRE_INLINE {
          return [&]<std::size_t... m>(std::index_sequence<m...>) SYNFIRE_INLINE {
            return ((d_states[m * step.stride + i] * std::get<m>(members).along[k]) + ...);
          }
          (std::make_index_sequence<state_count>());
        };
        Real d_margin = 0;
        if constexpr (fires)
          d_margin =
              (reverse.d_spikes[i] + through_reset * along(by_spike)) * (reverse.slopes[i] * spike.open);
        const auto total = [&](std::size_t k) SYNFIRE_INLINE {
          if constexpr (fires) return along(k) + d_margin * spike.margin.along[k];
          return along(k);
        };
        [&]<std::size_t... r>(std::index_sequence<r...>) SYNFIRE_INLINE {
          ((d_inputs[r][i] = total(by_input + r)), ...);
        }
        (std::make_index_sequence<receptors>());
        std::array<Real, state_count> before{};
        [&]<std::size_t... m>(std::index_sequence<m...>) SYNFIRE_INLINE { ((before[m] = total(m)), ...); }
        (std::make_index_sequence<state_count>());
        [&]<std::size_t... m>(std::index_sequence<m...>) SYNFIRE_INLINE {
          ((d_states[m * step.stride + i] = before[m]), ...);
        }
        (std::make_index_sequence<state_count>());
      }
    });
  }

  template <std::size_t receptors>
  double by_parameter_by(const Inputs<receptors>& inputs, const Step& step, const Reverse& reverse,
                         const Real* d_states, std::size_t parameter) const {
    const auto p = along_parameter(parameter);
    auto c = constants_in_numbers<OneWay>(constants_);
    slopes_of_constants(parameter, c);
    const Real through_reset = reverse.detach_reset ? Real(0) : Real(1);
    double sum = 0;
    for (std::size_t i = 0; i < step.count; ++i) {
      typename Model<OneWay>::State s = load<OneWay>(step, i, [](OneWay&, std::size_t) {});
      const auto spike = take<OneWay>(s, p, c, inputs, step, i);
      Real by_state = 0, by_spike = 0;
      std::size_t m = 0;
      std::apply(
          [&](const auto&... number) {
            ((by_state += d_states[m * step.stride + i] * number.along[0],
              by_spike += d_states[m++ * step.stride + i] * number.along[1]),
             ...);
          },
          tie_members<state_count>(s));
      if constexpr (fires)
        by_state += (reverse.d_spikes[i] + through_reset * by_spike) * (reverse.slopes[i] * spike.open) *
                    spike.margin.along[0];
      sum += double(by_state);
    }
    return sum;
  }

  // The parameters, one of which is what derivatives are taken by.
  typename Model<OneWay>::Parameters along_parameter(std::size_t parameter) const {
    auto p = in_numbers<OneWay>(parameters_);
    std::size_t k = 0;
    for_each_field(Exact::describe(), [&](const auto& f) {
      if (k++ == parameter) member_like(p, exact_, f.member).along[0] = 1;
    });
    return p;
  }

  typename M::Constants constants_of(const typename Exact::Parameters& exact) const {
    if constexpr (std::is_empty_v<typename M::Constants>) {
      return {};
    } else {
      return convert_members<typename M::Constants, Real, typename Exact::Constants, double>(
          Exact::constants(exact, dt_));
    }
  }

  template <class Number> static auto in_numbers(const typename M::Parameters& parameters) {
    return convert_members<typename Model<Number>::Parameters, Number, typename M::Parameters, Real>(
        parameters);
  }
  template <class Number> static auto constants_in_numbers(const typename M::Constants& constants) {
    if constexpr (std::is_empty_v<typename M::Constants>) {
      return typename Model<Number>::Constants{};
    } else {
      return convert_members<typename Model<Number>::Constants, Number, typename M::Constants, Real>(
          constants);
    }
  }

  // The member of a struct of Numbers that stands where `member` stands in the struct of doubles.
  template <class Numbers>
  static auto& member_like(Numbers& numbers, const typename Exact::Parameters& exact,
                           double Exact::Parameters::*member) {
    const auto at = std::size_t(&(exact.*member) - reinterpret_cast<const double*>(&exact));
    return reinterpret_cast<OneWay*>(&numbers)[at];
  }

  // Constants are smooth functions of the parameters, computed once by the host; their slopes are taken by
  // central differences of fourth order, whose error is below 1e-9 of them.
  void slopes_of_constants(std::size_t parameter, typename Model<OneWay>::Constants& constants) const {
    if constexpr (!std::is_empty_v<typename M::Constants>) {
      constexpr std::size_t count = member_count<typename Exact::Constants, double>;
      std::array<double, count> slope{};
      const auto add = [&](double shift, double weight) {
        typename Exact::Parameters moved = exact_;
        double h = 0;
        std::size_t k = 0;
        for_each_field(Exact::describe(), [&](const auto& f) {
          if (k++ != parameter) return;
          h = 1e-3 * std::max(1e-3, std::abs(moved.*(f.member)));
          moved.*(f.member) += shift * h;
        });
        auto at = Exact::constants(moved, dt_);
        std::size_t m = 0;
        std::apply([&](const auto&... value) { ((slope[m++] += weight / h * value), ...); },
                   tie_members<count>(at));
      };
      add(-2, 1.0 / 12), add(-1, -8.0 / 12), add(1, 8.0 / 12), add(2, -1.0 / 12);
      std::size_t m = 0;
      std::apply([&](auto&... value) { ((value.along[0] = Real(slope[m++])), ...); },
                 tie_members<count>(constants));
    }
  }

  template <class Number, class Seed>
  SYNFIRE_HD typename Model<Number>::State load(const Step& step, std::size_t i, const Seed& seed) const {
    typename Model<Number>::State s{};
    const auto members = tie_members<state_count>(s);
    [&]<std::size_t... m>(std::index_sequence<m...>) SYNFIRE_INLINE {
      ((std::get<m>(members) = Number(step.before[m * step.stride + i]), arm(std::get<m>(members)),
        seed(std::get<m>(members), m)),
       ...);
    }
    (std::make_index_sequence<state_count>());
    return s;
  }
  template <class Number> SYNFIRE_HD void arm(Number& number) const {
    if constexpr (smooth) number.primitive = primitive_;
  }

  struct NoSeed {
    template <class Number> SYNFIRE_HD void operator()(Number&, std::size_t) const {}
  };
  template <class Number, std::size_t receptors, class Seed = NoSeed>
  SYNFIRE_HD auto take(typename Model<Number>::State& s, const typename Model<Number>::Parameters& p,
                       const typename Model<Number>::Constants& c, const Inputs<receptors>& inputs,
                       const Step& step, std::size_t i, const Seed& seed = {}) const {
    typename Model<Number>::Input in{};
    const auto arriving = tie_members<input_count>(in);
    [&]<std::size_t... r>(std::index_sequence<r...>) SYNFIRE_INLINE {
      ((std::get<r>(arriving) = Number(inputs[r][i]), arm(std::get<r>(arriving)),
        seed(std::get<r>(arriving), r)),
       ...);
    }
    (std::make_index_sequence<receptors>());
    NoiseOf<Model<Number>> noise{};
    if constexpr (noise_count > 0) {
      const auto members = tie_members<noise_count>(noise);
      [&]<std::size_t... m>(std::index_sequence<m...>) SYNFIRE_INLINE {
        ((std::get<m>(members) = Number(step.noise[m * step.stride + i])), ...);
      }
      (std::make_index_sequence<noise_count>());
    }
    return advance<Model<Number>>(s, p, c, in, noise);
  }

  double dt_;
  const std::function<Real(Real)>* primitive_;
  typename Exact::Parameters exact_{};
  typename M::Parameters parameters_{};
  typename M::Constants constants_{};
};

}  // namespace synfire
