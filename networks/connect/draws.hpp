// Random whole numbers in bulk: many sources a target, a few nanoseconds each.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "core/host_device.hpp"
#include "core/random.hpp"

namespace synfire::connect {

/// Which stream of an object draws what; streams of different parts are independent.
enum class Part : std::uint32_t { sources = 0, counts = 1, split = 2, adjust = 3, graph = 4 };

inline RandomStream stream_of(RandomKey key, std::uint64_t index, Part part) {
  return {key, index, static_cast<std::uint32_t>(part)};
}

/// Words of the stream (key, index, part), 32 at a time: eight Philox blocks side by side.
class WordBlocks {
 public:
  static constexpr int lanes = 8, count = 4 * lanes;

  WordBlocks(RandomKey key, std::uint64_t index, Part part) : key_(key), index_(index), part_(part) {}

  PhiloxBlocks<lanes> next() {
    PhiloxBlocks<lanes> block;
    SYNFIRE_LANES
    for (int l = 0; l < lanes; ++l) {
      block.words[0][l] = draw_ + static_cast<std::uint32_t>(l);
      block.words[1][l] = static_cast<std::uint32_t>(index_);
      block.words[2][l] = static_cast<std::uint32_t>(index_ >> 32);
      block.words[3][l] = static_cast<std::uint32_t>(part_);
    }
    philox(block, key_);
    draw_ += lanes;
    return block;
  }

 private:
  RandomKey key_;
  std::uint64_t index_;
  Part part_;
  std::uint32_t draw_ = 0;
};

/// Whole numbers below `bound` (> 0), each equally likely: Lemire 2019, biased products rejected.
class UniformIndices {
 public:
  UniformIndices(RandomKey key, std::uint64_t index, Part part, std::uint32_t bound)
      : words_(key, index, part), bound_(bound), biased_((0u - bound) % bound) {}

  std::uint32_t next() {
    while (used_ == ready_) refill();
    return values_[used_++];
  }

  void fill(std::span<std::uint32_t> out) {
    while (!out.empty()) {
      while (used_ == ready_) refill();
      const std::size_t taken = std::min(out.size(), static_cast<std::size_t>(ready_ - used_));
      std::memcpy(out.data(), values_.data() + used_, taken * sizeof(std::uint32_t));
      used_ += static_cast<int>(taken);
      out = out.subspan(taken);
    }
  }

 private:
  void refill() {
    constexpr int lanes = WordBlocks::lanes;
    const auto block = words_.next();
    std::array<std::uint32_t, WordBlocks::count> low;
    std::uint32_t smallest = ~0u;
    for (int w = 0; w < 4; ++w) {
      SYNFIRE_LANES
      for (int l = 0; l < lanes; ++l) {
        const std::uint64_t product = std::uint64_t(block.words[w][l]) * bound_;
        values_[std::size_t(w) * lanes + std::size_t(l)] = static_cast<std::uint32_t>(product >> 32);
        low[std::size_t(w) * lanes + std::size_t(l)] = static_cast<std::uint32_t>(product);
        smallest = std::min(smallest, static_cast<std::uint32_t>(product));
      }
    }
    used_ = 0;
    ready_ = WordBlocks::count;
    if (smallest < biased_) reject(low);
  }

  void reject(const std::array<std::uint32_t, WordBlocks::count>& low) {
    ready_ = 0;
    for (std::size_t i = 0; i < low.size(); ++i)
      if (low[i] >= biased_) values_[static_cast<std::size_t>(ready_++)] = values_[i];
  }

  WordBlocks words_;
  std::uint32_t bound_, biased_;
  std::array<std::uint32_t, WordBlocks::count> values_;
  int used_ = 0, ready_ = 0;
};

/// A set of whole numbers below a bound, one bit each.
class BitSet {
 public:
  explicit BitSet(std::uint32_t bound) : bound_(bound), bits_(bound / 64 + 1) {}

  /// False when the number was there already.
  bool insert(std::uint32_t value) {
    std::uint64_t& word = bits_[value / 64];
    const bool fresh = (word >> (value % 64) & 1) == 0;
    word |= std::uint64_t(1) << (value % 64);
    return fresh;
  }
  /// Appends the numbers that are not in the set, ascending.
  void append_missing(std::vector<std::uint32_t>& out) const {
    for (std::size_t i = 0; i < bits_.size(); ++i)
      for (std::uint64_t free = ~bits_[i]; free != 0; free &= free - 1) {
        const std::uint64_t value = 64 * i + static_cast<unsigned>(std::countr_zero(free));
        if (value >= bound_) return;
        out.push_back(static_cast<std::uint32_t>(value));
      }
  }

 private:
  std::uint32_t bound_;
  std::vector<std::uint64_t> bits_;
};

/// A set of at most `size` whole numbers below 2^32 - 1: a hash table with linear probing.
class HashSet {
 public:
  explicit HashSet(std::uint64_t size)
      : slots_(std::bit_ceil(std::max<std::uint64_t>(16, 2 * size))),
        shift_(32 - std::countr_zero(slots_.size())) {}

  bool insert(std::uint32_t value) {
    std::size_t slot = (value * 0x9E3779B1u) >> shift_;
    while (slots_[slot] != 0) {
      if (slots_[slot] == value + 1) return false;
      slot = (slot + 1) & (slots_.size() - 1);
    }
    slots_[slot] = value + 1;
    return true;
  }

 private:
  std::vector<std::uint32_t> slots_;  // value + 1; 0 is free
  int shift_;
};

/// Draws until `out` is full of different numbers: what was drawn before is dropped.
template <class Set> void fill_distinct(UniformIndices& draws, Set taken, std::span<std::uint32_t> out) {
  std::size_t kept = 0;
  while (kept < out.size()) {
    const std::size_t first = kept;
    draws.fill(out.subspan(first));
    for (std::size_t i = first; i < out.size(); ++i) {
      const std::uint32_t value = out[i];
      out[kept] = value;
      kept += taken.insert(value);
    }
  }
}

/// Appends `count` (> 0) numbers below `bound`, a uniformly chosen set. Of more than half of the numbers,
/// those left out are drawn instead.
inline void append_distinct(UniformIndices& draws, std::uint64_t count, std::uint32_t bound,
                            std::vector<std::uint32_t>& out) {
  if (count > bound / 2) {
    BitSet left_out(bound);
    for (std::uint64_t missing = bound - count; missing > 0;) missing -= left_out.insert(draws.next());
    out.reserve(out.size() + count);
    return left_out.append_missing(out);
  }
  out.resize(out.size() + count);
  const auto fresh = std::span(out).last(count);
  constexpr std::uint64_t emptiest = 512;  // clearing so many bits a number costs less than hashing it
  if (bound <= emptiest * count) return fill_distinct(draws, BitSet(bound), fresh);
  fill_distinct(draws, HashSet(count), fresh);
}

/// Appends `count` uniformly chosen numbers below `bound` from the stream (key, index): all different or
/// independent. count > 0 needs bound > 0, and distinct numbers bound >= count.
inline void append_uniform(RandomKey key, std::uint64_t index, std::uint64_t count, std::uint32_t bound,
                           bool distinct, std::vector<std::uint32_t>& out) {
  if (count == 0) return;
  UniformIndices draws(key, index, Part::sources, bound);
  if (distinct) return append_distinct(draws, count, bound, out);
  out.resize(out.size() + count);
  draws.fill(std::span(out).last(count));
}

/// Indices among all but `self` -> indices among all.
inline void skip_over(std::uint32_t self, std::span<std::uint32_t> indices) {
  for (auto& index : indices) index += index >= self;
}

}  // namespace synfire::connect
