// Learning within a sequence: forward propagation through time.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "learning/gradient/losses.hpp"
#include "learning/gradient/network.hpp"
#include "learning/gradient/optimisers.hpp"
#include "networks/training.hpp"

namespace synfire::learning {

/// The method of networks/training.hpp's Fptt: its equations are there. Results do not depend on the number
/// of threads.
template <class Real> class Fptt {
 public:
  /// `frequencies` of the classes are Q of the divergence, in any unit; none: there are no classes.
  Fptt(const training::Fptt& parameters, std::size_t steps, std::span<const std::uint64_t> frequencies);

  std::size_t windows() const { return windows_; }

  /// Gives the batch of a window, which stays until the next call.
  using Show = std::function<const Batch<Real>&(SequenceWindow)>;
  /// Moves the weights along their gradients, once, as (10) does.
  using Move = std::function<void(std::span<Weights<Real>* const>)>;
  /// Goes through the windows of a batch. The loss is the mean of l_t, without R; what is correct is that of
  /// the last window. `after_window` is called after each, before the weights move.
  PassResult learn(Network<Real>& network, const Loss<Real>& loss, std::uint64_t iteration, const Show& show,
                   const Move& move, const std::function<void()>& after_window = {});
  /// At the end of an epoch: the weights become their averages, where that is asked for.
  void end_epoch(std::span<Weights<Real>* const> weights) const;

  /// Averages and gradients of all arrays; nothing before the first window.
  const std::vector<NamedArray<Real>>& state() const { return state_; }
  /// Goes on where another one stopped. Throws Error(input) when the arrays are not those of these weights;
  /// nothing is changed then.
  void load(std::span<Weights<Real>* const> weights, std::vector<NamedArray<Real>> state);

 private:
  static std::vector<NamedArray<Real>> first_state(std::span<Weights<Real>* const> weights);
  Loss<Real> loss_of(const Loss<Real>& loss, std::size_t window) const;
  void draw_to_average(std::span<Weights<Real>* const> weights);
  void renew_average(std::span<Weights<Real>* const> weights);

  training::Fptt p_;
  std::size_t windows_;
  std::vector<double> frequencies_;
  std::vector<NamedArray<Real>> state_;  // A and g of each array
};

}  // namespace synfire::learning
