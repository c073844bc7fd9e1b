#include "core/error.hpp"

#include <fmt/format.h>

namespace synfire {

std::string to_string(const Position& where) {
  if (where.line == 0) return where.file;
  return fmt::format("{}:{}:{}", where.file, where.line, where.column);
}

static std::string placed(const Position& where, std::string_view what) {
  const std::string place = to_string(where);
  return place.empty() ? std::string(what) : fmt::format("{}: {}", place, what);
}

Error::Error(ErrorKind kind, const Position& where, std::string_view what)
    : std::runtime_error(placed(where, what)), kind_(kind) {}

Error error_at_byte(const std::string& file, std::uint64_t offset, std::string_view what) {
  return Error(ErrorKind::input, fmt::format("{}: byte {}: {}", file, offset, what));
}

}  // namespace synfire
