#pragma once

#include <array>
#include <limits>

#include "core/concepts.hpp"
#include "core/math.hpp"
#include "neurons/event_form.hpp"
#include "neurons/propagators.hpp"
#include "neurons/refractory.hpp"

namespace synfire {

/// Leaky integrate-and-fire; a spike arriving with weight w makes the membrane jump by w:
///
///   C_m dV/dt = -(C_m/tau_m) (V - E_L) + I + I_e,     V -> V + w at an arriving spike
///
/// Spike when V >= V_th at the end of a step; then V = V_reset for t_ref, during which arriving spikes are
/// lost. Exact on the grid. Input that is due in a step acts at its end, in the same step as the threshold is
/// tested. Source: Diesmann, Gewaltig, Rotter & Aertsen 2001; names and defaults as NEST's iaf_psc_delta.
template <class Real> struct IafPscDelta {
  struct Parameters {
    Real E_L = -70;
    Real C_m = 250;
    Real tau_m = 10;
    Real t_ref = 2;
    Real V_th = -55;
    Real V_reset = -70;
    Real V_min = -std::numeric_limits<Real>::infinity();
    Real I_e = 0;
  };
  struct State {
    Real V_m;
    Real refractory;
  };
  struct Input {
    Real delta;    // mV
    Real current;  // pA
  };
  struct Constants {
    Real V_from_V, V_from_I, rest, refractory_steps;
  };

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>("iaf_psc_delta", "leaky integrate-and-fire; arriving spikes make the membrane jump",
                    "Diesmann et al. 2001, Neurocomputing 38-40:565; NEST iaf_psc_delta",
                    field(&P::E_L, "E_L", Unit::mV, unbounded, "resting potential"),
                    field(&P::C_m, "C_m", Unit::pF, positive, "membrane capacitance"),
                    field(&P::tau_m, "tau_m", Unit::ms, positive, "membrane time constant"),
                    field(&P::t_ref, "t_ref", Unit::ms, non_negative, "refractory period"),
                    field(&P::V_th, "V_th", Unit::mV, unbounded, "spike threshold"),
                    field(&P::V_reset, "V_reset", Unit::mV, unbounded, "potential after a spike"),
                    field(&P::V_min, "V_min", Unit::mV, unbounded, "lowest potential the membrane can take"),
                    field(&P::I_e, "I_e", Unit::pA, unbounded, "constant input current"));
  }
  static constexpr auto describe_state() {
    using S = State;
    return about<S>(
        "state", "", "", field(&S::V_m, "V_m", Unit::mV, unbounded, "membrane potential"),
        field(&S::refractory, "refractory", Unit::none, non_negative, "steps left of the refractory period"));
  }
  static std::array<ReceptorInfo, 2> receptors() {
    using Sign = ReceptorInfo::Sign;
    return {ReceptorInfo{"delta", Unit::mV, Sign::any, false, "jump of the membrane potential"},
            ReceptorInfo{"current", Unit::pA, Sign::continuous, false, "input current"}};
  }
  static constexpr auto rules() { return std::array{std::pair{&Parameters::V_reset, &Parameters::V_th}}; }

  static Constants constants(const Parameters& p, double dt) {
    return {Real(propagators::decay(dt, p.tau_m)), Real(propagators::constant_current(dt, p.tau_m, p.C_m)),
            p.E_L + p.I_e * p.tau_m / p.C_m, Real(propagators::steps(dt, p.t_ref))};
  }
  static State initial(const Parameters& p) { return {p.E_L, 0}; }

  SYNFIRE_HD static Real margin(const State& s, const Parameters& p) { return s.V_m - p.V_th; }

  SYNFIRE_HD static SpikeOf<Real> step(State& s, const Parameters& p, const Constants& c, const Input& in) {
    Real V = c.rest + (s.V_m - c.rest) * c.V_from_V + c.V_from_I * in.current + in.delta;
    V = math::select(V < p.V_min, p.V_min, V);
    advance_membrane(s, V);
    return spike_and_reset<IafPscDelta>(s, p, c.refractory_steps);
  }

  // Event form: V falls or rises towards its balance; V_min holds it where it would fall below.

  static void advance(State& s, const Parameters& p, Real current, Real ms) {
    const Real free = event_form::spend_refractory(s, ms);
    if (!(free > 0)) return;
    const Real balance = event_form::balance(p, current);
    const Real V = balance + (s.V_m - balance) * exact_flow::decay(free, p.tau_m);
    s.V_m = math::select(V < p.V_min, p.V_min, V);
  }
  static void receive(State& s, const Parameters& p, std::size_t, Real weight) {
    if (s.refractory > 0) return;
    const Real V = s.V_m + weight;
    s.V_m = math::select(V < p.V_min, p.V_min, V);
  }
  static Real next_spike(const State& s, const Parameters& p, Real current) {
    const Real balance = event_form::balance(p, current);
    if (s.V_m >= p.V_th) return s.refractory;
    if (!(balance > p.V_th)) return event_roots::never<Real>;
    return s.refractory + p.tau_m * math::log((balance - s.V_m) / (balance - p.V_th));
  }
  static void fire(State& s, const Parameters& p) { event_form::reset(s, p); }
};

}  // namespace synfire
