// Synapses whose two neurons spike at given times, and what their weights become.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tests/sim/networks.hpp"

namespace synfire::testing_tools {

/// Spikes of the two sides of one synapse, in ms.
struct Pairing {
  std::vector<double> pre, post;
};

inline std::string spike_lists(const std::vector<Pairing>& pairings, bool post) {
  std::string lists;
  for (const auto& pairing : pairings) {
    std::string list;
    for (const double t : post ? pairing.post : pairing.pre)
      list += fmt::format("{}{} ms", list.empty() ? "" : ", ", t);
    lists += fmt::format("{}[{}]", lists.empty() ? "" : ", ", list);
  }
  return "[" + lists + "]";
}

/// A network of one synapse for each pairing, weight 0.5 mV, delay 0.1 ms, under `rules`; a strong synapse
/// makes each target spike at the times of `post`. Both trains arrive one step after they are given, so that
/// the times between them stay.
inline std::string pairing_network(const std::vector<Pairing>& pairings, const std::string& rules,
                                   double duration_ms, const std::string& more = "") {
  return fmt::format(R"(
synfire: 1
simulation: {{duration: {2} ms, dt: 0.1 ms}}
populations:
  pre: {{model: spike_list, spikes: {0}}}
  driver: {{model: spike_list, spikes: {1}}}
  post: {{model: iaf_psc_delta, size: {5}, params: {{t_ref: 0 ms, tau_m: 0.01 ms}}}}
{4}
projections:
  - {{name: plastic, from: pre, to: post, connect: one_to_one, weight: 0.5 mV, delay: 0.1 ms, plasticity: {3}}}
  - {{from: driver, to: post, connect: one_to_one, weight: 1000 mV, delay: 0.1 ms}}
record: {{post: {{spikes: all}}, plastic: {{weights: {{at: [{2} ms]}}}}}}
)",
                     spike_lists(pairings, false), spike_lists(pairings, true), duration_ms, rules, more,
                     pairings.size());
}

/// The weights at the end, by target.
inline std::vector<double> weights_after(const std::string& backend, const std::string& network) {
  const Ran ran = run_on(backend, network);
  const SynapseTable& table = ran.sink.weights_of(0).back().second;
  std::map<std::uint32_t, double> by_target;
  for (std::size_t k = 0; k < table.targets.size(); ++k)
    by_target[table.targets[k]] = double(table.weights[k]);
  std::vector<double> weights;
  for (const auto& [target, weight] : by_target) weights.push_back(weight);
  return weights;
}

}  // namespace synfire::testing_tools
