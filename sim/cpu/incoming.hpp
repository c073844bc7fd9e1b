// The synapses of a block found by their target.
#pragma once

#include <cstdint>
#include <span>

#include "core/array.hpp"
#include "core/error.hpp"
#include "synapses/sparse.hpp"

namespace synfire {

class Incoming {
 public:
  struct Synapse {
    std::uint32_t place;  ///< in the block
    std::uint32_t run;    ///< of equal delay; the source where all delays are equal
  };

  Incoming(const SparseBlock& block, std::uint32_t targets) : begin_(std::size_t(targets) + 1, 0) {
    if (block.synapses() >= (std::uint64_t(1) << 32))
      throw Error(
          ErrorKind::resource,
          "more than 2^32 plastic synapses of one projection in one part of its targets; run with more "
          "shards");
    for (const std::uint16_t t : block.targets) ++begin_[std::size_t(t) + 1];
    for (std::size_t t = 0; t < targets; ++t) begin_[t + 1] += begin_[t];
    synapses_.resize(block.synapses());
    LargeVector<std::uint32_t> next(begin_.begin(), begin_.end() - 1);
    for (std::size_t source = 0; source + 1 < block.row_begin.size(); ++source) {
      if (block.has_one_delay()) {
        enter(block, block.row_begin[source], block.row_begin[source + 1], source, next);
        continue;
      }
      std::uint64_t begin = block.row_begin[source];
      for (std::uint64_t r = block.run_begin[source]; r < block.run_begin[source + 1]; ++r) {
        enter(block, begin, begin + block.runs[r].count, r, next);
        begin += block.runs[r].count;
      }
    }
  }

  std::span<const Synapse> of(std::uint32_t target) const {
    return {synapses_.data() + begin_[target], synapses_.data() + begin_[target + 1]};
  }
  std::size_t bytes() const {
    return begin_.size() * sizeof(std::uint32_t) + synapses_.size() * sizeof(Synapse);
  }

 private:
  void enter(const SparseBlock& block, std::uint64_t from, std::uint64_t to, std::uint64_t run,
             LargeVector<std::uint32_t>& next) {
    for (std::uint64_t k = from; k < to; ++k)
      synapses_[next[block.targets[k]]++] = {static_cast<std::uint32_t>(k), static_cast<std::uint32_t>(run)};
  }

  LargeVector<std::uint32_t> begin_;
  LargeVector<Synapse> synapses_;
};

}  // namespace synfire
