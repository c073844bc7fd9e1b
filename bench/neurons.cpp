// Question: what does a neuron update cost? Answer per neuron and step, one thread; bytes are those read and
// written.
#include "sim/cpu/neurons.hpp"

#include <benchmark/benchmark.h>

#include "core/denormals.hpp"
#include "neurons/models.hpp"

namespace {

using namespace synfire;

template <class M> void update(benchmark::State& bench) {
  const FlushDenormals flush;
  const auto size = static_cast<std::uint32_t>(bench.range(0));
  NetworkDescription network;
  PopulationDescription population;
  population.name = "bench";
  population.shape = {size};
  // Towards threshold by a constant current, so that neurons fire and go refractory as in a network.
  population.parameters["I_e"] = Distribution(400.0);
  population.initial["V_m"].shape = Uniform{-70, -55};
  const BuildContext context{network, Grid(0.1)};
  CpuNeurons<M> neurons(context, population, {0, size});
  std::vector<std::uint32_t> spikes;
  Step step = 0;
  for (auto _ : bench) {
    spikes.clear();
    neurons.step(step++, spikes);
    benchmark::DoNotOptimize(spikes.data());
  }
  bench.counters["ns/update"] = benchmark::Counter(double(bench.iterations()) * size * 1e-9,
                                                   benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

}  // namespace

int main(int argc, char** argv) {
  NeuronModels::for_each([]<template <class> class Model>() {
    const std::string name = "update/" + std::string(Model<float>::describe().name);
    benchmark::RegisterBenchmark(name.c_str(), update<Model<float>>)->Arg(4000)->Arg(100000);
  });
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
