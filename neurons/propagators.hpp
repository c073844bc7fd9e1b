// Coefficients of exact integration (Rotter & Diesmann 1999), computed once per population in double
// precision.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>

namespace synfire::propagators {

/// exp(-dt/tau).
inline double decay(double dt, double tau) { return std::exp(-dt / tau); }

/// The change of a membrane (tau_m, C_m) after dt per unit of constant current: (1 - exp(-dt/tau_m)) tau_m /
/// C_m.
inline double constant_current(double dt, double tau_m, double C_m) {
  return -std::expm1(-dt / tau_m) * tau_m / C_m;
}

namespace detail {
/// (1 - exp(-x))/x, the mean of exp(-x u) over u in [0, 1]; x >= 0.
inline double mean_exp(double x) { return x < 1e-12 ? 1 - x / 2 : -std::expm1(-x) / x; }

/// The mean of u exp(-x u) over u in [0, 1]: (1 - (1 + x) exp(-x))/x^2, for small x by its series; x >= 0.
inline double mean_rising_exp(double x) {
  if (x >= 1) return (1 - (1 + x) * std::exp(-x)) / (x * x);
  double term = 1, sum = 0;
  for (int k = 0; k < 20; ++k) {
    sum += term / (k + 2);
    term *= -x / (k + 1);
  }
  return sum;
}

/// The mean of (1 - u) exp(-x u) over u in [0, 1]: (x - 1 + exp(-x))/x^2, for small x by its series; x >= 0.
inline double mean_falling_exp(double x) {
  if (x >= 1) return (x - 1 + std::exp(-x)) / (x * x);
  double term = 0.5, sum = 0;
  for (int k = 0; k < 20; ++k) {
    sum += term;
    term *= -x / (k + 3);
  }
  return sum;
}
}  // namespace detail

/// The change of a membrane after dt per unit of a current that starts at 1 and decays with tau_syn:
///   (1/C_m) * (exp(-dt/tau_m) - exp(-dt/tau_syn)) / (1/tau_syn - 1/tau_m).
/// Written as (dt/C_m) exp(-dt/tau) (1 - exp(-x))/x with x = dt |1/tau_syn - 1/tau_m| and tau the longer of
/// the two, which has no singularity at equal time constants: (1 - exp(-x))/x -> 1, and no overflow.
inline double exponential_current(double dt, double tau_m, double tau_syn, double C_m) {
  const double x = dt * std::abs(1 / tau_syn - 1 / tau_m);
  return dt / C_m * std::exp(-dt / std::fmax(tau_m, tau_syn)) * detail::mean_exp(x);
}

/// The change of a membrane after dt per unit of a current's slope: of the current t exp(-t/tau_syn). The
/// same integral with a factor t; the slower of the two decays is taken out of it.
inline double alpha_current(double dt, double tau_m, double tau_syn, double C_m) {
  const double x = dt * (1 / tau_syn - 1 / tau_m);
  const double mean = x >= 0 ? detail::mean_rising_exp(x) : detail::mean_falling_exp(-x);
  return dt * dt / C_m * std::exp(-dt / std::fmax(tau_m, tau_syn)) * mean;
}

/// The mean over a step of a quantity that starts at 1 and decays with tau: (1 - exp(-dt/tau)) tau/dt.
inline double mean_of_decay(double dt, double tau) { return -std::expm1(-dt / tau) * tau / dt; }

/// The mean over a step of t exp(-t/tau).
inline double mean_of_alpha(double dt, double tau) { return dt * detail::mean_rising_exp(dt / tau); }

/// The slope at 0 of the alpha function t exp(1 - t/tau)/tau, whose peak is 1.
inline double slope_of_alpha(double tau) { return std::exp(1.0) / tau; }

template <std::size_t n> using Matrix = std::array<std::array<double, n>, n>;

template <std::size_t n> Matrix<n> product(const Matrix<n>& a, const Matrix<n>& b) {
  Matrix<n> c{};
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      for (std::size_t k = 0; k < n; ++k) c[i][j] += a[i][k] * b[k][j];
  return c;
}

/// exp(a) by scaling and squaring: the series of a/2^k, whose rows sum to at most 1/2, squared k times.
template <std::size_t n> Matrix<n> exponential(Matrix<n> a) {
  double size = 0;
  for (const auto& row : a) {
    double sum = 0;
    for (const double entry : row) sum += std::abs(entry);
    size = std::fmax(size, sum);
  }
  const int squarings = size > 0.5 ? std::ilogb(size) + 2 : 0;
  for (auto& row : a)
    for (double& entry : row) entry = std::ldexp(entry, -squarings);
  Matrix<n> sum{};
  for (int k = 18; k >= 0; --k) {  // 0.5^18/18! is far below rounding
    sum = product(a, sum);
    for (std::size_t i = 0; i < n; ++i) {
      for (double& entry : sum[i]) entry /= k + 1;
      sum[i][i] += 1;
    }
  }
  for (int k = 0; k < squarings; ++k) sum = product(sum, sum);
  return sum;
}

/// Whole steps of a duration, as NEST rounds them (to the nearest).
inline double steps(double dt, double duration) { return std::nearbyint(duration / dt); }

}  // namespace synfire::propagators
