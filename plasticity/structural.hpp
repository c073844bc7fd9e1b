#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

#include "core/parameter.hpp"
#include "core/synapse_list.hpp"

namespace synfire {

/// Structural plasticity: at every multiple of `every` (event number e = 1, 2, …) synapses are pruned,
/// pruned ones come back, and new ones are formed.
///
/// Bounds. Each synapse has b+ >= 0 and b- <= 0, both `bound` in size at first. When its weight has been
/// above b+ (below b-) in T_num events in a row, b+ (b-) widens by the mean of w - b over these; when it has
/// been inside for T_num events in a row, both shrink by the mean of their distance to w, to 0 at most. Its
/// activity is b+ - b-; that of a target is the sum over its synapses.
///
/// Pruning, from event `start` on: of synapses smaller than w_prune (weight), of all synapses of the share
/// rho_p of the connected targets that is least active (neurons), or of that share of the synapses
/// (synapses).
///
/// Regeneration: the share rho_g of those pruned before, at random or the most active, with the weights they
/// had; none between neurons that have been connected anew.
///
/// Rates, in percent, after each event e >= start (paper on adaptive structural dynamism, eqs 12-14, 23-24):
///
///   rho_p -> rho_p + delta N_l / N_(l+1)      (neurons: targets here and in `next` that have a synapse)
///   rho_p -> rho_p + delta S_l / S_(l+1)      (connections: synapses a target, here and in `next`)
///   delta = alpha exp(start - e) for e <= mid, beta afterwards;   rho_g -> rho_g + gamma^(e - start)
///
/// Beyond `limit`, rho_p becomes `reset` times its value, at most limit, and rho_g becomes limit; rho_p never
/// exceeds `ceiling`. Formation joins `form` pairs that are not connected, drawn at random, with weight
/// w_new, as long as there are fewer than `most` synapses (0: than at the start).
template <class Real> struct Structural {
  static constexpr std::array<std::string_view, 4> prunings = {"none", "weight", "neurons", "synapses"};
  enum class Prune { none, weight, neurons, synapses };
  static constexpr std::array<std::string_view, 3> regenerations = {"none", "random", "activity"};
  enum class Regenerate { none, random, activity };
  static constexpr std::array<std::string_view, 3> rate_rules = {"constant", "neurons", "connections"};
  enum class Rates { constant, neurons, connections };

  struct Parameters {
    Real every = std::numeric_limits<Real>::quiet_NaN();
    Real prune = 0;
    Real w_prune = 0;
    Real rate_prune = 5;
    Real rates = 0;
    Real alpha = 1;
    Real beta = Real(0.1);
    Real start = 1;
    Real mid = 10;
    Real ceiling = 100;
    Real limit = 99;
    Real reset = 1;
    Real T_num = 5;
    Real bound = 0;
    Real regenerate = 0;
    Real rate_regenerate = 0;
    Real gamma = Real(1.1);
    Real form = 0;
    Real w_new = 0;
    Real most = 0;
  };

  static constexpr auto describe() {
    using P = Parameters;
    constexpr Bounds percent{.low = 0, .high = 100}, count{.low = 0, .high = 0x1p40, .whole = true};
    constexpr Bounds number{.low = 1, .high = 1e9, .whole = true},
        part{.low = 0, .high = 1, .low_excluded = true};
    return about<P>(
        "structural", "prunes synapses, brings them back and forms new ones",
        "adaptive structural dynamism of liquid spiking networks, eqs 12-14, 23-24; Han et al. 2022 "
        "(developmental "
        "plasticity-inspired adaptive pruning)",
        field(&P::every, "every", Unit::ms, positive, "time between changes"),
        field(&P::prune, "prune", Words(prunings), "what is pruned"),
        field(&P::w_prune, "w_prune", Unit::weight, non_negative,
              "prune weight: size below which a synapse goes"),
        field(&P::rate_prune, "rate_prune", Unit::none, percent, "first rho_p in %"),
        field(&P::rates, "rates", Words(rate_rules), "how rates move; other than constant needs `next`"),
        field(&P::alpha, "alpha", Unit::none, fraction, "first step of rho_p"),
        field(&P::beta, "beta", Unit::none, fraction, "step of rho_p after `mid`"),
        field(&P::start, "start", Unit::none, number, "first event that prunes and regenerates"),
        field(&P::mid, "mid", Unit::none, number, "event after which rho_p moves by beta"),
        field(&P::ceiling, "ceiling", Unit::none, percent, "upper bound of rho_p in %"),
        field(&P::limit, "limit", Unit::none, percent, "value in % beyond which rates are reset"),
        field(&P::reset, "reset", Unit::none, part, "part of rho_p that is left then"),
        field(&P::T_num, "T_num", Unit::none, number, "events in a row that move a bound"),
        field(&P::bound, "bound", Unit::weight, non_negative, "size of the first bounds"),
        field(&P::regenerate, "regenerate", Words(regenerations), "which of the pruned synapses come back"),
        field(&P::rate_regenerate, "rate_regenerate", Unit::none, percent, "first rho_g in %"),
        field(&P::gamma, "gamma", Unit::none, positive, "growth of rho_g"),
        field(&P::form, "form", Unit::none, count, "number of new synapses at each event"),
        field(&P::w_new, "w_new", Unit::weight, non_negative, "size of a new weight"),
        field(&P::most, "most", Unit::none, count,
              "no more are formed from this many on; 0: as many as at first"));
  }

  /// What is missing for the rule to do what it says; "" when nothing is.
  static std::string_view lacks(const Parameters& p) {
    if (word<Prune>(p.prune) == Prune::weight && !(p.w_prune > 0)) return "prune: weight needs `w_prune`";
    if (p.form > 0 && !(p.w_new > 0)) return "new synapses need a weight; write `w_new`";
    if (word<Prune>(p.prune) == Prune::none && !(p.form > 0)) return "write `prune` or `form`";
    return "";
  }

  template <class Word> static Word word(Real value) { return static_cast<Word>(static_cast<int>(value)); }

  /// So many of `of` are `percent` of them.
  static std::size_t share(double percent, std::size_t of) {
    constexpr double slack = 1e-6;  // 5 % of 100 are 5, whatever the product rounds to
    return static_cast<std::size_t>(percent / 100 * static_cast<double>(of) + slack);
  }
  /// The `count` of `among` whose value(…) is smallest, ties to those that stand first.
  template <class Value>
  static std::vector<std::size_t> smallest(const Value& value, std::vector<std::size_t> among,
                                           std::size_t count) {
    std::stable_sort(among.begin(), among.end(), [&](auto a, auto b) { return value(a) < value(b); });
    among.resize(std::min(count, among.size()));
    return among;
  }
  /// N_l / N_(l+1) of (12), or S_l / S_(l+1) of (23) and (24); 0 where the next layer has no synapse.
  static Real ratio(const SynapseCounts& here, const SynapseCounts& next, Rates rates) {
    const auto per_target = [](const SynapseCounts& c) { return double(c.synapses) / double(c.targets); };
    const double above = rates == Rates::neurons ? double(here.connected) : per_target(here);
    const double below = rates == Rates::neurons ? double(next.connected) : per_target(next);
    return below > 0 ? Real(above / below) : Real(0);
  }
  /// Step of rho_p at event e (13).
  static Real delta(Real e, const Parameters& p) {
    return e <= p.mid ? p.alpha * std::exp(p.start - e) : p.beta;
  }
  /// (12) or (23) with the ratio of this layer to the next, then reset and ceiling.
  static Real next_prune_rate(Real rate, Real e, Real ratio, const Parameters& p) {
    rate += delta(e, p) * ratio;
    if (rate > p.limit) rate = std::min(p.limit, p.reset * rate);
    return std::min(rate, p.ceiling);
  }
  /// (14).
  static Real next_regeneration_rate(Real rate, Real e, const Parameters& p) {
    return std::min(p.limit, rate + std::pow(p.gamma, e - p.start));
  }

  /// The bounds of one synapse, and how long its weight has been on one side of them.
  struct Span {
    Real high = 0, low = 0, sum = 0;
    int side = 0, events = 0;

    Real activity() const { return high - low; }
    void update(Real w, int needed) {
      const int now = w > high ? 1 : (w < low ? -1 : 0);
      if (now != side) side = now, events = 0, sum = 0;
      sum += w;
      if (++events < needed) return;
      const Real mean = sum / Real(events);  // so that b + mean(w - b) = mean(w)
      if (side >= 0) high = std::max(Real(0), mean);
      if (side <= 0) low = std::min(Real(0), mean);
      events = 0, sum = 0;
    }
  };
};

}  // namespace synfire
