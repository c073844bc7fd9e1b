#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "core/spelling.hpp"
#include "encoders/datasets.hpp"
#include "networks/keys_task.hpp"
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

DataDescription parse_data(const Tree& tree, const std::string& what) {
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
DataDescription data_of(const MapReader& task, const NetworkDescription& network) {
  const Tree* data = task.find("data");
  if (data != nullptr && network.dataset)
    throw data->error(task.label("data") + ": the network has a dataset already; leave one of them out");
  if (!network.dataset) return parse_data(task.require("data"), task.label("data"));
  DataDescription given;
  given.kind = keys::dataset_data;
  given.dataset = network.dataset;
  given.where = network.dataset->where;
  return given;
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

std::vector<ParameterChange> parse_changes(const Tree& tree, const std::string& what,
                                           const Network& network) {
  std::vector<ParameterChange> changes;
  for (const auto& [name, values] : tree.as_map(what)) {
    const std::size_t index = network.population(Tree::scalar(name, values.key_where()), what);
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

// True where the task sets a rate for each pixel, and not values or events.
bool has_rates(const PopulationDescription& population) {
  const Kind kind = find_kind(population.model);
  return kind.source != nullptr && !population.fed &&
         std::find(kind.source->per_neuron.begin(), kind.source->per_neuron.end(), "rate") !=
             kind.source->per_neuron.end();
}

std::size_t parse_input(const MapReader& reader, const Network& network) {
  const Tree& tree = reader.require("input");
  const std::size_t index = network.population(tree, reader.label("input"));
  const PopulationDescription& population = network.description.populations[index];
  if (population.fed || has_rates(population)) return index;
  throw tree.error(
      fmt::format("{}: {} cannot show samples; take a source with the parameter rate, an encoder without "
                  "`values`, or the model events without `events`",
                  reader.label("input"), title(population)));
}

// Neurons; or, where `or_input`, spikes that the task itself gives to its input.
std::size_t parse_output(const MapReader& reader, const Network& network, bool or_input) {
  const Tree& tree = reader.require("output");
  const std::size_t index = network.population(tree, reader.label("output"));
  const PopulationDescription& population = network.description.populations[index];
  const Kind kind = find_kind(population.model);
  if (or_input && population.fed && !kind.emits_current()) return index;
  if (kind.neuron == nullptr)
    throw tree.error(
        fmt::format("{}: {} is a source, not neurons", reader.label("output"), title(population)));
  return index;
}

// At full brightness a source may give so many spikes in a step and no more.
void check_brightness(const MapReader& reader, double brightest, double dt) {
  constexpr double most_per_step = 1e5;
  if (brightest * dt * 1e-3 <= most_per_step) return;
  throw reader.tree().error(fmt::format("{} reaches {}, more than {} spikes in a step of {}",
                                        reader.label("rate"), format_quantity(brightest, Unit::Hz),
                                        most_per_step, format_quantity(dt, Unit::ms)));
}

// Refuses keys that would be of no effect.
void refuse_keys(const MapReader& reader, std::initializer_list<std::string_view> names,
                 const std::string& why) {
  for (const auto name : names)
    if (const Tree* value = reader.find(name))
      throw Error(ErrorKind::input, value->key_where(), fmt::format("{} {}", reader.label(name), why));
}

TaskDescription parse_common(const MapReader& reader, const Network& network, bool may_read_input) {
  const double dt = network.description.simulation.dt;
  TaskDescription task;
  task.where = reader.tree().key_where();
  task.data = data_of(reader, network.description);
  task.input = parse_input(reader, network);
  task.output = parse_output(reader, network, may_read_input);
  task.present = parse_steps(reader, "present", dt);
  task.rest = parse_steps(reader, "rest", dt);
  task.rate = reader.quantity("rate");
  if (reader.find("intensity") != nullptr) task.intensity = reader.quantity("intensity");
  task.passes = static_cast<std::uint32_t>(reader.integer("passes"));
  task.train = parse_count(reader, "train");
  task.test = parse_count(reader, "test");
  if (const Tree* changes = reader.find("test_params"))
    task.test_parameters = parse_changes(*changes, reader.label("test_params"), network);
  const PopulationDescription& input = network.description.populations[task.input];
  if (input.fed)
    refuse_keys(reader, {"rate", "intensity"},
                fmt::format("goes with an input that has rates; {} has none", title(input)));
  return task;
}

template <class Value>
Value chosen(const MapReader& reader, std::string_view key, std::span<const keys::Choice> words) {
  const std::string word = reader.choice(key, words);
  const auto at = std::find_if(words.begin(), words.end(), [&](const auto& w) { return w.word == word; });
  return static_cast<Value>(at - words.begin());
}

// The state variable that membrane_max looks at.
std::string decoded_variable(const MapReader& reader, const PopulationDescription& output) {
  const Tree* given = reader.find("variable");
  std::string name = given != nullptr ? given->as_text(reader.label("variable")) : "V_m";
  const ModelInfo& model = find_kind(output.model).model();
  if (model.state_variable(name) != nullptr) return name;
  throw(given != nullptr ? *given : reader.require("decode"))
      .error(fmt::format("{}: {} has no state variable '{}'{}", reader.label("variable"), title(output), name,
                         did_you_mean(name, model.state_names())));
}

TaskDescription parse_classify(const MapReader& reader, const Network& network) {
  TaskDescription task = parse_common(reader, network, false);
  ClassifyDescription classify;
  const auto& populations = network.description.populations;
  const PopulationDescription& output = populations[task.output];
  classify.decoder = chosen<Decoder>(reader, "decode", keys::decoders);
  if (classify.decoder == Decoder::membrane_max) {
    classify.variable = decoded_variable(reader, output);
  } else {
    refuse_keys(reader, {"variable"}, "goes with decode: membrane_max");
    if (!find_kind(output.model).model().spikes)
      throw reader.require("output").error(fmt::format("{}: {} has no spikes; write decode: membrane_max",
                                                       reader.label("output"), title(output)));
  }
  if (classify.decoder != Decoder::vote) refuse_keys(reader, {"assign"}, "goes with decode: vote");
  if (classify.decoder == Decoder::vote && task.train == 0u)
    throw reader.require("train").error("train of classify: to vote, neurons must be given classes first");
  classify.assign = parse_count(reader, "assign");
  classify.boost = reader.quantity("boost");
  classify.max_boosts = static_cast<std::uint32_t>(reader.integer("max_boosts"));
  classify.min_spikes = static_cast<std::uint64_t>(reader.integer("min_spikes"));
  if (populations[task.input].fed) {
    refuse_keys(reader, {"min_spikes", "boost", "max_boosts"}, "goes with an input that has rates");
    classify.min_spikes = 0;
  } else {
    check_brightness(reader, task.rate + classify.max_boosts * classify.boost,
                     network.description.simulation.dt);
  }
  task.kind = std::move(classify);
  return task;
}

TaskDescription parse_readout(const MapReader& reader, const Network& network) {
  TaskDescription task = parse_common(reader, network, true);
  ReadoutDescription readout;
  const auto& populations = network.description.populations;
  if (!populations[task.input].fed) check_brightness(reader, task.rate, network.description.simulation.dt);
  if (find_kind(populations[task.output].model).neuron != nullptr &&
      !find_kind(populations[task.output].model).model().spikes)
    throw reader.require("output").error(
        fmt::format("{}: {} has no spikes", reader.label("output"), title(populations[task.output])));
  if (task.train && *task.train < 2)
    throw reader.require("train").error("train of readout: it takes two samples at least to learn from");
  readout.bins = static_cast<std::uint32_t>(reader.integer("bins"));
  if (!whole_steps(task.present / readout.bins, network.description.simulation.dt))
    throw(reader.find("bins") != nullptr ? *reader.find("bins") : reader.tree())
        .error(fmt::format("{}: {} cannot be parted into {} bins of whole steps of {}", reader.label("bins"),
                           format_quantity(task.present, Unit::ms), readout.bins,
                           format_quantity(network.description.simulation.dt, Unit::ms)));
  if (reader.find("filter") != nullptr) readout.filter = reader.quantity("filter");
  readout.features = chosen<ReadoutDescription::Features>(reader, "features", keys::readout_features);
  readout.method = chosen<ReadoutDescription::Method>(reader, "method", keys::readout_methods);
  if (readout.method == ReadoutDescription::Method::ridge) {
    refuse_keys(reader, {"learning_rate", "epochs"}, "goes with method: delta");
    if (reader.find("lambda") != nullptr) {
      readout.lambda = reader.quantity("lambda");
      refuse_keys(reader, {"held_out"}, "chooses lambda, which is given");
    }
  } else {
    refuse_keys(reader, {"lambda", "held_out"}, "goes with method: ridge");
  }
  readout.held_out = reader.quantity("held_out");
  readout.learning_rate = reader.quantity("learning_rate");
  readout.epochs = static_cast<std::uint32_t>(reader.integer("epochs"));
  task.kind = readout;
  return task;
}

}  // namespace

TaskDescription parse_task(const Tree& tree, const Network& network) {
  const std::array table{keys::classify, keys::readout};
  const MapReader task(tree, table, "task");
  const Tree *classify = task.find(keys::classify.name), *readout = task.find(keys::readout.name);
  if (classify != nullptr && readout != nullptr)
    throw Error(ErrorKind::input, readout->key_where(),
                "task: a network has one task; leave classify or readout out");
  if (readout != nullptr)
    return parse_readout(MapReader(*readout, keys::readouts, keys::readout.name.data()), network);
  if (classify == nullptr) throw tree.error("task: name one: classify or readout");
  return parse_classify(MapReader(*classify, keys::classification, keys::classify.name.data()), network);
}

}  // namespace synfire::parse
