// What went wrong, where, and what to do about it. Library code throws these and never prints or exits.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace synfire {

/// The kinds of failure; the values are the program's exit codes (docs/errors.md).
enum class ErrorKind : int {
  usage = 2,     ///< the command line asks for something that does not exist
  input = 3,     ///< a file or a value in it is wrong
  resource = 4,  ///< the machine cannot give what is needed: memory, disk, permission
  internal = 5,  ///< a mistake of ours
};

/// A place in a text file, counted from 1; line 0 means the whole file.
struct Position {
  std::string file;
  int line = 0;
  int column = 0;

  bool operator==(const Position&) const = default;
};

/// "file:line:column", "file", or "" when nothing is known.
std::string to_string(const Position&);

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const Position& where, std::string_view what);
  Error(ErrorKind kind, std::string_view what) : Error(kind, Position{}, what) {}

  ErrorKind kind() const noexcept { return kind_; }
  int exit_code() const noexcept { return static_cast<int>(kind_); }

 private:
  ErrorKind kind_;
};

/// Errors of input that lies at a byte of a binary file.
Error error_at_byte(const std::string& file, std::uint64_t offset, std::string_view what);

}  // namespace synfire
