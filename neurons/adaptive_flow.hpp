// The event form of a leaky membrane with a linear adaptation current and two decaying synaptic currents.
#pragma once

#include <array>
#include <cstddef>

#include "neurons/event_form.hpp"
#include "neurons/event_roots.hpp"
#include "neurons/exact_flow.hpp"
#include "neurons/propagators.hpp"

namespace synfire::exact_flow {

/// The membrane x above its resting potential, the adaptation y, and two currents beside a constant one:
///   x' = -x/tau_m + (J + I_1 + I_2 - y)/C_m,   tau_w y' = a x - y,   I' = -I/tau
/// A membrane that is held keeps x.
template <class Real> struct AdaptiveFlow {
  using Vector = std::array<Real, 4>;  // x, y, I_1, I_2

  Vector now;
  Real J, threshold;  // of x
  Real tau_m, tau_w, tau_1, tau_2, C_m, a;
  bool held = false;

  Vector rates(const Vector& v, Real constant) const {
    const Real x = held ? Real(0) : -v[0] / tau_m + (constant + v[2] + v[3] - v[1]) / C_m;
    return {x, (a * v[0] - v[1]) / tau_w, -v[2] / tau_1, -v[3] / tau_2};
  }
  /// A time in which nothing changes by more than about itself.
  Real pace() const {
    const Real shorter = tau_m < tau_w ? tau_m : tau_w, synaptic = tau_1 < tau_2 ? tau_1 : tau_2;
    return 1 / (1 / (shorter < synaptic ? shorter : synaptic) + math::sqrt(size(a) / (C_m * tau_w)));
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
    const Vector v = t > 0 ? after_time(t) : now, first = rates(v, J), second = rates(first, 0);
    return {v[0] - threshold, first[0], second[0]};
  }
  Real ceiling() const {
    const Real settled = J / (C_m / tau_m + a);  // where x ends, and a times that y
    const Vector away = {now[0] - settled, now[1] - a * settled, 0, 0};
    const Real charge = (size(now[2]) * tau_1 + size(now[3]) * tau_2) / C_m;
    const Real reach = farthest(away, charge, (size(now[2]) + size(now[3])) / C_m);
    return reach < event_roots::never<Real> ? settled + reach - threshold : reach;
  }
  event_roots::BendLimit<Real> limit() const {
    const Vector v = rates(now, J);
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
      term = rates(term, k == 1 ? J : Real(0));
      for (std::size_t i = 0; i < 4; ++i) {
        term[i] *= t / Real(k);
        sum[i] += term[i];
      }
    }
    return sum;
  }
  Vector by_matrix(Real t) const {
    propagators::Matrix<5> matrix{};  // the last variable is the constant 1
    const Vector none = rates({}, J);
    for (std::size_t j = 0; j < 4; ++j) {
      Vector unit{};
      unit[j] = 1;
      const Vector column = rates(unit, 0);
      for (std::size_t i = 0; i < 4; ++i) matrix[i][j] = double(column[i] * t);
      matrix[j][4] = double(none[j] * t);
    }
    const auto flow = propagators::exponential(matrix);
    Vector v{};
    for (std::size_t i = 0; i < 4; ++i) {
      v[i] = Real(flow[i][4]);
      for (std::size_t j = 0; j < 4; ++j) v[i] += Real(flow[i][j]) * now[j];
    }
    return v;
  }
};

template <class State, class Parameters, class Real>
AdaptiveFlow<Real> adaptive_flow(const State& s, const Parameters& p, Real current, bool held) {
  return {{s.V_m - p.E_L, s.w, s.I_syn_ex, s.I_syn_in},
          p.I_e + current,
          p.V_th - p.E_L,
          p.tau_m,
          p.tau_w,
          p.tau_syn_ex,
          p.tau_syn_in,
          p.C_m,
          p.a,
          held};
}

/// A model's state after `ms`, of which the first part may be refractory.
template <class State, class Parameters, class Real>
void advance_adaptive(State& s, const Parameters& p, Real current, Real ms) {
  const Real free = event_form::spend_refractory(s, ms);
  const auto move = [&](Real t, bool held) {
    const auto v = adaptive_flow(s, p, current, held).after_time(t);
    if (!held) s.V_m = p.E_L + v[0];
    s.w = v[1], s.I_syn_ex = v[2], s.I_syn_in = v[3];
  };
  if (ms > free) move(ms - free, true);
  if (free > 0) move(free, false);
}

template <class State, class Parameters, class Real>
Real next_adaptive_spike(State s, const Parameters& p, Real current) {
  const Real held = s.refractory;
  if (held > 0) advance_adaptive(s, p, current, held);
  return held + event_roots::first_crossing_stepwise<Real>(adaptive_flow(s, p, current, false));
}

}  // namespace synfire::exact_flow
