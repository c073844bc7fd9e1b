#pragma once

#include <array>

#include "core/concepts.hpp"
#include "core/math.hpp"

namespace synfire {

/// Leaky integrate-and-fire whose spikes are graded: while the membrane rises through the threshold, a gate g
/// lets its speed into the synaptic current, in all exactly 1 for a whole passage. So the current is a smooth
/// function of the membrane, and needs no surrogate. A readout of networks: it sends the current, no spikes.
///
///   tau_mem dV/dt = V_leak - V + I,  each arriving weight x adds to V
///   tau_syn ds/dt = -s + tau_syn g(V) dV/dt,  g = dG/dV
///   G(V) = x^2 (3 - 2x), x from 0 to 1 while V goes from V_th - width to V_th + width
///
/// By Euler steps, the gated speed by its integral, so that nothing of a fast passage is lost:
///
///   V' = V_{t-1} + dt/tau_mem (V_leak - V_{t-1} + I_t) + X_t
///   s_t = s_{t-1} - dt/tau_syn s_{t-1} + G(V') - G(V_{t-1})
///   V_t = V_reset if V' >= V_th + width, else V'
///
/// The receptor `current` is I; a source of currents counts 1 for 1 pA. Source: Huh & Sejnowski 2018,
/// Gradient descent for spiking neural networks, equations 1-4, with a polynomial gate and a reset outside
/// the gate.
template <class Real> struct LifGraded {
  static constexpr bool spikes = false;

  struct Parameters {
    Real tau_mem = 10;
    Real tau_syn = 5;
    Real V_leak = 0;
    Real V_th = 1;
    Real V_reset = 0;
    Real width = Real(0.5);
  };
  struct State {
    Real I_syn;
    Real V_m;
  };
  struct Input {
    Real x;
    Real current;
  };
  struct Constants {
    Real membrane_rate, synapse_rate, bottom, per_V, top;
  };

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>("lif_graded", "leaky integrate-and-fire with graded spikes, smooth in its membrane",
                    "Huh & Sejnowski 2018, NeurIPS 31, equations 1-4",
                    field(&P::tau_mem, "tau_mem", Unit::ms, positive, "membrane time constant"),
                    field(&P::tau_syn, "tau_syn", Unit::ms, positive, "decay time of the synaptic current"),
                    field(&P::V_leak, "V_leak", Unit::none, unbounded, "resting potential"),
                    field(&P::V_th, "V_th", Unit::none, unbounded, "middle of the gate"),
                    field(&P::V_reset, "V_reset", Unit::none, unbounded, "potential after a passage"),
                    field(&P::width, "width", Unit::none, positive, "of the gate, on each side of V_th"));
  }
  static constexpr auto describe_state() {
    using S = State;
    return about<S>("state", "", "", field(&S::I_syn, "I_syn", Unit::none, unbounded, "synaptic current s"),
                    field(&S::V_m, "V_m", Unit::none, unbounded, "membrane potential V"));
  }
  static std::array<ReceptorInfo, 2> receptors() {
    using Sign = ReceptorInfo::Sign;
    return {ReceptorInfo{"x", Unit::none, Sign::any, false, "jump of the membrane"},
            ReceptorInfo{"current", Unit::none, Sign::continuous, false, "I, in units of V"}};
  }
  static constexpr auto rules() { return std::array{std::pair{&Parameters::V_reset, &Parameters::V_th}}; }

  static Constants constants(const Parameters& p, double dt) {
    return {Real(dt / p.tau_mem), Real(dt / p.tau_syn), p.V_th - p.width, Real(1 / (2 * double(p.width))),
            p.V_th + p.width};
  }
  static State initial(const Parameters& p) { return {0, p.V_leak}; }

  /// G
  SYNFIRE_HD static Real passed(Real V, const Constants& c) {
    const Real x = math::min(math::max((V - c.bottom) * c.per_V, Real(0)), Real(1));
    return x * x * (Real(3) - Real(2) * x);
  }

  SYNFIRE_HD static void step(State& s, const Parameters& p, const Constants& c, const Input& in) {
    const Real V = s.V_m + c.membrane_rate * ((p.V_leak - s.V_m) + in.current) + in.x;
    s.I_syn = (s.I_syn - c.synapse_rate * s.I_syn) + (passed(V, c) - passed(s.V_m, c));
    s.V_m = math::select(V >= c.top, p.V_reset, V);
  }
};

}  // namespace synfire
