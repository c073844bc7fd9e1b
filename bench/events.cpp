// Questions: does the cost of an event stay the same whatever the rate is, and below which rate is the event
// engine faster than the batched one (dt 0.1 ms)? 100,000 iaf_psc_exp neurons with 100 synapses each, weights
// too small to matter, spikes kept at a rate by a constant current: so the events are counted beforehand. An
// event is a spike of a neuron or its arrival at one. Nothing is recorded. Times are of the processor, so
// that others on the machine disturb less.
//   bench_events [--threads N] [--neurons N] [--synapses K] [--repeats R]
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "io/yaml.hpp"
#include "networks/parse.hpp"
#include "sim/simulation.hpp"

namespace {

using namespace synfire;

class NoSink final : public RecordSink {
 public:
  void spikes(std::size_t, std::span<const Step>, std::span<const std::uint32_t>) override {}
  void spike_times(std::size_t, std::span<const double>, std::span<const std::uint32_t>) override {}
  void frames(std::size_t, std::size_t, std::span<const float>) override {}
  void flush(Step) override {}
};

struct Options {
  unsigned threads = 1, neurons = 100'000, synapses = 100, repeats = 3;
};

/// With tau_m = T/3 and E_L = V_reset the membrane passes 95 % of the way to its balance in an interval T, so
/// the threshold is put there; initial potentials are spread so that spikes are.
NetworkDescription network(const Options& options, double rate_hz, const std::string& engine,
                           double seconds) {
  const double interval = 1000 / rate_hz - 2, tau = interval / 3;
  const double balance = -70 + 15 / (1 - std::exp(-3.0)), current = (balance + 70) * 250 / tau;
  const std::string text =
      fmt::format(R"(
synfire: 1
simulation: {{duration: {:.1f} ms, dt: 0.1 ms, engine: {}}}
populations:
  cell:
    model: iaf_psc_exp
    size: {}
    params: {{tau_m: {:.9g} ms, I_e: {:.9g} pA}}
    init: {{V_m: {{uniform: [-70 mV, -55 mV]}}}}
projections:
  - {{from: cell, to: cell, connect: {{fixed_indegree: {}}}, weight: 1e-4 pA, delay: 1.5 ms}}
record: {{}}
)",
                  seconds * 1000, engine, options.neurons, tau, current, options.synapses);
  return parse_network(parse_yaml(text, "bench.yaml"));
}

struct Cost {
  double cpu_per_s, ns_per_event, rate_hz;
};

Cost measure(const Options& options, double rate_hz, const std::string& engine) {
  // Enough events to measure, and no more than a few seconds of work.
  const double events_per_s = options.neurons * rate_hz * (options.synapses + 1.0);
  const double seconds =
      engine == "event" ? std::clamp(std::round(1e7 / events_per_s * 10) / 10, 0.5, 10.0) : 0.5;
  RunOptions run;
  run.threads = options.threads;
  std::vector<Cost> costs;
  for (unsigned repeat = 0; repeat < options.repeats; ++repeat) {
    NoSink sink;
    Simulation simulation(network(options, rate_hz, engine, seconds), run);
    const std::clock_t start = std::clock();
    const RunResult result = simulation.run(sink);
    const double cpu_s = double(std::clock() - start) / CLOCKS_PER_SEC;
    const double events = double(result.synaptic_events + result.populations[0].spikes);
    costs.push_back({cpu_s / seconds, cpu_s * 1e9 / events, result.populations[0].rate_hz});
  }
  std::sort(costs.begin(), costs.end(),
            [](const Cost& a, const Cost& b) { return a.cpu_per_s < b.cpu_per_s; });
  return costs[costs.size() / 2];
}

}  // namespace

int main(int count, char** values) {
  CLI::App app("cost of events");
  Options options;
  app.add_option("--threads", options.threads);
  app.add_option("--neurons", options.neurons);
  app.add_option("--synapses", options.synapses);
  app.add_option("--repeats", options.repeats)->check(CLI::PositiveNumber);
  CLI11_PARSE(app, count, values);

  const std::vector<double> rates = {0.1, 1, 10};
  std::vector<Cost> event, batched;
  fmt::print("{} neurons, {} synapses each, {} threads; medians of {}\n", options.neurons, options.synapses,
             options.threads, options.repeats);
  fmt::print("{:>8}  {:>14}  {:>14}  {:>16}\n", "rate Hz", "event: s per s", "ns per event",
             "batched: s per s");
  for (const double rate : rates) {
    event.push_back(measure(options, rate, "event"));
    batched.push_back(measure(options, rate, "batched"));
    fmt::print("{:>8.3f}  {:>14.3f}  {:>14.1f}  {:>16.3f}\n", event.back().rate_hz, event.back().cpu_per_s,
               event.back().ns_per_event, batched.back().cpu_per_s);
    std::fflush(stdout);
  }
  const auto [least, most] =
      std::minmax_element(event.begin(), event.end(),
                          [](const Cost& a, const Cost& b) { return a.ns_per_event < b.ns_per_event; });
  fmt::print("cost per event: {:.1f} to {:.1f} ns, a factor of {:.2f}\n", least->ns_per_event,
             most->ns_per_event, most->ns_per_event / least->ns_per_event);
  // Where the two curves cross, on logarithmic scales.
  for (std::size_t k = 0; k + 1 < rates.size(); ++k) {
    const double below = std::log(event[k].cpu_per_s / batched[k].cpu_per_s);
    const double above = std::log(event[k + 1].cpu_per_s / batched[k + 1].cpu_per_s);
    if (below > 0 || above <= 0) continue;
    const double crossing =
        std::exp(std::log(rates[k]) - below / (above - below) * std::log(rates[k + 1] / rates[k]));
    fmt::print("the event engine is faster below {:.2g} Hz\n", crossing);
    return 0;
  }
  fmt::print("the event engine is {} at all of these rates\n",
             event.back().cpu_per_s < batched.back().cpu_per_s ? "faster" : "slower");
}
