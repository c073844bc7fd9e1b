// How a part of the neuron models is made differentiable; included by the files that hold the parts, which
// are compiled for finite numbers, so that a derivative known to be 0 costs nothing.
#pragma once

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-thread-jumps")  // keeps branches out of loops over neurons, which else stay scalar
#endif

#include "sim/catalogue_gradient.hpp"
#include "sim/cpu/differentiable.hpp"

namespace synfire {

template <std::size_t part>
template <class Made, class Make>
void GradientPart<part>::find(const std::string& model, Made& made, const Make& make) {
  NeuronModels::for_each_in_part<part, neuron_parts>([&]<template <class> class Model>() {
    if constexpr (StepsWithDuals<Model>)
      if (Model<double>::describe().name == model) made = make.template operator()<Model>();
  });
}

template <std::size_t part>
std::unique_ptr<DifferentiableNeurons<float>> GradientPart<part>::in_float(const std::string& model,
                                                                           const Values& parameters,
                                                                           double dt_ms) {
  std::unique_ptr<DifferentiableNeurons<float>> made;
  find(model, made, [&]<template <class> class Model>() {
    return std::make_unique<DualNeurons<Model, float>>(parameters, dt_ms);
  });
  return made;
}

template <std::size_t part>
std::unique_ptr<DifferentiableNeurons<double>> GradientPart<part>::in_double(
    const std::string& model, const Values& parameters, double dt_ms,
    const std::function<double(double)>* smooth) {
  std::unique_ptr<DifferentiableNeurons<double>> made;
  find(model, made, [&]<template <class> class Model>() -> std::unique_ptr<DifferentiableNeurons<double>> {
    if (smooth != nullptr)
      return std::make_unique<DualNeurons<Model, double, true>>(parameters, dt_ms, smooth);
    return std::make_unique<DualNeurons<Model, double>>(parameters, dt_ms);
  });
  return made;
}

template <std::size_t part> void GradientPart<part>::list(std::vector<std::string_view>& names) {
  NeuronModels::for_each_in_part<part, neuron_parts>([&]<template <class> class Model>() {
    if constexpr (StepsWithDuals<Model>) names.push_back(Model<double>::describe().name);
  });
}

}  // namespace synfire
