#pragma once

#include <array>

#include "core/concepts.hpp"
#include "core/math.hpp"
#include "neurons/adaptive_threshold.hpp"
#include "neurons/propagators.hpp"
#include "neurons/refractory.hpp"

namespace synfire {

/// Leaky integrate-and-fire with exponentially decaying synaptic currents and an adaptive threshold:
///
///   C_m dV/dt = -(C_m/tau_m) (V - E_L) + I_ex + I_in + I + I_e
///   dI_x/dt = -I_x/tau_syn_x,   I_x -> I_x + w at an arriving spike
///   dtheta/dt = -theta/tau_theta - theta_plus target_rate,   theta -> theta + theta_plus at an own spike
///
/// Spike when V >= V_th + theta - theta_offset at the end of a step; then V = V_reset for t_ref while
/// currents and theta go on. theta starts at theta_offset. With a target_rate, theta rises and falls until
/// the neuron fires at that rate (for tau_theta much longer than the intervals). Exact on the grid (Rotter &
/// Diesmann 1999), also at tau_m = tau_syn, and theta in single precision too. Source: Diehl & Cook 2015,
/// with currents in place of conductances.
template <class Real> struct LifDiehlCookPsc {
  struct Parameters {
    Real E_L = -65;
    Real C_m = 100;
    Real tau_m = 100;
    Real t_ref = 5;
    Real V_th = -52;
    Real V_reset = -65;
    Real tau_syn_ex = 1;
    Real tau_syn_in = 2;
    Real theta_plus = Real(0.05);
    Real theta_offset = 20;
    Real tau_theta = 10000000;
    Real target_rate = 0;
    Real I_e = 0;
  };
  struct State {
    Real V_m;
    Real I_syn_ex;
    Real I_syn_in;
    Real theta;
    Real theta_carry;
    Real refractory;
  };
  struct Input {
    Real exc;      // pA
    Real inh;      // pA
    Real current;  // pA
  };
  struct Constants {
    Real V_from_V, V_from_ex, V_from_in, V_from_I, rest, ex_from_ex, in_from_in;
    Real theta_loss, theta_drift, refractory_steps;
  };

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>(
        "lif_diehl_cook_psc", "leaky integrate-and-fire with synaptic currents and an adaptive threshold",
        "Diehl & Cook 2015, Front. Comput. Neurosci. 9:99",
        field(&P::E_L, "E_L", Unit::mV, unbounded, "resting potential"),
        field(&P::C_m, "C_m", Unit::pF, positive, "membrane capacitance"),
        field(&P::tau_m, "tau_m", Unit::ms, positive, "membrane time constant"),
        field(&P::t_ref, "t_ref", Unit::ms, non_negative, "refractory period"),
        field(&P::V_th, "V_th", Unit::mV, unbounded, "spike threshold where theta is theta_offset"),
        field(&P::V_reset, "V_reset", Unit::mV, unbounded, "potential after a spike"),
        field(&P::tau_syn_ex, "tau_syn_ex", Unit::ms, positive, "decay time of excitatory currents"),
        field(&P::tau_syn_in, "tau_syn_in", Unit::ms, positive, "decay time of inhibitory currents"),
        field(&P::theta_plus, "theta_plus", Unit::mV, non_negative, "rise of theta at a spike"),
        field(&P::theta_offset, "theta_offset", Unit::mV, unbounded, "theta at which the threshold is V_th"),
        field(&P::tau_theta, "tau_theta", Unit::ms, positive, "decay time of theta"),
        field(&P::target_rate, "target_rate", Unit::Hz, non_negative, "rate that theta drifts towards"),
        field(&P::I_e, "I_e", Unit::pA, unbounded, "constant input current"));
  }
  static constexpr auto describe_state() {
    using S = State;
    return about<S>(
        "state", "", "", field(&S::V_m, "V_m", Unit::mV, unbounded, "membrane potential"),
        field(&S::I_syn_ex, "I_syn_ex", Unit::pA, unbounded, "excitatory synaptic current"),
        field(&S::I_syn_in, "I_syn_in", Unit::pA, unbounded, "inhibitory synaptic current"),
        field(&S::theta, "theta", Unit::mV, unbounded, "adaptive part of the threshold"),
        field(&S::theta_carry, "theta_carry", Unit::mV, unbounded, "what rounding took from theta"),
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
            Real(adaptive_threshold::loss(p, dt)),
            Real(adaptive_threshold::drift(p, dt)),
            Real(steps(dt, p.t_ref))};
  }
  static State initial(const Parameters& p) { return {p.E_L, 0, 0, p.theta_offset, 0, 0}; }

  SYNFIRE_HD static Real margin(const State& s, const Parameters& p) {
    return adaptive_threshold::margin(s, p);
  }

  SYNFIRE_HD static SpikeOf<Real> step(State& s, const Parameters& p, const Constants& c, const Input& in) {
    const Real V = c.rest + (s.V_m - c.rest) * c.V_from_V + s.I_syn_ex * c.V_from_ex +
                   s.I_syn_in * c.V_from_in + c.V_from_I * in.current;
    advance_membrane(s, V);
    s.I_syn_ex = s.I_syn_ex * c.ex_from_ex + in.exc;
    s.I_syn_in = s.I_syn_in * c.in_from_in + in.inh;
    adaptive_threshold::sink(s, c);
    const SpikeOf<Real> spike = spike_and_reset<LifDiehlCookPsc>(s, p, c.refractory_steps);
    adaptive_threshold::raise(s, p, spike);
    return spike;
  }
};

}  // namespace synfire
