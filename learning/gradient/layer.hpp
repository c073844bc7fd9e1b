// What a layer is to the network that it is part of.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "learning/gradient/spare.hpp"
#include "learning/gradient/weights.hpp"

namespace synfire::learning {

class RankParts;

/// A map of features, [height, width, channels], last index fastest; a row of n is [1, 1, n].
struct FeatureShape {
  std::size_t height = 1, width = 1, channels = 1;

  std::size_t places() const { return height * width; }
  std::size_t size() const { return places() * channels; }
  bool operator==(const FeatureShape&) const = default;
};

/// What all maps of a layer's output have in common. A signal that is the same in all steps is held once.
struct SignalShape {
  FeatureShape features;
  bool constant = false;  ///< in time

  std::size_t steps(std::size_t all) const { return constant ? 1 : all; }
};

/// How a pass is made: of a whole sequence, or of one of the equal windows that it is cut into. Layers go on
/// from what the window before left (Carried).
struct Pass {
  bool training = false;  ///< drops, draws and takes statistics of the batch, as while learning
  bool backward = false;  ///< a way back follows; of a pass that does not train it is that of the loss alone
  std::size_t steps = 1, parts = 1;
  std::uint64_t iteration = 0;       ///< of the training: what is drawn differs from one to the next
  std::uint64_t first_sample = 0;    ///< number of the batch's first sample, for what is drawn
  std::size_t samples = 0;           ///< of all parts, those of other ranks included
  const RankParts* ranks = nullptr;  ///< that share the parts; null pointer: none
  std::size_t window = 0, windows = 1;
  bool repeated = false;  ///< the window has been gone through before, and nothing of this time is kept

  std::size_t first_step() const { return window * steps; }  ///< of the sequence
  std::size_t sequence() const { return windows * steps; }
};

/// An array that a layer hands on from a window to the next one, of each part.
template <class Real> class Carried {
 public:
  void begin(const Pass& pass) {
    for (auto& side : sides_) side.resize(pass.windows > 1 ? pass.parts : 0);
  }
  /// What the window before left; null pointer in the first one.
  const Real* before(const Pass& pass, std::size_t part) const {
    return pass.window == 0 ? nullptr : sides_[pass.window % 2][part].data();
  }
  /// Room for what the next window begins with; null pointer where there is none.
  Real* after(const Pass& pass, std::size_t part, std::size_t size) {
    if (pass.repeated || pass.window + 1 == pass.windows) return nullptr;
    auto& array = sides_[(pass.window + 1) % 2][part];
    array.resize(size);
    return array.data();
  }

 private:
  std::array<std::vector<LargeVector<Real>>, 2> sides_;  // of even and odd windows
};

/// A part of a batch, as a layer sees it: arrays are [steps, samples, height, width, channels], with one step
/// where the signal is constant.
template <class Real> struct Piece {
  std::size_t part = 0;
  std::size_t samples = 0;
  std::size_t first = 0;  ///< number of the first sample within the batch
  std::span<const Real* const> inputs;
  Real* output = nullptr;
  const Real* d_output = nullptr;   ///< derivative of the loss by the output
  std::span<Real* const> d_inputs;  ///< to be written; null pointers where nobody asks
};

/// What a mask chose between two branches C and P, as means over elements, steps and samples (Flex layers).
struct Routing {
  double conv_ratio = 0;   ///< part of M above 1/2
  double binariness = 0;   ///< 1 - 4 M (1 - M)
  double sensitivity = 0;  ///< |C - P|
  double leverage = 0;     ///< M (1 - M) |C - P|
  double normalised = 0;   ///< |C - P| / (|C| + |P| + 1e-8)
};

/// A layer of a network over numbers of type Real. The parts of a batch are computed side by side, so what
/// `forward` and `backward` keep is kept by part. A layer that must know all parts before it can go on
/// (a norm over the batch) takes several rounds.
template <class Real> class Layer {
 public:
  virtual ~Layer() = default;

  virtual SignalShape shape() const = 0;
  virtual std::vector<Weights<Real>*> weights() { return {}; }
  /// What is no weight and still has to be kept with them, such as running means.
  virtual std::vector<Weights<Real>*> buffers() { return {}; }
  /// Before the first pass of an epoch, counted from 0, in training.
  virtual void begin_epoch(std::uint64_t epoch) { static_cast<void>(epoch); }
  /// Before the first part of a pass; the samples of the parts, none where another rank computes them. Arrays
  /// may come from `spare`.
  virtual void begin(const Pass&, std::span<const std::size_t> samples, SpareArrays<Real>& spare) {
    static_cast<void>(samples), static_cast<void>(spare);
  }
  /// Before a stretch of layers of which this is one, to make ready what all parts read and what is not worth
  /// its memory for longer: until `after_forward`, or `gather`.
  virtual void before_forward(const Pass&) {}
  virtual void after_forward(const Pass&) {}
  virtual void before_backward(const Pass&) {}

  virtual int rounds(const Pass&) const { return 1; }
  virtual void forward(const Pass&, const Piece<Real>&, int round) = 0;
  /// Between two rounds.
  virtual void after_forward_round(const Pass&, int round) { static_cast<void>(round); }
  /// Once for each part that `forward` saw in training, with the same inputs.
  virtual void backward(const Pass&, const Piece<Real>&, int round) = 0;
  virtual void after_backward_round(const Pass&, int round) { static_cast<void>(round); }
  /// After the last part: the gradients of the weights are the sums over the parts, those of other ranks
  /// included.
  virtual void gather(const Pass&) {}
  /// Whether the output is worth no memory: the last round of `forward` gives it again, as often as anybody
  /// asks.
  virtual bool again() const { return false; }
  /// Whether `backward` reads its output.
  virtual bool reads_output() const { return false; }
  /// Mean of the output over neurons, steps and samples of the last pass; nothing where it means nothing.
  virtual double mean_rate() const { return -1; }
  /// What the layer itself adds to the loss, of a part, once `backward` has seen it.
  virtual double cost(std::size_t part) const { return static_cast<void>(part), 0; }
  /// Whether it can be computed window by window.
  virtual bool has_windows() const { return true; }
  /// Of the last pass.
  virtual std::optional<Routing> routing() const { return std::nullopt; }
};

}  // namespace synfire::learning
