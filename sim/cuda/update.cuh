// The kernel of the neuron update, for any model.
#pragma once

#include <array>

#include <cuda_runtime.h>

#include "core/concepts.hpp"
#include "core/noise.hpp"
#include "core/soa.hpp"
#include "sim/cuda/neurons.hpp"

namespace synfire::cuda {

template <std::size_t count, class T>
__host__ __device__ std::array<T*, count> first_columns(T* const (&columns)[NeuronColumns::most]) {
  std::array<T*, count> used{};
  for (std::size_t m = 0; m != count; ++m) used[m] = columns[m];
  return used;
}

// One reservation a warp: the lanes that spike share one atomic addition.
__device__ void append(bool spike, std::uint32_t offset, std::uint32_t* spikes, std::uint32_t* spike_count) {
  const unsigned active = __activemask();
  const unsigned votes = __ballot_sync(active, spike);
  if (votes == 0) return;
  const unsigned lane = threadIdx.x % warpSize;
  const int leader = __ffs(active) - 1;
  std::uint32_t base = 0;
  if (static_cast<int>(lane) == leader)
    base = atomicAdd(spike_count, static_cast<std::uint32_t>(__popc(votes)));
  base = __shfl_sync(active, base, leader);
  if (spike) spikes[base + __popc(votes & ((1u << lane) - 1))] = offset;
}

template <class M>
__global__ void update(NeuronColumns columns, std::uint32_t* spikes, std::uint32_t* spike_count) {
  const std::size_t i = blockIdx.x * std::size_t(blockDim.x) + threadIdx.x;
  if (i >= columns.size) return;
  const auto state = first_columns<member_count<typename M::State, float>>(columns.state);
  const auto input = first_columns<member_count<typename M::Input, float>>(columns.input);
  const auto parameters = first_columns<member_count<typename M::Parameters, float>>(columns.parameters);
  const auto constants = first_columns<member_count<typename M::Constants, float>>(columns.constants);
  const std::size_t own = columns.varied ? i : 0;
  auto s = gather<typename M::State>(state, i);
  const auto in = gather<typename M::Input>(input, i);
  const auto offset = static_cast<std::uint32_t>(i);
  const auto drawn =
      noise::of_neuron<NoiseOf<M>, float>(columns.noise_key, columns.step, columns.first + offset);
  const unsigned spiked = advance<M>(s, gather<typename M::Parameters>(parameters, own),
                                     gather<typename M::Constants>(constants, own), in, drawn);
  scatter(state, i, s);
  scatter(input, i, typename M::Input{});
  if constexpr (spikes_once<M> && !never_spikes<M>) append(spiked > 0, offset, spikes, spike_count);
  if constexpr (!spikes_once<M>)
    for (unsigned k = 0; __any_sync(__activemask(), k < spiked); ++k)
      append(k < spiked, offset, spikes, spike_count);
}

/// Runs the update of model M over all columns on a stream.
template <class M>
void launch(const NeuronColumns& columns, std::uint32_t* spikes, std::uint32_t* spike_count,
            cudaStream_t stream) {
  constexpr unsigned block = 256;
  const auto grid = static_cast<unsigned>((columns.size + block - 1) / block);
  if (grid > 0) update<M><<<grid, block, 0, stream>>>(columns, spikes, spike_count);
}

}  // namespace synfire::cuda
