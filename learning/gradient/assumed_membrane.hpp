// What stands for the membrane of the step before where neurons do not keep their own.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/chosen.hpp"
#include "core/random.hpp"

namespace synfire::learning {

/// The terms of networks/training.hpp, for all neurons of a layer and one sample at a time.
template <class Real> class AssumedMembrane {
 public:
  /// `key` is of the noise. Nothing where neurons keep their own membrane; throws Error(input) for what there
  /// is not.
  static std::optional<AssumedMembrane> of(const Chosen& membrane, RandomKey key);

  /// Whether it has a part of the membranes themselves.
  bool remembers() const { return alpha_ > 0; }
  /// Sets x to input + term. `step` counts all steps of all passes, `sample` those of a part of the batch;
  /// the noise is a function of these. `before` are the membranes after the step before, not read unless it
  /// remembers.
  void add(std::span<const Real> input, std::span<const Real> before, std::int64_t step, std::uint32_t part,
           std::uint32_t sample, std::span<Real> x) const;
  /// Adds the derivative of the loss by `before` to `d_before`; d_x is that by x.
  void reverse(std::span<const Real> before, std::span<const Real> d_x, std::span<Real> d_before) const;

 private:
  AssumedMembrane(RandomKey key, double amplitude, double beta, double alpha, bool gaussian)
      : key_(key), amplitude_(amplitude), beta_(beta), alpha_(alpha), gaussian_(gaussian) {}
  void draw(std::int64_t step, std::uint32_t part, std::uint32_t sample, std::span<Real> noise) const;

  RandomKey key_;
  double amplitude_, beta_, alpha_;  // alpha 0: noise only
  bool gaussian_;
};

}  // namespace synfire::learning
