#include "neurons/models.hpp"

namespace synfire {

const std::vector<ModelInfo>& neuron_models() {
  static const std::vector<ModelInfo> table = [] {
    std::vector<ModelInfo> made;
    NeuronModels::for_each([&]<template <class> class Model>() { made.push_back(neuron_info<Model>()); });
    return made;
  }();
  return table;
}

}  // namespace synfire
