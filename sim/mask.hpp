// What part of their weights the synapses of a projection pass on, in any engine with a time grid.
#pragma once

#include <span>
#include <vector>

#include "core/random.hpp"
#include "core/time.hpp"
#include "networks/description.hpp"

namespace synfire {

/// M in [0, 1] for each synapse, or for each target (its elements), of a part of a projection. At every
/// multiple of `every`:
///
///   competition   M -> M + rate (r - r_against), cut to [0, 1]; r in Hz is the mean rate of the spikes that
///                 arrive, exp(-t/tau)/tau weighing the past: over the branch's synapses onto the target, or
///                 for an element that is a synapse, its own
///   soft, binary, stochastic    the weight passes times M; where M >= 0.5; with probability M, drawn anew
///
/// At `frozen_after`, M becomes 1 where it is >= 0.5 and 0 elsewhere, and nothing changes it any more.
/// Sources: paper on plastic flexible layers, algorithm 3; paper on path switching between selectivity and
/// invariance (competition).
class Mask {
 public:
  /// `ids` name the elements to the random numbers: a stochastic element is the same wherever it is computed.
  Mask(const MaskDescription& description, const Grid& grid, RandomKey key, std::vector<float> initial,
       std::vector<std::uint64_t> ids);

  bool per_target() const { return per_target_; }
  bool due(Step point) const;
  bool competes(Step point) const { return !frozen_ && rate_ > 0 && is_multiple(point); }
  /// Rates in Hz, one for each element; not read when nothing competes at this point.
  void update(Step point, std::span<const double> own, std::span<const double> against);

  /// Draws a stochastic mask anew, if it is time; M stays.
  void redraw(Step point);

  std::span<const float> values() const { return values_; }
  /// What the weights are multiplied by.
  std::span<const float> factors() const { return factors_; }

  bool frozen() const { return frozen_; }
  /// As it was when all of this was read from it.
  void restore(std::vector<float> values, std::vector<float> factors, bool frozen) {
    values_ = std::move(values);
    factors_ = std::move(factors);
    frozen_ = frozen;
  }

  /// `other` is 1 - M of this one from now on; it must live as long.
  void lead(Mask& other);

 private:
  bool is_multiple(Step point) const { return every_ > 0 && point > 0 && point % every_ == 0; }
  bool freezes(Step point) const { return freeze_ > 0 && point >= freeze_; }
  void refresh(Step point);
  void complement(const Mask& leader);

  bool per_target_ = false, frozen_ = false, follows_ = false;
  MaskDescription::Kind kind_;
  double rate_ = 0;
  Step every_ = 0, freeze_ = -1;
  RandomKey key_;
  std::vector<float> values_, factors_;
  std::vector<std::uint64_t> ids_;
  std::vector<Mask*> followers_;
};

/// How a mask routes: the mean of M, the part with M > 0.5 (3.3), and how close it is to 0 and 1 (3.4); 0, 0
/// and 1 of no synapses.
struct MaskStatistics {
  double mean = 0, conv_ratio = 0, binariness = 1;
};
MaskStatistics mask_statistics(std::span<const float> values);

/// The number of a synapse for the random numbers of its mask; synapses of one pair share it.
inline std::uint64_t mask_id(std::uint32_t source, std::uint32_t target) {
  return std::uint64_t(source) << 32 | target;
}

}  // namespace synfire
