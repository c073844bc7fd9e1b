// Question: how long does a flex layer take against its convolution alone, forward and backward?
// A part of a batch, 8 maps of an early and a late layer of VGG-11, one thread.
#include <random>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "core/denormals.hpp"
#include "io/yaml.hpp"
#include "learning/gradient/layers.hpp"
#include "learning/gradient/products.hpp"
#include "networks/parse_layers.hpp"

namespace {

using namespace synfire;
using namespace synfire::learning;

struct Shape {
  FeatureShape in;
  int channels, stride;
};
constexpr Shape shapes[] = {
    {{32, 32, 64}, 64, 1}, {{32, 32, 64}, 128, 2}, {{8, 8, 256}, 512, 1}, {{4, 4, 512}, 512, 2}};
constexpr const char* kinds[] = {"{conv: {channels: %, stride: @, padding: 1}}",
                                 "{flex: {channels: %, stride: @, norm: false}}",
                                 "{flex: {channels: %, stride: @}}",
                                 "{flex: {channels: %, stride: @, logits: conv, granularity: spatial}}"};

std::string text_of(const Shape& shape, std::string kind) {
  kind.replace(kind.find('%'), 1, std::to_string(shape.channels));
  kind.replace(kind.find('@'), 1, std::to_string(shape.stride));
  return "[{input: events}, " + kind + "]";
}

// A layer between arrays of noise.
struct Bench {
  explicit Bench(const Shape& of, const std::string& kind)
      : in{of.in, false},
        layer(make_layer<float>(parse::parse_layers(parse_yaml(text_of(of, kind), "bench.yaml"))[1],
                                std::span(&in, 1), LayerContext{.surrogate = Surrogate({.name = "arctan"})})),
        input(maps * of.in.size()),
        d_input(input.size()),
        output(maps * layer->shape().features.size()),
        d_output(output.size()) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    for (float& x : input) x = normal(random);
    for (float& x : d_output) x = normal(random);
    pass.training = pass.backward = true, pass.samples = maps;
  }
  void begin() { layer->begin(pass, std::span(&maps, 1), spare); }
  void forward() {
    const float* from = input.data();
    layer->before_forward(pass);
    for (int round = 0; round < layer->rounds(pass); ++round) {
      layer->forward(pass, {0, maps, 0, std::span(&from, 1), output.data(), nullptr, {}}, round);
      layer->after_forward_round(pass, round);
    }
    layer->after_forward(pass);
  }
  void backward() {
    const float* from = input.data();
    float* to = d_input.data();
    layer->before_backward(pass);
    for (int round = 0; round < layer->rounds(pass); ++round) {
      layer->backward(
          pass, {0, maps, 0, std::span(&from, 1), output.data(), d_output.data(), std::span(&to, 1)}, round);
      layer->after_backward_round(pass, round);
    }
    layer->gather(pass);
  }

  std::size_t maps = 8;
  Pass pass;
  SpareArrays<float> spare;
  SignalShape in;
  std::unique_ptr<Layer<float>> layer;
  std::vector<float> input, d_input, output, d_output;
};

template <bool back> void flex(benchmark::State& state) {
  keep_to_this_thread();
  const FlushDenormals flush;
  Bench bench(shapes[state.range(0)], kinds[state.range(1)]);
  state.SetLabel(text_of(shapes[state.range(0)], kinds[state.range(1)]));
  bench.begin();
  bench.forward();
  for (auto _ : state) {
    if (back) {
      state.PauseTiming();
      bench.begin();
      state.ResumeTiming();
      bench.backward();
    } else {
      bench.begin();
      bench.forward();
    }
  }
}
BENCHMARK(flex<false>)->Name("forward")->ArgsProduct({{0, 1, 2, 3}, {0, 1, 2, 3}});
BENCHMARK(flex<true>)->Name("backward")->ArgsProduct({{0, 1, 2, 3}, {0, 1, 2, 3}});

}  // namespace

BENCHMARK_MAIN();
