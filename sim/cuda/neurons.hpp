// The neuron update on a GPU: the same models, one thread a neuron, columns as on the CPU.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/random.hpp"
#include "core/time.hpp"

namespace synfire::cuda {

/// Device pointers to the columns of a range of neurons of one model, in the order of the members of its
/// State, Input, Parameters and Constants (core/soa.hpp). Parameters and constants hold one element if
/// `varied` is false.
struct NeuronColumns {
  static constexpr std::size_t most = 24;
  float* state[most];
  float* input[most];
  const float* parameters[most];
  const float* constants[most];
  std::size_t size = 0;
  bool varied = false;
  // What models with noise draw belongs to (key, step, position in the population):
  RandomKey noise_key;
  Step step = 0;
  std::uint32_t first = 0;
};

/// Advances all neurons by one step on a CUDA stream (a cudaStream_t): reads and clears the inputs, and
/// appends the offsets of those that spiked (as often as they did) to `spikes`, whose number is counted in
/// *spike_count; the order is not defined. False when no model has this name.
bool launch_update(std::string_view model, const NeuronColumns& columns, std::uint32_t* spikes,
                   std::uint32_t* spike_count, void* stream);

}  // namespace synfire::cuda
