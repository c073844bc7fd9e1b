// Bytes of a file from front to back, gzip or plain, and bytes to a file that appears only when it is whole.
#pragma once

#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace synfire {

/// Whose fault it is that a file cannot be opened for reading, by errno: the machine's, which refuses or
/// lacks something, or that of what was asked for.
ErrorKind kind_of_failed_open(int reason);

/// A file read through a window. Memory is the window, whatever the size of the file. A file that begins with
/// the mark of gzip is unpacked on the way; offsets then count unpacked bytes.
class ByteFile {
 public:
  static constexpr std::size_t usual_window = 1 << 20;

  /// `window`: bytes that are read at once, at least 4096. Errors: the file cannot be read, or is a
  /// directory.
  explicit ByteFile(const std::string& path, std::size_t window = usual_window);
  ByteFile(ByteFile&&) noexcept;
  ByteFile& operator=(ByteFile&&) noexcept;
  ~ByteFile();

  const std::string& path() const { return path_; }
  bool gzip() const { return gzip_; }
  /// Of the file on disk.
  std::uint64_t size() const { return size_; }
  /// Of the first byte of the window.
  std::uint64_t offset() const { return offset_; }

  /// The bytes ahead: at least `least` of them, fewer only where the file ends. Valid until the next call.
  /// Errors: reading fails, damaged gzip data. `least` may exceed the window; memory is
  /// taken as bytes really come.
  std::span<const std::uint8_t> peek(std::size_t least = 1);
  /// Goes on by `count` bytes, at most as many as peek gave.
  void skip(std::size_t count);
  /// Goes to any byte; behind the end is where the file ends. A gzip file is unpacked from its start for a
  /// step back.
  void seek(std::uint64_t offset);
  /// The next line without its end (LF or CR LF), if there is one of at most `longest` bytes that begins with
  /// `start`; otherwise nothing is consumed and false comes back. The last line may lack its end.
  bool line(std::string& text, std::string_view start, std::size_t longest = 1 << 20);

  /// An Error(input) at a byte of this file.
  [[noreturn]] void refuse(std::uint64_t offset, std::string_view what) const;

 private:
  std::size_t first_window() const;
  std::size_t fetch(std::span<std::uint8_t> to);

  struct State;
  std::string path_;
  std::size_t window_ = usual_window;
  bool gzip_ = false;
  std::uint64_t size_ = 0, offset_ = 0;
  std::unique_ptr<State> state_;
  std::vector<std::uint8_t> buffer_;
  std::size_t begin_ = 0, end_ = 0;
};

/// A new file, written under "<path>.unfinished" and renamed by `finish`; destroyed before, it is removed.
class NewFile {
 public:
  /// Errors: cannot be created.
  explicit NewFile(const std::string& path);
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile();

  const std::string& path() const { return path_; }
  /// Where the next byte goes.
  std::uint64_t offset() const { return offset_; }
  /// Errors: the disk is full, and the like.
  void put(std::span<const std::uint8_t> bytes);
  void put(std::string_view text);
  /// Other bytes in place of those put at `offset` before.
  void replace(std::uint64_t offset, std::span<const std::uint8_t> bytes);
  void finish();

 private:
  [[noreturn]] void fail() const;

  std::string path_, unfinished_;
  std::FILE* stream_ = nullptr;
  std::uint64_t offset_ = 0;
  bool finished_ = false;
};

/// Numbers as they lie in files. `bytes` holds at least sizeof(T) of them.
template <class T> T little_endian(const std::uint8_t* bytes) {
  std::make_unsigned_t<T> value = 0;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&value, bytes, sizeof(T));
    return static_cast<T>(value);
  }
  for (std::size_t i = sizeof(T); i-- > 0;)
    value = static_cast<std::make_unsigned_t<T>>(std::uint64_t{value} << 8 | bytes[i]);
  return static_cast<T>(value);
}
template <class T> T big_endian(const std::uint8_t* bytes) {
  std::make_unsigned_t<T> value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value = static_cast<std::make_unsigned_t<T>>(std::uint64_t{value} << 8 | bytes[i]);
  return static_cast<T>(value);
}
template <class T> void put_little_endian(T value, std::vector<std::uint8_t>& to) {
  for (std::size_t i = 0; i < sizeof(T); ++i)
    to.push_back(static_cast<std::uint8_t>(static_cast<std::make_unsigned_t<T>>(value) >> (8 * i) & 0xff));
}

}  // namespace synfire
