#include "sim/reference/connection.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "sim/plan.hpp"

namespace synfire::reference {
namespace {

// The list of all synapses in the order that structural rules ask for, and the number of each.
std::pair<std::vector<ListedSynapse>, std::vector<std::size_t>> list_of(const Connection& connection) {
  std::vector<ListedSynapse> list;
  std::vector<std::size_t> numbers;
  for (std::uint32_t source = 0; source < connection.of_source.size(); ++source) {
    auto row = connection.of_source[source];
    std::stable_sort(row.begin(), row.end(), [](const Synapse& a, const Synapse& b) {
      return a.delay != b.delay ? a.delay < b.delay : a.target < b.target;
    });
    for (const Synapse& synapse : row) {
      list.push_back({source, synapse.target, static_cast<std::uint32_t>(synapse.delay),
                      connection.learning->synapses->weight(synapse.number), list.size()});
      numbers.push_back(synapse.number);
    }
  }
  return {std::move(list), std::move(numbers)};
}

// A synapse of the same source and delay knows of the spikes that have come along this way.
std::size_t neighbour(const Connection& connection, const ListedSynapse& synapse) {
  for (const Synapse& other : connection.of_source[synapse.source])
    if (other.delay == Step(synapse.delay)) return other.number;
  return ReferenceSynapses::none;
}

void replan(Connection& connection, Step point) {
  Learning& learning = *connection.learning;
  const Step pages = static_cast<Step>(learning.due.size());
  for (auto& page : learning.due) page.clear();
  while (!learning.flights.empty() && learning.flights.front().emitted + pages <= point)
    learning.flights.pop_front();
  for (const auto& flight : learning.flights)
    for (const Synapse& synapse : connection.of_source[flight.source])
      if (flight.emitted + synapse.delay >= point)
        learning.due[static_cast<std::size_t>((flight.emitted + synapse.delay) % pages)].emplace_back(
            synapse.number, flight.part);
}

const Activity& activity_of(const Learning& learning, double tau_ms) {
  return *std::find_if(learning.watched.begin(), learning.watched.end(),
                       [&](const Activity& activity) { return activity.tau_ms == tau_ms; });
}

std::vector<double> rate_by_target(const Connection& connection, double tau_ms, std::uint32_t targets) {
  std::vector<double> rates(targets, 0.0), synapses(targets, 0.0);
  const Activity& activity = activity_of(*connection.learning, tau_ms);
  for (const auto& row : connection.of_source) {
    for (const Synapse& synapse : row) {
      rates[synapse.target] += activity.traces[synapse.number] * 1000 / tau_ms;
      synapses[synapse.target] += 1;
    }
  }
  for (std::size_t t = 0; t < targets; ++t)
    if (synapses[t] > 0) rates[t] /= synapses[t];
  return rates;
}

}  // namespace

SynapseCounts counts_of(const Connection& connection, std::uint32_t targets) {
  SynapseCounts counts;
  std::vector<bool> connected(targets);
  for (const auto& row : connection.of_source) {
    counts.synapses += row.size();
    for (const Synapse& synapse : row) connected[synapse.target] = true;
  }
  counts.connected = static_cast<std::uint32_t>(std::count(connected.begin(), connected.end(), true));
  counts.targets = targets;
  return counts;
}

void restructure(Connection& connection, Step point) {
  Learning& learning = *connection.learning;
  auto [list, numbers] = list_of(connection);
  learning.structure->apply(point, list);
  std::vector<std::vector<Synapse>> rows(connection.of_source.size());
  std::vector<ReferenceSynapses::Moved> moved;
  for (const ListedSynapse& synapse : list) {
    const bool stays = synapse.was != ListedSynapse::new_here;
    const std::size_t was = stays ? numbers[synapse.was] : ReferenceSynapses::none;
    rows[synapse.source].push_back({synapse.target, Step(synapse.delay), synapse.weight, moved.size()});
    moved.push_back({{synapse.target, synapse.weight}, was, stays ? was : neighbour(connection, synapse)});
  }
  connection.of_source = std::move(rows);
  learning.synapses->rearrange(moved);
  for (Activity& activity : learning.watched) {
    std::vector<double> traces;
    for (const auto& synapse : moved)
      traces.push_back(synapse.like == ReferenceSynapses::none ? 0 : activity.traces[synapse.like]);
    activity.traces = std::move(traces);
  }
  replan(connection, point);
}

std::unique_ptr<Mask> make_mask(const ProjectionPlan& projection, const BuildContext& context) {
  if (!projection.description->mask) return nullptr;
  const MaskDescription& description = *projection.description->mask;
  std::vector<float> initial;
  std::vector<std::uint64_t> ids;
  std::vector<std::uint32_t> sources;
  for (std::uint32_t t = 0; t < projection.to->size(); ++t) {
    if (description.per_target) {
      initial.push_back(static_cast<float>(projection.mask(t, 0)));
      ids.push_back(t);
      continue;
    }
    sources.clear();
    projection.connector->sources_of(t, sources);
    for (std::uint32_t k = 0; k < sources.size(); ++k) {
      initial.push_back(static_cast<float>(projection.mask(t, k)));
      ids.push_back(mask_id(sources[k], t));
    }
  }
  return std::make_unique<Mask>(
      description, context.grid,
      context.key(fmt::format("projection/{}/mask/draw", projection.description->name)), std::move(initial),
      std::move(ids));
}

void watch(Connection& connection, double tau_ms) {
  Learning& learning = *connection.learning;
  for (const Activity& activity : learning.watched)
    if (activity.tau_ms == tau_ms) return;
  std::size_t synapses = 0;
  for (const auto& row : connection.of_source) synapses += row.size();
  learning.watched.push_back({tau_ms, std::vector<double>(synapses, 0.0)});
}

void decay_activity(Learning& learning, double dt_ms) {
  for (Activity& activity : learning.watched)
    for (double& trace : activity.traces) trace *= std::exp(-dt_ms / activity.tau_ms);
}

void learn_mask(Connection& connection, const Connection* rival, double tau_ms, Step point,
                std::uint32_t targets) {
  Mask* const mask = connection.learning->mask.get();
  if (mask == nullptr || !mask->due(point)) return;
  if (!mask->competes(point)) return mask->update(point, {}, {});
  const std::vector<double> against = rate_by_target(*rival, tau_ms, targets);
  if (mask->per_target()) return mask->update(point, rate_by_target(connection, tau_ms, targets), against);
  const Activity& activity = activity_of(*connection.learning, tau_ms);
  std::vector<double> own(activity.traces.size()), others(own.size());
  for (std::size_t k = 0; k < own.size(); ++k) {
    own[k] = activity.traces[k] * 1000 / tau_ms;
    others[k] = against[connection.learning->synapses->target(k)];
  }
  mask->update(point, own, others);
}

double mask_factor(const Learning& learning, std::size_t synapse) {
  if (!learning.mask) return 1;
  const auto factors = learning.mask->factors();
  return double(factors[learning.mask->per_target() ? learning.synapses->target(synapse) : synapse]);
}

}  // namespace synfire::reference
