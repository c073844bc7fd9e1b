// Just enough of FlatBuffers to read AEDAT 4: tables, fields, vectors. Every step is checked against the
// bytes that there are; what points outside is as if it were not there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "io/byte_file.hpp"

namespace synfire {

/// A table inside a buffer.
class FlatTable {
 public:
  /// The root of a buffer whose four letters are `identifier`.
  static std::optional<FlatTable> root(std::span<const std::uint8_t> buffer, std::string_view identifier) {
    if (buffer.size() < 8 || !std::equal(identifier.begin(), identifier.end(), buffer.begin() + 4))
      return std::nullopt;
    return at(buffer, little_endian<std::uint32_t>(buffer.data()));
  }

  /// Position of a field of `bytes` bytes; nothing if the table has not got it.
  std::optional<std::size_t> field(std::size_t index, std::size_t bytes) const {
    if (4 + 2 * index + 2 > vtable_bytes_) return std::nullopt;
    const std::size_t offset = little_endian<std::uint16_t>(buffer_.data() + vtable_ + 4 + 2 * index);
    if (offset == 0 || !within(table_ + offset, bytes)) return std::nullopt;
    return table_ + offset;
  }
  template <class T> T number(std::size_t index, T otherwise) const {
    const auto place = field(index, sizeof(T));
    return place ? little_endian<T>(buffer_.data() + *place) : otherwise;
  }
  /// Elements of `element` bytes each, whole; nothing if missing or partly outside the buffer.
  std::optional<std::span<const std::uint8_t>> vector(std::size_t index, std::size_t element) const {
    const auto place = field(index, 4);
    if (!place) return std::nullopt;
    const std::size_t start = *place + little_endian<std::uint32_t>(buffer_.data() + *place);
    if (!within(start, 4)) return std::nullopt;
    const std::uint64_t bytes = std::uint64_t{little_endian<std::uint32_t>(buffer_.data() + start)} * element;
    if (!within(start + 4, bytes)) return std::nullopt;
    return buffer_.subspan(start + 4, static_cast<std::size_t>(bytes));
  }
  /// The table that element `i` of a vector of tables points to.
  std::optional<FlatTable> table_in(std::span<const std::uint8_t> vector, std::size_t i) const {
    const std::uint8_t* const element = vector.data() + 4 * i;
    return at(buffer_,
              static_cast<std::size_t>(element - buffer_.data()) + little_endian<std::uint32_t>(element));
  }

 private:
  static std::optional<FlatTable> at(std::span<const std::uint8_t> buffer, std::size_t place) {
    FlatTable table;
    table.buffer_ = buffer;
    table.table_ = place;
    if (!table.within(place, 4)) return std::nullopt;
    const std::int64_t vtable =
        static_cast<std::int64_t>(place) - little_endian<std::int32_t>(buffer.data() + place);
    if (vtable < 0 || !table.within(static_cast<std::size_t>(vtable), 4)) return std::nullopt;
    table.vtable_ = static_cast<std::size_t>(vtable);
    table.vtable_bytes_ = little_endian<std::uint16_t>(buffer.data() + table.vtable_);
    if (!table.within(table.vtable_, table.vtable_bytes_)) return std::nullopt;
    return table;
  }
  bool within(std::size_t place, std::uint64_t bytes) const {
    return place <= buffer_.size() && bytes <= buffer_.size() - place;
  }

  std::span<const std::uint8_t> buffer_;
  std::size_t table_ = 0, vtable_ = 0, vtable_bytes_ = 0;
};

}  // namespace synfire
