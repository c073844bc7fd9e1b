// Certified bounds of a trained network: what every layer can give while the input stays in a box.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/array.hpp"
#include "learning/bounds/flex_bounds.hpp"

namespace synfire::learning::bounds {

/// Lower and upper ends of the samples of a batch, [samples, features].
struct Boxes {
  std::size_t samples = 0;
  LargeVector<float> low, high;
};

/// Of a piece of the network, in the last round.
struct Width {
  double mean = 0, largest = 0;  ///< of high - low, over elements, steps and samples
  double certain = 0;  ///< part of the spikes of neurons that are certain, or of numbers of one value
};

/// The pieces of a network in their order, each with its bounds for every part of a batch. Parts are computed
/// side by side by the threads of the TBB arena that calls.
class BoundedNetwork {
 public:
  /// Layers whose input is constant in time. Throws Error(input) at a layer of which no bounds are known.
  BoundedNetwork(const std::vector<LayerDescription>& layers, const SignalShape& input,
                 const LayerContext& context, std::span<const Weights<float>* const> arrays, FlexRule rule,
                 std::size_t parts);
  ~BoundedNetwork();

  std::size_t size() const { return nodes_.size(); }
  const std::string& name(std::size_t node) const { return nodes_[node].name; }
  /// The node that gives what a layer of the description gives.
  std::size_t node_of(std::size_t layer) const { return of_layer_[layer]; }
  const FlexMix* mix(std::size_t node) const { return nodes_[node].mix; }
  /// The node that gives the mask of one that mixes.
  std::size_t mask_of(std::size_t mix) const { return nodes_[mix].from[2]; }
  const SignalShape& shape(std::size_t node) const { return nodes_[node].shape; }
  std::size_t classes() const { return nodes_.back().layer->shape().features.size(); }

  /// Interval bounds of all nodes, for samples anywhere in their boxes.
  void bound(const Boxes& boxes);
  /// Of a node: low and high [steps, samples, features].
  Boxes gathered(std::size_t node) const;
  Width width(std::size_t node) const;

  /// After `bound`: of each sample the lower bounds [samples, classes] of the output of its label less that
  /// of each class, from linear functions that lie below the network (CROWN with the bounds of `bound`
  /// inside; Zhang et al. 2018, 2020).
  std::vector<double> relaxed_margins(std::span<const std::uint32_t> labels);
  /// After `bound`: how far each output [samples, classes] can move when every number of the input moves by
  /// no more than `unit` of its channel times 1; infinity where a spike may jump.
  std::vector<double> steepness(std::span<const float> unit);

 private:
  struct Node {
    std::string name;
    std::unique_ptr<BoundedLayer> layer;  // none for the input
    SignalShape shape;
    std::vector<std::size_t> from;
    FlexMix* mix = nullptr;
    std::vector<LargeVector<float>> low, high;  // of each part
  };
  template <class Visit> void for_each_part(const Visit& visit);
  void add(std::string name, std::unique_ptr<BoundedLayer> layer, std::vector<std::size_t> from);
  std::size_t count(std::size_t node, std::size_t part) const;
  std::vector<Bound<const float>> inputs_of(std::size_t node, std::size_t part) const;
  Round round(std::size_t functions, bool backward) const;

  std::size_t steps_;
  std::vector<Node> nodes_;
  std::vector<std::size_t> of_layer_, samples_, first_;
  SpareArrays<float> spare_;
};

}  // namespace synfire::learning::bounds
