// A network of layers: runs a batch through it and the loss back.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "learning/gradient/layers.hpp"
#include "learning/gradient/losses.hpp"
#include "learning/gradient/rank_parts.hpp"
#include "learning/gradient/regularisers.hpp"

namespace synfire::learning {

/// The samples of a batch: maps [steps, samples, features] of the input layer, one step where the input is
/// constant in time.
template <class Real> struct Batch {
  std::size_t samples = 0;
  LargeVector<Real> values;
  std::vector<std::uint32_t> labels;
};

/// Those from `begin` to before `end`.
struct SampleRange {
  std::size_t begin = 0, end = 0;
};

/// One of the equal windows that a sequence of steps is cut into; its batches hold the steps of the window
/// alone. Windows of the same samples are gone through in their order, each from where the one before ended.
struct SequenceWindow {
  std::size_t number = 0, count = 1;
  bool repeated = false;  ///< again, with other weights; the next window goes on from the first time
};

/// What a pass found out.
struct PassResult {
  double loss = 0;          ///< mean over the samples
  std::size_t correct = 0;  ///< samples whose largest output is that of their label; 0 without classes
};

/// Layers in the order of their description, each with its output for every part of the batch. The parts are
/// computed side by side by the threads of the TBB arena that calls, and shared among ranks where there are
/// several; nothing that comes out depends on how many these are.
template <class Real> class Network {
 public:
  /// `input` is what a sample is. Throws Error(input) as make_layer does, and when the last layer does not
  /// give what `context.answer` says, such as a readout of as many classes as there are. `ranks`, which all
  /// make the same network and call the same functions in the same order, share the parts; Error(usage) where
  /// they cannot.
  Network(std::vector<LayerDescription> layers, const SignalShape& input, std::size_t classes,
          const LayerContext& context, std::size_t parts, std::span<const Chosen> regularisers = {},
          Ranks* ranks = nullptr);

  const std::vector<LayerDescription>& layers() const { return descriptions_; }
  const SignalShape& shape(std::size_t layer) const { return nodes_[layer].shape; }
  /// Which of the samples of a batch this rank computes: only they need to be filled in.
  SampleRange own(std::size_t samples) const;
  /// Completes an array with one element for each sample of a batch by those of the other ranks.
  template <class T> void share(std::span<T> of_samples) const {
    const SampleRange range = own(of_samples.size());
    shared_.share(of_samples, range.begin, range.end);
  }
  std::size_t classes() const { return classes_; }
  std::vector<Weights<Real>*> weights();
  std::vector<Weights<Real>*> buffers();
  std::size_t parameters();  ///< numbers that are learned

  /// Outputs [samples, classes], of networks that give classes; after windows, the answers to all of them.
  std::vector<Real> predict(const Batch<Real>& batch, std::uint64_t iteration = 0,
                            SequenceWindow window = {});
  /// Throws Error(input) at a layer that cannot be computed window by window.
  void check_windows() const;
  /// What a layer puts out, as it is given in place of being computed: [steps, samples, features].
  struct Given {
    std::size_t layer = 0;
    std::span<const Real> values;
  };
  /// Computes the outputs of the layers in `wanted`, and whatever they need, from those given; `gathered` has
  /// them afterwards.
  void compute(const Batch<Real>& batch, std::span<const Given> given, std::span<const std::size_t> wanted,
               std::uint64_t iteration = 0);
  /// Output of a layer in the last pass: [steps, samples, features], one step where it is constant. Throws
  /// Error(internal) where it was not kept.
  std::vector<Real> gathered(std::size_t layer) const;
  /// Forward only.
  PassResult evaluate(const Batch<Real>& batch, const Loss<Real>& loss, std::uint64_t iteration = 0,
                      SequenceWindow window = {});
  /// Forward and backward: afterwards the weights have their gradients, which reach back to the beginning of
  /// the window. Throws Error(input) naming the layer (and step) when numbers are no longer finite.
  PassResult learn(const Batch<Real>& batch, const Loss<Real>& loss, std::uint64_t iteration,
                   SequenceWindow window = {});
  /// Forward and backward of the network as it stands: nothing is dropped, norms use their running
  /// statistics, and regularisers say nothing. Afterwards the weights have their gradients and `by_input`, as
  /// large as the values of the batch unless it is empty, the derivative of the loss by them (of this rank's
  /// samples).
  PassResult differentiate(const Batch<Real>& batch, const Loss<Real>& loss, std::uint64_t iteration,
                           std::span<Real> by_input);

  /// Of the last pass, for each layer: mean spikes per neuron and step; -1 for layers without.
  std::vector<double> mean_rates() const;
  /// Of the last pass, for each layer: what its mask chose; nothing for layers without one.
  std::vector<std::optional<Routing>> routing() const;
  /// Tells all layers that an epoch of training begins.
  void begin_epoch(std::uint64_t epoch);
  /// Output of a layer in the last pass, by part: [steps, samples, features]. Where outputs are computed
  /// again when they are needed, only that of the last layer is there.
  std::span<const Real> output(std::size_t layer, std::size_t part) const {
    return {nodes_[layer].output[part].data(), size(layer, part)};
  }

 private:
  struct Node {
    std::unique_ptr<Layer<Real>> layer;  // none for the input
    SignalShape shape;
    std::vector<LargeVector<Real>> output, gradient;  // of each part
    // Of each part and input: where backward writes, and what is added to the gradient that is there already.
    std::vector<std::vector<Real*>> targets;
    std::vector<std::vector<LargeVector<Real>>> later;
    bool kept = true;  // the output, for the way back; else it is computed again when it is needed
    std::size_t first_reader = 0, last_reader = 0;
  };
  template <class Visit> void for_each_part(const Visit& visit);
  Pass begin(const Batch<Real>& batch, bool training, bool backward, std::uint64_t iteration,
             SequenceWindow window = {});
  void take_input(const Batch<Real>& batch);
  void take(std::size_t node, std::span<const Real> values, std::size_t samples);
  void forward(const Pass& pass);
  void forward(const Pass& pass, std::size_t node, std::size_t part, int round);
  PassResult judge(const Batch<Real>& batch, const Loss<Real>& loss, bool backward);
  void backward(const Pass& pass, PassResult& result);
  void backward(const Pass& pass, std::size_t node, std::size_t part, int round);
  double regularise(const Pass& pass, std::size_t node, std::size_t part);
  std::size_t size(std::size_t node, std::size_t part) const;
  void give_gradient(std::size_t node, std::size_t part);
  // Makes the output of a node that was not kept.
  void restore(const Pass& pass, std::size_t node, std::size_t part);
  void restore_for(const Pass& pass, std::size_t node, std::size_t part);
  void drop_read(const Pass& pass, std::size_t node, std::size_t part);
  void take_input_gradient(std::span<Real> by_input, std::size_t samples);
  void check_finite(double loss) const;
  void find_infinite() const;
  void check_answer(Answer answer) const;

  std::vector<LayerDescription> descriptions_;
  std::size_t classes_, sequence_, parts_;
  std::size_t steps_;  // of the last pass
  Ranks* ranks_;
  RankParts shared_;
  std::vector<RateRegulariser<Real>> regularisers_;
  std::vector<Node> nodes_;
  std::vector<std::size_t> samples_, first_;  // of the parts: how many, and the first
  bool recompute_, to_input_ = false;         // whether the way back goes as far as the input
  SpareArrays<Real> spare_;
};

}  // namespace synfire::learning
