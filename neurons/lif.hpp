#pragma once

#include <array>

#include "core/concepts.hpp"
#include "core/math.hpp"
#include "neurons/leak.hpp"

namespace synfire {

/// Leaky integrate-and-fire in discrete steps, as spiking networks that learn use it. One step of the engine
/// is one step t of the equations, whatever its dt; X is the sum of the weights that arrive in the step.
///
///   leak: decay   H_t = decay V_{t-1} + X_t                                  (3.1)
///   leak: tau     H_t = V_{t-1} + (X_t - (V_{t-1} - V_reset)) / tau          (2.2)
///   S_t = 1 if H_t > V_th + a_t, else 0                                      (2.3), (3.2)
///   a_t = th_decay a_{t-1} + th_jump S_{t-1}          relative refractoriness: the threshold is raised
///
/// Without a spike V_t = H_t; at a spike it depends on the reset:
///
///   hard   V_t = V_reset                (2.4), (3.3)
///   soft   V_t = H_t - (V_th + a_t)
///   none   V_t = H_t
///
/// For `refractory_steps` steps after a spike V stays as it is, input is lost and no spike can come (absolute
/// refractoriness). The receptor `current` adds to X in every step; a source of currents counts 1 for 1 pA.
///
/// Elsewhere: snnTorch Leaky is leak: decay, decay = beta (its delayed soft reset subtracts the threshold one
/// step later, after the leak); SpikingJelly LIFNode is leak: tau, or decay = 1 - 1/tau with decay_input
/// False and a reset to 0, and spikes also at equality; Sinabs with norm_input is leak: tau with 1/tau = 1 -
/// exp(-1/tau_mem). Source: Jiang 2022, equations (2.2)-(2.4) and (3.1)-(3.3); refractory periods after Matam
/// 2023, section 7.
template <class Real> struct Lif {
  static constexpr bool strict = true;
  static constexpr std::array<std::string_view, 3> resets = {"hard", "soft", "none"};

  struct Parameters {
    Real leak = 0;
    Real decay = Real(0.5);
    Real tau = 2;
    Real V_th = 1;
    Real V_reset = 0;
    Real reset = 0;
    Real refractory_steps = 0;
    Real th_jump = 0;
    Real th_decay = Real(0.5);
  };
  struct State {
    Real V_m;
    Real th_rise;
    Real refractory;
  };
  struct Input {
    Real x;
    Real current;
  };
  struct Constants {
    Real V_from_V, V_from_X, offset;
  };

  static constexpr auto describe() {
    using P = Parameters;
    constexpr Bounds whole_steps{.low = 0, .whole = true};
    return about<P>(
        "lif", "leaky integrate-and-fire in discrete steps, with hard, soft or no reset",
        "Jiang 2022, thesis, University of Canterbury, equations 2.2-2.4 and 3.1-3.3; Matam 2023, thesis, "
        "University of Groningen, section 7",
        field(&P::leak, "leak", leak_forms, "how the membrane forgets and takes up input"),
        field(&P::decay, "decay", Unit::none, fraction, "what is left of V after a step (leak: decay)"),
        field(&P::tau, "tau", Unit::none, Bounds{.low = 1}, "time constant in steps (leak: tau)"),
        field(&P::V_th, "V_th", Unit::none, unbounded, "spike threshold"),
        field(&P::V_reset, "V_reset", Unit::none, unbounded, "first potential, and that after a hard reset"),
        field(&P::reset, "reset", resets, "to V_reset, by the threshold, or not at all"),
        field(&P::refractory_steps, "refractory_steps", Unit::none, whole_steps, "absolute refractory steps"),
        field(&P::th_jump, "th_jump", Unit::none, non_negative, "rise of the threshold at a spike"),
        field(&P::th_decay, "th_decay", Unit::none, fraction, "what is left of that rise after a step"));
  }
  static constexpr auto describe_state() {
    using S = State;
    return about<S>(
        "state", "", "", field(&S::V_m, "V_m", Unit::none, unbounded, "membrane potential V"),
        field(&S::th_rise, "th_rise", Unit::none, non_negative, "rise of the threshold, a"),
        field(&S::refractory, "refractory", Unit::none, non_negative, "steps left of the refractory period"));
  }
  static std::array<ReceptorInfo, 2> receptors() {
    using Sign = ReceptorInfo::Sign;
    return {ReceptorInfo{"x", Unit::none, Sign::any, false, "input X of the step"},
            ReceptorInfo{"current", Unit::none, Sign::continuous, false, "adds to X"}};
  }
  static constexpr auto rules() { return std::array{std::pair{&Parameters::V_reset, &Parameters::V_th}}; }

  static Constants constants(const Parameters& p, double) {
    const Leak leak = leak_of(p.leak, p.decay, p.tau, p.V_reset);
    return {Real(leak.from_V), Real(leak.from_X), Real(leak.offset)};
  }
  static State initial(const Parameters& p) { return {p.V_reset, 0, 0}; }

  SYNFIRE_HD static Real margin(const State& s, const Parameters& p) { return s.V_m - (p.V_th + s.th_rise); }

  SYNFIRE_HD static SpikeOf<Real> step(State& s, const Parameters& p, const Constants& c, const Input& in) {
    const auto free = s.refractory <= Real(0);
    const Real H = s.V_m * c.V_from_V + (in.x + in.current) * c.V_from_X + c.offset;
    s.V_m = math::select(free, H, s.V_m);
    s.th_rise = s.th_rise * p.th_decay;
    const SpikeOf<Real> spike = free & crosses<Lif>(margin(s, p));
    const Real soft = s.V_m - (p.V_th + s.th_rise);
    Real after = math::select(p.reset == Real(1), soft, s.V_m);
    after = math::select(p.reset == Real(0), p.V_reset, after);
    s.V_m = math::select(spike, after, s.V_m);
    s.th_rise = math::select(spike, s.th_rise + p.th_jump, s.th_rise);
    const Real left = math::select(free, s.refractory, s.refractory - Real(1));
    s.refractory = math::select(spike, p.refractory_steps, left);
    return spike;
  }
};

}  // namespace synfire
