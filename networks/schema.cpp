#include "networks/schema.hpp"

#include <cmath>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "encoders/datasets.hpp"
#include "encoders/sources.hpp"
#include "networks/connect/connector.hpp"
#include "networks/keys_task.hpp"
#include "networks/named_networks.hpp"
#include "networks/parse_value.hpp"
#include "networks/schema_parts.hpp"
#include "neurons/models.hpp"
#include "plasticity/rules.hpp"

namespace synfire {
namespace schema {
namespace {

constexpr std::string_view names_pattern = "^[A-Za-z_][A-Za-z0-9_-]*( *, *[A-Za-z_][A-Za-z0-9_-]*)*$";
constexpr std::string_view number_pattern = "[-+]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]+)?";

}  // namespace

Json reference(std::string_view name) { return {{"$ref", fmt::format("#/$defs/{}", name)}}; }

Json any_of(Json choices) { return {{"anyOf", std::move(choices)}}; }

Json closed_map(Json properties) {
  return {{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
}

Json only(std::string_view name, Json value) {
  Json map = closed_map({{std::string(name), std::move(value)}});
  map["required"] = Json::array({name});
  return map;
}

namespace {

/// The names under $defs of the values of a dimension.
std::string quantity_name(Unit unit) {
  return unit == Unit::none ? "number" : std::string(dimension_name(unit));
}
std::string value_name(Unit unit) { return quantity_name(unit) + "_or_distribution"; }
std::string parameter_name(Unit unit) { return quantity_name(unit) + "_of_neurons"; }

Json quantity(Unit unit) {
  if (unit == Unit::none) return {{"type", "number"}};
  std::vector<std::string_view> units = spellings(unit);
  const std::string dimension = fmt::format("\\s*({})", fmt::join(units, "|"));
  const std::string infinite = unit == Unit::mV ? fmt::format("|[-+]?inf({})?", dimension) : "";
  Json text = {{"type", "string"},
               {"pattern", fmt::format("^({}{}{})$", number_pattern, dimension, infinite)}};
  return any_of({std::move(text), {{"const", 0}}});
}

Json distribution(const keys::DistributionKeys& shape, const Json& number) {
  Json named = Json::object();
  Json required = Json::array();
  for (std::size_t i = 0; i < shape.count(); ++i) {
    named[std::string(shape.parameters[i])] = number;
    required.push_back(shape.parameters[i]);
  }
  for (const auto cut : keys::cuts) named[std::string(cut)] = number;
  Json map = closed_map(std::move(named));
  map["required"] = required;
  Json list = {
      {"type", "array"}, {"items", number}, {"minItems", shape.count()}, {"maxItems", shape.count()}};
  Json forms = Json::array({std::move(list), std::move(map)});
  if (shape.count() == 1) forms.push_back(number);
  Json result = closed_map({{std::string(shape.name), any_of(std::move(forms))}});
  result["required"] = Json::array({shape.name});
  result["description"] = shape.meaning;
  return result;
}

Json value(Unit unit) {
  const Json number = reference(quantity_name(unit));
  Json forms = Json::array({number});
  for (const auto& shape : keys::distributions) forms.push_back(distribution(shape, number));
  return any_of(std::move(forms));
}

Json schedule(Unit unit) {
  Json piece = {
      {"type", "array"},
      {"prefixItems", Json::array({reference(quantity_name(Unit::ms)), reference(quantity_name(unit))})},
      {"minItems", 2},
      {"maxItems", 2}};
  Json result = closed_map(
      {{std::string(keys::steps), {{"type", "array"}, {"items", std::move(piece)}, {"minItems", 1}}}});
  result["required"] = Json::array({keys::steps});
  return result;
}

std::string default_text(const ParameterInfo& info) {
  return std::isnan(info.default_value) ? "required" : "default " + info.text_of(info.default_value);
}

Json described(Json schema, const ParameterInfo& info) {
  std::string text = fmt::format("{}; {}", info.meaning, default_text(info));
  const bool bounded = std::isfinite(info.bounds.low) || std::isfinite(info.bounds.high);
  if (bounded && !info.is_flag()) text += "; must " + info.constraint();
  schema["description"] = text;
  return schema;
}

// Words and flags, which no unit and no distribution can stand for.
std::optional<Json> chosen(const ParameterInfo& info) {
  if (info.is_flag()) return described({{"type", "boolean"}}, info);
  if (!info.words.empty()) return described({{"enum", info.words}}, info);
  return std::nullopt;
}

Json parameters(const std::vector<ParameterInfo>& infos) {
  Json properties = Json::object();
  for (const auto& info : infos)
    properties[info.name] = chosen(info).value_or(described(reference(parameter_name(info.unit)), info));
  return closed_map(std::move(properties));
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Json source_parameters(const SourceInfo& source) {
  Json properties = Json::object();
  for (const auto& info : source.model.parameters) {
    Json forms = Json::array({reference(contains(source.per_neuron, info.name) ? parameter_name(info.unit)
                                                                               : quantity_name(info.unit))});
    if (contains(source.scheduled, info.name)) forms.push_back(schedule(info.unit));
    properties[info.name] = chosen(info).value_or(described(any_of(std::move(forms)), info));
  }
  return closed_map(std::move(properties));
}

Json bounded_number(const Bounds& bounds) {
  Json number = {{"type", bounds.whole ? "integer" : "number"}};
  if (std::isfinite(bounds.low)) number[bounds.low_excluded ? "exclusiveMinimum" : "minimum"] = bounds.low;
  if (std::isfinite(bounds.high)) number[bounds.high_excluded ? "exclusiveMaximum" : "maximum"] = bounds.high;
  return number;
}

}  // namespace

Json constant(const ParameterInfo& info) {
  if (const auto choice = chosen(info)) return *choice;
  if (info.unit != Unit::none) return described(reference(quantity_name(info.unit)), info);
  return described(bounded_number(info.bounds), info);
}

Json rule(const ModelInfo& info) {
  Json properties = Json::object(), required = Json::array();
  for (const auto& parameter : info.parameters) {
    properties[parameter.name] = constant(parameter);
    if (parse::must_be_given(parameter)) required.push_back(parameter.name);
  }
  Json forms = Json::array();
  if (info.name == keys::file_rule) {
    properties[std::string(keys::file_key)] = {{"type", "string"}};
    required.push_back(keys::file_key);
    forms.push_back({{"type", "string"}});
  } else if (required.size() == 1) {
    forms.push_back(properties[required[0].get<std::string>()]);
  } else if (required.empty()) {
    forms.push_back({{"type", "null"}});
  }
  Json map = closed_map(std::move(properties));
  map["required"] = required;
  forms.push_back(std::move(map));
  Json result = closed_map({{info.name, any_of(std::move(forms))}});
  result["required"] = Json::array({info.name});
  result["description"] = info.summary;
  return result;
}

Json one_of(const std::vector<ModelInfo>& infos) {
  Json names = Json::array(), forms = Json::array();
  for (const auto& info : infos) {
    const bool needs = std::any_of(info.parameters.begin(), info.parameters.end(), parse::must_be_given);
    if (!needs && info.name != keys::file_rule) names.push_back(info.name);
  }
  if (!names.empty()) forms.push_back({{"enum", names}});
  for (const auto& info : infos) forms.push_back(rule(info));
  return any_of(std::move(forms));
}

namespace {

Json selection() {
  return any_of({{{"type", "string"}, {"pattern", "^(all|none|[0-9]+|[0-9]*:[0-9]*(:[0-9]+)?)$"}},
                 {{"type", "integer"}, {"minimum", 0}},
                 {{"type", "array"},
                  {"items", {{"type", "integer"}, {"minimum", 0}}},
                  {"minItems", 1},
                  {"uniqueItems", true}}});
}

Json shape(const keys::Key& key) {
  Json extent = {{"type", "integer"}, {"minimum", key.bounds.low}, {"maximum", key.bounds.high}};
  Json list = {{"type", "array"}, {"items", extent}, {"minItems", 1}, {"maxItems", 3}};
  return any_of({std::move(extent), std::move(list)});
}

// Weights are in the unit of some receptor; for a current, a plain number.
Json weight() {
  std::set<Unit> units = {Unit::none};
  for (const auto& model : neuron_models())
    for (const auto& receptor : model.receptors) units.insert(receptor.unit);
  Json forms = Json::array();
  for (const Unit unit : units) forms.push_back(reference(value_name(unit)));
  return any_of(std::move(forms));
}

Json by_kind(const keys::Key& key) {
  using keys::Kind;
  switch (key.kind) {
    case Kind::text:
      return {{"type", "string"}};
    case Kind::integer:
      return {{"type", "integer"},
              {"minimum", std::int64_t(key.bounds.low)},
              {"maximum", key.bounds.high > 0x1p62 ? std::numeric_limits<std::int64_t>::max()
                                                   : std::int64_t(key.bounds.high)}};
    case Kind::quantity:
      if (key.unit == Unit::none && std::isfinite(key.bounds.high)) return bounded_number(key.bounds);
      return reference(quantity_name(key.unit));
    case Kind::value:
      return key.unit == Unit::none ? weight() : reference(value_name(key.unit));
    case Kind::map:
      return {{"type", "object"}};
    case Kind::flag:
      return {{"type", "boolean"}};
    case Kind::numbers: {
      const Json number = bounded_number(key.bounds);
      return any_of({number, {{"type", "array"}, {"items", number}, {"minItems", 1}, {"maxItems", 1024}}});
    }
    case Kind::chosen:
      return Json::object();  // whoever knows the list adds it
    case Kind::list:
      return {{"type", "array"}};
    case Kind::texts:
      return any_of({{{"type", "string"}}, {{"type", "array"}, {"items", {{"type", "string"}}}}});
    case Kind::shape:
      return shape(key);
    case Kind::spikes:
      return {{"type", "array"},
              {"items", {{"type", "array"}, {"items", reference(quantity_name(key.unit))}}},
              {"minItems", 1}};
    case Kind::values: {
      const Json row = {{"type", "array"}, {"items", {{"type", "number"}}}, {"minItems", 1}};
      return any_of({row, {{"type", "array"}, {"items", row}, {"minItems", 1}}, table(keys::values)});
    }
    case Kind::selection:
      return reference("selection");
    case Kind::connect:
      return reference("connect");
    case Kind::rules:
      return reference("plasticity");
    case Kind::times:
      return {{"type", "array"}, {"items", reference(quantity_name(key.unit))}, {"minItems", 1}};
  }
  return {};
}

}  // namespace

Json table(std::span<const keys::Key> keys) {
  Json properties = Json::object(), required = Json::array();
  for (const auto& key : keys) {
    Json schema = by_kind(key);
    schema["description"] = key.standard.empty() ? std::string(key.meaning)
                                                 : fmt::format("{}; default {}", key.meaning, key.standard);
    properties[std::string(key.name)] = std::move(schema);
    if (key.required) required.push_back(key.name);
  }
  Json result = closed_map(std::move(properties));
  if (!required.empty()) result["required"] = std::move(required);
  return result;
}

Json available(std::span<const keys::Choice> choices, Json schema) {
  Json words = Json::array();
  for (const auto& choice : choices)
    if (choice.available) words.push_back(choice.word);
  schema["enum"] = std::move(words);
  return schema;
}

namespace {

Json when_model(const std::string& model, Json properties) {
  Json condition = {{"properties", {{"model", {{"const", model}}}}}, {"required", Json::array({"model"})}};
  return {{"if", std::move(condition)}, {"then", {{"properties", std::move(properties)}}}};
}

void add_models(Json& population, bool with_sources) {
  Json names = Json::array(), cases = Json::array();
  for (const auto& model : neuron_models()) {
    names.push_back(model.name);
    cases.push_back(when_model(
        model.name, {{"params", parameters(model.parameters)}, {"init", parameters(model.state)}}));
  }
  if (with_sources) {
    for (const auto& source : source_models()) {
      names.push_back(source.model.name);
      cases.push_back(
          when_model(source.model.name, {{"params", source_parameters(source)}, {"init", false}}));
    }
  }
  population["properties"]["model"]["enum"] = std::move(names);
  population["allOf"] = std::move(cases);
}

// Parameters in the weight's unit may have any receptor's.
Json plasticity_parameter(const ParameterInfo& info) {
  if (info.unit != Unit::weight) return constant(info);
  std::set<Unit> units;
  for (const auto& model : neuron_models())
    for (const auto& receptor : model.receptors) units.insert(receptor.unit);
  Json forms = Json::array();
  for (const Unit unit : units) forms.push_back(reference(quantity_name(unit)));
  return described(any_of(std::move(forms)), info);
}

Json plasticity() {
  Json names = Json::array(), rules = Json::object();
  for (const auto& rule : plasticity_rules()) {
    Json properties = Json::object(), required = Json::array();
    for (const auto& parameter : rule.model.parameters) {
      properties[parameter.name] = plasticity_parameter(parameter);
      if (parse::must_be_given(parameter)) required.push_back(parameter.name);
    }
    if (rule.modulated) {
      properties[std::string(keys::reward)] = {{"type", "string"},
                                               {"description", "population whose activity is the reward"}};
      required.push_back(keys::reward);
    }
    if (rule.has_next)
      properties[std::string(keys::next)] = {
          {"type", "string"}, {"description", "projection that leaves the targets, to which rates refer"}};
    if (required.empty()) names.push_back(rule.model.name);
    Json map = closed_map(std::move(properties));
    map["required"] = std::move(required);
    map["description"] = rule.model.summary;
    rules[rule.model.name] = std::move(map);
  }
  Json map = closed_map(std::move(rules));
  map["minProperties"] = 1;
  Json forms = Json::array({std::move(map)});
  if (!names.empty()) forms.push_back({{"enum", std::move(names)}});
  return any_of(std::move(forms));
}

// A map whose keys are names; several names, separated by commas, have a value with lists to pick from.
Json by_name(Json value) {
  Json map = {{"type", "object"}};
  map["patternProperties"]["^[^,]*$"] = std::move(value);
  map["additionalProperties"] = {{"type", "object"}};
  return map;
}

Json record() {
  Json trace = any_of({reference("selection"), table(keys::trace)});
  Json properties = Json::object();
  properties[std::string(keys::recorded_spikes.name)] = reference("selection");
  for (const auto& model : neuron_models())
    for (const auto& variable : model.state) properties[variable.name] = trace;
  properties[std::string(keys::recorded_weights.name)] = table(keys::weights);
  return by_name(closed_map(std::move(properties)));
}

Json data_of_task() {
  Json forms = Json::array(
      {only(keys::idx_data, {{"type", "string"}}), only(keys::dataset_data, table(keys::dataset))});
  for (const auto& model : dataset_models()) {
    Json values = Json::object();
    for (const auto& info : model.parameters) values[info.name] = constant(info);
    Json value = any_of({{{"type", "null"}}, closed_map(std::move(values))});
    value["description"] = model.summary;
    forms.push_back(only(model.name, std::move(value)));
  }
  return any_of(std::move(forms));
}

Json task_of(const keys::Key& key, std::span<const keys::Key> keys) {
  Json task = table(keys);
  Json& properties = task["properties"];
  properties["data"].update(data_of_task());
  Json value = any_of({{{"type", "number"}}, {{"type", "string"}}, {{"type", "boolean"}}});
  properties["test_params"]["additionalProperties"] = {{"type", "object"},
                                                       {"additionalProperties", std::move(value)}};
  task["description"] = key.meaning;
  return task;
}

Json task() {
  Json classify = task_of(keys::classify, keys::classification),
       readout = task_of(keys::readout, keys::readouts);
  classify["properties"]["decode"] = available(keys::decoders, classify["properties"]["decode"]);
  Json& properties = readout["properties"];
  properties["features"] = available(keys::readout_features, properties["features"]);
  properties["method"] = available(keys::readout_methods, properties["method"]);
  return any_of(
      {only(keys::classify.name, std::move(classify)), only(keys::readout.name, std::move(readout))});
}

Json scale() {
  Json result = table(keys::scaling);
  result["properties"]["rates"]["additionalProperties"] = reference(quantity_name(Unit::Hz));
  return result;
}

// An entry for all pairs, or for one pair after another: what differs is picked from lists anywhere in it.
Json many_projections() {
  const Json names = {{"type", "array"}, {"items", {{"type", "string"}}}, {"minItems", 1}};
  const auto many = [&](std::string_view end) {
    Json map = {{"type", "object"}};
    map["properties"][std::string(end)] = any_of({names, only("each", names)});
    map["required"] = Json::array({end});
    return map;
  };
  Json result = closed_map({});
  for (const auto& key : keys::projection) {
    result["properties"][std::string(key.name)] = {{"description", key.meaning}};
    if (key.required) result["required"].push_back(key.name);
  }
  result["anyOf"] = Json::array({many("from"), many("to")});
  return result;
}

Json mask() {
  Json result = table(keys::mask);
  Json& properties = result["properties"];
  Json initial = reference(value_name(Unit::none));
  initial["description"] = properties["initial"]["description"];
  properties["initial"] = std::move(initial);
  properties["kind"] = available(keys::mask_kinds, properties["kind"]);
  properties["granularity"] = available(keys::granularities, properties["granularity"]);
  properties["competition"].update(table(keys::competition));
  return result;
}

Json definitions() {
  Json defs = Json::object();
  for (const Unit unit : {Unit::none, Unit::ms, Unit::mV, Unit::pA, Unit::nS, Unit::pF, Unit::Hz}) {
    defs[quantity_name(unit)] = quantity(unit);
    defs[value_name(unit)] = value(unit);
    Json list = {{"type", "array"}, {"items", reference(quantity_name(unit))}, {"minItems", 1}};
    defs[parameter_name(unit)] = any_of({reference(value_name(unit)), std::move(list)});
  }
  defs["selection"] = selection();
  defs["connect"] = one_of(connection_rules());
  defs["plasticity"] = plasticity();
  Json population = table(keys::population);
  add_models(population, true);
  defs["population"] = std::move(population);
  Json layer = table(keys::layer);
  add_models(layer, false);
  layer["properties"][std::string(keys::masked.name)].update(reference("mask"));
  defs["layer"] = std::move(layer);
  defs["projection"] = table(keys::projection);
  defs["projection"]["properties"][std::string(keys::masked.name)].update(reference("mask"));
  defs["mask"] = mask();
  defs["trained_layer"] = trained_layer();
  return defs;
}

}  // namespace
}  // namespace schema

std::string network_schema() {
  using namespace schema;
  Json whole = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "Synfire network"}};
  whole.update(table(keys::network));
  Json& properties = whole["properties"];
  Json simulation = table(keys::simulation);
  simulation["properties"]["weights"] = available(keys::weight_forms, simulation["properties"]["weights"]);
  simulation["properties"]["engine"] = available(keys::engines, simulation["properties"]["engine"]);
  simulation["properties"]["backend"] = available(keys::backends, simulation["properties"]["backend"]);
  for (const auto& network : named_networks()) properties["network"]["enum"].push_back(network.name);
  properties["simulation"].update(simulation);
  properties["scale"].update(scale());
  properties["populations"].update(by_name(reference("population")));
  properties["populations"]["propertyNames"] = {{"pattern", names_pattern}};
  properties["projections"]["items"] = any_of({reference("projection"), many_projections()});
  properties["record"].update(record());
  properties["dataset"].update(table(keys::dataset));
  properties["task"].update(task());
  properties["training"].update(training_by_gradients());
  // What layers are depends on whether they are trained, which an included file may say.
  const auto layers_are = [](Json items) {
    return Json{{"properties", {{"layers", {{"items", std::move(items)}}}}}};
  };
  const auto has = [](std::string_view key) { return Json{{"required", Json::array({key})}}; };
  const Json layer = reference("layer"), trained = reference("trained_layer");
  whole["if"] = any_of({has("training"), has("network")});
  whole["then"] = layers_are(trained);
  whole["else"] = {
      {"if", has("include")}, {"then", layers_are(any_of({layer, trained}))}, {"else", layers_are(layer)}};
  // A task takes its data from somewhere.
  const Json has_data = {{"required", Json::array({"data"})}};
  const Json of_task = {
      {"properties",
       {{std::string(keys::classify.name), has_data}, {std::string(keys::readout.name), has_data}}}};
  whole["anyOf"] =
      Json::array({{{"required", Json::array({"dataset"})}}, {{"properties", {{"task", of_task}}}}});
  whole["$defs"] = definitions();
  return whole.dump(2) + "\n";
}

}  // namespace synfire
