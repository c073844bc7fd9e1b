// How long the artificial cochlea takes for a second of sound, on one core.
#include "encoders/cochlea.hpp"

#include <benchmark/benchmark.h>
#include <tbb/task_arena.h>

#include "core/random.hpp"

namespace synfire {
namespace {

// One second of noise, which moves every place, at 48 kHz. The counter is biological time by wall time.
void Hear(benchmark::State& state) {
  const Cochlea cochlea;
  std::vector<float> sound(static_cast<std::size_t>(48000 * state.range(0) / 1000));
  RandomStream stream(RandomKey(1, "noise"), 0);
  for (float& sample : sound) sample = static_cast<float>(stream.normal());
  tbb::task_arena one(1);
  std::size_t spikes = 0;
  for (auto _ : state) one.execute([&] { spikes = cochlea.spikes(sound, RandomKey(1, "cochlea")).size(); });
  const double seconds = double(state.range(0)) * 1e-3 * double(state.iterations());
  state.counters["times_real_time"] = benchmark::Counter(seconds, benchmark::Counter::kIsRate);
  state.counters["spikes"] = double(spikes);
}
BENCHMARK(Hear)->ArgName("ms")->Arg(500)->Arg(1000)->Arg(1001)->Unit(benchmark::kMillisecond);

void Tabulate(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Cochlea().channels());
}
BENCHMARK(Tabulate)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace synfire

BENCHMARK_MAIN();
