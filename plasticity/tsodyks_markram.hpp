#pragma once

#include "core/concepts.hpp"
#include "core/math.hpp"

namespace synfire {

/// Short-term plasticity: a spike of the source passes with the part u x of the weight, where x is what is
/// left of the transmitter and u the part of it that a spike releases. From one spike to the next, h apart:
///
///   x -> 1 + (x - u x - 1) exp(-h/tau_rec),   then   u -> U + u (1 - U) exp(-h/tau_fac)
///
/// beginning with x = 1, u = U; tau_fac = 0 stands for no facilitation (u = U). All synapses of a source
/// share x and u, since both depend on its spikes alone; the delay does not matter. Sources: Tsodyks,
/// Pawelzik & Markram 1998, Neural Comput. 10:821; Maass & Markram 2002, eqs 1-2; NEST tsodyks2_synapse.
template <class Real> struct TsodyksMarkram {
  struct Parameters {
    Real U = Real(0.5);
    Real tau_rec = 800;
    Real tau_fac = 0;
  };
  struct State {
    Real x, u;
  };

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>("tsodyks_markram", "short-term depression and facilitation",
                    "Tsodyks, Pawelzik & Markram 1998, Neural Comput. 10:821; NEST tsodyks2_synapse",
                    field(&P::U, "U", Unit::none, Bounds{.low = 0, .high = 1, .low_excluded = true},
                          "part of the transmitter that a first spike releases"),
                    field(&P::tau_rec, "tau_rec", Unit::ms, positive, "time constant of recovery"),
                    field(&P::tau_fac, "tau_fac", Unit::ms, non_negative, "time constant of facilitation"));
  }

  static State initial(const Parameters& p) { return {1, p.U}; }

  /// The part of the weight with which the first spike of a source passes, and any other, `elapsed` ms after
  /// the one before.
  static Real first(const State& s) { return s.x * s.u; }
  static Real next(State& s, Real elapsed, const Parameters& p) {
    s.x = Real(1) + (s.x - s.u * s.x - Real(1)) * math::exp(-elapsed / p.tau_rec);
    s.u = p.tau_fac > Real(0) ? p.U + s.u * (Real(1) - p.U) * math::exp(-elapsed / p.tau_fac) : p.U;
    return s.x * s.u;
  }
};

}  // namespace synfire
