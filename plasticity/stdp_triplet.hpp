#pragma once

#include <limits>

#include "core/concepts.hpp"
#include "plasticity/pairing.hpp"

namespace synfire {

/// STDP by triplets of spikes, with two traces on each side:
///
///   a presynaptic spike arrives at t:  w -> w - w_max o1(t) (A2_minus + A3_minus r2(t-))
///   the target spikes at t:            w -> w + w_max r1(t) (A2_plus  + A3_plus  o2(t-))
///   r1, r2 decay with tau_plus, tau_x and take up arriving spikes; o1, o2 with tau_minus, tau_y and the
///   target's
///
/// where t- excludes the spike itself. Defaults: the minimal all-to-all model fitted to visual cortex. The
/// weight stays within [w_min, w_max]; delays are axonal, as for `stdp`. Source: Pfister & Gerstner 2006, J.
/// Neurosci. 26:9673, eqs 1-4 and table 4.
template <class Real> struct StdpTriplet {
  struct Parameters {
    Real tau_plus = Real(16.8);
    Real tau_x = 101;
    Real tau_minus = Real(33.7);
    Real tau_y = 114;
    Real A2_plus = 0;
    Real A3_plus = Real(0.0065);
    Real A2_minus = Real(0.0071);
    Real A3_minus = 0;
    Real w_max = std::numeric_limits<Real>::quiet_NaN();
    Real w_min = 0;
    Real pairing = 0;
  };
  struct Pre {
    Real r1, r2;
  };
  struct Post {
    Real o1, o2;
  };

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>(
        "stdp_triplet", "changes with triplets of spikes, and so with their rates",
        "Pfister & Gerstner 2006, J. Neurosci. 26:9673",
        field(&P::tau_plus, "tau_plus", Unit::ms, positive, "fast time constant of arriving spikes"),
        field(&P::tau_x, "tau_x", Unit::ms, positive, "slow time constant of arriving spikes"),
        field(&P::tau_minus, "tau_minus", Unit::ms, positive, "fast time constant of the target's spikes"),
        field(&P::tau_y, "tau_y", Unit::ms, positive, "slow time constant of the target's spikes"),
        field(&P::A2_plus, "A2_plus", Unit::none, unbounded, "potentiation of a pair, as a part of w_max"),
        field(&P::A3_plus, "A3_plus", Unit::none, unbounded, "potentiation of a triplet"),
        field(&P::A2_minus, "A2_minus", Unit::none, unbounded, "depression of a pair"),
        field(&P::A3_minus, "A3_minus", Unit::none, unbounded, "depression of a triplet"),
        field(&P::w_max, "w_max", Unit::weight, positive, "largest size of a weight"),
        field(&P::w_min, "w_min", Unit::weight, unbounded, "smallest size of a weight"),
        field(&P::pairing, "pairing", Words(plasticity::pairings), "which spikes count"));
  }
  static constexpr auto rules() { return std::array{std::pair{&Parameters::w_min, &Parameters::w_max}}; }

  static Pre pre_time_constants(const Parameters& p) { return {p.tau_plus, p.tau_x}; }
  static Post post_time_constants(const Parameters& p) { return {p.tau_minus, p.tau_y}; }

  SYNFIRE_HD static Real on_pre(Real, const Pre& pre, const Post& post, const Parameters& p) {
    return -p.w_max * post.o1 * (p.A2_minus + p.A3_minus * pre.r2);
  }
  SYNFIRE_HD static Real on_post(Real, const Pre& pre, const Post& post, const Parameters& p) {
    return p.w_max * pre.r1 * (p.A2_plus + p.A3_plus * post.o2);
  }
  SYNFIRE_HD static void arrive(Pre& pre, const Parameters& p) {
    pre.r1 = plasticity::after_spike(pre.r1, p.pairing);
    pre.r2 = plasticity::after_spike(pre.r2, p.pairing);
  }
  SYNFIRE_HD static void fire(Post& post, const Parameters& p) {
    post.o1 = plasticity::after_spike(post.o1, p.pairing);
    post.o2 = plasticity::after_spike(post.o2, p.pairing);
  }
};

}  // namespace synfire
