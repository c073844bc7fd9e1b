#include "core/random.hpp"

#include <algorithm>
#include <cmath>

#include "core/loops.hpp"

namespace synfire {
namespace {

std::uint64_t scrambled(std::uint64_t x) {  // the finaliser of SplitMix64 (Steele et al. 2014)
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

// Inversion that visits the values in order of distance from the mode: mode, mode+1, mode-1, mode+2, …
// up(k) = P(k+1)/P(k), down(k) = P(k-1)/P(k), each 0 at the end of the support.
template <class Up, class Down>
std::uint64_t invert_from_mode(double u, std::uint64_t mode, double at_mode, Up up, Down down) {
  u -= at_mode;
  if (u < 0) return mode;
  std::uint64_t above = mode, below = mode;
  double p_above = at_mode, p_below = at_mode;
  while (p_above > 0 || p_below > 0) {
    p_above *= up(above);
    if (p_above > 0) {
      ++above;
      u -= p_above;
      if (u < 0) return above;
    }
    p_below *= down(below);
    if (p_below > 0) {
      --below;
      u -= p_below;
      if (u < 0) return below;
    }
  }
  return mode;  // the sum fell short of u by rounding
}

}  // namespace

RandomKey::RandomKey(std::uint64_t seed, std::string_view object) {
  std::uint64_t hash = 0xCBF29CE484222325u;  // FNV-1a over the path, then mixed with the seed
  for (const char c : object) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  hash = scrambled(scrambled(hash) ^ scrambled(seed ^ 0x5851F42D4C957F2Du));
  low = static_cast<std::uint32_t>(hash);
  high = static_cast<std::uint32_t>(hash >> 32);
}

void first_uniforms(RandomKey key, std::uint64_t index, std::uint32_t first, std::span<double> values) {
  constexpr int lanes = 16;
  for (std::size_t begin = 0; begin < values.size(); begin += lanes) {
    PhiloxBlocks<lanes> block;
    std::array<double, lanes> drawn;
    run_loop([&]() SYNFIRE_INLINE {
      SYNFIRE_LANES
      for (int l = 0; l < lanes; ++l) {
        block.words[0][l] = 0;
        block.words[1][l] = static_cast<std::uint32_t>(index);
        block.words[2][l] = static_cast<std::uint32_t>(index >> 32);
        block.words[3][l] = first + static_cast<std::uint32_t>(begin) + static_cast<std::uint32_t>(l);
      }
      philox(block, key);
      SYNFIRE_LANES
      for (int l = 0; l < lanes; ++l)
        drawn[static_cast<std::size_t>(l)] = RandomStream::uniform_of(block.words[0][l], block.words[1][l]);
    });
    const std::size_t count = std::min<std::size_t>(lanes, values.size() - begin);
    std::copy_n(drawn.begin(), count, values.begin() + static_cast<std::ptrdiff_t>(begin));
  }
}

// The middle, which most lie in, for all at once; those of the tails one by one.
void normal_quantiles(std::span<double> values) {
  constexpr std::size_t block = 64;
  std::array<double, block> middle;
  for (std::size_t begin = 0; begin < values.size(); begin += block) {
    const auto part = values.subspan(begin, std::min(block, values.size() - begin));
    run_loop([&]() SYNFIRE_INLINE {
      const double* const u = part.data();
      double* const result = middle.data();
      const std::size_t size = part.size();
      SYNFIRE_INDEPENDENT
      for (std::size_t i = 0; i < size; ++i) result[i] = math::detail::normal_quantile_middle(u[i] - 0.5);
    });
    for (std::size_t i = 0; i < part.size(); ++i) {
      const double q = part[i] - 0.5;
      const bool inside = q > -math::detail::middle_of_normal && q < math::detail::middle_of_normal;
      part[i] = inside ? middle[i] : math::normal_quantile(part[i]);
    }
  }
}

std::uint64_t RandomStream::below(std::uint64_t bound) {
  if (bound <= 0xFFFFFFFFu) {
    const auto small = static_cast<std::uint32_t>(bound);
    std::uint64_t product = std::uint64_t(word()) * small;
    if (static_cast<std::uint32_t>(product) < small) {
      const std::uint32_t biased = (0u - small) % small;
      while (static_cast<std::uint32_t>(product) < biased) product = std::uint64_t(word()) * small;
    }
    return product >> 32;
  }
  const std::uint64_t limit = ~std::uint64_t(0) - (~std::uint64_t(0) % bound + 1) % bound;
  std::uint64_t value = 0;
  do {
    value = std::uint64_t(word()) << 32;
    value |= word();
  } while (value > limit);
  return value % bound;
}

std::uint64_t draw_binomial(RandomStream& stream, std::uint64_t trials, double probability) {
  if (trials == 0 || probability <= 0) return 0;
  if (probability >= 1) return trials;
  const double n = static_cast<double>(trials), odds = probability / (1 - probability);
  const auto mode = static_cast<std::uint64_t>(std::floor((n + 1) * probability));
  const double k = std::min(static_cast<double>(mode), n);
  const double at_mode =
      math::exp(math::log_factorial(n) - math::log_factorial(k) - math::log_factorial(n - k) +
                k * math::log(probability) + (n - k) * math::log(1 - probability));
  return invert_from_mode(
      stream.uniform(), static_cast<std::uint64_t>(k), at_mode,
      [&](std::uint64_t i) { return (n - double(i)) / (double(i) + 1) * odds; },
      [&](std::uint64_t i) { return double(i) / (n - double(i) + 1) / odds; });
}

std::uint64_t draw_poisson(RandomStream& stream, double mean) {
  if (mean <= 0) return 0;
  const double mode = std::floor(mean);
  const double at_mode = math::exp(mode * math::log(mean) - mean - math::log_factorial(mode));
  return invert_from_mode(
      stream.uniform(), static_cast<std::uint64_t>(mode), at_mode,
      [&](std::uint64_t i) { return mean / (double(i) + 1); },
      [&](std::uint64_t i) { return double(i) / mean; });
}

}  // namespace synfire
