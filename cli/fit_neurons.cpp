// The subcommand that gives a trained network other neurons.
#include <array>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/simulate.hpp"
#include "cli/terminal.hpp"
#include "cli/trained.hpp"
#include "io/byte_file.hpp"
#include "learning/gradient/neuron_fit.hpp"
#include "sim/differentiable.hpp"

namespace synfire::cli {
namespace {

using namespace learning;

struct FitArguments {
  std::string file, neurons, output;
  std::vector<std::string> overrides;
  std::optional<std::string> report;
  FitOptions how;
  std::size_t samples = 0;
  bool force = false, quiet = false;
};

void print(const NeuronFit& fit, const std::string& output) {
  fmt::print(
      "in %, of {} samples: before -> after (teacher against itself, noise drawn anew)\n"
      "{:<16}{:<28}{:<28}parameters\n",
      fit.samples, "layer", "same in all places", "spikes shared");
  const auto share = [](const FittedLayer& layer, double (SpikeMatch::*of)() const) {
    return fmt::format("{:.2f} -> {:.2f} ({:.2f})", 100 * (layer.before.*of)(), 100 * (layer.after.*of)(),
                       100 * (layer.again.*of)());
  };
  for (const FittedLayer& layer : fit.layers) {
    std::string parameters;
    for (const FittedParameter& each : layer.parameters)
      parameters += fmt::format("{}{} {:.4g} -> {:.4g}", parameters.empty() ? "" : ", ", each.name,
                                each.before, each.after);
    fmt::print("{:<16}{:<28}{:<28}{}\n", layer.name, share(layer, &SpikeMatch::same),
               share(layer, &SpikeMatch::matched), parameters);
  }
  fmt::print("network         {}\n", output);
}

void fit(FitArguments arguments) {
  check_results({arguments.file}, std::array{std::optional(arguments.output), arguments.report},
                arguments.force);
  if (arguments.samples > 0) arguments.how.samples = arguments.samples;
  const TrainedFile trained = read_trained(arguments.file);
  const NetworkDescription teacher = trained.network(arguments.overrides);
  const NetworkDescription student = with_neurons(teacher, arguments.neurons);
  ProgressLine line(arguments.quiet);
  const StopSignals signals;
  arguments.how.stop = &StopSignals::asked();
  arguments.how.progress = [&](const FitProgress& now) {
    if (line.due()) line.draw(double(now.done) / double(now.total), std::string(now.phase));
  };
  const NeuronFit found = fit_neurons(trained, teacher, student, arguments.how);
  line.end();
  if (!found.complete) return tell_signal();
  write_trained(arguments.output, found.network, found.record, nullptr, trained.classes);
  if (arguments.report) {
    NewFile file(*arguments.report);
    file.put(neuron_fit_json(found, arguments.how, arguments.file));
    file.finish();
  }
  if (!arguments.quiet) print(found, arguments.output);
}

}  // namespace

void add_fit_neurons(CLI::App& app) {
  auto arguments = std::make_shared<FitArguments>();
  CLI::App* command = app.add_subcommand(
      "fit-neurons", "a trained network with other neurons, fitted to spike as those it learned with");
  command->add_option("file", arguments->file, "trained network, the teacher")
      ->required()
      ->type_name("TRAINED.h5");
  command
      ->add_option("--neurons", arguments->neurons,
                   "neurons of all layers that pass spikes on, as in a list of layers; parameters under "
                   "`learn` are fitted")
      ->required()
      ->type_name("ENTRY");
  command->add_option("-o,--output", arguments->output, "the network with these neurons, the student")
      ->required()
      ->type_name("FILE.h5");
  command
      ->add_option("--epochs", arguments->how.epochs,
                   "how often the samples are gone through; 0: other neurons, and nothing is fitted")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  command->add_option("--learning-rate", arguments->how.learning_rate, "of Adam, falling along a cosine")
      ->check(CLI::Range(1e-9, 1e3))
      ->capture_default_str();
  command
      ->add_option("--sharpness", arguments->how.sharpness,
                   "alpha of the arctan that stands for the derivative of a spike")
      ->check(CLI::Range(1e-3, 1e3))
      ->capture_default_str();
  command->add_option("--samples", arguments->samples, "so many training samples in each epoch; default: all")
      ->check(CLI::PositiveNumber);
  command->add_flag("--shared", arguments->how.shared, "one value of each parameter for all layers");
  command
      ->add_option("--set", arguments->overrides,
                   "override a value of both networks, e.g. --set dataset.path=other")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false);
  command->add_option("--report", arguments->report, "what was fitted and matched as JSON")
      ->type_name("FILE.json");
  command->add_option("-t,--threads", arguments->how.threads, "threads to use; default: all of the machine")
      ->check(CLI::Range(1, 4096));
  command->add_flag("-f,--force", arguments->force, "replace existing files");
  command->add_flag("-q,--quiet", arguments->quiet, "print nothing but errors");
  command->footer(
      fmt::format("Example: synfire fit-neurons baseline.h5 --neurons '{{{}: , learn: V_th}}' --samples 64 "
                  "--epochs 1 --output other.h5",
                  differentiable_models().front()));
  command->callback([arguments] { fit(*arguments); });
}

}  // namespace synfire::cli
