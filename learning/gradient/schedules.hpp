// The learning rate over the epochs.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "networks/training.hpp"

namespace synfire::learning {

/// One of networks/training.hpp's schedules, after a warm-up if there is one.
class RateSchedule {
 public:
  /// What a schedule has learned from the epochs so far; it is what a checkpoint must keep.
  struct State {
    double factor = 1;                                       ///< of the rate, by plateaus
    double best = std::numeric_limits<double>::quiet_NaN();  ///< metric; NaN before the first epoch
    std::uint32_t waited = 0, cooling = 0;                   ///< epochs
  };

  /// `rate` is the optimiser's, `epochs` the whole training's. Throws Error(input) at `where` of a name that
  /// does not exist, and for a warm-up that takes the whole training or longer.
  RateSchedule(const Chosen& schedule, const std::optional<Chosen>& warm_up, double rate, double epochs);

  /// The rate `epoch` epochs after the start: 0 in the first step; fractions are taken as they are, so that a
  /// trainer decides whether the rate moves at each step or at each epoch.
  double rate(double epoch) const;

  /// True when the accuracy is what it watches; false for the loss.
  bool watches_accuracy() const;
  /// At the end of each epoch: loss and accuracy of the validation samples, or of the training samples where
  /// there are none. Without effect but for plateau. An epoch of the warm-up does not count.
  void report(double epoch, double loss, double accuracy);

  const State& state() const { return state_; }
  void load(const State& state) { state_ = state; }

 private:
  double after_warm_up(double epoch) const;

  AnyOf<training::Schedules> kind_;
  std::optional<training::WarmUp> warm_up_;
  double rate_, epochs_;
  State state_;
};

}  // namespace synfire::learning
