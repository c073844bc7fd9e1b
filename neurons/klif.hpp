#pragma once

#include <array>

#include "core/concepts.hpp"
#include "core/math.hpp"
#include "neurons/leak.hpp"

namespace synfire {

/// KLIF: a leaky integrate-and-fire neuron whose membrane is scaled by k and passed through an activation f
/// before the spike test. One step of the engine is one step t of the equations.
///
///   H_t = V_{t-1} + (V_reset - V_{t-1})/tau + X_t/tau      (2.2)
///   F_t = f(k H_t)                                         (2.5)
///   S_t = 1 if F_t > V_th, else 0                          (2.6)
///   form: klif        V_t = F_t (1 - S_t) + V_reset S_t       (2.7)
///   form: klif_star   V_t = F_t/k (1 - S_t) + V_reset S_t     (2.10)
///
/// f is relu, max(0, x); celu, max(0, x) + min(0, alpha (e^(x/alpha) - 1)); or leaky_relu, slope x below 0.
/// The receptor `current` adds to X in every step; a source of currents counts 1 for 1 pA. Source:
/// Jiang 2022, section 2.2, with the defaults of its networks.
template <class Real> struct Klif {
  static constexpr bool strict = true;
  static constexpr std::array<std::string_view, 3> activations = {"relu", "celu", "leaky_relu"};
  static constexpr std::array<std::string_view, 2> forms = {"klif", "klif_star"};

  struct Parameters {
    Real k = 1;
    Real tau = 2;
    Real V_th = 1;
    Real V_reset = 0;
    Real activation = 0;
    Real form = 0;
    Real alpha = 1;
    Real slope = Real(0.01);
  };
  struct State {
    Real V_m;
  };
  struct Input {
    Real x;
    Real current;
  };
  struct Constants {
    Real V_from_V, V_from_X, offset, V_from_F;
    Real depth, slope;  // of celu and of leaky_relu, 0 with another activation
  };

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>(
        "klif", "leaky integrate-and-fire with a scaled and rectified membrane",
        "Jiang 2022, thesis, University of Canterbury, equations 2.2, 2.5-2.7 and 2.10",
        field(&P::k, "k", Unit::none, positive, "scale of the membrane"),
        field(&P::tau, "tau", Unit::none, Bounds{.low = 1}, "time constant in steps"),
        field(&P::V_th, "V_th", Unit::none, unbounded, "spike threshold"),
        field(&P::V_reset, "V_reset", Unit::none, unbounded, "resting potential, and after a spike"),
        field(&P::activation, "activation", activations, "the function f"),
        field(&P::form, "form", forms, "whether the scaling stays in the membrane"),
        field(&P::alpha, "alpha", Unit::none, positive, "depth of celu"),
        field(&P::slope, "slope", Unit::none, unbounded, "slope of leaky_relu below 0"));
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
  static constexpr auto rules() { return std::array{std::pair{&Parameters::V_reset, &Parameters::V_th}}; }

  static Constants constants(const Parameters& p, double) {
    const Leak leak = leak_of_tau(p.tau, p.V_reset);
    return {Real(leak.from_V),
            Real(leak.from_X),
            Real(leak.offset),
            Real(p.form == 0 ? 1 : 1 / double(p.k)),
            p.activation == 1 ? p.alpha : Real(0),
            p.activation == 2 ? p.slope : Real(0)};
  }
  static State initial(const Parameters& p) { return {p.V_reset}; }

  SYNFIRE_HD static Real activate(Real x, const Parameters& p, const Constants& c) {
    const Real negative = math::min(x, Real(0));
    return math::max(x, Real(0)) + (c.depth * (math::exp(negative / p.alpha) - Real(1)) + c.slope * negative);
  }

  /// The membrane is F_t here.
  SYNFIRE_HD static Real margin(const State& s, const Parameters& p) { return s.V_m - p.V_th; }

  SYNFIRE_HD static SpikeOf<Real> step(State& s, const Parameters& p, const Constants& c, const Input& in) {
    const Real H = s.V_m * c.V_from_V + (in.x + in.current) * c.V_from_X + c.offset;
    s.V_m = activate(p.k * H, p, c);
    const SpikeOf<Real> spike = crosses<Klif>(margin(s, p));
    s.V_m = math::select(spike, p.V_reset, s.V_m * c.V_from_F);
    return spike;
  }
};

}  // namespace synfire
