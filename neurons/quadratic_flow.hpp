// The event form of a quadratic membrane: tau dx/dt = x^2/D + J.
#pragma once

#include "core/math.hpp"
#include "neurons/event_roots.hpp"

namespace synfire::exact_flow {

/// atan(s/c) in [0, pi] for s >= 0: two steps of Newton's method on the sine of what is missing, whose error
/// is cubed each time.
template <class Real> Real angle(Real s, Real c) {
  constexpr Real pi = Real(3.14159265358979323846);
  const Real width = c < 0 ? -c : c;
  if (c > 0 && s < c / 64) {  // so that small angles keep their digits
    const Real z = s / c, q = z * z;
    return z * (1 - q * (Real(1) / 3 - q * (Real(1) / 5 - q * (Real(1) / 7 - q * (Real(1) / 9)))));
  }
  const Real r = math::sqrt(s * s + c * c), ratio = s < width ? s / width : width / s;
  Real t = ratio * (pi / 4 + Real(0.273) * (1 - ratio));
  if (s > width) t = pi / 2 - t;
  if (c < 0) t = pi - t;
  for (int k = 0; k < 2; ++k) {
    const Real missing = (s * math::cos(t) - c * math::sin(t)) / r;
    t += missing * (1 + missing * missing / 6);
  }
  return t;
}

template <class Real> struct QuadraticFlow {
  Real D, tau, J;  // mV, ms, mV

  /// x after t, if it does not run away before.
  Real after(Real x, Real t) const {
    const Real y = t / (D * tau);
    if (J == 0) return x / (1 - x * y);
    const Real k = math::sqrt(J < 0 ? -J * D : J * D);
    if (J < 0) {  // towards -k
      const Real e = math::exp(-2 * k * y), small = 2 * k * y;
      const Real fall =
          small < Real(1e-4) ? small * (1 - small / 2 * (1 - small / 3 * (1 - small / 4))) : 1 - e;
      const Real th = fall / (1 + e);
      return (x - k * th) / (1 - x / k * th);
    }
    const Real s = math::sin(k * y), c = math::cos(k * y);
    return (x * c + k * s) / (c - x / k * s);
  }
  /// The time from x to `peak`; infinity when it is not reached.
  Real time(Real x, Real peak) const {
    if (x >= peak) return 0;
    if (J == 0) return x > 0 ? D * tau * (peak - x) / (x * peak) : event_roots::never<Real>;
    const Real k = math::sqrt(J < 0 ? -J * D : J * D);
    if (J > 0) return D * tau / k * angle(k * (peak - x), k * k + x * peak);
    if (!(x > k)) return event_roots::never<Real>;
    return D * tau / k * half_log(k * (peak - x) / (x * peak - k * k));
  }

 private:
  /// artanh(z) = log((1 + z)/(1 - z))/2.
  static Real half_log(Real z) {
    const Real q = z * z;
    if (z < Real(0.01)) return z * (1 + q * (Real(1) / 3 + q * (Real(1) / 5 + q * (Real(1) / 7))));
    return math::log((1 + z) / (1 - z)) / 2;
  }
};

/// Around the middle of E_L and V_crit.
template <class Parameters, class Real> QuadraticFlow<Real> quadratic(const Parameters& p, Real current) {
  const Real D = p.V_crit - p.E_L;
  return {D, p.tau_m, p.tau_m / p.C_m * (p.I_e + current) - D / 4};
}

}  // namespace synfire::exact_flow
