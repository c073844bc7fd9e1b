// Samples one after the other: neurons begin anew, spikes under way are forgotten, numbers flow in.
#include <algorithm>
#include <array>

#include <gtest/gtest.h>

#include "io/yaml.hpp"
#include "networks/parse.hpp"
#include "sim/catalogue.hpp"
#include "sim/simulation.hpp"

namespace synfire {
namespace {

constexpr Step period = 40;

/// Two populations, one behind the other; the first is given currents, or jumps of its potential.
NetworkDescription network_of(const std::string& engine, std::size_t receptor) {
  NetworkDescription network = parse_network(parse_yaml(R"(synfire: 1
simulation: {duration: 121 ms, dt: 1 ms}
populations:
  a: {model: iaf_psc_delta, size: 3, params: {t_ref: 0 ms}}
  b: {model: iaf_psc_delta, size: 2}
projections: [{from: a, to: b, connect: all_to_all, weight: 9 mV, delay: 5 ms}]
record: {a: {spikes: all, V_m: {every: 1 ms}}, b: {spikes: all}}
)",
                                                        "net.yaml"));
  network.simulation.engine = engine;
  network.populations.push_back(fed_population("given", 3));
  ProjectionDescription projection;
  projection.name = "given->a";
  projection.from = 2, projection.to = 0;
  projection.connect.rule = "one_to_one";
  projection.receptor = receptor;
  network.projections.push_back(projection);
  return network;
}

template <class Steer>
MemorySink ran(const NetworkDescription& network, unsigned threads, const Steer& steer) {
  RunOptions options;
  options.threads = options.shards = threads;
  Simulation simulation(network, options);
  MemorySink sink(simulation.network());
  simulation.run(sink, [&](Engine& engine) {
    engine.advance(1);
    steer(engine, *engine.stage());
  });
  return sink;
}

constexpr std::array given{5.0, 3.0, 0.0};  // mV in each step

std::vector<double> times_of(const MemorySink::Spikes& spikes) {
  std::vector<double> times = spikes.times_ms;
  for (const Step step : spikes.steps) times.push_back(double(step + 1));
  return times;
}

TEST(Stage, EverySampleIsTheFirst) {
  for (const char* engine : {"batched", "event"})
    for (const unsigned threads : {1u, 2u}) {
      SCOPED_TRACE(engine);
      const auto shown = ran(network_of(engine, 0), threads, [](Engine& run, Stage& stage) {
        for (Step sample = 0; sample < 3; ++sample) {
          for (const std::size_t population : {0, 1}) stage.restart(population);
          stage.hold(2, given);
          run.advance(1 + sample * period + 17);  // in the middle of what is going on
          stage.hold(2, {});
          run.advance(1 + (sample + 1) * period);
        }
      });
      for (const std::size_t population : {0, 1}) {
        const auto times = times_of(shown.of(population));
        const auto& neurons = shown.of(population).neurons;
        ASSERT_EQ(times.size() % 3, 0u);
        const std::size_t each = times.size() / 3;
        EXPECT_GE(each, 2u) << population;
        for (std::size_t k = each; k < times.size(); ++k) {
          EXPECT_EQ(times[k], times[k - each] + double(period));
          EXPECT_EQ(neurons[k], neurons[k - each]);
        }
      }
    }
}

TEST(Stage, SpikesUnderWayAreForgotten) {
  for (const char* engine : {"batched", "event"})
    for (const unsigned threads : {1u, 2u})
      for (const bool forgets : {false, true}) {
        const auto shown = ran(network_of(engine, 0), threads, [&](Engine& run, Stage& stage) {
          stage.hold(2, std::array{20.0, 20.0, 20.0});
          run.advance(2);
          stage.hold(2, {});
          run.advance(6);  // the spikes of 2 ms are to arrive at 7 ms
          if (forgets) stage.restart(0);
          run.advance(20);
        });
        EXPECT_EQ(times_of(shown.of(0)), std::vector<double>(3, 2.0)) << engine;
        EXPECT_EQ(times_of(shown.of(1)), std::vector<double>(forgets ? 0 : 2, 7.0)) << engine;
      }
}

TEST(Stage, EnginesAreGivenTheSame) {
  for (const std::size_t receptor : {0, 1}) {
    const auto potentials = [&](const char* engine) {
      return ran(network_of(engine, receptor), 1,
                 [&](Engine& run, Stage& stage) {
                   for (const double factor : {0.5, 0.25, -1.0}) {
                     std::vector<double> now(given.begin(), given.end());
                     for (double& value : now) value *= factor * (receptor == 0 ? 1 : 50);
                     stage.hold(2, now);
                     run.advance(factor == 0.5 ? 3 : factor == 0.25 ? 9 : 20);
                   }
                 })
          .trace(0, 0);
    };
    const auto batched = potentials("batched"), event = potentials("event");
    ASSERT_EQ(batched.size(), 60u);
    ASSERT_EQ(event.size(), batched.size());
    EXPECT_GT(*std::max_element(batched.begin(), batched.end()), -69);
    for (std::size_t k = 0; k < batched.size(); ++k) EXPECT_NEAR(event[k], batched[k], 1e-4) << k;
  }
}

}  // namespace
}  // namespace synfire
