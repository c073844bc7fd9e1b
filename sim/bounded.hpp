// Neuron models as certified bounds see them: steps of many neurons whose inputs and states are only known to
// lie between two bounds.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>

namespace synfire {

/// Lower and upper bounds, element by element.
template <class Number> struct Bound {
  Number* low = nullptr;
  Number* high = nullptr;

  Bound at(std::size_t offset) const { return {low + offset, high + offset}; }
};

/// Neurons of one model that share their parameters. Columns of states lie `stride` apart, each with an
/// element for each neuron.
class BoundedNeurons {
 public:
  virtual ~BoundedNeurons() = default;

  virtual std::size_t states() const = 0;     ///< state variables; the first is what a readout gives
  virtual bool spikes() const = 0;            ///< false: a readout
  virtual bool linear() const = 0;            ///< a readout that only adds up, with weights >= 0
  virtual std::size_t receptors() const = 0;  ///< as DifferentiableNeurons::receptors

  /// The state before the first step.
  virtual void start(Bound<float> states, std::size_t stride, std::size_t count) const = 0;
  /// A step by `input` to the model's first receptor, and what arrives at all those behind it, or none of
  /// them: bounds of the states after it stand where those before it stood, and of spikes 0, 1 or both. What
  /// a model draws may be anything that it can draw.
  virtual void step(Bound<const float> input, Bound<float> states, std::size_t stride, std::size_t count,
                    Bound<float> spikes, std::span<const Bound<const float>> further = {}) const = 0;
};

/// Null pointer when the model does not exist or cannot be differentiated (sim/differentiable.hpp).
/// Parameters that are absent have their defaults; dt in ms.
std::unique_ptr<BoundedNeurons> bounded_neurons(const std::string& model,
                                                const std::map<std::string, double>& parameters,
                                                double dt_ms);

}  // namespace synfire
