// Question: up to which density of inputs is it faster to go through them event by event, where connections
// have delays, than to multiply once for each tap? 100 steps of 32 samples, 256 to 256; one thread. Taps: a
// width of D/2, half a step (which few taps of a longest delay of 60 steps see), or judged, one tap each.
#include "learning/gradient/delays.hpp"

#include <random>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "core/denormals.hpp"
#include "io/yaml.hpp"
#include "networks/parse_layers.hpp"

namespace {

using namespace synfire;
using namespace synfire::learning;
using Product = DelayedWeights<float>;
using Way = Product::Way;

constexpr std::size_t steps = 100, samples = 32, width = 256;
enum Taps { wide, narrow, judged };

LayerDescription layer_of(std::size_t longest, Taps taps) {
  const std::string delays = fmt::format("{{max: {} ms, sigma: {}}}", longest, taps == narrow ? 0.5 : 0.0);
  return parse::parse_layers(
             parse_yaml("[{input: events}, {dense: 3, delays: " + delays + "}, {readout: sum}]", "bench"))
      .at(1);
}

struct Bench {
  Bench(std::size_t longest, Taps taps, double density)
      : product(layer_of(longest, taps),
                {.seed = 1, .dt_ms = 1, .steps = steps, .surrogate = Surrogate({.name = "arctan"})}, width,
                width, "weight", 0, 0),
        x(steps * samples * width),
        y(x.size(), 0.5f) {
    std::mt19937 random(1);
    std::bernoulli_distribution event(density);
    for (float& value : x) value = float(event(random));
    pass.training = taps != judged;
    pass.backward = true, pass.steps = steps, pass.samples = samples;
    product.add_weights(arrays);
    product.prepare(pass, false);
  }
  DelayedInput<float> input() const { return {steps, samples, x.data(), nullptr}; }

  Product product;
  std::vector<float> x, y;
  std::vector<Weights<float>*> arrays;
  Pass pass;
};

void forward(benchmark::State& state, Taps taps, Way way) {
  const FlushDenormals flush;
  Bench b(std::size_t(state.range(0)), taps, double(state.range(1)) / 100);
  for (auto _ : state) {
    b.product.add(b.input(), b.y.data(), way);
    benchmark::ClobberMemory();
  }
}

void by_weights(benchmark::State& state, Taps taps, Way way) {
  const FlushDenormals flush;
  Bench b(std::size_t(state.range(0)), taps, double(state.range(1)) / 100);
  SpareArrays<float> spare;
  const std::size_t all = samples;
  for (auto _ : state) {
    b.product.begin(b.pass, std::span(&all, 1), spare);
    b.product.by_weights(0, b.input(), b.y.data(), way);
    benchmark::ClobberMemory();
  }
}

void by_input(benchmark::State& state) {
  const FlushDenormals flush;
  Bench b(std::size_t(state.range(0)), wide, 0);
  for (auto _ : state) {
    b.product.by_input(b.pass, samples, b.y.data(), 0, b.x.data());
    benchmark::ClobberMemory();
  }
}

void sparse(benchmark::internal::Benchmark* each) {
  each->ArgNames({"longest", "percent"})->ArgsProduct({{25, 60}, {1, 5, 10, 20, 30, 50}});
}
void once(benchmark::internal::Benchmark* each) {
  each->ArgNames({"longest", "percent"})->ArgsProduct({{25, 60}, {10}});
}

BENCHMARK_CAPTURE(forward, wide, wide, Way::events)->Apply(sparse);
BENCHMARK_CAPTURE(forward, narrow, narrow, Way::events)->Apply(sparse);
BENCHMARK_CAPTURE(forward, judged, judged, Way::events)->Apply(sparse);
BENCHMARK_CAPTURE(forward, products, wide, Way::products)->Apply(once);
BENCHMARK_CAPTURE(by_weights, wide, wide, Way::events)->Apply(sparse);
BENCHMARK_CAPTURE(by_weights, narrow, narrow, Way::events)->Apply(sparse);
BENCHMARK_CAPTURE(by_weights, products, wide, Way::products)->Apply(once);
BENCHMARK(by_input)->Apply(once);

}  // namespace

BENCHMARK_MAIN();
