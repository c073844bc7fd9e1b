#include "networks/parse.hpp"

#include <fmt/format.h>

#include "core/spelling.hpp"
#include "io/yaml.hpp"
#include "networks/keys.hpp"
#include "networks/map_reader.hpp"
#include "networks/named_networks.hpp"
#include "networks/parse_layers.hpp"
#include "networks/parse_parts.hpp"
#include "networks/parse_value.hpp"

namespace synfire {
namespace parse {
namespace {

// Where samples say how long a network runs, its steps need not fill any duration.
SimulationDescription parse_simulation(const Tree& tree, bool for_samples) {
  const MapReader reader(tree, keys::simulation, "simulation");
  SimulationDescription simulation;
  simulation.where = tree.where();
  simulation.duration = reader.quantity("duration");
  simulation.dt = reader.quantity("dt");
  simulation.weights = reader.choice("weights", keys::weight_forms);
  simulation.engine = reader.choice("engine", keys::engines);
  simulation.backend = reader.choice("backend", keys::backends);
  if (simulation.engine == keys::event_engine && simulation.backend != "auto" && simulation.backend != "cpu")
    throw reader.find("backend")->error(fmt::format(
        "backend of simulation is {}, but engine event runs on auto or cpu only", simulation.backend));
  const Tree* dt = reader.find("dt");
  constexpr double smallest_dt = 1e-6, largest_dt = 1e6;  // ms; outside, steps and delays lose their digits
  if (simulation.dt < smallest_dt || simulation.dt > largest_dt)
    throw dt->error(fmt::format(
        "dt of simulation is {}; it must lie between {} and {}", format_quantity(simulation.dt, Unit::ms),
        format_quantity(smallest_dt, Unit::ms), format_quantity(largest_dt, Unit::ms)));
  if (for_samples) return simulation;
  const auto steps = whole_steps(simulation.duration, simulation.dt);
  if (!steps || *steps < 1) {
    const Tree* duration = reader.find("duration");
    throw(duration != nullptr ? *duration : tree)
        .error(fmt::format(
            "duration of simulation is {}, which is not a multiple of the time step of {} (or has more steps "
            "than can be counted)",
            format_quantity(simulation.duration, Unit::ms), format_quantity(simulation.dt, Unit::ms)));
  }
  return simulation;
}

// A source of spikes gives so many in a step at most; more is a wrong unit or a wrong step.
void check_rate(const PopulationDescription& population, double dt) {
  constexpr double most_per_step = 1e5;
  for (const auto& info : find_kind(population.model).model().parameters) {
    const auto given = population.parameters.find(info.name);
    if (info.unit != Unit::Hz || given == population.parameters.end()) continue;
    const auto refuse = [&](double rate, const Position& where) {
      if (rate * dt * 1e-3 <= most_per_step) return;
      throw Error(ErrorKind::input, where,
                  fmt::format("{} of {} reaches {}, more than {} spikes in a step of {}; lower it (cut a "
                              "distribution by max)",
                              info.name, title(population), format_quantity(rate, info.unit), most_per_step,
                              format_quantity(dt, Unit::ms)));
    };
    if (const auto* value = std::get_if<Distribution>(&given->second)) {
      refuse(value->highest(), value->where);
    } else {
      const auto& schedule = std::get<Schedule>(given->second);
      for (const auto& piece : schedule.pieces) refuse(piece.value, schedule.where);
    }
  }
}

void read_populations(const Tree& tree, Network& network) {
  std::uint64_t neurons = 0;
  for (const auto& [name, value] : tree.as_map("populations")) {
    PopulationDescription population = parse_population(name, value);
    check_rate(population, network.description.simulation.dt);
    if (has_size(population)) neurons += population.size();
    if (neurons > std::uint64_t(keys::largest_population))
      throw Error(ErrorKind::input, value.key_where(),
                  fmt::format("with population '{}' the network has {} neurons; at most {} can be counted",
                              name, neurons, std::uint64_t(keys::largest_population)));
    network.population_index.emplace(name, network.description.populations.size());
    network.description.populations.push_back(std::move(population));
  }
  if (network.description.populations.empty())
    throw tree.error("populations: there is none; a network needs at least one");
}

void read_projections(const Tree& tree, Network& network) {
  for (const Tree& item : tree.as_list("projections")) {
    ProjectionDescription projection = parse_projection(item, network);
    network.projection_names.insert(projection.name);
    network.description.projections.push_back(std::move(projection));
  }
}

// What projections say of each other; they may stand in any order.
void link_projections(const Tree& tree, Network& network) {
  auto& projections = network.description.projections;
  for (std::size_t p = 0; p < projections.size(); ++p) {
    const Tree& item = tree.items()[p];
    if (const Tree* rules = item.find(keys::plasticity.name)) link_rules(*rules, projections[p], network);
    if (const Tree* mask = item.find(keys::masked.name))
      projections[p].mask = parse_mask(*mask, projections[p], network);
  }
  for (std::size_t p = 0; p < projections.size(); ++p)
    if (const Tree* mask = tree.items()[p].find(keys::masked.name)) check_complements(network, p, *mask);
}

void read_records(const Tree& tree, Network& network) {
  NetworkDescription& description = network.description;
  for (const auto& [name, value] : tree.as_map("record")) {
    if (const auto projection = description.projection(name)) {
      description.weight_records.push_back(parse_weight_record(value, *projection, network));
    } else {
      description.records.push_back(parse_record(name, value, network));
    }
  }
}

// Without `record` every neuron's spikes are kept.
void record_all_spikes(Network& network) {
  const auto& populations = network.description.populations;
  for (std::size_t i = 0; i < populations.size(); ++i)
    if (const Kind kind = find_kind(populations[i].model); kind.neuron != nullptr && kind.neuron->spikes)
      network.description.records.push_back({.population = i, .spikes = Selection{}, .traces = {}});
}

// A task takes the time that its samples take.
void refuse_duration(const Tree& task, const Tree* simulation) {
  const Tree* duration = simulation != nullptr ? simulation->find("duration") : nullptr;
  if (duration != nullptr)
    throw duration->error(
        fmt::format("duration of simulation: the task of line {} says how long the run "
                    "takes; leave it out",
                    task.key_where().line));
}

// Training needs layers to move and samples to learn from.
void check_training(const Tree& network) {
  const Tree* training = network.find("training");
  for (const std::string_view key : {"layers", "dataset"})
    if (training != nullptr && network.find(key) == nullptr)
      throw Error(ErrorKind::input, training->key_where(),
                  fmt::format("training: the network has no `{}`, which training needs", key));
}

// A network that learns by gradients has layers instead of populations, and its samples say how long it runs.
void refuse_beside_training(const MapReader& reader) {
  for (const std::string_view key : {"populations", "projections", "record", "task", "scale"})
    if (const Tree* value = reader.find(key))
      throw Error(ErrorKind::input, value->key_where(),
                  fmt::format("{}: a network with `training` has layers instead; leave it out", key));
  const Tree* simulation = reader.find("simulation");
  if (simulation == nullptr) return;
  for (const auto& [key, value] : simulation->as_map("simulation"))
    if (key != "dt")
      throw Error(ErrorKind::input, value.key_where(),
                  fmt::format("{} of simulation: beside `training` only dt has a meaning", key));
}

// A source that has no values or events waits for a task.
void check_fed(const NetworkDescription& network) {
  for (std::size_t i = 0; i < network.populations.size(); ++i) {
    const PopulationDescription& population = network.populations[i];
    if (!population.fed || (network.task && network.task->input == i)) continue;
    throw Error(ErrorKind::input, population.where,
                fmt::format("{}: the key '{}' is missing; only the input of a task goes without",
                            title(population), find_kind(population.model).source->key));
  }
}

}  // namespace

std::size_t Network::population(const Tree& name, const std::string& what) const {
  const std::string& text = name.as_text(what);
  const auto found = population_index.find(text);
  if (found != population_index.end()) return found->second;
  std::vector<std::string_view> valid;
  for (const auto& [known, index] : population_index) valid.push_back(known);
  throw name.error(fmt::format("{}: there is no population '{}'{}", what, text, did_you_mean(text, valid)));
}

}  // namespace parse

DatasetDescription parse_dataset(const Tree& network) {
  const MapReader reader(network, keys::network, "network");
  return parse::parse_dataset(reader.require("dataset"));
}

namespace {

std::string output_of(const Tree& output) {
  std::string name = output.as_text("output");
  if (name.empty()) throw output.error("output: the name of a file is missing");
  return name;
}

NetworkDescription parse_trained(const Tree& source, const MapReader& reader) {
  if (const Tree* include = reader.find("include"))
    throw include->error("include: included files must be read before the network is");
  parse::check_training(source);
  parse::refuse_beside_training(reader);
  reader.integer("synfire");
  NetworkDescription description;
  description.seed = static_cast<std::uint64_t>(reader.integer("seed"));
  const Tree* simulation = reader.find("simulation");
  description.simulation =
      parse::parse_simulation(simulation != nullptr ? *simulation : Tree::map(source.where()), true);
  description.layers = parse::parse_layers(reader.require("layers"));
  description.dataset = parse::parse_dataset(reader.require("dataset"));
  description.training = parse::parse_training(reader.require("training"));
  if (const Tree* output = reader.find("output")) description.output = output_of(*output);
  description.source_text = write_yaml(source);
  return description;
}

}  // namespace

NetworkDescription parse_network(const Tree& written) {
  if (written.is_null()) throw written.error("the file is empty; a network begins with 'synfire: 1'");
  const Tree source = with_named_network(written);
  const MapReader given(source, keys::network, "network");
  if (given.find("training") != nullptr) return parse_trained(source, given);
  const Tree tree = parse::scaled(parse::expand_tables(parse::expand_layers(source)));
  const MapReader reader(tree, keys::network, "network");
  if (const Tree* include = reader.find("include"))
    throw include->error("include: included files must be read before the network is");
  reader.integer("synfire");

  parse::Network network;
  NetworkDescription& description = network.description;
  description.seed = static_cast<std::uint64_t>(reader.integer("seed"));
  const Tree* simulation = reader.find("simulation");
  description.simulation =
      parse::parse_simulation(simulation != nullptr ? *simulation : Tree::map(tree.where()), false);
  const Tree* populations = reader.find("populations");
  if (populations == nullptr) throw tree.error("network: the key 'populations' is missing (or 'layers')");
  parse::read_populations(*populations, network);
  if (const Tree* projections = reader.find("projections")) {
    parse::read_projections(*projections, network);
    parse::link_projections(*projections, network);
  }
  if (const Tree* record = reader.find("record")) {
    parse::read_records(*record, network);
  } else {
    parse::record_all_spikes(network);
  }
  const Tree* dataset = reader.find("dataset");
  if (dataset != nullptr) description.dataset = parse::parse_dataset(*dataset);
  if (const Tree* task = reader.find("task")) {
    parse::refuse_duration(*task, simulation);
    description.task = parse::parse_task(*task, network);
  } else if (dataset != nullptr) {
    throw Error(ErrorKind::input, dataset->key_where(),
                "dataset: no task uses it; `synfire dataset` shows what it is");
  }
  parse::check_fed(description);
  if (const Tree* output = reader.find("output")) description.output = output_of(*output);
  description.source_text = write_yaml(source);
  return std::move(network.description);
}

}  // namespace synfire
