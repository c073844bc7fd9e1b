// Arrays of NumPy (.npy), read row by row from any source of bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace synfire {

/// Bytes from front to back.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Fills the front of `to`; 0 at the end. Errors: reading fails, damaged packing.
  virtual std::size_t read(std::span<std::uint8_t> to) = 0;
};

std::unique_ptr<ByteSource> open_plain(const std::string& path);

/// The arrays of an .npz file, by name without ".npy". Errors: not a ZIP file, damaged.
class NpzFile {
 public:
  explicit NpzFile(const std::string& path);
  const std::vector<std::string>& names() const { return names_; }
  std::unique_ptr<ByteSource> open(const std::string& name) const;

 private:
  struct Archive;
  std::string path_;
  std::shared_ptr<Archive> archive_;
  std::vector<std::string> names_;
};

/// A field of a row: an integer, a float or a bool.
struct NpyField {
  std::string name;  ///< "" where the rows have no fields
  char kind = 'i';   ///< i, u, f or b
  std::size_t bytes = 1, offset = 0;
  bool big_endian = false;
};

/// An array of rows.
class NpyStream {
 public:
  /// What a row is: one entry of a one-dimensional array; or, where the array is a table of numbers, all of
  /// its second dimension (of a one-dimensional one: its only row is the whole of it).
  enum class Rows : std::uint8_t { entries, of_table };

  /// Reads the header. `name` is for messages. Errors: not .npy, more than one dimension, fields that are not
  /// numbers.
  NpyStream(std::unique_ptr<ByteSource> source, std::string name, Rows rows = Rows::entries);

  const std::vector<NpyField>& fields() const { return fields_; }
  std::size_t row_bytes() const { return row_bytes_; }
  std::uint64_t rows() const { return rows_; }
  /// Numbers of a row of a table; they lie one after another, each as the only field.
  std::uint64_t columns() const { return columns_; }
  /// Of the next row, from the start of the array's file.
  std::uint64_t offset() const { return offset_; }

  /// Whole rows ahead; none at the end of the bytes. Valid until the next call.
  std::span<const std::uint8_t> peek();
  void skip_rows(std::size_t rows);
  bool cut_inside_row() const { return end_ - begin_ > 0; }

 private:
  std::span<const std::uint8_t> peek_bytes(std::size_t least);
  void parse(const std::string& header, Rows rows);
  void parse_shape(const std::string& header, Rows rows);
  [[noreturn]] void refuse(std::string_view what) const;

  std::unique_ptr<ByteSource> source_;
  std::string name_;
  std::vector<NpyField> fields_;
  std::size_t row_bytes_ = 0;
  std::uint64_t rows_ = 0, columns_ = 1, offset_ = 0;
  std::vector<std::uint8_t> buffer_;
  std::size_t begin_ = 0, end_ = 0;
};

/// A field of the row at `row` as a whole number, rounded; nothing for what is no number or beyond 64 bits.
std::optional<std::int64_t> npy_integer(const NpyField& field, const std::uint8_t* row);
/// The same as it is.
double npy_number(const NpyField& field, const std::uint8_t* row);

/// Numbers in rows and columns.
struct NumberTable {
  std::uint64_t rows = 0, columns = 0;
  std::vector<double> values;  ///< row after row
};

/// True for a file that begins as .npy does. Errors: it cannot be read.
bool is_npy(const std::string& path);
/// A table of an .npy file; of a one-dimensional array, one row. Errors: neither; Fortran's order; more than
/// `most` numbers; NaN and infinities; the file ends early.
NumberTable read_npy_table(const std::string& path, std::uint64_t most);

}  // namespace synfire
