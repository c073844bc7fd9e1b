#include "io/csv.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

namespace synfire {

namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return text.substr(0, 0);
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string_view unquoted(std::string_view text) {
  const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  return quoted ? text.substr(1, text.size() - 2) : text;
}

/// The whole text as a number; nothing if anything is left over.
template <class T> std::optional<T> parsed(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  T value{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "Time [ms]" -> "time".
std::string plain_name(std::string_view name) {
  std::string plain(trimmed(name.substr(0, name.find_first_of("[("))));
  std::transform(plain.begin(), plain.end(), plain.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return plain;
}

/// What may be shown of a field in a message.
std::string shown(std::string_view text) {
  constexpr std::size_t longest = 40;
  std::string clean(text.substr(0, longest));
  std::replace_if(
      clean.begin(), clean.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, '?');
  return text.size() > longest ? clean + "..." : clean;
}

}  // namespace

CsvReader::CsvReader(const std::string& path) : path_(path), stream_(path, std::ios::binary) {
  if (!stream_) throw Error(ErrorKind::input, fmt::format("{}: cannot read: {}", path, std::strerror(errno)));
  if (!read_line()) return;
  choose_separator();
  split();
  columns_ = fields_.size();
  if (first_row_names_columns()) {
    header_.assign(fields_.begin(), fields_.end());
  } else {
    row_waiting_ = true;
  }
}

bool CsvReader::read_line() {
  while (stream_.peek() != std::char_traits<char>::eof()) {
    ++line_number_;
    line_.clear();
    char c = 0;
    while (stream_.get(c) && ++offset_ > 0 && c != '\n') {
      if (line_.size() == longest_line)
        throw Error(ErrorKind::input, {path_, line_number_, 1}, "the line is longer than 1 MiB");
      if (c == '\0')
        throw Error(ErrorKind::input, {path_, line_number_, static_cast<int>(line_.size()) + 1},
                    "a zero byte: this is not a text file");
      line_.push_back(c);
    }
    if (line_number_ == 1 && line_.starts_with("\xef\xbb\xbf")) line_.erase(0, 3);
    if (const auto comment = line_.find('#'); comment != std::string::npos) line_.resize(comment);
    if (!trimmed(line_).empty()) return true;
  }
  if (stream_.bad()) throw Error(ErrorKind::input, fmt::format("{}: cannot read on", path_));
  return false;
}

void CsvReader::choose_separator() {
  separator_ = ' ';
  const std::string_view line = trimmed(line_);
  for (const char candidate : {',', ';', '\t'}) {
    if (line.find(candidate) == std::string_view::npos) continue;
    separator_ = candidate;
    return;
  }
}

void CsvReader::split() {
  fields_.clear();
  std::string_view rest = line_;
  if (separator_ == ' ') {
    for (rest = trimmed(rest); !rest.empty();) {
      const auto end = std::min(rest.find_first_of(blanks), rest.size());
      fields_.push_back(unquoted(rest.substr(0, end)));
      rest = trimmed(rest.substr(end));
    }
    return;
  }
  for (;;) {
    const auto end = rest.find(separator_);
    fields_.push_back(unquoted(trimmed(rest.substr(0, end))));
    if (end == std::string_view::npos) return;
    rest.remove_prefix(end + 1);
  }
}

bool CsvReader::first_row_names_columns() const {
  return std::none_of(fields_.begin(), fields_.end(),
                      [](std::string_view field) { return parsed<double>(field); });
}

std::optional<std::size_t> CsvReader::find(std::initializer_list<std::string_view> names) const {
  for (std::size_t k = 0; k < header_.size(); ++k)
    if (std::find(names.begin(), names.end(), plain_name(header_[k])) != names.end()) return k;
  return std::nullopt;
}

bool CsvReader::next() {
  if (row_waiting_) {
    row_waiting_ = false;
    return true;
  }
  if (!read_line()) return false;
  split();
  if (fields_.size() != columns_)
    throw error(std::min(fields_.size(), columns_) - 1,
                fmt::format("the row has {} fields where {} are expected", fields_.size(), columns_));
  return true;
}

std::string_view CsvReader::text(std::size_t column) const { return fields_.at(column); }

double CsvReader::number(std::size_t column) const {
  const auto value = parsed<double>(text(column));
  if (!value) throw error(column, fmt::format("'{}' is not a number", shown(text(column))));
  if (!std::isfinite(*value)) throw error(column, fmt::format("'{}' is not finite", shown(text(column))));
  return *value;
}

std::uint64_t CsvReader::whole(std::size_t column) const {
  const auto value = parsed<std::uint64_t>(text(column));
  if (!value)
    throw error(column, fmt::format("'{}' is not a whole number from 0 to 2^64-1", shown(text(column))));
  return *value;
}

Error CsvReader::error(std::size_t column, std::string_view what) const {
  const auto offset = column < fields_.size() ? fields_[column].data() - line_.data() : 0;
  return Error(ErrorKind::input, {path_, line_number_, static_cast<int>(offset) + 1}, what);
}

Error CsvReader::error(std::string_view what) const {
  return Error(ErrorKind::input, {path_, std::max(line_number_, 1), 1}, what);
}

}  // namespace synfire
