// What a model must offer to be used by the engine; a missing piece is a readable compile error.
#pragma once

#include <concepts>
#include <type_traits>

#include "core/aggregate.hpp"
#include "core/parameter.hpp"

namespace synfire {

/// A neuron model over the number type Real (see neurons/iaf_psc_exp.hpp). Parameters, State, Input and
/// Constants are structs of Reals; `step` advances one neuron by one step of the grid and tells whether it
/// spiked; `margin` >= 0 is the spike condition.
template <class M, class Real>
concept Neuron = requires(typename M::State state, const typename M::Parameters parameters,
                          const typename M::Constants constants, const typename M::Input input) {
  requires std::is_aggregate_v<typename M::Parameters> && std::is_aggregate_v<typename M::State>;
  requires sizeof(typename M::State) == member_count<typename M::State, Real> * sizeof(Real);
  requires sizeof(typename M::Input) == member_count<typename M::Input, Real> * sizeof(Real);
  M::describe();        // the parameters
  M::describe_state();  // what can be recorded and initialised
  M::receptors();       // one entry for each member of Input, in order
  M::rules();           // pairs of parameters that must be in order
  { M::constants(parameters, double{}) } -> std::same_as<typename M::Constants>;
  { M::initial(parameters) } -> std::same_as<typename M::State>;
  { M::margin(state, parameters) } -> std::same_as<Real>;
  { M::step(state, parameters, constants, input) } -> std::same_as<bool>;
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
                 {}};
  static_assert(std::tuple_size_v<decltype(M::receptors())> == member_count<typename M::Input, double>);
  for (const auto& receptor : M::receptors()) info.receptors.push_back(receptor);
  for (const auto& [low, high] : M::rules())
    info.rules.push_back({index_of(description, low), index_of(description, high)});
  return info;
}

}  // namespace synfire
