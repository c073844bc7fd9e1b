// Question: from which density of connections on is a dense product faster than going through those that are
// left? Weights [256, 700] and [256, 256]; 1600 rows (all steps of a part) or 16 (one step of it); one
// thread.
#include <random>

#include <benchmark/benchmark.h>

#include "core/denormals.hpp"
#include "learning/gradient/dense_product.hpp"

namespace {

using namespace synfire;
using namespace synfire::learning;

struct Bench {
  Bench(std::size_t targets, std::size_t sources, double density, std::size_t rows) {
    w.name = "w";
    w.shape = {targets, sources};
    std::mt19937 random(1);
    std::uniform_real_distribution<float> uniform;
    for (std::size_t i = 0; i < targets * sources; ++i) {
      w.pruned.push_back(uniform(random) < density ? 0 : 1);
      w.values.push_back(w.pruned.back() != 0 ? 0 : uniform(random));
    }
    w.gradient.resize(w.size());
    x.resize(rows * sources), y.resize(rows * targets);
    for (auto& value : x) value = uniform(random);
    for (auto& value : y) value = uniform(random);
  }
  Weights<float> w;
  std::vector<float> x, y;
};

enum Way { forward, by_input, by_weights };

void run(benchmark::State& state, Way way, bool listed) {
  const FlushDenormals flush;
  const auto targets = std::size_t(256), sources = std::size_t(state.range(0)),
             rows = std::size_t(state.range(1));
  Bench b(targets, sources, double(state.range(2)) / 100, rows);
  const KeptConnections<float> kept(b.w);
  for (auto _ : state) {
    if (way == forward) {
      listed ? kept.by_target(b.x.data(), rows, false, b.y.data())
             : multiply(Transposed::no, Transposed::yes, rows, targets, sources, b.x.data(),
                        b.w.values.data(), 0.0f, b.y.data());
    } else if (way == by_input) {
      listed ? kept.by_source(b.y.data(), rows, false, b.x.data())
             : multiply(Transposed::no, Transposed::no, rows, sources, targets, b.y.data(), b.w.values.data(),
                        0.0f, b.x.data());
    } else {
      listed ? kept.gradient(b.x.data(), b.y.data(), rows, false, b.w.gradient.data())
             : multiply(Transposed::yes, Transposed::no, targets, sources, rows, b.y.data(), b.x.data(), 0.0f,
                        b.w.gradient.data());
    }
    benchmark::DoNotOptimize(b.y.data());
    benchmark::ClobberMemory();
  }
}

void sizes(benchmark::internal::Benchmark* each, const std::vector<std::int64_t>& densities) {
  each->ArgNames({"sources", "rows", "percent"})->ArgsProduct({{256, 700}, {16, 1600}, densities});
}
void dense(benchmark::internal::Benchmark* each) { sizes(each, {100}); }
void listed(benchmark::internal::Benchmark* each) { sizes(each, {2, 5, 10, 15, 20, 30}); }

BENCHMARK_CAPTURE(run, forward_dense, forward, false)->Apply(dense);
BENCHMARK_CAPTURE(run, forward_listed, forward, true)->Apply(listed);
BENCHMARK_CAPTURE(run, by_input_dense, by_input, false)->Apply(dense);
BENCHMARK_CAPTURE(run, by_input_listed, by_input, true)->Apply(listed);
BENCHMARK_CAPTURE(run, by_weights_dense, by_weights, false)->Apply(dense);
BENCHMARK_CAPTURE(run, by_weights_listed, by_weights, true)->Apply(listed);

}  // namespace

BENCHMARK_MAIN();
