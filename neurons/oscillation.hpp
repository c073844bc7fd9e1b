#pragma once

#include <array>

#include "core/concepts.hpp"
#include "core/math.hpp"

namespace synfire {

/// Neural oscillation: a discrete leaky integrate-and-fire neuron with uniform noise in front of its
/// activation, which makes it fire now and then without any input. One step of the engine is one step t of
/// the equations.
///
///   H(t) = decay V(t-1) + X(t)                    (3.1)
///   P(t) = f(H(t) + gamma(t))                     (3.10)
///   S(t) = 1 if P(t) > V_th, else 0               (3.11)
///   V(t) = P(t) (1 - S(t)) + V_reset S(t)         (3.12)
///   f(x) = x for x >= 0, slope x for x < 0        (3.13)
///
/// gamma is uniform in [noise_low, noise_high) and drawn anew for each neuron and step.
/// The slope is -0.03 as printed: what lies below 0 comes out slightly above; 0.03 gives the usual leaky
/// ReLU. The receptor `current` adds to X in every step; a source of currents counts 1 for 1 pA. Source:
/// Jiang 2022, section 3.3.2.
template <class Real> struct Oscillation {
  static constexpr bool strict = true;

  struct Parameters {
    Real decay = Real(0.5);
    Real V_th = 1;
    Real V_reset = 0;
    Real noise_low = Real(-0.2);
    Real noise_high = Real(0.8);
    Real slope = Real(-0.03);
  };
  struct State {
    Real V_m;
  };
  struct Input {
    Real x;
    Real current;
  };
  struct Noise {
    Real gamma;
  };
  struct Constants {
    Real noise_width;
  };

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>("oscillation",
                    "discrete leaky integrate-and-fire with uniform noise: fires without input",
                    "Jiang 2022, thesis, University of Canterbury, equations 3.1 and 3.10-3.13",
                    field(&P::decay, "decay", Unit::none, fraction, "what is left of V after a step"),
                    field(&P::V_th, "V_th", Unit::none, unbounded, "spike threshold"),
                    field(&P::V_reset, "V_reset", Unit::none, unbounded, "potential after a spike"),
                    field(&P::noise_low, "noise_low", Unit::none, unbounded, "lowest noise"),
                    field(&P::noise_high, "noise_high", Unit::none, unbounded, "highest noise"),
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
  static constexpr auto rules() {
    using P = Parameters;
    return std::array{std::pair{&P::V_reset, &P::V_th}, std::pair{&P::noise_low, &P::noise_high}};
  }

  static Constants constants(const Parameters& p, double) { return {p.noise_high - p.noise_low}; }
  static State initial(const Parameters& p) { return {p.V_reset}; }

  /// The membrane is P(t) here.
  SYNFIRE_HD static Real margin(const State& s, const Parameters& p) { return s.V_m - p.V_th; }

  SYNFIRE_HD static SpikeOf<Real> step(State& s, const Parameters& p, const Constants& c, const Input& in,
                                       const Noise& noise) {
    const Real H = p.decay * s.V_m + (in.x + in.current);
    const Real P = H + (p.noise_low + c.noise_width * noise.gamma);
    s.V_m = math::max(P, Real(0)) + p.slope * math::min(P, Real(0));
    const SpikeOf<Real> spike = crosses<Oscillation>(margin(s, p));
    s.V_m = math::select(spike, p.V_reset, s.V_m);
    return spike;
  }
};

}  // namespace synfire
