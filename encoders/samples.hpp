// What an encoder takes and what it makes: samples of values shown one after another, and spikes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace synfire {

/// Rows of values, each shown for `step` ms, the first from 0 ms on.
struct Samples {
  std::vector<double> values;  ///< row after row
  std::size_t columns = 0;
  double step = 0;                    ///< ms
  std::size_t height = 0, width = 0;  ///< of an image, whose pixels the columns are, row after row; else 0

  std::size_t rows() const { return columns == 0 ? 0 : values.size() / columns; }
  std::span<const double> row(std::size_t r) const { return std::span(values).subspan(r * columns, columns); }
  double start(std::size_t r) const { return static_cast<double>(r) * step; }
};

/// Spikes in any order; time and neuron stand side by side.
struct EncodedSpikes {
  std::vector<double> times_ms;
  std::vector<std::uint64_t> ids;
  std::size_t most = std::size_t(1) << 26;  ///< they may be

  /// Throws Error(input) for more than `most`.
  void add(double time_ms, std::uint64_t id) {
    if (ids.size() == most)
      throw Error(ErrorKind::input, "too many spikes for the memory; lower the rates or show fewer samples");
    times_ms.push_back(time_ms);
    ids.push_back(id);
  }
};

/// What encoders declare that make spikes of values between their parameters `low` and `high`.
struct EncoderBetween {
  static constexpr bool emits_current = false;
  static constexpr std::string_view key = "values";
  static constexpr std::array<std::string_view, 2> ascending = {"low", "high"};
};

/// Where a value lies between low (0) and high (1); beyond them 0 or 1.
inline double scaled(double value, double low, double high) {
  const double part = (value - low) / (high - low);
  return part < 0 ? 0.0 : part > 1 ? 1.0 : part;
}

}  // namespace synfire
