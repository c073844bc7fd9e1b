#pragma once

#include <array>

#include "core/concepts.hpp"
#include "neurons/leak.hpp"

namespace synfire {

/// A leaky integrator that never spikes: the readout of networks whose answer is a membrane. One step of the
/// engine is one step t.
///
///   leak: decay   V_t = decay V_{t-1} + X_t
///   leak: tau     V_t = V_{t-1} + (X_t - (V_{t-1} - V_rest)) / tau
///
/// The receptor `current` adds to X in every step; a source of currents counts 1 for 1 pA. Source:
/// Matam 2023, section 3.2.1 (output layer).
template <class Real> struct LeakyIntegrator {
  static constexpr bool spikes = false;
  static constexpr bool linear = true;  ///< a sum of an offset, states and inputs, with weights >= 0

  struct Parameters {
    Real leak = 1;
    Real decay = Real(0.5);
    Real tau = 2;
    Real V_rest = 0;
  };
  struct State {
    Real V_m;
  };
  struct Input {
    Real x;
    Real current;
  };
  struct Constants {
    Real V_from_V, V_from_X, offset;
  };

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>(
        "leaky_integrator", "leaky integrator in discrete steps; a readout that never spikes",
        "Matam 2023, thesis, University of Groningen, section 3.2.1",
        field(&P::leak, "leak", leak_forms, "how the membrane forgets and takes up input"),
        field(&P::decay, "decay", Unit::none, fraction, "what is left of V after a step (leak: decay)"),
        field(&P::tau, "tau", Unit::none, Bounds{.low = 1}, "time constant in steps (leak: tau)"),
        field(&P::V_rest, "V_rest", Unit::none, unbounded, "first potential; rest with leak: tau"));
  }
  static constexpr auto describe_state() {
    using S = State;
    return about<S>("state", "", "", field(&S::V_m, "V_m", Unit::none, unbounded, "membrane potential V"));
  }
  static std::array<ReceptorInfo, 2> receptors() {
    using Sign = ReceptorInfo::Sign;
    return {ReceptorInfo{"x", Unit::none, Sign::any, false, "input X of the step"},
            ReceptorInfo{"current", Unit::none, Sign::continuous, false, "adds to X"}};
  }
  static constexpr auto rules() { return no_rules<Parameters, Real>(); }

  static Constants constants(const Parameters& p, double) {
    const Leak leak = leak_of(p.leak, p.decay, p.tau, p.V_rest);
    return {Real(leak.from_V), Real(leak.from_X), Real(leak.offset)};
  }
  static State initial(const Parameters& p) { return {p.V_rest}; }

  SYNFIRE_HD static void step(State& s, const Parameters&, const Constants& c, const Input& in) {
    s.V_m = s.V_m * c.V_from_V + (in.x + in.current) * c.V_from_X + c.offset;
  }
};

}  // namespace synfire
