// HDF5 files as values: File, Group and Dataset are handles that may be copied; the last one closes.
// Every function may be called from any thread (one lock guards the library) and throws synfire::Error naming
// file, object and the library's own reason.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace synfire {
class ByteFile;
}

namespace synfire::hdf5 {

/// Kinds of element; `text` and `other` cannot be read as numbers.
enum class Type {
  int8,
  int16,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
  float32,
  float64,
  text,
  other,
};

template <class T> constexpr Type type_of() {
  static_assert(std::is_arithmetic_v<T> && !std::is_same_v<T, bool> && sizeof(T) <= 8);
  constexpr int log_size = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
  if constexpr (std::is_floating_point_v<T>) return sizeof(T) == 4 ? Type::float32 : Type::float64;
  if constexpr (std::is_signed_v<T>) return static_cast<Type>(log_size);
  return static_cast<Type>(static_cast<int>(Type::uint8) + log_size);
}

/// How a dataset that grows by rows is stored.
struct Growth {
  std::uint64_t columns = 0;            ///< 0: one-dimensional; otherwise rows of that many values
  std::vector<std::uint64_t> row = {};  ///< instead of columns: the sizes of a row of several dimensions
  std::uint64_t chunk_bytes = 1 << 15;  ///< a chunk holds whole rows, at least one, about this many bytes
  int deflate = 1;                      ///< 0 = no compression, else zlib's level (1-9) after a byte shuffle
};

/// Elements of lists of numbers, one list a row (arrays of variable length).
enum class ListOf { float16, int16 };

/// One row of such a dataset.
struct List {
  std::vector<double> values;
  std::uint64_t offset = 0;    ///< byte of the file where they begin
  std::size_t bytes_each = 1;  ///< size of a value in the file
};

/// A chunk of rows as it lies in the file.
struct RawChunk {
  std::vector<std::uint8_t> bytes;
  std::uint64_t offset = 0;            ///< byte of the file where they begin
  std::uint32_t filters_left_out = 0;  ///< bit i: the i-th filter was not applied
};

/// "1.10.8": of the library in use.
std::string library_version();

namespace detail {
struct FileState;
struct Tail;
struct Handle;
}  // namespace detail

/// What files, groups and datasets have in common: a place in the file, and attributes.
class Object {
 public:
  /// Absolute path inside the file, "/" for the root.
  const std::string& path() const { return path_; }
  const std::string& file_path() const;

  void set_attribute(const std::string& name, std::string_view value);
  void set_attribute(const std::string& name, double value);
  void set_attribute(const std::string& name, std::int64_t value);
  void set_attribute(const std::string& name, std::uint64_t value);
  void set_attribute(const std::string& name, std::uint32_t value);
  void set_attribute(const std::string& name, std::uint8_t value);
  void set_attribute(const std::string& name, std::span<const std::uint32_t> values);
  /// An enumeration over uint8 with the given (text, value) members.
  void set_enum_attribute(const std::string& name, std::uint8_t value,
                          std::span<const std::pair<const char*, std::uint8_t>> members);

  bool has_attribute(const std::string& name) const;
  /// Text, or the member's name of an enumeration; nothing when absent. Any other type is an error.
  std::optional<std::string> text_attribute(const std::string& name) const;
  /// A single number, converted; nothing when absent. Errors: not a number, more than one.
  std::optional<double> number_attribute(const std::string& name) const;
  std::optional<std::int64_t> integer_attribute(const std::string& name) const;
  std::optional<std::uint64_t> unsigned_attribute(const std::string& name) const;
  /// Whole numbers, at most 64 of them; nothing when absent.
  std::optional<std::vector<std::uint64_t>> list_attribute(const std::string& name) const;

 protected:
  Object() = default;
  Object(std::shared_ptr<detail::FileState> file, std::shared_ptr<detail::Handle> handle, std::string path);
  template <class T> void write_attribute(const std::string& name, std::span<const T> values, bool scalar);
  template <class T> std::optional<T> scalar_attribute(const std::string& name) const;

  std::shared_ptr<detail::FileState> file_;
  std::shared_ptr<detail::Handle> handle_;
  std::string path_;
};

/// A rectangular array of one or two (or more, then only dimensions are told) dimensions.
class Dataset : public Object {
 public:
  /// Sizes, slowest first. Rows not yet flushed are not counted.
  std::vector<std::uint64_t> dimensions() const;
  Type type() const;

  /// The text of a dataset made by create_text. Errors: not a single text.
  std::string read_text() const;
  /// All values, row after row, converted to T. Errors: text, fractions or overflow where T cannot hold them,
  /// a size that the file cannot really hold.
  template <class T> std::vector<T> read() const { return read_selection<T>(select_all(sizeof(T))); }
  /// Rows [first, first + count) of all columns.
  template <class T> std::vector<T> read_rows(std::uint64_t first, std::uint64_t count) const {
    return read_selection<T>(select_rows(first, count, sizeof(T)));
  }
  /// A rectangle of a two-dimensional dataset.
  template <class T>
  std::vector<T> read_block(std::uint64_t row, std::uint64_t rows, std::uint64_t column,
                            std::uint64_t columns) const {
    return read_selection<T>(select_block(row, rows, column, columns, sizeof(T)));
  }

  /// Replaces all values of a fixed dataset; `values` has exactly its size.
  template <class T> void overwrite(std::span<const T> values) {
    overwrite_bytes(values.size(), type_of<T>(), values.data());
  }

  /// Adds whole rows to a growing dataset made by Group::create_growing in this run. They reach the file as
  /// chunks fill up and are part of it after File::flush. T must be the type it was made with.
  template <class T> void append(std::span<const T> values) {
    append_bytes(std::as_bytes(values), type_of<T>());
  }
  /// Some numbers of each record (compound type) in rows [first, first + count), record after record, in the
  /// order of the names. Errors: no such field, no whole numbers of 64 bits, damage.
  std::vector<std::int64_t> read_fields(std::span<const std::string> names, std::uint64_t first,
                                        std::uint64_t count) const;
  /// Names of the whole numbers (or true and false) of a record; none where the elements are no records.
  std::vector<std::string> fields() const;
  /// Numbers of the filters that chunks pass through; none where it has no chunks.
  std::vector<int> filters() const;
  /// Rows of a chunk; 0 where it has no chunks. Errors: none.
  std::uint64_t chunk_rows() const;
  /// Bytes of an element, unpacked.
  std::size_t element_bytes() const;
  /// Byte of the file where the chunk with a row begins, of a one-dimensional dataset; where it has no
  /// chunks, the row; 0 where there is nothing. Errors: none.
  std::uint64_t offset_of(std::uint64_t row) const;
  /// The chunk that holds a row, of a one-dimensional dataset. Errors: there is none, larger than the file.
  RawChunk read_chunk(std::uint64_t row) const;

  /// Texts of a dataset of one dimension, of equal room or free length. Errors: other values, more than
  /// 65,536, damage.
  std::vector<std::string> read_words() const;
  /// A list of any kind of numbers. Errors: not such a dataset, no such row, damage.
  List read_list(std::uint64_t row) const;
  /// Adds a row to a dataset made by Group::create_lists for int16, or for float16 (rounded to the nearest;
  /// within
  /// +-65504).
  void append_list(std::span<const std::int16_t> values);
  void append_list(std::span<const double> values);
  /// Rows appended so far, flushed or not (growing datasets only).
  std::uint64_t appended_rows() const;

 private:
  friend class Group;
  using Object::Object;
  void append_bytes(std::span<const std::byte> bytes, Type type);
  void overwrite_bytes(std::uint64_t values, Type type, const void* from);
  void append_list_of(ListOf element, const void* values, std::size_t count);

  /// A rectangle that was checked to exist and to be worth allocating `total` values for.
  struct Selection {
    std::vector<std::uint64_t> start, count;
    std::uint64_t total = 0;
  };
  Selection select_all(std::size_t value_size) const;
  Selection select_rows(std::uint64_t first, std::uint64_t count, std::size_t value_size) const;
  Selection select_block(std::uint64_t row, std::uint64_t rows, std::uint64_t column, std::uint64_t columns,
                         std::size_t value_size) const;
  Selection select(std::vector<std::uint64_t> start, std::vector<std::uint64_t> count,
                   std::size_t value_size) const;
  template <class T> std::vector<T> read_selection(const Selection& selection) const {
    std::vector<T> values(selection.total);
    if (!values.empty()) read_into(selection, type_of<T>(), values.data());
    return values;
  }
  void require_known_filters() const;
  void check_chunks(std::span<const std::uint64_t> start, std::span<const std::uint64_t> count) const;
  std::string free_text(ByteFile& file, std::uint64_t row) const;
  void read_into(const Selection& selection, Type type, void* to) const;
  void check_room(std::uint64_t values, std::size_t value_size) const;

  std::shared_ptr<detail::Tail> tail_;
};

class Group : public Object {
 public:
  /// Names of the direct children in alphabetical order.
  std::vector<std::string> children() const;
  /// True if every part of `path` (relative to this group) is there and can be opened.
  bool exists(const std::string& path) const;
  bool has_group(const std::string& path) const;
  bool has_dataset(const std::string& path) const;

  Group group(const std::string& path) const;
  Dataset dataset(const std::string& path) const;

  /// Opens, or creates with all missing groups above it.
  Group require_group(const std::string& path);
  template <class T> Dataset create_dataset(const std::string& name, std::span<const T> values) {
    return create_fixed(name, type_of<T>(), values.size(), values.data());
  }
  /// A dataset of one text of any length.
  Dataset create_text(const std::string& name, const std::string& text);
  /// Words in equal room, filled up with zero bytes.
  Dataset create_words(const std::string& name, std::span<const std::string> words);
  /// An empty dataset of lists, for Dataset::append_list.
  Dataset create_lists(const std::string& name, ListOf element);
  /// An empty dataset that rows can be appended to. Floating-point rows never written read as NaN.
  Dataset create_growing(const std::string& name, Type type, const Growth& growth = {});

 protected:
  friend class File;
  using Object::Object;
  std::string join(const std::string& name) const;
  Dataset create_fixed(const std::string& name, Type type, std::uint64_t size, const void* values);
};

/// An open file; as a Group it is the root.
///
/// A file being written is at every moment between two flushes what it was at the last flush: metadata leaves
/// memory only in flush(), and bytes that flushed metadata refers to are never moved or changed. A flush
/// writes in an order that keeps the file readable after each single write. So a killed writer leaves a
/// readable file.
class File : public Group {
 public:
  /// A new file. Errors: it exists (unless `overwrite`), or cannot be made.
  static File create(const std::string& path, bool overwrite = false);
  /// A new file that need not be readable before it is closed; in turn its memory is bounded whatever is in
  /// it. Replaces a file of that name.
  static File create_at_once(const std::string& path);
  static File open(const std::string& path);
  /// A file that is there already. All that is in it is looked at first, as later it lies in memory. Errors:
  /// damaged; more than 65,536 objects.
  static File open_for_writing(const std::string& path);
  /// True if the file begins as HDF5 does. Errors: it cannot be read.
  static bool is_hdf5(const std::string& path);

  /// Brings everything appended so far to the file. On an error (disk full) the file stays as at the last
  /// flush and takes no more.
  void flush();
  /// Gives the file another name on disk, in place of any file of that name; messages use the new one.
  void rename(const std::string& to);
  /// Flushes and closes; handles into the file become useless. The destructor of the last handle does the
  /// same but cannot report errors.
  void close();

 private:
  using Group::Group;
  static File wrap(std::int64_t id, const std::string& path, bool write);
  static File open_with(const std::string& path, bool write);
};

}  // namespace synfire::hdf5
