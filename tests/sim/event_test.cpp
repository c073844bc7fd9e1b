// The event engine: exact times against an oracle that knows none of its formulas, convergence of the batched
// engine to it, sameness on any machine, moments in which several things happen, and what it refuses.
#include "tests/sim/event_oracle.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

/// Spikes of one population, by time.
Oracle::Spikes timed(const MemorySink::Spikes& spikes) {
  Oracle::Spikes made;
  for (std::size_t k = 0; k < spikes.times_ms.size(); ++k)
    made.emplace_back(spikes.times_ms[k], spikes.neurons[k]);
  return made;
}

/// The spike times of one neuron in ms.
std::vector<double> times_of(const Ran& ran, const std::string& population, std::uint32_t neuron = 0) {
  std::vector<double> times;
  for (const auto& [time, i] : timed(ran.spikes(population)))
    if (i == neuron) times.push_back(time);
  return times;
}

/// A recurrent network of 24 neurons of one model, driven by Poisson spikes and a constant current, with
/// drawn weights, parameters and delays that know no grid.
std::string small_network(const std::string& model, const std::string& params, const std::string& weight,
                          const std::string& inhibition) {
  return fmt::format(R"(
synfire: 1
seed: 5
simulation: {{duration: 80 ms, engine: event}}
populations:
  exc: {{model: {0}, size: 16, params: {{{1}}}}}
  inh: {{model: {0}, size: 8, params: {{{1}}}}}
  noise: {{model: poisson, size: 10, params: {{rate: 200 Hz}}}}
projections:
  - {{from: noise, to: exc, connect: {{fixed_indegree: 3}}, weight: {2}, delay: {{uniform: [0.01 ms, 3 ms]}}}}
  - {{from: exc, to: exc, connect: {{fixed_indegree: 4}}, weight: {2}, delay: {{uniform: [0.05 ms, 7 ms]}}}}
  - {{from: exc, to: inh, connect: {{fixed_indegree: 6}}, weight: {2}, delay: 0.7123 ms}}
  - {{from: inh, to: exc, connect: {{fixed_indegree: 4}}, weight: {3}, delay: {{uniform: [0.3 ms, 2 ms]}}}}
  - {{from: inh, to: inh, connect: {{fixed_indegree: 2}}, weight: {3}, delay: 1.37 ms}}
record: {{exc: {{spikes: all}}, inh: {{spikes: all}}, noise: {{spikes: all}}}}
)",
                     model, params, weight, inhibition);
}

struct Case {
  std::string name, network;
};
const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"iaf_psc_delta", small_network("iaf_psc_delta", "tau_m: 12 ms, I_e: {uniform: [250 pA, 420 pA]}",
                                      "{uniform: [0.5 mV, 3 mV]}", "-2 mV")},
      {"iaf_psc_exp", small_network("iaf_psc_exp",
                                    "tau_m: {uniform: [8 ms, 14 ms]}, tau_syn_ex: 1.7 ms, tau_syn_in: 5 ms, "
                                    "I_e: {uniform: [250 pA, 420 pA]}",
                                    "{uniform: [50 pA, 400 pA]}", "-150 pA")},
      {"iaf_psc_exp_equal_times",
       small_network("iaf_psc_exp",
                     "tau_m: 5 ms, tau_syn_ex: 5 ms, tau_syn_in: 5 ms, I_e: {uniform: [500 pA, 850 pA]}",
                     "{uniform: [50 pA, 200 pA]}", "-100 pA")},
      {"iaf_psc_alpha",
       small_network(
           "iaf_psc_alpha",
           "tau_m: {uniform: [8 ms, 14 ms]}, tau_syn_ex: 1.2 ms, tau_syn_in: {uniform: [2 ms, 4 ms]}, "
           "I_e: {uniform: [250 pA, 420 pA]}",
           "{uniform: [50 pA, 250 pA]}", "-80 pA")},
      {"iaf_psc_alpha_equal_times",
       small_network("iaf_psc_alpha",
                     "tau_m: 4 ms, tau_syn_ex: 4 ms, tau_syn_in: 4 ms, I_e: {uniform: [600 pA, 1 nA]}",
                     "{uniform: [50 pA, 150 pA]}", "-50 pA")},
      {"lif_adaptive",
       small_network("lif_adaptive", "a: {uniform: [1 nS, 40 nS]}, I_e: {uniform: [500 pA, 900 pA]}",
                     "{uniform: [50 pA, 400 pA]}", "-100 pA")},
      {"lif_adaptive_of_other_signs",
       small_network(
           "lif_adaptive",
           "a: {uniform: [-35 nS, 0 nS]}, b: 100 pA, tau_w: 10 ms, I_e: {uniform: [100 pA, 250 pA]}",
           "{uniform: [50 pA, 400 pA]}", "-100 pA")},
      {"qif_psc_delta", small_network("qif_psc_delta", "V_peak: -30 mV, I_e: {uniform: [50 pA, 420 pA]}",
                                      "{uniform: [0.5 mV, 6 mV]}", "-3 mV")},
  };
  return all;
}

class ExactTimes : public ::testing::TestWithParam<Case> {};

TEST_P(ExactTimes, agree_with_the_oracle_within_a_picosecond) {
  const auto ran = run(GetParam().network);
  const Oracle oracle(ran.network, {{ran.index("noise"), timed(ran.spikes("noise"))}});
  std::size_t compared = 0;
  for (const char* population : {"exc", "inh"}) {
    const auto found = timed(ran.spikes(population));
    const auto& expected = oracle.spikes().at(ran.index(population));
    ASSERT_EQ(found.size(), expected.size()) << population;
    for (std::size_t k = 0; k < found.size(); ++k) {
      ASSERT_EQ(found[k].second, expected[k].second) << population << " spike " << k;
      ASSERT_NEAR(found[k].first, expected[k].first, 1e-9) << population << " spike " << k;
    }
    compared += found.size();
  }
  EXPECT_GT(compared, 100u) << "too quiet to show anything";
}

INSTANTIATE_TEST_SUITE_P(Models, ExactTimes, ::testing::ValuesIn(cases()),
                         [](const auto& tested) { return tested.param.name; });

// ---- Moments ----

TEST(EventMoments, a_lone_neuron_spikes_at_the_times_of_its_formula) {
  const auto ran = run(R"(
synfire: 1
simulation: {duration: 100 ms, engine: event}
populations: {cell: {model: iaf_psc_delta, size: 1, params: {I_e: 500 pA}}}
)");
  const double interval =
      2 + 10 * std::log(20.0 / 5.0);  // t_ref + tau ln((balance - reset)/(balance - V_th))
  const auto times = times_of(ran, "cell");
  ASSERT_EQ(times.size(), 6u);
  for (std::size_t k = 0; k < times.size(); ++k) EXPECT_NEAR(times[k], interval * double(k + 1) - 2, 1e-11);
}

// One spike lifts the membrane to its largest value at t* = ln(tau_m/tau_s)/(1/tau_s - 1/tau_m). A weight a
// part in 10^9 above the one that just reaches the threshold spikes near t*, one below never does: no
// sampling of the curve could tell them apart.
TEST(EventMoments, a_graze_counts_and_a_near_miss_does_not) {
  const double tau_m = 10, tau_s = 2, C = 250, gap = 15;
  const double at = std::log(tau_m / tau_s) / (1 / tau_s - 1 / tau_m);
  const double top = (std::exp(-at / tau_m) - std::exp(-at / tau_s)) / (1 / tau_s - 1 / tau_m) / C;
  for (const char* model : {"iaf_psc_exp", "lif_adaptive"}) {
    for (const double part : {1 + 1e-9, 1 - 1e-9}) {
      SCOPED_TRACE(fmt::format("{} {}", model, part - 1));
      const auto ran =
          run(fmt::format(R"(
synfire: 1
simulation: {{duration: 100 ms, engine: event}}
populations:
  cell: {{model: {}, size: 1{}}}
  one: {{model: spike_list, spikes: [[10.5 ms]]}}
projections: [{{from: one, to: cell, connect: one_to_one, weight: {:.17g} pA, delay: 0.25 ms}}]
)",
                          model, model == std::string("lif_adaptive") ? ", params: {a: 0 nS, b: 0 pA}" : "",
                          gap / top * part));
      const auto times = times_of(ran, "cell");
      ASSERT_EQ(times.size(), part > 1 ? 1u : 0u);
      if (part > 1) {
        EXPECT_LT(times[0], 10.75 + at);
        EXPECT_NEAR(times[0], 10.75 + at, 1e-3);  // the curve is flat: sqrt(1e-9) of its width
      }
    }
  }
}

// Unequal time constants: an excitation that inhibition swallows at first, so that the membrane falls before
// it rises; and one whose bump passes the threshold for a short time only.
TEST(EventMoments, a_membrane_that_turns_twice_spikes_once_it_has_risen) {
  const auto ran = run(R"(
synfire: 1
simulation: {duration: 60 ms, engine: event}
populations:
  cell: {model: iaf_psc_exp, size: 1, params: {tau_syn_ex: 12 ms, tau_syn_in: 0.5 ms}}
  one: {model: spike_list, spikes: [[1 ms]]}
projections:
  - {from: one, to: cell, connect: one_to_one, weight: 1600 pA, delay: 1 ms}
  - {from: one, to: cell, connect: one_to_one, weight: -9 nA, delay: 1 ms}
)");
  const Oracle oracle(ran.network, {{ran.index("one"), {{1.0, 0}}}});
  const auto times = times_of(ran, "cell");
  const auto& expected = oracle.spikes().at(ran.index("cell"));
  ASSERT_EQ(times.size(), expected.size());
  ASSERT_GE(times.size(), 1u);
  for (std::size_t k = 0; k < times.size(); ++k) EXPECT_NEAR(times[k], expected[k].first, 1e-9);
}

// What reaches a neuron at one time is added up before the threshold is tested, whoever sent it.
TEST(EventMoments, arrivals_of_one_time_act_together) {
  const auto ran = run(R"(
synfire: 1
simulation: {duration: 20 ms, engine: event}
populations:
  both: {model: iaf_psc_delta, size: 1}
  only: {model: iaf_psc_delta, size: 1}
  plus: {model: spike_list, spikes: [[4.5 ms]]}
  minus: {model: spike_list, spikes: [[4.25 ms]]}
projections:
  - {from: plus, to: both, connect: one_to_one, weight: 20 mV, delay: 0.5 ms}
  - {from: minus, to: both, connect: one_to_one, weight: -10 mV, delay: 0.75 ms}
  - {from: plus, to: only, connect: one_to_one, weight: 20 mV, delay: 0.5 ms}
)");
  EXPECT_TRUE(times_of(ran, "both").empty());
  EXPECT_EQ(times_of(ran, "only"), std::vector<double>{5.0});
}

TEST(EventMoments, delays_know_no_grid_and_may_be_below_dt) {
  const auto ran = run(R"(
synfire: 1
simulation: {duration: 20 ms, engine: event}
populations:
  cell: {model: iaf_psc_delta, size: 3, params: {t_ref: 0.125 ms}}
  one: {model: spike_list, spikes: [[4.5 ms, 6 ms]]}
projections:
  - {from: one, to: cell, connect: all_to_all, weight: 30 mV, delay: 0.03125 ms}
)");
  for (std::uint32_t i = 0; i < 3; ++i)
    EXPECT_EQ(times_of(ran, "cell", i), (std::vector<double>{4.53125, 6.03125}));
}

// ---- Sources ----

TEST(EventSources, a_current_acts_from_change_to_change) {
  const auto ran = run(R"(
synfire: 1
simulation: {duration: 40 ms, dt: 1 ms, engine: event}
populations:
  cell: {model: iaf_psc_exp, size: 1, params: {V_th: 1 V}}
  steps: {model: step_current, size: 1, params: {amplitude: {steps: [[0 ms, 100 pA], [7.3 ms, -50 pA]]}, start: 2.25 ms, stop: 11.5 ms}}
projections: [{from: steps, to: cell, connect: all_to_all, weight: 2, delay: 0.5 ms}]
record: {cell: {V_m: {neurons: all, every: 1 ms}}}
)");
  const auto& trace = ran.trace("cell");
  ASSERT_EQ(trace.size(), 40u);
  double V = -70, t = 0;
  const auto go = [&](double to, double current) {
    const double balance = -70 + current * 10 / 250;
    V = balance + (V - balance) * std::exp(-(to - t) / 10);
    t = to;
  };
  const auto current = [](double time) {
    return time < 2.75 ? 0 : time < 7.8 ? 200.0 : time < 12 ? -100.0 : 0.0;
  };
  for (int k = 1; k <= 40; ++k) {
    for (const double change : {2.75, 7.8, 12.0})
      if (change > t && change < k) go(change, current(t));
    go(k, current(t));
    EXPECT_NEAR(trace[std::size_t(k) - 1], V, 1e-5) << k << " ms";  // traces are floats
  }
}

TEST(EventSources, poisson_trains_have_the_rate_and_the_scatter_of_their_schedule) {
  const auto ran = run(R"(
synfire: 1
simulation: {duration: 2 s, engine: event}
populations:
  noise: {model: poisson, size: 200, params: {rate: {steps: [[0 s, 20 Hz], [1 s, 80 Hz]]}, start: 200 ms, stop: 1800 ms}}
  own: {model: poisson, size: 2, params: {rate: [10 Hz, 400 Hz]}}
record: {noise: {spikes: all}, own: {spikes: all}}
)");
  double early = 0, late = 0;
  for (const auto& [time, neuron] : timed(ran.spikes("noise"))) {
    EXPECT_GE(time, 200);
    EXPECT_LT(time, 1800);
    (time < 1000 ? early : late) += 1;
  }
  EXPECT_NEAR(early, 200 * 20 * 0.8, 5 * std::sqrt(3200.0));
  EXPECT_NEAR(late, 200 * 80 * 0.8, 5 * std::sqrt(12800.0));
  EXPECT_NEAR(double(times_of(ran, "own", 0).size()), 20, 5 * std::sqrt(20.0));
  EXPECT_NEAR(double(times_of(ran, "own", 1).size()), 800, 5 * std::sqrt(800.0));
  const auto times = times_of(ran, "own", 1);
  double sum = 0, squares = 0;
  for (std::size_t k = 1; k < times.size(); ++k) {
    const double interval = times[k] - times[k - 1];
    sum += interval, squares += interval * interval;
  }
  const double mean = sum / double(times.size() - 1);
  EXPECT_NEAR(squares / double(times.size() - 1) / (mean * mean), 2, 0.3) << "waiting times are exponential";
}

// ---- Convergence of the batched engine ----

// Neurons driven by one volley of inputs each: the error of a spike time on a grid is of order 1 in dt.
TEST(EventConvergence, the_batched_engine_comes_closer_in_proportion_to_dt) {
  const std::string text = R"(
synfire: 1
simulation: {duration: 60 ms, dt: 0.1 ms}
populations:
  cell: {model: iaf_psc_exp, size: 200, params: {I_e: {uniform: [200 pA, 360 pA]}}}
  input: {model: spike_list, spikes: [[5 ms], [10 ms], [20 ms]]}
projections:
  - {from: input, to: cell, connect: all_to_all, weight: {uniform: [100 pA, 900 pA]}, delay: 1.6 ms}
)";
  const auto exact = run(network_of(text, {"simulation.engine=event"}));
  const auto mean_error = [&](const char* dt) {
    const auto ran =
        run(network_of(text, {std::string("simulation.dt=") + dt, "simulation.backend=reference"}));
    double sum = 0;
    std::size_t count = 0;
    for (std::uint32_t i = 0; i < 200; ++i) {
      const auto times = times_of(exact, "cell", i);
      const auto steps = ran.steps("cell", i);
      if (times.empty() || steps.empty()) continue;
      sum += std::abs(Grid(ran.network.simulation.dt).time_ms(steps[0] + 1) - times[0]);
      ++count;
    }
    EXPECT_GT(count, 100u);
    return sum / double(count);
  };
  const double coarse = mean_error("0.2 ms"), middle = mean_error("0.05 ms"), fine = mean_error("0.0125 ms");
  EXPECT_NEAR(coarse, 0.1, 0.03) << "half a step, on average";
  EXPECT_NEAR(coarse / middle, 4, 1);
  EXPECT_NEAR(middle / fine, 4, 1);
}

// ---- Refusals ----

void expect_refused(const std::string& text, const std::string& part, int line) {
  SCOPED_TRACE(part);
  try {
    run(text);
    FAIL() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find(fmt::format("net.yaml:{}:", line)), std::string::npos)
        << error.what();
  }
}

TEST(EventRefusals, say_what_is_missing_and_who_has_it) {
  const std::string cond =
      "synfire: 1\nsimulation: {engine: event}\npopulations:\n  cell: {model: iaf_cond_exp, size: 2}\n";
  expect_refused(cond, "iaf_psc_delta, iaf_psc_exp, iaf_psc_alpha, lif_adaptive, qif_psc_delta", 4);
  EXPECT_THROW(check_buildable(network_of(cond)), Error);
  expect_refused(
      "synfire: 1\nsimulation: {engine: event, backend: reference}\npopulations:\n  cell: {model: "
      "iaf_psc_exp, size: 2}\n",
      "engine event runs on auto or cpu only", 2);
  expect_refused(R"(synfire: 1
simulation: {engine: event}
populations:
  cell: {model: iaf_psc_exp, size: 2}
projections:
  - {from: cell, to: cell, connect: all_to_all, weight: 10 pA, delay: 1e-7 ms}
)",
                 "the shortest possible", 6);
  expect_refused(R"(synfire: 1
simulation: {engine: event}
populations:
  cell: {model: iaf_psc_exp, size: 2}
projections:
  - from: cell
    to: cell
    connect: all_to_all
    weight: 10 pA
    plasticity: {stdp_reward: {w_max: 20 pA, reward: cell}}
)",
                 "does not serve the rule stdp_reward", 10);
  expect_refused(R"(synfire: 1
simulation: {engine: event}
populations:
  cell: {model: iaf_psc_exp, size: 2}
projections:
  - {from: cell, to: cell, connect: all_to_all, weight: 10 pA, mask: {initial: 0.5}}
)",
                 "engine event has no masks", 6);
}

TEST(EventRefusals, a_neuron_that_fires_without_end_is_named) {
  try {
    run(R"(
synfire: 1
simulation: {duration: 10 ms, engine: event}
populations:
  cell: {model: iaf_psc_delta, size: 1, params: {V_reset: -55.00000000000001 mV, t_ref: 0 ms, I_e: 1e9 pA}}
)");
    FAIL() << "it came to an end";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("fires without end"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace synfire
