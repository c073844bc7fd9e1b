// Neuron models as learning by gradients sees them: steps of many neurons, and the same steps backwards.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/parameter.hpp"

namespace synfire {

/// Neurons of one model that share their parameters. All arrays are columns: `states()` columns of a state
/// and `noises()` of noise lie `stride` apart, every one with an element for each neuron.
template <class Real> class DifferentiableNeurons {
 public:
  virtual ~DifferentiableNeurons() = default;

  virtual std::size_t states() const = 0;  ///< state variables; the first is what a readout gives
  virtual std::size_t noises() const = 0;  ///< uniform deviates in [0, 1) that a step takes
  virtual bool spikes() const = 0;         ///< false: a readout
  /// Receptors behind the first that a step may be given something for: all but that for currents.
  virtual std::size_t receptors() const = 0;

  /// Other values of parameters, by name; those absent keep the value they have.
  virtual void set(const std::map<std::string, double>& values) = 0;

  /// The state before the first step.
  virtual void start(Real* states, std::size_t stride, std::size_t count) const = 0;

  struct Step {
    std::size_t stride = 0, count = 0;
    const Real* input = nullptr;   ///< [count], to the model's first receptor
    const Real* before = nullptr;  ///< states
    const Real* noise = nullptr;   ///< columns, as states; not read where noises() is 0
    /// [receptors()] of [count]: to the receptors behind the first; null pointer: nothing arrives there.
    const Real* const* further = nullptr;
  };
  /// Writes the states after it, the spikes (0 or 1) and the margins of the spike condition. A readout has
  /// neither spikes nor margins.
  virtual void forward(const Step& step, Real* after, Real* spikes, Real* margins) const = 0;

  struct Reverse {
    const Real* slopes = nullptr;    ///< [count], of the surrogate at the margins
    const Real* d_spikes = nullptr;  ///< [count], derivative of the loss by the spikes of this step
    bool detach_reset = false;       ///< what a spike does to the state carries no derivative
    /// [receptors()] of [count]: to be written with the derivative by Step::further, which may stand there.
    Real* const* d_further = nullptr;
  };
  /// The reverse of a step. `d_states` holds the derivative of the loss by the states after it, and then that
  /// by the states before; `d_input` is that by the input.
  virtual void backward(const Step& step, const Reverse& reverse, Real* d_states, Real* d_input) const = 0;
  /// Derivative of the loss by a parameter, summed over the neurons; to be called before `backward` of the
  /// same step, with the same arguments. Parameters are numbered as in the model's description.
  virtual double by_parameter(const Step& step, const Reverse& reverse, const Real* d_states,
                              std::size_t parameter) const = 0;
  /// The part of it that comes by the state before the first step, whose derivative `d_states` is.
  virtual double start_by_parameter(const Real* d_states, std::size_t stride, std::size_t count,
                                    std::size_t parameter) const = 0;
};

/// Null pointer when the model does not exist or cannot be differentiated. Parameters that are absent have
/// their defaults; dt in ms.
template <class Real>
std::unique_ptr<DifferentiableNeurons<Real>> differentiable_neurons(
    const std::string& model, const std::map<std::string, double>& parameters, double dt_ms);
template <>
std::unique_ptr<DifferentiableNeurons<float>> differentiable_neurons(
    const std::string& model, const std::map<std::string, double>& parameters, double dt_ms);
template <>
std::unique_ptr<DifferentiableNeurons<double>> differentiable_neurons(
    const std::string& model, const std::map<std::string, double>& parameters, double dt_ms);

/// For tests: the smooth network, whose spikes are `step(margin)` between 0 and 1; `step` must outlive it.
std::unique_ptr<DifferentiableNeurons<double>> smooth_neurons(const std::string& model,
                                                              const std::map<std::string, double>& parameters,
                                                              double dt_ms,
                                                              const std::function<double(double)>& step);

/// Models that can be differentiated.
std::vector<std::string_view> differentiable_models();

/// What the parameters of such a model are; null pointer where there is none of this name.
const ModelInfo* differentiable_model(std::string_view name);

}  // namespace synfire
