// The upstroke and the adaptation of exponential integrate-and-fire models (Brette & Gerstner 2005).
#pragma once

#include <cmath>

#include "core/math.hpp"

namespace synfire::exponential_spike {

/// Advances V (mV) by a step of dV/dt = (g_L/C_m) Delta_T exp((V - V_th)/Delta_T) alone, exactly:
/// V - Delta_T log(1 - rise exp((V - V_th)/Delta_T)) with rise = dt g_L/C_m. It goes to infinity where the
/// argument of the logarithm comes to 0; V ends at V_peak then, and wherever else it gets beyond.
template <class Real, class Parameters, class Constants>
SYNFIRE_HD Real upstroke(Real V, const Parameters& p, const Constants& c) {
  const Real left = Real(1) - c.rise * math::exp((V - p.V_th) * c.per_Delta_T);
  const Real least = Real(1e-30);
  const auto finite = left > least;
  const Real end = V - p.Delta_T * math::log(math::select(finite, left, least));
  return math::select(finite & (end < p.V_peak), end, p.V_peak);
}

/// Half a step of tau_w dw/dt = a (V - E_L) - w at a potential that stays.
template <class State, class Parameters, class Constants>
SYNFIRE_HD void adapt_half(State& s, const Parameters& p, const Constants& c) {
  const auto balance = p.a * (s.V_m - p.E_L);
  s.w = balance + (s.w - balance) * c.w_half;
}

template <class Parameters> double rise(const Parameters& p, double dt) { return dt * p.g_L / p.C_m; }
template <class Parameters> double w_half(const Parameters& p, double dt) {
  return std::exp(-dt / 2 / p.tau_w);
}

}  // namespace synfire::exponential_spike
