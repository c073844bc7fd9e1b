#pragma once

#include <array>

#include "core/concepts.hpp"
#include "core/math.hpp"
#include "neurons/alpha_flow.hpp"
#include "neurons/event_form.hpp"
#include "neurons/propagators.hpp"
#include "neurons/refractory.hpp"

namespace synfire {

/// Leaky integrate-and-fire; an arriving spike of weight w gives a synaptic current that rises and falls as
/// an alpha function, with its peak of w at tau_syn:
///
///   C_m dV/dt = -(C_m/tau_m) (V - E_L) + I_ex + I_in + I + I_e
///   dI_x/dt = D_x - I_x/tau_syn,   dD_x/dt = -D_x/tau_syn,   D_x -> D_x + w e/tau_syn at an arriving spike
///
/// Spike when V >= V_th at the end of a step; then V = V_reset for t_ref while the currents go on. Exact on
/// the grid (Rotter & Diesmann 1999), also at tau_m = tau_syn (neurons/propagators.hpp). A spike due in a
/// step acts on the slope D at the end of that step. Names and defaults as NEST's iaf_psc_alpha.
template <class Real> struct IafPscAlpha {
  struct Parameters {
    Real E_L = -70;
    Real C_m = 250;
    Real tau_m = 10;
    Real t_ref = 2;
    Real V_th = -55;
    Real V_reset = -70;
    Real tau_syn_ex = 2;
    Real tau_syn_in = 2;
    Real I_e = 0;
  };
  struct State {
    Real V_m;
    Real I_syn_ex;
    Real I_syn_in;
    Real slope_ex;
    Real slope_in;
    Real refractory;
  };
  struct Input {
    Real exc;      // pA
    Real inh;      // pA
    Real current;  // pA
  };
  struct Constants {
    Real V_from_V, V_from_ex, V_from_in, V_from_slope_ex, V_from_slope_in, V_from_I, rest;
    Real ex_from_ex, in_from_in, slope_of_ex, slope_of_in, dt, refractory_steps;
  };

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>(
        "iaf_psc_alpha", "leaky integrate-and-fire with synaptic currents of alpha shape",
        "Diesmann, Gewaltig, Rotter & Aertsen 2001, Neurocomputing 38-40:565; NEST iaf_psc_alpha",
        field(&P::E_L, "E_L", Unit::mV, unbounded, "resting potential"),
        field(&P::C_m, "C_m", Unit::pF, positive, "membrane capacitance"),
        field(&P::tau_m, "tau_m", Unit::ms, positive, "membrane time constant"),
        field(&P::t_ref, "t_ref", Unit::ms, non_negative, "refractory period"),
        field(&P::V_th, "V_th", Unit::mV, unbounded, "spike threshold"),
        field(&P::V_reset, "V_reset", Unit::mV, unbounded, "potential after a spike"),
        field(&P::tau_syn_ex, "tau_syn_ex", Unit::ms, positive, "rise time of excitatory currents"),
        field(&P::tau_syn_in, "tau_syn_in", Unit::ms, positive, "rise time of inhibitory currents"),
        field(&P::I_e, "I_e", Unit::pA, unbounded, "constant input current"));
  }
  static constexpr auto describe_state() {
    using S = State;
    return about<S>(
        "state", "", "", field(&S::V_m, "V_m", Unit::mV, unbounded, "membrane potential"),
        field(&S::I_syn_ex, "I_syn_ex", Unit::pA, unbounded, "excitatory synaptic current"),
        field(&S::I_syn_in, "I_syn_in", Unit::pA, unbounded, "inhibitory synaptic current"),
        field(&S::slope_ex, "slope_ex", Unit::none, unbounded, "rise of the excitatory current, pA/ms"),
        field(&S::slope_in, "slope_in", Unit::none, unbounded, "rise of the inhibitory current, pA/ms"),
        field(&S::refractory, "refractory", Unit::none, non_negative, "steps left of the refractory period"));
  }
  static std::array<ReceptorInfo, 3> receptors() {
    using Sign = ReceptorInfo::Sign;
    return {ReceptorInfo{"exc", Unit::pA, Sign::positive, false, "peak of the excitatory current"},
            ReceptorInfo{"inh", Unit::pA, Sign::negative, false, "peak of the inhibitory current"},
            ReceptorInfo{"current", Unit::pA, Sign::continuous, false, "input current"}};
  }
  static constexpr auto rules() { return std::array{std::pair{&Parameters::V_reset, &Parameters::V_th}}; }

  static Constants constants(const Parameters& p, double dt) {
    using namespace propagators;
    return {Real(decay(dt, p.tau_m)),
            Real(exponential_current(dt, p.tau_m, p.tau_syn_ex, p.C_m)),
            Real(exponential_current(dt, p.tau_m, p.tau_syn_in, p.C_m)),
            Real(alpha_current(dt, p.tau_m, p.tau_syn_ex, p.C_m)),
            Real(alpha_current(dt, p.tau_m, p.tau_syn_in, p.C_m)),
            Real(constant_current(dt, p.tau_m, p.C_m)),
            p.E_L + p.I_e * p.tau_m / p.C_m,
            Real(decay(dt, p.tau_syn_ex)),
            Real(decay(dt, p.tau_syn_in)),
            Real(slope_of_alpha(p.tau_syn_ex)),
            Real(slope_of_alpha(p.tau_syn_in)),
            Real(dt),
            Real(steps(dt, p.t_ref))};
  }
  static State initial(const Parameters& p) { return {p.E_L, 0, 0, 0, 0, 0}; }

  SYNFIRE_HD static Real margin(const State& s, const Parameters& p) { return s.V_m - p.V_th; }

  SYNFIRE_HD static SpikeOf<Real> step(State& s, const Parameters& p, const Constants& c, const Input& in) {
    const Real V = c.rest + (s.V_m - c.rest) * c.V_from_V + s.I_syn_ex * c.V_from_ex +
                   s.I_syn_in * c.V_from_in + s.slope_ex * c.V_from_slope_ex +
                   s.slope_in * c.V_from_slope_in + c.V_from_I * in.current;
    advance_membrane(s, V);
    s.I_syn_ex = (s.I_syn_ex + s.slope_ex * c.dt) * c.ex_from_ex;
    s.I_syn_in = (s.I_syn_in + s.slope_in * c.dt) * c.in_from_in;
    s.slope_ex = s.slope_ex * c.ex_from_ex + in.exc * c.slope_of_ex;
    s.slope_in = s.slope_in * c.in_from_in + in.inh * c.slope_of_in;
    return spike_and_reset<IafPscAlpha>(s, p, c.refractory_steps);
  }

  // Event form (neurons/alpha_flow.hpp).

  static void advance(State& s, const Parameters& p, Real current, Real ms) {
    const Real free = event_form::spend_refractory(s, ms);
    if (ms > free) exact_flow::hold_alphas(s, p, ms - free);
    if (free > 0) exact_flow::put(exact_flow::two_alphas(s, p, current).after(free), s, p);
  }
  static void receive(State& s, const Parameters& p, std::size_t receptor, Real weight) {
    const bool ex = receptor == 0;
    (ex ? s.slope_ex : s.slope_in) += weight * event_form::slope_of_alpha(ex ? p.tau_syn_ex : p.tau_syn_in);
  }
  static Real next_spike(State s, const Parameters& p, Real current) {
    exact_flow::hold_alphas(s, p, s.refractory);
    return s.refractory + event_roots::first_crossing_stepwise<Real>(exact_flow::two_alphas(s, p, current));
  }
  static Real earliest_spike(const State& s, const Parameters& p, Real current) {
    return s.refractory + exact_flow::two_alphas(s, p, current).earliest();
  }
  static void fire(State& s, const Parameters& p) { event_form::reset(s, p); }
};

}  // namespace synfire
