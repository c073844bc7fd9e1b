#include "sim/simulation.hpp"

#include "sim/catalogue.hpp"
#include "sim/cpu/engine.hpp"
#include "sim/plan.hpp"
#include "sim/reference/engine.hpp"

namespace synfire {

void check_buildable(NetworkDescription network) {
  resolve_files(network);
  const BuildContext context{network, Grid(network.simulation.dt)};
  const Plan plan = make_plan(context, 1, 0);
  check_memory(plan.expected_bytes, plan.expected_synapses);
}

Simulation::Simulation(NetworkDescription network, const RunOptions& options)
    : network_(std::make_unique<NetworkDescription>(std::move(network))) {
  resolve_files(*network_);
  const BuildContext context{*network_, Grid(network_->simulation.dt), options.notice};
  if (network_->simulation.backend == "reference") {
    engine_ = make_reference_engine(context, options);
  } else {
    engine_ = std::make_unique<CpuEngine>(context, options);
  }
}

RunResult Simulation::run(RecordSink& sink) {
  engine_->start(sink);
  engine_->advance(Grid(network_->simulation.dt).nearest(network_->simulation.duration));
  return engine_->finish();
}

void MemorySink::spikes(std::size_t population, std::span<const Step> steps,
                        std::span<const std::uint32_t> neurons) {
  auto& kept = spikes_.at(population);
  kept.steps.insert(kept.steps.end(), steps.begin(), steps.end());
  kept.neurons.insert(kept.neurons.end(), neurons.begin(), neurons.end());
}

void MemorySink::frames(std::size_t population, std::size_t trace, std::span<const float> values) {
  auto& kept = frames_.at(population).at(trace);
  kept.insert(kept.end(), values.begin(), values.end());
}

}  // namespace synfire
