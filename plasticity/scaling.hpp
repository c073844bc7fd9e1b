#pragma once

#include <limits>
#include <vector>

#include "core/concepts.hpp"
#include "core/synapse_view.hpp"

namespace synfire {

/// Synaptic scaling: multiplies the weights of the synapses of a projection onto each target so that their
/// sum becomes
///
///   total,   or beta N w_max with N the target's number of synapses (thesis on bio-inspired algorithms, eq.
///   6.9, with weights in units of w_max)
///
/// at every multiple of `every`, or only when asked for. Targets whose weights sum to 0 stay as they are.
/// Source: Turrigiano et al. 1998; as in Diehl & Cook 2015.
template <class Real> struct SynapticScaling {
  struct Parameters {
    Real total = 0;
    Real beta = 0;
    Real w_max = 1;
    Real every = std::numeric_limits<Real>::infinity();
  };
  static constexpr auto describe() {
    using P = Parameters;
    return about<P>("scaling", "holds the sum of the weights onto each target",
                    "Turrigiano et al. 1998, Nature 391:892; Diehl & Cook 2015",
                    field(&P::total, "total", Unit::weight, non_negative,
                          "sum of the weights; 0: beta times their number times w_max"),
                    field(&P::beta, "beta", Unit::none, non_negative, "mean weight in units of w_max"),
                    field(&P::w_max, "w_max", Unit::weight, positive, "unit of beta"),
                    field(&P::every, "every", Unit::ms, positive, "time between scalings"));
  }

  /// What is missing for the rule to do anything; "" when nothing is.
  static std::string_view lacks(const Parameters& p) {
    return p.total > 0 || p.beta > 0 ? "" : "write `total` or `beta`";
  }

  /// The factor for one target, from its number of synapses and the sum of their weights.
  static double factor(double sum, double synapses, const Parameters& p) {
    const double wanted = p.total > 0 ? double(p.total) : double(p.beta) * synapses * double(p.w_max);
    return sum > 0 && wanted > 0 ? wanted / sum : 1;
  }

  static void apply(const SynapseView<Real>& view, const Parameters& p) {
    std::vector<double> sums(view.target_count, 0), synapses(view.target_count, 0);
    for (std::size_t k = 0; k < view.weights.size(); ++k) {
      sums[view.targets[k]] += static_cast<double>(view.weights[k]);
      synapses[view.targets[k]] += 1;
    }
    for (std::size_t t = 0; t < sums.size(); ++t) sums[t] = factor(sums[t], synapses[t], p);
    for (std::size_t k = 0; k < view.weights.size(); ++k)
      view.weights[k] = static_cast<Real>(static_cast<double>(view.weights[k]) * sums[view.targets[k]]);
  }
};

}  // namespace synfire
