#pragma once

#include <array>

#include "core/concepts.hpp"
#include "core/math.hpp"
#include "neurons/exponential_spike.hpp"
#include "neurons/propagators.hpp"
#include "neurons/refractory.hpp"

namespace synfire {

/// Adaptive exponential integrate-and-fire (AdEx) with synaptic conductances that decay exponentially:
///
///   C_m dV/dt = -g_L (V - E_L) + g_L Delta_T exp((V - V_th)/Delta_T) - w
///               - g_ex (V - E_ex) - g_in (V - E_in) + I + I_e
///   tau_w dw/dt = a (V - E_L) - w,   w -> w + b at an own spike
///   dg_x/dt = -g_x/tau_syn_x,   g_x -> g_x + |w_syn| at an arriving spike
///
/// Integrated as aeif_psc_exp is (Strang's splitting, of order 2 in dt between spikes); half a step of leak
/// takes the exact mean of the conductances. Source: Brette & Gerstner 2005; NEST's aeif_cond_exp.
template <class Real> struct AeifCondExp {
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
    Real E_ex = 0;
    Real E_in = -85;
    Real tau_syn_ex = Real(0.2);
    Real tau_syn_in = 2;
    Real I_e = 0;
  };
  struct State {
    Real V_m;
    Real w;
    Real g_ex;
    Real g_in;
    Real refractory;
  };
  struct Input {
    Real exc;      // nS
    Real inh;      // nS
    Real current;  // pA
  };
  struct Constants {
    Real mean_ex, mean_in, ex_from_ex, in_from_in, leak_current, dt_over_C;  // of half a step
    Real rise, per_Delta_T, w_half, refractory_steps;
  };

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>(
        "aeif_cond_exp",
        "adaptive exponential integrate-and-fire with exponentially decaying synaptic conductances",
        "Brette & Gerstner 2005, J. Neurophysiol. 94:3637; NEST aeif_cond_exp",
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
        field(&P::E_ex, "E_ex", Unit::mV, unbounded, "excitatory reversal potential"),
        field(&P::E_in, "E_in", Unit::mV, unbounded, "inhibitory reversal potential"),
        field(&P::tau_syn_ex, "tau_syn_ex", Unit::ms, positive, "decay time of excitatory conductances"),
        field(&P::tau_syn_in, "tau_syn_in", Unit::ms, positive, "decay time of inhibitory conductances"),
        field(&P::I_e, "I_e", Unit::pA, unbounded, "constant input current"));
  }
  static constexpr auto describe_state() {
    using S = State;
    return about<S>(
        "state", "", "", field(&S::V_m, "V_m", Unit::mV, unbounded, "membrane potential"),
        field(&S::w, "w", Unit::pA, unbounded, "adaptation current"),
        field(&S::g_ex, "g_ex", Unit::nS, non_negative, "excitatory synaptic conductance"),
        field(&S::g_in, "g_in", Unit::nS, non_negative, "inhibitory synaptic conductance"),
        field(&S::refractory, "refractory", Unit::none, non_negative, "steps left of the refractory period"));
  }
  static std::array<ReceptorInfo, 3> receptors() {
    using Sign = ReceptorInfo::Sign;
    return {ReceptorInfo{"exc", Unit::nS, Sign::positive, true, "jump of the excitatory conductance"},
            ReceptorInfo{"inh", Unit::nS, Sign::negative, true, "jump of the inhibitory conductance"},
            ReceptorInfo{"current", Unit::pA, Sign::continuous, false, "input current"}};
  }
  static constexpr auto rules() {
    using P = Parameters;
    return std::array{std::pair{&P::V_reset, &P::V_peak}, std::pair{&P::V_th, &P::V_peak}};
  }

  static Constants constants(const Parameters& p, double dt) {
    using namespace propagators;
    const double half = dt / 2;
    return {Real(mean_of_decay(half, p.tau_syn_ex)),
            Real(mean_of_decay(half, p.tau_syn_in)),
            Real(decay(half, p.tau_syn_ex)),
            Real(decay(half, p.tau_syn_in)),
            p.g_L * p.E_L + p.I_e,
            Real(half / p.C_m),
            Real(exponential_spike::rise(p, dt)),
            Real(1) / p.Delta_T,
            Real(exponential_spike::w_half(p, dt)),
            Real(steps(dt, p.t_ref))};
  }
  static State initial(const Parameters& p) { return {p.E_L, 0, 0, 0, 0}; }

  SYNFIRE_HD static Real margin(const State& s, const Parameters& p) { return s.V_m - p.V_peak; }

  SYNFIRE_HD static SpikeOf<Real> step(State& s, const Parameters& p, const Constants& c, const Input& in) {
    exponential_spike::adapt_half(s, p, c);
    const Real current = c.leak_current + in.current - s.w;
    Real V = leak_half(s.V_m, s, p, c, current);
    decay_half(s, c);
    V = exponential_spike::upstroke(V, p, c);
    V = math::select(V >= p.V_peak, V, leak_half(V, s, p, c, current));
    decay_half(s, c);
    advance_membrane(s, V);
    s.g_ex = s.g_ex + in.exc;
    s.g_in = s.g_in + in.inh;
    const SpikeOf<Real> spike = spike_and_reset<AeifCondExp>(s, p, c.refractory_steps);
    exponential_spike::adapt_half(s, p, c);
    s.w = s.w + math::select(spike, p.b, Real(0));
    return spike;
  }

 private:
  SYNFIRE_HD static Real leak_half(Real V, const State& s, const Parameters& p, const Constants& c,
                                   Real current) {
    const Real g_ex = s.g_ex * c.mean_ex, g_in = s.g_in * c.mean_in;
    const Real g = p.g_L + g_ex + g_in;
    const Real balance = (current + g_ex * p.E_ex + g_in * p.E_in) / g;
    return balance + (V - balance) * math::exp(-g * c.dt_over_C);
  }
  SYNFIRE_HD static void decay_half(State& s, const Constants& c) {
    s.g_ex = s.g_ex * c.ex_from_ex;
    s.g_in = s.g_in * c.in_from_in;
  }
};

}  // namespace synfire
