// The seams inside a backend: who turns input into spikes, and who carries spikes to inputs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "core/time.hpp"
#include "networks/description.hpp"

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

  void tell(const std::string& line) const {
    if (notice) notice(line);
  }

  RandomKey key(std::string_view path) const { return {network.seed, path}; }
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

  /// A state variable, one element a neuron, as it stands after the last step. Empty for sources.
  virtual std::span<const float> state(std::size_t /*variable*/) const { return {}; }

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
  /// input[r] is the accumulator of receptor r of neuron i; true when it spikes.
  virtual bool step(std::size_t i, std::span<const double> input) = 0;
  virtual double state(std::size_t i, std::size_t variable) const = 0;
};

class RecordSink;
struct RunResult;

/// A network built and ready to run.
class Engine {
 public:
  virtual ~Engine() = default;
  /// Runs all steps; what is recorded goes to the sink. To be called once.
  virtual RunResult run(RecordSink& sink) = 0;
};

}  // namespace synfire
