#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/load.hpp"
#include "cli/simulate.hpp"
#include "cli/task_print.hpp"
#include "cli/terminal.hpp"
#include "learning/task_file.hpp"
#include "sim/output.hpp"
#include "sim/ranks.hpp"
#include "sim/report.hpp"

namespace synfire::cli {
namespace {

struct RunArguments {
  NetworkArguments network;
  std::optional<std::string> output, report, checkpoint;
  bool force = false, quiet = false;
  unsigned threads = 0;
};

std::string output_of(const RunArguments& arguments, const NetworkDescription& network) {
  if (arguments.output) return *arguments.output;
  if (network.output) return *network.output;
  return std::filesystem::path(arguments.network.file).stem().string() + ".h5";
}

bool is_same_file(const std::string& a, const std::string& b) {
  std::error_code unknown;
  if (std::filesystem::equivalent(a, b, unknown)) return true;
  const auto whole = [&](const std::string& path) {
    return std::filesystem::weakly_canonical(std::filesystem::absolute(path, unknown), unknown);
  };
  return whole(a) == whole(b);
}

// Nothing that the run reads may be replaced by what it writes, whatever --force allows.
void keep_inputs(const std::string& written, const std::string& network_file,
                 const NetworkDescription& network) {
  std::vector<std::string> inputs = {network_file};
  for (const auto& population : network.populations) inputs.push_back(population.file);
  for (const auto& projection : network.projections) inputs.push_back(projection.connect.file);
  if (network.task)
    for (const auto& file : task_files(*network.task)) inputs.push_back(file);
  for (const auto& input : inputs) {
    if (input.empty() || !is_same_file(written, input)) continue;
    throw Error(ErrorKind::usage,
                fmt::format("'{}' is an input of this run; write to another file", written));
  }
}

// Asked for before anything is built, so that a long run is not lost to a misspelt folder.
void check_files(const RunArguments& arguments, const NetworkDescription& network,
                 const std::string& output) {
  keep_inputs(output, arguments.network.file, network);
  check_output(output, arguments.force);
  if (!arguments.report) return;
  if (is_same_file(*arguments.report, output))
    throw Error(ErrorKind::usage, fmt::format("output and report are the same file '{}'", output));
  keep_inputs(*arguments.report, arguments.network.file, network);
  check_output(*arguments.report, arguments.force);
}

void print_confusion(const ConfusionMatrix& confusion) {
  std::vector<std::uint64_t> cells;
  for (std::size_t row = 0; row < confusion.classes(); ++row) {
    const auto values = confusion.row(row);
    cells.insert(cells.end(), values.begin(), values.end());
  }
  fmt::print("{}", confusion_text(confusion.classes(), cells));
}

void print_task(const ReadoutResult& result) {
  fmt::print("{} training samples, {} test samples, {:.2f} ms a sample; {} features, learned in {}\n",
             result.train_samples, result.test_samples, result.ms_per_sample(), result.readout.columns,
             format_seconds(result.learned_s));
  if (result.confusion.total() == 0) return;
  if (result.lambda) fmt::print("lambda {:.3g}\n", *result.lambda);
  print_confusion(result.confusion);
  fmt::print("accuracy {:.2f} % (of the training samples {:.2f} %)\n", 100 * result.confusion.accuracy(),
             100 * result.train_accuracy);
}

void print_task(const Classification& result) {
  fmt::print(
      "{} training samples ({} presentations), {} test samples ({} presentations), {:.2f} ms a sample\n",
      result.train_samples, result.train_presentations, result.test_samples, result.test_presentations,
      result.ms_per_sample());
  if (result.test_samples == 0) return;
  print_confusion(result.confusion);
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

void run_network(const RunArguments& arguments, Ranks* ranks) {
  const bool writes = ranks == nullptr || ranks->rank() == 0;
  NetworkDescription network;
  SimulationArguments simulation;
  together(ranks, [&] {
    network = arguments.network.load();
    simulation.output = output_of(arguments, network);
    if (writes) check_files(arguments, network, simulation.output);
    if (network.task && ranks != nullptr)
      throw Error(ErrorKind::usage, "a network with a task runs in one process; start it without mpirun");
    if (!arguments.checkpoint) return;
    if (ranks != nullptr)
      throw Error(ErrorKind::usage,
                  "--checkpoint: a run of several processes keeps no checkpoints; leave it out");
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

// No end can be agreed on any more, so this process ends by itself. The one that tells stays until the others
// have noticed, too; these stay longer, since a launcher may kill all as soon as one has ended.
[[noreturn]] void end_broken(const BrokenRun& error, unsigned rank) {
  const bool tells = rank == error.teller();
  if (tells) fmt::print(stderr, "synfire: {}\n", error.what());
  std::fflush(stderr);
  std::this_thread::sleep_for(std::chrono::milliseconds(tells ? 500 : 2000));
  std::_Exit(error.exit_code());
}

void run_here_or_together(const RunArguments& arguments) {
  const std::unique_ptr<Ranks> ranks = join_ranks();
  try {
    run_network(arguments, ranks.get());
  } catch (const BrokenRun& error) {
    end_broken(error, ranks->rank());
  } catch (const SharedError&) {
    if (ranks->rank() == 0) throw;  // all have the same, and the first tells
  } catch (const Error& error) {
    if (ranks == nullptr) throw;
    end_broken({error.kind(), error.what(), ranks->rank()}, ranks->rank());
  } catch (const std::bad_alloc&) {
    if (ranks == nullptr) throw;
    end_broken({ErrorKind::resource, "out of memory; run on more machines", ranks->rank()}, ranks->rank());
  }
}

}  // namespace

void add_run(CLI::App& app) {
  auto arguments = std::make_shared<RunArguments>();
  CLI::App* command = app.add_subcommand("run", "simulate a network and write spikes and traces to HDF5");
  arguments->network.add_to(*command);
  command
      ->add_option("-o,--output", arguments->output,
                   "result file; else `output:` of the network, else its name + .h5")
      ->type_name("FILE.h5");
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
  command->callback([arguments] { run_here_or_together(*arguments); });
}

}  // namespace synfire::cli
