// The event engine gives the same bits on any number of threads and shards, whatever is recorded and however
// the run is cut; and synapses that learn do so in continuous time.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include <unistd.h>

#include "sim/catalogue.hpp"
#include "sim/inspection/results.hpp"
#include "sim/output.hpp"
#include "sim/plan.hpp"
#include "tests/sim/networks.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

/// All models with an event form, recurrent, with drawn weights, delays and parameters, all kinds of sources,
/// coincident volleys, and synapses that learn.
const std::string mixed = R"(
synfire: 1
seed: 3
simulation: {duration: 120 ms, dt: 0.5 ms, engine: event}
populations:
  exc: {model: iaf_psc_exp, size: 120, params: {tau_m: {uniform: [15 ms, 20 ms]}}, init: {V_m: {uniform: [-70 mV, -55 mV]}}}
  inh: {model: iaf_psc_delta, size: 31, init: {V_m: {uniform: [-70 mV, -55 mV]}}}
  alpha: {model: iaf_psc_alpha, size: 20, params: {I_e: 380 pA}}
  tired: {model: lif_adaptive, size: 20, params: {I_e: 500 pA}}
  square: {model: qif_psc_delta, size: 7, params: {I_e: {uniform: [100 pA, 400 pA]}}}
  noise: {model: poisson, size: 120, params: {rate: {uniform: [0.5 kHz, 1.5 kHz]}}}
  volleys: {model: spike_list, spikes: [[10 ms, 50 ms, 50 ms], [10 ms, 91.1 ms], [20 ms]]}
  dc: {model: step_current, size: 1, params: {amplitude: 300 pA, start: 20.3 ms, stop: 90 ms}}
  jitter: {model: noise_current, size: 31, params: {mean: 250 pA, std: 300 pA, dt: 0.7 ms}}
projections:
  - {from: noise, to: exc, connect: one_to_one, weight: 120 pA, delay: 0.35 ms}
  - {from: exc, to: exc, connect: {fixed_indegree: 20}, weight: {uniform: [20 pA, 40 pA]}, delay: {uniform: [0.2 ms, 8 ms]}, plasticity: {stdp: {w_max: 60 pA, A_plus: 0.1, A_minus: 0.11}}}
  - {from: exc, to: inh, connect: {fixed_probability: 0.2}, weight: {lognormal: {mean: 0.6 mV, sd: 0.2 mV, min: 0 mV}}, delay: 0.7 ms}
  - {from: inh, to: exc, connect: {fixed_outdegree: 20}, weight: -50 pA, delay: {uniform: [0.4 ms, 3 ms]}, plasticity: {stdp_inhibitory: {w_max: 200 pA, eta: 0.05}, scaling: {beta: 0.4, w_max: 200 pA, every: 25 ms}}}
  - {from: inh, to: inh, connect: {fixed_total_number: 300}, weight: -0.4 mV, delay: 0.1 ms}
  - {from: exc, to: alpha, connect: {fixed_indegree: 10}, weight: 30 pA, delay: 1 ms, plasticity: {tsodyks_markram: {U: 0.4, tau_rec: 100 ms}}}
  - {from: alpha, to: tired, connect: {fixed_indegree: 5}, weight: 80 pA, delay: {uniform: [1 ms, 2 ms]}}
  - {from: tired, to: exc, connect: {fixed_indegree: 2}, weight: 60 pA, delay: 0.9 ms}
  - {from: exc, to: square, connect: {fixed_indegree: 10}, weight: 2 mV, delay: 1.5 ms}
  - {from: square, to: inh, connect: all_to_all, weight: 0.2 mV, delay: 2 ms}
  - {from: volleys, to: exc, connect: all_to_all, weight: 150 pA, delay: 1 ms}
  - {from: volleys, to: exc, connect: all_to_all, weight: -20 pA, delay: 1 ms}
  - {from: dc, to: square, connect: all_to_all, weight: {uniform: [0.8, 1.2]}}
  - {from: jitter, to: inh, connect: one_to_one}
record:
  exc: {spikes: all, V_m: {neurons: [0, 63, 119], every: 0.5 ms}, I_syn_ex: {neurons: "0:120:20"}}
  inh: {spikes: all, refractory: {neurons: "0:3", every: 10 ms}}
  alpha: {spikes: all}
  tired: {spikes: "0:10", w: all}
  square: {spikes: all}
  noise: {spikes: all}
  "exc->exc": {weights: {every: 40 ms}}
  "inh->exc": {weights: {at: [0 ms, 25 ms, 120 ms]}}
)";

/// Spikes, traces and weights of a run, as bytes.
std::string everything(const Ran& ran) {
  std::string bytes;
  const auto append = [&](const auto& values) {
    const std::uint64_t count = values.size();
    bytes.append(reinterpret_cast<const char*>(&count), sizeof count);
    bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(values[0]));
  };
  for (const auto& spikes : ran.sink.all()) append(spikes.times_ms), append(spikes.neurons);
  for (const auto& record : ran.network.records)
    for (std::size_t t = 0; t < record.traces.size(); ++t) append(ran.sink.trace(record.population, t));
  for (std::size_t r = 0; r < ran.network.weight_records.size(); ++r)
    for (const auto& [point, table] : ran.sink.weights_of(r)) append(table.sources), append(table.weights);
  return bytes;
}

TEST(EventSame, spikes_traces_and_weights_do_not_depend_on_threads_or_shards_to_the_bit) {
  const auto network = network_of(mixed);
  const auto yardstick = run(network, with(1, 1));
  for (const char* population : {"exc", "inh", "alpha", "tired", "square"}) {
    const auto& spikes = yardstick.spikes(population);
    EXPECT_GT(spikes.times_ms.size(), 20u) << population << " is too quiet for this test to mean anything";
    EXPECT_TRUE(std::is_sorted(spikes.times_ms.begin(), spikes.times_ms.end()));
  }
  EXPECT_EQ(yardstick.sink.weights_of(0).size(), 3u);
  EXPECT_EQ(yardstick.sink.weights_of(1).size(), 3u);
  const std::string expected = everything(yardstick);
  for (const unsigned threads : {1u, 2u, 4u}) {
    for (const unsigned shards : {1u, 2u, 3u, 7u}) {
      SCOPED_TRACE(fmt::format("{} threads, {} shards", threads, shards));
      const auto ran = run(network, with(threads, shards));
      EXPECT_EQ(ran.result.shards, shards);
      EXPECT_TRUE(everything(ran) == expected);
      EXPECT_EQ(ran.result.synaptic_events, yardstick.result.synaptic_events);
      EXPECT_EQ(ran.result.synapses, yardstick.result.synapses);
    }
  }
  EXPECT_FALSE(everything(run(network_of(mixed, {"seed=4"}))) == expected)
      << "another seed is another network";
}

TEST(EventSame, recording_less_changes_no_spike) {
  const auto full = run(network_of(mixed), with(2, 2));
  auto network = network_of(mixed);
  network.records.resize(1);
  network.records[0].traces.clear();
  network.weight_records.clear();
  const auto bare = run(network, with(2, 2));
  EXPECT_EQ(bare.spikes("exc"), full.spikes("exc"));
}

TEST(EventSame, a_run_in_pieces_is_the_same_run) {
  const auto whole = run(network_of(mixed), with(2, 2));
  Simulation simulation(network_of(mixed), with(2, 3));
  MemorySink sink(simulation.network());
  Engine& engine = simulation.engine();
  engine.start(sink);
  for (const Step until : {1, 7, 8, 130, 240}) EXPECT_TRUE(engine.advance(until));
  const RunResult result = engine.finish();
  EXPECT_EQ(result.steps, 240);
  EXPECT_TRUE(everything({simulation.network(), result, std::move(sink)}) == everything(whole));
}

TEST(EventSame, dt_places_frames_and_nothing_else) {
  const auto coarse = run(network_of(mixed, {"simulation.dt=2.5 ms", "record={exc: {spikes: all}}"}));
  const auto fine = run(network_of(mixed, {"simulation.dt=0.1 ms", "record={exc: {spikes: all}}"}));
  EXPECT_EQ(coarse.spikes("exc"), fine.spikes("exc"));
}

// Synapses that a spike went through, counted from the rules: those whose delay ends within the run.
TEST(EventSame, every_spike_goes_through_each_of_its_synapses_once) {
  auto network = network_of(mixed, {"record={}"});
  for (std::size_t p = 0; p < network.populations.size(); ++p)
    if (!is_signal_model(network.populations[p].model)) network.records.push_back({p, Selection{}, {}});
  const auto ran = run(network, with(2, 3));
  std::uint64_t events = 0;
  for (const auto& plan : plan_projections({ran.network, Grid(ran.network.simulation.dt)}, false)) {
    if (plan.is_current) continue;
    std::vector<std::vector<double>> delays(plan.from->size());
    std::vector<std::uint32_t> sources;
    for (std::uint32_t t = 0; t < plan.to->size(); ++t) {
      sources.clear();
      plan.connector->sources_of(t, sources);
      for (std::uint32_t k = 0; k < sources.size(); ++k) delays[sources[k]].push_back(plan.delay_ms(t, k));
    }
    const auto& spikes = ran.sink.of(plan.description->from);
    for (std::size_t s = 0; s < spikes.times_ms.size(); ++s)
      for (const double delay : delays[spikes.neurons[s]]) events += spikes.times_ms[s] + delay <= 120;
  }
  EXPECT_EQ(ran.result.synaptic_events, events);
  EXPECT_GT(events, 10'000u);
}

// ---- Files and statistics ----

TEST(EventFile, holds_exact_times_and_says_how_far_the_run_came) {
  const std::string path =
      (std::filesystem::temp_directory_path() / fmt::format("synfire-event-{}.h5", getpid())).string();
  const auto network = network_of(mixed);
  Simulation simulation(network, with(2, 2));
  {
    ResultFile file(path, true, simulation.network(), with(2, 2));
    file.finish(simulation.run(file));
  }
  const auto memory = run(network);
  {
    const ResultReader reader(path);
    EXPECT_EQ(reader.provenance().status, "complete");
    EXPECT_EQ(reader.provenance().completed_ms, 120);
    const auto population = reader.select({"exc"}).at(0);
    const SpikeTrain train = reader.spikes(population, reader.recorded());
    const auto& expected = memory.spikes("exc");
    ASSERT_EQ(train.times_ms.size(), expected.times_ms.size());
    EXPECT_EQ(train.times_ms, expected.times_ms);
    EXPECT_TRUE(std::equal(train.ids.begin(), train.ids.end(), expected.neurons.begin()));
  }
  std::filesystem::remove(path);
}

// Current-based excitation and inhibition in balance: chaotic, so spikes differ, but rates and scatter do
// not.
TEST(EventStatistics, rates_and_scatter_are_those_of_the_batched_engine) {
  const std::string text = R"(
synfire: 1
simulation: {duration: 1 s, dt: 0.1 ms}
populations:
  exc: {model: iaf_psc_exp, size: 400, params: {tau_m: 20 ms, E_L: -49 mV, V_th: -50 mV, V_reset: -60 mV, t_ref: 5 ms, C_m: 200 pF, tau_syn_ex: 5 ms, tau_syn_in: 10 ms}, init: {V_m: {uniform: [-60 mV, -50 mV]}}}
  inh: {model: iaf_psc_exp, size: 100, params: {tau_m: 20 ms, E_L: -49 mV, V_th: -50 mV, V_reset: -60 mV, t_ref: 5 ms, C_m: 200 pF, tau_syn_ex: 5 ms, tau_syn_in: 10 ms}, init: {V_m: {uniform: [-60 mV, -50 mV]}}}
projections:
  - {from: exc, to: exc, connect: {fixed_probability: 0.1}, weight: 25 pA, delay: 0.5 ms}
  - {from: exc, to: inh, connect: {fixed_probability: 0.1}, weight: 25 pA, delay: 0.5 ms}
  - {from: inh, to: exc, connect: {fixed_probability: 0.1}, weight: -140 pA, delay: 0.5 ms}
  - {from: inh, to: inh, connect: {fixed_probability: 0.1}, weight: -140 pA, delay: 0.5 ms}
)";
  const auto event = run(network_of(text, {"simulation.engine=event"}));
  const auto batched = run(network_of(text));
  for (std::size_t p = 0; p < 2; ++p) {
    const auto &a = event.result.populations[p], &b = batched.result.populations[p];
    EXPECT_GT(a.rate_hz, 2);
    EXPECT_NEAR(a.rate_hz / b.rate_hz, 1, 0.1) << a.name;
    EXPECT_NEAR(a.cv_isi, b.cv_isi, 0.1) << a.name;
  }
}

// ---- Learning in continuous time ----

/// One synapse of a cell that spikes when the teacher does; the weight after the run, in units of w_max.
double learned(const std::string& rule, const std::string& pre, const std::string& post) {
  const auto ran = run(fmt::format(R"(
synfire: 1
simulation: {{duration: 400 ms, engine: event}}
populations:
  cell: {{model: iaf_psc_delta, size: 1, params: {{t_ref: 0.1 ms}}}}
  pre: {{model: spike_list, spikes: [[{}]]}}
  teacher: {{model: spike_list, spikes: [[{}]]}}
projections:
  - {{name: learns, from: pre, to: cell, connect: one_to_one, weight: 0.0005 mV, delay: 0.375 ms, plasticity: {{{}}}}}
  - {{from: teacher, to: cell, connect: one_to_one, weight: 100 mV, delay: 0.5 ms}}
record: {{learns: {{weights: {{at: [400 ms]}}}}}}
)",
                                   pre, post, rule));
  return double(ran.sink.weights_of(0).at(0).second.weights.at(0)) / 0.001;
}

// Pairs at distances that no grid knows. Weights are recorded in single precision.
TEST(EventLearning, the_window_of_a_pair_is_exact_at_any_distance) {
  const std::string rule =
      "stdp: {w_max: 0.001 mV, A_plus: 0.02, A_minus: 0.03, tau_plus: 17 ms, tau_minus: 31 ms}";
  for (const double distance : {-60.123, -7.7071, -0.0123, 0.0123, 1.61803, 25.1234}) {
    // arrival at 100.375, spike of the cell at 100.375 + distance
    const double change = learned(rule, "100 ms", fmt::format("{:.17g} ms", 99.875 + distance)) - 0.5;
    const double expected = distance > 0 ? 0.02 * std::exp(-distance / 17) : -0.03 * std::exp(distance / 31);
    EXPECT_NEAR(change, expected, 1e-7) << distance;
  }
}

TEST(EventLearning, at_equal_times_the_arrival_comes_first) {
  const std::string rule = "stdp: {w_max: 0.001 mV, A_plus: 0.02, A_minus: 0.03}";
  EXPECT_NEAR(learned(rule, "100 ms", "99.875 ms") - 0.5, 0.02, 1e-7);
}

TEST(EventLearning, triplets_and_all_pairs_count) {
  // pre at 50.375 and 90.375, post at 60 and 100: pairs and the triplet post-pre-post.
  const std::string rule =
      "stdp_triplet: {w_max: 0.001 mV, tau_plus: 16.8 ms, tau_minus: 33.7 ms, tau_y: 114 ms, A2_plus: 0.01, "
      "A3_plus: 0.02, A2_minus: 0.005, A3_minus: 0}";
  const auto trace = [](double tau, std::initializer_list<double> ages) {
    double sum = 0;
    for (const double age : ages) sum += std::exp(-age / tau);
    return sum;
  };
  const double expected = trace(16.8, {9.625}) * 0.01                                         // at 60
                          - trace(33.7, {30.375}) * 0.005                                     // at 90.375
                          + trace(16.8, {9.625, 49.625}) * (0.01 + 0.02 * trace(114, {40}));  // at 100
  EXPECT_NEAR(learned(rule, "50 ms, 90 ms", "59.5 ms, 99.5 ms") - 0.5, expected, 1e-7);
}

TEST(EventLearning, depression_and_recovery_follow_the_waiting_times) {
  const auto ran = run(R"(
synfire: 1
simulation: {duration: 100 ms, engine: event}
populations:
  cell: {model: iaf_psc_delta, size: 1, params: {tau_m: 1e9 s, E_L: 0 mV, V_reset: 0 mV, V_th: 1e6 mV}}
  pre: {model: spike_list, spikes: [[10 ms, 23.7 ms, 61.21 ms]]}
projections: [{from: pre, to: cell, connect: one_to_one, weight: 100 mV, delay: 0.31 ms, plasticity: {tsodyks_markram: {U: 0.4, tau_rec: 50 ms, tau_fac: 30 ms}}}]
record: {cell: {V_m: {neurons: all, every: 100 ms}}}
)");
  double x = 1, u = 0.4, sum = 0, last = 0;
  for (const double t : {10.0, 23.7, 61.21}) {
    if (last > 0) {
      x = 1 + (x - u * x - 1) * std::exp(-(t - last) / 50);
      u = 0.4 + u * 0.6 * std::exp(-(t - last) / 30);
    }
    sum += 100 * u * x;
    last = t;
  }
  EXPECT_NEAR(ran.trace("cell").at(0), sum, 1e-5);
}

// The batched engine's synapses come to the same weights as dt shrinks.
TEST(EventLearning, batched_learning_converges_to_it) {
  const std::string text = R"(
synfire: 1
simulation: {duration: 300 ms, dt: 0.1 ms}
populations:
  cell: {model: iaf_psc_delta, size: 20, params: {I_e: {uniform: [380 pA, 450 pA]}}}
  input: {model: spike_list, spikes: [[5 ms, 40 ms, 110 ms, 190 ms], [17 ms, 93 ms, 231 ms], [60 ms, 70 ms, 80 ms, 270 ms]]}
projections:
  - {name: learns, from: input, to: cell, connect: all_to_all, weight: 0.0005 mV, delay: 1.6 ms, plasticity: {stdp: {w_max: 0.001 mV, A_plus: 0.05, A_minus: 0.04}}}
record: {learns: {weights: {at: [300 ms]}}}
)";
  const auto weights = [&](const std::vector<std::string>& set) {
    const auto ran = run(network_of(text, set));
    return ran.sink.weights_of(0).at(0).second.weights;
  };
  const auto exact = weights({"simulation.engine=event"});
  const auto error = [&](const char* dt) {
    const auto ran = weights({std::string("simulation.dt=") + dt});
    double sum = 0;
    for (std::size_t k = 0; k < exact.size(); ++k) sum += std::abs(double(ran[k]) - double(exact[k])) / 0.001;
    return sum / double(exact.size());
  };
  const double coarse = error("0.2 ms"), fine = error("0.025 ms");
  EXPECT_GT(coarse, 1e-4);
  EXPECT_LT(fine, coarse / 5) << "order 1: an eighth, give or take pairs whose order a step hides";
}

}  // namespace
}  // namespace synfire
