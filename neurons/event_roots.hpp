// When does a membrane first reach its threshold? Roots of smooth functions whose bends are known, to double
// precision: what the event forms of the models share.
#pragma once

#include <array>
#include <limits>

#include "core/math.hpp"

namespace synfire::event_roots {

template <class Real> inline constexpr Real never = std::numeric_limits<Real>::infinity();

/// A function and its derivative at one place.
template <class Real> struct Value { Real value, slope; };

/// Where `f` changes from below 0 at `low` to 0 or above at `high`, given that it does so once between them:
/// Newton's method, halving the bracket where that leaves it or gains too little. f(t) gives a Value.
template <class Real, class F> Real rising_root(const F& f, Real low, Real high) {
  constexpr int most_steps = 200;  // halving alone needs about a hundred
  const Real resolution = std::numeric_limits<Real>::epsilon();
  Real t = low + (high - low) / 2, step = high - low;
  for (int k = 0; k < most_steps; ++k) {
    const Value<Real> at = f(t);
    (at.value < 0 ? low : high) = t;
    const Real newton = -at.value / at.slope;
    const Real to = t + newton;
    const bool good = to > low && to < high && newton * 2 < step && newton * 2 > -step;
    step = good ? (newton < 0 ? -newton : newton) : (high - low) / 2;
    const Real next = good ? to : low + (high - low) / 2;
    const bool settled = step <= resolution * next || next == t;
    t = next;
    if (settled) break;
  }
  return t;
}

/// What a membrane does: its distance from the threshold (>= 0: it spikes) and two derivatives.
template <class Real> struct Motion { Real excess, slope, bend; };

/// Times at which a flow bends: between two of them its slope changes sign at most once.
template <class Real> struct Bends {
  std::array<Real, 4> times{};
  int count = 0;

  void add(Real time) { times[static_cast<std::size_t>(count++)] = time; }
};

/// The first time (ms, from 0) at which the excess of a flow is >= 0; infinity when that never happens.
/// A flow offers at(t), the Motion at t; ceiling(t), which no later excess passes; bends(until), ascending
/// within (0, until); and pace, a time (ms) in which it does something. A flow that ends below the threshold
/// must have a ceiling that falls to 0 or below.
template <class Real, class Flow> Real first_crossing(const Flow& flow) {
  constexpr int most_doublings = 1100;
  Motion<Real> from = flow.at(Real(0));
  if (from.excess >= 0) return 0;
  if (!(flow.ceiling(Real(0)) > 0)) return never<Real>;
  // By `end` the matter is decided: the threshold is passed, or out of reach.
  Real end = flow.pace();
  for (int k = 0; k < most_doublings && flow.at(end).excess < 0 && flow.ceiling(end) > 0; ++k) end *= 2;
  const auto excess = [&](Real t) {
    const auto m = flow.at(t);
    return Value<Real>{m.excess, m.slope};
  };
  Bends<Real> bends = flow.bends(end);
  bends.add(end);
  Real begin = 0;
  for (int k = 0; k < bends.count; ++k) {
    const Real to = bends.times[static_cast<std::size_t>(k)];
    const Motion<Real> there = flow.at(to);
    if (there.excess >= 0) return rising_root<Real>(excess, begin, to);
    if (from.slope > 0 && there.slope < 0) {  // a maximum between two places below
      const auto falling = [&](Real t) {
        const auto m = flow.at(t);
        return Value<Real>{-m.slope, -m.bend};
      };
      const Real top = rising_root<Real>(falling, begin, to);
      if (flow.at(top).excess >= 0) return rising_root<Real>(excess, begin, top);
    }
    begin = to;
    from = there;
  }
  return never<Real>;
}

/// How far a slope can bend either way, and the time (ms) for which that holds.
template <class Real> struct BendLimit { Real bend, within; };

/// The same for a flow whose bends are not known in advance, only their limit: it is followed in steps that
/// no crossing can hide in. A flow offers at(t), ceiling() and limit() from now on, and after(t), itself
/// later.
template <class Real, class Flow> Real first_crossing_stepwise(Flow flow) {
  constexpr int most_steps = 20000;
  constexpr Real touching = Real(1e-12), rounding = Real(1e-13);  // ms, mV
  Real t = 0;
  for (int k = 0; k < most_steps; ++k) {
    const Motion<Real> now = flow.at(Real(0));
    if (now.excess >= 0) return t;
    if (!(flow.ceiling() > rounding)) return never<Real>;
    const BendLimit<Real> limit = flow.limit();
    // excess + slope s + bend s^2/2 stays below 0 up to s = safe.
    const Real root = math::sqrt(now.slope * now.slope - 2 * limit.bend * now.excess);
    Real safe = now.slope > 0 ? -2 * now.excess / (now.slope + root) : (root - now.slope) / limit.bend;
    const Real rise = now.slope / limit.bend;  // so long it must rise
    if (rise > 0 && rise < limit.within) {
      if (flow.at(rise).excess >= 0) {
        const auto excess = [&](Real s) {
          const auto m = flow.at(s);
          return Value<Real>{m.excess, m.slope};
        };
        return t + rising_root<Real>(excess, Real(0), rise);
      }
      safe = safe < rise ? rise : safe;
    }
    safe = safe < limit.within ? safe : limit.within;
    if (!(safe > touching)) return t + safe;
    flow = flow.after(safe);
    t += safe;
  }
  return never<Real>;
}

}  // namespace synfire::event_roots
