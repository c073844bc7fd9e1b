// Proper tests of randomness, for the tests of whatever draws.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace synfire::testing_tools {

struct ChiSquare {
  double statistic = 0;
  int degrees = 0;

  /// The statistic as a standard normal deviate (Wilson & Hilferty 1931): above 5 once in three million good
  /// runs.
  double deviate() const {
    const double k = degrees, s = 2 / (9 * k);
    return (std::cbrt(statistic / k) - (1 - s)) / std::sqrt(s);
  }
};

/// Observed counts against expected ones; neighbouring cells are joined until each expects 10 at least.
inline ChiSquare chi_square(std::span<const std::uint64_t> observed, std::span<const double> expected) {
  constexpr double least = 10;
  ChiSquare result;
  double seen = 0, hoped = 0;
  std::vector<std::pair<double, double>> cells;
  for (std::size_t i = 0; i < observed.size(); ++i) {
    seen += static_cast<double>(observed[i]);
    hoped += expected[i];
    if (hoped < least) continue;
    cells.emplace_back(seen, hoped);
    seen = hoped = 0;
  }
  if (!cells.empty()) cells.back().first += seen, cells.back().second += hoped;
  for (const auto& [o, e] : cells) result.statistic += (o - e) * (o - e) / e;
  result.degrees = static_cast<int>(cells.size()) - 1;
  return result;
}

inline double log_poisson(double k, double mean) { return k * std::log(mean) - mean - std::lgamma(k + 1); }

inline double log_binomial(double k, double n, double p) {
  return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) + k * std::log(p) +
         (n - k) * std::log1p(-p);
}

/// Mean and variance in one pass.
struct Moments {
  double n = 0, mean = 0, m2 = 0;
  void add(double x) {
    ++n;
    const double d = x - mean;
    mean += d / n;
    m2 += d * (x - mean);
  }
  double variance() const { return m2 / (n - 1); }
};

}  // namespace synfire::testing_tools
