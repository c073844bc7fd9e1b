// Steps of the clock and times in ms, kept apart by type; the grid that relates them.
#pragma once

#include <cmath>
#include <cstdint>

namespace synfire {

using Step =
    std::int64_t;  ///< a number of steps of the grid; step k updates the network from k*dt to (k+1)*dt

/// The time grid: k*dt, computed so that decimal values of dt give the nearest double of the decimal time.
class Grid {
 public:
  explicit Grid(double dt_ms) : dt_ms_(dt_ms), steps_per_ms_(1.0 / dt_ms) {
    const double rounded = std::round(steps_per_ms_);
    whole_ = rounded >= 1 && std::abs(steps_per_ms_ - rounded) < 1e-9 * rounded;
    if (whole_) steps_per_ms_ = rounded;
  }
  double dt_ms() const { return dt_ms_; }
  double time_ms(Step step) const {
    return whole_ ? static_cast<double>(step) / steps_per_ms_ : static_cast<double>(step) * dt_ms_;
  }
  /// The step nearest to a time; infinity gives a step that no run reaches.
  Step nearest(double time_ms) const { return whole_steps(std::round(time_ms * steps_per_ms_)); }
  /// The last step at or before a time, forgiving a rounding error of 1e-9 steps.
  Step floor(double time_ms) const { return whole_steps(std::floor(time_ms * steps_per_ms_ + 1e-9)); }

 private:
  static Step whole_steps(
      double steps) {  // times beyond all steps, infinity among them, become the last step
    constexpr double last = 0x1p62;
    return static_cast<Step>(steps > last ? last : (steps < -last ? -last : steps));
  }

  double dt_ms_;
  double steps_per_ms_;
  bool whole_ = false;
};

}  // namespace synfire
