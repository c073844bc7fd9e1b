#pragma once

#include <limits>

#include "core/concepts.hpp"
#include "plasticity/pairing.hpp"

namespace synfire {

/// Inhibitory plasticity that drives the target towards a rate:
///
///   a presynaptic spike arrives at t:  w -> w + w_max eta (y(t) - alpha),   alpha = 2 rho tau
///   the target spikes at t:            w -> w + w_max eta x(t)
///   tau dx/dt = -x, tau dy/dt = -y;  x (y) takes up each arriving (each of the target's) spikes
///
/// w is the size of an inhibitory weight, within [w_min, w_max]. Delays are axonal, as for `stdp`. Source:
/// Vogels, Sprekeler, Zenke, Clopath & Gerstner 2011, Science 334:1569, eqs 1-3.
template <class Real> struct StdpInhibitory {
  struct Parameters {
    Real tau = 20;
    Real eta = Real(0.001);
    Real rho = 5;
    Real w_max = std::numeric_limits<Real>::quiet_NaN();
    Real w_min = 0;
  };
  struct Pre {
    Real x;
  };
  struct Post {
    Real y;
  };

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>("stdp_inhibitory", "inhibition that balances excitation at a target rate",
                    "Vogels et al. 2011, Science 334:1569",
                    field(&P::tau, "tau", Unit::ms, positive, "time constant of both traces"),
                    field(&P::eta, "eta", Unit::none, unbounded, "learning rate, as a part of w_max"),
                    field(&P::rho, "rho", Unit::Hz, non_negative, "rate that the target is driven to"),
                    field(&P::w_max, "w_max", Unit::weight, positive, "largest size of a weight"),
                    field(&P::w_min, "w_min", Unit::weight, unbounded, "smallest size of a weight"));
  }
  static constexpr auto rules() { return std::array{std::pair{&Parameters::w_min, &Parameters::w_max}}; }

  static Pre pre_time_constants(const Parameters& p) { return {p.tau}; }
  static Post post_time_constants(const Parameters& p) { return {p.tau}; }

  SYNFIRE_HD static Real on_pre(Real, const Pre&, const Post& post, const Parameters& p) {
    const Real alpha = Real(2) * p.rho * p.tau / Real(1000);  // Hz ms
    return p.w_max * p.eta * (post.y - alpha);
  }
  SYNFIRE_HD static Real on_post(Real, const Pre& pre, const Post&, const Parameters& p) {
    return p.w_max * p.eta * pre.x;
  }
  SYNFIRE_HD static void arrive(Pre& pre, const Parameters&) { pre.x += Real(1); }
  SYNFIRE_HD static void fire(Post& post, const Parameters&) { post.y += Real(1); }
};

}  // namespace synfire
