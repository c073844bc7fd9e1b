#pragma once

#include <array>
#include <cmath>

#include "core/concepts.hpp"
#include "core/math.hpp"
#include "neurons/event_form.hpp"
#include "neurons/propagators.hpp"
#include "neurons/quadratic_flow.hpp"
#include "neurons/refractory.hpp"

namespace synfire {

/// Quadratic integrate-and-fire; a spike arriving with weight w makes the membrane jump by w:
///
///   tau_m dV/dt = (V - E_L) (V - V_crit)/(V_crit - E_L) + (tau_m/C_m) (I + I_e)
///   V -> V + w at an arriving spike
///
/// E_L is the resting potential (with time constant tau_m beside it) and V_crit the potential beyond which V
/// runs away. Spike when V reaches V_peak; at the end of that step V = V_reset, for t_ref more, during which
/// arriving spikes are lost. With D = V_crit - E_L, x = V - (E_L + V_crit)/2 and the drive J = (tau_m/C_m) (I
/// + I_e) - D/4, the equation is tau_m dx/dt = x^2/D + J, and after t
///
///   x(t) = (x C + (J t/tau_m) S)/(C - x (t/(D tau_m)) S),   C = cos(y), S = sin(y)/y, y^2 = J t^2/(D
///   tau_m^2)
///
/// (cosh and sinh for J < 0), which runs through infinity where the denominator changes sign: exact on the
/// grid. Source: Ermentrout & Kopell 1986; Latham et al. 2000 (the form with E_L and V_crit).
template <class Real> struct QifPscDelta {
  struct Parameters {
    Real E_L = -70;
    Real C_m = 250;
    Real tau_m = 10;
    Real t_ref = 2;
    Real V_crit = -50;
    Real V_peak = 0;
    Real V_reset = -70;
    Real I_e = 0;
  };
  struct State {
    Real V_m;
    Real refractory;
  };
  struct Input {
    Real delta;    // mV
    Real current;  // pA
  };
  struct Constants {
    Real middle, drive, drive_per_I, x_per_drive, per_x, square_per_drive, refractory_steps;
  };

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>(
        "qif_psc_delta", "quadratic integrate-and-fire; arriving spikes make the membrane jump",
        "Ermentrout & Kopell 1986, SIAM J. Appl. Math. 46:233; Latham et al. 2000, J. Neurophysiol. 83:808",
        field(&P::E_L, "E_L", Unit::mV, unbounded, "resting potential"),
        field(&P::C_m, "C_m", Unit::pF, positive, "membrane capacitance"),
        field(&P::tau_m, "tau_m", Unit::ms, positive, "membrane time constant at rest"),
        field(&P::t_ref, "t_ref", Unit::ms, non_negative, "refractory period"),
        field(&P::V_crit, "V_crit", Unit::mV, unbounded, "potential beyond which V runs away"),
        field(&P::V_peak, "V_peak", Unit::mV, unbounded, "potential at which a spike is cut"),
        field(&P::V_reset, "V_reset", Unit::mV, unbounded, "potential after a spike"),
        field(&P::I_e, "I_e", Unit::pA, unbounded, "constant input current"));
  }
  static constexpr auto describe_state() {
    using S = State;
    return about<S>(
        "state", "", "", field(&S::V_m, "V_m", Unit::mV, unbounded, "membrane potential"),
        field(&S::refractory, "refractory", Unit::none, non_negative, "steps left of the refractory period"));
  }
  static std::array<ReceptorInfo, 2> receptors() {
    using Sign = ReceptorInfo::Sign;
    return {ReceptorInfo{"delta", Unit::mV, Sign::any, false, "jump of the membrane potential"},
            ReceptorInfo{"current", Unit::pA, Sign::continuous, false, "input current"}};
  }
  static constexpr auto rules() {
    using P = Parameters;
    return std::array{std::pair{&P::E_L, &P::V_crit}, std::pair{&P::V_crit, &P::V_peak},
                      std::pair{&P::V_reset, &P::V_peak}};
  }

  static Constants constants(const Parameters& p, double dt) {
    const double D = double(p.V_crit) - p.E_L, t = dt / p.tau_m, V_per_I = double(p.tau_m) / p.C_m;
    return {Real((double(p.E_L) + p.V_crit) / 2),
            Real(p.I_e * V_per_I - D / 4),
            Real(V_per_I),
            Real(t),
            Real(t / D),
            Real(t * t / D),
            Real(propagators::steps(dt, p.t_ref))};
  }
  static State initial(const Parameters& p) { return {p.E_L, 0}; }

  SYNFIRE_HD static Real margin(const State& s, const Parameters& p) { return s.V_m - p.V_peak; }

  SYNFIRE_HD static bool step(State& s, const Parameters& p, const Constants& c, const Input& in) {
    const Real drive = c.drive + c.drive_per_I * in.current;
    const Turn turn = turn_of(drive * c.square_per_drive);
    const Real x = s.V_m - c.middle;
    const Real below = turn.C - x * (c.per_x * turn.t * turn.S);
    const Real V = c.middle + (x * turn.C + drive * (c.x_per_drive * turn.t * turn.S)) / below;
    const bool peaked = !(below > Real(0)) || V >= p.V_peak;
    advance_membrane(s, math::select(peaked, p.V_peak, V + in.delta));
    return spike_and_reset<QifPscDelta>(s, p, c.refractory_steps);
  }

  // Event form: neurons/quadratic_flow.hpp.
  static void advance(State& s, const Parameters& p, Real current, Real ms) {
    const Real free = event_form::spend_refractory(s, ms), middle = (p.E_L + p.V_crit) / 2;
    if (free > 0) s.V_m = middle + exact_flow::quadratic(p, current).after(s.V_m - middle, free);
  }
  static void receive(State& s, const Parameters&, std::size_t, Real weight) {
    if (!(s.refractory > 0)) s.V_m += weight;
  }
  static Real next_spike(const State& s, const Parameters& p, Real current) {
    const Real middle = (p.E_L + p.V_crit) / 2;
    return s.refractory + exact_flow::quadratic(p, current).time(s.V_m - middle, p.V_peak - middle);
  }
  static void fire(State& s, const Parameters& p) { event_form::reset(s, p); }

 private:
  struct Turn {
    Real C, S, t;
  };
  // cos(y), sin(y)/y and the part of the step they are for, of y^2 = z. Beyond z = pi^2 V has run through
  // infinity from wherever it was; below -64 it has met its resting point to rounding, and only so much of
  // the step is taken that z = -64. The series is for y/4, of which the double angle is taken twice.
  SYNFIRE_HD static Turn turn_of(Real z) {
    constexpr int terms = sizeof(Real) == sizeof(float) ? 8 : 14;
    constexpr Real pi = Real(3.14159265358979323846), lowest = -64;
    const Real t = math::sqrt(lowest / math::select(z < lowest, z, lowest));
    z = math::select(z < lowest, lowest, z);
    z = math::select(z > pi * pi, pi * pi, z) * Real(0.0625);
    Real C = 1, S = 1;
    SYNFIRE_UNROLL
    for (int k = terms; k >= 1; --k) {
      C = Real(1) - C * (z * (Real(1) / Real(2 * k * (2 * k - 1))));
      S = Real(1) - S * (z * (Real(1) / Real(2 * k * (2 * k + 1))));
    }
    S = S * C;
    C = Real(2) * C * C - Real(1);
    S = S * C;
    C = Real(2) * C * C - Real(1);
    return {C, S, t};
  }
};

}  // namespace synfire
