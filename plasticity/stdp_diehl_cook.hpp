#pragma once

#include <limits>

#include "core/concepts.hpp"
#include "plasticity/pairing.hpp"

namespace synfire {

/// The rules with which Diehl & Cook learn digits; none needs the membrane potential. With u = w/w_max, x the
/// trace of arriving spikes, y and z the fast and slow traces of the target's:
///
///   form         a presynaptic spike arrives       the target spikes
///   pair         u -> u - eta_pre y                u -> u + eta_post x
///   triplet      u -> u - eta_pre y                u -> u + eta_post x z(t-)
///   power_law    -                                 u -> u + eta_post (x - x_tar) (1 - u)^mu
///   exponential  -                                 u -> u + eta_post (x exp(-beta u) - x_tar exp(-beta (1 -
///   u))) symmetric    u -> u - eta_pre y u^mu           u -> u + eta_post (x - x_tar) (1 - u)^mu
///
/// z(t-) excludes the spike itself. Defaults are those of the authors' program as the thesis uses it: traces
/// start anew at every spike, of 20 and 40 ms. The weight stays within [w_min, w_max]; delays are axonal, as
/// for `stdp`. Sources: Diehl & Cook 2015, Front. Comput. Neurosci. 9:99, section 2.3; thesis on
/// bio-inspired algorithms, eq. 6.8 and table 6.3.
template <class Real> struct StdpDiehlCook {
  static constexpr std::array<std::string_view, 5> forms = {"pair", "triplet", "power_law", "exponential",
                                                            "symmetric"};
  struct Parameters {
    Real form = 0;
    Real eta_pre = Real(1e-4);
    Real eta_post = Real(1e-2);
    Real tau_pre = 20;
    Real tau_post = 20;
    Real tau_post_slow = 40;
    Real x_tar = Real(0.4);
    Real mu = 1;
    Real beta = 1;
    Real w_max = std::numeric_limits<Real>::quiet_NaN();
    Real w_min = 0;
    Real pairing = 1;
  };
  struct Pre {
    Real x;
  };
  struct Post {
    Real y, z;
  };

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>(
        "stdp_diehl_cook", "competitive learning of input patterns",
        "Diehl & Cook 2015, Front. Comput. Neurosci. 9:99",
        field(&P::form, "form", Words(forms), "which of the forms"),
        field(&P::eta_pre, "eta_pre", Unit::none, unbounded, "learning rate at an arriving spike"),
        field(&P::eta_post, "eta_post", Unit::none, unbounded, "learning rate at a spike of the target"),
        field(&P::tau_pre, "tau_pre", Unit::ms, positive, "time constant of the trace of arriving spikes"),
        field(&P::tau_post, "tau_post", Unit::ms, positive, "time constant of the target's fast trace"),
        field(&P::tau_post_slow, "tau_post_slow", Unit::ms, positive,
              "time constant of the target's slow trace"),
        field(&P::x_tar, "x_tar", Unit::none, non_negative,
              "trace above which a spike of the target potentiates"),
        field(&P::mu, "mu", Unit::none, non_negative, "exponent of power_law and symmetric"),
        field(&P::beta, "beta", Unit::none, non_negative, "strength of the dependence of exponential"),
        field(&P::w_max, "w_max", Unit::weight, positive, "largest size of a weight"),
        field(&P::w_min, "w_min", Unit::weight, unbounded, "smallest size of a weight"),
        field(&P::pairing, "pairing", Words(plasticity::pairings), "which spikes count"));
  }
  static constexpr auto rules() { return std::array{std::pair{&Parameters::w_min, &Parameters::w_max}}; }

  static Pre pre_time_constants(const Parameters& p) { return {p.tau_pre}; }
  static Post post_time_constants(const Parameters& p) { return {p.tau_post, p.tau_post_slow}; }

  SYNFIRE_HD static Real on_pre(Real w, const Pre&, const Post& post, const Parameters& p) {
    const Real change = -p.w_max * p.eta_pre * post.y;
    switch (form_of(p)) {
      case Form::pair:
      case Form::triplet:
        return change;
      case Form::symmetric:
        return change * plasticity::power(w / p.w_max, p.mu);
      case Form::power_law:
      case Form::exponential:
        return Real(0);
    }
    return Real(0);
  }
  SYNFIRE_HD static Real on_post(Real w, const Pre& pre, const Post& post, const Parameters& p) {
    const Real u = w / p.w_max, rate = p.w_max * p.eta_post;
    switch (form_of(p)) {
      case Form::pair:
        return rate * pre.x;
      case Form::triplet:
        return rate * pre.x * post.z;
      case Form::power_law:
      case Form::symmetric:
        return rate * (pre.x - p.x_tar) * plasticity::power(Real(1) - u, p.mu);
      case Form::exponential:
        return rate * (pre.x * math::exp(-p.beta * u) - p.x_tar * math::exp(-p.beta * (Real(1) - u)));
    }
    return Real(0);
  }
  SYNFIRE_HD static void arrive(Pre& pre, const Parameters& p) {
    pre.x = plasticity::after_spike(pre.x, p.pairing);
  }
  SYNFIRE_HD static void fire(Post& post, const Parameters& p) {
    post.y = plasticity::after_spike(post.y, p.pairing);
    post.z = plasticity::after_spike(post.z, p.pairing);
  }

 private:
  enum class Form { pair, triplet, power_law, exponential, symmetric };
  SYNFIRE_HD static Form form_of(const Parameters& p) { return static_cast<Form>(static_cast<int>(p.form)); }
};

}  // namespace synfire
