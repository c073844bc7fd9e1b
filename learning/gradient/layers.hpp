// The layers that a network is made of.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "learning/gradient/layer.hpp"
#include "learning/gradient/products.hpp"
#include "learning/gradient/surrogate.hpp"
#include "networks/deep.hpp"

namespace synfire::learning {

/// What the last layer of a network gives: an output for each class, the sample itself, or whatever it is.
enum class Answer : std::uint8_t { classes, sample, anything };

/// What all layers of a network share.
struct LayerContext {
  std::uint64_t seed = 1;
  double dt_ms = 0.1;
  std::size_t steps = 1;
  std::size_t epochs = 1;  ///< of the training
  Surrogate surrogate;
  bool detach_reset = false;
  std::size_t truncate = 0;                 ///< steps after which no gradient goes further back; 0: never
  Precision precision = Precision::single;  ///< of the products of feed-forward layers
  bool recompute = false;                   ///< what is cheap is computed again on the way back, not kept
  Chosen membrane{.name = "own"};           ///< of membrane_terms()
  Answer answer = Answer::classes;
  /// For checks in double precision: spikes are this, the surrogate's primitive, of the margin.
  std::shared_ptr<const std::function<double(double)>> smooth = {};
};

/// Makes a layer and begins its weights. Throws Error(input) at the layer when it cannot read what is before
/// it, or its model cannot be differentiated.
template <class Real>
std::unique_ptr<Layer<Real>> make_layer(const LayerDescription& description,
                                        std::span<const SignalShape> inputs, const LayerContext& context);

// One function for each family of them; null pointers for a kind of another family.
template <class Real>
std::unique_ptr<Layer<Real>> make_linear(const LayerDescription&, std::span<const SignalShape>,
                                         const LayerContext&);
/// Dense layers with delays.
template <class Real>
std::unique_ptr<Layer<Real>> make_delayed(const LayerDescription&, std::span<const SignalShape>,
                                          const LayerContext&);
template <class Real>
std::unique_ptr<Layer<Real>> make_map(const LayerDescription&, std::span<const SignalShape>,
                                      const LayerContext&);
template <class Real>
std::unique_ptr<Layer<Real>> make_sampling(const LayerDescription&, std::span<const SignalShape>,
                                           const LayerContext&);
template <class Real>
std::unique_ptr<Layer<Real>> make_flex(const LayerDescription&, std::span<const SignalShape>,
                                       const LayerContext&);
template <class Real>
std::unique_ptr<Layer<Real>> make_norm(const LayerDescription&, std::span<const SignalShape>,
                                       const LayerContext&);
template <class Real>
std::unique_ptr<Layer<Real>> make_neurons(const LayerDescription&, std::span<const SignalShape>,
                                          const LayerContext&);
template <class Real>
std::unique_ptr<Layer<Real>> make_readout(const LayerDescription&, std::span<const SignalShape>,
                                          const LayerContext&);

/// A described parameter that is a whole number.
inline std::size_t whole(double value) { return static_cast<std::size_t>(value); }

/// Weights with their name, shape and values at the start (networks/layer_kinds.hpp: starts).
template <class Real>
Weights<Real> begin_weights(const LayerDescription&, const LayerContext&, std::string_view what,
                            const std::vector<std::size_t>& shape, double start, std::size_t fan_in,
                            std::size_t fan_out);
template <class Real>
Weights<Real> begin_bias(const LayerDescription&, const LayerContext&, std::size_t size, double start,
                         std::size_t fan_in);

}  // namespace synfire::learning
