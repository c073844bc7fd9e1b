#include "io/hdf5_driver.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <new>
#include <span>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.hpp"

namespace synfire::hdf5::detail {
namespace {

struct Block {
  H5FD_mem_t type = H5FD_MEM_DEFAULT;
  std::vector<std::byte> bytes;
};

/// What the library calls a file; it owns the base, we the rest.
struct Driver : H5FD_t {
  int fd = -1;
  struct stat identity {};
  bool writing = false, abandoned = false, trim = false;
  haddr_t allocated_end = 0, file_end = 0;
  std::map<haddr_t, Block> kept_back;  ///< metadata of the flush under way
  std::map<haddr_t, haddr_t> on_disk;  ///< metadata that flushed metadata may refer to: begin, end

  bool may_be_referred_to(haddr_t address, std::size_t size) const {
    const auto after = on_disk.lower_bound(address + size);
    return after != on_disk.begin() && std::prev(after)->second > address;
  }
};

Driver& driver_of(H5FD_t* file) { return *static_cast<Driver*>(file); }
const Driver& driver_of(const H5FD_t* file) { return *static_cast<const Driver*>(file); }

/// Leaves the system's reason where the rest of io/hdf5 looks for it.
herr_t fail_with_errno(hid_t kind) {
  H5Epush2(H5E_DEFAULT, "hdf5_driver.cpp", "", 0, H5E_ERR_CLS, H5E_IO, kind, "%s", std::strerror(errno));
  return -1;
}

bool write_bytes(Driver& driver, haddr_t address, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t done = ::pwrite(driver.fd, bytes.data(), bytes.size(), static_cast<off_t>(address));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    address += static_cast<haddr_t>(done);
    bytes = bytes.subspan(static_cast<std::size_t>(done));
    driver.file_end = std::max(driver.file_end, address);
  }
  return true;
}

bool read_bytes(const Driver& driver, haddr_t address, std::span<std::byte> to) {
  while (!to.empty()) {
    const ssize_t done = ::pread(driver.fd, to.data(), to.size(), static_cast<off_t>(address));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return false;
    if (done == 0) break;
    address += static_cast<haddr_t>(done);
    to = to.subspan(static_cast<std::size_t>(done));
  }
  std::fill(to.begin(), to.end(), std::byte{0});  // allocated, but not yet written
  return true;
}

// ---- The order of writes ----

bool begins_with(const Block& block, std::string_view signature) {
  return block.bytes.size() > 8 && std::memcmp(block.bytes.data(), signature.data(), signature.size()) == 0;
}

/// Blocks on disk are changed in ascending order of this. What is pointed at comes before what points at it:
/// the end of the used space, names, index nodes, object headers (they tell the sizes of datasets).
/// Among index nodes parents come first: a node that is split gives half of its entries to a new neighbour,
/// on disk by then, and its parent must know that one before the entries are gone from the old place.
int rank(const Block& block) {
  constexpr int referred_to = 0, root_of_tree = 1, highest_level = 255, leaf_of_tree = 1 + highest_level;
  if (block.type == H5FD_MEM_OHDR) return leaf_of_tree + 2;
  if (block.type != H5FD_MEM_BTREE) return referred_to;
  if (!begins_with(block, "TREE")) return leaf_of_tree + 1;  // members of a group, below its tree
  return root_of_tree + highest_level - std::to_integer<int>(block.bytes[5]);
}

// ---- Writes across pages ----
// A kill may end a write between two pages of the file, never within one.

constexpr haddr_t page_bytes = 4096;

/// Entries of an index node stand in ascending order behind their count; more are added behind the last.
std::size_t entries_of(std::span<const std::byte> node) {
  constexpr std::size_t place = 6;
  return std::to_integer<std::size_t>(node[place]) | std::to_integer<std::size_t>(node[place + 1]) << 8;
}

/// Whether a block must be on disk from its end to its beginning: an index node whose count goes up, as it
/// would count entries that are not there yet.
bool is_growing_index(const Driver& driver, haddr_t address, const Block& block) {
  if (block.type != H5FD_MEM_BTREE || !begins_with(block, "TREE")) return false;
  std::array<std::byte, 8> before{};
  return read_bytes(driver, address, before) && entries_of(block.bytes) > entries_of(before);
}

/// Changes a block on disk, from its last page to its first where that is needed. (The members of a group
/// make room for a new one by its name, which no order of pages makes safe; they are few and seldom lie
/// across two.)
bool change_bytes(Driver& driver, haddr_t address, const Block& block) {
  const std::span<const std::byte> all(block.bytes);
  if (!is_growing_index(driver, address, block)) return write_bytes(driver, address, all);
  std::size_t end = all.size();
  while (end > 0) {
    const haddr_t page = (address + end - 1) / page_bytes * page_bytes;
    const std::size_t begin = page > address ? page - address : 0;
    if (!write_bytes(driver, address + begin, all.subspan(begin, end - begin))) return false;
    end = begin;
  }
  return true;
}

/// The file first grows to what will be announced as its size; then come blocks that nothing on disk refers
/// to yet; then those that are changed.
bool write_in_safe_order(Driver& driver) {
  if (driver.file_end < driver.allocated_end) {
    if (::ftruncate(driver.fd, static_cast<off_t>(driver.allocated_end)) != 0) return false;
    driver.file_end = driver.allocated_end;
  }
  struct Change {
    int rank;
    haddr_t address;
    const Block* block;
  };
  std::vector<Change> changes;
  for (const auto& [address, block] : driver.kept_back) {
    if (driver.may_be_referred_to(address, block.bytes.size())) {
      changes.push_back({rank(block), address, &block});
    } else if (!write_bytes(driver, address, block.bytes)) {
      return false;
    }
  }
  std::stable_sort(changes.begin(), changes.end(), [](auto& a, auto& b) { return a.rank < b.rank; });
  return std::all_of(changes.begin(), changes.end(),
                     [&](const auto& change) { return change_bytes(driver, change.address, *change.block); });
}

/// Runs `write` unless an earlier one failed. If it fails, or memory runs out, it was the last.
template <class Write> herr_t write_or_abandon(Driver& driver, Write&& write) {
  if (driver.abandoned) return 0;
  try {
    if (write()) return 0;
  } catch (const std::bad_alloc&) {
    errno = ENOMEM;
  }
  driver.abandoned = true;
  driver.kept_back.clear();
  return fail_with_errno(H5E_WRITEERROR);
}

herr_t write_kept_back(Driver& driver) {
  if (driver.kept_back.empty()) return 0;
  return write_or_abandon(driver, [&] {
    if (!write_in_safe_order(driver)) return false;
    for (const auto& [address, block] : driver.kept_back) {
      haddr_t& end = driver.on_disk[address];
      end = std::max<haddr_t>(end, address + block.bytes.size());
    }
    driver.kept_back.clear();
    return true;
  });
}

// ---- What the library calls ----

H5FD_t* open_file(const char* name, unsigned flags, hid_t, haddr_t) {
  const bool writing = (flags & H5F_ACC_RDWR) != 0;
  int how = O_CLOEXEC | (writing ? O_RDWR : O_RDONLY);
  if (flags & H5F_ACC_TRUNC) how |= O_TRUNC;
  if (flags & H5F_ACC_CREAT) how |= O_CREAT;
  if (flags & H5F_ACC_EXCL) how |= O_EXCL;
  const int fd = ::open(name, how, 0666);
  auto* const driver = fd < 0 ? nullptr : new (std::nothrow) Driver{};
  if (driver == nullptr || ::fstat(fd, &driver->identity) != 0) {
    fail_with_errno(H5E_CANTOPENFILE);
    if (fd >= 0) ::close(fd);
    delete driver;
    return nullptr;
  }
  driver->fd = fd;
  driver->writing = writing;
  driver->file_end = static_cast<haddr_t>(driver->identity.st_size);
  if (driver->file_end > 0) driver->on_disk[0] = driver->file_end;
  return driver;
}

herr_t close_file(H5FD_t* file) {
  Driver& driver = driver_of(file);
  herr_t result = write_kept_back(driver);
  const bool cut = driver.trim && !driver.abandoned && driver.allocated_end < driver.file_end;
  if (cut && ::ftruncate(driver.fd, static_cast<off_t>(driver.allocated_end)) != 0)
    result = fail_with_errno(H5E_WRITEERROR);
  ::close(driver.fd);
  delete &driver;
  return result;
}

int compare_files(const H5FD_t* a, const H5FD_t* b) {
  const auto &left = driver_of(a).identity, &right = driver_of(b).identity;
  if (left.st_dev != right.st_dev) return left.st_dev < right.st_dev ? -1 : 1;
  return left.st_ino == right.st_ino ? 0 : left.st_ino < right.st_ino ? -1 : 1;
}

/// The library's own buffers would undo the order of writes; the one for data serves reading. That for
/// metadata (1.10.8) leaves its bounds where a damaged file has addresses near the end of what 64 bits can
/// tell.
herr_t tell_features(const H5FD_t* file, unsigned long* features) {
  *features = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_AGGREGATE_SMALLDATA;
  if (file != nullptr && !driver_of(file).writing) *features |= H5FD_FEAT_DATA_SIEVE;
  return 0;
}

haddr_t allocated_end(const H5FD_t* file, H5FD_mem_t) { return driver_of(file).allocated_end; }
haddr_t file_end(const H5FD_t* file, H5FD_mem_t) { return driver_of(file).file_end; }

herr_t set_allocated_end(H5FD_t* file, H5FD_mem_t, haddr_t end) {
  driver_of(file).allocated_end = end;
  return 0;
}

herr_t tell_handle(H5FD_t* file, hid_t, void** handle) {
  *handle = file;
  return 0;
}

herr_t read_file(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, std::size_t size, void* to) {
  const Driver& driver = driver_of(file);
  const std::span bytes(static_cast<std::byte*>(to), size);
  if (!read_bytes(driver, address, bytes)) return fail_with_errno(H5E_READERROR);
  for (const auto& [begin, block] : driver.kept_back) {
    const haddr_t first = std::max(begin, address);
    const haddr_t last = std::min(begin + block.bytes.size(), address + size);
    if (first < last) std::memcpy(&bytes[first - address], &block.bytes[first - begin], last - first);
  }
  return 0;
}

/// Raw data goes straight to its place, which nothing on disk refers to or which keeps the rows it has. So do
/// texts of free length (the library counts them as raw), which are only ever added to those present.
herr_t write_file(H5FD_t* file, H5FD_mem_t type, hid_t, haddr_t address, std::size_t size, const void* from) {
  Driver& driver = driver_of(file);
  const std::span bytes(static_cast<const std::byte*>(from), size);
  return write_or_abandon(driver, [&] {
    if (type == H5FD_MEM_DRAW) return write_bytes(driver, address, bytes);
    Block& block = driver.kept_back[address];
    block.type = type;
    block.bytes.resize(std::max(block.bytes.size(), size));
    std::copy(bytes.begin(), bytes.end(), block.bytes.begin());
    return true;
  });
}

herr_t end_flush(H5FD_t* file, hid_t, hbool_t) { return write_kept_back(driver_of(file)); }

/// A shorter file must not be announced as a longer one, so the end is cut when all is written.
herr_t cut_when_closed(H5FD_t* file, hid_t, hbool_t closing) {
  driver_of(file).trim = closing;
  return 0;
}

H5FD_class_t driver_class() {
  H5FD_class_t made{};
  made.name = "synfire";
  made.maxaddr = static_cast<haddr_t>(INT64_MAX);
  made.fc_degree = H5F_CLOSE_WEAK;
  made.open = open_file;
  made.close = close_file;
  made.cmp = compare_files;
  made.query = tell_features;
  made.get_eoa = allocated_end;
  made.set_eoa = set_allocated_end;
  made.get_eof = file_end;
  made.get_handle = tell_handle;
  made.read = read_file;
  made.write = write_file;
  made.flush = end_flush;
  made.truncate = cut_when_closed;
  constexpr H5FD_mem_t metadata = H5FD_MEM_SUPER, raw = H5FD_MEM_DRAW;
  constexpr std::array kinds{metadata, metadata, metadata, raw, raw, metadata, metadata};
  static_assert(kinds.size() == H5FD_MEM_NTYPES);
  std::copy(kinds.begin(), kinds.end(), made.fl_map);
  return made;
}

}  // namespace

void use_safe_driver(hid_t access) {
  static const H5FD_class_t described = driver_class();
  static const hid_t driver = H5FDregister(&described);
  if (driver < 0 || H5Pset_driver(access, driver, nullptr) < 0)
    throw Error(ErrorKind::internal, "HDF5: cannot register the driver for files");
}

void abandon_writes(hid_t file) noexcept {
  void* handle = nullptr;
  if (H5Fget_vfd_handle(file, H5P_DEFAULT, &handle) < 0 || handle == nullptr) return;
  Driver& driver = driver_of(static_cast<H5FD_t*>(handle));
  driver.abandoned = true;
  driver.kept_back.clear();
}

}  // namespace synfire::hdf5::detail
