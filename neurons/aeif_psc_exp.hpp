#pragma once

#include <array>

#include "core/concepts.hpp"
#include "core/math.hpp"
#include "neurons/exponential_spike.hpp"
#include "neurons/propagators.hpp"
#include "neurons/refractory.hpp"

namespace synfire {

/// Adaptive exponential integrate-and-fire (AdEx) with exponentially decaying synaptic currents:
///
///   C_m dV/dt = -g_L (V - E_L) + g_L Delta_T exp((V - V_th)/Delta_T) - w + I_ex + I_in + I + I_e
///   tau_w dw/dt = a (V - E_L) - w,   w -> w + b at an own spike
///   dI_x/dt = -I_x/tau_syn_x,   I_x -> I_x + w_syn at an arriving spike
///
/// Spike when V reaches V_peak; at the end of that step V = V_reset, for t_ref more, while w (driven by
/// V_reset) and the currents go on. A step is w for dt/2, leak and currents for dt/2, the exponential for dt,
/// leak and currents for dt/2, w for dt/2, each solved exactly (Strang's splitting): of order 2 in dt between
/// spikes, with no limit on dt from the upstroke, which may go to infinity within a step. Source: Brette &
/// Gerstner 2005; names and defaults as NEST's aeif_psc_exp. Delta_T must be > 0; for 0 use lif_adaptive.
template <class Real> struct AeifPscExp {
  struct Parameters {
    Real E_L = Real(-70.6);
    Real C_m = 281;
    Real g_L = 30;
    Real t_ref = 0;
    Real V_th = Real(-50.4);
    Real V_peak = 0;
    Real V_reset = -60;
    Real Delta_T = 2;
    Real a = 4;
    Real b = Real(80.5);
    Real tau_w = 144;
    Real tau_syn_ex = Real(0.2);
    Real tau_syn_in = 2;
    Real I_e = 0;
  };
  struct State {
    Real V_m;
    Real w;
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
    Real V_from_V, V_from_ex, V_from_in, V_from_I, ex_from_ex, in_from_in;  // of half a step
    Real rise, per_Delta_T, w_half, refractory_steps;
  };

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>(
        "aeif_psc_exp",
        "adaptive exponential integrate-and-fire with exponentially decaying synaptic currents",
        "Brette & Gerstner 2005, J. Neurophysiol. 94:3637; NEST aeif_psc_exp",
        field(&P::E_L, "E_L", Unit::mV, unbounded, "leak reversal potential"),
        field(&P::C_m, "C_m", Unit::pF, positive, "membrane capacitance"),
        field(&P::g_L, "g_L", Unit::nS, positive, "leak conductance"),
        field(&P::t_ref, "t_ref", Unit::ms, non_negative, "refractory period"),
        field(&P::V_th, "V_th", Unit::mV, unbounded, "potential at which the upstroke begins"),
        field(&P::V_peak, "V_peak", Unit::mV, unbounded, "potential at which the upstroke ends in a spike"),
        field(&P::V_reset, "V_reset", Unit::mV, unbounded, "potential after a spike"),
        field(&P::Delta_T, "Delta_T", Unit::mV, positive, "sharpness of the upstroke"),
        field(&P::a, "a", Unit::nS, unbounded, "adaptation by the potential"),
        field(&P::b, "b", Unit::pA, unbounded, "adaptation by a spike"),
        field(&P::tau_w, "tau_w", Unit::ms, positive, "adaptation time constant"),
        field(&P::tau_syn_ex, "tau_syn_ex", Unit::ms, positive, "decay time of excitatory currents"),
        field(&P::tau_syn_in, "tau_syn_in", Unit::ms, positive, "decay time of inhibitory currents"),
        field(&P::I_e, "I_e", Unit::pA, unbounded, "constant input current"));
  }
  static constexpr auto describe_state() {
    using S = State;
    return about<S>(
        "state", "", "", field(&S::V_m, "V_m", Unit::mV, unbounded, "membrane potential"),
        field(&S::w, "w", Unit::pA, unbounded, "adaptation current"),
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
  static constexpr auto rules() {
    using P = Parameters;
    return std::array{std::pair{&P::V_reset, &P::V_peak}, std::pair{&P::V_th, &P::V_peak}};
  }

  static Constants constants(const Parameters& p, double dt) {
    using namespace propagators;
    const double half = dt / 2, tau_m = double(p.C_m) / p.g_L;
    return {Real(decay(half, tau_m)),
            Real(exponential_current(half, tau_m, p.tau_syn_ex, p.C_m)),
            Real(exponential_current(half, tau_m, p.tau_syn_in, p.C_m)),
            Real(constant_current(half, tau_m, p.C_m)),
            Real(decay(half, p.tau_syn_ex)),
            Real(decay(half, p.tau_syn_in)),
            Real(exponential_spike::rise(p, dt)),
            Real(1) / p.Delta_T,
            Real(exponential_spike::w_half(p, dt)),
            Real(steps(dt, p.t_ref))};
  }
  static State initial(const Parameters& p) { return {p.E_L, 0, 0, 0, 0}; }

  SYNFIRE_HD static Real margin(const State& s, const Parameters& p) { return s.V_m - p.V_peak; }

  SYNFIRE_HD static SpikeOf<Real> step(State& s, const Parameters& p, const Constants& c, const Input& in) {
    exponential_spike::adapt_half(s, p, c);
    const Real current = p.I_e + in.current - s.w;
    Real V = leak_half(s.V_m, s, p, c, current);
    decay_half(s, c);
    V = exponential_spike::upstroke(V, p, c);
    V = math::select(V >= p.V_peak, V, leak_half(V, s, p, c, current));
    decay_half(s, c);
    advance_membrane(s, V);
    s.I_syn_ex = s.I_syn_ex + in.exc;
    s.I_syn_in = s.I_syn_in + in.inh;
    const SpikeOf<Real> spike = spike_and_reset<AeifPscExp>(s, p, c.refractory_steps);
    exponential_spike::adapt_half(s, p, c);
    s.w = s.w + math::select(spike, p.b, Real(0));
    return spike;
  }

 private:
  SYNFIRE_HD static Real leak_half(Real V, const State& s, const Parameters& p, const Constants& c,
                                   Real current) {
    return p.E_L + (V - p.E_L) * c.V_from_V + s.I_syn_ex * c.V_from_ex + s.I_syn_in * c.V_from_in +
           current * c.V_from_I;
  }
  SYNFIRE_HD static void decay_half(State& s, const Constants& c) {
    s.I_syn_ex = s.I_syn_ex * c.ex_from_ex;
    s.I_syn_in = s.I_syn_in * c.in_from_in;
  }
};

}  // namespace synfire
