// The one door between the engines and the structural rules.
#pragma once

#include <memory>

#include "sim/plan.hpp"
#include "sim/structure.hpp"

namespace synfire {

/// The structural rule of a projection; null pointer when it has none. `own` and `next` are left empty.
std::unique_ptr<StructureRule> make_structure_rule(const ProjectionPlan& projection,
                                                   const BuildContext& context);

/// Null pointer when there is none.
const RuleDescription* structural_rule(const std::vector<RuleDescription>& rules);

/// True when new synapses may be formed, whose delays are drawn.
bool forms_synapses(const std::vector<RuleDescription>& rules);

/// What a structural rule needs: the synapses that there may be, and bytes for each besides the synapse.
struct StructureSize {
  double synapses = 0, bytes_each = 0;
};
StructureSize structure_size(const ProjectionPlan& projection);

/// Throws Error(input), at the rule, for a structural rule that cannot do what it says.
void check_structure(const ProjectionPlan& projection);

}  // namespace synfire
