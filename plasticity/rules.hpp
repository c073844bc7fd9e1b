// The rules that change synapses. A new rule is its header and one line here.
#pragma once

#include <vector>

#include "core/model_list.hpp"
#include "plasticity/scaling.hpp"
#include "plasticity/stdp.hpp"
#include "plasticity/stdp_diehl_cook.hpp"
#include "plasticity/stdp_inhibitory.hpp"
#include "plasticity/stdp_reward.hpp"
#include "plasticity/stdp_triplet.hpp"
#include "plasticity/structural.hpp"
#include "plasticity/tsodyks_markram.hpp"

namespace synfire {

/// Rules that act at every spike; a projection has one of them at most.
using SpikeRules = ModelList<  //
    Stdp,                      //
    StdpTriplet,               //
    StdpDiehlCook,             //
    StdpInhibitory,            //
    StdpReward>;

/// Rules that act on all synapses of a projection from time to time.
using PeriodicRules = ModelList<  //
    SynapticScaling>;

/// Rules for the part of its weight that a spike passes with; a projection has one of them at most.
using ShortTermRules = ModelList<  //
    TsodyksMarkram>;

/// Rules that remove synapses and add others; a projection has one of them at most.
using StructuralRules = ModelList<  //
    Structural>;

struct RuleInfo {
  enum class Kind { spike, periodic, short_term, structural };
  ModelInfo model;
  Kind kind = Kind::spike;
  bool modulated = false;  ///< needs a population that rewards
  bool has_next = false;   ///< may refer to a projection that leaves the targets
};

/// Names and parameters of every rule, for those who need no templates.
const std::vector<RuleInfo>& plasticity_rules();

/// Null pointer when there is no such rule.
const RuleInfo* find_rule(std::string_view name);

}  // namespace synfire
