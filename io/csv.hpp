// Tables of numbers as text: one row a line, columns separated by comma, semicolon, tab or blanks (the first
// line decides), '#' begins a comment, the first line may name the columns.
#pragma once

#include <cstdint>
#include <fstream>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace synfire {

/// Reads such a table line by line; memory is one line. Errors carry file:line:column.
class CsvReader {
 public:
  /// Lines longer than this (bytes) are refused.
  static constexpr std::size_t longest_line = 1 << 20;

  /// Opens the file and reads the first line that is not a comment. Errors: the file cannot be read.
  explicit CsvReader(const std::string& path);

  /// Column names, if the first line has any field that is not a number; else empty.
  const std::vector<std::string>& header() const { return header_; }
  /// Number of columns of every row (0: the file has no rows).
  std::size_t columns() const { return columns_; }
  /// Index of the column called one of `names` (upper and lower case alike, a unit in brackets is ignored).
  std::optional<std::size_t> find(std::initializer_list<std::string_view> names) const;

  /// Byte of the file behind the current row.
  std::uint64_t offset() const { return offset_; }

  /// Goes to the next row; false at the end. Errors: a different number of fields, too long, binary.
  bool next();
  /// A field of the current row. Errors: not what is asked for; NaN and infinities are refused.
  std::string_view text(std::size_t column) const;
  double number(std::size_t column) const;
  std::uint64_t whole(std::size_t column) const;

  /// An error at a field of the current row, or at the header.
  Error error(std::size_t column, std::string_view what) const;
  Error error(std::string_view what) const;

 private:
  bool read_line();
  void split();
  void choose_separator();
  bool first_row_names_columns() const;

  std::string path_;
  std::ifstream stream_;
  std::string line_;
  int line_number_ = 0;
  std::uint64_t offset_ = 0;
  char separator_ = ',';
  std::vector<std::string> header_;
  std::vector<std::string_view> fields_;
  std::size_t columns_ = 0;
  bool row_waiting_ = false;
};

}  // namespace synfire
