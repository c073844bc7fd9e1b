#pragma once

#include "networks/connect/checks.hpp"
#include "networks/connect/draws.hpp"

namespace synfire::connect {

/// Each pair is connected with probability p, independently. For each target the number of sources is
/// binomial, and given that number every set of so many sources is equally likely: the same distribution as
/// one trial a pair, at a cost that follows the synapses. Never a multapse.
class FixedProbability final : public Connector {
 public:
  struct Parameters {
    double p = required;
    double allow_autapses = 1;
  };
  static constexpr auto describe() {
    using P = Parameters;
    return about<P>(
        "fixed_probability", "each pair is connected with probability p", "NEST pairwise_bernoulli",
        field(&P::p, "p", Unit::none, fraction, "probability of a connection"),
        field(&P::allow_autapses, "allow_autapses", Unit::none, flag, "a neuron may feed itself"));
  }

  FixedProbability(const Parameters& p, const ConnectContext& context, const ConnectDescription&)
      : p_(p.p),
        candidates_(candidates(context, p.allow_autapses)),
        skip_self_(excludes_self(context, p.allow_autapses)),
        expected_(pairs(context, p.allow_autapses) * p.p),
        key_(context.key) {}

  void sources_of(std::uint32_t target, std::vector<std::uint32_t>& sources) const override {
    RandomStream stream = stream_of(key_, target, Part::counts);
    const std::uint64_t degree = draw_binomial(stream, candidates_, p_);
    append_uniform(key_, target, degree, candidates_, true, sources);
    if (skip_self_) skip_over(target, std::span(sources).last(degree));
  }
  double expected_synapses() const override { return expected_; }

 private:
  double p_;
  std::uint32_t candidates_;
  bool skip_self_;
  double expected_;
  RandomKey key_;
};

}  // namespace synfire::connect
