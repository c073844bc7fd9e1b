#pragma once

#include <array>
#include <limits>

#include "core/concepts.hpp"
#include "core/math.hpp"

namespace synfire {

/// Izhikevich's simple model; a spike arriving with weight w makes the membrane jump by w:
///
///   dV/dt = 0.04 V^2 + 5 V + 140 - U + I + I_e,   dU/dt = a (b V - U)   (mV, ms; 1 pA counts as 1 mV/ms)
///   V -> V + w at an arriving spike;   V -> c, U -> U + d at an own spike
///
/// Spike when V >= V_th at the end of a step. With consistent_integration, both equations are advanced by one
/// step of Euler from the same state and jumps act at the end of the step. Without, as in the published
/// program: V by two half steps, then U by a whole one from the new V, and a jump enters as a current w/ms
/// throughout the step. Both are of order 1 in dt. Source: Izhikevich 2003; names and defaults as NEST's
/// izhikevich.
template <class Real> struct Izhikevich {
  struct Parameters {
    Real a = Real(0.02);
    Real b = Real(0.2);
    Real c = -65;
    Real d = 8;
    Real V_th = 30;
    Real V_min = -std::numeric_limits<Real>::infinity();
    Real I_e = 0;
    Real consistent_integration = 1;
  };
  struct State {
    Real V_m;
    Real U_m;
  };
  struct Input {
    Real delta;    // mV
    Real current;  // pA
  };
  struct Constants {
    Real dt, half;
  };

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>(
        "izhikevich", "Izhikevich's simple model; arriving spikes make the membrane jump",
        "Izhikevich 2003, IEEE Trans. Neural Netw. 14:1569; NEST izhikevich",
        field(&P::a, "a", Unit::none, unbounded, "rate of the recovery variable, 1/ms"),
        field(&P::b, "b", Unit::none, unbounded, "sensitivity of the recovery variable, 1/ms"),
        field(&P::c, "c", Unit::mV, unbounded, "potential after a spike"),
        field(&P::d, "d", Unit::none, unbounded, "jump of the recovery variable at a spike, mV/ms"),
        field(&P::V_th, "V_th", Unit::mV, unbounded, "potential at which a spike is cut"),
        field(&P::V_min, "V_min", Unit::mV, unbounded, "lowest potential the membrane can take"),
        field(&P::I_e, "I_e", Unit::pA, unbounded, "constant input current"),
        field(&P::consistent_integration, "consistent_integration", Unit::none, flag,
              "plain Euler steps; false: the scheme of the published program"));
  }
  static constexpr auto describe_state() {
    using S = State;
    return about<S>("state", "", "", field(&S::V_m, "V_m", Unit::mV, unbounded, "membrane potential"),
                    field(&S::U_m, "U_m", Unit::none, unbounded, "recovery variable, mV/ms"));
  }
  static std::array<ReceptorInfo, 2> receptors() {
    using Sign = ReceptorInfo::Sign;
    return {ReceptorInfo{"delta", Unit::mV, Sign::any, false, "jump of the membrane potential"},
            ReceptorInfo{"current", Unit::pA, Sign::continuous, false, "input current"}};
  }
  static constexpr auto rules() { return std::array{std::pair{&Parameters::c, &Parameters::V_th}}; }

  static Constants constants(const Parameters&, double dt) { return {Real(dt), Real(dt / 2)}; }
  static State initial(const Parameters& p) { return {-65, p.b * Real(-65)}; }

  SYNFIRE_HD static Real margin(const State& s, const Parameters& p) { return s.V_m - p.V_th; }

  SYNFIRE_HD static SpikeOf<Real> step(State& s, const Parameters& p, const Constants& c, const Input& in) {
    const auto consistent = p.consistent_integration != Real(0);
    const Real I = p.I_e + in.current;
    const Real euler = s.V_m + c.dt * slope(s.V_m, s.U_m, I) + in.delta;
    const Real middle = s.V_m + c.half * slope(s.V_m, s.U_m, I + in.delta);
    const Real published = middle + c.half * slope(middle, s.U_m, I + in.delta);
    const Real seen = math::select(consistent, s.V_m, published);  // by the recovery variable
    Real V = math::select(consistent, euler, published);
    V = math::select(V < p.V_min, p.V_min, V);
    s.U_m = s.U_m + c.dt * (p.a * (p.b * seen - s.U_m));
    s.V_m = V;
    const SpikeOf<Real> spike = crosses<Izhikevich>(margin(s, p));
    s.V_m = math::select(spike, p.c, s.V_m);
    s.U_m = s.U_m + math::select(spike, p.d, Real(0));
    return spike;
  }

 private:
  SYNFIRE_HD static Real slope(Real V, Real U, Real I) {
    return (Real(0.04) * V + Real(5)) * V + Real(140) - U + I;
  }
};

}  // namespace synfire
