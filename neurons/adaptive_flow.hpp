// The event form of a leaky membrane with a linear adaptation current and two decaying synaptic currents.
#pragma once

#include <array>
#include <cstddef>

#include "neurons/event_roots.hpp"
#include "neurons/exact_flow.hpp"
#include "neurons/propagators.hpp"

namespace synfire::exact_flow {

/// Deviations x of the membrane and y of the adaptation from where they settle, and two currents:
///   x' = -x/tau_m + (I_1 + I_2 - y)/C_m,   tau_w y' = a x - y,   I' = -I/tau
/// A membrane that is held keeps x and counts no currents.
template <class Real> struct AdaptiveFlow {
  using Vector = std::array<Real, 4>;  // x, y, I_1, I_2

  Vector now;
  Real threshold;  // of x
  Real tau_m, tau_w, tau_1, tau_2, C_m, a;
  bool held = false;

  Vector rates(const Vector& v) const {
    const Real x = held ? Real(0) : -v[0] / tau_m + (v[2] + v[3] - v[1]) / C_m;
    return {x, (a * v[0] - v[1]) / tau_w, -v[2] / tau_1, -v[3] / tau_2};
  }
  /// A time in which nothing changes by more than about itself.
  Real pace() const {
    const Real fastest = 1 / tau_m + 3 / C_m + (1 + size(a)) / tau_w + 1 / tau_1 + 1 / tau_2;
    return 1 / fastest;
  }
  /// All variables after t: by their Taylor series, piece by piece; for long times by the exponential of the
  /// matrix of rates. No time constant or pair of them is special.
  Vector after_time(Real t) const {
    constexpr int most_pieces = 12;
    const Real pieces = t / pace();
    if (pieces > most_pieces) return by_matrix(t);
    Vector v = now;
    const int count = static_cast<int>(pieces) + 1;
    for (int k = 0; k < count; ++k) v = by_series(v, t / Real(count));
    return v;
  }
  AdaptiveFlow after(Real t) const {
    AdaptiveFlow later = *this;
    later.now = after_time(t);
    return later;
  }
  event_roots::Motion<Real> at(Real t) const {
    const Vector v = t > 0 ? after_time(t) : now, first = rates(v), second = rates(first);
    return {v[0] - threshold, first[0], second[0]};
  }
  Real ceiling() const {
    const Real drive = (size(now[2]) * tau_1 + size(now[3]) * tau_2) / C_m;
    return farthest(now, drive, (size(now[2]) + size(now[3])) / C_m) - threshold;
  }
  event_roots::BendLimit<Real> limit() const {
    const Vector v = rates(now);
    const Real change = (size(v[2]) + size(v[3])) / C_m;
    const Real slope = farthest(v, (size(now[2]) + size(now[3])) / C_m, change);
    if (slope < event_roots::never<Real>) {
      const Real y = size(v[1]) > size(a) * slope ? size(v[1]) : size(a) * slope;
      return {slope / tau_m + y / C_m + change, event_roots::never<Real>};
    }
    // Adaptation that feeds itself: over `window` nothing grows by more than e.
    const Real window = C_m / size(a), y = size(v[1]) / size(a);
    const Real most = Real(2.72) * ((size(v[0]) > y ? size(v[0]) : y) + window * change);
    return {most / tau_m + size(a) * most / C_m + change, window};
  }

 private:
  static Real size(Real x) { return x < 0 ? -x : x; }

  /// What |x| can reach from (x, y) under currents (over C_m) of total charge `charge` that never pass `top`;
  /// its derivatives obey the same equations. For a > 0 the energy C_m x^2 + (tau_w/a) y^2 can only be fed by
  /// the currents; for |a| tau_m/C_m < 1 the coupling is too weak to grow.
  Real farthest(const Vector& v, Real charge, Real top) const {
    if (a > 0) return math::sqrt(v[0] * v[0] + v[1] * v[1] * tau_w / (a * C_m)) + charge;
    const Real R = tau_m / C_m, loop = R * size(a);
    if (!(loop < 1)) return event_roots::never<Real>;
    const Real x = size(v[0]), kept = R * size(v[1]) + tau_m * top, fed = tau_m * top / (1 - loop);
    const Real more = kept > fed ? kept : fed;
    return x > more ? x : more;
  }
  Vector by_series(const Vector& start, Real t) const {
    constexpr int terms = 20;
    Vector sum = start, term = start;
    for (int k = 1; k <= terms; ++k) {
      term = rates(term);
      for (std::size_t i = 0; i < 4; ++i) {
        term[i] *= t / Real(k);
        sum[i] += term[i];
      }
    }
    return sum;
  }
  Vector by_matrix(Real t) const {
    propagators::Matrix<4> matrix{};
    for (std::size_t j = 0; j < 4; ++j) {
      Vector unit{};
      unit[j] = 1;
      const Vector column = rates(unit);
      for (std::size_t i = 0; i < 4; ++i) matrix[i][j] = double(column[i] * t);
    }
    const auto flow = propagators::exponential(matrix);
    Vector v{};
    for (std::size_t i = 0; i < 4; ++i)
      for (std::size_t j = 0; j < 4; ++j) v[i] += Real(flow[i][j]) * now[j];
    return v;
  }
};

}  // namespace synfire::exact_flow
