// Small networks for the tests of the engine: from text to spikes and traces in memory.
#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "io/yaml.hpp"
#include "networks/parse.hpp"
#include "sim/simulation.hpp"

namespace synfire::testing_tools {

/// The network of this text, after `--set` assignments.
inline NetworkDescription network_of(const std::string& text, const std::vector<std::string>& set = {}) {
  Tree tree = parse_yaml(text, "net.yaml");
  for (const auto& assignment : set) apply_set(tree, assignment);
  return parse_network(tree);
}

/// What came out of a run, by the populations' names.
struct Ran {
  NetworkDescription network;
  RunResult result;
  MemorySink sink;

  std::size_t index(const std::string& population) const { return network.population(population).value(); }
  const MemorySink::Spikes& spikes(const std::string& population) const { return sink.of(index(population)); }
  const std::vector<float>& trace(const std::string& population, std::size_t trace = 0) const {
    return sink.trace(index(population), trace);
  }
  /// The steps in which one neuron spiked.
  std::vector<Step> steps(const std::string& population, std::uint32_t neuron) const {
    std::vector<Step> found;
    const auto& all = spikes(population);
    for (std::size_t k = 0; k < all.steps.size(); ++k)
      if (all.neurons[k] == neuron) found.push_back(all.steps[k]);
    return found;
  }
};

inline RunOptions with(unsigned threads, unsigned shards = 0) {
  RunOptions options;
  options.threads = threads;
  options.shards = shards;
  return options;
}

inline Ran run(const NetworkDescription& network, const RunOptions& options = with(1)) {
  Simulation simulation(network, options);
  MemorySink sink(simulation.network());
  RunResult result = simulation.run(sink);
  return {simulation.network(), std::move(result), std::move(sink)};
}
inline Ran run(const std::string& text, const RunOptions& options = with(1)) {
  return run(network_of(text), options);
}

/// The same network on both backends, for `for (const auto& backend : backends)`.
inline const std::vector<std::string> backends = {"cpu", "reference"};
inline Ran run_on(const std::string& backend, const std::string& text) {
  return run(network_of(text, {"simulation.backend=" + backend}));
}

/// Membranes that only add up what arrives: no leak to speak of, no threshold, at 0 mV; 1 mV of jump is 1 mV
/// ever after. exp(-dt/tau_m) is 1 in float and 1 - 1e-13 in double.
inline const std::string counter =
    "model: iaf_psc_delta, params: {tau_m: 1e9 s, E_L: 0 mV, V_reset: 0 mV, V_th: 1e6 mV}";

/// The first steps from which a trace of `neurons` neurons shows each of them changed.
inline std::vector<Step> first_changes(const std::vector<float>& trace, std::size_t neurons) {
  std::vector<Step> first(neurons, -1);
  for (std::size_t k = 0; k < trace.size(); ++k)
    if (std::abs(trace[k]) > 1e-6f && first[k % neurons] < 0)
      first[k % neurons] = static_cast<Step>(k / neurons);
  return first;
}

}  // namespace synfire::testing_tools
