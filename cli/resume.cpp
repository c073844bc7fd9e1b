#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/processes.hpp"
#include "cli/simulate.hpp"
#include "core/error.hpp"
#include "learning/gradient/trained_file.hpp"

namespace synfire::cli {
namespace {

struct ResumeArguments {
  std::string file;
  std::optional<std::string> report, checkpoint;
  bool force = false, quiet = false;
  unsigned threads = 0;
};

// The result file, whether it or its checkpoint was named.
std::string result_of(const std::string& file) {
  const std::string ending = checkpoint_path("");
  return file.ends_with(ending) ? file.substr(0, file.size() - ending.size()) : file;
}

void resume(const ResumeArguments& arguments, Ranks* ranks) {
  SimulationArguments simulation;
  simulation.output = result_of(arguments.file);
  simulation.report = arguments.report;
  simulation.quiet = arguments.quiet;
  simulation.threads = arguments.threads;
  simulation.ranks = ranks;
  const std::string path = checkpoint_path(simulation.output);
  together(ranks, [&] {
    if (arguments.checkpoint) simulation.checkpoint_every_ms = checkpoint_interval(*arguments.checkpoint);
    if (!simulation.writes()) return;
    if (learning::is_trained(simulation.output))
      throw Error(
          ErrorKind::usage,
          fmt::format("'{}' is a trained network; `synfire train NET.yaml --output {} --resume` goes on",
                      simulation.output, simulation.output));
    for (const auto& needed : {simulation.output, path})
      if (!std::filesystem::exists(needed))
        throw Error(
            ErrorKind::usage,
            fmt::format("there is no '{}'; a run goes on from its result file and the checkpoint beside it",
                        needed));
  });
  const Checkpoint from = read_checkpoint(path, ranks);
  NetworkDescription network;
  together(ranks, [&] {
    network = from.network();
    if (arguments.report && simulation.writes())
      check_report(*arguments.report, simulation.output, arguments.force, from.source_file, network);
  });
  simulate(network, simulation, &from);
}

}  // namespace

void add_resume(CLI::App& app) {
  auto arguments = std::make_shared<ResumeArguments>();
  CLI::App* command =
      app.add_subcommand("resume", "go on with a run that was stopped or killed, from its checkpoint");
  command->add_option("result", arguments->file, "result file of the run; its checkpoint lies beside it")
      ->required()
      ->type_name("FILE.h5");
  command->add_option("-t,--threads", arguments->threads, "threads to use; default: all of the machine")
      ->check(CLI::Range(1, 4096));
  command
      ->add_option("--checkpoint", arguments->checkpoint,
                   "how often (biological time) to write further checkpoints")
      ->type_name("every=TIME");
  command->add_option("--report", arguments->report, "write timing and counts as JSON")
      ->type_name("FILE.json");
  command->add_flag("-f,--force", arguments->force, "replace an existing report");
  command->add_flag("-q,--quiet", arguments->quiet, "print nothing but errors");
  command->footer("Example: synfire resume stopped.h5 --threads 2");
  command->callback([arguments] { on_all_ranks([&](Ranks* ranks) { resume(*arguments, ranks); }); });
}

}  // namespace synfire::cli
