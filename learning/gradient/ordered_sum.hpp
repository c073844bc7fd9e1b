// A sum over the parts of a batch that comes out the same whichever part is done first, on whichever rank.
#pragma once

#include <cstddef>
#include <mutex>
#include <span>
#include <vector>

#include "learning/gradient/layer.hpp"
#include "learning/gradient/spare.hpp"

namespace synfire::learning {

/// Terms are added along the binary tree over the parts' numbers: 0 and 1, 2 and 3, then both sums, and so
/// on; a part without samples is left out. Ranks that share the parts so have a branch each. Where parts are
/// begun in their order, few terms wait for their neighbours.
template <class Real> class OrderedSum {
 public:
  /// What a part adds, or a branch of the tree.
  struct Term {
    std::size_t level = 0, index = 0;  ///< of the branch: parts index 2^level to (index + 1) 2^level - 1
    Real* values = nullptr;            ///< to be written
    LargeVector<Real> own;             ///< empty for the first, which is written where the sum will stand
  };

  /// For parts with so many samples; one without any has no term. The sum overwrites `sum`; arrays come from
  /// `spare`, and both must live until `finish`.
  void begin(std::span<const std::size_t> samples, std::span<Real> sum, SpareArrays<Real>& spare);
  Term open(std::size_t part);
  /// Once for each term.
  void add(Term term);
  /// After the last term, once: adds what the other ranks have.
  void finish(const Pass& pass);

 private:
  bool has_terms(std::size_t level, std::size_t index) const;
  // True, and the neighbour in `other`, when the neighbour is there; else the term waits.
  bool meet(Term& term, Term& other);
  Term merged(Term left, Term right);

  std::mutex mutex_;
  std::vector<std::size_t> terms_before_;  // of each part, and of all
  std::vector<Term> waiting_;
  std::span<Real> sum_;
  SpareArrays<Real>* spare_ = nullptr;
};

}  // namespace synfire::learning
