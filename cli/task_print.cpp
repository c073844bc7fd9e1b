#include "cli/task_print.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace synfire::cli {

std::string confusion_text(std::size_t classes, std::span<const std::uint64_t> cells) {
  const std::size_t columns = classes + 1;
  std::uint64_t largest = 0, unvoted = 0;
  for (std::size_t row = 0; row < classes; ++row) {
    for (const std::uint64_t cell : cells.subspan(row * columns, columns)) largest = std::max(largest, cell);
    unvoted += cells[row * columns + classes];
  }
  const std::size_t shown = unvoted > 0 ? columns : classes;
  const std::size_t width = std::max<std::size_t>(4, std::to_string(largest).size() + 1);
  std::string text = "true \\ voted";
  for (std::size_t column = 0; column < shown; ++column)
    text += fmt::format("{:>{}}", column == classes ? "none" : std::to_string(column),
                        width + (column == classes));
  text += "   right\n";
  for (std::size_t row = 0; row < classes; ++row) {
    const auto values = cells.subspan(row * columns, columns);
    std::uint64_t sum = 0;
    text += fmt::format("{:>12}", row);
    for (std::size_t column = 0; column < columns; ++column) {
      sum += values[column];
      if (column >= shown) continue;
      const std::string cell = values[column] == 0 ? "." : std::to_string(values[column]);
      text += fmt::format("{:>{}}", cell, width + (column == classes));
    }
    text += sum == 0 ? "       -\n" : fmt::format("{:>6.1f} %\n", 100.0 * double(values[row]) / double(sum));
  }
  return text;
}

std::string confusion_text(const ConfusionMatrix& confusion) {
  std::vector<std::uint64_t> cells;
  for (std::size_t row = 0; row < confusion.classes(); ++row) {
    const auto values = confusion.row(row);
    cells.insert(cells.end(), values.begin(), values.end());
  }
  return confusion_text(confusion.classes(), cells);
}

}  // namespace synfire::cli
