// Events as Tonic's DiskCachedDataset keeps them: an HDF5 file for each sample, with data/0, data/1 and so on
// for the parts of the sample, target/0 for its class, packed by LZF or not at all.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "io/events/hdf5_rows.hpp"

namespace synfire {

/// True for an HDF5 file with something called data/0.
bool is_tonic_hdf5(const FileHead& head);

/// Events are the records (whole numbers and booleans, fields by name as in TonicReader) of a part, or of a
/// member of a part, or arrays t, x, y and p as the members of a part. Each of these counts as a sample.
class TonicHdf5Reader final : public Hdf5RowsReader {
 public:
  /// Errors: damaged, no events, arrays that differ in length, no such sample.
  explicit TonicHdf5Reader(const std::string& path, const EventOptions& options = {});

 private:
  /// Where the events of a sample are: records, or an array for each column.
  struct Source {
    std::optional<hdf5::Dataset> records = {};
    std::vector<hdf5::Dataset> arrays = {};
    std::vector<std::string> names = {};             ///< of the columns that are there
    std::array<std::optional<std::size_t>, 4> at{};  ///< of t, x, y, p: which of these
  };
  static bool name_columns(const std::vector<std::string>& known, Source& source);
  static void add_records(const hdf5::Group& group, const std::string& name, std::vector<Source>& found);
  static std::vector<Source> sources(const hdf5::File& file);
  void read_label();
  std::vector<Event> read_rows(std::uint64_t first, std::uint64_t count) override;
  std::vector<std::int64_t> values_of(std::uint64_t first, std::uint64_t count) const;

  Source source_;
};

}  // namespace synfire
