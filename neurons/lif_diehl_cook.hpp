#pragma once

#include <array>

#include "core/concepts.hpp"
#include "core/math.hpp"
#include "neurons/adaptive_threshold.hpp"
#include "neurons/propagators.hpp"
#include "neurons/refractory.hpp"

namespace synfire {

/// Leaky integrate-and-fire with synaptic conductances and an adaptive threshold:
///
///   tau_m dV/dt = E_L - V + g_ex (E_ex - V) + g_in (E_in - V) + (tau_m/C_m) (I + I_e)
///   dg_x/dt = -g_x/tau_syn_x,   g_x -> g_x + |w| at an arriving spike; in multiples of the leak
///   dtheta/dt = -theta/tau_theta - theta_plus target_rate,   theta -> theta + theta_plus at an own spike
///
/// Spike when V >= V_th + theta - theta_offset at the end of a step; then V = V_reset for t_ref while g and
/// theta go on. theta starts at theta_offset. With a target_rate, theta rises and falls until the neuron
/// fires at that rate (for tau_theta much longer than the intervals). Conductances and theta are exact on the
/// grid in single precision too; the membrane is advanced by the exponential of the conductances averaged
/// over the step: exact for constant conductances, else of order 2 in dt. Source: Diehl & Cook 2015;
/// (6.1)-(6.7) of Jiang 2022. The defaults are those of the excitatory layer; the
/// inhibitory one has tau_m 10, E_L -60, V_reset -45, V_th -40, t_ref 2, E_in -85, theta_plus 0 and
/// theta_offset 0.
template <class Real> struct LifDiehlCook {
  struct Parameters {
    Real E_L = -65;
    Real C_m = 100;
    Real tau_m = 100;
    Real t_ref = 5;
    Real V_th = -52;
    Real V_reset = -65;
    Real E_ex = 0;
    Real E_in = -100;
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
    Real g_ex;
    Real g_in;
    Real theta;
    Real theta_carry;
    Real refractory;
  };
  struct Input {
    Real exc;      // in multiples of the leak conductance
    Real inh;      // the same
    Real current;  // pA
  };
  struct Constants {
    Real mean_ex, mean_in, ex_from_ex, in_from_in, rest, V_per_I, dt_over_tau;
    Real theta_loss, theta_drift, refractory_steps;
  };

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>(
        "lif_diehl_cook", "leaky integrate-and-fire with synaptic conductances and an adaptive threshold",
        "Diehl & Cook 2015, Front. Comput. Neurosci. 9:99",
        field(&P::E_L, "E_L", Unit::mV, unbounded, "leak reversal potential"),
        field(&P::C_m, "C_m", Unit::pF, positive, "membrane capacitance, for currents only"),
        field(&P::tau_m, "tau_m", Unit::ms, positive, "membrane time constant"),
        field(&P::t_ref, "t_ref", Unit::ms, non_negative, "refractory period"),
        field(&P::V_th, "V_th", Unit::mV, unbounded, "spike threshold where theta is theta_offset"),
        field(&P::V_reset, "V_reset", Unit::mV, unbounded, "potential after a spike"),
        field(&P::E_ex, "E_ex", Unit::mV, unbounded, "excitatory reversal potential"),
        field(&P::E_in, "E_in", Unit::mV, unbounded, "inhibitory reversal potential"),
        field(&P::tau_syn_ex, "tau_syn_ex", Unit::ms, positive, "decay time of excitatory conductances"),
        field(&P::tau_syn_in, "tau_syn_in", Unit::ms, positive, "decay time of inhibitory conductances"),
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
        field(&S::g_ex, "g_ex", Unit::none, non_negative, "excitatory conductance, in multiples of the leak"),
        field(&S::g_in, "g_in", Unit::none, non_negative, "inhibitory conductance, in multiples of the leak"),
        field(&S::theta, "theta", Unit::mV, unbounded, "adaptive part of the threshold"),
        field(&S::theta_carry, "theta_carry", Unit::mV, unbounded, "what rounding took from theta"),
        field(&S::refractory, "refractory", Unit::none, non_negative, "steps left of the refractory period"));
  }
  static std::array<ReceptorInfo, 3> receptors() {
    using Sign = ReceptorInfo::Sign;
    return {ReceptorInfo{"exc", Unit::none, Sign::positive, true, "jump of the excitatory conductance"},
            ReceptorInfo{"inh", Unit::none, Sign::negative, true, "jump of the inhibitory conductance"},
            ReceptorInfo{"current", Unit::pA, Sign::continuous, false, "input current"}};
  }
  static constexpr auto rules() { return std::array{std::pair{&Parameters::V_reset, &Parameters::V_th}}; }

  static Constants constants(const Parameters& p, double dt) {
    using namespace propagators;
    return {Real(mean_of_decay(dt, p.tau_syn_ex)),
            Real(mean_of_decay(dt, p.tau_syn_in)),
            Real(decay(dt, p.tau_syn_ex)),
            Real(decay(dt, p.tau_syn_in)),
            p.E_L + p.I_e * p.tau_m / p.C_m,
            p.tau_m / p.C_m,
            Real(dt / p.tau_m),
            Real(adaptive_threshold::loss(p, dt)),
            Real(adaptive_threshold::drift(p, dt)),
            Real(steps(dt, p.t_ref))};
  }
  static State initial(const Parameters& p) { return {p.E_L, 0, 0, p.theta_offset, 0, 0}; }

  SYNFIRE_HD static Real margin(const State& s, const Parameters& p) {
    return adaptive_threshold::margin(s, p);
  }

  SYNFIRE_HD static SpikeOf<Real> step(State& s, const Parameters& p, const Constants& c, const Input& in) {
    const Real g_ex = s.g_ex * c.mean_ex, g_in = s.g_in * c.mean_in;
    const Real g = Real(1) + g_ex + g_in;
    const Real balance = (c.rest + g_ex * p.E_ex + g_in * p.E_in + c.V_per_I * in.current) / g;
    const Real V = balance + (s.V_m - balance) * math::exp(-g * c.dt_over_tau);
    advance_membrane(s, V);
    s.g_ex = s.g_ex * c.ex_from_ex + in.exc;
    s.g_in = s.g_in * c.in_from_in + in.inh;
    adaptive_threshold::sink(s, c);
    const SpikeOf<Real> spike = spike_and_reset<LifDiehlCook>(s, p, c.refractory_steps);
    adaptive_threshold::raise(s, p, spike);
    return spike;
  }
};

}  // namespace synfire
