#include "sim/simulation.hpp"

#include <fmt/format.h>

#include "networks/keys.hpp"
#include "sim/catalogue.hpp"
#include "sim/cpu/engine.hpp"
#include "sim/event/engine.hpp"
#include "sim/plan.hpp"
#include "sim/ranks.hpp"
#include "sim/reference/engine.hpp"

namespace synfire {
namespace {

// Only the batched engine knows of other ranks.
void check_ranks(const NetworkDescription& network, const RunOptions& options) {
  if (options.ranks == nullptr) return;
  const auto refuse = [](std::string_view what) {
    throw Error(
        ErrorKind::usage,
        fmt::format("{} runs in one process; start it without mpirun, or take the batched engine", what));
  };
  if (network.simulation.engine == keys::event_engine) refuse("`engine: event`");
  if (network.simulation.backend == "reference") refuse("`backend: reference`");
}

}  // namespace

void check_buildable(NetworkDescription network) {
  resolve_files(network);
  const BuildContext context{network, Grid(network.simulation.dt)};
  if (network.simulation.engine == keys::event_engine) {
    check_event_network(network);
    const EventSize size = event_size(context, plan_projections(context, false));
    return check_memory(size.bytes, size.synapses);
  }
  const Plan plan = make_plan(context, 1, 0);
  check_memory(plan.expected_bytes, plan.expected_synapses);
}

Simulation::Simulation(NetworkDescription network, const RunOptions& options)
    : network_(std::make_unique<NetworkDescription>(std::move(network))) {
  together(options.ranks, [&] {
    check_ranks(*network_, options);
    resolve_files(*network_);
  });
  const BuildContext context{*network_, Grid(network_->simulation.dt), options.notice};
  if (network_->simulation.engine == keys::event_engine) {
    engine_ = std::make_unique<EventEngine>(context, options);
  } else if (network_->simulation.backend == "reference") {
    engine_ = make_reference_engine(context, options);
  } else {
    engine_ = std::make_unique<CpuEngine>(context, options);
  }
}

RunResult Simulation::run(RecordSink& sink) {
  const Step steps = Grid(network_->simulation.dt).nearest(network_->simulation.duration);
  return run(sink, [steps](Engine& engine) { engine.advance(steps); });
}

RunResult Simulation::run(RecordSink& sink, const std::function<void(Engine&)>& steer) {
  try {
    engine_->start(sink);
    steer(*engine_);
    return engine_->finish();
  } catch (...) {
    engine_.reset();  // its writer must not meet a sink that is gone
    throw;
  }
}

void MemorySink::spikes(std::size_t population, std::span<const Step> steps,
                        std::span<const std::uint32_t> neurons) {
  auto& kept = spikes_.at(population);
  kept.steps.insert(kept.steps.end(), steps.begin(), steps.end());
  kept.neurons.insert(kept.neurons.end(), neurons.begin(), neurons.end());
}

void MemorySink::spike_times(std::size_t population, std::span<const double> times_ms,
                             std::span<const std::uint32_t> neurons) {
  auto& kept = spikes_.at(population);
  kept.times_ms.insert(kept.times_ms.end(), times_ms.begin(), times_ms.end());
  kept.neurons.insert(kept.neurons.end(), neurons.begin(), neurons.end());
}

void MemorySink::weights(std::size_t record, Step point, const SynapseTable& table) {
  weights_.at(record).emplace_back(point, table);
}

void MemorySink::structure(std::size_t projection, Step point, const StructureEvent& event) {
  structures_.at(projection).emplace_back(point, event);
}

void MemorySink::frames(std::size_t population, std::size_t trace, std::span<const float> values) {
  auto& kept = frames_.at(population).at(trace);
  kept.insert(kept.end(), values.begin(), values.end());
}

}  // namespace synfire
