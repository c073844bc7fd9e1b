// Prophesee's HDF5 files: records of x, y, p and t (µs) in /CD/events, plain or packed by a filter of HDF5 or
// by ECF, for which no plugin is needed.
#pragma once

#include <string>
#include <vector>

#include "io/events/decoding.hpp"
#include "io/events/formats.hpp"
#include "io/hdf5.hpp"

namespace synfire {

/// True for an HDF5 file with /CD/events.
bool is_prophesee_hdf5(const FileHead& head);

/// Reads chunk by chunk. Lenient, a chunk that is damaged is left out.
class PropheseeHdf5Reader final : public DecodingReader {
 public:
  /// Errors: not such a file, other records, the size of the sensor is not known.
  explicit PropheseeHdf5Reader(const std::string& path, const EventOptions& options = {});

  /// Of the chunk that the reader is in; where the records lie in one piece, the number of the next one.
  std::uint64_t offset() const override { return offset_; }

 private:
  std::size_t decode(std::span<Event> to) override;
  void check_records();
  void next_chunk();
  void read_records(std::uint64_t rows);
  void read_ecf(std::uint64_t rows);
  void leave_out_outside();

  hdf5::File file_;
  hdf5::Dataset records_;
  bool ecf_ = false;
  std::uint64_t rows_ = 0, next_row_ = 0, rows_at_once_ = 0, offset_ = 0;
  std::vector<Event> chunk_;
  std::size_t next_ = 0;
};

}  // namespace synfire
