#include <atomic>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/load.hpp"
#include "cli/task_print.hpp"
#include "cli/terminal.hpp"
#include "core/time.hpp"
#include "learning/task_file.hpp"
#include "sim/output.hpp"
#include "sim/report.hpp"
#include "sim/simulation.hpp"

namespace synfire::cli {
namespace {

struct RunArguments {
  NetworkArguments network;
  std::optional<std::string> output, report;
  bool force = false, quiet = false;
  unsigned threads = 0;
};

// Set by the first Ctrl-C; the run then ends in order.
std::atomic<bool> stop_asked{false};
std::atomic<int> signal_received{0};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free);
extern "C" void ask_to_stop(int signal) {
  signal_received = signal;
  stop_asked = true;
}

// For the time of a run, SIGINT and SIGTERM end it with a complete file; a second signal ends the program.
class StopSignals {
 public:
  StopSignals() {
    struct sigaction action {};
    action.sa_handler = ask_to_stop;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
  }
  ~StopSignals() {
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
  }
};

std::string output_of(const RunArguments& arguments, const NetworkDescription& network) {
  if (arguments.output) return *arguments.output;
  if (network.output) return *network.output;
  return std::filesystem::path(arguments.network.file).stem().string() + ".h5";
}

void print_table(const RunResult& result, const std::string& output) {
  std::size_t width = 10;
  for (const auto& p : result.populations) width = std::max(width, p.name.size());
  fmt::print("{:<{}}  {:>9}  {:>10}  {:>9}  {:>7}\n", "population", width, "neurons", "spikes", "rate Hz",
             "CV ISI");
  for (const auto& p : result.populations) {
    const std::string cv = p.cv_isi > 0 ? fmt::format("{:.3f}", p.cv_isi) : "-";
    fmt::print("{:<{}}  {:>9}  {:>10}  {:>9.3f}  {:>7}\n", p.name, width, p.neurons, p.spikes, p.rate_hz, cv);
  }
  fmt::print(
      "{} of biological time in {} (real-time factor {:.3g}, {} of {} threads); {} synapses, {} synaptic "
      "events\n",
      format_seconds(result.biological_s), format_seconds(result.wall_s), result.real_time_factor(),
      result.workers, result.threads, format_count(double(result.synapses)),
      format_count(double(result.synaptic_events + result.drive_events)));
  if (result.stopped_early) fmt::print("stopped before the end; the file is complete up to there\n");
  fmt::print("{}\n", output);
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

// As a shell tells it of a program that a signal ended, so that scripts do not take the run for a whole one.
void tell_signal() {
  if (signal_received != 0) throw CLI::RuntimeError(128 + signal_received);
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

void run_network(const RunArguments& arguments) {
  const NetworkDescription network = arguments.network.load();
  const std::string output = output_of(arguments, network);
  check_files(arguments, network, output);

  RunOptions options;
  options.threads = arguments.threads;
  options.stop = &stop_asked;
  if (!arguments.quiet) options.notice = [](const std::string& line) { fmt::print(stderr, "{}\n", line); };
  if (network.task && std::holds_alternative<ReadoutDescription>(network.task->kind))
    return run_task<ReadoutTrainer>(arguments, network, output, options);
  if (network.task) return run_task<Classifier>(arguments, network, output, options);
  const Grid grid(network.simulation.dt);
  ProgressBar bar(network.simulation.duration * 1e-3, arguments.quiet);
  options.progress = [&](const Progress& now) { bar.show(grid.time_ms(now.done) * 1e-3, now.mean_rate_hz); };

  const StopSignals signals;
  Simulation simulation(network, options);
  ResultFile file(output, arguments.force, simulation.network(), options);
  const RunResult result = simulation.run(file);
  bar.end();
  file.finish(result);
  if (arguments.report) write_report(*arguments.report, result);
  if (!arguments.quiet) print_table(result, output);
  if (result.stopped_early) tell_signal();
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
  command->add_option("--report", arguments->report, "write timing and counts as JSON")
      ->type_name("FILE.json");
  command->add_flag("-q,--quiet", arguments->quiet, "print nothing but errors");
  command->footer("Example: synfire run examples/brunel.yaml --set simulation.duration='2 s' --threads 2");
  command->callback([arguments] { run_network(*arguments); });
}

}  // namespace synfire::cli
