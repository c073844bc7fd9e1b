// What the event forms of integrate-and-fire models have in common: refractory time in ms, balance, reset.
#pragma once

#include <cstddef>

#include "core/math.hpp"
#include "neurons/event_roots.hpp"
#include "neurons/exact_flow.hpp"

namespace synfire::event_form {

/// Takes `ms` from the refractory time and gives what is left of `ms` for a free membrane. A refractory rest
/// below the rounding of times is over.
template <class State, class Real> Real spend_refractory(State& s, Real ms) {
  constexpr Real rounding = Real(1e-12);
  if (!(s.refractory > 0)) return ms;
  const Real free = ms - s.refractory;
  s.refractory = free < -rounding ? -free : Real(0);
  return free > 0 ? free : Real(0);
}

/// The potential (mV) at which a leaky membrane settles under a constant current (pA).
template <class Parameters, class Real> Real balance(const Parameters& p, Real current) {
  return p.E_L + (p.I_e + current) * p.tau_m / p.C_m;
}

/// The slope at 0 of t exp(1 - t/tau)/tau, whose peak is 1.
template <class Real> Real slope_of_alpha(Real tau) { return Real(2.71828182845904523536) / tau; }

template <class State, class Parameters> void reset(State& s, const Parameters& p) {
  s.V_m = p.V_reset;
  s.refractory = p.t_ref;
}

}  // namespace synfire::event_form
