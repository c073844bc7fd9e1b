// The inside of io/hdf5: the one place that includes the library's header. Only io/hdf5*.cpp include this.
#pragma once

#include <array>
#include <cstring>
#include <mutex>

#include <fmt/format.h>
#include <hdf5.h>

#include "core/error.hpp"
#include "io/hdf5.hpp"

namespace synfire::hdf5::detail {

/// LZF of h5py; the library knows only its own filters.
inline constexpr int lzf_filter = 32000;
/// Teaches the library to unpack it.
void register_filters();
/// Whether chunks that passed this filter can be read.
bool is_known_filter(int filter);
/// Undoes one filter of a chunk that has `chunk_bytes` when it is unpacked, except that shuffled bytes stay
/// so. False for damage and for filters that are not known.
bool undo_filter(int filter, std::size_t chunk_bytes, std::vector<std::uint8_t>& bytes);

inline std::recursive_mutex& library_mutex() {
  // Outlives handles in static storage; so does the library, which at exit would close what they hold.
  static auto* const mutex = [] {
    H5dont_atexit();
    register_filters();
    return new std::recursive_mutex;
  }();
  return *mutex;
}

/// One caller at a time, with the library's own printing of errors off.
class Lock {
 public:
  Lock() : guard_(library_mutex()) { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

 private:
  std::lock_guard<std::recursive_mutex> guard_;
};

/// An identifier of the library, closed at the end of the scope.
struct Id {
  using Close = herr_t (*)(hid_t);
  hid_t id = -1;
  Close close = nullptr;

  Id(hid_t opened, Close with) : id(opened), close(with) {}
  Id(const Id&) = delete;
  Id& operator=(const Id&) = delete;
  ~Id() {
    if (id >= 0) close(id);
  }
  operator hid_t() const { return id; }
  bool valid() const { return id >= 0; }
};

/// The innermost line of the library's error stack: what the system or the format said.
inline std::string library_reason() {
  std::string reason;
  const auto keep_first = [](unsigned, const H5E_error2_t* error, void* to) -> herr_t {
    auto& text = *static_cast<std::string*>(to);
    if (text.empty() && error->desc) text = error->desc;
    return 0;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_first, &reason);
  const auto message = reason.find("error message = '");
  if (message != std::string::npos) {
    const auto begin = message + std::strlen("error message = '");
    reason = reason.substr(begin, reason.find('\'', begin) - begin);
  }
  return reason.empty() ? "the HDF5 library gave no reason" : reason;
}

[[noreturn]] inline void fail(ErrorKind kind, const std::string& file, const std::string& object,
                              std::string_view what) {
  const std::string where = object.empty() || object == "/" ? file : fmt::format("{}: {}", file, object);
  throw Error(kind, fmt::format("{}: {}", where, what));
}

/// Passes a non-negative result on; otherwise throws "file: object: doing: reason".
template <class Result>
Result checked(Result result, ErrorKind kind, const std::string& file, const std::string& object,
               std::string_view doing) {
  if (result < 0) fail(kind, file, object, fmt::format("{}: {}", doing, library_reason()));
  return result;
}

inline hid_t native(Type type) {
  switch (type) {
    case Type::int8:
      return H5T_NATIVE_INT8;
    case Type::int16:
      return H5T_NATIVE_INT16;
    case Type::int32:
      return H5T_NATIVE_INT32;
    case Type::int64:
      return H5T_NATIVE_INT64;
    case Type::uint8:
      return H5T_NATIVE_UINT8;
    case Type::uint16:
      return H5T_NATIVE_UINT16;
    case Type::uint32:
      return H5T_NATIVE_UINT32;
    case Type::uint64:
      return H5T_NATIVE_UINT64;
    case Type::float32:
      return H5T_NATIVE_FLOAT;
    case Type::float64:
      return H5T_NATIVE_DOUBLE;
    case Type::text:
    case Type::other:
      break;
  }
  throw Error(ErrorKind::internal, "HDF5: only numbers can be read or written as datasets");
}

/// Numbers that do not fit the type asked for are errors, not silently clipped.
inline H5T_conv_ret_t refuse_overflow(H5T_conv_except_t what, hid_t, hid_t, void*, void*, void*) {
  const bool overflow = what == H5T_CONV_EXCEPT_RANGE_HI || what == H5T_CONV_EXCEPT_RANGE_LOW;
  return overflow ? H5T_CONV_ABORT : H5T_CONV_UNHANDLED;
}

inline std::size_t size_of(Type type) { return H5Tget_size(native(type)); }
inline bool is_floating(Type type) { return type == Type::float32 || type == Type::float64; }

/// The names in a group stand in one block, written at once, until they outgrow it; then in two, and a kill
/// between these would lose the group. Some 30 short names fit, so only those created later are at risk.
inline void leave_room_for_names(hid_t properties) {
  constexpr std::size_t bytes = 256;
  H5Pset_local_heap_size_hint(properties, bytes);
}

struct Handle {
  hid_t id;
  Id::Close close;
  Handle(hid_t opened, Id::Close with) : id(opened), close(with) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    const Lock lock;
    if (H5Iis_valid(id) > 0) close(id);
  }
};

/// Sizes of so many rows, each of the given sizes.
inline std::vector<hsize_t> rows_of(std::uint64_t count, const std::vector<std::uint64_t>& row) {
  std::vector<hsize_t> sizes{count};
  sizes.insert(sizes.end(), row.begin(), row.end());
  return sizes;
}

/// The rows of a growing dataset that do not fill a chunk yet.
///
/// A chunk that fills up in one go is compressed. A partly filled one that has to be flushed is stored
/// plainly at its full size and stays so: rows added later then go to the same place in the file, so nothing
/// that flushed metadata points at is moved, and space is never freed and used again behind its back.
struct Tail {
  std::shared_ptr<Handle> dataset;
  std::string file, path;
  Type type = Type::other;
  std::vector<std::uint64_t> row;  ///< sizes of a row; none where it is one value
  std::uint64_t chunk_rows = 1, row_bytes = 1;
  bool filtered = false;
  std::uint64_t first_row = 0, rows = 0, rows_in_file = 0;
  bool plain_in_file = false;
  std::vector<std::byte> buffer;  ///< one chunk

  void append(std::span<const std::byte> bytes);
  /// Writes the rows of a chunk that is not full.
  void write_partial();

 private:
  void write_full();
  void extend();
  void write_plain() const;
  void write_compressed() const;
  template <class Result> void check(Result result) const {
    checked(result, ErrorKind::resource, file, path, "cannot write");
  }
};

struct FileState {
  hid_t id = -1;
  std::string path;
  bool writing = false;
  bool failed = false;
  std::vector<std::shared_ptr<Tail>> tails;

  FileState(hid_t opened, std::string name, bool write) : id(opened), path(std::move(name)), writing(write) {}
  FileState(const FileState&) = delete;
  FileState& operator=(const FileState&) = delete;
  ~FileState();

  void require_open() const;
  void flush();
  void rename(const std::string& to);
  void close();

  /// Runs `write`; if it fails, nothing more reaches the file, which stays as at the last flush.
  template <class Write> void or_abandon(Write&& write) {
    require_open();
    try {
      write();
    } catch (...) {
      abandon();
      throw;
    }
  }

 private:
  void close_library_file();
  void abandon() noexcept;
};

#if H5_VERSION_GE(1, 12, 0)
using ObjectInfo = H5O_info1_t;
#else
using ObjectInfo = H5O_info_t;
#endif

/// What and where the object at `path` below `place` is, without opening it; nothing if there is none.
inline std::optional<ObjectInfo> info_of(hid_t place, const std::string& path) {
  ObjectInfo info{};
  if (H5Oget_info_by_name2(place, path.c_str(), &info, H5O_INFO_BASIC, H5P_DEFAULT) < 0) return std::nullopt;
  return info;
}

/// Of a new dataset: it does not remember when it was made, so that the same content is the same bytes.
inline hid_t dataset_properties() {
  const hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_obj_track_times(plist, false);
  return plist;
}

inline std::shared_ptr<Handle> own(hid_t id, Id::Close close) { return std::make_shared<Handle>(id, close); }

}  // namespace synfire::hdf5::detail
