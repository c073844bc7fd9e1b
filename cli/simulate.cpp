#include "cli/simulate.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/terminal.hpp"
#include "core/quantity.hpp"
#include "core/time.hpp"
#include "sim/output.hpp"
#include "sim/report.hpp"
#include "sim/simulation.hpp"

namespace synfire::cli {
namespace {

// Set by the first Ctrl-C; the run then ends in order.
std::atomic<bool> stop_asked{false};
std::atomic<int> signal_received{0};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free);
extern "C" void ask_to_stop(int signal) {
  signal_received = signal;
  stop_asked = true;
}

}  // namespace

StopSignals::StopSignals() {
  struct sigaction action {};
  action.sa_handler = ask_to_stop;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

StopSignals::~StopSignals() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

const std::atomic<bool>& StopSignals::asked() { return stop_asked; }

void tell_signal() {
  if (signal_received != 0) throw CLI::RuntimeError(128 + signal_received);
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
      "{} of biological time in {} (real-time factor {:.3g}, {}{} of {} threads); {} synapses, {} synaptic "
      "events\n",
      format_seconds(result.biological_s), format_seconds(result.wall_s), result.real_time_factor(),
      result.ranks > 1 ? fmt::format("{} ranks with ", result.ranks) : "", result.workers, result.threads,
      format_count(double(result.synapses)),
      format_count(double(result.synaptic_events + result.drive_events)));
  if (result.stopped_early) fmt::print("stopped before the end; the file is complete up to there\n");
  fmt::print("{}\n", output);
}

RunOptions SimulationArguments::options() const {
  RunOptions options;
  options.threads = threads;
  options.stop = &StopSignals::asked();
  options.ranks = ranks;
  if (!quiet && writes()) options.notice = [](const std::string& line) { fmt::print(stderr, "{}\n", line); };
  return options;
}

namespace {

// As far as that can still be written; what broke the run is told anyhow.
void mark_stopped(ResultFile& file) {
  try {
    file.mark_stopped();
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch)
  }
}

std::unique_ptr<ResultFile> result_file(const SimulationArguments& arguments,
                                        const NetworkDescription& network, const Checkpoint* from,
                                        const RunOptions& options) {
  if (from != nullptr) return ResultFile::continued(arguments.output, from->step, network, options);
  return std::make_unique<ResultFile>(arguments.output, arguments.force, network, options);
}

void tell_result(const SimulationArguments& arguments, const RunResult& result) {
  if (arguments.report) write_report(*arguments.report, result);
  if (arguments.quiet) return;
  print_table(result, arguments.output);
  if (result.stopped_early && std::filesystem::exists(checkpoint_path(arguments.output)))
    fmt::print("`synfire resume {}` goes on from there\n", arguments.output);
}

}  // namespace

void simulate(const NetworkDescription& network, const SimulationArguments& arguments,
              const Checkpoint* from) {
  const Grid grid(network.simulation.dt);
  ProgressBar bar(network.simulation.duration * 1e-3, arguments.quiet || !arguments.writes());
  RunOptions options = arguments.options();
  if (arguments.writes())
    options.progress = [&](const Progress& now) {
      bar.show(grid.time_ms(now.done) * 1e-3, now.mean_rate_hz);
    };
  const Step every =
      arguments.checkpoint_every_ms > 0 ? std::max<Step>(1, grid.nearest(arguments.checkpoint_every_ms)) : 0;

  ProgressLine building(arguments.quiet || !arguments.writes());
  options.building = [&](double part) {
    if (building.due())
      building.draw(part, fmt::format("building  wall {}", format_seconds(building.wall_s())));
  };

  const StopSignals signals;
  Simulation simulation(network, options);
  building.end();
  const NetworkDescription& built = simulation.network();
  if (from != nullptr) simulation.engine().load(from->state);
  std::unique_ptr<ResultFile> file;
  together(arguments.ranks, [&] {
    if (arguments.writes()) file = result_file(arguments, built, from, options);
  });
  const auto steer = [&](Engine& engine) {
    advance_with_checkpoints(engine, built, checkpoint_path(arguments.output),
                             from != nullptr ? from->step : 0, every, arguments.ranks);
  };
  const RunResult result = [&] {
    if (file == nullptr) {
      MemorySink nothing(built);
      return simulation.run(nothing, steer);
    }
    try {
      return simulation.run(*file, steer);
    } catch (const BrokenRun&) {
      mark_stopped(*file);
      throw;
    }
  }();
  bar.end();
  together(arguments.ranks, [&] {
    if (!arguments.writes()) return;
    file->finish(result);
    tell_result(arguments, result);
  });
  if (result.stopped_early) tell_signal();
}

double checkpoint_interval(const std::string& text) {
  constexpr std::string_view key = "every=";
  if (!text.starts_with(key))
    throw Error(
        ErrorKind::usage,
        fmt::format("--checkpoint '{}': write how often, in biological time, such as every=10s", text));
  double ms = 0;
  try {
    ms = parse_quantity(text.substr(key.size()), Unit::ms, "--checkpoint", {});
  } catch (const Error& error) {
    throw Error(ErrorKind::usage, error.what());
  }
  if (!(ms > 0))
    throw Error(ErrorKind::usage, fmt::format("--checkpoint '{}': the time must be above 0", text));
  return ms;
}

}  // namespace synfire::cli
