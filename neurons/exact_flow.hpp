// Exact flow of membranes and currents over any time, for the event forms of the models. Unlike
// neurons/propagators.hpp, which is asked once a run, these are asked at every event: core/math only.
#pragma once

#include "core/math.hpp"
#include "neurons/event_roots.hpp"

namespace synfire::exact_flow {

/// exp(-t/tau).
template <class Real> Real decay(Real t, Real tau) { return math::exp(-t / tau); }

/// The convolution of exp(-t/a) and exp(-t/b), in ms: what a membrane of time constant a makes, after t, of a
/// current (over C_m) that starts at 1 and decays with b. Equal time constants lose no digits: close to each
/// other it is t exp(-t/slow) (1 - exp(-x))/x by its series, x = t (1/fast - 1/slow).
template <class Real> Real convolved(Real t, Real a, Real b, Real exp_a, Real exp_b) {
  constexpr int terms = 14;  // to 1e-16 at x = 1/2
  const Real rate = Real(1) / b - Real(1) / a;
  const Real size = rate < 0 ? -rate : rate, x = t * size;
  if (x > Real(0.5)) return (exp_a - exp_b) / rate;
  Real sum = Real(1);
  SYNFIRE_UNROLL
  for (int k = terms; k >= 2; --k) sum = Real(1) - sum * (x * (Real(1) / Real(k)));
  return t * (rate < 0 ? exp_b : exp_a) * sum;
}

/// The convolution of exp(-t/a) and t exp(-t/b), in ms^2: the same for a current of slope 1.
template <class Real> Real convolved_rise(Real t, Real a, Real b, Real exp_a, Real exp_b) {
  constexpr int terms = 15;  // to 1e-16 at x = 1/2
  const Real rate = Real(1) / b - Real(1) / a, x = t * rate;
  if (x > Real(0.5) || x < Real(-0.5)) return (exp_a - exp_b * (1 + x)) / (rate * rate);
  Real sum = 0, power = 1;
  for (int k = 0; k < terms; ++k) {
    sum += power / Real(k + 2);
    power *= -x / Real(k + 1);
  }
  return t * t * exp_a * sum;
}

/// A time before which a membrane that goes from V towards its balance, lifted by less than `lift` (mV) all
/// the way, cannot pass V_th; infinity: never. Costs one logarithm.
template <class Real> Real earliest_passage(Real V, Real balance, Real lift, Real V_th, Real tau_m) {
  constexpr Real safely = Real(1) - Real(1e-12);
  const Real top = balance + lift;
  if (V + lift >= V_th) return 0;
  if (!(top > V_th)) return event_roots::never<Real>;
  return safely * tau_m * math::log((balance - V) / (top - V_th));
}

/// A free leaky membrane (mV) with two decaying currents (mV/ms once divided by C_m), seen from now on; to be
/// asked when it reaches its threshold (neurons/event_roots.hpp).
template <class Real> struct TwoCurrents {
  Real V, balance, V_th;  ///< now; where it settles; the threshold
  Real drive_1, drive_2;  ///< currents over C_m
  Real tau_m, tau_1, tau_2;

  event_roots::Motion<Real> at(Real t) const {
    const Real e_1 = decay(t, tau_1), e_2 = tau_2 == tau_1 ? e_1 : decay(t, tau_2);
    const Real level = potential(t, decay(t, tau_m), e_1, e_2);
    const Real I_1 = drive_1 * e_1, I_2 = drive_2 * e_2;
    const Real slope = (balance - level) / tau_m + I_1 + I_2;
    return {level - V_th, slope, -slope / tau_m - I_1 / tau_1 - I_2 / tau_2};
  }
  /// From t on the membrane falls or rises to its balance, and a current of 1 lifts it by less than the
  /// shorter of the two time constants.
  Real ceiling(Real t) const {
    const Real level = t > 0 ? at(t).excess : V - V_th, rest = balance - V_th;
    const auto lift = [&](Real drive, Real tau) {
      return drive > 0 ? drive * (tau < tau_m ? tau : tau_m) * decay(t, tau) : Real(0);
    };
    return (level > rest ? level : rest) + lift(drive_1, tau_1) + lift(drive_2, tau_2);
  }
  Real earliest() const {
    const auto lift = [&](Real drive, Real tau) {
      return drive > 0 ? drive * (tau < tau_m ? tau : tau_m) : Real(0);
    };
    return earliest_passage(V, balance, lift(drive_1, tau_1) + lift(drive_2, tau_2), V_th, tau_m);
  }
  /// The membrane and the currents after t.
  TwoCurrents after(Real t) const {
    const Real e_1 = drive_1 != 0 ? decay(t, tau_1) : Real(1);
    const Real e_2 = drive_2 == 0 ? Real(1) : tau_2 == tau_1 && drive_1 != 0 ? e_1 : decay(t, tau_2);
    TwoCurrents later = *this;
    later.V = potential(t, decay(t, tau_m), e_1, e_2);
    later.drive_1 *= e_1;
    later.drive_2 *= e_2;
    return later;
  }
  /// exp(t/tau_m) V' grows or falls with the sign of -(I_1/tau_1 + I_2/tau_2), which changes at most once.
  event_roots::Bends<Real> bends(Real until) const {
    event_roots::Bends<Real> found;
    const Real ratio = -(drive_1 * tau_2) / (drive_2 * tau_1), rate = Real(1) / tau_1 - Real(1) / tau_2;
    if (!(ratio > 0 && ratio < event_roots::never<Real>)) return found;
    const Real t = math::log(ratio) / rate;
    if (t > 0 && t < until) found.add(t);
    return found;
  }
  Real pace() const { return tau_m; }

 private:
  Real potential(Real t, Real e, Real e_1, Real e_2) const {
    Real level = balance + (V - balance) * e;
    if (drive_1 != 0) level += drive_1 * convolved(t, tau_m, tau_1, e, e_1);
    if (drive_2 != 0) level += drive_2 * convolved(t, tau_m, tau_2, e, e_2);
    return level;
  }
};

}  // namespace synfire::exact_flow
