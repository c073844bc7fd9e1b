// What the readers of events in HDF5 have in common: the events of some rows at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/events/decoding.hpp"
#include "io/events/formats.hpp"
#include "io/hdf5.hpp"

namespace synfire {

/// How an HDF5 file begins.
inline constexpr std::string_view hdf5_mark = "\x89HDF\r\n\x1a\n";

/// Whether a file is HDF5, not packed as a whole, and passes the test.
bool is_hdf5_with(const FileHead& head, bool (*test)(const hdf5::File& file));

/// Takes the rows of a dataset chunk by chunk. Lenient, a chunk that cannot be read is left out.
class Hdf5RowsReader : public DecodingReader {
 public:
  /// Of the chunk that the reader is in; where the rows lie in one piece, of the next ones to be read.
  std::uint64_t offset() const final { return offset_; }

 protected:
  /// Stands for an event that no sensor has room for (the widest has 65535 columns); it counts as damage.
  static constexpr Event nowhere{0, 65535, 65535, 0};

  /// Errors: not HDF5, damaged.
  Hdf5RowsReader(const std::string& path, const EventOptions& options);

  /// Says which dataset the rows are those of; it stays open. Errors: more than one dimension, more rows or
  /// larger chunks than can be.
  void begin(const hdf5::Dataset& rows);
  const hdf5::File& file() const { return file_; }

 private:
  /// The events of some rows, whole chunks except the last. Errors: damage.
  virtual std::vector<Event> read_rows(std::uint64_t first, std::uint64_t count) = 0;
  std::size_t decode(std::span<Event> to) final;
  void next_chunk();

  hdf5::File file_;
  hdf5::Dataset like_;
  std::uint64_t rows_ = 0, next_row_ = 0, rows_at_once_ = 1, offset_ = 0;
  std::vector<Event> chunk_;
  std::size_t next_ = 0;
  bool told_ = false;
};

}  // namespace synfire
