// Coefficients of exact integration (Rotter & Diesmann 1999), computed once per population in double
// precision.
#pragma once

#include <cmath>

namespace synfire::propagators {

/// exp(-dt/tau).
inline double decay(double dt, double tau) { return std::exp(-dt / tau); }

/// The change of a membrane (tau_m, C_m) after dt per unit of constant current: (1 - exp(-dt/tau_m)) tau_m /
/// C_m.
inline double constant_current(double dt, double tau_m, double C_m) {
  return -std::expm1(-dt / tau_m) * tau_m / C_m;
}

/// The change of a membrane after dt per unit of a current that starts at 1 and decays with tau_syn:
///   (1/C_m) * (exp(-dt/tau_m) - exp(-dt/tau_syn)) / (1/tau_syn - 1/tau_m).
/// Written as (dt/C_m) exp(-dt/tau_m) * (1 - exp(-x))/x with x = dt (1/tau_syn - 1/tau_m), which has no
/// singularity at equal time constants: (1 - exp(-x))/x -> 1, and expm1 keeps full precision for small x.
inline double exponential_current(double dt, double tau_m, double tau_syn, double C_m) {
  const double x = dt * (1 / tau_syn - 1 / tau_m);
  const double mean = std::abs(x) < 1e-12 ? 1 - x / 2 : -std::expm1(-x) / x;
  return dt / C_m * std::exp(-dt / tau_m) * mean;
}

/// The mean over a step of a quantity that starts at 1 and decays with tau: (1 - exp(-dt/tau)) tau/dt.
inline double mean_of_decay(double dt, double tau) { return -std::expm1(-dt / tau) * tau / dt; }

/// Whole steps of a duration, as NEST rounds them (to the nearest).
inline double steps(double dt, double duration) { return std::nearbyint(duration / dt); }

}  // namespace synfire::propagators
