#pragma once

#include <array>

#include "core/concepts.hpp"
#include "core/math.hpp"

namespace synfire {

/// Liquid time-constant neuron: what arrives sets the time constants of its membrane u and of its threshold's
/// adaptation b. One step of the engine is one step t of the equations; x is the sum of the weights that
/// arrive in the step.
///
///   rho = sigma(z_adp),    z_adp = x_adp + w_x_adp x_t + w_b b_{t-1} + bias_adp     (15)
///   1/tau_m = sigma(z_m),  z_m = x_m + w_x_m x_t + w_u u_{t-1} + bias_m             (16)
///   b_t = rho b_{t-1} + (1 - rho) s_{t-1}                                           (17)
///   theta_t = b_0 + beta b_t                                                        (18)
///   u_t = u_{t-1} + (x_t - u_{t-1})/tau_m                                           (19), (20)
///   s_t = 1 if u_t > theta_t, else 0;   u_t = u_t (1 - s_t) + u_r s_t               (21), (22)
///
/// W_adp and W_m of the paper are dense. Their diagonals are parameters here. The rest of their x part is a
/// projection to the receptor `adaptation` (x_adp) or `membrane` (x_m): x is linear in the spikes, so a
/// matrix of products of weights does it. The off-diagonal b and u parts carry values, not spikes, between
/// neurons and are not in this model; a network that learns them needs layers that see whole vectors. The
/// receptor `current` adds to x in every step; a source of currents counts 1 for 1 pA. Source: Matam 2023,
/// equations (15)-(22).
template <class Real> struct Liquid {
  static constexpr bool strict = true;

  struct Parameters {
    Real w_x_adp = 0;
    Real w_b = 0;
    Real bias_adp = 0;
    Real w_x_m = 0;
    Real w_u = 0;
    Real bias_m = 0;
    Real b_0 = Real(0.1);
    Real beta = Real(1.8);
    Real u_r = 0;
  };
  struct State {
    Real V_m;
    Real b;
    Real s;
  };
  struct Input {
    Real x;
    Real adaptation;
    Real membrane;
    Real current;
  };
  struct Constants {};

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>(
        "liquid", "liquid time-constant neuron: input sets the time constants",
        "Matam 2023, thesis, University of Groningen, equations 15-22",
        field(&P::w_x_adp, "w_x_adp", Unit::none, unbounded, "weight of x in the adaptation's rate"),
        field(&P::w_b, "w_b", Unit::none, unbounded, "weight of b in the adaptation's rate"),
        field(&P::bias_adp, "bias_adp", Unit::none, unbounded, "bias of the adaptation's rate"),
        field(&P::w_x_m, "w_x_m", Unit::none, unbounded, "weight of x in the membrane's rate"),
        field(&P::w_u, "w_u", Unit::none, unbounded, "weight of u in the membrane's rate"),
        field(&P::bias_m, "bias_m", Unit::none, unbounded, "bias of the membrane's rate"),
        field(&P::b_0, "b_0", Unit::none, unbounded, "threshold without adaptation"),
        field(&P::beta, "beta", Unit::none, non_negative, "rise of the threshold with b"),
        field(&P::u_r, "u_r", Unit::none, unbounded, "potential after a spike"));
  }
  static constexpr auto describe_state() {
    using S = State;
    return about<S>("state", "", "", field(&S::V_m, "V_m", Unit::none, unbounded, "membrane potential u"),
                    field(&S::b, "b", Unit::none, fraction, "adaptation of the threshold"),
                    field(&S::s, "s", Unit::none, flag, "whether the last step had a spike"));
  }
  static std::array<ReceptorInfo, 4> receptors() {
    using Sign = ReceptorInfo::Sign;
    return {ReceptorInfo{"x", Unit::none, Sign::any, false, "input x of the step"},
            ReceptorInfo{"adaptation", Unit::none, Sign::any, false, "adds to z_adp"},
            ReceptorInfo{"membrane", Unit::none, Sign::any, false, "adds to z_m"},
            ReceptorInfo{"current", Unit::none, Sign::continuous, false, "adds to x"}};
  }
  static constexpr auto rules() { return std::array{std::pair{&Parameters::u_r, &Parameters::b_0}}; }

  static Constants constants(const Parameters&, double) { return {}; }
  static State initial(const Parameters& p) { return {p.u_r, 0, 0}; }

  SYNFIRE_HD static Real margin(const State& s, const Parameters& p) {
    return s.V_m - (p.b_0 + p.beta * s.b);
  }

  SYNFIRE_HD static SpikeOf<Real> step(State& s, const Parameters& p, const Constants&, const Input& in) {
    const Real x = in.x + in.current;
    const Real rho = math::sigmoid(in.adaptation + p.w_x_adp * x + p.w_b * s.b + p.bias_adp);
    const Real rate = math::sigmoid(in.membrane + p.w_x_m * x + p.w_u * s.V_m + p.bias_m);
    s.b = rho * s.b + (Real(1) - rho) * s.s;
    s.V_m = s.V_m + (x - s.V_m) * rate;
    const SpikeOf<Real> spike = crosses<Liquid>(margin(s, p));
    s.V_m = math::select(spike, p.u_r, s.V_m);
    s.s = math::select(spike, Real(1), Real(0));
    return spike;
  }
};

}  // namespace synfire
