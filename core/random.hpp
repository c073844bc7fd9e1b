// Random numbers without state: each is a function of (seed, object, index), so that threads, shards, ranks
// and devices cannot change it. Generator: Philox4x32-10 (Salmon et al. 2011).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/host_device.hpp"
#include "core/math.hpp"

namespace synfire {

/// Selects one family of streams: a 64-bit hash of the network's seed and the object's path, such as
/// "population/exc/V_m".
struct RandomKey {
  std::uint32_t low = 0, high = 0;

  RandomKey() = default;
  RandomKey(std::uint64_t seed, std::string_view object);
};

/// One block of four 32-bit words: Philox4x32-10 of a counter under a key. `lanes` blocks at a time, so that
/// the compiler can keep one word of many blocks in one vector register; word w of lane l is words[w][l].
template <int lanes> struct PhiloxBlocks { std::uint32_t words[4][lanes]; };

template <int lanes> SYNFIRE_HD void philox(PhiloxBlocks<lanes>& block, RandomKey key) {
  constexpr std::uint64_t multiplier0 = 0xD2511F53u, multiplier1 = 0xCD9E8D57u;
  constexpr std::uint32_t weyl0 = 0x9E3779B9u, weyl1 = 0xBB67AE85u;
  std::uint32_t k0 = key.low, k1 = key.high;
  for (int round = 0; round < 10; ++round) {
    SYNFIRE_LANES
    for (int l = 0; l < lanes; ++l) {
      const std::uint64_t product0 = multiplier0 * block.words[0][l];
      const std::uint64_t product1 = multiplier1 * block.words[2][l];
      const std::uint32_t w1 = block.words[1][l], w3 = block.words[3][l];
      block.words[0][l] = static_cast<std::uint32_t>(product1 >> 32) ^ w1 ^ k0;
      block.words[1][l] = static_cast<std::uint32_t>(product1);
      block.words[2][l] = static_cast<std::uint32_t>(product0 >> 32) ^ w3 ^ k1;
      block.words[3][l] = static_cast<std::uint32_t>(product0);
    }
    k0 += weyl0;
    k1 += weyl1;
  }
}

#if SYNFIRE_HAS_WIDE
/// The same for as many blocks as vector registers hold, several times faster.
void philox(PhiloxBlocks<16>& block, RandomKey key);
#endif

/// The draws that belong to one index (a neuron, a synapse, a row …) of an object: first, second, third, …
class RandomStream {
 public:
  RandomStream(RandomKey key, std::uint64_t index, std::uint32_t part = 0)
      : key_(key), index_(index), part_(part) {}

  std::uint32_t word() {
    if (used_ == 4) refill();
    return block_.words[used_++][0];
  }
  /// In (0, 1), never 0 or 1: 52 random bits and a half, which a double holds exactly.
  double uniform() {
    const std::uint32_t high = word(), low = word();
    return uniform_of(high, low);
  }
  /// Of two words.
  static double uniform_of(std::uint32_t high, std::uint32_t low) {
    return (static_cast<double>(std::uint64_t(high >> 6) << 26 | low >> 6) + 0.5) * 0x1p-52;
  }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  double normal() { return math::normal_quantile(uniform()); }
  /// Waiting time with mean 1.
  double exponential() { return -math::log(uniform()); }
  /// A whole number below `bound` (> 0), each equally likely: Lemire 2019, with rejection of the biased part.
  std::uint64_t below(std::uint64_t bound);

 private:
  void refill() {
    block_.words[0][0] = draw_++;
    block_.words[1][0] = static_cast<std::uint32_t>(index_);
    block_.words[2][0] = static_cast<std::uint32_t>(index_ >> 32);
    block_.words[3][0] = part_;
    philox(block_, key_);
    used_ = 0;
  }

  RandomKey key_;
  std::uint64_t index_;
  std::uint32_t part_;
  std::uint32_t draw_ = 0;
  int used_ = 4;
  PhiloxBlocks<1> block_{};
};

/// values[i] = the first uniform of the stream (key, index, first + i).
void first_uniforms(RandomKey key, std::uint64_t index, std::uint32_t first, std::span<double> values);
/// values[i] = math::normal_quantile(values[i]).
void normal_quantiles(std::span<double> values);

/// Binomial and Poisson counts from a stream, exact for any arguments (inversion from the mode;
/// O(sqrt(variance))).
std::uint64_t draw_binomial(RandomStream&, std::uint64_t trials, double probability);
std::uint64_t draw_poisson(RandomStream&, double mean);

}  // namespace synfire
