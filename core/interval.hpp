// Numbers that are only known to lie between two bounds: a model's `step`, run with them, bounds what it
// does for every input and state between theirs, so that no model is written a second time for that.
#pragma once

#include <limits>
#include <type_traits>

#include "core/dual.hpp"
#include "core/host_device.hpp"
#include "core/math.hpp"

namespace synfire {

/// The answer to a question about intervals: it may be true, may be false, or either.
struct Maybe {
  bool yes = false, no = false;  ///< possible

  SYNFIRE_HD friend Maybe operator!(const Maybe& a) { return {a.no, a.yes}; }
  SYNFIRE_HD friend Maybe operator&(const Maybe& a, const Maybe& b) {
    return {bool(a.yes & b.yes), bool(a.no | b.no)};
  }
  SYNFIRE_HD friend Maybe operator|(const Maybe& a, const Maybe& b) {
    return {bool(a.yes | b.yes), bool(a.no & b.no)};
  }
};

/// All numbers from low to high. Results are rounded outwards: they hold whatever exact arithmetic gives for
/// numbers of the operands.
template <class Real> struct Interval {
  Real low = 0, high = 0;

  Interval() = default;
  template <class Number>
  requires std::is_arithmetic_v<Number> SYNFIRE_HD Interval(Number number)
      : low(static_cast<Real>(number)), high(static_cast<Real>(number)) {}  // NOLINT: the literals of models
  SYNFIRE_HD Interval(Real from, Real to) : low(from), high(to) {}

  SYNFIRE_HD friend Interval operator+(const Interval& a, const Interval& b) {
    return {sum<false>(a.low, b.low), sum<true>(a.high, b.high)};
  }
  SYNFIRE_HD friend Interval operator-(const Interval& a) { return {-a.high, -a.low}; }
  SYNFIRE_HD friend Interval operator-(const Interval& a, const Interval& b) { return a + -b; }
  SYNFIRE_HD friend Interval operator*(const Interval& a, const Interval& b) {
    return corners(a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high);
  }
  /// All numbers where b may be 0.
  SYNFIRE_HD friend Interval operator/(const Interval& a, const Interval& b) {
    if (b.low <= Real(0) && b.high >= Real(0)) return all();
    return corners(a.low / b.low, a.low / b.high, a.high / b.low, a.high / b.high);
  }
  SYNFIRE_HD Interval& operator+=(const Interval& b) { return *this = *this + b; }

  SYNFIRE_HD friend Maybe operator<(const Interval& a, const Interval& b) {
    return {a.low < b.high, a.high >= b.low};
  }
  SYNFIRE_HD friend Maybe operator>(const Interval& a, const Interval& b) { return b < a; }
  SYNFIRE_HD friend Maybe operator<=(const Interval& a, const Interval& b) { return !(b < a); }
  SYNFIRE_HD friend Maybe operator>=(const Interval& a, const Interval& b) { return !(a < b); }
  SYNFIRE_HD friend Maybe operator==(const Interval& a, const Interval& b) {
    return {a.low <= b.high && b.low <= a.high, a.low != a.high || b.low != b.high || a.low != b.low};
  }
  SYNFIRE_HD friend Maybe operator!=(const Interval& a, const Interval& b) { return !(a == b); }

  SYNFIRE_HD static Interval all() {
    return {-std::numeric_limits<Real>::infinity(), std::numeric_limits<Real>::infinity()};
  }
  /// Both, and all between.
  SYNFIRE_HD friend Interval hull(const Interval& a, const Interval& b) {
    return {a.low < b.low ? a.low : b.low, a.high > b.high ? a.high : b.high};
  }
  /// A little wider, for results whose relative error is below so many units in the last place.
  SYNFIRE_HD static Interval about(Real from, Real to, Real ulps) {
    constexpr Real epsilon = std::numeric_limits<Real>::epsilon(), least = std::numeric_limits<Real>::min();
    return {from - (size(from) * (ulps * epsilon) + least), to + (size(to) * (ulps * epsilon) + least)};
  }

 private:
  SYNFIRE_HD static Real size(Real x) { return x < Real(0) ? -x : x; }
  // Nothing is added where the sum is exact (Knuth's error of a sum), so that steps can be counted.
  template <bool up> SYNFIRE_HD static Real sum(Real a, Real b) {
    const Real s = a + b, from_b = s - a, lost = (a - (s - from_b)) + (b - from_b);
    const Real room = size(s) * std::numeric_limits<Real>::epsilon() + std::numeric_limits<Real>::min();
    return lost == Real(0) ? s : up ? s + room : s - room;
  }
  SYNFIRE_HD static Interval corners(Real a, Real b, Real c, Real d) {
    const Real least = a < b ? a : b, most = a < b ? b : a, least2 = c < d ? c : d, most2 = c < d ? d : c;
    const Real low = least < least2 ? least : least2, high = most > most2 ? most : most2;
    const Real room = std::numeric_limits<Real>::epsilon();
    return {low - size(low) * room, high + size(high) * room};
  }
};

template <class T> inline constexpr bool is_interval = false;
template <class Real> inline constexpr bool is_interval<Interval<Real>> = true;
template <class Real> struct SpikeType<Interval<Real>> { using type = Maybe; };

namespace math {

template <class Real>
SYNFIRE_HD Interval<Real> select(bool condition, const Interval<Real>& yes, const Interval<Real>& no) {
  return condition ? yes : no;
}
template <class Real>
SYNFIRE_HD Interval<Real> select(const Maybe& condition, const Interval<Real>& yes,
                                 const Interval<Real>& no) {
  const Real low = yes.low < no.low ? yes.low : no.low, high = yes.high > no.high ? yes.high : no.high;
  const bool one = !condition.no, other = !condition.yes;
  return {one ? yes.low : other ? no.low : low, one ? yes.high : other ? no.high : high};
}

template <class Real> SYNFIRE_HD Interval<Real> max(const Interval<Real>& a, const Interval<Real>& b) {
  return {a.low > b.low ? a.low : b.low, a.high > b.high ? a.high : b.high};
}
template <class Real> SYNFIRE_HD Interval<Real> min(const Interval<Real>& a, const Interval<Real>& b) {
  return {a.low < b.low ? a.low : b.low, a.high < b.high ? a.high : b.high};
}

// Each of them is monotone to within the error that its scalar form states.
template <class Real> SYNFIRE_HD Interval<Real> exp(const Interval<Real>& a) {
  return Interval<Real>::about(exp(a.low), exp(a.high), Real(4));
}
template <class Real> SYNFIRE_HD Interval<Real> log(const Interval<Real>& a) {
  if (a.low < std::numeric_limits<Real>::min()) return Interval<Real>::all();
  return Interval<Real>::about(log(a.low), log(a.high), Real(4));
}
template <class Real> SYNFIRE_HD Interval<Real> sigmoid(const Interval<Real>& a) {
  return Interval<Real>::about(sigmoid(a.low), sigmoid(a.high), Real(6));
}
template <class Real> SYNFIRE_HD Interval<Real> tanh(const Interval<Real>& a) {
  return Interval<Real>::about(tanh(a.low), tanh(a.high), Real(8));
}
template <class Real> SYNFIRE_HD Interval<Real> sqrt(const Interval<Real>& a) {
  if (a.low < Real(0)) return Interval<Real>::all();
  return Interval<Real>::about(sqrt(a.low), sqrt(a.high), Real(1));
}
/// 1 and -1 where a maximum or minimum may lie within, which is where a quarter turn ends.
template <class Real> SYNFIRE_HD Interval<Real> sin(const Interval<Real>& a) {
  constexpr Real quarter = Real(1.57079632679489661923), most = 8192;
  if (!(a.high - a.low < 4 * quarter) || a.low < -most || a.high > most) return {Real(-1), Real(1)};
  const Real absolute = Real(8) * std::numeric_limits<Real>::epsilon();
  const auto whole_turns = [](Real x) SYNFIRE_INLINE {  // those that end below x
    const auto cut = static_cast<Real>(static_cast<std::int32_t>(x));
    return cut > x ? cut - Real(1) : cut;
  };
  // A little more than a to either side, so that rounding hides no turning point.
  const Real slack = Real(1e-3), turn = 4 * quarter;
  const bool top =
      whole_turns((a.high - quarter) / turn + slack) != whole_turns((a.low - quarter) / turn - slack);
  const bool bottom =
      whole_turns((a.high + quarter) / turn + slack) != whole_turns((a.low + quarter) / turn - slack);
  const Real first = sin(a.low), last = sin(a.high);
  const Real low = (first < last ? first : last) - absolute, high = (first < last ? last : first) + absolute;
  return {bottom ? Real(-1) : low, top ? Real(1) : high};
}
template <class Real> SYNFIRE_HD Interval<Real> cos(const Interval<Real>& a) {
  return sin(a + Interval<Real>(Real(1.5707962), Real(1.5707965)));
}

}  // namespace math
}  // namespace synfire
