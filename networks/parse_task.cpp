#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "core/spelling.hpp"
#include "encoders/datasets.hpp"
#include "networks/keys.hpp"
#include "networks/map_reader.hpp"
#include "networks/parse_parts.hpp"
#include "networks/parse_value.hpp"

namespace synfire::parse {
namespace {

DataDescription parse_generated(const ModelInfo& model, const Tree& value, DataDescription data) {
  if (value.is_null()) return data;
  const std::string owner = "data " + model.name;
  value.as_map(owner);
  check_keys(value, model.parameter_names(), owner);
  for (const auto& [name, entry] : value.members())
    data.parameters[name] = parse_constant(entry, *model.parameter(name), owner);
  return data;
}

DataDescription parse_data(const Tree& tree) {
  const std::string what = "data of classify";
  if (!tree.is_map() || tree.members().size() != 1)
    throw tree.error(fmt::format("{}: name one kind of data: {{{}: folder}}", what, keys::idx_data));
  const auto& [kind, value] = tree.members().front();
  DataDescription data;
  data.kind = kind;
  data.where = value.key_where();
  if (kind == keys::idx_data) {
    data.folder = input_file(value, what);
    if (!std::filesystem::is_directory(data.folder))
      throw value.error(fmt::format("{}: '{}' is not a folder", what, data.folder));
    return data;
  }
  if (kind == keys::dataset_data) {
    data.dataset = parse_dataset(value);
    return data;
  }
  if (const ModelInfo* model = find_model(dataset_models(), kind))
    return parse_generated(*model, value, std::move(data));
  std::vector<std::string_view> valid = {keys::idx_data, keys::dataset_data};
  for (const auto& model : dataset_models()) valid.push_back(model.name);
  throw Error(ErrorKind::input, value.key_where(),
              fmt::format("{}: there is no data '{}'{}", what, kind, did_you_mean(kind, valid)));
}

// `data`, or the `dataset` of the network; exactly one of them.
DataDescription data_of(const MapReader& classify, const NetworkDescription& network) {
  const Tree* data = classify.find("data");
  if (data != nullptr && network.dataset)
    throw data->error("data of classify: the network has a dataset already; leave one of them out");
  if (!network.dataset) return parse_data(classify.require("data"));
  DataDescription given;
  given.kind = keys::dataset_data;
  given.dataset = network.dataset;
  given.where = network.dataset->where;
  return given;
}

std::size_t parse_input(const Tree& tree, const Network& network) {
  const std::size_t index = network.population(tree, "input of classify");
  const PopulationDescription& population = network.description.populations[index];
  const Kind kind = find_kind(population.model);
  const bool has_rates = kind.source != nullptr &&
                         std::find(kind.source->per_neuron.begin(), kind.source->per_neuron.end(), "rate") !=
                             kind.source->per_neuron.end();
  if (!has_rates)
    throw tree.error(
        fmt::format("input of classify: {} has no rates that could show an image; take a "
                    "source with the parameter rate",
                    title(population)));
  return index;
}

std::size_t parse_output(const Tree& tree, const Network& network) {
  const std::size_t index = network.population(tree, "output of classify");
  const PopulationDescription& population = network.description.populations[index];
  if (find_kind(population.model).neuron == nullptr)
    throw tree.error(fmt::format("output of classify: {} is a source, not neurons", title(population)));
  return index;
}

double parse_steps(const MapReader& reader, std::string_view key, double dt) {
  const double time = reader.quantity(key);
  if (whole_steps(time, dt)) return time;
  const Tree* value = reader.find(key);
  throw(value != nullptr ? *value : reader.tree())
      .error(fmt::format("{} is {}, which is not a multiple of the time step of {}", reader.label(key),
                         format_quantity(time, Unit::ms), format_quantity(dt, Unit::ms)));
}

std::optional<std::uint32_t> parse_count(const MapReader& reader, std::string_view key) {
  if (reader.find(key) == nullptr) return std::nullopt;
  return static_cast<std::uint32_t>(reader.integer(key));
}

std::vector<ParameterChange> parse_changes(const Tree& tree, const Network& network) {
  std::vector<ParameterChange> changes;
  for (const auto& [name, values] : tree.as_map("test_params of classify")) {
    const std::size_t index =
        network.population(Tree::scalar(name, values.key_where()), "test_params of classify");
    const PopulationDescription& population = network.description.populations[index];
    const ModelInfo& model = find_kind(population.model).model();
    const std::string owner = title(population);
    values.as_map("test_params of " + owner);
    check_keys(values, model.parameter_names(), "test_params of " + owner);
    for (const auto& [parameter, value] : values.members())
      changes.push_back({index, parameter, parse_constant(value, *model.parameter(parameter), owner)});
  }
  return changes;
}

// At full brightness a source may give so many spikes in a step and no more.
void check_brightness(const MapReader& reader, const ClassifyDescription& task, double dt) {
  constexpr double most_per_step = 1e5;
  const double brightest = task.rate + task.max_boosts * task.boost;
  if (brightest * dt * 1e-3 <= most_per_step) return;
  throw reader.tree().error(fmt::format("rate of classify reaches {}, more than {} spikes in a step of {}",
                                        format_quantity(brightest, Unit::Hz), most_per_step,
                                        format_quantity(dt, Unit::ms)));
}

}  // namespace

ClassifyDescription parse_task(const Tree& tree, const Network& network) {
  const std::array table{keys::classify};
  const MapReader task(tree, table, "task");
  const MapReader reader(task.require(keys::classify.name), keys::classification, "classify");
  const double dt = network.description.simulation.dt;
  ClassifyDescription classify;
  classify.where = reader.tree().key_where();
  classify.data = data_of(reader, network.description);
  classify.input = parse_input(reader.require("input"), network);
  classify.output = parse_output(reader.require("output"), network);
  classify.present = parse_steps(reader, "present", dt);
  classify.rest = parse_steps(reader, "rest", dt);
  classify.rate = reader.quantity("rate");
  classify.boost = reader.quantity("boost");
  classify.min_spikes = static_cast<std::uint64_t>(reader.integer("min_spikes"));
  classify.max_boosts = static_cast<std::uint32_t>(reader.integer("max_boosts"));
  classify.passes = static_cast<std::uint32_t>(reader.integer("passes"));
  classify.train = parse_count(reader, "train");
  classify.assign = parse_count(reader, "assign");
  classify.test = parse_count(reader, "test");
  check_brightness(reader, classify, dt);
  if (const Tree* changes = reader.find("test_params"))
    classify.test_parameters = parse_changes(*changes, network);
  return classify;
}

}  // namespace synfire::parse
