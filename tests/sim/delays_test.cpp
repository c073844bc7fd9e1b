// A spike emitted in step k with a delay of d steps acts in step k + d. A spike listed at time t is emitted
// in the step that ends at t: step t/dt - 1.
#include <map>

#include "core/distribution.hpp"
#include "sim/plan.hpp"
#include "tests/io/files.hpp"
#include "tests/sim/networks.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

constexpr Step emitted = 9;  // 1 ms
const std::vector<Step> delays = {1, 2, 63, 64, 65, 1000, 30000};

std::string simulated(double ms) { return fmt::format("synfire: 1\nsimulation: {{duration: {} ms}}\n", ms); }

TEST(Delays, one_delay_for_all_arrives_to_the_step) {
  for (const auto& backend : backends) {
    for (const Step delay : delays) {
      const double ms = static_cast<double>(delay) * 0.1;
      const auto ran = run_on(backend, simulated(ms + 2) + fmt::format(R"(
populations:
  source: {{model: spike_list, spikes: [[1 ms]]}}
  target: {{{}, size: 3}}
projections: [{{from: source, to: target, connect: all_to_all, weight: 2 mV, delay: {} ms}}]
record: {{target: {{V_m: all}}}}
)",
                                                                       counter, ms));
      const auto& trace = ran.trace("target");
      EXPECT_EQ(first_changes(trace, 3), std::vector<Step>(3, emitted + delay)) << backend;
      ASSERT_FALSE(trace.empty());
      EXPECT_FLOAT_EQ(trace.back(), 2) << backend << " delay " << delay << ": it arrives once";
    }
  }
}

// All delays in one projection, which takes the path of distributed delays; also with other spikes under way.
TEST(Delays, listed_delays_arrive_to_the_step) {
  const test::TemporaryFolder folder;
  std::string edges = "source,target,weight,delay\n";
  for (std::size_t t = 0; t < delays.size(); ++t)
    edges += fmt::format("0,{},2,{}\n1,{},0.5,{}\n", t, double(delays[t]) * 0.1, t, double(delays[t]) * 0.1);
  const std::string file = folder.write("edges.csv", edges);
  for (const auto& backend : backends) {
    const auto ran = run_on(backend, simulated(3010) + fmt::format(R"(
populations:
  source: {{model: spike_list, spikes: [[1 ms], [2 ms, 2.1 ms]]}}
  target: {{{}, size: 7}}
projections: [{{from: source, to: target, connect: {{list: {}}}, receptor: delta}}]
record: {{target: {{V_m: all}}}}
)",
                                                                   counter, file));
    const auto& trace = ran.trace("target");
    for (std::size_t t = 0; t < delays.size(); ++t) {
      const auto at = [&](Step step) { return trace.at(std::size_t(step) * delays.size() + t); };
      const Step arrival = emitted + delays[t];
      EXPECT_FLOAT_EQ(at(arrival - 1), 0) << backend << " delay " << delays[t];
      EXPECT_FLOAT_EQ(at(arrival), 2) << backend << " delay " << delays[t];
      EXPECT_FLOAT_EQ(at(arrival + 9), 2) << backend << " delay " << delays[t];
      EXPECT_FLOAT_EQ(at(arrival + 10), 2.5) << backend << " delay " << delays[t];
      EXPECT_FLOAT_EQ(at(arrival + 11), 3) << backend << " delay " << delays[t];
      EXPECT_FLOAT_EQ(at(arrival + 20), 3) << backend << " delay " << delays[t];
    }
  }
}

// Drawn delays: those of the plan, rounded to steps; they fill the range they are drawn from.
TEST(Delays, drawn_delays_arrive_to_the_step_and_fill_their_range) {
  const std::string text = simulated(12) + fmt::format(R"(
populations:
  source: {{model: spike_list, spikes: [[1 ms]]}}
  target: {{{}, size: 2000}}
projections: [{{from: source, to: target, connect: all_to_all, weight: 2 mV, delay: {{uniform: [1 ms, 5 ms]}}}}]
record: {{target: {{V_m: all}}}}
)",
                                                       counter);
  const auto network = network_of(text);
  const auto plans = plan_projections({network, Grid(0.1)}, false);
  for (const auto& backend : backends) {
    const auto first = first_changes(run_on(backend, text).trace("target"), 2000);
    std::map<Step, int> histogram;
    for (std::uint32_t t = 0; t < first.size(); ++t) {
      EXPECT_EQ(first[t], emitted + plans[0].delay(t, 0)) << backend << " " << t;
      ++histogram[first[t] - emitted];
    }
    // 41 values, 50 expected in each but the two at the ends (25): none empty, none above 100 = 7 sd away.
    EXPECT_EQ(histogram.size(), 41u) << backend;
    EXPECT_EQ(histogram.begin()->first, 10);
    EXPECT_EQ(histogram.rbegin()->first, 50);
    for (const auto& [delay, count] : histogram) EXPECT_LT(count, 100) << backend << " " << delay;
  }
}

TEST(Delays, synapses_between_the_same_pair_add_up_each_with_its_own_delay) {
  const test::TemporaryFolder folder;
  const std::string file = folder.write(
      "edges.csv", "source,target,weight,delay\n0,0,1,1\n0,0,2,1\n0,0,4,1.5\n0,1,8,1\n0,0,16,1.5\n");
  for (const auto& backend : backends) {
    const auto ran = run_on(backend, simulated(5) + fmt::format(R"(
populations:
  source: {{model: spike_list, spikes: [[1 ms]]}}
  target: {{{}, size: 2}}
projections: [{{from: source, to: target, connect: {{list: {}}}, receptor: delta}}]
record: {{target: {{V_m: all}}}}
)",
                                                                counter, file));
    const auto& trace = ran.trace("target");
    const auto at = [&](Step step, std::size_t neuron) { return trace.at(std::size_t(step) * 2 + neuron); };
    EXPECT_FLOAT_EQ(at(emitted + 10, 0), 3) << backend;
    EXPECT_FLOAT_EQ(at(emitted + 15, 0), 23) << backend;
    EXPECT_FLOAT_EQ(at(emitted + 15, 1), 8) << backend;
    EXPECT_EQ(ran.result.synapses, 5u) << backend;
    EXPECT_EQ(ran.result.synaptic_events, 5u) << backend;
  }
}

// Several spikes of a source in one step act several times, with one delay and with drawn ones.
TEST(Delays, spikes_of_a_source_in_one_step_all_count) {
  for (const char* delay : {"1 ms", "{uniform: [1 ms, 1.001 ms]}"}) {
    for (const char* weight : {"2 mV", "{uniform: [2 mV, 2.0000001 mV]}"}) {
      for (const auto& backend : backends) {
        const auto ran = run_on(backend, simulated(5) + fmt::format(R"(
populations:
  source: {{model: spike_list, spikes: [[1 ms, 1 ms, 0.96 ms], [1 ms]]}}
  target: {{{}, size: 1}}
projections: [{{from: source, to: target, connect: all_to_all, weight: {}, delay: {}}}]
record: {{target: {{V_m: all}}, source: {{spikes: all}}}}
)",
                                                                    counter, weight, delay));
        EXPECT_NEAR(ran.trace("target").at(emitted + 10), 8, 1e-5) << backend << delay << weight;
        EXPECT_EQ(ran.trace("target").at(emitted + 9), 0) << backend << delay << weight;
        EXPECT_EQ(ran.spikes("source").neurons, (std::vector<std::uint32_t>{0, 0, 0, 1})) << backend;
        EXPECT_EQ(ran.result.synaptic_events, 4u) << backend;
      }
    }
  }
}

TEST(Delays, listed_spikes_are_emitted_at_their_times) {
  for (const auto& backend : backends) {
    const auto ran = run_on(backend, simulated(100) + R"(
populations:
  source: {model: spike_list, spikes: [[0.1 ms, 0.7 ms, 99.9 ms, 100 ms, 100.1 ms], [], [0 ms, 0.34 ms, 0.36 ms, 50 ms]]}
  target: {model: iaf_psc_exp, size: 1}
projections: [{from: source, to: target, connect: all_to_all}]
record: {source: {spikes: all}}
)");
    EXPECT_EQ(ran.steps("source", 0), (std::vector<Step>{0, 6, 998, 999})) << backend;
    EXPECT_TRUE(ran.steps("source", 1).empty()) << backend;
    EXPECT_EQ(ran.steps("source", 2), (std::vector<Step>{0, 2, 3, 499})) << backend;
  }
}

TEST(Delays, the_sign_chooses_the_receptor_and_conductances_take_the_size) {
  for (const auto& backend : backends) {
    const auto ran = run_on(backend, simulated(3) + R"(
populations:
  source: {model: spike_list, spikes: [[1 ms]]}
  current: {model: iaf_psc_exp, size: 1}
  conductance: {model: iaf_cond_exp, size: 1}
projections:
  - {from: source, to: current, connect: all_to_all, weight: 7 pA}
  - {from: source, to: current, connect: all_to_all, weight: -3 pA}
  - {from: source, to: conductance, connect: all_to_all, weight: 5 nS}
  - {from: source, to: conductance, connect: all_to_all, weight: -4 nS}
  - {from: source, to: conductance, connect: all_to_all, weight: 2 nS, receptor: inh}
record: {current: {I_syn_ex: all, I_syn_in: all}, conductance: {g_ex: all, g_in: all}}
)");
    const std::size_t arrival = emitted + 10;
    EXPECT_FLOAT_EQ(ran.trace("current", 0).at(arrival), 7) << backend;
    EXPECT_FLOAT_EQ(ran.trace("current", 1).at(arrival), -3) << backend;
    EXPECT_FLOAT_EQ(ran.trace("conductance", 0).at(arrival), 5) << backend;
    EXPECT_FLOAT_EQ(ran.trace("conductance", 1).at(arrival), 6) << backend;
    EXPECT_EQ(ran.trace("conductance", 1).at(arrival - 1), 0) << backend;
  }
}

}  // namespace
}  // namespace synfire
