#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>

#include <unistd.h>

#include "io/byte_file.hpp"
#include "io/hdf5_check.hpp"
#include "io/hdf5_driver.hpp"
#include "io/hdf5_internal.hpp"

namespace synfire::hdf5 {

namespace detail {

void Tail::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const std::uint64_t room = (chunk_rows - rows) * row_bytes;
    const std::size_t part = std::min<std::uint64_t>(room, bytes.size());
    std::memcpy(buffer.data() + rows * row_bytes, bytes.data(), part);
    rows += part / row_bytes;
    bytes = bytes.subspan(part);
    if (rows == chunk_rows) write_full();
  }
}

void Tail::write_partial() {
  if (rows == 0 || first_row + rows == rows_in_file) return;
  std::memset(buffer.data() + rows * row_bytes, 0, buffer.size() - rows * row_bytes);
  extend();
  write_plain();
  plain_in_file = true;
}

void Tail::write_full() {
  extend();
  if (plain_in_file || !filtered) {
    write_plain();
  } else {
    write_compressed();
  }
  first_row += chunk_rows;
  rows = 0;
  plain_in_file = false;
}

void Tail::extend() {
  rows_in_file = first_row + rows;
  const std::vector<hsize_t> size = rows_of(rows_in_file, row);
  check(H5Dset_extent(dataset->id, size.data()));
}

void Tail::write_plain() const {
  constexpr std::uint32_t skip_all_filters = ~0U;
  std::vector<hsize_t> offset(row.size() + 1, 0);
  offset[0] = first_row;
  check(H5Dwrite_chunk(dataset->id, H5P_DEFAULT, filtered ? skip_all_filters : 0, offset.data(),
                       buffer.size(), buffer.data()));
}

void Tail::write_compressed() const {
  const std::vector<hsize_t> count = rows_of(rows, row);
  const int rank = static_cast<int>(count.size());
  std::vector<hsize_t> start(count.size(), 0);
  start[0] = first_row;
  const Id in_file(H5Dget_space(dataset->id), H5Sclose);
  const Id in_memory(H5Screate_simple(rank, count.data(), nullptr), H5Sclose);
  check(H5Sselect_hyperslab(in_file, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr));
  check(H5Dwrite(dataset->id, native(type), in_memory, in_file, H5P_DEFAULT, buffer.data()));
}

FileState::~FileState() {
  const Lock lock;
  try {
    close();
  } catch (const std::exception&) {
    // A destructor has nobody to tell; who wants to know calls File::close.
  }
}

void FileState::require_open() const {
  if (id < 0) throw Error(ErrorKind::internal, fmt::format("{}: the file is closed", path));
  if (failed)
    throw Error(ErrorKind::resource, fmt::format("{}: writing failed before; the file ends there", path));
}

void FileState::flush() {
  if (!writing) return;
  or_abandon([this] {
    for (const auto& tail : tails) tail->write_partial();
    checked(H5Fflush(id, H5F_SCOPE_LOCAL), ErrorKind::resource, path, "", "cannot write");
  });
}

void FileState::close() {
  if (id < 0) return;
  try {
    if (!failed) flush();
  } catch (...) {
    close_library_file();
    throw;
  }
  close_library_file();
}

void FileState::close_library_file() {
  tails.clear();
  H5Fclose(std::exchange(id, -1));  // all is flushed by now; at most unused bytes at the end stay
}

void FileState::rename(const std::string& to) {
  require_open();
  if (::rename(path.c_str(), to.c_str()) != 0)
    fail(ErrorKind::resource, path, "", fmt::format("cannot become '{}': {}", to, std::strerror(errno)));
  path = to;
  for (const auto& tail : tails) tail->file = to;
}

void FileState::abandon() noexcept {
  failed = true;
  abandon_writes(id);
}

}  // namespace detail

using namespace detail;

namespace {

/// File access: earliest format, no chunk cache (chunks are written whole), metadata kept until we flush.
hid_t access_properties(bool write) {
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_file_locking(access, false, true);  // a file may be looked at while it is written
  use_safe_driver(access);
  if (!write) return access;
  H5Pset_fclose_degree(access,
                       H5F_CLOSE_STRONG);  // unlike for reading, which keeps such a file from being read here
  H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_LATEST);
  H5Pset_cache(access, 0, 1, 0, 0);
  H5AC_cache_config_t cache{};
  cache.version = H5AC__CURR_CACHE_CONFIG_VERSION;
  H5Pget_mdc_config(access, &cache);
  cache.set_initial_size = true;
  cache.initial_size = cache.max_size = 64 << 20;
  cache.evictions_enabled = false;
  cache.incr_mode = H5C_incr__off;
  cache.flash_incr_mode = H5C_flash_incr__off;
  cache.decr_mode = H5C_decr__off;
  if (H5Pset_mdc_config(access, &cache) < 0)
    throw Error(ErrorKind::internal, "HDF5: cannot keep metadata in memory: " + library_reason());
  return access;
}

}  // namespace

File File::create(const std::string& path, bool overwrite) {
  const Lock lock;
  if (!overwrite && ::access(path.c_str(), F_OK) == 0)
    fail(ErrorKind::resource, path, "", "exists already; remove it or ask for it to be overwritten");
  const Id access(access_properties(true), H5Pclose);
  const Id properties(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  leave_room_for_names(properties);
  const hid_t id = H5Fcreate(path.c_str(), overwrite ? H5F_ACC_TRUNC : H5F_ACC_EXCL, properties, access);
  checked(id, ErrorKind::resource, path, "", "cannot create");
  File file = wrap(id, path, true);
  file.flush();
  return file;
}

File File::wrap(std::int64_t id, const std::string& path, bool write) {
  auto state = std::make_shared<FileState>(id, path, write);
  const auto info = write ? std::nullopt : info_of(id, "/");
  if (info) check_group({id, path}, info->addr, "/");
  const hid_t root = H5Gopen2(id, "/", H5P_DEFAULT);
  checked(root, ErrorKind::input, path, "", "cannot open its root");
  return File(std::move(state), own(root, H5Gclose), "/");
}

File File::open_with(const std::string& path, bool write) {
  const Lock lock;
  if (!is_hdf5(path)) fail(ErrorKind::input, path, "", "is not an HDF5 file");
  const Id access(access_properties(write), H5Pclose);
  const hid_t id = H5Fopen(path.c_str(), write ? H5F_ACC_RDWR : H5F_ACC_RDONLY, access);
  checked(id, ErrorKind::input, path, "", "cannot open");
  return wrap(id, path, write);
}

File File::open(const std::string& path) { return open_with(path, false); }

namespace {

/// Opens everything below a group, so that it is looked at as for reading. Groups may lie in each other.
void look_at_all(const Group& group, int depth, int& looks_left) {
  constexpr int deepest = 64;
  for (const std::string& name : group.children()) {
    if (depth == deepest || --looks_left < 0)
      fail(ErrorKind::input, group.file_path(), group.path(), "holds more objects than can be looked at");
    if (group.has_dataset(name)) group.dataset(name);
    if (group.has_group(name)) look_at_all(group.group(name), depth + 1, looks_left);
  }
}

}  // namespace

File File::open_for_writing(const std::string& path) {
  int looks = 1 << 16;
  look_at_all(open_with(path, false), 0, looks);
  return open_with(path, true);
}

bool File::is_hdf5(const std::string& path) {
  constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";
  std::ifstream stream(path, std::ios::binary);
  std::array<char, 8> head{};
  const bool opened = stream.is_open();
  stream.read(head.data(), head.size());
  if (!opened || stream.bad())
    fail(kind_of_failed_open(errno), path, "", fmt::format("cannot read: {}", std::strerror(errno)));
  return stream.gcount() == 8 && std::string_view(head.data(), 8) == signature;
}

void File::flush() {
  const Lock lock;
  file_->flush();
}

void File::rename(const std::string& to) {
  const Lock lock;
  file_->rename(to);
}

void File::close() {
  const Lock lock;
  file_->close();
}

}  // namespace synfire::hdf5
