// The slope of a spike, chosen at run time.
#pragma once

#include <span>
#include <variant>

#include "core/chosen.hpp"
#include "core/surrogate.hpp"

namespace synfire::learning {

/// One of the surrogates of core, for std::visit: loops that have it inside become vector instructions.
template <class Real> using AnySurrogate = AnyModelOf<Real, Surrogates>;

class Surrogate {
 public:
  /// Throws Error(input) at `chosen.where` when there is no surrogate of this name.
  explicit Surrogate(const Chosen& chosen);

  /// slopes[i] = slope(margins[i]); the two are of one length, and may be the same memory.
  void slopes(std::span<const float> margins, std::span<float> slopes) const;
  void slopes(std::span<const double> margins, std::span<double> slopes) const;
  double slope(double margin) const;
  double primitive(double margin) const;

  template <class Real> const AnySurrogate<Real>& any() const {
    if constexpr (sizeof(Real) == sizeof(float)) {
      return single_;
    } else {
      return double_;
    }
  }

 private:
  AnySurrogate<float> single_;
  AnySurrogate<double> double_;
};

}  // namespace synfire::learning
