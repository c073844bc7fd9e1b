// The subcommand that brings a network, trained in single steps, to many.
#include "learning/gradient/convert_steps.hpp"

#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "sim/output.hpp"

namespace synfire::cli {
namespace {

struct ConvertArguments {
  std::string file, output;
  learning::StepConversion how;
  bool force = false, quiet = false;
};

void convert_steps(const ConvertArguments& arguments) {
  keep_files(arguments.output, {arguments.file});
  check_output(arguments.output, arguments.force);
  const learning::TrainedFile trained = learning::read_trained(arguments.file);
  const NetworkDescription network = learning::convert_steps(trained, arguments.how);
  learning::write_trained(arguments.output, network, trained.record, nullptr, trained.classes);
  if (arguments.quiet) return;
  const auto membrane = values_of<training::NormalisedMembrane>(network.training->membrane);
  fmt::print("{} steps, membrane normalised with alpha {:g} and beta {:g}: {}\n", network.training->steps,
             membrane.alpha, membrane.beta, arguments.output);
}

}  // namespace

void add_convert_steps(CLI::App& app) {
  auto arguments = std::make_shared<ConvertArguments>();
  CLI::App* command = app.add_subcommand(
      "convert-steps", "a network that learned with noise for the membrane, in another number of steps");
  command->add_option("file", arguments->file, "trained network")->required()->type_name("TRAINED.h5");
  command->add_option("-o,--output", arguments->output, "the network in that many steps")
      ->required()
      ->type_name("FILE.h5");
  command->add_option("-n,--steps", arguments->how.steps, "time steps that a sample is shown")
      ->required()
      ->check(CLI::Range(1, 1'000'000));
  command
      ->add_option("--alpha", arguments->how.alpha,
                   "the membrane lies within 1/alpha of beta, and noise fills the rest up to 1/2; default: 4")
      ->check(CLI::Range(2.0, 1e6));
  command->add_option("--beta", arguments->how.beta, "mean of membrane and noise; default: as in training")
      ->check(CLI::Range(-1e6, 1e6));
  command->add_flag("-f,--force", arguments->force, "replace an existing file");
  command->add_flag("-q,--quiet", arguments->quiet, "print nothing but errors");
  command->footer(
      "Example: synfire convert-steps single.h5 --steps 10 --output ten.h5 && synfire eval ten.h5");
  command->callback([arguments] { convert_steps(*arguments); });
}

}  // namespace synfire::cli
