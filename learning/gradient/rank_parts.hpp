// Which parts of a batch each of the ranks computes, and what ranks tell each other of them.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "sim/ranks.hpp"

namespace synfire::learning {

/// The parts of a batch are shared among the ranks: each computes as many, neighbouring ones, and all ranks
/// end up with the same sums, to the bit those of one process. With a null pointer all parts are computed
/// here and nothing is told.
class RankParts {
 public:
  /// Throws Error(usage) where the parts cannot be shared so that sums over a rank's are sums of OrderedSum.
  RankParts(Ranks* ranks, std::size_t parts);

  std::size_t begin() const { return begin_; }  ///< the first of this rank
  std::size_t end() const { return end_; }
  bool alone() const { return ranks_ == nullptr; }

  /// `rows` has `width` values for each part; the others' come from them. All ranks must call it, as each of
  /// what follows.
  template <class T> void share(std::span<T> rows, std::size_t width = 1) const {
    share_bytes(std::as_writable_bytes(rows), begin_ * width * sizeof(T), end_ * width * sizeof(T));
  }
  /// The same for a vector of each part, all of one size.
  void share(std::vector<std::vector<double>>& rows) const;
  /// The same for an array of the whole batch of which elements [begin, end) are of this rank's parts.
  template <class T> void share(std::span<T> all, std::size_t begin, std::size_t end) const {
    share_bytes(std::as_writable_bytes(all), begin * sizeof(T), end * sizeof(T));
  }
  /// Adds up the ranks' sums, going on with the order of OrderedSum.
  template <class Real> void add(std::span<Real> sum) const;

 private:
  void share_bytes(std::span<std::byte> all, std::size_t begin, std::size_t end) const;

  Ranks* ranks_;
  std::size_t begin_ = 0, end_;
};

}  // namespace synfire::learning
