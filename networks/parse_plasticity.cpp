#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/spelling.hpp"
#include "networks/keys.hpp"
#include "networks/map_reader.hpp"
#include "networks/parse_parts.hpp"
#include "networks/parse_value.hpp"
#include "plasticity/rules.hpp"

namespace synfire::parse {
namespace {

const RuleInfo& known_rule(const std::string& name, const Position& where, const std::string& owner) {
  if (const RuleInfo* rule = find_rule(name)) return *rule;
  std::vector<std::string_view> valid;
  for (const auto& rule : plasticity_rules()) valid.push_back(rule.model.name);
  throw Error(
      ErrorKind::input, where,
      fmt::format("plasticity of {}: there is no rule '{}'{}", owner, name, did_you_mean(name, valid)));
}

// The rule's parameters with those in units of the weight given the unit of the receptor.
std::vector<ParameterInfo> with_unit(const ModelInfo& rule, Unit unit) {
  std::vector<ParameterInfo> parameters = rule.parameters;
  for (auto& parameter : parameters)
    if (parameter.unit == Unit::weight) parameter.unit = unit;
  return parameters;
}

void check_order(const RuleDescription& given, const std::vector<ParameterInfo>& parameters,
                 const ModelInfo& rule, const std::string& what) {
  const auto value = [&](std::size_t k) {
    const auto found = given.parameters.find(parameters[k].name);
    return found == given.parameters.end() ? parameters[k].default_value : found->second;
  };
  for (const auto& [low, high] : rule.rules) {
    if (value(low) < value(high)) continue;
    throw Error(ErrorKind::input, given.where,
                fmt::format("{}: {} ({}) must be below {} ({})", what, parameters[low].name,
                            parameters[low].text_of(value(low)), parameters[high].name,
                            parameters[high].text_of(value(high))));
  }
}

void check_reward(const RuleDescription& given, const RuleInfo& rule, const std::string& what) {
  if (rule.modulated && !given.reward)
    throw Error(
        ErrorKind::input, given.where,
        fmt::format("{}: the key '{}' is missing: name the population that rewards", what, keys::reward));
}

RuleDescription parse_rule(const std::string& name, const Tree* value, const Position& where, Unit unit,
                           const std::string& owner, const Network& network) {
  const RuleInfo& rule = known_rule(name, where, owner);
  const std::string what = fmt::format("rule {} of {}", name, owner);
  RuleDescription given{name, {}, {}, where};
  const std::vector<ParameterInfo> parameters = with_unit(rule.model, unit);
  if (value != nullptr && !value->is_null()) {
    value->as_map(what);
    std::vector<std::string_view> valid = rule.model.parameter_names();
    if (rule.modulated) valid.push_back(keys::reward);
    if (rule.has_next) valid.push_back(keys::next);
    check_keys(*value, valid, what);
    for (const auto& [key, entry] : value->members()) {
      if (rule.modulated && key == keys::reward) {
        given.reward = network.population(entry, fmt::format("{} of {}", key, what));
        continue;
      }
      if (rule.has_next && key == keys::next) continue;  // see link_rules
      const auto info = std::find_if(parameters.begin(), parameters.end(),
                                     [&](const auto& parameter) { return parameter.name == key; });
      given.parameters[key] = parse_constant(entry, *info, what);
    }
  }
  for (const auto& parameter : parameters)
    if (must_be_given(parameter) && !given.parameters.contains(parameter.name))
      throw Error(ErrorKind::input, where,
                  fmt::format("{}: '{}' is missing ({})", what, parameter.name, parameter.meaning));
  check_order(given, parameters, rule.model, what);
  check_reward(given, rule, what);
  return given;
}

// A weight beyond its bounds would be cut at the first spike without a word.
void check_start(const RuleDescription& given, const ProjectionDescription& projection, Unit unit) {
  const auto highest = given.parameters.find("w_max");
  if (find_rule(given.rule)->kind != RuleInfo::Kind::spike || highest == given.parameters.end()) return;
  const auto lowest = given.parameters.find("w_min");
  const double least = lowest == given.parameters.end() ? 0 : lowest->second;
  const Distribution& weight = projection.weight;
  const bool negative = weight.highest() <= 0;
  const double low = negative ? -weight.highest() : weight.lowest();
  const double high = negative ? -weight.lowest() : weight.highest();
  if (low >= least && high <= highest->second) return;
  throw Error(
      ErrorKind::input, weight.where.line > 0 ? weight.where : given.where,
      fmt::format("weight of projection '{}': sizes from {} to {} are possible, but rule {} keeps them "
                  "within [{}, {}]; cut the distribution by min and max",
                  projection.name, format_quantity(low, unit), format_quantity(high, unit), given.rule,
                  format_quantity(least, unit), format_quantity(highest->second, unit)));
}

}  // namespace

std::vector<RuleDescription> parse_plasticity(const Tree& tree, const ProjectionDescription& projection,
                                              Unit unit, const Network& network) {
  const std::string owner = fmt::format("projection '{}'", projection.name);
  std::vector<RuleDescription> rules;
  if (tree.is_null() || (tree.is_map() && tree.members().empty()))
    throw tree.error(fmt::format("plasticity of {}: name a rule, such as {}", owner,
                                 plasticity_rules().front().model.name));
  if (tree.is_map()) {
    for (const auto& [name, value] : tree.members())
      rules.push_back(parse_rule(name, &value, value.key_where(), unit, owner, network));
  } else {
    rules.push_back(
        parse_rule(tree.as_text("plasticity of " + owner), nullptr, tree.where(), unit, owner, network));
  }
  std::map<RuleInfo::Kind, const RuleDescription*> only;
  for (const auto& rule : rules) {
    check_start(rule, projection, unit);
    const RuleInfo::Kind kind = find_rule(rule.rule)->kind;
    if (kind == RuleInfo::Kind::periodic) continue;
    const auto [first, is_first] = only.try_emplace(kind, &rule);
    if (!is_first)
      throw Error(ErrorKind::input, rule.where,
                  fmt::format("plasticity of {}: {} and {} both act at every spike; keep one of them", owner,
                              first->second->rule, rule.rule));
  }
  return rules;
}

void link_rules(const Tree& plasticity, ProjectionDescription& projection, const Network& network) {
  if (!plasticity.is_map()) return;
  for (auto& rule : projection.plasticity) {
    const Tree* given = plasticity.find(rule.rule);
    const Tree* next = given != nullptr && given->is_map() ? given->find(keys::next) : nullptr;
    if (!find_rule(rule.rule)->has_next || next == nullptr) continue;
    const std::string what =
        fmt::format("{} of rule {} of projection '{}'", keys::next, rule.rule, projection.name);
    rule.next = projection_named(*next, what, network);
    const ProjectionDescription& behind = network.description.projections[*rule.next];
    if (behind.from != projection.to)
      throw next->error(
          fmt::format("{}: '{}' must begin where '{}' ends", what, behind.name, projection.name));
  }
}

}  // namespace synfire::parse
