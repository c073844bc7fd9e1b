#pragma once

#include "networks/connect/fixed_total_number.hpp"

namespace synfire::connect {

/// So many synapses between uniformly chosen pairs, multapses and autapses among them, that a pair of neurons
/// is connected at least once with probability p:
///   N = ln(1 - p) / ln(1 - 1 / (sources targets)), rounded
/// Potjans & Diesmann 2014, Cerebral Cortex 24:785, eq. 1.
class PairProbability final : public Connector {
 public:
  struct Parameters {
    double p = required;
  };
  static constexpr auto describe() {
    using P = Parameters;
    constexpr Bounds below_one{.low = 0, .high = 0.999999};
    return about<P>(
        "pair_probability",
        "synapses between uniformly chosen pairs, as many as make p the probability that a pair is "
        "connected",
        "Potjans & Diesmann 2014, Cereb. Cortex 24:785",
        field(&P::p, "p", Unit::none, below_one, "probability that a pair is connected"));
  }
  /// N of the equation above.
  static double total(double p, double sources, double targets) {
    const double pairs = sources * targets;
    if (pairs <= 1) return p > 0 ? pairs : 0;
    return std::round(std::log1p(-p) / std::log1p(-1 / pairs));
  }

  PairProbability(const Parameters& p, const ConnectContext& context, const ConnectDescription& connect)
      : pairs_({.N = total(p.p, context.sources, context.targets)}, context, connect) {}

  void sources_of(std::uint32_t target, std::vector<std::uint32_t>& sources) const override {
    pairs_.sources_of(target, sources);
  }
  double expected_synapses() const override { return pairs_.expected_synapses(); }
  std::size_t bytes() const override { return pairs_.bytes(); }

 private:
  FixedTotalNumber pairs_;
};

}  // namespace synfire::connect
