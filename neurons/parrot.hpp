#pragma once

#include <array>
#include <cstdint>

#include "core/concepts.hpp"
#include "core/math.hpp"

namespace synfire {

/// Repeats every spike that arrives, in the step in which it arrives: a spike through a synapse of weight w
/// comes out w times (the sum over a step rounded to a whole number; 1 is the usual weight). At most 255
/// spikes leave in one step; what is beyond leaves in the next. It gives several targets the same spikes of a
/// source, or puts a delay between. Source: NEST's parrot_neuron, which disregards the weight.
template <class Real> struct Parrot {
  struct Parameters {};
  struct State {
    Real waiting;
  };
  struct Input {
    Real spikes;
  };
  struct Constants {};

  static constexpr auto describe() {
    return about("parrot", "repeats every spike that arrives", "NEST parrot_neuron");
  }
  static constexpr auto describe_state() {
    using S = State;
    return about<S>(
        "state", "", "",
        field(&S::waiting, "waiting", Unit::none, non_negative, "spikes that could not leave yet"));
  }
  static std::array<ReceptorInfo, 1> receptors() {
    return {
        ReceptorInfo{"spikes", Unit::none, ReceptorInfo::Sign::positive, false, "times to repeat a spike"}};
  }
  static constexpr auto rules() { return no_rules<Parameters, Real>(); }

  static Constants constants(const Parameters&, double) { return {}; }
  static State initial(const Parameters&) { return {0}; }

  SYNFIRE_HD static Real margin(const State& s, const Parameters&) { return s.waiting - Real(0.5); }

  SYNFIRE_HD static std::uint8_t step(State& s, const Parameters&, const Constants&, const Input& in) {
    constexpr Real most = 255;
    const Real due = s.waiting + in.spikes;
    Real leaving = math::select(due < most, due, most);
    leaving = math::select(leaving > Real(0), leaving, Real(0));
    s.waiting = math::select(due > most, due - most, Real(0));
    return static_cast<std::uint8_t>(static_cast<std::int32_t>(leaving + Real(0.5)));
  }
};

}  // namespace synfire
