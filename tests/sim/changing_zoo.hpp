// Networks whose synapses change: what the tests of ranks and checkpoints run.
#pragma once

#include <string>

namespace synfire::testing_tools {

/// Masks that compete, by synapse and by target; structure that goes and comes; a rule that looks at another
/// projection's structure.
inline const std::string changing_zoo = R"(
synfire: 1
seed: 5
simulation: {duration: 200 ms}
populations:
  noise: {model: poisson, size: 200, params: {rate: 5 kHz}}
  exc: {model: iaf_psc_exp, size: 200, params: {I_e: {uniform: [0 pA, 50 pA]}}}
  inh: {model: iaf_psc_exp, size: 100, params: {I_e: 380 pA}}
projections:
  - {from: noise, to: exc, connect: one_to_one, weight: 55 pA}
  - {name: left, from: exc, to: inh, connect: {fixed_indegree: 12}, weight: 30 pA, delay: {uniform: [1 ms, 4 ms]}, mask: {granularity: target, initial: {uniform: [0.3, 0.7]}, every: 10 ms, competition: {against: right, rate: 0.01, tau: 20 ms}}}
  - {name: right, from: inh, to: inh, connect: {fixed_indegree: 12}, weight: -30 pA, delay: 1 ms, mask: {complement_of: left}}
  - {name: open, from: exc, to: exc, connect: {fixed_indegree: 10}, weight: 20 pA, delay: 2 ms, mask: {kind: stochastic, initial: 0.6, every: 7 ms}}
  - {name: pruned, from: exc, to: inh, connect: {fixed_indegree: 20}, weight: {uniform: [5 pA, 60 pA]}, delay: {uniform: [0.5 ms, 6 ms]}, plasticity: {stdp: {w_max: 100 pA}, structural: {every: 15 ms, prune: synapses, rate_prune: 5, regenerate: random, rate_regenerate: 20, rates: connections, next: balance, form: 10, w_new: 25 pA}}}
  - {name: balance, from: inh, to: exc, connect: {fixed_indegree: 20}, weight: -50 pA, delay: {uniform: [0.5 ms, 2 ms]}, plasticity: {stdp_inhibitory: {w_max: 300 pA, eta: 0.01}, structural: {every: 25 ms, prune: weight, w_prune: 45 pA, form: 30, w_new: 50 pA}}}
record:
  exc: {spikes: all, V_m: {every: 0.7 ms, neurons: "0:5"}}
  inh: {spikes: all}
  left: {weights: {every: 50 ms}}
  pruned: {weights: {every: 40 ms}}
  balance: {weights: {at: [200 ms]}}
)";

/// Static synapses with short-term plasticity on one delay and on many, one of them so sparse that parts of
/// its targets differ in their smallest and largest delay.
inline const std::string depressing_zoo = R"(
synfire: 1
seed: 9
simulation: {duration: 200 ms}
populations:
  noise: {model: poisson, size: 300, params: {rate: 6 kHz}}
  a: {model: iaf_psc_exp, size: 300}
  b: {model: iaf_cond_alpha, size: 200}
projections:
  - {from: noise, to: a, connect: one_to_one, weight: 60 pA}
  - {from: a, to: b, connect: {fixed_indegree: 30}, weight: 3 nS, delay: {uniform: [0.5 ms, 12 ms]}, plasticity: {tsodyks_markram: {U: 0.4, tau_rec: 100 ms, tau_fac: 50 ms}}}
  - {from: a, to: a, connect: {fixed_indegree: 30}, weight: 30 pA, delay: 3 ms, plasticity: {tsodyks_markram: {U: 0.4, tau_rec: 100 ms}}}
  - {from: b, to: b, connect: {fixed_indegree: 2}, weight: 8 nS, delay: {normal: {mean: 10 ms, sd: 4 ms, min: 0.1 ms, max: 30 ms}}, plasticity: {tsodyks_markram: {U: 0.5, tau_rec: 80 ms}}}
  - {from: b, to: a, connect: {fixed_indegree: 10}, weight: -50 pA, delay: {uniform: [1 ms, 40 ms]}}
record:
  a: {spikes: all}
  b: {spikes: all, g_ex: {every: 1 ms}}
)";

/// Rules, a reward that another population carries, masks that compete, and two structural rules in a row.
inline const std::string learning_zoo = R"(
synfire: 1
seed: 11
simulation: {duration: 150 ms}
populations:
  noise: {model: poisson, size: 400, params: {rate: 5 kHz}}
  exc: {model: iaf_psc_exp, size: 400, params: {I_e: {uniform: [0 pA, 50 pA]}}}
  inh: {model: iaf_psc_exp, size: 200, params: {I_e: 380 pA}}
  b: {model: iaf_psc_exp, size: 200, params: {I_e: 380 pA}}
  c: {model: iaf_psc_exp, size: 150, params: {I_e: 380 pA}}
  reward: {model: poisson, size: 10, params: {rate: 10 Hz}}
projections:
  - {from: noise, to: exc, connect: one_to_one, weight: 55 pA}
  - {name: pairs, from: exc, to: exc, connect: {fixed_indegree: 30}, weight: {uniform: [20 pA, 60 pA]}, delay: {uniform: [0.5 ms, 6 ms]}, plasticity: {stdp: {w_max: 100 pA}, tsodyks_markram: {U: 0.3, tau_rec: 200 ms}}}
  - {name: facilitated, from: inh, to: exc, connect: {fixed_indegree: 5}, weight: -50 pA, delay: 2 ms, plasticity: {tsodyks_markram: {U: 0.1, tau_fac: 200 ms}}}
  - {name: rewarded, from: inh, to: inh, connect: {fixed_indegree: 10}, weight: -20 pA, delay: 1 ms, plasticity: {stdp_reward: {w_max: 80 pA, tau_e: 5 ms, reward: reward}}}
  - {name: conv, from: exc, to: inh, connect: {fixed_indegree: 10}, weight: {uniform: [20 pA, 60 pA]}, plasticity: {stdp: {w_max: 100 pA}}, mask: {initial: {uniform: [0.3, 0.7]}, granularity: target, kind: soft, every: 10 ms, competition: {against: pool, rate: 0.001, tau: 50 ms}}}
  - {name: pool, from: inh, to: inh, connect: {fixed_indegree: 10}, weight: -8 pA, mask: {complement_of: conv}}
  - {name: first, from: exc, to: b, connect: {fixed_indegree: 40}, weight: {uniform: [1 pA, 20 pA]}, delay: {uniform: [0.3 ms, 4 ms]}, plasticity: {stdp: {w_max: 30 pA}, structural: {every: 10 ms, prune: neurons, rate_prune: 2, rates: connections, next: second, alpha: 0.9, beta: 0.2, mid: 4, T_num: 1, regenerate: activity, rate_regenerate: 1, ceiling: 10}}}
  - {name: second, from: b, to: c, connect: {fixed_indegree: 30}, weight: {uniform: [1 pA, 20 pA]}, delay: 0.5 ms, plasticity: {stdp: {w_max: 30 pA}, structural: {every: 7 ms, prune: synapses, rate_prune: 3, form: 20, w_new: 5 pA}}}
record:
  exc: {spikes: all}
  inh: {spikes: all, V_m: all}
  b: {spikes: all}
  c: {spikes: all}
  pairs: {weights: {at: [0 ms, 100 ms, 150 ms]}}
  rewarded: {weights: {every: 50 ms}}
  conv: {weights: {every: 50 ms}}
  first: {weights: {every: 50 ms}}
  second: {weights: {every: 50 ms}}
)";

}  // namespace synfire::testing_tools
