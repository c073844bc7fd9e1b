// A value or where to draw it from: what may stand wherever the language takes a number.
#pragma once

#include <limits>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/error.hpp"
#include "core/random.hpp"

namespace synfire {

/// Distributions, in the engine's units. Bounds [min, max] cut a distribution: draws outside are drawn again.
struct Uniform {
  double low = 0, high = 0;
};
struct Normal {
  double mean = 0, sd = 0;
};
struct Lognormal {
  double mean = 0, sd = 0;  ///< of the value itself, not of its logarithm
};
struct Exponential {
  double mean = 0;
};

class Distribution {
 public:
  using Shape = std::variant<double, Uniform, Normal, Lognormal, Exponential, std::vector<double>>;

  Distribution() = default;
  Distribution(double constant) : shape(constant) {}  // NOLINT: a number is the simplest distribution

  bool is_constant() const { return std::holds_alternative<double>(shape); }
  bool is_listed() const { return std::holds_alternative<std::vector<double>>(shape); }
  double constant() const { return std::get<double>(shape); }

  /// The value of the element `index`; draws come from the element's own stream.
  double sample(RandomKey key, std::uint64_t index, std::uint32_t part = 0) const;

  /// values[i] = sample(key, index, first + i): the same, faster.
  void sample(RandomKey key, std::uint64_t index, std::uint32_t first, std::span<double> values) const;

  /// The smallest and largest value that can come out.
  double lowest() const;
  double highest() const;
  /// The same without tails that one draw in 10^12 reaches; infinite where a tail is long and not cut.
  double practically_lowest() const;
  double practically_highest() const;
  /// Expected value of the uncut shape; the mean of a list.
  double mean() const;

  /// Throws Error(input) when the cut leaves (almost) nothing to draw, or a shape parameter is wrong.
  void check(std::string_view what) const;

  Shape shape = 0.0;
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  Position where;
};

}  // namespace synfire
