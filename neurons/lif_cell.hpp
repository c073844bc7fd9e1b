#pragma once

#include <array>

#include "core/concepts.hpp"
#include "core/math.hpp"

namespace synfire {

/// Current-based leaky integrate-and-fire cell without dimensions, by Euler steps of dt as in Norse's
/// LIFCell. In this order, with the membrane and the current of the step before on every right-hand side:
///
///   H_t = V_{t-1} + dt/tau_mem ((V_leak - V_{t-1}) + I_{t-1})
///   S_t = 1 if H_t > V_th, else 0
///   V_t = H_t (1 - S_t) + V_reset S_t
///   I_t = I_{t-1} - dt/tau_syn I_{t-1} + X_t
///
/// So an input reaches the membrane one step later. With input: at_once the current jumps first, and
/// I_{t-1} + X_t stands for I_{t-1} in all lines (without the X_t at the end of the last). Needs dt below
/// tau_mem and tau_syn. X is the sum of the weights that arrive in the step; the receptor `current` adds to
/// it in every step; a source of currents counts 1 for 1 pA. Source: Pehle & Pedersen, Norse (LIFCell);
/// its tau_syn_inv 200/s and tau_mem_inv 100/s are tau_syn 5 ms and tau_mem 10 ms.
template <class Real> struct LifCell {
  static constexpr bool strict = true;
  static constexpr std::array<std::string_view, 2> inputs = {"next_step", "at_once"};

  struct Parameters {
    Real tau_syn = 5;
    Real tau_mem = 10;
    Real V_leak = 0;
    Real V_th = 1;
    Real V_reset = 0;
    Real input = 0;
  };
  struct State {
    Real V_m;
    Real I_syn;
  };
  struct Input {
    Real x;
    Real current;
  };
  struct Constants {
    Real membrane_rate, synapse_rate;
  };

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>("lif_cell",
                    "current-based leaky integrate-and-fire cell without dimensions, by Euler steps",
                    "Pehle & Pedersen 2021, Norse LIFCell",
                    field(&P::tau_syn, "tau_syn", Unit::ms, positive, "decay time of the synaptic current"),
                    field(&P::tau_mem, "tau_mem", Unit::ms, positive, "membrane time constant"),
                    field(&P::V_leak, "V_leak", Unit::none, unbounded, "resting potential"),
                    field(&P::V_th, "V_th", Unit::none, unbounded, "spike threshold"),
                    field(&P::V_reset, "V_reset", Unit::none, unbounded, "potential after a spike"),
                    field(&P::input, "input", inputs, "when an input reaches the membrane"));
  }
  static constexpr auto describe_state() {
    using S = State;
    return about<S>("state", "", "", field(&S::V_m, "V_m", Unit::none, unbounded, "membrane potential V"),
                    field(&S::I_syn, "I_syn", Unit::none, unbounded, "synaptic current I"));
  }
  static std::array<ReceptorInfo, 2> receptors() {
    using Sign = ReceptorInfo::Sign;
    return {ReceptorInfo{"x", Unit::none, Sign::any, false, "jump of the synaptic current"},
            ReceptorInfo{"current", Unit::none, Sign::continuous, false, "jump of it in every step"}};
  }
  static constexpr auto rules() { return std::array{std::pair{&Parameters::V_reset, &Parameters::V_th}}; }

  static Constants constants(const Parameters& p, double dt) {
    return {Real(dt / p.tau_mem), Real(dt / p.tau_syn)};
  }
  static State initial(const Parameters& p) { return {p.V_leak, 0}; }

  SYNFIRE_HD static Real margin(const State& s, const Parameters& p) { return s.V_m - p.V_th; }

  SYNFIRE_HD static SpikeOf<Real> step(State& s, const Parameters& p, const Constants& c, const Input& in) {
    const auto at_once = p.input == Real(1);
    const Real X = in.x + in.current;
    const Real I = math::select(at_once, s.I_syn + X, s.I_syn);
    s.V_m = s.V_m + c.membrane_rate * ((p.V_leak - s.V_m) + I);
    s.I_syn = (I - c.synapse_rate * I) + math::select(at_once, Real(0), X);
    const SpikeOf<Real> spike = crosses<LifCell>(margin(s, p));
    s.V_m = math::select(spike, p.V_reset, s.V_m);
    return spike;
  }
};

}  // namespace synfire
