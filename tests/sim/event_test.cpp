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
simulation: {{duration: 150 ms, engine: event}}
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
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace synfire
