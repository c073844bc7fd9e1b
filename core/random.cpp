#include "core/random.hpp"

#include <cmath>

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
