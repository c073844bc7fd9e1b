#pragma once

#include <limits>

#include "core/concepts.hpp"
#include "plasticity/pairing.hpp"

namespace synfire {

/// Spike-timing-dependent plasticity by pairs of spikes:
///
///   a presynaptic spike arrives at t:    w -> w - w_max A_minus f_minus(w) y(t)
///   the target spikes at t:              w -> w + w_max A_plus  f_plus(w)  x(t)
///   tau_plus dx/dt = -x, tau_minus dy/dt = -y;  x (y) takes up each arriving (each of the target's) spikes
///
/// so that a pair at distance dt = t_post - t_pre changes w by w_max A_plus exp(-dt/tau_plus) for dt >= 0 and
/// by -w_max A_minus exp(dt/tau_minus) for dt < 0. At equal times the arrival comes first. With u = w/w_max:
///
///   additive        f_plus = 1,            f_minus = 1
///   multiplicative  f_plus = 1 - u,        f_minus = u
///   gutig           f_plus = (1 - u)^mu,   f_minus = u^mu
///   power_law       f_plus = u0^(1-mu) u^mu, f_minus = u,   u0 = w_0/w_max
///
/// The weight stays within [w_min, w_max]. The whole delay lies before the synapse (axonal): a spike pairs at
/// the time at which it arrives. Sources: Song, Miller & Abbott 2000; Guetig et al. 2003; Morrison, Aertsen &
/// Diesmann 2007; trace form Morrison, Diesmann & Gerstner 2008.
template <class Real> struct Stdp {
  struct Parameters {
    Real tau_plus = 20;
    Real tau_minus = 20;
    Real A_plus = Real(0.01);
    Real A_minus = Real(0.0105);
    Real w_max = std::numeric_limits<Real>::quiet_NaN();
    Real w_min = 0;
    Real dependence = 0;
    Real mu = Real(0.4);
    Real w_0 = 1;
    Real pairing = 0;
  };
  struct Pre {
    Real x;
  };
  struct Post {
    Real y;
  };

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>(
        "stdp", "changes with the time between pairs of spikes",
        "Song et al. 2000, Nat. Neurosci. 3:919; Guetig et al. 2003; Morrison et al. 2007, 2008",
        field(&P::tau_plus, "tau_plus", Unit::ms, positive, "time constant of potentiation"),
        field(&P::tau_minus, "tau_minus", Unit::ms, positive, "time constant of depression"),
        field(&P::A_plus, "A_plus", Unit::none, unbounded, "potentiation of a pair, as a part of w_max"),
        field(&P::A_minus, "A_minus", Unit::none, unbounded, "depression of a pair, as a part of w_max"),
        field(&P::w_max, "w_max", Unit::weight, positive, "largest size of a weight"),
        field(&P::w_min, "w_min", Unit::weight, unbounded, "smallest size of a weight"),
        field(&P::dependence, "dependence", Words(plasticity::weight_dependences),
              "how a change depends on the weight"),
        field(&P::mu, "mu", Unit::none, fraction, "exponent of gutig and power_law"),
        field(&P::w_0, "w_0", Unit::weight, positive, "weight to which power_law refers"),
        field(&P::pairing, "pairing", Words(plasticity::pairings), "which spikes make pairs"));
  }
  static constexpr auto rules() { return std::array{std::pair{&Parameters::w_min, &Parameters::w_max}}; }

  static Pre pre_time_constants(const Parameters& p) { return {p.tau_plus}; }
  static Post post_time_constants(const Parameters& p) { return {p.tau_minus}; }

  SYNFIRE_HD static Real on_pre(Real w, const Pre&, const Post& post, const Parameters& p) {
    return -p.w_max * p.A_minus * depression(w, p) * post.y;
  }
  SYNFIRE_HD static Real on_post(Real w, const Pre& pre, const Post&, const Parameters& p) {
    return p.w_max * p.A_plus * potentiation(w, p) * pre.x;
  }
  SYNFIRE_HD static void arrive(Pre& pre, const Parameters& p) {
    pre.x = plasticity::after_spike(pre.x, p.pairing);
  }
  SYNFIRE_HD static void fire(Post& post, const Parameters& p) {
    post.y = plasticity::after_spike(post.y, p.pairing);
  }

 private:
  using Dependence = plasticity::WeightDependence;
  // f+(w / w_max) and f-(w / w_max); nothing is divided where the weight does not matter.
  SYNFIRE_HD static Real potentiation(Real w, const Parameters& p) {
    const auto dependence = static_cast<Dependence>(static_cast<int>(p.dependence));
    if (dependence == Dependence::additive) return Real(1);
    const Real u = w / p.w_max;
    switch (dependence) {
      case Dependence::additive:
        break;
      case Dependence::multiplicative:
        return Real(1) - u;
      case Dependence::gutig:
        return plasticity::power(Real(1) - u, p.mu);
      case Dependence::power_law:
        return plasticity::power(p.w_0 / p.w_max, Real(1) - p.mu) * plasticity::power(u, p.mu);
    }
    return Real(0);
  }
  SYNFIRE_HD static Real depression(Real w, const Parameters& p) {
    const auto dependence = static_cast<Dependence>(static_cast<int>(p.dependence));
    if (dependence == Dependence::additive) return Real(1);
    const Real u = w / p.w_max;
    switch (dependence) {
      case Dependence::additive:
        break;
      case Dependence::gutig:
        return plasticity::power(u, p.mu);
      case Dependence::multiplicative:
      case Dependence::power_law:
        return u;
    }
    return Real(0);
  }
};

}  // namespace synfire
