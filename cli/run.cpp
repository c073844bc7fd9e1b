#include <atomic>
#include <csignal>
#include <filesystem>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/load.hpp"
#include "cli/terminal.hpp"
#include "core/time.hpp"
#include "sim/output.hpp"
#include "sim/report.hpp"
#include "sim/simulation.hpp"

namespace synfire::cli {
namespace {

struct RunArguments {
  NetworkArguments network;
  std::string output, report;
  bool force = false, quiet = false;
  unsigned threads = 0;
};

// Set by the first Ctrl-C; the run then ends in order.
std::atomic<bool> stop_asked{false};
static_assert(std::atomic<bool>::is_always_lock_free);
extern "C" void ask_to_stop(int) { stop_asked = true; }

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
  if (!arguments.output.empty()) return arguments.output;
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

void run_network(const RunArguments& arguments) {
  const NetworkDescription network = arguments.network.load();
  const std::string output = output_of(arguments, network);
  check_output(output, arguments.force);

  RunOptions options;
  options.threads = arguments.threads;
  options.stop = &stop_asked;
  const Grid grid(network.simulation.dt);
  ProgressBar bar(network.simulation.duration * 1e-3, arguments.quiet);
  options.progress = [&](Step done, Step) { bar.show(grid.time_ms(done) * 1e-3); };
  if (!arguments.quiet) options.notice = [](const std::string& line) { fmt::print(stderr, "{}\n", line); };

  const StopSignals signals;
  Simulation simulation(network, options);
  ResultFile file(output, arguments.force, simulation.network(), options);
  const RunResult result = simulation.run(file);
  bar.end();
  file.finish(result);
  if (!arguments.report.empty()) write_report(arguments.report, result);
  if (!arguments.quiet) print_table(result, output);
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
  command->add_flag("-f,--force", arguments->force, "replace an existing result file");
  command->add_option("-t,--threads", arguments->threads, "threads to use; default: all of the machine")
      ->check(CLI::Range(1, 4096));
  command->add_option("--report", arguments->report, "write timing and counts as JSON")
      ->type_name("FILE.json");
  command->add_flag("-q,--quiet", arguments->quiet, "print nothing but errors");
  command->footer("Example: synfire run examples/brunel.yaml --set simulation.duration='2 s' --threads 2");
  command->callback([arguments] { run_network(*arguments); });
}

}  // namespace synfire::cli
