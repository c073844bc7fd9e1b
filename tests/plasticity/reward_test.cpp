// Reward-modulated STDP: the eligibility integrated against the reward, in closed form.
#include <cmath>

#include "tests/plasticity/pairs.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

std::string rewarded(const std::vector<Pairing>& pairings, const std::string& source, double duration_ms,
                     const std::string& more = "") {
  return pairing_network(
      pairings,
      "{stdp_reward: {w_max: 1 mV, A_plus: 0.2, A_minus: 0.2, tau_e: 80 ms, tau_d: 30 ms, reward: dopamine" +
          more + "}}",
      duration_ms, "  dopamine: " + source);
}

constexpr const char* one_spike = "{model: spike_list, spikes: [[150 ms]]}";

// A pair leaves e_0 at t_0; a spike of reward at t_r = 150 ms (seen one step later) adds an integral of
// e(t_r) (1 - exp(-(1/tau_e + 1/tau_d) T)) / (1/tau_e + 1/tau_d) / tau_d.
double gain(double e_0, double since_pair_ms, double until_ms) {
  const double rate = 1 / 80.0 + 1 / 30.0;
  return e_0 * std::exp(-since_pair_ms / 80) / 30 * (1 - std::exp(-rate * until_ms)) / rate;
}

TEST(StdpReward, a_reward_after_a_causal_pair_strengthens_and_after_an_acausal_one_weakens) {
  const std::vector<Pairing> pairings = {{{100}, {110}}, {{110}, {100}}, {{}, {100}}};
  for (const auto& backend : backends) {
    const auto weights = weights_after(backend, rewarded(pairings, one_spike, 400));
    const double e_0 = 0.2 * std::exp(-10.0 / 20);
    // Both trains act one step (0.1 ms) after their times at the end of that step, as does the reward.
    const double expected = gain(e_0, 40.0, 400 - 150.1);
    EXPECT_NEAR(weights[0], 0.5 + expected, 2e-4) << backend;
    EXPECT_NEAR(weights[1], 0.5 - expected, 2e-4) << backend;
    EXPECT_EQ(weights[2], 0.5) << backend;
  }
}

TEST(StdpReward, without_reward_nothing_changes) {
  for (const auto& backend : backends)
    EXPECT_EQ(weights_after(backend, rewarded({{{100}, {110}}}, "{model: spike_list, spikes: [[]]}", 300))[0],
              0.5);
}

// A constant reward of 4/s, negative for punishment: the weight gains e_0 tau_e d in the end.
TEST(StdpReward, a_current_is_the_reward_itself_and_may_punish) {
  for (const double d : {4.0, -4.0}) {
    const auto network =
        rewarded({{{100}, {110}}},
                 fmt::format("{{model: step_current, size: 1, params: {{amplitude: {} pA}}}}", d), 1500);
    for (const auto& backend : backends)
      EXPECT_NEAR(weights_after(backend, network)[0], 0.5 + 0.2 * std::exp(-0.5) * 80e-3 * d, 2e-4)
          << backend << " " << d;
  }
}

// The eligibility decays: the same pair long before the reward counts for less.
TEST(StdpReward, the_reward_reaches_back_over_tau_e) {
  const auto weights = weights_after("cpu", rewarded({{{100}, {110}}, {{20}, {30}}}, one_spike, 400));
  EXPECT_NEAR((weights[1] - 0.5) / (weights[0] - 0.5), std::exp(-80.0 / 80), 1e-4);
}

// Bringing synapses up to date in blocks must not show: many pairs and rewards over 30 blocks, both backends.
TEST(StdpReward, long_runs_agree_between_backends) {
  std::vector<Pairing> pairings(8);
  RandomStream random(RandomKey(3, "trains"), 0);
  for (auto& pairing : pairings)
    for (auto* train : {&pairing.pre, &pairing.post})
      for (double t = 5; t < 4990; t += 1 + std::floor(2000 * random.exponential()) / 10)
        train->push_back(std::round(t * 10) / 10);
  const auto network = rewarded(pairings, "{model: poisson, size: 3, params: {rate: 4 Hz}}", 5000);
  std::string short_memory = network;
  short_memory.replace(short_memory.find("tau_e: 80 ms"), 12, "tau_e: 15 ms");
  const auto fast = weights_after("cpu", short_memory), exact = weights_after("reference", short_memory);
  int moved = 0;
  for (std::size_t k = 0; k < fast.size(); ++k) {
    EXPECT_NEAR(fast[k], exact[k], 1e-4) << k;
    moved += std::abs(exact[k] - 0.5) > 0.01;
  }
  EXPECT_GE(moved, 4) << "the test moves too little to see anything";
}

}  // namespace
}  // namespace synfire
