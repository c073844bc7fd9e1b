// A network with all rules of plasticity: what the tests of sameness and of checkpoints run.
#pragma once

#include <string>

namespace synfire::testing_tools {

/// 600 neurons under every rule at once, drawn weights and delays.
inline const std::string plastic_zoo = R"(
synfire: 1
seed: 11
simulation: {duration: 200 ms}
populations:
  noise: {model: poisson, size: 400, params: {rate: 5 kHz}}
  exc: {model: iaf_psc_exp, size: 400, params: {I_e: {uniform: [0 pA, 50 pA]}}}
  inh: {model: iaf_psc_exp, size: 200, params: {I_e: 380 pA}}
  reward: {model: poisson, size: 10, params: {rate: 10 Hz}}
projections:
  - {from: noise, to: exc, connect: one_to_one, weight: 55 pA}
  - {name: pairs, from: exc, to: exc, connect: {fixed_indegree: 30}, weight: {uniform: [20 pA, 60 pA]}, delay: {uniform: [0.5 ms, 6 ms]}, plasticity: {stdp: {w_max: 100 pA}, tsodyks_markram: {U: 0.3, tau_rec: 200 ms}}}
  - {name: triplets, from: exc, to: inh, connect: {fixed_indegree: 30}, weight: {uniform: [20 pA, 60 pA]}, delay: 1.5 ms, plasticity: {stdp_triplet: {w_max: 100 pA}}}
  - {name: balance, from: inh, to: exc, connect: {fixed_indegree: 20}, weight: -50 pA, delay: {uniform: [0.5 ms, 2 ms]}, plasticity: {stdp_inhibitory: {w_max: 300 pA, eta: 0.01}}}
  - {name: rewarded, from: inh, to: inh, connect: {fixed_indegree: 10}, weight: -20 pA, delay: 1 ms, plasticity: {stdp_reward: {w_max: 80 pA, tau_e: 5 ms, reward: reward}}}
  - {name: scaled, from: exc, to: inh, connect: {fixed_indegree: 10}, weight: 40 pA, delay: {uniform: [0.1 ms, 3 ms]}, plasticity: {stdp_diehl_cook: {w_max: 100 pA, form: triplet}, scaling: {total: 450 pA, every: 20 ms}}}
record:
  exc: {spikes: all}
  inh: {spikes: all}
  pairs: {weights: {at: [0 ms, 100 ms, 200 ms]}}
  triplets: {weights: {every: 60 ms}}
  balance: {weights: {every: 100 ms}}
  rewarded: {weights: {every: 50 ms}}
  scaled: {weights: {every: 70 ms}}
)";

}  // namespace synfire::testing_tools
