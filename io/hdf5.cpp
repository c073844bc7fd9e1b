#include <algorithm>
#include <limits>

#include "io/hdf5_check.hpp"
#include "io/hdf5_internal.hpp"

namespace synfire::hdf5 {

using namespace detail;

namespace {

Type type_in_file(hid_t type) {
  const std::size_t size = H5Tget_size(type);
  const int log_size = size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : size == 8 ? 3 : -1;
  switch (H5Tget_class(type)) {
    case H5T_STRING:
      return Type::text;
    case H5T_FLOAT:
      return size <= 4 ? Type::float32 : Type::float64;
    case H5T_ENUM:  // as h5py keeps what is true or false
    case H5T_INTEGER: {
      if (log_size < 0) return Type::other;
      const Type first = H5Tget_sign(type) == H5T_SGN_NONE ? Type::uint8 : Type::int8;
      return static_cast<Type>(static_cast<int>(first) + log_size);
    }
    default:
      return Type::other;
  }
}

/// Bytes that `storage` bytes in a file may stand for: deflate cannot shrink more than 1032 times.
std::uint64_t most_bytes_from(std::uint64_t storage) {
  constexpr std::uint64_t free_allowance = 1 << 20;
  constexpr std::uint64_t best_ratio = 1100;
  if (storage > std::numeric_limits<std::uint64_t>::max() / best_ratio - free_allowance) return ~0ULL;
  return storage * best_ratio + free_allowance;
}

}  // namespace

namespace {

/// Sizes of a dataspace; a null one counts as one dimension of zero.
std::vector<std::uint64_t> sizes_of(hid_t space) {
  if (H5Sget_simple_extent_type(space) == H5S_NULL) return {0};
  const int rank = H5Sget_simple_extent_ndims(space);
  std::vector<hsize_t> sizes(static_cast<std::size_t>(std::max(rank, 0)));
  if (rank > 0) H5Sget_simple_extent_dims(space, sizes.data(), nullptr);
  return {sizes.begin(), sizes.end()};
}

/// The product, or nothing if it does not fit 64 bits.
std::optional<std::uint64_t> product(std::span<const std::uint64_t> sizes) {
  std::uint64_t result = 1;
  for (const std::uint64_t size : sizes)
    if (__builtin_mul_overflow(result, size, &result)) return std::nullopt;
  return result;
}

}  // namespace

std::vector<std::uint64_t> Dataset::dimensions() const {
  const Lock lock;
  file_->require_open();
  const Id space(H5Dget_space(handle_->id), H5Sclose);
  checked(space.id, ErrorKind::input, file_path(), path_, "cannot read its size");
  return sizes_of(space);
}

Type Dataset::type() const {
  const Lock lock;
  file_->require_open();
  const Id type(H5Dget_type(handle_->id), H5Tclose);
  checked(type.id, ErrorKind::input, file_path(), path_, "cannot read its type");
  return type_in_file(type);
}

void Dataset::check_room(std::uint64_t values, std::size_t value_size) const {
  const Lock lock;
  constexpr hsize_t largest_chunk = 1 << 30;
  const std::uint64_t most = most_bytes_from(H5Dget_storage_size(handle_->id));
  if (values > most / value_size)
    fail(ErrorKind::input, file_path(), path_,
         fmt::format("claims {} values, more than its bytes in the file can hold", values));
  const Id plist(H5Dget_create_plist(handle_->id), H5Pclose);
  if (!plist.valid() || H5Pget_layout(plist) != H5D_CHUNKED) return;
  std::array<hsize_t, H5S_MAX_RANK> chunk{};
  const int rank = H5Pget_chunk(plist, H5S_MAX_RANK, chunk.data());
  const auto cells = product(std::vector<std::uint64_t>(chunk.begin(), chunk.begin() + std::max(rank, 0)));
  if (!cells || *cells > largest_chunk / value_size)
    fail(ErrorKind::input, file_path(), path_, "its chunks are larger than 1 GiB");
}

void Dataset::require_known_filters() const {
  for (const int filter : filters())
    if (!is_known_filter(filter))
      fail(ErrorKind::input, file_path(), path_,
           fmt::format(
               "is packed by filter {} of HDF5, which cannot be read; pack it anew: h5repack -f GZIP=1",
               filter));
}

void Dataset::read_into(const Selection& selection, Type type, void* to) const {
  const Lock lock;
  const auto check = [&](auto result) {
    return checked(result, ErrorKind::input, file_path(), path_, "cannot read");
  };
  const Type stored = this->type();
  if (stored == Type::text || stored == Type::other)
    fail(ErrorKind::input, file_path(), path_, "must hold numbers");
  require_known_filters();
  if (is_floating(stored) && !is_floating(type))
    fail(ErrorKind::input, file_path(), path_, "must hold whole numbers, not fractions");
  check_chunks(selection.start, selection.count);
  const Id in_file(H5Dget_space(handle_->id), H5Sclose);
  check(in_file.id);
  const std::vector<hsize_t> from(selection.start.begin(), selection.start.end());
  const std::vector<hsize_t> size(selection.count.begin(), selection.count.end());
  const int rank = static_cast<int>(size.size());
  const Id in_memory(rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, size.data(), nullptr),
                     H5Sclose);
  check(in_memory.id);
  if (rank > 0)
    check(H5Sselect_hyperslab(in_file, H5S_SELECT_SET, from.data(), nullptr, size.data(), nullptr));
  const Id transfer(H5Pcreate(H5P_DATASET_XFER), H5Pclose);
  check(H5Pset_type_conv_cb(transfer, refuse_overflow, nullptr));
  check(H5Dread(handle_->id, native(type), in_memory, in_file, transfer, to));
}

Dataset::Selection Dataset::select(std::vector<std::uint64_t> start, std::vector<std::uint64_t> count,
                                   std::size_t value_size) const {
  const Lock lock;
  const auto total = product(count);
  if (!total) fail(ErrorKind::input, file_path(), path_, "claims more values than can exist");
  if (*total > 0) check_room(*total, value_size);
  return {std::move(start), std::move(count), *total};
}

Dataset::Selection Dataset::select_all(std::size_t value_size) const {
  const auto sizes = dimensions();
  return select(std::vector<std::uint64_t>(sizes.size(), 0), sizes, value_size);
}

Dataset::Selection Dataset::select_rows(std::uint64_t first, std::uint64_t count,
                                        std::size_t value_size) const {
  auto sizes = dimensions();
  if (sizes.empty() || first > sizes[0] || count > sizes[0] - first)
    fail(ErrorKind::input, file_path(), path_, fmt::format("has no {} rows from row {} on", count, first));
  std::vector<std::uint64_t> start(sizes.size(), 0);
  start[0] = first;
  sizes[0] = count;
  return select(std::move(start), std::move(sizes), value_size);
}

Dataset::Selection Dataset::select_block(std::uint64_t row, std::uint64_t rows, std::uint64_t column,
                                         std::uint64_t columns, std::size_t value_size) const {
  const auto sizes = dimensions();
  if (sizes.size() != 2) fail(ErrorKind::input, file_path(), path_, "must have two dimensions");
  if (row > sizes[0] || rows > sizes[0] - row || column > sizes[1] || columns > sizes[1] - column)
    fail(ErrorKind::input, file_path(), path_,
         fmt::format("is {} x {}: no block of {} x {} at {}, {}", sizes[0], sizes[1], rows, columns, row,
                     column));
  return select({row, column}, {rows, columns}, value_size);
}

void Dataset::overwrite_bytes(std::uint64_t values, Type type, const void* from) {
  const Lock lock;
  const auto total = product(dimensions());
  if (tail_ || !total || *total != values)
    throw Error(ErrorKind::internal,
                fmt::format("{}: {}: overwriting needs exactly its size", file_path(), path_));
  file_->or_abandon([&] {
    checked(H5Dwrite(handle_->id, native(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, from), ErrorKind::resource,
            file_path(), path_, "cannot write");
  });
}

void Dataset::append_bytes(std::span<const std::byte> bytes, Type type) {
  const Lock lock;
  if (!tail_ || tail_->type != type || bytes.size() % tail_->row_bytes != 0)
    throw Error(ErrorKind::internal,
                fmt::format("{}: {}: appended values are not whole rows of its type", file_path(), path_));
  file_->or_abandon([&] { tail_->append(bytes); });
}

std::uint64_t Dataset::appended_rows() const {
  const Lock lock;
  return tail_ ? tail_->first_row + tail_->rows : 0;
}

// --- Group
// ----------------------------------------------------------------------------------------------------------

namespace {

/// The object at `path` below `place`, each group on the way there looked at before the library looks into
/// it; nothing if it is not there or in another file. Links that only name another path are not followed.
std::optional<ObjectInfo> find_object(hid_t place, const std::string& path, const FileState& file) {
  std::optional<ObjectInfo> found = info_of(place, ".");
  const std::optional<ObjectInfo> here = found;
  for (std::size_t slash = 0; found && slash != std::string::npos && path != "/";) {
    slash = path.find('/', slash + 1);
    const std::string part = path.substr(0, slash);
    H5L_info_t link{};
    const bool there = found->type == H5O_TYPE_GROUP && H5Lexists(place, part.c_str(), H5P_DEFAULT) > 0 &&
                       H5Lget_info(place, part.c_str(), &link, H5P_DEFAULT) >= 0;
    if (!there || link.type != H5L_TYPE_HARD) return std::nullopt;
    found = info_of(place, part);
    // What is being written lies in memory still, and is our own.
    if (found && found->type == H5O_TYPE_GROUP && !file.writing)
      check_group({file.id, file.path}, found->addr, path);
  }
  return found && here->fileno == found->fileno ? found : std::nullopt;
}

H5O_type_t kind_at(hid_t place, const std::string& path, const FileState& file) {
  const auto found = find_object(place, path, file);
  return found ? found->type : H5O_TYPE_UNKNOWN;
}

}  // namespace

std::string Group::join(const std::string& name) const {
  if (name.starts_with('/')) return name;
  return path_ == "/" ? "/" + name : path_ + "/" + name;
}

std::vector<std::string> Group::children() const {
  const Lock lock;
  file_->require_open();
  H5G_info_t info{};
  const auto check = [&](auto result) {
    return checked(result, ErrorKind::input, file_path(), path_, "cannot list its members");
  };
  check(H5Gget_info(handle_->id, &info));
  std::vector<std::string> names;
  for (hsize_t i = 0; i < info.nlinks; ++i) {
    const auto get = [&](char* to, std::size_t size) {
      return check(
          H5Lget_name_by_idx(handle_->id, ".", H5_INDEX_NAME, H5_ITER_INC, i, to, size, H5P_DEFAULT));
    };
    std::string name(static_cast<std::size_t>(get(nullptr, 0)), '\0');
    get(name.data(), name.size() + 1);
    names.push_back(std::move(name));
  }
  return names;
}

bool Group::exists(const std::string& path) const {
  const Lock lock;
  file_->require_open();
  return kind_at(handle_->id, path, *file_) != H5O_TYPE_UNKNOWN;
}

bool Group::has_group(const std::string& path) const {
  const Lock lock;
  file_->require_open();
  return kind_at(handle_->id, path, *file_) == H5O_TYPE_GROUP;
}

bool Group::has_dataset(const std::string& path) const {
  const Lock lock;
  file_->require_open();
  return kind_at(handle_->id, path, *file_) == H5O_TYPE_DATASET;
}

Group Group::group(const std::string& path) const {
  const Lock lock;
  if (!has_group(path)) fail(ErrorKind::input, file_path(), join(path), "there is no such group");
  const hid_t id = H5Gopen2(handle_->id, path.c_str(), H5P_DEFAULT);
  checked(id, ErrorKind::input, file_path(), join(path), "cannot open");
  return Group(file_, own(id, H5Gclose), join(path));
}

Dataset Group::dataset(const std::string& path) const {
  const Lock lock;
  file_->require_open();
  const auto found = find_object(handle_->id, path, *file_);
  if (!found || found->type != H5O_TYPE_DATASET)
    fail(ErrorKind::input, file_path(), join(path), "there is no such dataset");
  if (!file_->writing) check_dataset({file_->id, file_->path}, found->addr, join(path));
  const hid_t id = H5Dopen2(handle_->id, path.c_str(), H5P_DEFAULT);
  checked(id, ErrorKind::input, file_path(), join(path), "cannot open");
  Dataset opened(file_, own(id, H5Dclose), join(path));
  const Id type(H5Dget_type(id), H5Tclose);
  check_type(type, file_path(), opened.path());
  return opened;
}

Group Group::require_group(const std::string& path) {
  const Lock lock;
  if (has_group(path)) return group(path);
  const auto slash = path.rfind('/');
  if (slash != std::string::npos && slash > 0) require_group(path.substr(0, slash));
  const Id properties(H5Pcreate(H5P_GROUP_CREATE), H5Pclose);
  leave_room_for_names(properties);
  const hid_t id = H5Gcreate2(handle_->id, path.c_str(), H5P_DEFAULT, properties, H5P_DEFAULT);
  checked(id, ErrorKind::resource, file_path(), join(path), "cannot create the group");
  return Group(file_, own(id, H5Gclose), join(path));
}

Dataset Group::create_fixed(const std::string& name, Type type, std::uint64_t size, const void* values) {
  const Lock lock;
  file_->require_open();
  const hsize_t sizes = size;
  const Id space(H5Screate_simple(1, &sizes, nullptr), H5Sclose);
  const Id plist(detail::dataset_properties(), H5Pclose);
  const hid_t id =
      H5Dcreate2(handle_->id, name.c_str(), native(type), space, H5P_DEFAULT, plist, H5P_DEFAULT);
  checked(id, ErrorKind::resource, file_path(), join(name), "cannot create the dataset");
  Dataset made(file_, own(id, H5Dclose), join(name));
  if (size == 0) return made;
  file_->or_abandon([&] {
    checked(H5Dwrite(id, native(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, values), ErrorKind::resource,
            file_path(), join(name), "cannot write");
  });
  return made;
}

namespace {

hid_t growing_properties(Type type, const Growth& growth, const std::vector<hsize_t>& chunk) {
  const hid_t plist = detail::dataset_properties();
  H5Pset_chunk(plist, static_cast<int>(chunk.size()), chunk.data());
  if (growth.deflate > 0) {
    H5Pset_shuffle(plist);
    H5Pset_deflate(plist, static_cast<unsigned>(growth.deflate));
  }
  constexpr double missing = std::numeric_limits<double>::quiet_NaN();
  if (is_floating(type)) H5Pset_fill_value(plist, H5T_NATIVE_DOUBLE, &missing);
  return plist;
}

}  // namespace

Dataset Group::create_growing(const std::string& name, Type type, const Growth& growth) {
  const Lock lock;
  file_->require_open();
  constexpr std::uint64_t longest_row = 1ULL << 30;
  std::vector<std::uint64_t> row = growth.row;
  if (row.empty() && growth.columns > 0) row = {growth.columns};
  const auto values = row.size() < H5S_MAX_RANK ? product(row) : std::nullopt;
  if (!values || *values == 0 || *values > longest_row / size_of(type) || growth.deflate < 0 ||
      growth.deflate > 9)
    throw Error(ErrorKind::internal, fmt::format("{}: {}: rows empty or over 1 GiB, or no such deflate level",
                                                 file_path(), join(name)));
  auto tail = std::make_shared<Tail>();
  tail->row_bytes = *values * size_of(type);
  tail->chunk_rows = std::max<std::uint64_t>(1, growth.chunk_bytes / tail->row_bytes);
  const auto none = detail::rows_of(0, row), limit = detail::rows_of(H5S_UNLIMITED, row);
  const Id space(H5Screate_simple(static_cast<int>(none.size()), none.data(), limit.data()), H5Sclose);
  const Id plist(growing_properties(type, growth, detail::rows_of(tail->chunk_rows, row)), H5Pclose);
  const hid_t id =
      H5Dcreate2(handle_->id, name.c_str(), native(type), space, H5P_DEFAULT, plist, H5P_DEFAULT);
  checked(id, ErrorKind::resource, file_path(), join(name), "cannot create the dataset");
  Dataset made(file_, own(id, H5Dclose), join(name));
  tail->dataset = made.handle_;
  tail->file = file_path();
  tail->path = made.path();
  tail->type = type;
  tail->row = std::move(row);
  tail->filtered = growth.deflate > 0;
  tail->buffer.resize(tail->chunk_rows * tail->row_bytes);
  file_->tails.push_back(tail);
  made.tail_ = std::move(tail);
  return made;
}

}  // namespace synfire::hdf5
