// Question: which queue should the event engine use? The hold model: a queue of n events gives back the first
// and takes one later, again and again; how much later is drawn from a distribution. Also as the engine does
// it: most events a delay ahead, some far.
//   bench_queues
#include <benchmark/benchmark.h>

#include "core/random.hpp"
#include "sim/event/queue.hpp"

namespace {

using namespace synfire;

enum Waits { exponential, uniform, delays, clustered };

/// Waiting times, drawn beforehand.
std::vector<double> waits(Waits kind) {
  RandomStream stream(RandomKey(1, "bench"), 0);
  std::vector<double> drawn(1 << 16);
  for (double& wait : drawn) {
    const double u = stream.uniform();
    switch (kind) {
      case exponential:
        wait = stream.exponential();
        break;
      case uniform:
        wait = 2 * u;
        break;
      case delays:  // one delay for nearly all, a rate of a few Hz for the others
        wait = u < 0.9 ? 1.5 : 200 * stream.exponential();
        break;
      case clustered:  // many at nearly one time
        wait = u < 0.5 ? 1e-3 * stream.uniform() : 10;
        break;
    }
  }
  return drawn;
}

template <class Queue> void hold(benchmark::State& state) {
  const auto later = waits(static_cast<Waits>(state.range(1)));
  Queue queue;
  std::size_t k = 0;
  const auto next = [&] { return later[k++ & (later.size() - 1)]; };
  for (std::int64_t i = 0; i < state.range(0); ++i) queue.push({next(), std::uint64_t(i)});
  for (std::int64_t i = 0; i < 4 * state.range(0); ++i) {
    QueuedEvent event = queue.pop();
    event.time += next();
    queue.push(event);
  }
  for (auto _ : state) {
    QueuedEvent event = queue.pop();
    event.time += next();
    queue.push(event);
  }
  state.SetItemsProcessed(state.iterations());
}

void sizes(benchmark::internal::Benchmark* bench) {
  for (const std::int64_t kind : {exponential, uniform, delays, clustered})
    for (const std::int64_t size : {100, 10'000, 1'000'000}) bench->Args({size, kind});
}

BENCHMARK(hold<BinaryHeap>)->Apply(sizes);
BENCHMARK(hold<CalendarQueue>)->Apply(sizes);

}  // namespace

BENCHMARK_MAIN();
