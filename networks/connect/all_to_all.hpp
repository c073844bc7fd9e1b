#pragma once

#include <algorithm>

#include "networks/connect/checks.hpp"

namespace synfire::connect {

/// Every source feeds every target.
class AllToAll final : public Connector {
 public:
  struct Parameters {
    double allow_autapses = 1;
    double allow_equal_indices = 1;
  };
  static constexpr auto describe() {
    using P = Parameters;
    return about<P>("all_to_all", "every source feeds every target", "NEST all_to_all",
                    field(&P::allow_autapses, "allow_autapses", Unit::none, flag, "a neuron may feed itself"),
                    field(&P::allow_equal_indices, "allow_equal_indices", Unit::none, flag,
                          "source i may feed target i, also of another population"));
  }

  AllToAll(const Parameters& p, const ConnectContext& context, const ConnectDescription&)
      : sources_(context.sources),
        skip_equal_(p.allow_equal_indices == 0 || excludes_self(context, p.allow_autapses)),
        expected_(double(context.targets) * context.sources -
                  (skip_equal_ ? double(std::min(context.targets, context.sources)) : 0)) {}

  void sources_of(std::uint32_t target, std::vector<std::uint32_t>& sources) const override {
    sources.reserve(sources.size() + sources_);
    for (std::uint32_t source = 0; source < sources_; ++source)
      if (!skip_equal_ || source != target) sources.push_back(source);
  }
  double expected_synapses() const override { return expected_; }

 private:
  std::uint32_t sources_;
  bool skip_equal_;
  double expected_;
};

}  // namespace synfire::connect
