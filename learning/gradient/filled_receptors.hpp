// Receptors of neurons that are filled from values, not from spikes.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "learning/gradient/dense_product.hpp"
#include "learning/gradient/layers.hpp"
#include "learning/gradient/ordered_sum.hpp"

namespace synfire::learning {

/// The receptors that a layer of n neurons fills (FilledReceptor): in step t the receptor r gets
///
///   z_r(t) = bias_r + W_r,x x(t) + sum over its state variables v of W_r,v v(t-1),
///
/// x(t) [n] what reaches the first receptor, spikes of the layer itself included, v(t-1) [n] as it was after
/// the step before, each W [n, n]. Their names are those of layer, receptor and source: "liquid1.membrane.x".
/// Arrays of a part are [samples, n], columns of states samples times n apart.
template <class Real> class FilledReceptors {
 public:
  /// Of a model with so many receptors behind the first that could be filled.
  FilledReceptors(const LayerDescription&, const ModelInfo&, std::size_t neurons, std::size_t receptors,
                  const LayerContext&);

  bool any() const { return !filled_.empty(); }
  void add_weights(std::vector<Weights<Real>*>& all);
  void begin(const Pass&, std::span<const std::size_t> samples, SpareArrays<Real>&);
  void gather(const Pass&);

  // On the way there; nothing happens where none is filled.

  /// Room for the steps of a pass.
  void begin_part(const Pass&, const Piece<Real>&);
  /// The bias and what x has to say, of `count` steps from t on; x is that of the first of them.
  void hear(const Piece<Real>&, std::size_t t, std::size_t count, const Real* x);
  /// What the states before step t have to say.
  void recall(const Piece<Real>&, std::size_t t, const Real* states);
  /// What a step takes: DifferentiableNeurons::Step::further; null pointer where none is filled.
  const Real* const* inputs(std::size_t part, std::size_t t);

  // On the way back, from the last step to the first.

  /// Where a step writes its derivatives; those by z take the place of z.
  Real* const* d_inputs(std::size_t part, std::size_t t);
  /// Adds to the derivative by the states before step t.
  void recall_backward(const Piece<Real>&, std::size_t t, Real* d_states) const;
  /// Adds to that by x of `count` steps from t on; `d_x` is that of the first of them.
  void hear_backward(const Piece<Real>&, std::size_t t, std::size_t count, Real* d_x) const;
  /// Once all steps are done: x of all of them, and the `columns` columns of states before each.
  void by_weights(const Piece<Real>&, const Real* x, const Real* states, std::size_t columns);

 private:
  struct Source {
    bool is_state;
    std::size_t column;  // of the states
    std::size_t weights;
  };
  struct Filled {
    std::size_t receptor;  // behind the first, counted from 0
    std::size_t bias;
    std::vector<Source> sources;
  };
  struct Kept {
    LargeVector<Real> values;  // [filled, steps, samples, n]: z, then the derivatives by it
    LargeVector<Real> none, nowhere;
    std::vector<const Real*> inputs;
    std::vector<Real*> d_inputs;
    std::size_t steps = 0, size = 0;
  };
  const Real* values(const Kept& kept, std::size_t k, std::size_t t) const {
    return kept.values.data() + (k * kept.steps + t) * kept.size;
  }
  Real* values(Kept& kept, std::size_t k, std::size_t t) const {
    return kept.values.data() + (k * kept.steps + t) * kept.size;
  }
  void by_bias(const Kept&, std::size_t k, Real* gradient) const;
  void by_states(const Kept&, std::size_t k, const Real* states, std::size_t columns,
                 const DenseProduct<Real>&, Real* gradient) const;

  std::size_t neurons_, receptors_;
  Precision precision_;
  std::vector<Filled> filled_;
  std::vector<Weights<Real>> weights_;
  std::vector<DenseProduct<Real>> products_;  // with each of them that is a table
  std::vector<OrderedSum<Real>> sums_;        // of the weights' gradients
  std::vector<Kept> parts_;
};

}  // namespace synfire::learning
