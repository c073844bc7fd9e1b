#include "sim/catalogue_structure.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/model_list.hpp"
#include "plasticity/rules.hpp"
#include "plasticity/structure.hpp"
#include "sim/catalogue_rules.hpp"
#include "sim/rules.hpp"
#include "synapses/sparse.hpp"

namespace synfire {
namespace {

using Rule = Structural<double>;

// Whether a neuron may be joined to itself: as the rule of connection has it, and else not.
bool allows_self(const ProjectionDescription& projection) {
  if (projection.from != projection.to) return true;
  constexpr std::string_view key = "allow_autapses";
  const auto given = projection.connect.parameters.find(std::string(key));
  if (given != projection.connect.parameters.end()) return given->second != 0;
  const ModelInfo* rule = find_model(connection_rules(), projection.connect.rule);
  const ParameterInfo* parameter = rule != nullptr ? rule->parameter(key) : nullptr;
  return parameter != nullptr && parameter->default_value != 0;
}

class StructuralRule final : public StructureRule {
 public:
  StructuralRule(Step every_steps, const Rule::Parameters& p, plasticity::PossibleSynapses possible,
                 RandomKey key)
      : StructureRule(every_steps), structure_(p, std::move(possible), key) {}
  std::size_t bytes() const override { return structure_.bytes(); }

 private:
  StructureEvent change(std::vector<ListedSynapse>& synapses, const SynapseCounts& behind) override {
    return structure_.apply(synapses, behind);
  }
  void save_rule(const SavedShare& share) const override { structure_.save(share); }
  void load_rule(const LoadedShare& share) override { structure_.load(share); }
  plasticity::Structure structure_;
};

// New weights must be such as the rule that acts at spikes keeps.
void check_new_weight(const Rule::Parameters& p, const RuleDescription& rule,
                      const ProjectionPlan& projection) {
  if (!(p.form > 0)) return;
  for (const auto& other : projection.description->plasticity) {
    const RuleInfo& info = *find_rule(other.rule);
    if (info.kind != RuleInfo::Kind::spike || info.model.parameter("w_max") == nullptr) continue;
    const double low = rule_parameter(other, "w_min"), high = rule_parameter(other, "w_max");
    if (p.w_new >= low && p.w_new <= high) continue;
    throw Error(
        ErrorKind::input, rule.where,
        fmt::format("rule {} of projection '{}': w_new is {}, but rule {} keeps weights within [{}, {}]",
                    rule.rule, projection.description->name, p.w_new, other.rule, low, high));
  }
}

}  // namespace

const RuleDescription* structural_rule(const std::vector<RuleDescription>& rules) {
  for (const auto& rule : rules)
    if (find_rule(rule.rule)->kind == RuleInfo::Kind::structural) return &rule;
  return nullptr;
}

bool forms_synapses(const std::vector<RuleDescription>& rules) {
  const RuleDescription* rule = structural_rule(rules);
  return rule != nullptr && parameters_of<Rule>(*rule).form > 0;
}

std::unique_ptr<StructureRule> make_structure_rule(const ProjectionPlan& projection,
                                                   const BuildContext& context) {
  const ProjectionDescription& description = *projection.description;
  const RuleDescription* rule = structural_rule(description.plasticity);
  if (rule == nullptr) return nullptr;
  const Rule::Parameters p = parameters_of<Rule>(*rule);
  const Grid grid = context.grid;
  const RandomKey delays = context.key(fmt::format("projection/{}/structure/delay", description.name));
  plasticity::PossibleSynapses possible;
  possible.sources = projection.from->size();
  possible.targets = projection.to->size();
  possible.self = allows_self(description);
  possible.delay = [delay = description.delay, delays, grid](std::uint64_t event, std::uint32_t n) {
    return static_cast<std::uint32_t>(std::max<Step>(1, grid.nearest(delay.sample(delays, event, n))));
  };
  return std::make_unique<StructuralRule>(
      std::max<Step>(1, grid.nearest(p.every)), p, std::move(possible),
      context.key(fmt::format("projection/{}/structure", description.name)));
}

StructureSize structure_size(const ProjectionPlan& projection) {
  const double at_first = projection.connector->expected_synapses();
  const RuleDescription* rule = structural_rule(projection.description->plasticity);
  if (rule == nullptr) return {at_first, 0};
  const Rule::Parameters p = parameters_of<Rule>(*rule);
  const double pairs = double(projection.from->size()) * double(projection.to->size());
  // Bounds, and while an event lasts the list twice and the set of its pairs.
  constexpr double each = sizeof(Rule::Span) + 2 * sizeof(ListedSynapse) + 40;
  return {p.form > 0 ? std::max(at_first, std::min(p.most, pairs)) : at_first, each};
}

void check_structure(const ProjectionPlan& projection) {
  const ProjectionDescription& description = *projection.description;
  const RuleDescription* rule = structural_rule(description.plasticity);
  if (rule == nullptr) return;
  const Rule::Parameters p = parameters_of<Rule>(*rule);
  const auto refuse = [&](std::string_view why) {
    throw Error(ErrorKind::input, rule->where,
                fmt::format("rule {} of projection '{}': {}", rule->rule, description.name, why));
  };
  if (const std::string_view lack = Rule::lacks(p); !lack.empty()) refuse(lack);
  if (Rule::word<Rule::Rates>(p.rates) != Rule::Rates::constant && !rule->next)
    refuse("rates that move need `next`: name the projection that leaves the targets");
  if (p.form > 0 && projection.connector->has_delays())
    refuse("new synapses have no delay, as the file gives one to each of the others; leave `form` out");
  if (description.mask && !description.mask->per_target)
    refuse("synapses with masks of their own cannot go and come; write granularity: target");
  if (projection.to->size() > SparseBlock::max_targets - 64)
    refuse(fmt::format("works on {} targets at most, there are {}", SparseBlock::max_targets - 64,
                       projection.to->size()));
  check_new_weight(p, *rule, projection);
}

}  // namespace synfire
