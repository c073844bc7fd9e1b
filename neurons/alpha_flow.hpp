// The event form of a leaky membrane with synaptic currents of alpha shape.
#pragma once

#include <array>

#include "neurons/event_form.hpp"
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

template <class State, class Parameters, class Real>
TwoAlphas<Real> two_alphas(const State& s, const Parameters& p, Real current) {
  return {s.V_m,
          event_form::balance(p, current),
          p.V_th,
          p.tau_m,
          {{{s.I_syn_ex / p.C_m, s.slope_ex / p.C_m, p.tau_syn_ex},
            {s.I_syn_in / p.C_m, s.slope_in / p.C_m, p.tau_syn_in}}}};
}

/// The other way round.
template <class Real, class State, class Parameters>
void put(const TwoAlphas<Real>& flow, State& s, const Parameters& p) {
  const auto &ex = flow.currents[0], &in = flow.currents[1];
  s.V_m = flow.V;
  s.I_syn_ex = ex.I * p.C_m, s.slope_ex = ex.D * p.C_m;
  s.I_syn_in = in.I * p.C_m, s.slope_in = in.D * p.C_m;
}

/// The currents go on for `ms`, the membrane stays.
template <class State, class Parameters, class Real>
void hold_alphas(State& s, const Parameters& p, Real ms) {
  if (!(ms > 0)) return;
  auto flow = two_alphas(s, p, Real(0));
  for (auto& c : flow.currents) c = c.after(ms);
  put(flow, s, p);
}

}  // namespace synfire::exact_flow
