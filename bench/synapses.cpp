// Questions: what does it cost to draw Poisson input, to build a synapse, and to deliver a spike through it?
// One thread.
#include <benchmark/benchmark.h>

#include "encoders/poisson.hpp"
#include "networks/connect/connector.hpp"
#include "synapses/sparse.hpp"

namespace {

using namespace synfire;

benchmark::Counter per(benchmark::State& bench, double items) {
  return {double(bench.iterations()) * items * 1e-9,
          benchmark::Counter::kIsRate | benchmark::Counter::kInvert};
}

void poisson(benchmark::State& bench) {
  const double rate = double(bench.range(0));
  PoissonCounts counts(RandomKey(1, "bench"), Schedule{{{0, rate}}, {}}, 0, 1e9, Grid(0.1));
  std::vector<std::uint32_t> drawn(10000);
  Step step = 0;
  for (auto _ : bench) {
    counts.draw(step++, 0, drawn);
    benchmark::DoNotOptimize(drawn.data());
  }
  bench.counters["ns/draw"] = per(bench, double(drawn.size()));
}
BENCHMARK(poisson)->Arg(10)->Arg(20000);

std::unique_ptr<Connector> connector(const char* rule, const char* parameter, double value,
                                     std::uint32_t size) {
  ConnectDescription connect;
  connect.rule = rule;
  connect.parameters[parameter] = value;
  return make_connector(connect, {{size}, {size}, size, size, true, RandomKey(1, "bench")});
}

SparseBlock block_of(const Connector& rule, std::uint32_t size, bool one_weight, bool one_delay) {
  const Distribution weight(1.0);
  Distribution drawn;
  drawn.shape = Uniform{1, 40};
  std::vector<std::uint32_t> row;
  const RandomKey key(1, "values");
  return build_sparse(
      size, size, one_weight, one_delay,
      [&](std::uint32_t t) -> const std::vector<std::uint32_t>& {
        row.clear();
        rule.sources_of(t, row);
        return row;
      },
      [&](std::uint32_t t, std::uint32_t k) { return one_weight ? 0.5f : float(drawn.sample(key, t, k)); },
      [&](std::uint32_t t, std::uint32_t k) { return one_delay ? Step(15) : Step(drawn.sample(key, t, k)); });
}

void build(benchmark::State& bench, const char* rule, const char* parameter, double value, bool drawn) {
  constexpr std::uint32_t size = 10000;
  const auto made = connector(rule, parameter, value, size);
  double synapses = 0, bytes = 0;
  for (auto _ : bench) {
    const SparseBlock block = block_of(*made, size, !drawn, !drawn);
    synapses = double(block.synapses());
    bytes = double(block.bytes());
  }
  bench.counters["ns/synapse"] = per(bench, synapses);
  bench.counters["bytes/synapse"] = bytes / synapses;
}
BENCHMARK_CAPTURE(build, fixed_indegree_1000, "fixed_indegree", "indegree", 1000.0, false);
BENCHMARK_CAPTURE(build, fixed_probability_0_1, "fixed_probability", "p", 0.1, false);
BENCHMARK_CAPTURE(build, drawn_weights_and_delays, "fixed_indegree", "indegree", 1000.0, true);

void deliver(benchmark::State& bench) {
  constexpr std::uint32_t size = 10000;
  const bool weights = bench.range(0) != 0;
  const auto made = connector("fixed_indegree", "indegree", 1000, size);
  const SparseBlock block = block_of(*made, size, !weights, true);
  std::vector<float> input(size);
  RandomStream stream(RandomKey(1, "order"), 0);
  double events = 0;
  for (auto _ : bench) {  // one spike of a random source
    const auto source = stream.below(size);
    const std::uint64_t begin = block.row_begin[source];
    const auto count = static_cast<std::uint32_t>(block.row_begin[source + 1] - begin);
    block.deliver(begin, count, 1.0f, input.data());
    events += count;
  }
  bench.counters["ns/event"] =
      benchmark::Counter(events * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(deliver)->ArgName("weights")->Arg(0)->Arg(1);

}  // namespace

BENCHMARK_MAIN();
