#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/spelling.hpp"
#include "networks/keys.hpp"
#include "networks/map_reader.hpp"
#include "networks/parse_parts.hpp"
#include "networks/parse_value.hpp"
#include "neurons/models.hpp"

namespace synfire::parse {
namespace {

constexpr auto largest = static_cast<std::int64_t>(keys::largest_population);

std::vector<std::string_view> model_names() {
  std::vector<std::string_view> names;
  for (const auto& info : neuron_models()) names.push_back(info.name);
  for (const auto& source : source_models()) names.push_back(source.model.name);
  return names;
}

// The model that is meant: the one named, or the source whose own key stands there (`events: …`).
std::string model_of(const MapReader& reader) {
  if (const Tree* model = reader.find("model")) {
    const std::string& name = model->as_text(reader.label("model"));
    const Kind kind = find_kind(name);
    if (kind.neuron == nullptr && kind.source == nullptr)
      throw model->error(fmt::format("{}: there is no model '{}'{}", reader.what(), name,
                                     did_you_mean(name, model_names())));
    return name;
  }
  for (const auto& source : source_models())
    if (source.key == source.model.name && reader.find(source.key) != nullptr) return source.model.name;
  throw reader.tree().error(fmt::format(
      "{}: the key 'model' is missing; valid are the models that `synfire models` lists", reader.what()));
}

std::vector<std::uint32_t> parse_shape(const Tree& tree, const std::string& what) {
  std::vector<std::uint32_t> shape;
  if (tree.is_list()) {
    if (tree.items().empty() || tree.items().size() > 3)
      throw tree.error(what + ": write n, [height, width] or [height, width, channels]");
    for (const Tree& extent : tree.items())
      shape.push_back(static_cast<std::uint32_t>(extent.as_integer(what, 1, largest)));
  } else {
    shape.push_back(static_cast<std::uint32_t>(tree.as_integer(what, 1, largest)));
  }
  std::uint64_t neurons = 1;
  for (const std::uint32_t extent : shape) {
    neurons *= extent;  // at most 2^31 * 2^31
    if (neurons > std::uint64_t(largest))
      throw tree.error(fmt::format("{}: more neurons than a population can have ({})", what, largest));
  }
  return shape;
}

std::vector<std::vector<double>> parse_spikes(const Tree& tree, const std::string& owner) {
  const keys::Key& key = keys::find(keys::population, "spikes");
  const ParameterInfo time{"spikes", key.unit, 0, key.bounds, ""};
  std::vector<std::vector<double>> spikes;
  for (const Tree& train : tree.as_list("spikes of " + owner)) {
    if (!train.is_list())
      throw train.error(fmt::format(
          "spikes of {}: each neuron has a list of times of its own: [[1 ms, 2 ms], [3 ms]]", owner));
    std::vector<double> times;
    times.reserve(train.items().size());
    for (const Tree& t : train.items()) times.push_back(parse_constant(t, time, owner));
    spikes.push_back(std::move(times));
  }
  if (spikes.empty()) throw tree.error(fmt::format("spikes of {}: the list is empty", owner));
  return spikes;
}

// spikes, file, events: exactly the one that the model plays.
void parse_source_keys(const MapReader& reader, const Kind& kind, PopulationDescription& population) {
  const std::string needed = kind.source != nullptr ? kind.source->key : "";
  for (const auto& source : source_models()) {
    if (source.key.empty() || source.key == needed) continue;
    if (const Tree* value = reader.find(source.key))
      throw Error(
          ErrorKind::input, value->key_where(),
          fmt::format("{}: '{}' is for the model {}", title(population), source.key, source.model.name));
  }
  const Tree* file_population = reader.find("population");
  if (file_population != nullptr && needed != keys::file_key)
    throw Error(ErrorKind::input, file_population->key_where(),
                fmt::format("{}: 'population' goes with 'file'", title(population)));
  if (needed.empty()) return;
  const bool may_be_fed = needed == kind.source->model.name || needed == keys::values_key;
  if (may_be_fed && reader.find(needed) == nullptr) {
    population.fed = true;
    return;
  }
  const Tree& value = reader.require(needed);
  const keys::Kind needed_kind = keys::find(keys::population, needed).kind;
  if (needed_kind == keys::Kind::spikes) {
    population.spikes = parse_spikes(value, title(population));
  } else if (needed_kind == keys::Kind::values) {
    parse_values(value, population);
  } else {
    population.file = input_file(value, reader.label(needed));
  }
  if (file_population != nullptr)
    population.file_population = file_population->as_text(reader.label("population"));
}

void parse_size(const MapReader& reader, const Kind& kind, PopulationDescription& population) {
  const Tree* size = reader.find("size");
  if (size != nullptr) population.shape = parse_shape(*size, reader.label("size"));
  if (!population.spikes.empty()) {
    if (size == nullptr) population.shape = {static_cast<std::uint32_t>(population.spikes.size())};
    if (population.size() != population.spikes.size())
      throw size->error(fmt::format("size of {} is {}, but there are {} lists of spikes", title(population),
                                    population.size(), population.spikes.size()));
    return;
  }
  const bool is_recording = kind.source != nullptr && kind.source->key == kind.source->model.name;
  const bool camera = population.shape.size() == 3 && population.shape[2] == 2;
  if (is_recording && size != nullptr && !camera && population.shape.size() == 3)
    throw size->error(fmt::format(
        "size of {}: a sensor has [height, width, 2], the last for the two polarities, or [height, "
        "width] where they are not kept apart; a cochlea has its number of channels",
        title(population)));
  if (population.fed && size == nullptr)
    throw reader.tree().error(
        fmt::format("{}: the key '{}' is missing; the input of a task goes without, but "
                    "needs a size",
                    title(population), kind.source->key));
  // Currents are connected while the network is read, so how many there are must be known by then.
  if (kind.emits_current() && population.values && !population.values->rows.empty() && size == nullptr) {
    population.shape = {static_cast<std::uint32_t>(population.values->rows.front().size())};
    return;
  }
  const bool file_knows = kind.source != nullptr && (is_recording || kind.source->key == "file" ||
                                                     (population.values && !kind.emits_current()));
  if (size == nullptr && !file_knows) reader.require("size");
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Forms forms_of(const Kind& kind, const std::string& parameter, const PopulationDescription& population) {
  Forms forms;
  const bool per_neuron = kind.source == nullptr || contains(kind.source->per_neuron, parameter);
  forms.random = per_neuron;
  if (per_neuron && has_size(population)) forms.listed = population.size();
  forms.scheduled = kind.source != nullptr && contains(kind.source->scheduled, parameter);
  return forms;
}

void parse_parameters(const Tree& tree, const Kind& kind, PopulationDescription& population) {
  const std::string owner = title(population);
  tree.as_map("params of " + owner);
  check_keys(tree, kind.model().parameter_names(), "params of " + owner);
  for (const auto& [name, value] : tree.members())
    population.parameters[name] =
        parse_value(value, *kind.model().parameter(name), owner, forms_of(kind, name, population));
}

void parse_initial(const Tree& tree, const Kind& kind, PopulationDescription& population) {
  const std::string owner = title(population);
  if (kind.neuron == nullptr) throw tree.error(fmt::format("init of {}: a source has no state", owner));
  tree.as_map("init of " + owner);
  check_keys(tree, kind.model().state_names(), "init of " + owner);
  for (const auto& [name, value] : tree.members())
    population.initial[name] = parse_distribution(value, *kind.model().state_variable(name), owner,
                                                  {.random = true, .listed = population.size()});
}

// The value of a parameter in this population: as given, or the model's default.
Distribution value_or_default(const PopulationDescription& population, const ParameterInfo& info) {
  const auto given = population.parameters.find(info.name);
  return given == population.parameters.end() ? Distribution(info.default_value)
                                              : std::get<Distribution>(given->second);
}

// The first neuron in which `low` is not below `high`, where both are known neuron by neuron.
std::optional<std::size_t> first_disorder(const Distribution& low, const Distribution& high,
                                          std::size_t neurons) {
  for (std::size_t i = 0; i < neurons; ++i)
    if (low.sample({}, i) >= high.sample({}, i)) return i;
  return std::nullopt;
}

void check_order(const PopulationDescription& population, const ModelInfo& model, const OrderRule& rule) {
  const ParameterInfo &low_info = model.parameters[rule.low], &high_info = model.parameters[rule.high];
  const Distribution low = value_or_default(population, low_info),
                     high = value_or_default(population, high_info);
  const auto fixed = [](const Distribution& d) { return d.is_constant() || d.is_listed(); };
  const Position where = population.parameters.contains(low_info.name)    ? low.where
                         : population.parameters.contains(high_info.name) ? high.where
                                                                          : population.where;
  const std::string must =
      fmt::format("{} must be below {} in {}", low_info.name, high_info.name, title(population));
  if (fixed(low) && fixed(high)) {
    const std::size_t neurons = low.is_listed() || high.is_listed() ? population.size() : 1;
    const auto bad = first_disorder(low, high, neurons);
    if (!bad) return;
    const std::string which = neurons == 1 ? "" : fmt::format(" of neuron {}", *bad);
    throw Error(
        ErrorKind::input, where,
        fmt::format("{}: {} is not below {}{}", must, format_quantity(low.sample({}, *bad), low_info.unit),
                    format_quantity(high.sample({}, *bad), high_info.unit), which));
  }
  if (!std::isfinite(low.highest()) || !std::isfinite(high.lowest()) || low.highest() < high.lowest()) return;
  throw Error(ErrorKind::input, where,
              fmt::format("{}: {} can be drawn as high as {}, {} as low as {}", must, low_info.name,
                          format_quantity(low.highest(), low_info.unit), high_info.name,
                          format_quantity(high.lowest(), high_info.unit)));
}

}  // namespace

Kind find_kind(std::string_view model) {
  Kind kind;
  kind.neuron = find_model(neuron_models(), model);
  for (const auto& source : source_models())
    if (kind.neuron == nullptr && source.model.name == model) kind.source = &source;
  return kind;
}

PopulationDescription parse_population(const std::string& name, const Tree& tree) {
  check_name(name, tree.key_where(), "populations");
  const MapReader reader(tree, keys::population, fmt::format("population '{}'", name));
  PopulationDescription population;
  population.name = name;
  population.where = tree.key_where();
  population.model = model_of(reader);
  const Kind kind = find_kind(population.model);
  parse_source_keys(reader, kind, population);
  parse_size(reader, kind, population);
  if (const Tree* parameters = reader.find("params")) parse_parameters(*parameters, kind, population);
  if (const Tree* initial = reader.find("init")) parse_initial(*initial, kind, population);
  for (const OrderRule& rule : kind.model().rules) check_order(population, kind.model(), rule);
  return population;
}

}  // namespace synfire::parse
