// Small networks for tests of the program, and what a result file says.
#pragma once

#include <string>

#include "io/hdf5.hpp"
#include "io/sonata.hpp"

namespace synfire::test {

/// Ten sources of noise and the neurons that they drive; ends within milliseconds.
inline const std::string small_network =
    "synfire: 1\n"
    "simulation: {duration: 200 ms, dt: 0.1 ms}\n"
    "populations:\n"
    "  noise: {model: poisson, size: 10, params: {rate: 200 Hz}}\n"
    "  exc: {model: iaf_psc_exp, size: 10}\n"
    "projections:\n"
    "  - {from: noise, to: exc, connect: all_to_all, weight: 150 pA, delay: 1 ms}\n"
    "record:\n"
    "  noise: {spikes: all}\n"
    "  exc: {spikes: all, V_m: {neurons: \"0:3\", every: 1 ms}}\n";

/// 4000 neurons that keep each other going (Brette et al. 2007), for as long as a test lets them.
inline const std::string lasting_network =
    "synfire: 1\n"
    "seed: 7\n"
    "simulation: {duration: 100000 s, dt: 0.1 ms}\n"
    "populations:\n"
    "  exc:\n"
    "    model: iaf_psc_exp\n"
    "    size: 3200\n"
    "    params: &membrane {C_m: 200 pF, tau_m: 20 ms, E_L: -49 mV, V_th: -50 mV, V_reset: -60 mV, t_ref: 5 "
    "ms,\n"
    "      tau_syn_ex: 5 ms, tau_syn_in: 10 ms}\n"
    "    init: {V_m: {uniform: [-60 mV, -50 mV]}}\n"
    "  inh: {model: iaf_psc_exp, size: 800, params: *membrane, init: {V_m: {uniform: [-60 mV, -50 mV]}}}\n"
    "projections:\n"
    "  - {from: exc, to: exc, connect: {fixed_probability: 0.02}, weight: 16.2 pA, delay: 0.8 ms}\n"
    "  - {from: exc, to: inh, connect: {fixed_probability: 0.02}, weight: 16.2 pA, delay: 0.8 ms}\n"
    "  - {from: inh, to: exc, connect: {fixed_probability: 0.02}, weight: -90 pA, delay: 0.8 ms}\n"
    "  - {from: inh, to: inh, connect: {fixed_probability: 0.02}, weight: -90 pA, delay: 0.8 ms}\n"
    "record:\n"
    "  exc: {spikes: all, V_m: {neurons: \"0:3\", every: 1 ms}}\n"
    "  inh: {spikes: all}\n";

/// A million spikes a second of biological time, without end.
inline const std::string noisy_network =
    "synfire: 1\n"
    "simulation: {duration: 100000 s, dt: 0.1 ms}\n"
    "populations:\n"
    "  noise: {model: poisson, size: 1000, params: {rate: 1 kHz}}\n"
    "record:\n"
    "  noise: {spikes: all}\n";

inline SpikeTrain spikes_of(const hdf5::File& file, const std::string& population, bool unfinished = false) {
  return read_spikes(file, {.population = population, .unfinished = unfinished});
}

inline std::string status_of(const hdf5::File& file) {
  return file.group("synfire").text_attribute("status").value_or("(none)");
}

inline double completed_ms(const hdf5::File& file) {
  return file.group("synfire").number_attribute("completed_ms").value_or(-1);
}

}  // namespace synfire::test
