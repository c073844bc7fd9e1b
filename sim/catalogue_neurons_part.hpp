// How a part of the neuron models is made; included by the files that hold the parts.
#pragma once

#include "sim/catalogue_neurons.hpp"
#include "sim/cpu/neurons.hpp"

namespace synfire {

template <class M> class ReferenceOf final : public ReferenceNeurons {
 public:
  ReferenceOf(const BuildContext& context, const PopulationDescription& population)
      : noise_key_(context.key(noise_path(population))) {
    const ParameterSampler<M> sampler(context, population);
    for (std::uint32_t i = 0; i < population.size(); ++i) {
      parameters_.push_back(sampler.parameters(i));
      constants_.push_back(M::constants(parameters_.back(), context.grid.dt_ms()));
      states_.push_back(sampler.initial(i, parameters_.back()));
    }
  }

  unsigned step(Step step, std::uint32_t i, std::span<const double> input) override {
    typename M::Input in{};
    constexpr std::size_t receptors = member_count<typename M::Input, double>;
    const auto members = tie_members<receptors>(in);
    [&]<std::size_t... r>(std::index_sequence<r...>) { ((std::get<r>(members) = input[r]), ...); }
    (std::make_index_sequence<receptors>());
    const auto drawn = noise::of_neuron<NoiseOf<M>, double>(noise_key_, step, i);
    return advance<M>(states_[i], parameters_[i], constants_[i], in, drawn);
  }

  double state(std::size_t i, std::size_t variable) const override {
    double value = 0;
    std::size_t k = 0;
    for_each_field(M::describe_state(), [&](const auto& f) {
      if (k++ == variable) value = states_[i].*(f.member);
    });
    return value;
  }

 private:
  std::vector<typename M::Parameters> parameters_;
  std::vector<typename M::Constants> constants_;
  std::vector<typename M::State> states_;
  RandomKey noise_key_;
};

template <std::size_t part>
std::unique_ptr<Emitter> NeuronPart<part>::cpu(const BuildContext& context,
                                               const PopulationDescription& population, Range range) {
  std::unique_ptr<Emitter> made;
  NeuronModels::for_each_in_part<part, neuron_parts>([&]<template <class> class Model>() {
    if (Model<float>::describe().name == population.model)
      made = std::make_unique<CpuNeurons<Model<float>>>(context, population, range);
  });
  return made;
}

template <std::size_t part>
std::unique_ptr<ReferenceNeurons> NeuronPart<part>::reference(const BuildContext& context,
                                                              const PopulationDescription& population) {
  std::unique_ptr<ReferenceNeurons> made;
  NeuronModels::for_each_in_part<part, neuron_parts>([&]<template <class> class Model>() {
    if (Model<float>::describe().name == population.model)
      made = std::make_unique<ReferenceOf<Model<double>>>(context, population);
  });
  return made;
}

}  // namespace synfire
