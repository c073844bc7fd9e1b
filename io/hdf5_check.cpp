#include "io/hdf5_check.hpp"

#include <algorithm>
#include <bit>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "io/byte_file.hpp"
#include "io/hdf5_chunk_tree.hpp"
#include "io/hdf5_internal.hpp"
#include "io/hdf5_messages.hpp"

namespace synfire::hdf5::detail {

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t window_bytes = 1 << 14;  // headers and index nodes are small and far from each other
constexpr std::size_t reference_bytes = 16;    // length (4), address of a heap (8), number in it (4)

struct Message {
  std::uint16_t kind = 0;
  bool shared = false;
  Bytes body = {};

  /// The number at a place; 0 behind the end, as every check then fails.
  std::uint64_t number(std::size_t at, std::size_t bytes) const {
    std::uint64_t value = 0;
    for (std::size_t i = bytes; i-- > 0;) value = value << 8 | (at + i < body.size() ? body[at + i] : 0U);
    return value;
  }
  std::size_t size() const { return body.size(); }
};

/// Walks through the messages of an object's header.
class Header {
 public:
  Header(const CheckedFile& file, haddr_t address, const std::string& object)
      : file_(file.path, window_bytes), object_(object) {
    require_plain_addresses(file.id);
    const Bytes head = bytes_at(address, 16);
    if (std::memcmp(head.data(), "OHDR\2", 5) == 0)
      begin_version_2(address, head[5]);
    else if (head[0] == 1)
      begin_version_1(address, little_endian<std::uint32_t>(head.data() + 8));
    else
      refuse("has a header of a version that is not known");
  }

  std::vector<Message> messages() {
    constexpr std::size_t most_blocks = 4096, most_messages = 1 << 16;
    std::vector<Message> all;
    for (std::size_t visited = 0; !blocks_.empty(); ++visited) {
      if (visited == most_blocks || all.size() > most_messages) refuse("has a header without an end");
      const auto [begin, length] = blocks_.front();
      blocks_.pop_front();
      read_block(bytes_at(begin, length), all);
    }
    return all;
  }

  [[noreturn]] void refuse(std::string_view what) const {
    fail(ErrorKind::input, file_.path(), object_, fmt::format("{}: the file is damaged", what));
  }
  [[noreturn]] void cannot_read(std::string_view what) const {
    fail(ErrorKind::input, file_.path(), object_, fmt::format("cannot be read: it {}", what));
  }

  ByteFile& file() { return file_; }

  Bytes bytes_at(std::uint64_t place, std::uint64_t count) {
    if (place > file_.size() || count > file_.size() - place) refuse("has a part behind the end of the file");
    file_.seek(place);
    const auto found = file_.peek(count);
    if (found.size() < count) refuse("has a part behind the end of the file");
    return {found.begin(), found.begin() + static_cast<std::ptrdiff_t>(count)};
  }

 private:
  struct Block {
    std::uint64_t begin, length;
  };

  void require_plain_addresses(hid_t file) const {
    const Id made(H5Fget_create_plist(file), H5Pclose);
    std::size_t address_bytes = 0, length_bytes = 0;
    H5Pget_sizes(made, &address_bytes, &length_bytes);
    if (address_bytes != 8 || length_bytes != 8)
      fail(ErrorKind::input, file_.path(), object_, "is in a file with addresses that are not 64 bits");
  }

  void begin_version_1(haddr_t address, std::uint32_t length) {
    old_ = true;
    message_head_ = 8;
    blocks_.push_back({address + 16, length});
  }

  void begin_version_2(haddr_t address, std::uint8_t flags) {
    constexpr std::uint8_t size_of_size = 3, ordered = 4, phases = 16, times = 32;
    const std::uint64_t at = address + 6 + ((flags & times) != 0 ? 16 : 0) + ((flags & phases) != 0 ? 4 : 0);
    const std::size_t bytes = std::size_t{1} << (flags & size_of_size);
    const Message size{0, false, bytes_at(at, bytes)};
    message_head_ = (flags & ordered) != 0 ? 6 : 4;
    blocks_.push_back({at + bytes, size.number(0, bytes)});
  }

  void read_block(const Bytes& block, std::vector<Message>& all) {
    for (std::size_t at = 0; at + message_head_ <= block.size();) {
      const std::uint8_t* const head = block.data() + at;
      Message message{.kind = head[0], .shared = (head[old_ ? 4 : 3] & 2) != 0};
      if (old_) message.kind = little_endian<std::uint16_t>(head);
      const std::size_t length = little_endian<std::uint16_t>(head + (old_ ? 2 : 1));
      at += message_head_;
      if (length > block.size() - at) refuse("has a header whose parts do not fit in it");
      message.body.assign(block.data() + at, block.data() + at + length);
      at += length;
      if (!message.shared && !is_whole_message(message.kind, message.body))
        refuse("has a header with a part that is not whole");
      if (message.kind == continuation) add_block(message);
      all.push_back(std::move(message));
    }
  }

  void add_block(const Message& message) {
    constexpr std::uint64_t mark = 4, checksum = 4;
    const std::uint64_t begin = message.number(0, 8), length = message.number(8, 8);
    if (old_) return blocks_.push_back({begin, length});
    if (length < mark + checksum) refuse("has a header whose parts do not fit in it");
    blocks_.push_back({begin + mark, length - mark - checksum});
  }

  ByteFile file_;
  const std::string& object_;
  bool old_ = false;
  std::size_t message_head_ = 4;
  std::deque<Block> blocks_;
};

/// The one message of a kind.
const Message& only(const std::vector<Message>& all, MessageKind kind, const Header& header) {
  const auto is = [kind](const Message& m) { return m.kind == kind; };
  const auto found = std::ranges::find_if(all, is);
  if (found == all.end() || std::count_if(found, all.end(), is) > 1)
    header.refuse("lacks a part of its description, or has it twice");
  if (found->shared) header.cannot_read("shares its description with other datasets");
  return *found;
}

/// Sizes of a dataspace, slowest first; nothing where they do not lie in these bytes.
std::optional<std::vector<std::uint64_t>> sizes_in(std::span<const std::uint8_t> space) {
  if (space.size() < 4) return std::nullopt;
  constexpr std::uint8_t limits_follow = 1;
  const std::size_t version = space[0], rank = space[1], begin = version == 1 ? 8 : 4;
  const std::size_t lists = (space[2] & limits_follow) != 0 ? 2 : 1;
  if (version < 1 || version > 2 || rank > H5S_MAX_RANK || space.size() < begin + 8 * rank * lists)
    return std::nullopt;
  constexpr std::uint8_t without_elements = 2;
  if (version == 2 && space[3] == without_elements) return std::vector<std::uint64_t>{0};
  std::vector<std::uint64_t> sizes;
  for (std::size_t i = 0; i < rank; ++i) sizes.push_back(little_endian<std::uint64_t>(&space[begin + 8 * i]));
  return sizes;
}
std::vector<std::uint64_t> sizes_of(const Message& space, const Header& header) {
  const auto sizes = sizes_in(space.body);
  if (!sizes) header.refuse("has a size that cannot be");
  return *sizes;
}

/// Whether so many elements of this size fit into these bytes.
bool fits(const std::vector<std::uint64_t>& sizes, std::uint64_t element, std::uint64_t bytes) {
  std::uint64_t needed = element;
  for (const std::uint64_t size : sizes)
    if (__builtin_mul_overflow(needed, size, &needed)) return false;
  return needed <= bytes;
}

/// How the chunks of a dataset are told in its layout.
struct StoredChunks {
  std::size_t count, at, bytes;  ///< of the sizes: how many, where, how many bytes each
  std::size_t tree = 0;          ///< where the address of their index stands; 0: it is of a newer kind
};

/// Chunks: as many dimensions as the dataset has and the size of an element; none of them 0. Comes back with
/// the bytes of one.
std::uint64_t check_chunks(const Message& stored, const StoredChunks& told, std::size_t rank,
                           std::uint64_t element, const Header& header) {
  constexpr std::uint64_t largest = 0xffffffff;
  if (rank == 0 || told.count != rank + 1 || told.bytes < 1 || told.bytes > 8 ||
      told.at + told.count * told.bytes > stored.size())
    header.refuse("has chunks of another shape than its own");
  std::uint64_t chunk = 1;
  for (std::size_t i = 0; i < told.count; ++i) {
    const std::uint64_t size = stored.number(told.at + i * told.bytes, told.bytes);
    if (size == 0 || size > largest / chunk) header.refuse("has chunks that are empty or over 4 GiB");
    chunk *= size;
  }
  if (stored.number(told.at + (told.count - 1) * told.bytes, told.bytes) != element)
    header.refuse("has chunks of elements of another size");
  return chunk;
}

void check_layout(const Message& stored, const std::vector<std::uint64_t>& sizes, std::uint64_t element,
                  bool filtered, Header& header) {
  enum Class : std::uint64_t { in_header, in_one_piece, in_chunks };
  const std::uint64_t version = stored.number(0, 1);
  const bool old = version < 3;
  const std::uint64_t stored_as = stored.number(old ? 2 : 1, 1);
  if (version < 1 || version > 4 || stored_as > in_chunks) header.cannot_read("is stored in an unusual way");
  if (stored_as == in_one_piece) return;
  if (stored_as == in_chunks) {
    const StoredChunks told = old            ? StoredChunks{stored.number(1, 1), 16, 4, 8}
                              : version == 3 ? StoredChunks{stored.number(2, 1), 11, 4, 3}
                                             : StoredChunks{stored.number(3, 1), 5, stored.number(4, 1)};
    const std::uint64_t chunk = check_chunks(stored, told, sizes.size(), element, header);
    if (!filtered && told.tree != 0 &&
        !has_chunks_of(header.file(), stored.number(told.tree, 8), told.count, chunk))
      header.refuse("has a damaged index of its chunks");
    return;
  }
  if (old) header.cannot_read("is stored in an unusual way");
  const std::uint64_t held = stored.number(2, 2);
  if (stored.size() < 4 + held || !fits(sizes, element, held)) header.refuse("is larger than its bytes");
}

/// Where the parts of an attribute's message lie.
struct AttributeParts {
  std::size_t name, name_bytes, type, type_bytes, space, space_bytes, value;
  bool shared_type, shared_space;
};
std::optional<AttributeParts> parts_of(const Message& message) {
  const std::uint64_t version = message.number(0, 1), flags = version > 1 ? message.number(1, 1) : 0;
  if (version < 1 || version > 3) return std::nullopt;
  const auto room = [version](std::uint64_t bytes) { return version == 1 ? (bytes + 7) / 8 * 8 : bytes; };
  AttributeParts parts{};
  parts.shared_type = (flags & 1) != 0;
  parts.shared_space = (flags & 2) != 0;
  parts.name = version == 3 ? 9 : 8;
  parts.name_bytes = message.number(2, 2);
  parts.type = parts.name + room(parts.name_bytes);
  parts.type_bytes = message.number(4, 2);
  parts.space = parts.type + room(parts.type_bytes);
  parts.space_bytes = message.number(6, 2);
  parts.value = parts.space + room(parts.space_bytes);
  if (parts.name_bytes == 0 || parts.value > message.size()) return std::nullopt;
  return parts;
}

/// Where the type lies that a message names instead of telling it, if it is one of its own in the file.
std::optional<haddr_t> address_of_type(std::span<const std::uint8_t> named) {
  constexpr std::uint8_t with_room = 1, newest = 3, of_its_own = 2;
  if (named.size() < 2 || named[0] < with_room || named[0] > newest) return std::nullopt;
  const std::size_t at = named[0] == with_room ? 8 : 2;
  if (named.size() < at + 8 || (named[0] == newest && named[1] != of_its_own)) return std::nullopt;
  return little_endian<std::uint64_t>(&named[at]);
}

/// Bytes of an element of an attribute; nothing where its type is not whole.
std::optional<std::uint64_t> element_of(std::span<const std::uint8_t> type, bool elsewhere,
                                        const CheckedFile& file, const std::string& object) {
  constexpr std::size_t size_at = 4;
  if (!elsewhere) {
    if (!is_whole_type(type)) return std::nullopt;
    return little_endian<std::uint32_t>(&type[size_at]);
  }
  const auto address = address_of_type(type);
  if (!address) return std::nullopt;
  Header header(file, *address, object);
  const auto all = header.messages();
  const Message& told = only(all, datatype, header);
  if (!is_whole_type(told.body)) return std::nullopt;
  return told.number(size_at, 4);
}

/// Whether an attribute is told whole, with a value of the size that its type and shape make: the library
/// (1.10) copies that many bytes without asking.
bool is_whole_attribute(const Message& message, const CheckedFile& file, const std::string& object) {
  const auto parts = parts_of(message);
  if (!parts || parts->shared_space || message.body[parts->name + parts->name_bytes - 1] != 0) return false;
  const std::span<const std::uint8_t> bytes(message.body);
  const auto element =
      element_of(bytes.subspan(parts->type, parts->type_bytes), parts->shared_type, file, object);
  const auto sizes = sizes_in(bytes.subspan(parts->space, parts->space_bytes));
  return element && sizes && fits(*sizes, *element, message.size() - parts->value);
}

/// What elements are made of is described whole, of a dataset and of all attributes.
void check_types(const std::vector<Message>& all, const Header& header, const CheckedFile& file,
                 const std::string& object) {
  for (const Message& message : all) {
    if (message.shared) continue;
    if (message.kind == datatype && !is_whole_type(message.body))
      header.refuse("has elements whose description is not whole");
    if (message.kind == attribute && !is_whole_attribute(message, file, object))
      header.refuse("has an attribute whose description is not whole");
  }
}

/// The value of an attribute's message, if it is the one of that name: one reference into a heap.
std::optional<std::string> reference_in(const Message& message, const std::string& name) {
  const auto parts = parts_of(message);
  if (!parts || parts->value + reference_bytes > message.size()) return std::nullopt;
  const std::string_view bytes(reinterpret_cast<const char*>(message.body.data()), message.size());
  const std::string_view found = bytes.substr(parts->name, parts->name_bytes);
  if (found.substr(0, found.find('\0')) != name) return std::nullopt;
  return std::string(bytes.substr(parts->value, reference_bytes));
}

/// Goes to object `number` of the heap at `address` and says how many bytes it has.
std::optional<std::uint64_t> go_to_object(ByteFile& file, std::uint64_t address, std::uint32_t number) {
  constexpr std::uint64_t head = 16;
  file.seek(address);
  const auto start = file.peek(head);
  if (start.size() < head || std::memcmp(start.data(), "GCOL\1", 5) != 0) return std::nullopt;
  const auto size = little_endian<std::uint64_t>(start.data() + 8);
  std::uint64_t left = std::min(size, file.size() - address);
  std::uint64_t place = address;
  for (std::uint64_t step = head; step <= left;) {
    place += step;
    left -= step;
    file.seek(place);
    const auto object = file.peek(head);
    if (left < head || object.size() < head) return std::nullopt;
    const auto found = little_endian<std::uint16_t>(object.data());
    const auto bytes = little_endian<std::uint64_t>(object.data() + 8);
    if (found == 0 || bytes > left - head) return std::nullopt;
    if (found == number) {
      file.skip(head);
      return bytes;
    }
    step = head + (bytes + 7) / 8 * 8;
  }
  return std::nullopt;
}

/// The bits of a fraction as IEEE 754 lays them out in 2, 4 or 8 bytes.
bool is_ieee(hid_t type) {
  std::size_t sign = 0, exponent = 0, exponent_bits = 0, mantissa = 0, mantissa_bits = 0;
  H5Tget_fields(type, &sign, &exponent, &exponent_bits, &mantissa, &mantissa_bits);
  const std::size_t bits = 8 * H5Tget_size(type);
  const std::size_t usual = bits == 16 ? 5 : bits == 32 ? 8 : bits == 64 ? 11 : 0;
  return usual > 0 && sign == bits - 1 && exponent == bits - 1 - usual && exponent_bits == usual &&
         mantissa == 0 && mantissa_bits == bits - 1 - usual &&
         H5Tget_ebias(type) == (std::size_t{1} << (usual - 1)) - 1;
}

bool is_plain_number(hid_t type, H5T_class_t kind) {
  const std::size_t bytes = H5Tget_size(type);
  const H5T_order_t order = H5Tget_order(type);
  const bool whole = bytes <= 8 && std::has_single_bit(bytes) && H5Tget_offset(type) == 0 &&
                     H5Tget_precision(type) == 8 * bytes && (order == H5T_ORDER_LE || order == H5T_ORDER_BE);
  return whole && (kind == H5T_INTEGER || is_ieee(type));
}

void check_type_at(hid_t type, int depth, const std::string& file, const std::string& object) {
  constexpr int deepest = 8;
  const auto refuse = [&](std::string_view what) { fail(ErrorKind::input, file, object, what); };
  if (type < 0 || depth > deepest) refuse("has elements of a type that cannot be read");
  switch (const H5T_class_t kind = H5Tget_class(type)) {
    case H5T_INTEGER:
    case H5T_FLOAT:
      if (!is_plain_number(type, kind)) refuse("holds numbers of a form that is not supported");
      return;
    case H5T_COMPOUND: {
      const int count = H5Tget_nmembers(type);
      for (int i = 0; i < count; ++i) {
        const Id member(H5Tget_member_type(type, static_cast<unsigned>(i)), H5Tclose);
        check_type_at(member, depth + 1, file, object);
        const std::size_t end = H5Tget_member_offset(type, static_cast<unsigned>(i)) + H5Tget_size(member);
        if (end > H5Tget_size(type))
          refuse("has records whose numbers do not fit in them: the file is damaged");
      }
      return;
    }
    case H5T_VLEN:
    case H5T_ARRAY:
    case H5T_ENUM: {
      const Id base(H5Tget_super(type), H5Tclose);
      if (kind == H5T_ENUM && H5Tget_class(base) != H5T_INTEGER)
        refuse("has names for what is no whole number");
      return check_type_at(base, depth + 1, file, object);
    }
    default:  // texts and what cannot be read as numbers
      return;
  }
}

}  // namespace

void check_dataset(const CheckedFile& file, haddr_t address, const std::string& object) {
  Header header(file, address, object);
  const auto all = header.messages();
  if (std::ranges::any_of(all, [](const Message& m) { return m.kind == other_files; }))
    fail(ErrorKind::input, file.path, object, "lies in other files");
  check_types(all, header, file, object);
  const std::uint64_t element = only(all, datatype, header).number(4, 4);
  if (element == 0) header.refuse("has elements without a size");
  const bool filtered =
      std::ranges::any_of(all, [](const Message& m) { return m.kind == filters && m.number(1, 1) > 0; });
  check_layout(only(all, layout, header), sizes_of(only(all, dataspace, header), header), element, filtered,
               header);
}

void check_group(const CheckedFile& file, haddr_t address, const std::string& object) {
  constexpr std::uint64_t no_more = 1, part_bytes = 16;
  Header header(file, address, object);
  const auto all = header.messages();
  check_types(all, header, file, object);
  for (const Message& message : all) {
    if (message.kind != names) continue;
    const Bytes heap = header.bytes_at(message.number(8, 8), 32);
    if (std::memcmp(heap.data(), "HEAP\0", 5) != 0) header.refuse("has no place for its names");
    const auto size = little_endian<std::uint64_t>(&heap[8]), begin = little_endian<std::uint64_t>(&heap[24]);
    auto free = little_endian<std::uint64_t>(&heap[16]);
    const Bytes texts = header.bytes_at(begin, size);
    for (std::uint64_t parts = 0; free != no_more; ++parts) {
      if (size < part_bytes || free > size - part_bytes || parts > size / part_bytes)
        header.refuse("has a damaged place for its names");
      free = little_endian<std::uint64_t>(&texts[free]);
    }
  }
}

void check_type(hid_t type, const std::string& file, const std::string& object) {
  check_type_at(type, 0, file, object);
}

HeapBytes read_from_heap(const std::string& path, std::string_view reference, std::size_t bytes_each,
                         const std::string& object) {
  const auto refuse = [&](std::uint64_t count) {
    fail(ErrorKind::input, path, object,
         fmt::format("{} values are not where the file says: it is damaged", count));
  };
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(reference.data());
  const auto count = little_endian<std::uint32_t>(bytes);
  ByteFile file(path);
  if (count == 0) return {{}, file.offset()};
  const auto heap = little_endian<std::uint64_t>(bytes + 4);
  if (heap >= file.size()) refuse(count);
  const auto size = go_to_object(file, heap, little_endian<std::uint32_t>(bytes + 12));
  const std::uint64_t wanted = std::uint64_t{count} * bytes_each;
  if (!size || *size < wanted) refuse(count);
  const auto found = file.peek(wanted);
  if (found.size() < wanted) refuse(count);
  return {{reinterpret_cast<const char*>(found.data()), static_cast<std::size_t>(wanted)}, file.offset()};
}

std::string read_free_text(const CheckedFile& file, haddr_t address, const std::string& attribute_name,
                           const std::string& object) {
  for (const Message& message : Header(file, address, object).messages()) {
    if (message.kind != attribute || message.shared) continue;
    const auto reference = reference_in(message, attribute_name);
    if (!reference) continue;
    std::string text = read_from_heap(file.path, *reference, 1, object).bytes;
    text.resize(std::min(text.find('\0'), text.size()));
    return text;
  }
  fail(ErrorKind::input, file.path, object,
       fmt::format("its attribute '{}' is kept in a way that cannot be read", attribute_name));
}

}  // namespace synfire::hdf5::detail
