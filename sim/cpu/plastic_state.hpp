// Synapses that change, and the traces of the spikes that reach them, in the state of a run.
#pragma once

#include <vector>

#include "core/state.hpp"
#include "sim/cpu/rebuild.hpp"
#include "sim/cpu/traces.hpp"

namespace synfire {

/// The synapses of a block, whose targets are the share.
void save_synapses(const SavedShare& share, const SparseBlock& block);

/// The synapses onto a share, ascending by source, delay, target; `was` is their place in the arrays of the
/// projection, where whatever else belongs to a synapse has its own.
std::vector<ListedSynapse> load_synapses(const LoadedShare& share);

/// The values of such synapses.
template <class T, class To>
void load_of_synapses(const LoadedShare& share, std::string_view name,
                      const std::vector<ListedSynapse>& synapses, To& values) {
  const auto& all = share.all<T>(name, share.all<std::uint32_t>("source").size());
  values.resize(synapses.size());
  for (std::size_t k = 0; k < synapses.size(); ++k) values[k] = all[synapses[k].was];
}

/// Names of the trains of spikes that reach a block: sources, or sources and delays. Every part saves its
/// own; those of one name have the same traces.
void save_trains(const SavedShare& share, const SparseBlock& block);

/// For each train of a block its place in what was saved. Throws Error(input) when one is missing.
std::vector<std::uint64_t> find_trains(const LoadedShare& share, const SparseBlock& block);

template <class Trace> void save_traces(const SavedShare& share, const LazyTraces<Trace>& traces) {
  constexpr std::size_t count = member_count<Trace, float>;
  std::vector<float> values;
  for (const Trace& trace : traces.values())
    std::apply([&](const auto&... value) { (values.push_back(value), ...); }, tie_members<count>(trace));
  share.append<float>("traces", values);
  share.append<std::uint32_t>("last", traces.last());
}

/// Those that were saved below `name`; `trains` as found in the projection, whose share this is.
template <class Trace>
void load_traces(const LoadedShare& projection, std::string_view name,
                 const std::vector<std::uint64_t>& trains, LazyTraces<Trace>& traces) {
  constexpr std::size_t count = member_count<Trace, float>;
  const LoadedShare share = projection.within(name);
  const auto& last = share.all<std::uint32_t>("last", projection.all<std::uint64_t>("trains").size());
  const auto& values = share.all<float>("traces", last.size() * count);
  for (std::size_t train = 0; train < trains.size(); ++train) {
    const std::uint64_t place = trains[train];
    Trace trace{};
    std::size_t member = place * count;
    std::apply([&](auto&... value) { ((value = values[member++]), ...); }, tie_members<count>(trace));
    traces.set(train, last[place], trace);
  }
}

}  // namespace synfire
