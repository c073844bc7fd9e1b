#pragma once

#include <array>

#include "core/concepts.hpp"
#include "core/math.hpp"
#include "neurons/adaptive_flow.hpp"
#include "neurons/event_form.hpp"
#include "neurons/propagators.hpp"
#include "neurons/refractory.hpp"

namespace synfire {

/// Leaky integrate-and-fire with a linear adaptation current (adLIF) and exponentially decaying synaptic
/// currents:
///
///   C_m dV/dt = -(C_m/tau_m) (V - E_L) - w + I_ex + I_in + I + I_e
///   tau_w dw/dt = a (V - E_L) - w,   w -> w + b at an own spike
///   dI_x/dt = -I_x/tau_syn_x,   I_x -> I_x + w_syn at an arriving spike
///
/// Spike when V >= V_th at the end of a step; then V = V_reset for t_ref while w (driven by V_reset) and the
/// currents go on. Exact on the grid: the linear system of V, w and the currents is advanced by its matrix
/// exponential, computed once; event form: neurons/adaptive_flow.hpp. Source: Brunel, Hakim & Richardson
/// 2003; (3)-(4) of Matam 2023 with R = tau_m/C_m and w in pA.
template <class Real> struct LifAdaptive {
  struct Parameters {
    Real E_L = -70;
    Real C_m = 250;
    Real tau_m = 10;
    Real t_ref = 2;
    Real V_th = -55;
    Real V_reset = -70;
    Real a = 4;
    Real b = 40;
    Real tau_w = 100;
    Real tau_syn_ex = 2;
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
    Real V_from_V, V_from_w, V_from_ex, V_from_in, V_from_I;
    Real w_from_V, w_from_w, w_from_ex, w_from_in, w_from_I;
    Real ex_from_ex, in_from_in, held_w, held_w_from_w, refractory_steps;
  };

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>(
        "lif_adaptive", "leaky integrate-and-fire with a linear adaptation current (adLIF)",
        "Brunel, Hakim & Richardson 2003, Phys. Rev. E 67:051916",
        field(&P::E_L, "E_L", Unit::mV, unbounded, "resting potential"),
        field(&P::C_m, "C_m", Unit::pF, positive, "membrane capacitance"),
        field(&P::tau_m, "tau_m", Unit::ms, positive, "membrane time constant"),
        field(&P::t_ref, "t_ref", Unit::ms, non_negative, "refractory period"),
        field(&P::V_th, "V_th", Unit::mV, unbounded, "spike threshold"),
        field(&P::V_reset, "V_reset", Unit::mV, unbounded, "potential after a spike"),
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
  static constexpr auto rules() { return std::array{std::pair{&Parameters::V_reset, &Parameters::V_th}}; }

  static Constants constants(const Parameters& p, double dt) {
    using namespace propagators;
    enum { V, w, ex, in, I };
    Matrix<5> rates{};  // per ms; I stands for a current that stays
    rates[V] = {-dt / p.tau_m, -dt / p.C_m, dt / p.C_m, dt / p.C_m, dt / p.C_m};
    rates[w] = {p.a * dt / p.tau_w, -dt / p.tau_w, 0, 0, 0};
    rates[ex][ex] = -dt / p.tau_syn_ex;
    rates[in][in] = -dt / p.tau_syn_in;
    const Matrix<5> E = exponential(rates);
    const double held = decay(dt, p.tau_w);
    return {Real(E[V][V]),
            Real(E[V][w]),
            Real(E[V][ex]),
            Real(E[V][in]),
            Real(E[V][I]),
            Real(E[w][V]),
            Real(E[w][w]),
            Real(E[w][ex]),
            Real(E[w][in]),
            Real(E[w][I]),
            Real(decay(dt, p.tau_syn_ex)),
            Real(decay(dt, p.tau_syn_in)),
            Real(p.a * (double(p.V_reset) - p.E_L) * -std::expm1(-dt / p.tau_w)),
            Real(held),
            Real(steps(dt, p.t_ref))};
  }
  static State initial(const Parameters& p) { return {p.E_L, 0, 0, 0, 0}; }

  SYNFIRE_HD static Real margin(const State& s, const Parameters& p) { return s.V_m - p.V_th; }

  SYNFIRE_HD static SpikeOf<Real> step(State& s, const Parameters& p, const Constants& c, const Input& in) {
    const auto free = s.refractory <= Real(0);
    const Real x = s.V_m - p.E_L, I = p.I_e + in.current;
    const Real V = c.V_from_V * x + c.V_from_w * s.w + c.V_from_ex * s.I_syn_ex + c.V_from_in * s.I_syn_in +
                   c.V_from_I * I;
    const Real w = c.w_from_V * x + c.w_from_w * s.w + c.w_from_ex * s.I_syn_ex + c.w_from_in * s.I_syn_in +
                   c.w_from_I * I;
    s.w = math::select(free, w, c.held_w + c.held_w_from_w * s.w);
    advance_membrane(s, p.E_L + V);
    s.I_syn_ex = s.I_syn_ex * c.ex_from_ex + in.exc;
    s.I_syn_in = s.I_syn_in * c.in_from_in + in.inh;
    const SpikeOf<Real> spike = spike_and_reset<LifAdaptive>(s, p, c.refractory_steps);
    s.w = s.w + math::select(spike, p.b, Real(0));
    return spike;
  }
  static void advance(State& s, const Parameters& p, Real I, Real ms) {
    exact_flow::advance_adaptive(s, p, I, ms);
  }
  static void receive(State& s, const Parameters&, std::size_t receptor, Real weight) {
    (receptor == 0 ? s.I_syn_ex : s.I_syn_in) += weight;
  }
  static Real next_spike(const State& s, const Parameters& p, Real current) {
    return exact_flow::next_adaptive_spike(s, p, current);
  }
  static void fire(State& s, const Parameters& p) { event_form::reset(s, p), s.w += p.b; }
};

}  // namespace synfire
