#pragma once

#include "networks/connect/checks.hpp"
#include "networks/connect/draws.hpp"

namespace synfire::connect {

/// Each target has the same number of sources, chosen uniformly: independently when multapses are allowed,
/// else all different.
class FixedIndegree final : public Connector {
 public:
  struct Parameters {
    double indegree = required;
    double allow_autapses = 1;
    double allow_multapses = 1;
  };
  static constexpr auto describe() {
    using P = Parameters;
    return about<P>(
        "fixed_indegree", "each target has this many sources", "NEST fixed_indegree",
        field(&P::indegree, "indegree", Unit::none, count_bounds, "sources of each target"),
        field(&P::allow_autapses, "allow_autapses", Unit::none, flag, "a neuron may feed itself"),
        field(&P::allow_multapses, "allow_multapses", Unit::none, flag, "a pair may be connected twice"));
  }

  FixedIndegree(const Parameters& p, const ConnectContext& context, const ConnectDescription& connect)
      : indegree_(static_cast<std::uint32_t>(p.indegree)),
        candidates_(candidates(context, p.allow_autapses)),
        targets_(context.targets),
        skip_self_(excludes_self(context, p.allow_autapses)),
        distinct_(p.allow_multapses == 0),
        key_(context.key) {
    check_degree(indegree_, candidates_, distinct_, "indegree", "sources", connect);
  }

  void sources_of(std::uint32_t target, std::vector<std::uint32_t>& sources) const override {
    append_uniform(key_, target, indegree_, candidates_, distinct_, sources);
    if (skip_self_) skip_over(target, std::span(sources).last(indegree_));
  }
  double expected_synapses() const override { return static_cast<double>(indegree_) * targets_; }

 private:
  std::uint32_t indegree_, candidates_, targets_;
  bool skip_self_, distinct_;
  RandomKey key_;
};

}  // namespace synfire::connect
