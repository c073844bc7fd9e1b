// What a model must offer to be used by the engine; a missing piece is a readable compile error.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "core/aggregate.hpp"
#include "core/dual.hpp"
#include "core/host_device.hpp"
#include "core/interval.hpp"
#include "core/parameter.hpp"

namespace synfire {

template <class T>
concept SpikeCount = std::same_as<T, bool> || std::same_as<T, std::uint8_t>;

/// What a model draws in every step: its `Noise`, a struct of Reals that are uniform in [0, 1); most have
/// none.
struct NoNoise {};

namespace detail {
template <class M> struct NoiseOf { using type = NoNoise; };
template <class M>
requires requires { typename M::Noise; }
struct NoiseOf<M> {
  using type = typename M::Noise;
};
}  // namespace detail

template <class M> using NoiseOf = typename detail::NoiseOf<M>::type;
template <class M> inline constexpr bool draws_noise = !std::is_same_v<NoiseOf<M>, NoNoise>;

/// A readout: its step gives nothing and it has no margin.
template <class M> inline constexpr bool never_spikes = requires { requires !M::spikes; };

/// A readout whose state after a step is an offset and a sum of states and inputs with weights that are not
/// negative.
template <class M> inline constexpr bool is_linear = requires { requires M::linear; };

/// The spike condition of a model in its margin: >= 0, or > 0 in a model that says `strict`.
template <class M> inline constexpr bool is_strict = requires { requires M::strict; };
template <class M, class Real> SYNFIRE_HD SpikeOf<Real> crosses(Real margin) {
  const auto crossed = is_strict<M> ? margin > Real(0) : margin >= Real(0);
  if constexpr (is_dual<Real>) {
    return dual::spike(margin, crossed);
  } else {
    return crossed;
  }
}

/// One step of any model; gives the number of its spikes, as a bool where that is 0 or 1.
template <class M>
SYNFIRE_HD auto advance(typename M::State& state, const typename M::Parameters& parameters,
                        const typename M::Constants& constants, const typename M::Input& input,
                        const NoiseOf<M>& noise) {
  const auto step = [&]() SYNFIRE_INLINE {
    if constexpr (draws_noise<M>) {
      return M::step(state, parameters, constants, input, noise);
    } else {
      return M::step(state, parameters, constants, input);
    }
  };
  if constexpr (never_spikes<M>) {
    step();
    return false;
  } else {
    return step();
  }
}
template <class M>
inline constexpr bool spikes_once =
    std::is_same_v<bool, decltype(advance<M>(std::declval<typename M::State&>(), {}, {}, {}, {}))>;

/// For models whose parameters need not be in any order.
template <class Parameters, class Real> constexpr auto no_rules() {
  return std::array<std::pair<Real Parameters::*, Real Parameters::*>, 0>{};
}

/// A neuron model over the number type Real (see neurons/iaf_psc_exp.hpp). Parameters, State, Input and
/// Constants are structs of Reals; `step` advances one neuron by one step of the grid, with the deviates of
/// its Noise if it has one, and tells whether it spiked (bool) or how often (std::uint8_t). The sign of
/// `margin` before the reset is the spike condition.
template <class M, class Real>
concept Neuron = requires(typename M::State state, const typename M::Parameters parameters,
                          const typename M::Constants constants, const typename M::Input input,
                          const NoiseOf<M> noise) {
  requires std::is_aggregate_v<typename M::Parameters> && std::is_aggregate_v<typename M::State>;
  requires sizeof(typename M::State) == member_count<typename M::State, Real> * sizeof(Real);
  requires sizeof(typename M::Input) == member_count<typename M::Input, Real> * sizeof(Real);
  requires member_count<NoiseOf<M>, Real>
  <= 4;
  M::describe();        // the parameters
  M::describe_state();  // what can be recorded and initialised
  M::receptors();       // one entry for each member of Input, in order
  M::rules();           // pairs of parameters that must be in order
  { M::constants(parameters, double{}) } -> std::same_as<typename M::Constants>;
  { M::initial(parameters) } -> std::same_as<typename M::State>;
  requires never_spikes<M> || requires {
    { M::margin(state, parameters) } -> std::same_as<Real>;
  };
  { advance<M>(state, parameters, constants, input, noise) } -> SpikeCount;
};

/// A model with an event form, for the engine without a clock. Between inputs its state follows `advance`
/// (exact, under a constant current, ms) until `next_spike`, the time left to the next spike (ms; infinity:
/// never); `receive` lets a spike act on a receptor, `fire` is what a spike does to the neuron itself. A
/// member `refractory` of the State counts ms here, not steps.
template <class M, class Real>
concept EventDriven = Neuron<M, Real> &&
    requires(typename M::State state, const typename M::Parameters parameters, std::size_t receptor,
             Real number) {
  M::advance(state, parameters, number, number);  // current, ms
  M::receive(state, parameters, receptor, number);
  { M::next_spike(state, parameters, number) } -> std::same_as<Real>;
  M::fire(state, parameters);
};

/// A rule that changes a synapse at the spikes of its two neurons (see plasticity/stdp.hpp). Pre and Post are
/// structs of traces that decay exponentially with the time constants (ms) given; `on_pre` and `on_post` give
/// the change of a weight, of which the traces do not yet hold the spike itself; whoever calls decays the
/// traces, adds the change and keeps the weight within its bounds. Of an arrival and a spike of the target
/// at the same time, the arrival comes first.
template <class R, class Real>
concept SpikeRule = requires(Real w, typename R::Pre pre, typename R::Post post,
                             const typename R::Parameters parameters) {
  requires sizeof(typename R::Pre) == member_count<typename R::Pre, Real> * sizeof(Real);
  requires sizeof(typename R::Post) == member_count<typename R::Post, Real> * sizeof(Real);
  R::describe();
  { R::pre_time_constants(parameters) } -> std::same_as<typename R::Pre>;
  { R::post_time_constants(parameters) } -> std::same_as<typename R::Post>;
  { R::on_pre(w, pre, post, parameters) } -> std::same_as<Real>;
  { R::on_post(w, pre, post, parameters) } -> std::same_as<Real>;
  R::arrive(pre, parameters);
  R::fire(post, parameters);
  { parameters.w_min } -> std::convertible_to<Real>;
  { parameters.w_max } -> std::convertible_to<Real>;
};

/// Everything about a neuron model as plain data.
template <template <class> class Model> ModelInfo neuron_info() {
  using M = Model<double>;
  static_assert(Neuron<M, double> && Neuron<Model<float>, float>);
  const auto description = M::describe();
  const typename M::Parameters defaults{};
  ModelInfo info{std::string(description.name),
                 std::string(description.summary),
                 std::string(description.source),
                 parameter_table(description, defaults),
                 parameter_table(M::describe_state(), M::initial(defaults)),
                 {},
                 {},
                 !never_spikes<M>};
  static_assert(std::tuple_size_v<decltype(M::receptors())> == member_count<typename M::Input, double>);
  for (const auto& receptor : M::receptors()) info.receptors.push_back(receptor);
  for (const auto& [low, high] : M::rules())
    info.rules.push_back({index_of(description, low), index_of(description, high)});
  return info;
}

}  // namespace synfire
