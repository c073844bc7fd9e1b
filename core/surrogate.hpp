// What a spike's derivative is taken for when a network learns by gradients.
#pragma once

#include <array>
#include <string_view>

#include "core/host_device.hpp"
#include "core/math.hpp"
#include "core/model_list.hpp"
#include "core/parameter.hpp"

namespace synfire::surrogate {

// Each stands for the derivative of the step 1[x > 0] of the margin x = membrane - threshold: slope(x), next
// to primitive(x), the smooth function whose derivative it is. That one is 0 far below the threshold and,
// unless said otherwise, 1 far above it.

/// slope = (a/2) / (1 + (pi a x / 2)^2); primitive = atan(pi a x / 2) / pi + 1/2.
template <class Real> struct Arctan {
  Real alpha = 2;

  static constexpr auto describe() {
    return about<Arctan>("arctan", "long tails that fall with the square",
                         "Fang et al. 2021, ICCV; Jiang 2022, thesis, (2.6)",
                         field(&Arctan::alpha, "alpha", Unit::none, positive,
                               "steepness; the slope at the threshold is half"));
  }
  SYNFIRE_HD Real slope(Real x) const {
    const Real z = scaled(x);
    return alpha * Real(0.5) / (Real(1) + z * z);
  }
  SYNFIRE_HD Real primitive(Real x) const {
    return math::atan(scaled(x)) * Real(0.31830988618379067154) + Real(0.5);
  }

 private:
  SYNFIRE_HD Real scaled(Real x) const { return Real(1.57079632679489661923) * alpha * x; }
};

/// primitive = s = 1 / (1 + e^(-a x)); slope = a s (1 - s).
template <class Real> struct Sigmoid {
  Real alpha = 4;

  static constexpr auto describe() {
    return about<Sigmoid>("sigmoid", "the derivative of the logistic function",
                          "Zenke & Ganguli 2018, Neural Computation 30",
                          field(&Sigmoid::alpha, "alpha", Unit::none, positive,
                                "steepness; the slope at the threshold is a quarter"));
  }
  SYNFIRE_HD Real slope(Real x) const {
    const Real z = alpha * x;
    const Real s = math::sigmoid(z < Real(0) ? z : -z);
    return alpha * s * (Real(1) - s);
  }
  SYNFIRE_HD Real primitive(Real x) const { return math::sigmoid(alpha * x); }
};

/// slope = 1 / (1 + k |x|)^2, 1 at the threshold; primitive from 0 to 2/k: 1 / (k (1 - k x)) below the
/// threshold, 1/k + x / (1 + k x) above it.
template <class Real> struct FastSigmoid {
  Real k = 25;

  static constexpr auto describe() {
    return about<FastSigmoid>("fast_sigmoid", "SuperSpike's; 1 at the threshold",
                              "Zenke & Ganguli 2018, Neural Computation 30",
                              field(&FastSigmoid::k, "slope", Unit::none, positive, "how narrow it is, k"));
  }
  SYNFIRE_HD Real slope(Real x) const {
    const Real z = Real(1) + k * (x < Real(0) ? -x : x);
    return Real(1) / (z * z);
  }
  SYNFIRE_HD Real primitive(Real x) const {
    const Real size = x < Real(0) ? -x : x;
    const Real below = Real(1) / (k * (Real(1) + k * size));
    return x < Real(0) ? below : Real(2) / k - below;
  }
};

/// slope = c a max(0, 1 - a |x|); primitive from 0 to c.
template <class Real> struct Triangle {
  Real alpha = 1, scale = 1;

  static constexpr auto describe() {
    return about<Triangle>(
        "triangle", "falls linearly to 0", "Esser et al. 2016, PNAS 113; Bellec et al. 2018, NeurIPS",
        field(&Triangle::alpha, "alpha", Unit::none, positive,
              "slope at the threshold; it reaches 0 at 1 / alpha"),
        field(&Triangle::scale, "scale", Unit::none, positive, "factor that dampens the slope, c"));
  }
  SYNFIRE_HD Real slope(Real x) const { return scale * alpha * rest(x); }
  SYNFIRE_HD Real primitive(Real x) const {
    const Real below = rest(x) * rest(x) * Real(0.5);
    return scale * (x < Real(0) ? below : Real(1) - below);
  }

 private:
  SYNFIRE_HD Real rest(Real x) const {
    const Real z = Real(1) - alpha * (x < Real(0) ? -x : x);
    return z > Real(0) ? z : Real(0);
  }
};

/// slope = 1/w for |x| < w/2, else 0; primitive a ramp.
template <class Real> struct Rectangle {
  Real width = 1;

  static constexpr auto describe() {
    return about<Rectangle>(
        "rectangle", "the same everywhere near the threshold", "Wu et al. 2018, Frontiers in Neuroscience 12",
        field(&Rectangle::width, "width", Unit::none, positive, "of the part that learns"));
  }
  SYNFIRE_HD Real slope(Real x) const {
    const Real size = x < Real(0) ? -x : x;
    return size < width * Real(0.5) ? Real(1) / width : Real(0);
  }
  SYNFIRE_HD Real primitive(Real x) const {
    const Real z = x / width + Real(0.5);
    const Real raised = z > Real(0) ? z : Real(0);
    return raised < Real(1) ? raised : Real(1);
  }
};

/// With U = x + threshold the membrane potential:
///
///   form: printed      slope = a tanh(U)             primitive = a log cosh(U), which is no step
///   form: derivative   slope = a (1 - tanh(x)^2)     primitive = a (1 + tanh(x)), from 0 to 2 a
///
/// The printed form is negative below U = 0. Source: equation (3.8).
template <class Real> struct Tanh {
  static constexpr std::array<std::string_view, 2> forms = {"printed", "derivative"};
  Real alpha = Real(0.3), threshold = 1, form = 0;

  static constexpr auto describe() {
    return about<Tanh>(
        "tanh", "shaped by the hyperbolic tangent of the membrane potential, or by its derivative",
        "Ning 2025, thesis, Imperial College London, equation 3.8",
        field(&Tanh::alpha, "alpha", Unit::none, positive, "factor"),
        field(&Tanh::threshold, "threshold", Unit::none, unbounded,
              "form printed: the potential at which the margin is 0"),
        field(&Tanh::form, "form", forms, "alpha tanh(U), or alpha (1 - tanh(x)^2) of the margin x"));
  }
  SYNFIRE_HD Real slope(Real x) const {
    const bool printed = form == Real(0);
    const Real t = math::tanh(printed ? x + threshold : x);
    return alpha * (printed ? t : Real(1) - t * t);
  }
  SYNFIRE_HD Real primitive(Real x) const {
    const Real u = x + threshold, size = u < Real(0) ? -u : u;
    const Real log_cosh = size + math::log((Real(1) + math::exp(Real(-2) * size)) * Real(0.5));
    return alpha * (form == Real(0) ? log_cosh : Real(1) + math::tanh(x));
  }
};

/// The normal density and distribution function with mean m and standard deviation s.
template <class Real> SYNFIRE_HD Real normal_density(Real x, Real m, Real s) {
  const Real z = (x - m) / s;
  return math::exp(Real(-0.5) * z * z) * Real(0.39894228040143267794) / s;
}
template <class Real> SYNFIRE_HD Real normal_distribution(Real x, Real m, Real s) {
  return Real(0.5) * math::erfc((m - x) / s * Real(0.70710678118654752440));
}

/// slope = N(x; 0, s), the normal density.
template <class Real> struct Gaussian {
  Real sigma = Real(0.5);

  static constexpr auto describe() {
    return about<Gaussian>("gaussian", "the normal density", "Yin, Corradi & Bohte 2020, ICONS",
                           field(&Gaussian::sigma, "sigma", Unit::none, positive, "standard deviation"));
  }
  SYNFIRE_HD Real slope(Real x) const { return normal_density(x, Real(0), sigma); }
  SYNFIRE_HD Real primitive(Real x) const { return normal_distribution(x, Real(0), sigma); }
};

/// slope = g ((1 + h) N(x; 0, s) - h N(x; s, r s) - h N(x; -s, r s)): negative far from the threshold.
/// Primitive from 0 to g (1 - h).
template <class Real> struct MultiGaussian {
  Real sigma = Real(0.5), height = Real(0.15), ratio = 6, gamma = Real(0.5);

  static constexpr auto describe() {
    using M = MultiGaussian;
    return about<M>(
        "multi_gaussian", "a normal density less two wide ones",
        "Yin, Corradi & Bohte 2021, Nature Machine Intelligence 3",
        field(&M::sigma, "sigma", Unit::none, positive, "standard deviation of the middle one, s"),
        field(&M::height, "height", Unit::none, non_negative, "weight of the wide ones, h"),
        field(&M::ratio, "ratio", Unit::none, positive, "how much wider those are, r"),
        field(&M::gamma, "gamma", Unit::none, positive, "factor of all, g"));
  }
  SYNFIRE_HD Real slope(Real x) const {
    const Real wide = normal_density(x, sigma, ratio * sigma) + normal_density(x, -sigma, ratio * sigma);
    return gamma * ((Real(1) + height) * normal_density(x, Real(0), sigma) - height * wide);
  }
  SYNFIRE_HD Real primitive(Real x) const {
    const Real wide =
        normal_distribution(x, sigma, ratio * sigma) + normal_distribution(x, -sigma, ratio * sigma);
    return gamma * ((Real(1) + height) * normal_distribution(x, Real(0), sigma) - height * wide);
  }
};

}  // namespace synfire::surrogate

namespace synfire {

/// A new one is its struct and one word here.
using Surrogates =
    ModelList<surrogate::Arctan, surrogate::Sigmoid, surrogate::FastSigmoid, surrogate::Triangle,
              surrogate::Rectangle, surrogate::Tanh, surrogate::Gaussian, surrogate::MultiGaussian>;

}  // namespace synfire
