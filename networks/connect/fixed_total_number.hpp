#pragma once

#include "networks/connect/checks.hpp"
#include "networks/connect/draws.hpp"
#include "networks/connect/in_degrees.hpp"

namespace synfire::connect {

/// N synapses in all, each between a uniformly chosen pair: independently when multapses are allowed, else
/// all pairs different. Only the in-degrees are drawn beforehand; given them, targets are independent.
class FixedTotalNumber final : public Connector {
 public:
  struct Parameters {
    double N = required;
    double allow_autapses = 1;
    double allow_multapses = 1;
  };
  static constexpr auto describe() {
    using P = Parameters;
    return about<P>(
        "fixed_total_number", "this many synapses between uniformly chosen pairs", "NEST fixed_total_number",
        field(&P::N, "N", Unit::none, total_bounds, "number of synapses"),
        field(&P::allow_autapses, "allow_autapses", Unit::none, flag, "a neuron may feed itself"),
        field(&P::allow_multapses, "allow_multapses", Unit::none, flag, "a pair may be connected twice"));
  }

  FixedTotalNumber(const Parameters& p, const ConnectContext& context, const ConnectDescription& connect)
      : total_(p.N),
        candidates_(candidates(context, p.allow_autapses)),
        skip_self_(excludes_self(context, p.allow_autapses)),
        distinct_(p.allow_multapses == 0),
        key_(context.key) {
    const double available = pairs(context, p.allow_autapses);
    if (total_ > 0 && (available == 0 || (distinct_ && total_ > available)))
      throw refusal(connect, fmt::format("N is {:.0f}, but there are only {:.0f} different pairs{}", total_,
                                         available, distinct_ ? " and allow_multapses is false" : ""));
    check_synapses(total_, connect);
    check_memory(8.0 * context.targets, connect);
    const auto total = static_cast<std::uint64_t>(total_);
    in_degrees_ = distinct_ ? in_degrees_of_distinct_pairs(context.targets, candidates_, total, key_)
                            : multinomial_in_degrees(context.targets, total, key_);
  }

  void sources_of(std::uint32_t target, std::vector<std::uint32_t>& sources) const override {
    const std::uint64_t degree = in_degrees_[target];
    append_uniform(key_, target, degree, candidates_, distinct_, sources);
    if (skip_self_) skip_over(target, std::span(sources).last(degree));
  }
  double expected_synapses() const override { return total_; }
  std::size_t bytes() const override { return in_degrees_.size() * sizeof(std::uint64_t); }

 private:
  double total_;
  std::uint32_t candidates_;
  bool skip_self_, distinct_;
  RandomKey key_;
  std::vector<std::uint64_t> in_degrees_;
};

}  // namespace synfire::connect
