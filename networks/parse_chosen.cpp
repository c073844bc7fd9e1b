#include "networks/parse_chosen.hpp"

#include <fmt/format.h>

#include "core/spelling.hpp"
#include "networks/map_reader.hpp"
#include "networks/parse_value.hpp"

namespace synfire::parse {
namespace {

const ModelInfo& info_named(const std::string& name, const std::vector<ModelInfo>& valid,
                            const Position& where, const std::string& what) {
  if (const ModelInfo* info = find_model(valid, name)) return *info;
  std::vector<std::string_view> names;
  for (const auto& info : valid) names.push_back(info.name);
  throw Error(ErrorKind::input, where,
              fmt::format("{}: there is no '{}'{}", what, name, did_you_mean(name, names)));
}

void check_complete(const Chosen& chosen, const ModelInfo& info, const std::string& owner) {
  for (const auto& parameter : info.parameters)
    if (must_be_given(parameter) && !chosen.parameters.contains(parameter.name))
      throw Error(ErrorKind::input, chosen.where,
                  fmt::format("{}: the key '{}' is missing ({})", owner, parameter.name, parameter.meaning));
}

// The parameter that a value without a name is of.
const ParameterInfo& bare_parameter(const ModelInfo& info, const Tree& value, const std::string& owner) {
  const ParameterInfo* only = nullptr;
  for (const auto& parameter : info.parameters) {
    if (!must_be_given(parameter)) continue;
    if (only != nullptr) throw value.error(owner + ": name the parameters");
    only = &parameter;
  }
  if (only != nullptr) return *only;
  throw value.error(fmt::format("{}: expected a map of parameters, got {}", owner, describe_kind(value)));
}

}  // namespace

Chosen parse_chosen(const std::string& name, const Tree& value, const std::vector<ModelInfo>& valid,
                    const std::string& what) {
  Chosen chosen{.name = name, .where = value.key_where()};
  const ModelInfo& info = info_named(name, valid, chosen.where, what);
  const std::string owner = fmt::format("{} ({})", what, name);
  if (value.is_map()) {
    check_keys(value, info.parameter_names(), owner);
    for (const auto& [key, entry] : value.members())
      chosen.parameters[key] = parse_constant(entry, *info.parameter(key), owner);
  } else if (!value.is_null()) {
    const ParameterInfo& parameter = bare_parameter(info, value, owner);
    chosen.parameters[parameter.name] = parse_constant(value, parameter, owner);
  }
  check_complete(chosen, info, owner);
  return chosen;
}

Chosen parse_chosen(const Tree& tree, const std::vector<ModelInfo>& valid, const std::string& what) {
  if (tree.is_map()) {
    if (tree.members().size() != 1)
      throw tree.error(fmt::format("{}: name one: {{name: {{parameter: value}}}}", what));
    return parse_chosen(tree.members().front().first, tree.members().front().second, valid, what);
  }
  Chosen chosen{.name = tree.as_text(what), .where = tree.where()};
  const ModelInfo& info = info_named(chosen.name, valid, chosen.where, what);
  check_complete(chosen, info, fmt::format("{} ({})", what, chosen.name));
  return chosen;
}

}  // namespace synfire::parse
