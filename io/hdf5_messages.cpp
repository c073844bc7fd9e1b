#include "io/hdf5_messages.hpp"

#include <algorithm>
#include <optional>

namespace synfire::hdf5::detail {
namespace {

/// Reads on from the front of some bytes; what is behind their end makes it fail for good.
class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  bool failed() const { return failed_; }
  void skip(std::uint64_t count) {
    failed_ = failed_ || count > bytes_.size() - at_;
    if (!failed_) at_ += static_cast<std::size_t>(count);
  }
  std::uint64_t number(std::size_t bytes) {
    const std::size_t begin = at_;
    skip(bytes);
    std::uint64_t value = 0;
    for (std::size_t i = bytes; !failed_ && i-- > 0;) value = value << 8 | bytes_[begin + i];
    return value;
  }
  /// A text with a 0 behind it; `padded` to whole groups of 8 bytes.
  void text(bool padded) {
    const auto rest = bytes_.subspan(at_);
    const auto end = std::find(rest.begin(), rest.end(), std::uint8_t{0});
    if (failed_ || end == rest.end()) {
      failed_ = true;
      return;
    }
    const auto length = static_cast<std::uint64_t>(end - rest.begin()) + 1;
    skip(padded ? (length + 7) / 8 * 8 : length);
  }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

enum Class : std::uint8_t {
  whole_number,
  fraction,
  time_of_day,
  text,
  bits,
  opaque,
  record,
  reference,
  enumeration,
  list,
  array,
};

// What stands for values that lie elsewhere, with addresses of 8 bytes.
constexpr std::uint64_t object_reference_bytes = 8, region_reference_bytes = 12, list_reference_bytes = 16;

using Size = std::optional<std::uint64_t>;  ///< of an element; nothing where the description is broken
Size read_type(Reader& in, int depth);

std::size_t bytes_of(std::uint64_t size) {
  std::size_t bytes = 1;
  while (bytes < 8 && size >> (8 * bytes) != 0) ++bytes;
  return bytes;
}

bool is_record(Reader& in, unsigned version, std::uint64_t count, std::uint64_t size, int depth) {
  if (count == 0) return false;
  for (std::uint64_t i = 0; i < count && !in.failed(); ++i) {
    in.text(version < 3);
    const std::uint64_t offset = in.number(version < 3 ? 4 : bytes_of(size));
    constexpr std::uint64_t dimensions_of_version_1 = 28;
    if (version == 1) in.skip(dimensions_of_version_1);
    const Size member = read_type(in, depth + 1);
    if (!member || offset > size || *member > size - offset) return false;
  }
  return !in.failed();
}

bool is_enumeration(Reader& in, unsigned version, std::uint64_t count, std::uint64_t size, int depth) {
  const Size base = read_type(in, depth + 1);
  if (!base || *base != size) return false;
  for (std::uint64_t i = 0; i < count && !in.failed(); ++i) in.text(version < 3);
  if (!in.failed()) in.skip(count * size);
  return !in.failed();
}

bool is_array(Reader& in, unsigned version, std::uint64_t size, int depth) {
  constexpr std::uint64_t most = 32;  // of the library
  const std::uint64_t rank = in.number(1);
  if (version < 2 || rank > most) return false;
  if (version == 2) in.skip(3);
  std::uint64_t elements = 1;
  for (std::uint64_t i = 0; i < rank; ++i)
    if (__builtin_mul_overflow(elements, in.number(4), &elements)) return false;
  if (version == 2) in.skip(4 * rank);
  const Size base = read_type(in, depth + 1);
  std::uint64_t needed = 0;
  return base && !__builtin_mul_overflow(elements, *base, &needed) && needed == size;
}

Size read_type(Reader& in, int depth) {
  constexpr int deepest = 16;
  const auto head = in.number(1);
  const auto version = static_cast<unsigned>(head >> 4), kind = static_cast<unsigned>(head & 15);
  const std::uint64_t flags = in.number(3), size = in.number(4);
  if (in.failed() || depth > deepest || size == 0 || version < 1 || version > 4) return std::nullopt;
  bool good = true;
  switch (kind) {
    case whole_number:
    case bits:
      in.skip(4);
      break;
    case fraction:
      in.skip(12);
      break;
    case time_of_day:
      in.skip(2);
      break;
    case text:
      break;
    case reference:
      good = size == ((flags & 15) == 0 ? object_reference_bytes : region_reference_bytes);
      break;
    case opaque:
      in.skip(flags & 0xff);
      break;
    case record:
      good = is_record(in, version, flags & 0xffff, size, depth);
      break;
    case enumeration:
      good = is_enumeration(in, version, flags & 0xffff, size, depth);
      break;
    case list:
      good = size == list_reference_bytes && read_type(in, depth + 1).has_value();
      break;
    case array:
      good = is_array(in, version, size, depth);
      break;
    default:
      good = false;
  }
  if (!good || in.failed()) return std::nullopt;
  return size;
}

// ---- Other messages ----

void read_fill_value(Reader& in) {
  constexpr std::uint64_t is_told = 32;
  const std::uint64_t version = in.number(1);
  bool told = false;
  if (version >= 3) {
    told = (in.number(1) & is_told) != 0;
  } else {
    in.skip(2);
    told = in.number(1) != 0;
  }
  if (told) in.skip(in.number(4));
}

void read_filters(Reader& in) {
  constexpr std::uint64_t first_with_name = 256;
  const std::uint64_t version = in.number(1), count = in.number(1);
  const bool old = version == 1;
  if (old) in.skip(6);
  for (std::uint64_t i = 0; i < count && !in.failed(); ++i) {
    const std::uint64_t id = in.number(2);
    const std::uint64_t name_bytes = old || id >= first_with_name ? in.number(2) : 0;
    in.skip(2);
    const std::uint64_t values = in.number(2);
    in.skip(old ? (name_bytes + 7) / 8 * 8 : name_bytes);
    in.skip(4 * (old ? (values + 1) / 2 * 2 : values));
  }
}

void read_link(Reader& in) {
  constexpr std::uint64_t length_of_length = 3, ordered = 4, with_kind = 8, with_letters = 16, hard = 0;
  in.skip(1);
  const std::uint64_t flags = in.number(1);
  const std::uint64_t kind = (flags & with_kind) != 0 ? in.number(1) : hard;
  in.skip(((flags & ordered) != 0 ? 8 : 0) + ((flags & with_letters) != 0 ? 1 : 0));
  in.skip(in.number(std::size_t{1} << (flags & length_of_length)));
  in.skip(kind == hard ? 8 : in.number(2));
}

void read_group_info(Reader& in) {
  constexpr std::uint64_t with_limits = 1, with_estimates = 2;
  in.skip(1);
  const std::uint64_t flags = in.number(1);
  in.skip(((flags & with_limits) != 0 ? 4 : 0) + ((flags & with_estimates) != 0 ? 4 : 0));
}

/// Of links and of attributes: where their index lies, with an order of creation that takes some bytes.
void read_info(Reader& in, std::uint64_t order_bytes) {
  constexpr std::uint64_t ordered = 1, with_index = 2;
  in.skip(1);
  const std::uint64_t flags = in.number(1);
  in.skip(16 + ((flags & ordered) != 0 ? order_bytes : 0) + ((flags & with_index) != 0 ? 8 : 0));
}

}  // namespace

bool is_whole_message(std::uint16_t kind, std::span<const std::uint8_t> bytes) {
  Reader in(bytes);
  switch (kind) {
    case link_info:
      read_info(in, 8);
      break;
    case old_fill_value:
      in.skip(in.number(4));
      break;
    case fill_value:
      read_fill_value(in);
      break;
    case named_link:
      read_link(in);
      break;
    case group_info:
      read_group_info(in);
      break;
    case filters:
      read_filters(in);
      break;
    case old_time:
    case continuation:
    case names:
      in.skip(16);
      break;
    case changed:
      in.skip(8);
      break;
    case tree_sizes:
      in.skip(7);
      break;
    case attribute_info:
      read_info(in, 2);
      break;
    case reference_count:
      in.skip(5);
      break;
    default:
      break;
  }
  return !in.failed();
}

bool is_whole_type(std::span<const std::uint8_t> bytes) {
  Reader in(bytes);
  return read_type(in, 0).has_value();
}

}  // namespace synfire::hdf5::detail
