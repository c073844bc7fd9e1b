// What the graph generators of Boost expect of a random engine, over one of our streams.
#pragma once

#include <cstdint>
#include <limits>

#include "core/random.hpp"
#include "networks/connect/draws.hpp"

namespace synfire::connect {

/// 64 bits a call: with 32, Boost's uniform numbers would be too coarse for small probabilities.
class StreamEngine {
 public:
  using result_type = std::uint64_t;

  explicit StreamEngine(RandomKey key) : stream_(stream_of(key, 0, Part::graph)) {}

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }
  result_type operator()() {
    const std::uint64_t high = stream_.word();
    return high << 32 | stream_.word();
  }

 private:
  RandomStream stream_;
};

}  // namespace synfire::connect
