// Records of numbers (compound types), and chunks as they lie in the file.
#include <algorithm>
#include <array>

#include "io/hdf5_internal.hpp"

namespace synfire::hdf5 {

using namespace detail;

std::vector<std::string> Dataset::fields() const {
  const Lock lock;
  file_->require_open();
  const Id type(H5Dget_type(handle_->id), H5Tclose);
  std::vector<std::string> names;
  if (!type.valid() || H5Tget_class(type) != H5T_COMPOUND) return names;
  const int count = H5Tget_nmembers(type);
  for (int i = 0; i < count; ++i) {
    const H5T_class_t kind = H5Tget_member_class(type, static_cast<unsigned>(i));
    if (kind != H5T_INTEGER && kind != H5T_ENUM) continue;
    char* const name = H5Tget_member_name(type, static_cast<unsigned>(i));
    if (name == nullptr) continue;
    names.emplace_back(name);
    H5free_memory(name);
  }
  return names;
}

std::vector<std::int64_t> Dataset::read_fields(std::span<const std::string> names, std::uint64_t first,
                                               std::uint64_t count) const {
  const Lock lock;
  const auto check = [&](auto result) {
    return checked(result, ErrorKind::input, file_path(), path_, "cannot read its records");
  };
  const auto known = fields();
  for (const std::string& name : names)
    if (std::find(known.begin(), known.end(), name) == known.end())
      fail(ErrorKind::input, file_path(), path_, fmt::format("has no field '{}' of whole numbers", name));
  require_known_filters();
  if (dimensions().size() != 1) fail(ErrorKind::input, file_path(), path_, "must have one dimension");
  const std::size_t row_bytes = names.size() * sizeof(std::int64_t);
  std::vector<std::int64_t> values(names.empty() ? 0
                                                 : select_rows(first, count, row_bytes).total * names.size());
  if (values.empty()) return values;
  check_chunks(std::array{first}, std::array{count});
  const Id record(H5Tcreate(H5T_COMPOUND, row_bytes), H5Tclose);
  for (std::size_t i = 0; i < names.size(); ++i)
    check(H5Tinsert(record, names[i].c_str(), i * sizeof(std::int64_t), H5T_NATIVE_INT64));
  const Id in_file(H5Dget_space(handle_->id), H5Sclose);
  check(in_file.id);
  const hsize_t start = first, size = count;
  const Id in_memory(H5Screate_simple(1, &size, nullptr), H5Sclose);
  check(H5Sselect_hyperslab(in_file, H5S_SELECT_SET, &start, nullptr, &size, nullptr));
  const Id transfer(H5Pcreate(H5P_DATASET_XFER), H5Pclose);
  check(H5Pset_type_conv_cb(transfer, refuse_overflow, nullptr));
  check(H5Dread(handle_->id, record, in_memory, in_file, transfer, values.data()));
  return values;
}

std::size_t Dataset::element_bytes() const {
  const Lock lock;
  file_->require_open();
  const Id type(H5Dget_type(handle_->id), H5Tclose);
  return type.valid() ? H5Tget_size(type) : 0;
}

std::uint64_t Dataset::offset_of(std::uint64_t row) const {
  const Lock lock;
  file_->require_open();
  const std::uint64_t rows = chunk_rows();
  if (rows == 0) {
    const haddr_t start = H5Dget_offset(handle_->id);
    return start == HADDR_UNDEF ? 0 : start + row * element_bytes();
  }
  const hsize_t first = row / rows * rows;
  unsigned left_out = 0;
  haddr_t address = HADDR_UNDEF;
  hsize_t bytes = 0;
  if (dimensions().size() != 1 ||
      H5Dget_chunk_info_by_coord(handle_->id, &first, &left_out, &address, &bytes) < 0)
    return 0;
  return address == HADDR_UNDEF ? 0 : address;
}

std::vector<int> Dataset::filters() const {
  const Lock lock;
  file_->require_open();
  const Id plist(H5Dget_create_plist(handle_->id), H5Pclose);
  std::vector<int> all;
  if (!plist.valid() || H5Pget_layout(plist) != H5D_CHUNKED) return all;
  const int count = H5Pget_nfilters(plist);
  for (int i = 0; i < count; ++i) {
    unsigned flags = 0;
    std::size_t values = 0;
    all.push_back(
        H5Pget_filter2(plist, static_cast<unsigned>(i), &flags, &values, nullptr, 0, nullptr, nullptr));
  }
  return all;
}

std::uint64_t Dataset::chunk_rows() const {
  const Lock lock;
  file_->require_open();
  const Id plist(H5Dget_create_plist(handle_->id), H5Pclose);
  if (!plist.valid() || H5Pget_layout(plist) != H5D_CHUNKED) return 0;
  std::array<hsize_t, H5S_MAX_RANK> chunk{};
  return H5Pget_chunk(plist, H5S_MAX_RANK, chunk.data()) > 0 ? chunk[0] : 0;
}

namespace {

// The library tells of a chunk by going through all of them, and reads one by searching for it. Where an
// index is damaged, the two may find different ones, and the one that is read be larger than the one told of.
bool is_found_alike(hid_t dataset, const hsize_t* at, hsize_t bytes) {
  hsize_t found = 0;
  return H5Dget_chunk_storage_size(dataset, at, &found) >= 0 && found == bytes;
}

}  // namespace

RawChunk Dataset::read_chunk(std::uint64_t row) const {
  const Lock lock;
  const std::uint64_t rows = chunk_rows();
  const auto sizes = dimensions();
  if (rows == 0 || sizes.size() != 1 || row >= sizes[0])
    fail(ErrorKind::input, file_path(), path_, fmt::format("has no chunk with row {}", row));
  const auto check = [&](auto result) {
    return checked(result, ErrorKind::input, file_path(), path_,
                   fmt::format("cannot read the chunk of row {}", row));
  };
  const hsize_t start = row / rows * rows;
  unsigned left_out = 0;
  haddr_t address = HADDR_UNDEF;
  hsize_t bytes = 0;
  check(H5Dget_chunk_info_by_coord(handle_->id, &start, &left_out, &address, &bytes));
  hsize_t file_bytes = 0;
  check(H5Fget_filesize(file_->id, &file_bytes));
  if (address == HADDR_UNDEF || bytes > file_bytes || address > file_bytes - bytes ||
      !is_found_alike(handle_->id, &start, bytes))
    fail(ErrorKind::input, file_path(), path_, fmt::format("its chunk of row {} is not in the file", row));
  RawChunk chunk{std::vector<std::uint8_t>(bytes), address, left_out};
  check(H5Dread_chunk(handle_->id, H5P_DEFAULT, &start, &chunk.filters_left_out, chunk.bytes.data()));
  return chunk;
}

namespace {

/// The filters of a dataset in the order in which a chunk passed them.
struct Filters {
  std::vector<int> all;
  std::uint64_t chunk_bytes;

  /// Whether the bytes of a chunk, unpacked, are as many as it must have. The library believes that.
  bool hold_a_chunk(std::vector<std::uint8_t> bytes, std::uint32_t left_out) const {
    for (std::size_t i = all.size(); i-- > 0;)
      if ((left_out >> i & 1U) == 0 && !undo_filter(all[i], chunk_bytes, bytes)) return false;
    return bytes.size() == chunk_bytes;
  }
};

}  // namespace

void Dataset::check_chunks(std::span<const std::uint64_t> start, std::span<const std::uint64_t> count) const {
  const Lock lock;
  Filters filters{this->filters(), 0};
  if (filters.all.empty() || start.empty() || file_->writing) return;
  const Id plist(H5Dget_create_plist(handle_->id), H5Pclose);
  const Id type(H5Dget_type(handle_->id), H5Tclose);
  std::array<hsize_t, H5S_MAX_RANK> chunk{};
  const auto rank = static_cast<std::size_t>(std::max(0, H5Pget_chunk(plist, H5S_MAX_RANK, chunk.data())));
  const auto refuse = [this] { fail(ErrorKind::input, file_path(), path_, "has a damaged chunk"); };
  if (rank != start.size()) refuse();
  filters.chunk_bytes = H5Tget_size(type);
  for (std::size_t d = 0; d < rank; ++d) {
    if (count[d] == 0) return;
    filters.chunk_bytes *= chunk[d];
  }
  hsize_t file_bytes = 0;
  checked(H5Fget_filesize(file_->id, &file_bytes), ErrorKind::input, file_path(), path_, "cannot read");
  std::vector<hsize_t> at(rank);
  for (std::size_t d = 0; d < rank; ++d) at[d] = start[d] / chunk[d] * chunk[d];
  for (std::size_t d = 0; d < rank;) {
    unsigned left_out = 0;
    haddr_t address = HADDR_UNDEF;
    hsize_t bytes = 0;
    checked(H5Dget_chunk_info_by_coord(handle_->id, at.data(), &left_out, &address, &bytes), ErrorKind::input,
            file_path(), path_, "cannot find a chunk");
    if (address != HADDR_UNDEF) {
      if (bytes > file_bytes || address > file_bytes - bytes) refuse();
      if (!is_found_alike(handle_->id, at.data(), bytes)) refuse();
      std::vector<std::uint8_t> stored(bytes);
      checked(H5Dread_chunk(handle_->id, H5P_DEFAULT, at.data(), &left_out, stored.data()), ErrorKind::input,
              file_path(), path_, "cannot read a chunk");
      if (!filters.hold_a_chunk(std::move(stored), left_out)) refuse();
    }
    // The next chunk, the last dimension fastest.
    for (d = 0; d < rank; ++d) {
      const std::size_t turned = rank - 1 - d;
      at[turned] += chunk[turned];
      if (at[turned] < start[turned] + count[turned]) break;
      at[turned] = start[turned] / chunk[turned] * chunk[turned];
    }
  }
}

}  // namespace synfire::hdf5
