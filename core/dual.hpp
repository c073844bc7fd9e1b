// Numbers that carry derivatives: a model's `step`, run with them, gives its own Jacobian, so that no model
// is written a second time for learning.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>

#include "core/host_device.hpp"
#include "core/math.hpp"

namespace synfire {

template <class Real, std::size_t n, bool smooth> struct Dual;
template <class T> inline constexpr bool is_dual = false;
template <class Real, std::size_t n, bool smooth> inline constexpr bool is_dual<Dual<Real, n, smooth>> = true;

namespace dual {

struct NoStep {};
template <class Real> struct NoDirections {
  SYNFIRE_HD Real operator[](std::size_t) const { return 0; }
};

/// Of a smooth step: a surrogate's primitive.
template <class Real> using Primitive = std::function<Real(Real)>;

template <class D, class Part> SYNFIRE_HD D make(decltype(D::value) value, const D& like, const Part& part) {
  D made(value);
  made.primitive = like.primitive;
  // Written out instead of looped over, so that the parts of a Dual become registers.
  if constexpr (D::directions > 0) {
    [&]<std::size_t... k>(std::index_sequence<k...>) SYNFIRE_INLINE { ((made.along[k] = part(k)), ...); }
    (std::make_index_sequence<D::directions>());
  }
  return made;
}

/// f(a) whose derivative is known.
template <class D> SYNFIRE_HD D chain(decltype(D::value) value, decltype(D::value) slope, const D& a) {
  return make(value, a, [&](std::size_t k) SYNFIRE_INLINE { return slope * a.along[k]; });
}

}  // namespace dual

/// A value and its derivatives along n directions. A model run with Duals differs from one run with Reals in
/// one thing: its spike S is a DualSpike, a direction of its own, the last of the n. What the state after the
/// step owes to S stands there; whoever asks puts the slope of a surrogate between the margin and S.
///
/// `smooth` is for tests: S is then the surrogate's primitive of the margin, between 0 and 1, and what a
/// spike selects is blended, which makes the step a smooth function with these very derivatives.
template <class Real, std::size_t n, bool smooth = false> struct Dual {
  static constexpr std::size_t directions = n;
  using Along = std::conditional_t<n == 0, dual::NoDirections<Real>, std::array<Real, n>>;
  using Step = std::conditional_t<smooth, const dual::Primitive<Real>*, dual::NoStep>;

  Real value = 0;
  [[no_unique_address]] Along along = {};
  [[no_unique_address]] Step primitive = {};

  Dual() = default;
  template <class Number>
  requires std::is_arithmetic_v<Number> SYNFIRE_HD Dual(Number number)
      : value(static_cast<Real>(number)) {}  // NOLINT: the literals of models

  SYNFIRE_HD friend Dual operator+(const Dual& a, const Dual& b) {
    return dual::make(a.value + b.value, either(a, b),
                      [&](std::size_t k) SYNFIRE_INLINE { return a.along[k] + b.along[k]; });
  }
  SYNFIRE_HD friend Dual operator-(const Dual& a, const Dual& b) {
    return dual::make(a.value - b.value, either(a, b),
                      [&](std::size_t k) SYNFIRE_INLINE { return a.along[k] - b.along[k]; });
  }
  SYNFIRE_HD friend Dual operator*(const Dual& a, const Dual& b) {
    return dual::make(a.value * b.value, either(a, b), [&](std::size_t k) SYNFIRE_INLINE {
      return a.along[k] * b.value + a.value * b.along[k];
    });
  }
  SYNFIRE_HD friend Dual operator/(const Dual& a, const Dual& b) {
    const Real ratio = a.value / b.value;
    return dual::make(ratio, either(a, b), [&](std::size_t k) SYNFIRE_INLINE {
      return (a.along[k] - ratio * b.along[k]) / b.value;
    });
  }
  SYNFIRE_HD friend Dual operator-(const Dual& a) { return dual::chain(-a.value, Real(-1), a); }
  SYNFIRE_HD Dual& operator+=(const Dual& b) { return *this = *this + b; }

  SYNFIRE_HD friend bool operator<(const Dual& a, const Dual& b) { return a.value < b.value; }
  SYNFIRE_HD friend bool operator>(const Dual& a, const Dual& b) { return a.value > b.value; }
  SYNFIRE_HD friend bool operator<=(const Dual& a, const Dual& b) { return a.value <= b.value; }
  SYNFIRE_HD friend bool operator>=(const Dual& a, const Dual& b) { return a.value >= b.value; }
  SYNFIRE_HD friend bool operator==(const Dual& a, const Dual& b) { return a.value == b.value; }

 private:
  // Any of the two that knows the smooth step; literals and parameters do not.
  SYNFIRE_HD static const Dual& either(const Dual& a, const Dual& b) {
    if constexpr (smooth) return a.primitive != nullptr ? a : b;
    return a;
  }
};

/// A spike seen by Duals: whether there is one, and the margin that decided it. `open` is 0 where the margin
/// could not have changed that (a refractory neuron).
template <class D> struct DualSpike {
  using Real = std::remove_cvref_t<decltype(D::value)>;
  Real value = 0;  ///< 0 or 1; between them where it is smooth
  Real open = 1;
  D margin;

  SYNFIRE_HD friend DualSpike operator&(bool condition, const DualSpike& spike) {
    return {condition ? spike.value : Real(0), condition ? spike.open : Real(0), spike.margin};
  }
};

/// What `step` gives in a model that can be differentiated: bool for plain numbers.
template <class Real> struct SpikeType { using type = bool; };
template <class Real, std::size_t n, bool smooth> struct SpikeType<Dual<Real, n, smooth>> {
  using type = DualSpike<Dual<Real, n, smooth>>;
};
template <class Real> using SpikeOf = typename SpikeType<Real>::type;

namespace dual {

template <class Real, std::size_t n, bool smooth>
SYNFIRE_HD DualSpike<Dual<Real, n, smooth>> spike(const Dual<Real, n, smooth>& margin, bool crossed) {
  if constexpr (smooth) return {(*margin.primitive)(margin.value), Real(1), margin};
  return {crossed ? Real(1) : Real(0), Real(1), margin};
}

}  // namespace dual

namespace math {

template <class Real, std::size_t n, bool smooth>
SYNFIRE_HD Dual<Real, n, smooth> select(bool condition, const Dual<Real, n, smooth>& yes,
                                        const Dual<Real, n, smooth>& no) {
  return dual::make(condition ? yes.value : no.value, smooth && condition ? yes : no,
                    [&](std::size_t k) SYNFIRE_INLINE { return condition ? yes.along[k] : no.along[k]; });
}

template <class Real, std::size_t n, bool smooth>
SYNFIRE_HD Dual<Real, n, smooth> max(const Dual<Real, n, smooth>& a, const Dual<Real, n, smooth>& b) {
  return select(a > b, a, b);
}
template <class Real, std::size_t n, bool smooth>
SYNFIRE_HD Dual<Real, n, smooth> min(const Dual<Real, n, smooth>& a, const Dual<Real, n, smooth>& b) {
  return select(a < b, a, b);
}

/// The spike's own direction takes what it decides about.
template <class Real, std::size_t n, bool smooth>
SYNFIRE_HD Dual<Real, n, smooth> select(const DualSpike<Dual<Real, n, smooth>>& spike,
                                        const Dual<Real, n, smooth>& yes, const Dual<Real, n, smooth>& no) {
  const bool fired = spike.value > Real(0);
  const auto mixed = [&](Real a, Real b) SYNFIRE_INLINE {
    if constexpr (smooth) return b + spike.value * (a - b);
    return fired ? a : b;
  };
  auto made = dual::make(mixed(yes.value, no.value), spike.margin,
                         [&](std::size_t k) SYNFIRE_INLINE { return mixed(yes.along[k], no.along[k]); });
  if constexpr (n > 0) made.along[n - 1] += yes.value - no.value;
  return made;
}

template <class Real, std::size_t n, bool smooth>
SYNFIRE_HD Dual<Real, n, smooth> exp(const Dual<Real, n, smooth>& a) {
  const Real value = exp(a.value);
  return dual::chain(value, value, a);
}
template <class Real, std::size_t n, bool smooth>
SYNFIRE_HD Dual<Real, n, smooth> log(const Dual<Real, n, smooth>& a) {
  return dual::chain(log(a.value), Real(1) / a.value, a);
}
template <class Real, std::size_t n, bool smooth>
SYNFIRE_HD Dual<Real, n, smooth> sin(const Dual<Real, n, smooth>& a) {
  return dual::chain(sin(a.value), cos(a.value), a);
}
template <class Real, std::size_t n, bool smooth>
SYNFIRE_HD Dual<Real, n, smooth> cos(const Dual<Real, n, smooth>& a) {
  return dual::chain(cos(a.value), -sin(a.value), a);
}
template <class Real, std::size_t n, bool smooth>
SYNFIRE_HD Dual<Real, n, smooth> sigmoid(const Dual<Real, n, smooth>& a) {
  const Real value = sigmoid(a.value);
  return dual::chain(value, value * (Real(1) - value), a);
}
template <class Real, std::size_t n, bool smooth>
SYNFIRE_HD Dual<Real, n, smooth> sqrt(const Dual<Real, n, smooth>& a) {
  const Real root = sqrt(a.value);
  return dual::chain(root, Real(0.5) / root, a);
}

}  // namespace math
}  // namespace synfire
