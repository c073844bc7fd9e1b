// Question: how fast do whole networks run? Prints JSON: medians over repeats, each in a process of its own,
// nothing recorded but counts. ns per update comes from the same network without its recurrent synapses (so
// it holds the drawing of external input, too); ns per event is what the recurrent synapses add, over the
// events they deliver.
//   bench_networks [--threads N] [--repeats R] [--seconds S] [FILE.yaml …]
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <numeric>
#include <thread>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include "io/yaml.hpp"
#include "networks/parse.hpp"
#include "sim/catalogue.hpp"
#include "sim/report.hpp"
#include "sim/simulation.hpp"

namespace {

using namespace synfire;
using nlohmann::json;

class NoSink final : public RecordSink {
 public:
  void spikes(std::size_t, std::span<const Step>, std::span<const std::uint32_t>) override {}
  void frames(std::size_t, std::size_t, std::span<const float>) override {}
  void flush(Step) override {}
};

/// Runs a network in a child process, so that peak memory is its own; returns its report.
json measure(const NetworkDescription& network, unsigned threads) {
  int ends[2];
  if (pipe(ends) != 0) throw Error(ErrorKind::resource, "no pipe for the child process");
  const pid_t child = fork();
  if (child == 0) {
    NoSink sink;
    RunOptions options;
    options.threads = threads;
    const std::string report = report_json(Simulation(network, options).run(sink));
    const bool sent = write(ends[1], report.data(), report.size()) == ssize_t(report.size());
    _exit(sent ? 0 : 1);
  }
  close(ends[1]);
  std::string text(1 << 16, '\0');
  std::size_t length = 0;
  for (ssize_t n; (n = read(ends[0], text.data() + length, text.size() - length)) > 0;)
    length += std::size_t(n);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0) throw Error(ErrorKind::internal, "a measured run failed");
  return json::parse(text.substr(0, length));
}

/// How fast so many threads read memory of which nothing lies in a cache: the limit of a network whose
/// synapses are visited once for each spike of their source.
double read_bytes_per_s(unsigned threads) {
  constexpr std::size_t words = std::size_t(1) << 26;  // 512 MiB for each
  std::vector<std::vector<std::uint64_t>> arrays(threads);
  std::vector<std::uint64_t> sums(threads);
  const auto on_all = [&](const auto& work) {
    std::vector<std::jthread> workers;
    for (unsigned k = 0; k < threads; ++k) workers.emplace_back([&, k] { work(k); });
  };
  on_all([&](unsigned k) { arrays[k].assign(words, k); });
  double best = 0;
  for (int repeat = 0; repeat < 5; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    on_all([&](unsigned k) {
      sums[k] += std::accumulate(arrays[k].begin(), arrays[k].end(), std::uint64_t(0));
    });
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    best = std::max(best, double(threads * words * 8) / seconds);
  }
  return std::accumulate(sums.begin(), sums.end(), std::uint64_t(0)) == 1 ? 0
                                                                          : best;  // so that it is computed
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

bool is_plastic(const NetworkDescription& network) {
  return std::any_of(network.projections.begin(), network.projections.end(),
                     [](const auto& projection) { return !projection.plasticity.empty(); });
}

NetworkDescription without_plasticity(NetworkDescription network) {
  for (auto& projection : network.projections) projection.plasticity.clear();
  return network;
}

NetworkDescription without_recurrence(NetworkDescription network) {
  std::erase_if(network.projections,
                [&](const auto& p) { return is_neuron_model(network.populations[p.from].model); });
  return network;
}

struct Options {
  unsigned threads = 2;
  int repeats = 5;
  double seconds = 1;
  std::vector<std::string> files;
  double memory = 0;  ///< bytes a second that the threads can read
};

json bench(const std::string& name, NetworkDescription network, const Options& options) {
  network.records.clear();
  network.weight_records.clear();
  network.simulation.duration = options.seconds * 1e3;
  std::vector<double> factors, drive_factors, static_factors, builds, peaks;
  json last;
  for (int r = 0; r < options.repeats; ++r) {
    last = measure(network, options.threads);
    factors.push_back(last["real_time_factor"]);
    builds.push_back(last["build_s"]);
    peaks.push_back(last["peak_rss_bytes"]);
    if (is_plastic(network))
      static_factors.push_back(measure(without_plasticity(network), options.threads)["real_time_factor"]);
    drive_factors.push_back(measure(without_recurrence(network), options.threads)["real_time_factor"]);
  }
  const double updates = last["neuron_updates"], events = last["synaptic_events"],
               synapses = last["synapses"];
  json result = {{"network", name},
                 {"threads", options.threads},
                 {"workers", last["workers"]},
                 {"repeats", options.repeats},
                 {"real_time_factor", median(factors)},
                 {"ns_per_update", median(drive_factors) * options.seconds * 1e9 / updates},
                 {"build_s", median(builds)},
                 {"peak_rss_bytes", median(peaks)}};
  if (events > 0) {
    result["ns_per_event"] = (median(factors) - median(drive_factors)) * options.seconds * 1e9 / events;
    result["bytes_per_synapse"] = double(last["synapse_bytes"]) / synapses;
    result["events"] = events;
    // Each synapse that delivers is read, and each neuron's columns once a step.
    const double neurons = updates / double(last["biological_s"]) * network.simulation.dt * 1e-3;
    const double moved =
        events * double(last["synapse_bytes"]) / synapses + updates * double(last["neuron_bytes"]) / neurons;
    const double per_s = moved / (median(factors) * options.seconds);
    result["read_bytes_per_s"] = per_s;
    result["share_of_memory"] = per_s / options.memory;
    result["synapses"] = synapses;
    // Other weights make other spikes: compare the rates before believing the difference.
    if (is_plastic(network)) result["real_time_factor_without_plasticity"] = median(static_factors);
  }
  for (const auto& [population, values] : last["populations"].items())
    result["rate_hz"][population] = values["rate_hz"];
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Times whole networks."};
  Options options;
  app.add_option("--threads", options.threads, "threads")->check(CLI::Range(1, 1024));
  app.add_option("--repeats", options.repeats, "runs of each network")->check(CLI::Range(1, 1000));
  app.add_option("--seconds", options.seconds, "biological time of a run")->check(CLI::PositiveNumber);
  app.add_option("networks", options.files,
                 "network files; default: cuba, brunel and plastic of the examples");
  CLI11_PARSE(app, argc, argv);
  const std::string examples = SYNFIRE_EXAMPLES;
  if (options.files.empty())
    options.files = {examples + "/cuba.yaml", examples + "/brunel.yaml", examples + "/plastic.yaml"};
  try {
    options.memory = read_bytes_per_s(options.threads);
    json results = json::array();
    results.push_back({{"memory_read_bytes_per_s", options.memory}, {"threads", options.threads}});
    results.push_back(bench(
        "100,000 iaf_psc_exp, no synapses",
        parse_network(parse_yaml("synfire: 1\npopulations: {n: {model: iaf_psc_exp, size: 100000, params: "
                                 "{I_e: 400 pA}, init: {V_m: {uniform: [-70 mV, -55 mV]}}}}",
                                 "bench")),
        options));
    for (const auto& file : options.files)
      results.push_back(bench(std::filesystem::path(file).stem(), parse_network(read_yaml(file)), options));
    std::puts(results.dump(2).c_str());
  } catch (const Error& error) {
    std::fprintf(stderr, "bench_networks: %s\n", error.what());
    return error.exit_code();
  }
  return 0;
}
