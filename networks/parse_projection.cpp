#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/spelling.hpp"
#include "networks/connect/connector.hpp"
#include "networks/keys.hpp"
#include "networks/map_reader.hpp"
#include "networks/parse_parts.hpp"
#include "networks/parse_value.hpp"

namespace synfire::parse {
namespace {

using Sign = ReceptorInfo::Sign;

const ModelInfo& find_rule(const std::string& name, const Position& where, const std::string& what) {
  if (const ModelInfo* rule = find_model(connection_rules(), name)) return *rule;
  std::vector<std::string_view> valid;
  for (const auto& rule : connection_rules()) valid.push_back(rule.name);
  throw Error(ErrorKind::input, where,
              fmt::format("{}: there is no rule '{}'{}", what, name, did_you_mean(name, valid)));
}

// The one parameter that a bare number after the rule's name stands for.
const ParameterInfo& bare_parameter(const ModelInfo& rule, const Tree& value, const std::string& what) {
  const ParameterInfo* only = nullptr;
  int found = 0;
  for (const auto& parameter : rule.parameters)
    if (must_be_given(parameter)) only = &parameter, ++found;
  if (found != 1) throw value.error(fmt::format("{}: write the parameters of {} as a map", what, rule.name));
  return *only;
}

void read_rule_map(const Tree& value, const ModelInfo& rule, const std::string& what,
                   ConnectDescription& connect) {
  std::vector<std::string_view> valid = rule.parameter_names();
  if (rule.name == keys::file_rule) valid.push_back(keys::file_key);
  check_keys(value, valid, what);
  for (const auto& [name, entry] : value.members()) {
    if (const ParameterInfo* parameter = rule.parameter(name)) {
      connect.parameters[name] = parse_constant(entry, *parameter, what);
    } else {
      connect.file = input_file(entry, what);
    }
  }
}

void check_complete(const ConnectDescription& connect, const ModelInfo& rule, const Tree& tree,
                    const std::string& what) {
  for (const auto& parameter : rule.parameters)
    if (must_be_given(parameter) && !connect.parameters.contains(parameter.name))
      throw tree.error(fmt::format("{}: '{}' is missing ({}): write {{{}: {{{}: …}}}}", what, parameter.name,
                                   parameter.meaning, rule.name, parameter.name));
  if (rule.name == keys::file_rule && connect.file.empty())
    throw tree.error(fmt::format("{}: the file is missing: write {{{}: edges.csv}}", what, rule.name));
}

ConnectDescription parse_connect(const Tree& tree, const std::string& owner) {
  ConnectDescription connect;
  connect.where = tree.where();
  const std::string what = "connect of " + owner;
  if (tree.is_map() && tree.members().size() != 1)
    throw tree.error(fmt::format("{}: name one rule: {{rule: {{parameter: value}}}}", what));
  connect.rule = tree.is_map() ? tree.members().front().first : tree.as_text(what);
  const Position where = tree.is_map() ? tree.members().front().second.key_where() : tree.where();
  const ModelInfo& rule = find_rule(connect.rule, where, what);
  const std::string title = fmt::format("rule {} of {}", rule.name, owner);
  if (tree.is_map()) {
    const Tree& value = tree.members().front().second;
    if (value.is_map()) {
      read_rule_map(value, rule, title, connect);
    } else if (rule.name == keys::file_rule && value.is_scalar()) {
      connect.file = input_file(value, title);
    } else if (!value.is_null()) {
      const ParameterInfo& parameter = bare_parameter(rule, value, title);
      connect.parameters[parameter.name] = parse_constant(value, parameter, title);
    }
  }
  check_complete(connect, rule, tree, title);
  return connect;
}

// The end points of a projection while it is read.
struct Ends {
  const PopulationDescription& from;
  const PopulationDescription& to;
  Kind source, target;
};

bool takes(const ReceptorInfo& receptor, bool current) {
  return (receptor.sign == Sign::continuous) == current;
}

std::size_t named_receptor(const Tree& name, const Ends& ends, const std::string& owner) {
  const ModelInfo& model = ends.target.model();
  const std::string& text = name.as_text("receptor of " + owner);
  for (std::size_t i = 0; i < model.receptors.size(); ++i) {
    if (model.receptors[i].name != text) continue;
    if (takes(model.receptors[i], ends.source.emits_current())) return i;
    throw name.error(ends.source.emits_current()
                         ? fmt::format("receptor of {}: '{}' takes spikes, but {} gives a current", owner,
                                       text, title(ends.from))
                         : fmt::format("receptor of {}: '{}' takes currents, but {} gives spikes", owner,
                                       text, title(ends.from)));
  }
  throw name.error(fmt::format("receptor of {}: {} has no receptor '{}'{}", owner, title(ends.to), text,
                               did_you_mean(text, model.receptor_names())));
}

// The first receptor that suits, when no receptor is named: its unit is the weight's.
std::size_t first_receptor(const Tree& projection, const Ends& ends, const std::string& owner) {
  const auto& receptors = ends.target.model().receptors;
  for (std::size_t i = 0; i < receptors.size(); ++i)
    if (takes(receptors[i], ends.source.emits_current())) return i;
  throw projection.error(
      fmt::format("{}: {} has no receptor for what {} gives", owner, title(ends.to), title(ends.from)));
}

std::optional<std::size_t> receptor_of_sign(const ModelInfo& model, Sign sign) {
  for (std::size_t i = 0; i < model.receptors.size(); ++i)
    if (model.receptors[i].sign == sign || model.receptors[i].sign == Sign::any) return i;
  return std::nullopt;
}

std::size_t receptor_by_sign(const Distribution& weight, const Ends& ends, Unit unit,
                             const std::string& owner) {
  const ModelInfo& model = ends.target.model();
  std::optional<std::size_t> chosen;
  if (weight.lowest() >= 0) {
    chosen = receptor_of_sign(model, Sign::positive);
  } else if (weight.highest() <= 0) {
    chosen = receptor_of_sign(model, Sign::negative);
  } else {
    for (std::size_t i = 0; i < model.receptors.size(); ++i)
      if (model.receptors[i].sign == Sign::any) chosen = chosen.value_or(i);
  }
  if (chosen && model.receptors[*chosen].unit == unit) return *chosen;
  std::vector<std::string_view> names;
  for (const auto& receptor : model.receptors)
    if (receptor.sign != Sign::continuous) names.push_back(receptor.name);
  throw Error(ErrorKind::input, weight.where,
              fmt::format("weight of {}: weights of both signs are possible, and the sign chooses the "
                          "receptor of {}; name it by "
                          "'receptor' ({}), or cut the distribution by min or max",
                          owner, title(ends.to), fmt::join(names, " or ")));
}

// A conductance has no sign: exc takes positive weights; inh takes weights of one sign and uses their size.
void check_magnitude(const Distribution& weight, const ReceptorInfo& receptor, const std::string& owner) {
  if (!receptor.magnitude) return;
  const bool positive_only = weight.lowest() >= 0, negative_only = weight.highest() <= 0;
  if (positive_only || (negative_only && receptor.sign == Sign::negative)) return;
  throw Error(ErrorKind::input, weight.where,
              fmt::format("weight of {}: receptor '{}' is a conductance and takes weights {}{}", owner,
                          receptor.name, receptor.sign == Sign::negative ? "of one sign" : ">= 0",
                          std::isfinite(weight.lowest()) ? "" : "; cut the distribution by min"));
}

Tree value_or_standard(const MapReader& reader, const keys::Key& key, Unit unit) {
  if (const Tree* value = reader.find(key.name)) return *value;
  const bool has_unit = key.standard.find(' ') != std::string_view::npos;
  std::string text(key.standard);
  if (!has_unit && unit != Unit::none) text += ' ' + std::string(symbol(unit));
  return Tree::scalar(std::move(text), reader.tree().where());
}

void refuse_list(const Tree& value, std::string_view key, const std::string& owner) {
  if (value.is_list())
    throw value.error(fmt::format(
        "{} of {}: a list has no meaning for synapses; write a distribution, or connect by a file "
        "that holds a {} for each synapse",
        key, owner, key));
}

void parse_weight(const MapReader& reader, const Ends& ends, ProjectionDescription& projection) {
  const std::string& owner = reader.what();
  const Tree* named = reader.find("receptor");
  std::size_t receptor =
      named != nullptr ? named_receptor(*named, ends, owner) : first_receptor(reader.tree(), ends, owner);
  // A current comes with its own unit; the weight scales it.
  const Unit unit = ends.source.emits_current() ? Unit::none : ends.target.model().receptors[receptor].unit;
  const Tree value = value_or_standard(reader, keys::weight, unit);
  const auto shared = projection.connect.parameters.find("shared");
  const bool is_kernel = shared != projection.connect.parameters.end() && shared->second != 0;
  Forms forms;
  if (is_kernel && value.is_list()) forms.listed = static_cast<std::uint32_t>(value.items().size());
  if (!is_kernel) refuse_list(value, keys::weight.name, owner);
  projection.weight = parse_distribution(value, {"weight", unit, 1, unbounded, ""}, owner, forms);
  if (named == nullptr && !ends.source.emits_current())
    receptor = receptor_by_sign(projection.weight, ends, unit, owner);
  check_magnitude(projection.weight, ends.target.model().receptors[receptor], owner);
  projection.receptor = receptor;
}

void parse_delay(const MapReader& reader, const SimulationDescription& simulation,
                 ProjectionDescription& projection) {
  const bool on_grid = simulation.engine != keys::event_engine;
  const double dt = simulation.dt;
  const std::string& owner = reader.what();
  const Tree value = value_or_standard(reader, keys::delay, Unit::ms);
  refuse_list(value, keys::delay.name, owner);
  const ParameterInfo info{"delay", Unit::ms, 1, keys::delay.bounds, ""};
  projection.delay = parse_distribution(value, info, owner, {});
  const Distribution& delay = projection.delay;
  const double longest = static_cast<double>(keys::longest_delay) * dt;
  const auto refuse = [&](std::string_view why) {
    throw value.error(fmt::format("delay of {}: {}", owner, why));
  };
  const std::string cut = delay.is_constant() ? "" : "; cut the distribution by min and max";
  if (!on_grid && delay.lowest() < keys::shortest_delay)
    refuse(fmt::format("{} is below {}, the shortest possible{}", format_quantity(delay.lowest(), Unit::ms),
                       format_quantity(keys::shortest_delay, Unit::ms), cut));
  if (!on_grid) return;
  if (delay.lowest() < dt * (1 - 1e-9))
    refuse(fmt::format("{} is below the time step of {}{}", format_quantity(delay.lowest(), Unit::ms),
                       format_quantity(dt, Unit::ms), cut));
  if (!(delay.highest() <= longest * (1 + 1e-9)))
    refuse(fmt::format("{} is beyond {} steps of {}{}", format_quantity(delay.highest(), Unit::ms),
                       keys::longest_delay, format_quantity(dt, Unit::ms), cut));
  if (delay.is_constant() && !whole_steps(delay.constant(), dt))
    refuse(fmt::format("{} is not a multiple of the time step of {}",
                       format_quantity(delay.constant(), Unit::ms), format_quantity(dt, Unit::ms)));
}

// A current has no spikes to fan out: each neuron has a current of its own, or all share one.
void check_current(const ProjectionDescription& projection, const Ends& ends, const std::string& owner) {
  if (!ends.source.emits_current()) return;
  const auto refuse = [&](std::string_view why) {
    throw Error(ErrorKind::input, projection.connect.where, fmt::format("connect of {}: {}", owner, why));
  };
  const auto& rule = projection.connect.rule;
  if (rule == "one_to_one") {
    if (ends.from.size() != ends.to.size())
      refuse(fmt::format("one_to_one needs populations of the same size, but they have {} and {}",
                         ends.from.size(), ends.to.size()));
    return;
  }
  if (rule != "all_to_all")
    refuse(fmt::format("a current is connected by one_to_one or all_to_all, not by {}", rule));
  if (ends.from.size() != 1)
    refuse(fmt::format("all_to_all needs one current for all, but {} has {}; use one_to_one or size: 1",
                       title(ends.from), ends.from.size()));
}

std::string unique_name(const std::string& wish, const Network& network) {
  std::string name = wish;
  for (int i = 2; network.projection_names.contains(name); ++i) name = fmt::format("{}#{}", wish, i);
  return name;
}

std::string name_of(const MapReader& reader, const Ends& ends, const Network& network) {
  const Tree* given = reader.find("name");
  if (given == nullptr) return unique_name(ends.from.name + "->" + ends.to.name, network);
  const std::string& name = given->as_text("name of a projection");
  check_name(name, given->where(), "name of a projection");
  if (network.projection_names.contains(name))
    throw given->error(fmt::format("there are two projections named '{}'", name));
  return name;
}

}  // namespace

ProjectionDescription parse_projection(const Tree& tree, const Network& network) {
  const MapReader unnamed(tree, keys::projection, "projection");
  ProjectionDescription projection;
  projection.where = tree.where();
  projection.from = network.population(unnamed.require("from"), "from of a projection");
  projection.to = network.population(unnamed.require("to"), "to of a projection");
  const auto& populations = network.description.populations;
  const PopulationDescription &from = populations[projection.from], &to = populations[projection.to];
  const Ends ends{from, to, find_kind(from.model), find_kind(to.model)};
  projection.name = name_of(unnamed, ends, network);
  const MapReader reader(tree, keys::projection, fmt::format("projection '{}'", projection.name));
  if (ends.target.neuron == nullptr)
    throw reader.require("to").error(
        fmt::format("to of {}: {} is a source and receives nothing", reader.what(), title(to)));
  if (!ends.source.model().spikes)
    throw reader.require("from").error(
        fmt::format("from of {}: {} never spikes and sends nothing", reader.what(), title(from)));
  projection.connect = parse_connect(reader.require("connect"), reader.what());
  check_current(projection, ends, reader.what());
  parse_weight(reader, ends, projection);
  if (const Tree* plasticity = reader.find(keys::plasticity.name)) {
    if (ends.source.emits_current())
      throw plasticity->error(fmt::format("plasticity of {}: {} gives a current, which has no synapses",
                                          reader.what(), title(from)));
    projection.plasticity = parse_plasticity(
        *plasticity, projection, ends.target.model().receptors[*projection.receptor].unit, network);
  }
  parse_delay(reader, network.description.simulation, projection);
  return projection;
}

}  // namespace synfire::parse
