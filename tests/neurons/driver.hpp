// One neuron of a model, advanced by hand.
#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/aggregate.hpp"
#include "core/concepts.hpp"
#include "neurons/models.hpp"

namespace synfire::testing_tools {

/// Rounding unit of a number type: the largest relative error of one operation.
template <class Real> inline constexpr double rounding = std::numeric_limits<Real>::epsilon() / 2;

/// The number type of a model.
template <class M> struct RealOf;
template <template <class> class Model, class R> struct RealOf<Model<R>> { using type = R; };

template <class M> struct OneNeuron {
  using Real = typename RealOf<M>::type;
  using Parameters = typename M::Parameters;
  using Input = typename M::Input;
  using Noise = NoiseOf<M>;

  explicit OneNeuron(const Parameters& p, double dt_ms)
      : parameters(p), constants(M::constants(p, dt_ms)), state(M::initial(p)), dt(dt_ms) {}

  /// The number of spikes, as the model gives it: bool for most.
  auto step(const Input& input = {}, const Noise& noise = {}) {
    return advance<M>(state, parameters, constants, input, noise);
  }

  void run(int steps, const typename M::Input& input = {}) {
    for (int k = 0; k < steps; ++k) step(input);
  }

  /// The steps in which the neuron spikes.
  std::vector<int> spikes(int steps, const typename M::Input& input = {}) {
    std::vector<int> found;
    for (int k = 0; k < steps; ++k)
      if (step(input)) found.push_back(k);
    return found;
  }

  Parameters parameters;
  typename M::Constants constants;
  typename M::State state;
  double dt;
};

/// The members of a struct of Reals as numbers, in order.
template <class Real, class Struct> std::vector<double> values_of(const Struct& s) {
  std::vector<double> values;
  std::apply([&](const auto&... members) { (values.push_back(static_cast<double>(members)), ...); },
             tie_members<member_count<Struct, Real>>(s));
  return values;
}

template <class Real, class Struct> Struct struct_of(const std::vector<double>& values) {
  Struct s{};
  std::size_t k = 0;
  std::apply([&](auto&... members) { ((members = static_cast<Real>(values[k++])), ...); },
             tie_members<member_count<Struct, Real>>(s));
  return s;
}

/// Calls visit.template operator()<Model>(name) for every listed model.
template <class Visit> void for_each_model(Visit&& visit) {
  NeuronModels::for_each([&]<template <class> class Model>() {
    visit.template operator()<Model>(std::string(Model<double>::describe().name));
  });
}

}  // namespace synfire::testing_tools
