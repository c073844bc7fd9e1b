// Elementary functions built from IEEE additions, multiplications and divisions only, so that every machine,
// vector width and GPU (compiled without contraction) gives the same bits. One source for scalar, vector and
// device code.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "core/host_device.hpp"

namespace synfire::math {

namespace detail {

template <class Real> struct Format;
template <> struct Format<float> {
  using Bits = std::int32_t;
  static constexpr int mantissa = 23, bias = 127, taylor = 7;
  static constexpr float round_magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to a whole number
  static constexpr float exp_low = -87.0f, exp_high = 88.0f;
  static constexpr float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
  // pi/2 in parts, whose products with whole numbers below 2^13 are exact but for the last
  static constexpr float half_pi[3] = {1.5703125f, 4.837512969970703125e-4f, 7.5497899548918821e-8f};
  static constexpr int sine = 4, cosine = 5;  // terms beyond the first
  static constexpr int expm1 = 11, arctan = 8, erfc = 12;
};
template <> struct Format<double> {
  using Bits = std::int64_t;
  static constexpr int mantissa = 52, bias = 1023, taylor = 13;
  static constexpr double round_magic = 6755399441055744.0;  // 1.5 * 2^52
  static constexpr double exp_low = -708.0, exp_high = 709.0;
  static constexpr double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
  static constexpr double half_pi[3] = {1.57079632673412561417, 6.07710050630396597660e-11,
                                        2.02226624879595063154e-21};
  static constexpr int sine = 8, cosine = 8;
  static constexpr int expm1 = 19, arctan = 19, erfc = 24;
};

}  // namespace detail

/// e^x. Relative error below 1.5 ulp; arguments are clamped to the range of normal results, so that large
/// negative x gives a tiny positive number and large positive x a huge finite one. Taylor series on |r| <=
/// ln(2)/2.
template <class Real> SYNFIRE_HD Real exp(Real x) {
  using F = detail::Format<Real>;
  x = x < F::exp_low ? F::exp_low : x;
  x = x > F::exp_high ? F::exp_high : x;
  const Real whole = (x * Real(1.44269504088896340736) + F::round_magic) - F::round_magic;
  const Real r = (x - whole * F::ln2_high) - whole * F::ln2_low;
  Real sum = Real(1);
  SYNFIRE_UNROLL
  for (int k = F::taylor; k >= 1; --k) sum = Real(1) + sum * (r * (Real(1) / Real(k)));
  const auto bits = (static_cast<typename F::Bits>(whole) + F::bias) << F::mantissa;
  return sum * std::bit_cast<Real>(bits);
}

/// Natural logarithm of a positive normal number, relative error below 2 ulp. With s = (m-1)/(m+1),
/// log m = 2 (s + s^3/3 + s^5/5 + …).
template <class Real> SYNFIRE_HD Real log(Real x) {
  using F = detail::Format<Real>;
  using Bits = typename F::Bits;
  constexpr Bits mantissa_mask = (Bits(1) << F::mantissa) - 1;
  const Bits bits = std::bit_cast<Bits>(x);
  Bits exponent = (bits >> F::mantissa) - F::bias;
  Real m = std::bit_cast<Real>((bits & mantissa_mask) | (Bits(F::bias) << F::mantissa));
  const bool upper = m > Real(1.41421356237309504880);
  m = upper ? m * Real(0.5) : m;
  exponent = upper ? exponent + 1 : exponent;
  const Real s = (m - Real(1)) / (m + Real(1));
  const Real z = s * s;
  Real sum = Real(0);
  SYNFIRE_UNROLL
  for (int k = F::taylor; k >= 1; --k) sum = z * (sum + Real(1) / Real(2 * k + 1));
  const Real e =
      static_cast<Real>(static_cast<std::int32_t>(exponent));  // 32 bits: vector units convert those
  return e * F::ln2_high + (e * F::ln2_low + (Real(2) * s + Real(2) * s * sum));
}

namespace detail {

// sin(x + turns pi/2) for |x| <= 8192, by Taylor series within an eighth of a turn.
template <class Real> SYNFIRE_HD Real sine(Real x, int turns) {
  using F = Format<Real>;
  constexpr Real most = 8192, two_over_pi = Real(0.63661977236758134308);
  x = x < -most ? -most : x;
  x = x > most ? most : x;
  const Real shifted = x * two_over_pi + F::round_magic;  // its last bits hold the whole number
  const Real whole = shifted - F::round_magic;
  const Real r = ((x - whole * F::half_pi[0]) - whole * F::half_pi[1]) - whole * F::half_pi[2];
  const Real z = r * r;
  Real sine = 1, cosine = 1;
  SYNFIRE_UNROLL
  for (int k = F::sine; k >= 1; --k) sine = Real(1) - sine * (z * (Real(1) / Real(2 * k * (2 * k + 1))));
  SYNFIRE_UNROLL
  for (int k = F::cosine; k >= 1; --k)
    cosine = Real(1) - cosine * (z * (Real(1) / Real(2 * k * (2 * k - 1))));
  const auto quarter = std::bit_cast<typename F::Bits>(shifted) + turns;
  const Real value = (quarter & 1) != 0 ? cosine : r * sine;
  return (quarter & 2) != 0 ? -value : value;
}

}  // namespace detail

/// Sine and cosine of x in radians. Absolute error below 2^-23 in float and 2^-52 in double; beyond +-8192 an
/// argument is taken as that.
template <class Real> SYNFIRE_HD Real sin(Real x) { return detail::sine(x, 0); }
template <class Real> SYNFIRE_HD Real cos(Real x) { return detail::sine(x, 1); }

/// The logistic function 1/(1 + e^-x). Relative error below 3 ulp; never 0 or a subnormal number.
template <class Real> SYNFIRE_HD Real sigmoid(Real x) {
  using F = detail::Format<Real>;
  return Real(1) / (Real(1) + exp(-(x < F::exp_low ? F::exp_low : x)));
}

/// The hyperbolic tangent. Relative error below 4 ulp; odd, never beyond +-1. From e^(2|x|) - 1, by its
/// Taylor series where that is small.
template <class Real> SYNFIRE_HD Real tanh(Real x) {
  using F = detail::Format<Real>;
  const Real y = Real(2) * (x < Real(0) ? -x : x);
  Real sum = Real(1);
  SYNFIRE_UNROLL
  for (int k = F::expm1; k >= 2; --k) sum = Real(1) + sum * (y * (Real(1) / Real(k)));
  const Real less_one = y < Real(1) ? y * sum : exp(y) - Real(1);
  const Real t = Real(1) - Real(2) / (less_one + Real(2));
  const Real size = y < Real(1) ? less_one / (less_one + Real(2)) : t;
  return x < Real(0) ? -size : size;
}

/// The arc tangent. Relative error below 3 ulp; odd, +-pi/2 at infinity. Taylor series within +-tan(pi/8), to
/// which other arguments are turned by pi/4 or pi/2.
template <class Real> SYNFIRE_HD Real atan(Real x) {
  using F = detail::Format<Real>;
  const Real size = x < Real(0) ? -x : x;
  const bool far = size > Real(2.41421356237309504880), middle = size > Real(0.41421356237309504880);
  const Real above = far ? Real(-1) : (middle ? size - Real(1) : size);
  const Real below = far ? size : (middle ? size + Real(1) : Real(1));
  const Real turn = far ? Real(2) : (middle ? Real(1) : Real(0));
  const Real t = above / below, z = t * t;
  Real sum = Real(0);
  SYNFIRE_UNROLL
  for (int k = F::arctan; k >= 1; --k)
    sum = z * ((k % 2 == 0 ? Real(1) : Real(-1)) * (Real(1) / Real(2 * k + 1)) + sum);
  const Real quarter_low = ((F::half_pi[1] + F::half_pi[2]) * Real(0.5)) * turn;
  const Real value = F::half_pi[0] * Real(0.5) * turn + (quarter_low + (t + t * sum));
  return x < Real(0) ? -value : value;
}

/// 1 less the error function. Absolute error below 2^-21 in float and 2^-50 in double, for positive x less
/// than 1e-5 (1e-13 in double) of the value down to 1e-37 (1e-300). e^(x^2) erfc(x) / t is a Chebyshev series
/// in t = 3 / (3 + |x|).
template <class Real> SYNFIRE_HD Real erfc(Real x) {
  constexpr double series[] = {
      0.942292149320581307022,      0.377158949691565792806,      0.118036033447495454251,
      0.0283623466996951515153,     0.00487175775760554638765,    0.000459852387876544278611,
      -0.0000214302223810531519356, -0.0000130144736992413488498, -8.80928358285351363346e-7,
      2.74648004797028445267e-7,    4.41599189922378550835e-8,    -6.39840838557548284128e-9,
      -1.67683572124846441693e-9,   1.94733547008900241467e-10,   6.24744130346938950734e-11,
      -8.12455755224449573526e-12,  -2.33031461322256572524e-12,  4.19103853922533297577e-13,
      8.19333526881302985936e-14,   -2.33524721079292632893e-14,  -2.24425856491653643039e-15,
      1.28114352980505061617e-15,   1.10545829653963023334e-18,   -6.44579513564903969652e-17};
  const Real size = x < Real(0) ? -x : x;
  const Real t = Real(3) / (Real(3) + size), u = Real(4) * t - Real(2);  // twice the argument of the series
  Real last = 0, sum = 0;
  SYNFIRE_UNROLL
  for (int k = detail::Format<Real>::erfc - 1; k >= 1; --k) {
    const Real next = u * sum - last + Real(series[k]);
    last = sum;
    sum = next;
  }
  const Real scaled = Real(0.5) * (u * sum + Real(series[0])) - last;
  const Real value = size > Real(30) ? Real(0) : t * scaled * exp(-size * size);
  return x < Real(0) ? Real(2) - value : value;
}

/// sqrt is correctly rounded by IEEE and by every target.
SYNFIRE_HD float sqrt(float x) { return __builtin_sqrtf(x); }
SYNFIRE_HD double sqrt(double x) { return __builtin_sqrt(x); }

template <class Real> SYNFIRE_HD Real select(bool condition, Real yes, Real no) {
  return condition ? yes : no;
}

template <class Real> SYNFIRE_HD Real max(Real a, Real b) { return a > b ? a : b; }
template <class Real> SYNFIRE_HD Real min(Real a, Real b) { return a < b ? a : b; }

/// log(n!) for a whole number n: by the product below 16, by Stirling's series above; relative error below
/// 1e-13 up to n = 1e6. Unlike std::lgamma it writes no global variable.
inline double log_factorial(double n) {
  if (n < 16) {
    double product = 1;
    for (int k = 2; k <= static_cast<int>(n); ++k) product *= k;
    return log(product);
  }
  const double x = n + 1, inverse = 1 / x, square = inverse * inverse;
  return (x - 0.5) * log(x) - x + 0.91893853320467274178 +
         inverse * (1.0 / 12 - square * (1.0 / 360 - square * (1.0 / 1260 - square / 1680)));
}

namespace detail {

constexpr double middle_of_normal = 0.425;

/// Of u = 0.5 + q within the middle.
SYNFIRE_HD double normal_quantile_middle(double q) {
  const double r = 0.180625 - q * q;
  return q *
         (((((((r * 2509.0809287301226727 + 33430.575583588128105) * r + 67265.770927008700853) * r +
              45921.953931549871457) *
                 r +
             13731.693765509461125) *
                r +
            1971.5909503065514427) *
               r +
           133.14166789178437745) *
              r +
          3.387132872796366608) /
         (((((((r * 5226.495278852545925 + 28729.085735721942674) * r + 39307.89580009271061) * r +
              21213.794301586595867) *
                 r +
             5394.1960214247511077) *
                r +
            687.1870074920579083) *
               r +
           42.313330701600911252) *
              r +
          1.0);
}

/// Of the probability `tail` (< 0.075) beyond the deviate, which is positive.
SYNFIRE_HD double normal_quantile_tail(double tail) {
  double r = sqrt(-log(tail));
  double value = 0;
  if (r <= 5.0) {
    r -= 1.6;
    value =
        (((((((r * 7.7454501427834140764e-4 + 0.0227238449892691845833) * r + 0.24178072517745061177) * r +
             1.27045825245236838258) *
                r +
            3.64784832476320460504) *
               r +
           5.7694972214606914055) *
              r +
          4.6303378461565452959) *
             r +
         1.42343711074968357734) /
        (((((((r * 1.05075007164441684324e-9 + 5.475938084995344946e-4) * r + 0.0151986665636164571966) * r +
             0.14810397642748007459) *
                r +
            0.68976733498510000455) *
               r +
           1.6763848301838038494) *
              r +
          2.05319162663775882187) *
             r +
         1.0);
  } else {
    r -= 5.0;
    value =
        (((((((r * 2.01033439929228813265e-7 + 2.71155556874348757815e-5) * r + 0.0012426609473880784386) *
                 r +
             0.026532189526576123093) *
                r +
            0.29656057182850489123) *
               r +
           1.7848265399172913358) *
              r +
          5.4637849111641143699) *
             r +
         6.6579046435011037772) /
        (((((((r * 2.04426310338993978564e-15 + 1.4215117583164458887e-7) * r + 1.8463183175100546818e-5) *
                 r +
             7.868691311456132591e-4) *
                r +
            0.0148753612908506148525) *
               r +
           0.13692988092273580531) *
              r +
          0.59983220655588793769) *
             r +
         1.0);
  }
  return value;
}

}  // namespace detail

/// The standard normal deviate of a uniform u in (0, 1): the inverse of the normal distribution function,
/// relative error about 1e-16. Coefficients: Wichura 1988, algorithm AS 241 (PPND16).
SYNFIRE_HD double normal_quantile(double u) {
  const double q = u - 0.5;
  if (q > -detail::middle_of_normal && q < detail::middle_of_normal) return detail::normal_quantile_middle(q);
  const double value = detail::normal_quantile_tail(q < 0 ? u : 1.0 - u);
  return q < 0 ? -value : value;
}

}  // namespace synfire::math
