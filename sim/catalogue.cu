// The models of the catalogue, instantiated for the GPU.
#include "neurons/models.hpp"
#include "sim/cuda/update.cuh"

namespace synfire::cuda {

bool launch_update(std::string_view model, const NeuronColumns& columns, std::uint32_t* spikes,
                   std::uint32_t* spike_count, void* stream) {
  bool found = false;
  NeuronModels::for_each([&]<template <class> class Model>() {
    if (Model<float>::describe().name != model) return;
    found = true;
    launch<Model<float>>(columns, spikes, spike_count, static_cast<cudaStream_t>(stream));
  });
  return found;
}

}  // namespace synfire::cuda
