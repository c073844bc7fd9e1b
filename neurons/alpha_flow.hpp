// The event form of a leaky membrane with synaptic currents of alpha shape.
#pragma once

#include <array>

#include "neurons/event_roots.hpp"
#include "neurons/exact_flow.hpp"

namespace synfire::exact_flow {

/// A current I and the slope D that drives it, both over C_m: dI/dt = D - I/tau, dD/dt = -D/tau.
template <class Real> struct AlphaCurrent {
  Real I, D, tau;

  AlphaCurrent after(Real t) const {
    const Real e = decay(t, tau);
    return {(I + D * t) * e, D * e, tau};
  }
};

/// A free leaky membrane (mV) with two such currents, seen from now on.
template <class Real> struct TwoAlphas {
  Real V, balance, V_th, tau_m;
  std::array<AlphaCurrent<Real>, 2> currents;

  Real potential(Real t) const {
    const Real e = decay(t, tau_m);
    Real level = balance + (V - balance) * e;
    for (const auto& c : currents) {
      if (c.I == 0 && c.D == 0) continue;
      const Real e_c = decay(t, c.tau);
      level += c.I * convolved(t, tau_m, c.tau, e, e_c) + c.D * convolved_rise(t, tau_m, c.tau, e, e_c);
    }
    return level;
  }
  event_roots::Motion<Real> at(Real t) const {
    const Real level = potential(t);
    Real slope = (balance - level) / tau_m, change = 0;
    for (const auto& c : currents) {
      const AlphaCurrent<Real> later = c.after(t);
      slope += later.I;
      change += later.D - later.I / later.tau;
    }
    return {level - V_th, slope, change - slope / tau_m};
  }
  TwoAlphas after(Real t) const {
    return {potential(t), balance, V_th, tau_m, {currents[0].after(t), currents[1].after(t)}};
  }
  /// The membrane goes to its balance; what a current adds is less than its charge, and less than what its
  /// largest value would keep up.
  Real ceiling() const { return (V > balance ? V : balance) + lift() - V_th; }
  Real earliest() const { return earliest_passage(V, balance, lift(), V_th, tau_m); }
  Real lift() const {
    Real sum = 0;
    for (const auto& c : currents) {
      const Real shorter = c.tau < tau_m ? c.tau : tau_m;
      if (c.I > 0) sum += c.I * shorter;
      if (c.D > 0) sum += c.D * c.tau * shorter;
    }
    return sum;
  }
  /// |dI/dt| <= |D - I/tau| + |D|/e; and |V'| stays below its value now or what these changes can keep up.
  event_roots::BendLimit<Real> limit() const {
    const auto size = [](Real x) { return x < 0 ? -x : x; };
    Real slope = (balance - V) / tau_m, change = 0;
    for (const auto& c : currents) {
      slope += c.I;
      change += size(c.D - c.I / c.tau) + size(c.D) * Real(0.37);
    }
    const Real steepest = size(slope) > tau_m * change ? size(slope) : tau_m * change;
    return {steepest / tau_m + change, event_roots::never<Real>};
  }
};

}  // namespace synfire::exact_flow
