#pragma once

#include <array>

#include "core/concepts.hpp"
#include "core/math.hpp"
#include "neurons/propagators.hpp"
#include "neurons/refractory.hpp"

namespace synfire {

/// Leaky integrate-and-fire; an arriving spike of weight w gives a synaptic conductance that rises and falls
/// as an alpha function, with its peak of |w| at tau_syn:
///
///   C_m dV/dt = -g_L (V - E_L) - g_ex (V - E_ex) - g_in (V - E_in) + I + I_e
///   dg_x/dt = D_x - g_x/tau_syn,   dD_x/dt = -D_x/tau_syn,   D_x -> D_x + |w| e/tau_syn at an arriving spike
///
/// Spike when V >= V_th at the end of a step; then V = V_reset for t_ref while the conductances go on. The
/// conductances are exact on the grid. The membrane is advanced by the exponential of the conductances
/// averaged over the step (their exact mean), towards the potential at which these would balance: of order 2
/// in dt. A spike due in a step acts on the slope D at its end. Source: Meffin, Burkitt & Grayden 2004; names
/// and defaults as NEST's iaf_cond_alpha.
template <class Real> struct IafCondAlpha {
  struct Parameters {
    Real E_L = -70;
    Real C_m = 250;
    Real g_L = Real(16.6667);
    Real t_ref = 2;
    Real V_th = -55;
    Real V_reset = -60;
    Real E_ex = 0;
    Real E_in = -85;
    Real tau_syn_ex = Real(0.2);
    Real tau_syn_in = 2;
    Real I_e = 0;
  };
  struct State {
    Real V_m;
    Real g_ex;
    Real g_in;
    Real slope_ex;
    Real slope_in;
    Real refractory;
  };
  struct Input {
    Real exc;      // nS
    Real inh;      // nS
    Real current;  // pA
  };
  struct Constants {
    Real mean_ex, mean_in, mean_slope_ex, mean_slope_in, ex_from_ex, in_from_in, slope_of_ex, slope_of_in;
    Real dt, leak_current, dt_over_C, refractory_steps;
  };

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>(
        "iaf_cond_alpha", "leaky integrate-and-fire with synaptic conductances of alpha shape",
        "Meffin, Burkitt & Grayden 2004, J. Comput. Neurosci. 16:159; NEST iaf_cond_alpha",
        field(&P::E_L, "E_L", Unit::mV, unbounded, "leak reversal potential"),
        field(&P::C_m, "C_m", Unit::pF, positive, "membrane capacitance"),
        field(&P::g_L, "g_L", Unit::nS, positive, "leak conductance"),
        field(&P::t_ref, "t_ref", Unit::ms, non_negative, "refractory period"),
        field(&P::V_th, "V_th", Unit::mV, unbounded, "spike threshold"),
        field(&P::V_reset, "V_reset", Unit::mV, unbounded, "potential after a spike"),
        field(&P::E_ex, "E_ex", Unit::mV, unbounded, "excitatory reversal potential"),
        field(&P::E_in, "E_in", Unit::mV, unbounded, "inhibitory reversal potential"),
        field(&P::tau_syn_ex, "tau_syn_ex", Unit::ms, positive, "rise time of excitatory conductances"),
        field(&P::tau_syn_in, "tau_syn_in", Unit::ms, positive, "rise time of inhibitory conductances"),
        field(&P::I_e, "I_e", Unit::pA, unbounded, "constant input current"));
  }
  static constexpr auto describe_state() {
    using S = State;
    return about<S>(
        "state", "", "", field(&S::V_m, "V_m", Unit::mV, unbounded, "membrane potential"),
        field(&S::g_ex, "g_ex", Unit::nS, non_negative, "excitatory synaptic conductance"),
        field(&S::g_in, "g_in", Unit::nS, non_negative, "inhibitory synaptic conductance"),
        field(&S::slope_ex, "slope_ex", Unit::none, non_negative,
              "rise of the excitatory conductance, nS/ms"),
        field(&S::slope_in, "slope_in", Unit::none, non_negative,
              "rise of the inhibitory conductance, nS/ms"),
        field(&S::refractory, "refractory", Unit::none, non_negative, "steps left of the refractory period"));
  }
  static std::array<ReceptorInfo, 3> receptors() {
    using Sign = ReceptorInfo::Sign;
    return {ReceptorInfo{"exc", Unit::nS, Sign::positive, true, "peak of the excitatory conductance"},
            ReceptorInfo{"inh", Unit::nS, Sign::negative, true, "peak of the inhibitory conductance"},
            ReceptorInfo{"current", Unit::pA, Sign::continuous, false, "input current"}};
  }
  static constexpr auto rules() { return std::array{std::pair{&Parameters::V_reset, &Parameters::V_th}}; }

  static Constants constants(const Parameters& p, double dt) {
    using namespace propagators;
    return {Real(mean_of_decay(dt, p.tau_syn_ex)),
            Real(mean_of_decay(dt, p.tau_syn_in)),
            Real(mean_of_alpha(dt, p.tau_syn_ex)),
            Real(mean_of_alpha(dt, p.tau_syn_in)),
            Real(decay(dt, p.tau_syn_ex)),
            Real(decay(dt, p.tau_syn_in)),
            Real(slope_of_alpha(p.tau_syn_ex)),
            Real(slope_of_alpha(p.tau_syn_in)),
            Real(dt),
            p.g_L * p.E_L + p.I_e,
            Real(dt / p.C_m),
            Real(steps(dt, p.t_ref))};
  }
  static State initial(const Parameters& p) { return {p.E_L, 0, 0, 0, 0, 0}; }

  SYNFIRE_HD static Real margin(const State& s, const Parameters& p) { return s.V_m - p.V_th; }

  SYNFIRE_HD static SpikeOf<Real> step(State& s, const Parameters& p, const Constants& c, const Input& in) {
    const Real g_ex = s.g_ex * c.mean_ex + s.slope_ex * c.mean_slope_ex;
    const Real g_in = s.g_in * c.mean_in + s.slope_in * c.mean_slope_in;
    const Real g = p.g_L + g_ex + g_in;
    const Real balance = (c.leak_current + g_ex * p.E_ex + g_in * p.E_in + in.current) / g;
    const Real V = balance + (s.V_m - balance) * math::exp(-g * c.dt_over_C);
    advance_membrane(s, V);
    s.g_ex = (s.g_ex + s.slope_ex * c.dt) * c.ex_from_ex;
    s.g_in = (s.g_in + s.slope_in * c.dt) * c.in_from_in;
    s.slope_ex = s.slope_ex * c.ex_from_ex + in.exc * c.slope_of_ex;
    s.slope_in = s.slope_in * c.in_from_in + in.inh * c.slope_of_in;
    return spike_and_reset<IafCondAlpha>(s, p, c.refractory_steps);
  }
};

}  // namespace synfire
