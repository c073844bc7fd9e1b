// What a layer is to certified bounds: what its output can be when its inputs lie between two bounds, how
// steep it is there, and which linear functions lie below and above it.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "learning/gradient/layers.hpp"
#include "sim/bounded.hpp"

namespace synfire::learning::bounds {

/// How the parts of a batch are gone through.
struct Round {
  std::size_t steps = 1;
  std::vector<std::size_t> samples;  ///< of each part; of a way back samples times functions
  bool backward = false;
};

/// Arrays are [steps, samples, features] with one step where a signal is constant, as those of a Layer.
struct Known {
  std::size_t part = 0, samples = 0, steps = 1;
  std::span<const Bound<const float>> inputs;
};

/// Numbers of an output of that shape.
inline std::size_t size_of(const SignalShape& shape, const Known& known) {
  return shape.steps(known.steps) * known.samples * shape.features.size();
}

/// Linear functions of an output, `functions` of them for each sample, to be bounded from below by linear
/// functions of the inputs: sum of_output y >= constant + sum over inputs of_input x.
struct Functionals {
  Known known;
  Bound<const float> output;  ///< what is known of it
  std::size_t functions = 1;
  const float* of_output = nullptr;   ///< [steps, samples, functions, features]
  std::span<float* const> of_inputs;  ///< to be written, alike
  double* constants = nullptr;        ///< [samples, functions], to be added to
  std::size_t rows() const { return known.samples * functions; }
};

class BoundedLayer {
 public:
  virtual ~BoundedLayer() = default;

  virtual SignalShape shape() const = 0;
  /// Around the parts of a round, on the calling thread.
  virtual void begin(const Round&, SpareArrays<float>&) {}
  virtual void end(const Round&) {}

  virtual void bound(const Known& known, Bound<float> output) = 0;
  /// |change of y| <= output times whatever |change of x| <= inputs is times, within the bounds known.
  /// Infinity where y jumps.
  virtual void steepness(const Known& known, Bound<const float> output, std::span<const float* const> inputs,
                         float* steep) = 0;
  virtual void relax(const Functionals& functionals) = 0;
};

/// The arrays of a trained network, by name.
using Arrays = std::map<std::string, const Weights<float>*, std::less<>>;

struct Making {
  const LayerContext& context;
  const Arrays& arrays;
};

/// A layer of the kinds that are one piece (all but `flex`, bounds/flex_bounds.hpp). Throws Error(input) at
/// one of which no bounds are known.
std::unique_ptr<BoundedLayer> make_bounded(const LayerDescription& layer, std::span<const SignalShape> inputs,
                                           const Making& making);
/// One of neurons.
std::unique_ptr<BoundedLayer> make_bounded_neurons(const LayerDescription& layer, const SignalShape& input,
                                                   const Making& making);

/// Constants below which nothing can be told apart: a sum of n products in single precision is off by less
/// than `rounding(n)` of the sum of their sizes, but for a probability below 1e-9 (Higham & Mary 2019, with
/// lambda = 8).
float rounding(std::size_t n);

// --- what layers share

/// Bounds below by constants: sum of a y >= sum of a low where a > 0, a high elsewhere. Inputs get nothing.
void relax_by_constants(const Functionals& f, const SignalShape& shape, std::span<const SignalShape> inputs);
/// Calls visit(offset of a row within the arrays of bounds, within those of functionals, its constant) for
/// all rows of `features` numbers: each step, sample and function.
template <class Visit>
void for_each_function(const Functionals& f, const SignalShape& shape, const Visit& visit) {
  const std::size_t features = shape.features.size();
  for (std::size_t t = 0; t < shape.steps(f.known.steps); ++t)
    for (std::size_t b = 0; b < f.known.samples; ++b)
      for (std::size_t k = 0; k < f.functions; ++k)
        visit((t * f.known.samples + b) * features, ((t * f.known.samples + b) * f.functions + k) * features,
              f.constants[b * f.functions + k]);
}

}  // namespace synfire::learning::bounds
