// The public face of the engine: a network in, spikes out.
#pragma once

#include <functional>

#include "networks/description.hpp"
#include "sim/backend.hpp"
#include "sim/record.hpp"
#include "sim/run.hpp"

namespace synfire {

/// Throws what building the network would throw, short of taking the memory: files, sizes, connection rules.
void check_buildable(NetworkDescription network);

/// A network, built for the backend that it asks for.
class Simulation {
 public:
  /// Throws Error(input) when the description cannot be built, Error(resource) when memory does not suffice.
  explicit Simulation(NetworkDescription network, const RunOptions& options = {});

  /// The network as built: what only files know (shapes of recordings) is filled in.
  const NetworkDescription& network() const { return *network_; }

  /// Runs it, once; what is recorded goes to `sink`, whose exceptions end the run and are thrown here.
  RunResult run(RecordSink& sink);

  /// The same, steered: `steer` advances the engine in pieces. After an exception the simulation is of no use
  /// any more.
  RunResult run(RecordSink& sink, const std::function<void(Engine&)>& steer);
  /// To look at, and for whoever starts and finishes by hand: the sink must then outlive the simulation.
  Engine& engine() { return *engine_; }

 private:
  std::unique_ptr<NetworkDescription> network_;  // stays where it is: the engine refers to it
  std::unique_ptr<Engine> engine_;
};

/// A sink that keeps spikes and traces in memory: for tests, benches and programs that use the library.
class MemorySink final : public RecordSink {
 public:
  struct Spikes {
    std::vector<Step> steps;
    std::vector<std::uint32_t> neurons;
    std::vector<double> times_ms;  ///< instead of steps, from engine event
    bool operator==(const Spikes&) const = default;
  };

  explicit MemorySink(const NetworkDescription& network)
      : spikes_(network.populations.size()), frames_(spikes_.size()) {
    weights_.resize(network.weight_records.size());
    structures_.resize(network.projections.size());
    for (const auto& record : network.records) frames_[record.population].resize(record.traces.size());
  }

  void spikes(std::size_t population, std::span<const Step> steps,
              std::span<const std::uint32_t> neurons) override;
  void spike_times(std::size_t population, std::span<const double> times_ms,
                   std::span<const std::uint32_t> neurons) override;
  void frames(std::size_t population, std::size_t trace, std::span<const float> values) override;
  void weights(std::size_t record, Step point, const SynapseTable& table) override;
  void structure(std::size_t projection, Step point, const StructureEvent& event) override;
  void flush(Step) override {}

  const Spikes& of(std::size_t population) const { return spikes_.at(population); }
  const std::vector<Spikes>& all() const { return spikes_; }
  /// What was kept of the synapses: by record of weights, in the order of time.
  const std::vector<std::pair<Step, SynapseTable>>& weights_of(std::size_t record) const {
    return weights_.at(record);
  }
  /// The changes of the structure of a projection, in the order of time.
  const std::vector<std::pair<Step, StructureEvent>>& structures_of(std::size_t projection) const {
    return structures_.at(projection);
  }
  /// Frame after frame.
  const std::vector<float>& trace(std::size_t population, std::size_t trace) const {
    return frames_.at(population).at(trace);
  }

 private:
  std::vector<Spikes> spikes_;
  std::vector<std::vector<std::vector<float>>> frames_;
  std::vector<std::vector<std::pair<Step, SynapseTable>>> weights_;
  std::vector<std::vector<std::pair<Step, StructureEvent>>> structures_;
};

}  // namespace synfire
