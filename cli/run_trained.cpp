#include "cli/run_trained.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cli/files.hpp"
#include "cli/simulate.hpp"
#include "cli/task_print.hpp"
#include "cli/terminal.hpp"
#include "learning/gradient/trained_file.hpp"
#include "learning/unrolled/simulated.hpp"
#include "sim/output.hpp"

namespace synfire::cli {
namespace {

using namespace learning;

NetworkDescription description_of(const TrainedRun& arguments, const TrainedFile& trained) {
  NetworkDescription network = trained.network(arguments.overrides);
  if (arguments.input) network.dataset->path = *arguments.input;
  if (arguments.engine) network.simulation.engine = *arguments.engine;
  return network;
}

void check_files(const TrainedRun& arguments, const std::vector<std::string>& inputs) {
  for (const auto& written : {arguments.output, arguments.report}) {
    if (!written) continue;
    keep_files(*written, inputs);
    check_output(*written, arguments.force);
  }
  if (arguments.output && arguments.report) keep_files(*arguments.report, {*arguments.output});
}

void print_layers(const SimulatedTest& result) {
  std::size_t width = 8;
  for (const auto& layer : result.layers) width = std::max(width, layer.name.size());
  fmt::print("{:<{}}  {:>8}  {:>9}  {:>10}  {:>16}  {:>10}  {:>9}\n", "layer", width, "neurons", "synapses",
             "spikes", "synaptic op.", "dense MAC", "differing");
  const auto row = [&](std::string_view name, std::string_view neurons, std::string_view synapses,
                       std::string_view spikes, double operations, double dense, std::string_view differing) {
    fmt::print("{:<{}}  {:>8}  {:>9}  {:>10}  {:>16}  {:>10}  {:>9}\n", name, width, neurons, synapses,
               spikes, operations < 0 ? "in steps" : format_count(operations), format_count(dense),
               differing);
  };
  for (const auto& layer : result.layers)
    row(layer.name, std::to_string(layer.neurons), format_count(double(layer.synapses)),
        layer.spikes ? fmt::format("{:.1f}", layer.spike_count) : "-",
        layer.stepped && layer.synaptic_operations == 0 ? -1 : layer.synaptic_operations,
        layer.dense_operations, layer.spikes ? fmt::format("{:.3g}", layer.differing) : "-");
  row("all", "", "", fmt::format("{:.1f}", result.spike_count()), result.synaptic_operations(),
      result.dense_operations(), "");
}

void print_result(const SimulatedTest& result, const std::string& engine) {
  fmt::print("{}", confusion_text(result.confusion));
  fmt::print("for each sample:\n");
  print_layers(result);
  if (result.dense_before > 0)
    fmt::print("{} multiply-accumulates before the first neurons\n", format_count(result.dense_before));
  if (result.dense_behind > 0)
    fmt::print("{} multiply-accumulates behind the last\n", format_count(result.dense_behind));
  fmt::print("accuracy {:.2f} % of {} test samples, engine {}, {:.3g} ms a sample\n", 100 * result.accuracy(),
             result.labels.size(), engine, 1e3 * result.simulated_s / result.samples());
  fmt::print("the layers: {:.2f} %, {:.3g} ms a sample; {:.2f} % of the samples are told alike\n",
             100 * result.layer_accuracy(), 1e3 * result.layers_s / result.samples(),
             100 * result.agreement());
}

}  // namespace

void run_trained(const TrainedRun& arguments) {
  const TrainedFile trained = read_trained(arguments.file);
  check_files(arguments, {arguments.file});
  const NetworkDescription description = description_of(arguments, trained);
  SimulationArguments simulation;
  simulation.quiet = arguments.quiet;
  simulation.threads = arguments.threads;
  const RunOptions options = simulation.options();
  TaskBar bar(arguments.quiet);
  const StopSignals signals;
  SimulatedNetwork network(description, trained.record.best_weights, options, [&](const TaskProgress& now) {
    bar.show(now.phase, now.done, now.total, now.accuracy);
  });
  check_files(arguments, network.samples().set().files());
  std::unique_ptr<ResultFile> file;
  if (arguments.output)
    file = std::make_unique<ResultFile>(*arguments.output, arguments.force, network.network(), options);
  const RunResult run = network.run(file.get());
  bar.end();
  if (file != nullptr) {
    write_simulated(file->file(), network.result());
    file->finish(run);
  }
  if (arguments.report) write_simulated_report(*arguments.report, network, run);
  if (!arguments.quiet && !network.result().labels.empty())
    print_result(network.result(), network.network().simulation.engine);
  if (!arguments.quiet && arguments.output) fmt::print("{}\n", *arguments.output);
  if (run.stopped_early) tell_signal();
}

}  // namespace synfire::cli
