#pragma once

#include <array>

#include "core/concepts.hpp"
#include "core/math.hpp"

namespace synfire {

/// The neuron that takes the place of `oscillation` once a network has learned: a function F of the membrane
/// stands for the noise. One step of the engine is one step t of the equations.
///
///   H(t) = decay V(t-1) + X(t)                     (3.1)
///   P(t) = f(H(t) + F(H(t)))                       (3.14)
///   S(t) = 1 if P(t) > V_th, else 0                (3.11)
///   V(t) = P(t) (1 - S(t)) + V_reset S(t)          (3.12)
///   f(x) = x for x >= 0, slope x for x < 0         (3.13; -0.03 as printed)
///
///   form: F1   F(x) = sin(x + c) + d               (3.20)
///   form: F2   F(x) = x sin(x + c) + d             (3.21)
///   form: F3   F(x) = e^(x + c) + d                (3.22)
///   form: F4   F(x) = 1/(1 + e^(-c x)) + d         (3.23)
///
/// c and d are fitted to the noisy neuron's spikes; the defaults are those of VGG-16 on CIFAR-10 with F1
/// (table 3.9). The receptor `current` adds to X in every step; a source of currents counts 1 for 1 pA.
/// Source: Jiang 2022, sections 3.3.3 and 3.6.
template <class Real> struct AlternativeOscillation {
  static constexpr bool strict = true;
  static constexpr std::array<std::string_view, 4> forms = {"F1", "F2", "F3", "F4"};

  struct Parameters {
    Real decay = Real(0.5);
    Real V_th = 1;
    Real V_reset = 0;
    Real form = 0;
    Real c = Real(-0.1441);
    Real d = Real(-0.1762);
    Real slope = Real(-0.03);
  };
  struct State {
    Real V_m;
  };
  struct Input {
    Real x;
    Real current;
  };
  struct Constants {};

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>("alternative_oscillation",
                    "discrete leaky integrate-and-fire with a function of the membrane in place of noise",
                    "Jiang 2022, thesis, University of Canterbury, equations 3.11-3.14 and 3.20-3.23",
                    field(&P::decay, "decay", Unit::none, fraction, "what is left of V after a step"),
                    field(&P::V_th, "V_th", Unit::none, unbounded, "spike threshold"),
                    field(&P::V_reset, "V_reset", Unit::none, unbounded, "potential after a spike"),
                    field(&P::form, "form", forms, "the function F"),
                    field(&P::c, "c", Unit::none, unbounded, "inner parameter of F"),
                    field(&P::d, "d", Unit::none, unbounded, "outer parameter of F"),
                    field(&P::slope, "slope", Unit::none, unbounded, "slope of the activation below 0"));
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

  static Constants constants(const Parameters&, double) { return {}; }
  static State initial(const Parameters& p) { return {p.V_reset}; }

  SYNFIRE_HD static Real in_place_of_noise(Real x, const Parameters& p) {
    const Real wave = math::sin(x + p.c);
    Real value = math::select(p.form == Real(1), x * wave, wave);
    value = math::select(p.form == Real(2), math::exp(x + p.c), value);
    value = math::select(p.form == Real(3), math::sigmoid(p.c * x), value);
    return value + p.d;
  }

  /// The membrane is P(t) here.
  SYNFIRE_HD static Real margin(const State& s, const Parameters& p) { return s.V_m - p.V_th; }

  SYNFIRE_HD static SpikeOf<Real> step(State& s, const Parameters& p, const Constants&, const Input& in) {
    const Real H = p.decay * s.V_m + (in.x + in.current);
    const Real P = H + in_place_of_noise(H, p);
    s.V_m = math::max(P, Real(0)) + p.slope * math::min(P, Real(0));
    const SpikeOf<Real> spike = crosses<AlternativeOscillation>(margin(s, p));
    s.V_m = math::select(spike, p.V_reset, s.V_m);
    return spike;
  }
};

}  // namespace synfire
