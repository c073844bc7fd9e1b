// The rules of plasticity as the engines meet them, without their types.
#pragma once

#include <functional>
#include <limits>

#include "core/parameter.hpp"
#include "core/synapse_view.hpp"
#include "core/time.hpp"
#include "networks/description.hpp"

namespace synfire {

/// A rule that acts on all synapses of a block from time to time.
struct PeriodicRule {
  Step every = 0;  ///< steps
  std::function<void(const SynapseView<float>&)> apply;
};

/// The parameters of a rule R as a user wrote them; those left out keep their defaults.
template <class R> typename R::Parameters parameters_of(const RuleDescription& rule) {
  typename R::Parameters p{};
  for_each_field(R::describe(), [&](const auto& f) {
    using Real = std::remove_cvref_t<decltype(p.*(f.member))>;
    const auto found = rule.parameters.find(std::string(f.name));
    if (found != rule.parameters.end()) p.*(f.member) = static_cast<Real>(found->second);
  });
  return p;
}

/// Leaves every weight as it is: for projections with periodic rules only.
template <class Real> struct NoChange {
  struct Parameters {
    Real w_min = -std::numeric_limits<Real>::infinity(), w_max = std::numeric_limits<Real>::infinity();
  };
  struct Pre {};
  struct Post {};
  static Pre pre_time_constants(const Parameters&) { return {}; }
  static Post post_time_constants(const Parameters&) { return {}; }
  static Real on_pre(Real, const Pre&, const Post&, const Parameters&) { return 0; }
  static Real on_post(Real, const Pre&, const Post&, const Parameters&) { return 0; }
  static void arrive(Pre&, const Parameters&) {}
  static void fire(Post&, const Parameters&) {}
};

}  // namespace synfire
