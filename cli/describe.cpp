// Commands that show what a network or the program is, without running anything.
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <oneapi/tbb/version.h>

#include "cli/commands.hpp"
#include "cli/load.hpp"
#include "core/cpu.hpp"
#include "core/spelling.hpp"
#include "core/version.hpp"
#include "encoders/sources.hpp"
#include "io/hdf5.hpp"
#include "learning/data.hpp"
#include "learning/gradient/trainer.hpp"
#include "networks/connect/connector.hpp"
#include "networks/graph.hpp"
#include "networks/named_networks.hpp"
#include "networks/reference.hpp"
#include "networks/schema.hpp"
#include "neurons/models.hpp"
#include "plasticity/rules.hpp"
#include "sim/simulation.hpp"

namespace synfire::cli {
namespace {

/// Every described model with the word for its shelf.
std::vector<std::pair<std::string_view, const ModelInfo*>> all_models() {
  std::vector<std::pair<std::string_view, const ModelInfo*>> all;
  for (const auto& model : neuron_models()) all.emplace_back("neuron", &model);
  for (const auto& source : source_models()) all.emplace_back("source", &source.model);
  for (const auto& rule : connection_rules()) all.emplace_back("connection rule", &rule);
  for (const auto& rule : plasticity_rules()) all.emplace_back("plasticity rule", &rule.model);
  for (const auto& network : named_networks()) all.emplace_back("network", &network);
  return all;
}

void print_parameters(std::string_view title, const std::vector<ParameterInfo>& parameters) {
  if (parameters.empty()) return;
  fmt::print("\n{}\n", title);
  for (const auto& p : parameters) {
    const std::string value = std::isnan(p.default_value) ? "(required)" : p.text_of(p.default_value);
    fmt::print("  {:<16} {:<14} {}; must {}\n", p.name, value, p.meaning, p.constraint());
  }
}

void print_model(std::string_view shelf, const ModelInfo& model) {
  fmt::print("{} ({})\n{}\nSource: {}\n", model.name, shelf, model.summary, model.source);
  print_parameters("Parameters (name, default, meaning)", model.parameters);
  print_parameters("State (name, initial value, meaning)", model.state);
  if (!model.receptors.empty()) fmt::print("\nReceptors (name, unit of a weight, meaning)\n");
  for (const auto& r : model.receptors) fmt::print("  {:<16} {:<14} {}\n", r.name, symbol(r.unit), r.meaning);
}

nlohmann::ordered_json as_json(const std::vector<ParameterInfo>& parameters) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& p : parameters) {
    nlohmann::ordered_json entry = {{"name", p.name},
                                    {"unit", symbol(p.unit)},
                                    {"default", p.default_value},
                                    {"constraint", p.constraint()},
                                    {"meaning", p.meaning}};
    if (!p.words.empty()) {
      entry["default"] = p.text_of(p.default_value);
      entry["words"] = p.words;
    }
    if (!std::isfinite(p.default_value)) entry["default"] = fmt::format("{}", p.default_value);
    list.push_back(std::move(entry));
  }
  return list;
}

nlohmann::ordered_json as_json(std::string_view shelf, const ModelInfo& model) {
  nlohmann::ordered_json entry = {{"name", model.name},
                                  {"kind", shelf},
                                  {"summary", model.summary},
                                  {"source", model.source},
                                  {"parameters", as_json(model.parameters)},
                                  {"state", as_json(model.state)}};
  auto receptors = nlohmann::ordered_json::array();
  for (const auto& r : model.receptors)
    receptors.push_back({{"name", r.name}, {"unit", symbol(r.unit)}, {"meaning", r.meaning}});
  entry["receptors"] = std::move(receptors);
  return entry;
}

struct ModelsArguments {
  std::string name;
  bool json = false;
};

void show_models(const ModelsArguments& arguments) {
  auto chosen = all_models();
  if (!arguments.name.empty()) {
    std::vector<std::string_view> names;
    for (const auto& [shelf, model] : chosen) names.push_back(model->name);
    std::erase_if(chosen, [&](const auto& entry) { return entry.second->name != arguments.name; });
    if (chosen.empty())
      throw Error(ErrorKind::usage,
                  fmt::format("no model '{}'{}", arguments.name, did_you_mean(arguments.name, names)));
  }
  if (arguments.json) {
    auto list = nlohmann::ordered_json::array();
    for (const auto& [shelf, model] : chosen) list.push_back(as_json(shelf, *model));
    fmt::print("{}\n", list.dump(2));
    return;
  }
  for (const auto& [shelf, model] : chosen) {
    if (arguments.name.empty()) {
      fmt::print("{:<24} {:<16} {}\n", model->name, shelf, model->summary);
    } else {
      print_model(shelf, *model);
    }
  }
}

std::vector<std::string> library_versions() {
  const auto dotted = [](int version) {
    return fmt::format("{}.{}.{}", version / 10000, version / 100 % 100, version % 100);
  };
  return {
      fmt::format("Boost {}.{}.{}", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100),
      fmt::format("CLI11 {}", CLI11_VERSION),
      fmt::format("fmt {}", dotted(FMT_VERSION)),
      fmt::format("HDF5 {}", hdf5::library_version()),
      fmt::format("oneTBB {}.{}.{}", TBB_VERSION_MAJOR, TBB_VERSION_MINOR, TBB_VERSION_PATCH),
      fmt::format("nlohmann-json {}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
                  NLOHMANN_JSON_VERSION_PATCH)};
}

void show_info() {
  fmt::print("synfire {}{}\n", version::number,
             version::revision.empty() ? "" : fmt::format(" ({})", version::revision));
  fmt::print("build       {}, {}, {}\n", version::build_type, version::compiler, version::flags);
  std::string features;
  for (const auto& feature : cpu_features()) features += " " + feature;
  fmt::print("processor   {} threads;{}; {} loops\n", std::thread::hardware_concurrency(), features,
             cpu_runs_wide_loops() ? "AVX-512" : "baseline");
  fmt::print("backends    cpu, reference\n");
  fmt::print("devices     none (this version has no GPU backend)\n");
  for (const auto& library : library_versions()) fmt::print("library     {}\n", library);
}

// The shapes of layers follow from the samples, so the data set is opened.
void validate_trained(const std::string& file, const NetworkDescription& network) {
  learning::Trainer trainer(network, {});
  const auto count = [&](learning::Share share) { return trainer.samples().share(share).size(); };
  fmt::print(
      "{}: valid; {} layers, {} parameters, {} classes; {} samples to learn from, {} for validation, "
      "{} for the test\n",
      file, network.layers.size() - 1, trainer.network().parameters(), trainer.samples().classes().size(),
      count(learning::Share::train), count(learning::Share::validation), count(learning::Share::test));
}

}  // namespace

void add_validate(CLI::App& app) {
  auto arguments = std::make_shared<NetworkArguments>();
  CLI::App* command = app.add_subcommand("validate", "check a network file without running it");
  arguments->add_to(*command);
  command->footer("Example: synfire validate examples/brunel.yaml");
  command->callback([arguments] {
    const NetworkDescription network = arguments->load();
    if (network.training) return validate_trained(arguments->file, network);
    check_buildable(network);
    if (network.task) check_task_data(network, *network.task);
    std::uint64_t neurons = 0;
    for (const auto& population : network.populations) neurons += population.size();
    fmt::print("{}: valid; {} populations, {} neurons and sources, {} projections\n", arguments->file,
               network.populations.size(), neurons, network.projections.size());
  });
}

void add_graph(CLI::App& app) {
  auto arguments = std::make_shared<NetworkArguments>();
  CLI::App* command = app.add_subcommand("graph", "print the network as a Graphviz graph");
  arguments->add_to(*command);
  command->footer("Example: synfire graph examples/brunel.yaml | dot -Tsvg > brunel.svg");
  command->callback([arguments] {
    const NetworkDescription network = arguments->load();
    refuse_trained(network, arguments->file);
    fmt::print("{}", graphviz(network));
  });
}

void add_models(CLI::App& app) {
  auto arguments = std::make_shared<ModelsArguments>();
  CLI::App* command = app.add_subcommand("models", "list the models, or describe one");
  command->add_option("name", arguments->name, "model to describe")->type_name("NAME");
  command->add_flag("--json", arguments->json, "print as JSON");
  command->footer(fmt::format("Example: synfire models {}", neuron_models().front().name));
  command->callback([arguments] { show_models(*arguments); });
}

void add_schema(CLI::App& app) {
  auto markdown = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("schema", "print the JSON Schema of network files, for editors");
  command->add_flag("--markdown", *markdown, "print the reference page of the manual instead");
  command->footer("Example: synfire schema > synfire.schema.json");
  command->callback([markdown] { fmt::print("{}\n", *markdown ? language_reference() : network_schema()); });
}

void add_info(CLI::App& app) {
  CLI::App* command = app.add_subcommand("info", "print version, build, processor, devices and libraries");
  command->footer("Example: synfire info");
  command->callback(show_info);
}

}  // namespace synfire::cli
