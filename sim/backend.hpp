// The seams inside a backend: who turns input into spikes, and who carries spikes to inputs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "core/state.hpp"
#include "core/time.hpp"
#include "networks/description.hpp"
#include "sim/feed.hpp"
#include "sim/synapse_table.hpp"

namespace synfire {

/// A contiguous part of one population.
struct Range {
  std::uint32_t first = 0, count = 0;
};

/// What every part of a network is made for.
struct BuildContext {
  const NetworkDescription& network;
  Grid grid;
  std::function<void(const std::string&)> notice = {};  ///< takes a line for the user, such as a damaged file
  /// By population; shared by all that are made with this context or a copy of it.
  std::shared_ptr<std::vector<Feed>> feeds = std::make_shared<std::vector<Feed>>(network.populations.size());

  void tell(const std::string& line) const {
    if (notice) notice(line);
  }

  RandomKey key(std::string_view path) const { return {network.seed, path}; }
  /// Of a population of the network.
  const Feed& feed(const PopulationDescription& population) const {
    return (*feeds)[static_cast<std::size_t>(&population - network.populations.data())];
  }
};

/// Neurons or spike sources of one range: advances them by a step and names those that spiked.
class Emitter {
 public:
  virtual ~Emitter() = default;

  /// Appends the offsets (from the beginning of the range) that spike in `step`, ascending; an offset may
  /// repeat for sources that can spike more than once in a step.
  virtual void step(Step step, std::vector<std::uint32_t>& spikes) = 0;

  /// The accumulator of a receptor, one element a neuron; a step reads and clears it. Empty for sources.
  virtual std::span<float> input(std::size_t /*receptor*/) { return {}; }

  /// From now on the accumulator of a receptor lies elsewhere: as many elements at `place`, aligned to 64
  /// bytes, all 0.
  virtual void move_input(std::size_t /*receptor*/, float* /*place*/) {}

  /// A state variable, one element a neuron, as it stands after the last step. Empty for sources.
  virtual std::span<const float> state(std::size_t /*variable*/) const { return {}; }

  /// Gives a parameter one value for all of the range, or one for each; false when it cannot change while the
  /// network runs.
  virtual bool set_parameter(std::string_view /*parameter*/, std::span<const double> /*values*/) {
    return false;
  }

  /// Neurons stand as at the start. Nothing for sources, which depend on the step alone.
  virtual void restart() {}

  /// What the next step depends on, to and from the arrays of the population. Sources depend on the step
  /// alone.
  virtual void save(const SavedShare& /*share*/) const {}
  virtual void load(const LoadedShare& /*share*/) {}

  virtual std::size_t bytes() const = 0;
};

/// A stateless source of spike counts that a projection may read directly, at any step.
class CountSource {
 public:
  virtual ~CountSource() = default;
  /// counts[i] = spikes of neuron first + i in `step`; false when all are 0 (counts untouched).
  virtual bool counts(Step step, std::uint32_t first, std::span<std::uint32_t> counts) = 0;
};

/// A source of currents.
class SignalSource {
 public:
  virtual ~SignalSource() = default;
  /// values[i] = the current of neuron first + i during `step`; false when all are 0 (values untouched).
  virtual bool values(Step step, std::uint32_t first, std::span<float> values) = 0;
};

/// A population in the reference backend: double precision, inputs given receptor by receptor.
class ReferenceNeurons {
 public:
  virtual ~ReferenceNeurons() = default;
  /// Advances neuron i by the step number `step`; input[r] is the accumulator of its receptor r. The number
  /// of its spikes.
  virtual unsigned step(Step step, std::uint32_t i, std::span<const double> input) = 0;
  virtual double state(std::size_t i, std::size_t variable) const = 0;
};

class RecordSink;
struct RunResult;

/// What neurons did since they were last looked at anew.
struct Watched {
  std::vector<Step> first_spikes;  ///< steps until the end of the one in which each first spiked; 0: did not
  std::vector<float> highest;      ///< of the state variable, after each step; 0 where none is watched
};

/// Shows a network samples that have nothing to do with each other, between two calls of Engine::advance.
/// Populations are named by their index in the description.
class Stage {
 public:
  virtual ~Stage() = default;
  /// The currents (pA) of a source that a task feeds from now on, one for each neuron; empty: none. Where the
  /// source is connected to a receptor of spikes, that receptor gets these numbers anew in each step.
  virtual void hold(std::size_t population, std::span<const double> currents) = 0;
  /// Its neurons begin anew, and spikes of theirs that are under way never arrive. The synapses that leave a
  /// population must have one delay in each projection.
  virtual void restart(std::size_t population) = 0;
  /// A state variable of all neurons of a population as it stands; empty where the engine cannot say.
  virtual std::vector<float> state(std::size_t /*population*/, std::size_t /*variable*/) const { return {}; }
};

/// Steers a network between two calls of Engine::advance. Populations and projections are named by their
/// index in the description.
class Control : public Stage {
 public:
  /// Spikes of each neuron since the start.
  virtual void spike_counts(std::size_t population, std::span<std::uint64_t> counts) const = 0;
  /// Gives a parameter one value for all neurons, or one for each. Throws Error(input) for a parameter that
  /// cannot be changed while the network runs.
  virtual void set_parameter(std::size_t population, std::string_view parameter,
                             std::span<const double> values) = 0;
  /// Lets a source that a task feeds spike at these times (ms, counted from now), in any order, instead of
  /// what it was given before.
  virtual void play(std::size_t population, std::span<const double> times_ms,
                    std::span<const std::uint64_t> ids) = 0;
  /// From now on notes first spikes, and the highest value of a state variable where one is named; again:
  /// begins anew.
  virtual void watch(std::size_t population, std::optional<std::size_t> variable) = 0;
  /// What was noted of a population that is watched.
  virtual Watched watched(std::size_t population) const = 0;
  /// Switches all rules of plasticity on or off.
  virtual void set_plastic(bool on) = 0;
  /// Applies the periodic rules of a projection (scaling, …) now.
  virtual void apply_periodic(std::size_t projection) = 0;
  /// The synapses of a plastic projection as they are now.
  virtual SynapseTable synapses(std::size_t projection) const = 0;
};

/// A network built and ready to run: start, advance as often as wanted, finish.
class Engine {
 public:
  virtual ~Engine() = default;
  /// Begins the run; what is recorded goes to the sink, which must outlive the run.
  virtual void start(RecordSink& sink) = 0;
  /// Runs until `until` steps are complete; false when it was stopped from outside before. Throws what the
  /// sink threw.
  virtual bool advance(Step until) = 0;
  /// Ends the run and hands over what is left.
  virtual RunResult finish() = 0;
  /// Brings all that was recorded so far to the sink, and flushes it; between two calls of advance.
  virtual void sync() {}
  /// All that a run depends on from here, between two calls of advance; of a run on several ranks, rank 0
  /// gets it, and all must call it. False for engines that cannot say, and where results were lost.
  virtual bool save(State& /*state*/) const { return false; }
  /// Goes on from what was saved by an engine of the same network, whatever its threads and ranks; before
  /// start. On several ranks all must call it, and that of rank 0 counts. Throws Error(input) when the state
  /// does not fit, then on all ranks.
  virtual void load(const State& /*state*/) {}
  /// Null pointer for engines that can only run.
  virtual Control* control() { return nullptr; }
  /// Null pointer for engines that cannot begin anew.
  virtual Stage* stage() { return control(); }
};

}  // namespace synfire
