// The one door between the engines and the concrete rules of plasticity.
#pragma once

#include <memory>
#include <vector>

#include "networks/description.hpp"
#include "sim/backend.hpp"

namespace synfire {

struct PlasticParts;
class Release;
class PlasticInlet;

/// One projection under its rules into one shard; `parts.periodic` is filled in here. Throws Error(input) for
/// rules that lack what they need.
std::unique_ptr<PlasticInlet> make_plastic_inlet(const std::vector<RuleDescription>& rules,
                                                 PlasticParts parts);

/// The value of a rule's parameter, given or its default.
double rule_parameter(const RuleDescription& rule, std::string_view parameter);

/// True when the synapses themselves change, false when at most the part that spikes pass with does.
bool changes_synapses(const std::vector<RuleDescription>& rules);

/// Short-term plasticity of `sources` neurons; null pointer when no rule asks for it.
std::unique_ptr<Release> make_release(const std::vector<RuleDescription>& rules, std::uint32_t sources,
                                      double dt_ms);

/// The rule of a projection that needs a reward; null pointer when none does.
const RuleDescription* rewarded_rule(const std::vector<RuleDescription>& rules);

/// A plastic projection in the reference backend: each synapse has traces of its own.
class ReferenceSynapses {
 public:
  struct Synapse {
    std::uint32_t target = 0;
    double weight = 0;  ///< its size
  };
  virtual ~ReferenceSynapses() = default;
  /// At the beginning of a step; `reward` per ms, and what it does over a step decays with `reward_rate` per
  /// ms.
  virtual void begin_step(double reward, double reward_rate) = 0;
  /// A spike arrives at a synapse; gives the size of its effect.
  virtual double arrive(std::size_t synapse) = 0;
  /// At the end of step number `step`: the targets that spiked in it.
  virtual void end_step(Step step, std::span<const std::uint32_t> spikes) = 0;
  /// Synapses have gone and come: the new list, in the order of its numbers.
  struct Moved {
    Synapse synapse;
    std::size_t was;   ///< number until now, or none
    std::size_t like;  ///< number until now of one with the same spikes before it, or none
  };
  static constexpr std::size_t none = ~std::size_t(0);
  virtual void rearrange(std::span<const Moved> synapses) = 0;
  virtual double weight(std::size_t synapse) const = 0;
  virtual std::uint32_t target(std::size_t synapse) const = 0;
};

std::unique_ptr<ReferenceSynapses> make_reference_synapses(const std::vector<RuleDescription>& rules,
                                                           std::vector<ReferenceSynapses::Synapse> synapses,
                                                           std::size_t targets, double dt_ms);

/// Throws Error(input) when the rules of a projection cannot do what they say.
void check_rules(const std::vector<RuleDescription>& rules, std::string_view projection);

}  // namespace synfire
