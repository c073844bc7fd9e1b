// A network with a bit of everything: what the tests of sameness, counting and recording run.
#pragma once

#include <string>

namespace synfire::testing_tools {

/// 1100 neurons of three models, recurrent, with drawn weights, delays and parameters, several projections
/// between the same populations, fused and unfused noise, listed spikes, and currents. Irregular, 5 to 40 Hz.
inline const std::string zoo = R"(
synfire: 1
seed: 7
simulation: {duration: 300 ms}
populations:
  exc:
    model: iaf_psc_exp
    size: 800
    params: {tau_m: {normal: {mean: 20 ms, sd: 1 ms, min: 15 ms}}, I_e: {uniform: [0 pA, 20 pA]}}
    init: {V_m: {uniform: [-70 mV, -55 mV]}}
  inh: {model: iaf_psc_delta, size: 200, init: {V_m: {uniform: [-70 mV, -55 mV]}}}
  cond: {model: iaf_cond_exp, size: 100}
  noise: {model: poisson, size: 800, params: {rate: 6 kHz}}
  common: {model: poisson, size: 50, params: {rate: {steps: [[0 ms, 100 Hz], [150 ms, 200 Hz]]}}}
  volleys: {model: spike_list, spikes: [[10 ms, 50 ms, 50 ms], [10 ms, 111.1 ms], [200 ms]]}
  dc: {model: step_current, size: 1, params: {amplitude: 700 pA, start: 20 ms, stop: 250 ms}}
  jitter: {model: noise_current, size: 200, params: {mean: 250 pA, std: 300 pA}}
projections:
  - {from: noise, to: exc, connect: one_to_one, weight: 40 pA, delay: 1.5 ms}
  - {from: exc, to: exc, connect: {fixed_indegree: 40}, weight: {normal: {mean: 30 pA, sd: 10 pA, min: 0 pA}}, delay: {uniform: [0.5 ms, 8 ms]}}
  - {from: exc, to: inh, connect: {fixed_probability: 0.1}, weight: {lognormal: {mean: 0.3 mV, sd: 0.2 mV}}, delay: 0.7 ms}
  - {from: inh, to: exc, connect: {fixed_outdegree: 100}, weight: -150 pA, delay: {normal: {mean: 1.5 ms, sd: 0.5 ms, min: 0.1 ms, max: 10 ms}}}
  - {from: inh, to: inh, connect: {fixed_total_number: 3000}, weight: -0.4 mV, delay: 0.1 ms}
  - {from: exc, to: cond, connect: {fixed_indegree: 50}, weight: {uniform: [2 nS, 6 nS]}, delay: {uniform: [1 ms, 3 ms]}}
  - {from: exc, to: cond, connect: {fixed_indegree: 20}, weight: 4 nS, delay: 20 ms}
  - {from: inh, to: cond, connect: {fixed_probability: 0.2}, weight: -3 nS, delay: 1 ms}
  - {from: cond, to: exc, connect: {fixed_indegree: 5}, weight: 50 pA, delay: 2 ms}
  - {from: common, to: exc, connect: {fixed_indegree: 10}, weight: {uniform: [0 pA, 60 pA]}, delay: 1 ms}
  - {from: common, to: inh, connect: {fixed_indegree: 10}, weight: 0.5 mV, delay: {uniform: [1 ms, 2 ms]}}
  - {from: volleys, to: exc, connect: all_to_all, weight: 400 pA, delay: {uniform: [0.1 ms, 30 ms]}}
  - {from: dc, to: cond, connect: all_to_all, weight: {uniform: [0.8, 1.2]}}
  - {from: jitter, to: inh, connect: one_to_one}
record:
  exc: {spikes: all, V_m: {neurons: [0, 63, 64, 300, 799], every: 0.5 ms}, I_syn_ex: {neurons: "0:800:100"}}
  inh: {spikes: all, V_m: {neurons: "0:3", every: 10 ms}}
  cond: {spikes: all, g_ex: all}
  common: {spikes: all}
)";

}  // namespace synfire::testing_tools
