#include "plasticity/rules.hpp"

namespace synfire {
namespace {

template <template <class> class Rule> RuleInfo rule_info(RuleInfo::Kind kind) {
  using R = Rule<double>;
  const auto description = R::describe();
  RuleInfo info;
  info.kind = kind;
  info.model.name = description.name;
  info.model.summary = description.summary;
  info.model.source = description.source;
  info.model.parameters = parameter_table(description, typename R::Parameters{});
  if constexpr (requires { R::rules(); }) {
    for (const auto& [low, high] : R::rules())
      info.model.rules.push_back({index_of(description, low), index_of(description, high)});
  }
  if constexpr (requires { R::modulated; }) info.modulated = R::modulated;
  return info;
}

}  // namespace

const std::vector<RuleInfo>& plasticity_rules() {
  static const std::vector<RuleInfo> table = [] {
    std::vector<RuleInfo> made;
    SpikeRules::for_each([&]<template <class> class Rule>() {
      static_assert(SpikeRule<Rule<double>, double> && SpikeRule<Rule<float>, float>);
      made.push_back(rule_info<Rule>(RuleInfo::Kind::spike));
    });
    PeriodicRules::for_each(
        [&]<template <class> class Rule>() { made.push_back(rule_info<Rule>(RuleInfo::Kind::periodic)); });
    ShortTermRules::for_each(
        [&]<template <class> class Rule>() { made.push_back(rule_info<Rule>(RuleInfo::Kind::short_term)); });
    StructuralRules::for_each([&]<template <class> class Rule>() {
      made.push_back(rule_info<Rule>(RuleInfo::Kind::structural));
      made.back().has_next = true;
    });
    return made;
  }();
  return table;
}

const RuleInfo* find_rule(std::string_view name) {
  for (const auto& rule : plasticity_rules())
    if (rule.model.name == name) return &rule;
  return nullptr;
}

}  // namespace synfire
