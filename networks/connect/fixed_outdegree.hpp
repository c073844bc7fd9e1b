#pragma once

#include "networks/connect/checks.hpp"
#include "networks/connect/draws.hpp"
#include "networks/connect/edge_lists.hpp"

namespace synfire::connect {

/// Each source feeds the same number of targets, chosen uniformly: independently when multapses are allowed,
/// else all different.
class FixedOutdegree final : public Connector {
 public:
  struct Parameters {
    double outdegree = required;
    double allow_autapses = 1;
    double allow_multapses = 1;
  };
  static constexpr auto describe() {
    using P = Parameters;
    return about<P>(
        "fixed_outdegree", "each source feeds this many targets", "NEST fixed_outdegree",
        field(&P::outdegree, "outdegree", Unit::none, count_bounds, "targets of each source"),
        field(&P::allow_autapses, "allow_autapses", Unit::none, flag, "a neuron may feed itself"),
        field(&P::allow_multapses, "allow_multapses", Unit::none, flag, "a pair may be connected twice"));
  }

  FixedOutdegree(const Parameters& p, const ConnectContext& context, const ConnectDescription& connect) {
    const auto outdegree = static_cast<std::uint32_t>(p.outdegree);
    const bool skip_self = excludes_self(context, p.allow_autapses), distinct = p.allow_multapses == 0;
    const std::uint32_t choices = skip_self && context.targets > 0 ? context.targets - 1 : context.targets;
    if (context.sources > 0) check_degree(outdegree, choices, distinct, "outdegree", "targets", connect);
    const std::uint64_t total = static_cast<std::uint64_t>(outdegree) * context.sources;
    std::vector<std::uint32_t> chosen;
    edges_ = EdgeLists(context.targets, total, connect, [&](auto&& add) {
      for (std::uint32_t source = 0; source < context.sources; ++source) {
        chosen.clear();
        append_uniform(context.key, source, outdegree, choices, distinct, chosen);
        if (skip_self) skip_over(source, chosen);
        for (const std::uint32_t target : chosen) add(source, target);
      }
    });
  }

  void sources_of(std::uint32_t target, std::vector<std::uint32_t>& sources) const override {
    edges_.append(target, sources);
  }
  double expected_synapses() const override { return static_cast<double>(edges_.size()); }
  std::size_t bytes() const override { return edges_.bytes(); }

 private:
  EdgeLists edges_;
};

}  // namespace synfire::connect
