// A sum over the parts of a batch that comes out the same whichever part is done first.
#pragma once

#include <cstddef>
#include <mutex>
#include <span>
#include <vector>

#include "learning/gradient/spare.hpp"

namespace synfire::learning {

/// Terms are added in the order of the parts. One that is too early waits; where parts are begun in their
/// order, no more than one for each thread does.
template <class Real> class OrderedSum {
 public:
  /// What a part adds.
  struct Term {
    std::size_t place = 0;   ///< in the order of the terms
    Real* values = nullptr;  ///< to be written
    LargeVector<Real> own;   ///< empty for the first, which is written where the sum will stand
  };

  /// For parts with so many samples; one without any has no term. The sum overwrites `sum`; arrays come from
  /// `spare`, and both must live until the last term is added.
  void begin(std::span<const std::size_t> samples, std::span<Real> sum, SpareArrays<Real>& spare);
  Term open(std::size_t part);
  /// Once for each term.
  void add(Term term);

 private:
  std::mutex mutex_;
  std::vector<std::size_t> places_;  // of the parts
  std::vector<Term> waiting_;
  std::size_t next_ = 0;
  std::span<Real> sum_;
  SpareArrays<Real>* spare_ = nullptr;
};

}  // namespace synfire::learning
