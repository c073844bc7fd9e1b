// Prophesee's HDF5 files: records of x, y, p and t (µs) in /CD/events, plain or packed by a filter of HDF5 or
// by ECF, for which no plugin is needed.
#pragma once

#include <string>
#include <vector>

#include "io/events/hdf5_rows.hpp"

namespace synfire {

/// True for an HDF5 file with /CD/events.
bool is_prophesee_hdf5(const FileHead& head);

class PropheseeHdf5Reader final : public Hdf5RowsReader {
 public:
  /// Errors: not such a file, other records, the size of the sensor is not known.
  explicit PropheseeHdf5Reader(const std::string& path, const EventOptions& options = {});

 private:
  void check_records();
  std::vector<Event> read_rows(std::uint64_t first, std::uint64_t count) override;
  std::vector<Event> read_ecf(std::uint64_t first, std::uint64_t count) const;

  hdf5::Dataset records_;
  bool ecf_ = false;
};

}  // namespace synfire
