// A threshold that every spike raises and that sinks slowly (Diehl & Cook 2015).
#pragma once

#include <cmath>

#include "core/concepts.hpp"
#include "core/math.hpp"

namespace synfire {

/// Adds to a number whose rounding errors are kept beside it, so that sum + carry is good to twice the digits
/// of Real (Knuth's exact sum).
template <class Real> SYNFIRE_HD void add_with_carry(Real& sum, Real& carry, Real change) {
  const Real b = change + carry, total = sum + b, taken = total - sum;
  carry = (sum - (total - taken)) + (b - taken);
  sum = total;
}

namespace adaptive_threshold {

/// The part of theta that decays in a step: 1 - exp(-dt/tau_theta), not rounded to 0 where exp(..) is 1.
template <class Parameters> double loss(const Parameters& p, double dt) {
  return -std::expm1(-dt / p.tau_theta);
}

/// What the drift takes from theta in a step (mV): the exact solution of dtheta/dt = -theta/tau_theta -
/// theta_plus target_rate sinks towards -theta_plus target_rate tau_theta.
template <class Parameters> double drift(const Parameters& p, double dt) {
  return p.theta_plus * (p.target_rate * 1e-3) * p.tau_theta * loss(p, dt);
}

/// One step of the decay and drift of theta. In single precision a step can change theta by less than its
/// last digit (tau_theta of 1e7 ms); theta_carry keeps what is lost, so that nothing is.
template <class State, class Constants> SYNFIRE_HD void sink(State& s, const Constants& c) {
  add_with_carry(s.theta, s.theta_carry, -(s.theta * c.theta_loss + c.theta_drift));
}

/// A neuron that spiked takes theta_plus.
template <class State, class Parameters>
SYNFIRE_HD void raise(State& s, const Parameters& p, const SpikeOf<decltype(State::theta)>& spike) {
  using Real = decltype(s.theta);
  add_with_carry(s.theta, s.theta_carry, math::select(spike, p.theta_plus, Real(0)));
}

/// Threshold less potential at which a neuron spikes, as in all models: >= 0 spikes.
template <class State, class Parameters> SYNFIRE_HD auto margin(const State& s, const Parameters& p) {
  return s.V_m - (p.V_th + (s.theta - p.theta_offset));
}

}  // namespace adaptive_threshold
}  // namespace synfire
