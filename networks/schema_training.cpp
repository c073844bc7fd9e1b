// What editors may know of networks that are trained by gradients.
#include <algorithm>

#include <fmt/format.h>

#include "networks/keys_training.hpp"
#include "networks/layer_kinds.hpp"
#include "networks/parse_layers.hpp"
#include "networks/parse_value.hpp"
#include "networks/schema_parts.hpp"
#include "networks/training.hpp"
#include "neurons/models.hpp"

namespace synfire::schema {
namespace {

// A schedule, {warm_up: …}, or both in one map.
Json schedule_of_training() {
  const Json warm = rule(warm_up())["properties"][warm_up().name];
  Json forms = one_of(rate_schedules())["anyOf"];
  for (Json& form : forms)
    if (form.contains("properties")) form["properties"][warm_up().name] = warm;
  forms.push_back(only(warm_up().name, warm));
  return any_of(std::move(forms));
}

std::vector<std::string> required_of(const ModelInfo& info) {
  std::vector<std::string> names;
  for (const auto& parameter : info.parameters)
    if (parse::must_be_given(parameter)) names.push_back(parameter.name);
  return names;
}

// The parameters of a layer: a map, the first one alone, or nothing where none is needed.
Json parameters_of_layer(const ModelInfo& info) {
  const std::vector<std::string> required = required_of(info);
  Json properties = Json::object(), forms = Json::array();
  for (const auto& parameter : info.parameters) properties[parameter.name] = constant(parameter);
  const bool first_is_enough =
      required.empty() || (required.size() == 1 && required[0] == info.parameters[0].name);
  if (!info.parameters.empty() && first_is_enough) forms.push_back(properties[info.parameters[0].name]);
  if (required.empty()) forms.push_back({{"type", "null"}});
  Json map = closed_map(std::move(properties));
  if (!required.empty()) map["required"] = required;
  forms.push_back(std::move(map));
  return any_of(std::move(forms));
}

// `k`, `[k, tau]`, or `{k: [0.5, 5]}`.
Json learned(const ModelInfo& info) {
  Json names = Json::array(), ranges = Json::object();
  for (const auto& parameter : info.parameters) {
    if (!parse::can_be_learned(parameter)) continue;
    names.push_back(parameter.name);
    ranges[parameter.name] = {
        {"type", "array"}, {"items", constant(parameter)}, {"minItems", 2}, {"maxItems", 2}};
  }
  if (names.empty()) return false;
  const Json name = {{"enum", std::move(names)}};
  return any_of({name, {{"type", "array"}, {"items", name}}, closed_map(std::move(ranges))});
}

// {adaptation: [x, b], membrane: V_m}; false where there is nothing to fill.
Json filled_receptors(const ModelInfo& info) {
  Json receptors = Json::object();
  const Json source = {{"enum", parse::receptor_sources(info)}};
  const Json list = {{"type", "array"}, {"items", source}, {"minItems", 1}, {"uniqueItems", true}};
  for (const auto name : parse::receptors_to_fill(info))
    receptors[std::string(name)] = any_of({source, list});
  if (receptors.empty()) return false;
  Json map = closed_map(std::move(receptors));
  map["minProperties"] = 1;
  return map;
}

Json layer_of(const ModelInfo& info, bool neurons) {
  Json layer = table(keys::layer_options);
  Json& properties = layer["properties"];
  const Json delays = rule(layer::delays())["properties"][layer::delays().name];
  if (info.name == layer::Dense::describe().name) {
    properties.update(table(keys::dense_options)["properties"]);
    properties[layer::delays().name].update(delays);
  }
  if (neurons) {
    properties.update(table(keys::neuron_options)["properties"]);
    const Json learn = learned(info);
    if (learn.is_boolean()) properties["learn"] = learn;  // nothing can be learned
    if (learn.is_object()) properties["learn"].update(learn);
    const Json receptors = filled_receptors(info);
    if (receptors.is_boolean()) properties["receptors"] = receptors;
    if (receptors.is_object()) properties["receptors"].update(receptors);
    properties["recurrent"].update(any_of({{{"type", "boolean"}}, only(layer::delays().name, delays)}));
    properties["output"] = available(keys::layer_outputs, properties["output"]);
  }
  properties[info.name] = parameters_of_layer(info);
  layer["required"] = Json::array({info.name});
  layer["description"] = info.summary;
  return layer;
}

}  // namespace

Json training_by_gradients() {
  Json result = table(keys::training);
  Json& properties = result["properties"];
  properties["loss"].update(one_of(loss_functions()));
  properties["regularisers"]["items"] = one_of(rate_regularisers());
  properties["method"].update(one_of(learning_methods()));
  properties["optimiser"].update(one_of(optimisers()));
  properties["precision"] = available(keys::precisions, properties["precision"]);
  properties["schedule"].update(schedule_of_training());
  properties["clip"].update(one_of(gradient_clips()));
  properties["structure"].update(rule(learned_structure())["properties"][learned_structure().name]);
  properties["surrogate"].update(one_of(surrogates()));
  properties["membrane"].update(one_of(membrane_terms()));
  properties["augment"].update(table(keys::augment));
  properties["augment"]["properties"]["normalise"].update(table(keys::normalise));
  return result;
}

Json trained_layer() {
  Json names = Json::array(), forms = Json::array();
  const auto add = [&](const std::vector<ModelInfo>& infos, bool neurons) {
    for (const auto& info : infos) {
      if (required_of(info).empty()) names.push_back(info.name);
      forms.push_back(layer_of(info, neurons));
    }
  };
  add(layer::kinds(), false);
  add(neuron_models(), true);
  Json alone = {{"enum", std::move(names)}};
  forms.insert(forms.begin(), std::move(alone));
  return any_of(std::move(forms));
}

}  // namespace synfire::schema
