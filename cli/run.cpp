#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/load.hpp"
#include "cli/processes.hpp"
#include "cli/run_trained.hpp"
#include "cli/simulate.hpp"
#include "cli/task_print.hpp"
#include "cli/terminal.hpp"
#include "learning/gradient/trained_file.hpp"
#include "learning/task_file.hpp"
#include "networks/keys.hpp"
#include "sim/output.hpp"
#include "sim/ranks.hpp"
#include "sim/report.hpp"

namespace synfire::cli {
namespace {

struct RunArguments {
  NetworkArguments network;
  std::optional<std::string> output, report, checkpoint, engine, input;
  bool force = false, quiet = false;
  unsigned threads = 0;
};

// Asked for before anything is built, so that a long run is not lost to a misspelt folder.
void check_files(const RunArguments& arguments, const NetworkDescription& network,
                 const std::string& output) {
  keep_inputs(output, arguments.network.file, network);
  check_output(output, arguments.force);
  if (arguments.report)
    check_report(*arguments.report, output, arguments.force, arguments.network.file, network);
}

void print_task(const ReadoutResult& result) {
  fmt::print("{} training samples, {} test samples, {:.2f} ms a sample; {} features, learned in {}\n",
             result.train_samples, result.test_samples, result.ms_per_sample(), result.readout.columns,
             format_seconds(result.learned_s));
  if (result.confusion.total() == 0) return;
  if (result.lambda) fmt::print("lambda {:.3g}\n", *result.lambda);
  fmt::print("{}", confusion_text(result.confusion));
  fmt::print("accuracy {:.2f} % (of the training samples {:.2f} %)\n", 100 * result.confusion.accuracy(),
             100 * result.train_accuracy);
}

void print_task(const Classification& result) {
  fmt::print(
      "{} training samples ({} presentations), {} test samples ({} presentations), {:.2f} ms a sample\n",
      result.train_samples, result.train_presentations, result.test_samples, result.test_presentations,
      result.ms_per_sample());
  if (result.test_samples == 0) return;
  fmt::print("{}", confusion_text(result.confusion));
  fmt::print("accuracy {:.2f} %\n", 100 * result.confusion.accuracy());
}

template <class Task>
void run_task(const RunArguments& arguments, const NetworkDescription& network, const std::string& output,
              const RunOptions& options) {
  TaskBar bar(arguments.quiet);
  const StopSignals signals;
  Task task(network, options,
            [&](const TaskProgress& now) { bar.show(now.phase, now.done, now.total, now.accuracy); });
  ResultFile file(output, arguments.force, task.network(), options);
  const RunResult result = task.run(file);
  bar.end();
  write_task(file.file(), task.network(), task.result());
  file.finish(result);
  if (arguments.report) write_report(*arguments.report, result);
  if (!arguments.quiet) print_table(result, output);
  if (!arguments.quiet) print_task(task.result());
  if (result.stopped_early) tell_signal();
}

void run_learned(const RunArguments& arguments, const Ranks* ranks) {
  if (ranks != nullptr)
    throw Error(ErrorKind::usage, "a trained network runs in one process; start it without mpirun");
  if (arguments.checkpoint)
    throw Error(ErrorKind::usage, "--checkpoint: a trained network has nothing to go on from; leave it out");
  run_trained({arguments.network.file, arguments.network.overrides, arguments.engine, arguments.input,
               arguments.output, arguments.report, arguments.force, arguments.quiet, arguments.threads});
}

void run_network(const RunArguments& given, Ranks* ranks) {
  if (learning::is_trained(given.network.file)) return run_learned(given, ranks);
  if (given.input)
    throw Error(ErrorKind::usage, fmt::format("--input: '{}' is no trained network; `dataset` of the network "
                                              "says what samples it is shown",
                                              given.network.file));
  RunArguments arguments = given;
  if (arguments.engine) arguments.network.overrides.push_back("simulation.engine=" + *arguments.engine);
  const bool writes = ranks == nullptr || ranks->rank() == 0;
  NetworkDescription network;
  SimulationArguments simulation;
  together(ranks, [&] {
    network = arguments.network.load();
    refuse_trained(network, arguments.network.file);
    simulation.output = arguments.network.output_of(network, arguments.output);
    if (writes) check_files(arguments, network, simulation.output);
    if (network.task && ranks != nullptr)
      throw Error(ErrorKind::usage, "a network with a task runs in one process; start it without mpirun");
    if (!arguments.checkpoint) return;
    check_checkpoints(network);
    simulation.checkpoint_every_ms = checkpoint_interval(*arguments.checkpoint);
  });
  simulation.report = arguments.report;
  simulation.force = arguments.force;
  simulation.quiet = arguments.quiet;
  simulation.threads = arguments.threads;
  simulation.ranks = ranks;
  if (network.task && std::holds_alternative<ReadoutDescription>(network.task->kind))
    return run_task<ReadoutTrainer>(arguments, network, simulation.output, simulation.options());
  if (network.task) return run_task<Classifier>(arguments, network, simulation.output, simulation.options());
  simulate(network, simulation);
}

}  // namespace

namespace {
std::vector<std::string> engines() {
  std::vector<std::string> names;
  for (const auto& choice : keys::engines) names.emplace_back(choice.word);
  return names;
}
}  // namespace

void add_run(CLI::App& app) {
  auto arguments = std::make_shared<RunArguments>();
  CLI::App* command = app.add_subcommand(
      "run", "simulate a network and write spikes and traces to HDF5; or show test samples to a trained one");
  arguments->network.add_to(*command);
  command
      ->add_option("-o,--output", arguments->output,
                   "result file; else `output:` of the network, else its name + .h5")
      ->type_name("FILE.h5");
  command->add_option("--engine", arguments->engine, "instead of `engine` of the simulation")
      ->check(CLI::IsMember(engines()));
  command
      ->add_option(
          "--input", arguments->input,
          "trained network (TRAINED.h5 of `synfire train`): the data set to show, instead of its own")
      ->type_name("FILE|DIR");
  command->add_flag("-f,--force", arguments->force, "replace an existing result file and report");
  command->add_option("-t,--threads", arguments->threads, "threads to use; default: all of the machine")
      ->check(CLI::Range(1, 4096));
  command
      ->add_option(
          "--checkpoint", arguments->checkpoint,
          "how often (biological time) to write OUTPUT.checkpoint, from which `synfire resume` goes on")
      ->type_name("every=TIME");
  command->add_option("--report", arguments->report, "write timing and counts as JSON")
      ->type_name("FILE.json");
  command->add_flag("-q,--quiet", arguments->quiet, "print nothing but errors");
  command->footer("Example: synfire run examples/brunel.yaml --set simulation.duration='2 s' --threads 2");
  command->callback([arguments] { on_all_ranks([&](Ranks* ranks) { run_network(*arguments, ranks); }); });
}

}  // namespace synfire::cli
