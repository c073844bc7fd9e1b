#pragma once

#include <limits>

#include "core/concepts.hpp"
#include "plasticity/pairing.hpp"

namespace synfire {

/// Reward-modulated STDP: pairs of spikes change an eligibility e of the synapse, and a reward signal d, the
/// same for all synapses of the projection, turns eligibility into weight:
///
///   tau_e de/dt = -e,   e -> e - w_max A_minus y at an arriving spike, e -> e + w_max A_plus x at a spike of
///   the target (x, y as for `stdp`)
///   dw/dt = e(t) d(t)
///
/// d comes from a population named by `reward`: each of its spikes adds 1/tau_d to d, which decays with tau_d
/// (a spike is worth an integral of 1); a source of currents gives d itself in 1/s, one unit of its amplitude
/// each, negative values being punishment. Within a step of dt both decay exactly and the products are
/// summed; w is held within [w_min, w_max] whenever it is brought up to date. The reward takes effect one dt
/// after the spike. Source: Izhikevich 2007, Cereb. Cortex 17:2443.
template <class Real> struct StdpReward {
  struct Parameters {
    Real tau_plus = 20;
    Real tau_minus = 20;
    Real A_plus = Real(0.01);
    Real A_minus = Real(0.015);
    Real tau_e = 1000;
    Real tau_d = 200;
    Real w_max = std::numeric_limits<Real>::quiet_NaN();
    Real w_min = 0;
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
        "stdp_reward", "pairs of spikes become changes when a reward follows",
        "Izhikevich 2007, Cereb. Cortex 17:2443",
        field(&P::tau_plus, "tau_plus", Unit::ms, positive, "time constant of potentiation"),
        field(&P::tau_minus, "tau_minus", Unit::ms, positive, "time constant of depression"),
        field(&P::A_plus, "A_plus", Unit::none, unbounded, "eligibility of a causal pair, in parts of w_max"),
        field(&P::A_minus, "A_minus", Unit::none, unbounded, "loss of eligibility of an acausal pair"),
        field(&P::tau_e, "tau_e", Unit::ms, positive, "time constant of eligibility"),
        field(&P::tau_d, "tau_d", Unit::ms, positive, "time constant of the reward of a spike"),
        field(&P::w_max, "w_max", Unit::weight, positive, "largest size of a weight"),
        field(&P::w_min, "w_min", Unit::weight, unbounded, "smallest size of a weight"),
        field(&P::pairing, "pairing", Words(plasticity::pairings), "which spikes make pairs"));
  }
  static constexpr auto rules() { return std::array{std::pair{&Parameters::w_min, &Parameters::w_max}}; }

  static constexpr bool modulated = true;
  static Pre pre_time_constants(const Parameters& p) { return {p.tau_plus}; }
  static Post post_time_constants(const Parameters& p) { return {p.tau_minus}; }

  SYNFIRE_HD static Real on_pre(Real, const Pre&, const Post& post, const Parameters& p) {
    return -p.w_max * p.A_minus * post.y;
  }
  SYNFIRE_HD static Real on_post(Real, const Pre& pre, const Post&, const Parameters& p) {
    return p.w_max * p.A_plus * pre.x;
  }
  SYNFIRE_HD static void arrive(Pre& pre, const Parameters& p) {
    pre.x = plasticity::after_spike(pre.x, p.pairing);
  }
  SYNFIRE_HD static void fire(Post& post, const Parameters& p) {
    post.y = plasticity::after_spike(post.y, p.pairing);
  }
};

}  // namespace synfire
