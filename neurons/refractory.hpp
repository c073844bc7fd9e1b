// Threshold, reset and refractory period as all integrate-and-fire models here have them.
#pragma once

#include "core/concepts.hpp"
#include "core/math.hpp"

namespace synfire {

/// The membrane takes its new potential (mV); a refractory neuron keeps the old one and counts a step down.
template <class State, class Real> SYNFIRE_HD void advance_membrane(State& s, Real V) {
  const auto free = s.refractory <= Real(0);
  s.V_m = math::select(free, V, s.V_m);
  s.refractory = math::select(free, s.refractory, s.refractory - Real(1));
}

/// At the end of a step: a neuron whose margin crosses 0 spikes, is reset, and is refractory for so many
/// steps.
template <class Model, class State, class Parameters, class Real>
SYNFIRE_HD SpikeOf<Real> spike_and_reset(State& s, const Parameters& p, Real refractory_steps) {
  const SpikeOf<Real> spike = crosses<Model>(Model::margin(s, p));
  s.V_m = math::select(spike, p.V_reset, s.V_m);
  s.refractory = math::select(spike, refractory_steps, s.refractory);
  return spike;
}

}  // namespace synfire
