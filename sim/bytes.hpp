// Values as bytes and back, for messages between processes of the same program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "core/error.hpp"

namespace synfire {

using Bytes = std::vector<std::byte>;

class BytesWriter {
 public:
  explicit BytesWriter(Bytes& bytes) : bytes_(bytes) {}

  template <class T> void put(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    const auto* const begin = reinterpret_cast<const std::byte*>(&value);
    bytes_.insert(bytes_.end(), begin, begin + sizeof value);
  }
  /// Their number, then all of them.
  template <class T> void put_all(const std::vector<T>& values) {
    put(std::uint64_t(values.size()));
    const auto part = std::as_bytes(std::span(values));
    bytes_.insert(bytes_.end(), part.begin(), part.end());
  }
  void put_text(const std::string& text) { put_all(std::vector<char>(text.begin(), text.end())); }

 private:
  Bytes& bytes_;
};

/// Takes values in the order in which they were put. Throws Error(internal) when there are fewer bytes.
class BytesReader {
 public:
  explicit BytesReader(std::span<const std::byte> bytes) : left_(bytes) {}

  bool empty() const { return left_.empty(); }
  template <class T> T take() {
    static_assert(std::is_trivially_copyable_v<T>);
    T value{};
    copy(&value, sizeof value);
    return value;
  }
  template <class T> std::vector<T> take_all() {
    const auto count = take<std::uint64_t>();
    if (count > left_.size() / sizeof(T)) too_short();
    std::vector<T> values(count);
    copy(values.data(), count * sizeof(T));
    return values;
  }
  std::string take_text() {
    const auto characters = take_all<char>();
    return {characters.begin(), characters.end()};
  }

 private:
  [[noreturn]] static void too_short() {
    throw Error(ErrorKind::internal, "a message between ranks is shorter than it should be");
  }
  void copy(void* to, std::size_t bytes) {
    if (bytes > left_.size()) too_short();
    if (bytes > 0) std::memcpy(to, left_.data(), bytes);
    left_ = left_.subspan(bytes);
  }

  std::span<const std::byte> left_;
};

}  // namespace synfire
