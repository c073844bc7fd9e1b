#pragma once

#include <array>

#include "core/concepts.hpp"
#include "core/math.hpp"
#include "neurons/event_form.hpp"
#include "neurons/propagators.hpp"
#include "neurons/refractory.hpp"

namespace synfire {

/// Leaky integrate-and-fire with synaptic currents that jump at an arriving spike and decay exponentially:
///
///   C_m dV/dt = -(C_m/tau_m) (V - E_L) + I_ex + I_in + I + I_e
///   dI_ex/dt = -I_ex/tau_syn_ex,   dI_in/dt = -I_in/tau_syn_in,   I_x -> I_x + w at an arriving spike
///
/// Spike when V >= V_th at the end of a step; then V = V_reset for t_ref while the currents go on. Exact on
/// the grid (Rotter & Diesmann 1999), also at tau_m = tau_syn (neurons/propagators.hpp). A spike due in a
/// step acts on the current at the end of that step, on the membrane in the next. Source: Tsodyks, Uziel &
/// Markram 2000; names and defaults as NEST's iaf_psc_exp.
template <class Real> struct IafPscExp {
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
    Real refractory;
  };
  struct Input {
    Real exc;      // pA
    Real inh;      // pA
    Real current;  // pA
  };
  struct Constants {
    Real V_from_V, V_from_ex, V_from_in, V_from_I, rest, ex_from_ex, in_from_in, refractory_steps;
  };

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>(
        "iaf_psc_exp", "leaky integrate-and-fire with exponentially decaying synaptic currents",
        "Tsodyks, Uziel & Markram 2000, J. Neurosci. 20:RC50; NEST iaf_psc_exp",
        field(&P::E_L, "E_L", Unit::mV, unbounded, "resting potential"),
        field(&P::C_m, "C_m", Unit::pF, positive, "membrane capacitance"),
        field(&P::tau_m, "tau_m", Unit::ms, positive, "membrane time constant"),
        field(&P::t_ref, "t_ref", Unit::ms, non_negative, "refractory period"),
        field(&P::V_th, "V_th", Unit::mV, unbounded, "spike threshold"),
        field(&P::V_reset, "V_reset", Unit::mV, unbounded, "potential after a spike"),
        field(&P::tau_syn_ex, "tau_syn_ex", Unit::ms, positive, "decay time of excitatory currents"),
        field(&P::tau_syn_in, "tau_syn_in", Unit::ms, positive, "decay time of inhibitory currents"),
        field(&P::I_e, "I_e", Unit::pA, unbounded, "constant input current"));
  }
  static constexpr auto describe_state() {
    using S = State;
    return about<S>(
        "state", "", "", field(&S::V_m, "V_m", Unit::mV, unbounded, "membrane potential"),
        field(&S::I_syn_ex, "I_syn_ex", Unit::pA, unbounded, "excitatory synaptic current"),
        field(&S::I_syn_in, "I_syn_in", Unit::pA, unbounded, "inhibitory synaptic current"),
        field(&S::refractory, "refractory", Unit::none, non_negative, "steps left of the refractory period"));
  }
  static std::array<ReceptorInfo, 3> receptors() {
    using Sign = ReceptorInfo::Sign;
    return {ReceptorInfo{"exc", Unit::pA, Sign::positive, false, "jump of the excitatory current"},
            ReceptorInfo{"inh", Unit::pA, Sign::negative, false, "jump of the inhibitory current"},
            ReceptorInfo{"current", Unit::pA, Sign::continuous, false, "input current"}};
  }
  static constexpr auto rules() { return std::array{std::pair{&Parameters::V_reset, &Parameters::V_th}}; }

  static Constants constants(const Parameters& p, double dt) {
    using namespace propagators;
    return {Real(decay(dt, p.tau_m)),
            Real(exponential_current(dt, p.tau_m, p.tau_syn_ex, p.C_m)),
            Real(exponential_current(dt, p.tau_m, p.tau_syn_in, p.C_m)),
            Real(constant_current(dt, p.tau_m, p.C_m)),
            p.E_L + p.I_e * p.tau_m / p.C_m,
            Real(decay(dt, p.tau_syn_ex)),
            Real(decay(dt, p.tau_syn_in)),
            Real(steps(dt, p.t_ref))};
  }
  static State initial(const Parameters& p) { return {p.E_L, 0, 0, 0}; }

  SYNFIRE_HD static Real margin(const State& s, const Parameters& p) { return s.V_m - p.V_th; }

  SYNFIRE_HD static SpikeOf<Real> step(State& s, const Parameters& p, const Constants& c, const Input& in) {
    const Real V = c.rest + (s.V_m - c.rest) * c.V_from_V + s.I_syn_ex * c.V_from_ex +
                   s.I_syn_in * c.V_from_in + c.V_from_I * in.current;
    advance_membrane(s, V);
    s.I_syn_ex = s.I_syn_ex * c.ex_from_ex + in.exc;
    s.I_syn_in = s.I_syn_in * c.in_from_in + in.inh;
    return spike_and_reset<IafPscExp>(s, p, c.refractory_steps);
  }

  // Event form.

  static void advance(State& s, const Parameters& p, Real current, Real ms) {
    const Real held = ms - event_form::spend_refractory(s, ms);
    if (held > 0) decay_currents(s, p, held);
    const Real free = ms - held;
    if (!(free > 0)) return;
    const auto later = membrane(s, p, current).after(free);
    s = {later.V, later.drive_1 * p.C_m, later.drive_2 * p.C_m, s.refractory};
  }
  static void receive(State& s, const Parameters&, std::size_t receptor, Real weight) {
    (receptor == 0 ? s.I_syn_ex : s.I_syn_in) += weight;
  }
  static Real next_spike(const State& s, const Parameters& p, Real current) {
    State free = s;
    decay_currents(free, p, s.refractory);
    return s.refractory + event_roots::first_crossing<Real>(membrane(free, p, current));
  }
  static Real earliest_spike(const State& s, const Parameters& p, Real current) {
    return s.refractory + membrane(s, p, current).earliest();
  }
  static void fire(State& s, const Parameters& p) { event_form::reset(s, p); }

 private:
  static exact_flow::TwoCurrents<Real> membrane(const State& s, const Parameters& p, Real current) {
    return {s.V_m,
            event_form::balance(p, current),
            p.V_th,
            s.I_syn_ex / p.C_m,
            s.I_syn_in / p.C_m,
            p.tau_m,
            p.tau_syn_ex,
            p.tau_syn_in};
  }
  static void decay_currents(State& s, const Parameters& p, Real ms) {
    s.I_syn_ex *= exact_flow::decay(ms, p.tau_syn_ex);
    s.I_syn_in *= exact_flow::decay(ms, p.tau_syn_in);
  }
};

}  // namespace synfire
