#include "cli/text_raster.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/random.hpp"

namespace synfire::cli {
namespace {

using Dots = std::vector<bool>;

/// Above this share of cells with spikes, dots say more by their density than by their place.
constexpr double crowded = 0.4;

Dots plain_dots(const Density& density) {
  Dots dots(density.counts.size());
  std::transform(density.counts.begin(), density.counts.end(), dots.begin(),
                 [](std::uint32_t n) { return n > 0; });
  return dots;
}

/// Error diffusion (Floyd and Steinberg 1976) of the counts, with a threshold that varies from dot to dot so
/// that even activity gives no pattern.
Dots shaded_dots(const Density& density) {
  const double full = 1.25 * std::max(1U, typical_count(density, 0.98));
  std::vector<double> ink(density.counts.size());
  for (std::size_t k = 0; k < ink.size(); ++k) ink[k] = std::min(1.0, density.counts[k] / full);
  Dots dots(ink.size());
  RandomStream noise(RandomKey(1, "text raster"), 0);
  const auto pass_on = [&](std::size_t row, std::size_t column, double error) {
    if (row < density.rows && column < density.columns) ink[row * density.columns + column] += error;
  };
  for (std::size_t row = 0; row < density.rows; ++row)
    for (std::size_t column = 0; column < density.columns; ++column) {
      const std::size_t k = row * density.columns + column;
      dots[k] = ink[k] >= noise.uniform(0.2, 0.8);
      const double error = ink[k] - (dots[k] ? 1 : 0);
      pass_on(row, column + 1, error * 7 / 16);
      pass_on(row + 1, column - 1, error * 3 / 16);  // column 0 wraps to a column that is refused
      pass_on(row + 1, column, error * 5 / 16);
      pass_on(row + 1, column + 1, error * 1 / 16);
    }
  return dots;
}

/// A character of U+2800 to U+28FF in UTF-8.
void append_braille(std::string& text, unsigned pattern) {
  text += static_cast<char>(0xE2);
  text += static_cast<char>(0xA0 | pattern >> 6);
  text += static_cast<char>(0x80 | (pattern & 0x3F));
}

}  // namespace

std::vector<std::string> braille_lines(const Density& density) {
  if (density.counts.empty()) return {};
  const auto filled =
      std::count_if(density.counts.begin(), density.counts.end(), [](auto n) { return n > 0; });
  const bool shaded = static_cast<double>(filled) > crowded * static_cast<double>(density.counts.size());
  const Dots dots = shaded ? shaded_dots(density) : plain_dots(density);
  // Bits of the four rows in the left and the right column of a character.
  constexpr std::array<std::array<unsigned, 4>, 2> bits{{{0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}}};
  std::vector<std::string> lines;
  for (std::size_t top = 0; top < density.rows; top += 4) {
    std::string& line = lines.emplace_back();
    for (std::size_t left = 0; left < density.columns; left += 2) {
      unsigned pattern = 0;
      for (std::size_t row = top; row < std::min(top + 4, density.rows); ++row)
        for (std::size_t column = left; column < std::min(left + 2, density.columns); ++column)
          if (dots[row * density.columns + column]) pattern |= bits[column - left][row - top];
      append_braille(line, pattern);
    }
  }
  return lines;
}

std::string bar_line(std::span<const double> values, double top) {
  constexpr std::array blocks{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::string line;
  for (const double value : values) {
    const double share = top > 0 ? std::clamp(value / top, 0.0, 1.0) : 0;
    line += blocks[static_cast<std::size_t>(std::ceil(share * (blocks.size() - 1)))];
  }
  return line;
}

}  // namespace synfire::cli
