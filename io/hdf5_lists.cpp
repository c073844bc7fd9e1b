// Lists of numbers: HDF5's arrays of variable length.
//
// The library's way of reading them believes the lengths in the file: a wrong one makes it take gigabytes or
// write past its memory. So this finds the bytes itself: a row holds a length, the address of a "global heap"
// and a number in it; a heap ("GCOL") is a chain of numbered objects.
#include <algorithm>

#include "io/byte_file.hpp"
#include "io/float16.hpp"
#include "io/hdf5_check.hpp"
#include "io/hdf5_internal.hpp"

namespace synfire::hdf5 {

using namespace detail;

namespace {

constexpr std::size_t row_bytes = 16;  // length (4), address (8), number (4)
using Bytes = std::vector<std::uint8_t>;

void undo_shuffle(Bytes& bytes) {
  const Bytes mixed = bytes;
  const std::size_t count = bytes.size() / row_bytes;
  for (std::size_t i = 0; i < count * row_bytes; ++i) bytes[i % count * row_bytes + i / count] = mixed[i];
}

/// The 16 bytes of a row; empty where it was never written.
class RowFinder {
 public:
  RowFinder(hid_t dataset, ByteFile& file, const std::string& path)
      : dataset_(dataset), file_(file), path_(path), plist_(H5Dget_create_plist(dataset), H5Pclose) {}

  Bytes find(std::uint64_t row) {
    switch (H5Pget_layout(plist_)) {
      case H5D_CONTIGUOUS: {
        const haddr_t start = H5Dget_offset(dataset_);
        if (H5Pget_external_count(plist_) > 0) refuse("lies in other files");
        return start == HADDR_UNDEF ? Bytes() : bytes_at(start + row * row_bytes, row_bytes);
      }
      case H5D_CHUNKED:
        return in_chunk(row);
      default:
        refuse("is stored in a way that cannot be read");
    }
  }

 private:
  [[noreturn]] void refuse(std::string_view what) const { fail(ErrorKind::input, file_.path(), path_, what); }

  Bytes bytes_at(std::uint64_t place, std::size_t count) {
    if (place > file_.size() || count > file_.size() - place) refuse("points behind the end of the file");
    file_.seek(place);
    const auto found = file_.peek(count);
    if (found.size() < count) refuse("points behind the end of the file");
    return {found.begin(), found.begin() + static_cast<std::ptrdiff_t>(count)};
  }

  Bytes in_chunk(std::uint64_t row) {
    constexpr hsize_t largest_chunk = 1 << 22;
    hsize_t rows = 0;
    if (H5Pget_chunk(plist_, 1, &rows) != 1 || rows == 0 || rows > largest_chunk)
      refuse("has chunks over 64 MiB");
    const hsize_t first = row / rows * rows;
    unsigned skipped = 0;
    haddr_t address = HADDR_UNDEF;
    hsize_t size = 0;
    checked(H5Dget_chunk_info_by_coord(dataset_, &first, &skipped, &address, &size), ErrorKind::input,
            file_.path(), path_, "cannot find a chunk");
    if (address == HADDR_UNDEF) return {};
    Bytes bytes = bytes_at(address, static_cast<std::size_t>(std::min<hsize_t>(size, file_.size())));
    for (int i = H5Pget_nfilters(plist_); i-- > 0;) {
      if ((skipped >> i & 1U) != 0) continue;
      unsigned flags = 0, settings = 0;
      std::size_t no_values = 0;
      const auto filter = H5Pget_filter2(plist_, static_cast<unsigned>(i), &flags, &no_values, nullptr, 0,
                                         nullptr, &settings);
      if (!undo_filter(filter, static_cast<std::size_t>(rows) * row_bytes, bytes))
        refuse("has a chunk that cannot be unpacked");
      if (filter == H5Z_FILTER_SHUFFLE) undo_shuffle(bytes);
    }
    const std::size_t at = static_cast<std::size_t>(row - first) * row_bytes;
    if (bytes.size() < at + row_bytes) refuse("has a chunk that is too short");
    return {bytes.begin() + static_cast<std::ptrdiff_t>(at),
            bytes.begin() + static_cast<std::ptrdiff_t>(at + row_bytes)};
  }

  hid_t dataset_;
  ByteFile& file_;
  const std::string& path_;
  Id plist_;
};

hid_t float16_type() {
  const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
  H5Tset_fields(type, 15, 10, 5, 0, 10);
  H5Tset_size(type, 2);
  H5Tset_ebias(type, 15);
  return type;
}

hid_t list_type(ListOf element) {
  const Id base(element == ListOf::float16 ? float16_type() : H5Tcopy(H5T_STD_I16LE), H5Tclose);
  return H5Tvlen_create(base);
}

}  // namespace

List Dataset::read_list(std::uint64_t row) const {
  const Lock lock;
  const auto refuse = [this](std::string_view what) { fail(ErrorKind::input, file_path(), path_, what); };
  const auto sizes = dimensions();
  const Id type(H5Dget_type(handle_->id), H5Tclose);
  if (sizes.size() != 1 || H5Tget_class(type) != H5T_VLEN) refuse("must be one-dimensional and hold lists");
  if (row >= sizes[0]) refuse(fmt::format("has {} lists; number {} is wanted", sizes[0], row));
  const Id base(H5Tget_super(type), H5Tclose);
  const H5T_class_t kind = H5Tget_class(base);
  const std::size_t each = H5Tget_size(base);
  if ((kind != H5T_INTEGER && kind != H5T_FLOAT) || each < 1 || each > 8)
    refuse("must hold lists of numbers");
  const Id made(H5Fget_create_plist(file_->id), H5Pclose);
  std::size_t address_bytes = 0, length_bytes = 0;
  hsize_t before = 0;
  H5Pget_sizes(made, &address_bytes, &length_bytes);
  H5Pget_userblock(made, &before);
  if (address_bytes != 8 || length_bytes != 8 || before != 0)
    refuse("is in a file with addresses that are not 64 bits");

  ByteFile file(file_path());
  const Bytes stored = RowFinder(handle_->id, file, path_).find(row);
  List list{{}, file.offset(), each};
  if (stored.empty()) return list;
  const HeapBytes found =
      read_from_heap(file_path(), {reinterpret_cast<const char*>(stored.data()), stored.size()}, each, path_);
  list.offset = found.offset;
  if (found.bytes.empty()) return list;
  list.values.resize(found.bytes.size() / each);
  std::memcpy(list.values.data(), found.bytes.data(), found.bytes.size());
  checked(H5Tconvert(base, H5T_NATIVE_DOUBLE, list.values.size(), list.values.data(), nullptr, H5P_DEFAULT),
          ErrorKind::input, file_path(), path_, "cannot convert its numbers");
  return list;
}

std::string Dataset::read_text() const {
  const Lock lock;
  file_->require_open();
  const Id stored(H5Dget_type(handle_->id), H5Tclose);
  const Id space(H5Dget_space(handle_->id), H5Sclose);
  const bool one_text = H5Tget_class(stored) == H5T_STRING && H5Tis_variable_str(stored) > 0 &&
                        H5Sget_simple_extent_npoints(space) == 1;
  if (!one_text) fail(ErrorKind::input, file_path(), path_, "is not a single text of free length");
  if (file_->writing) file_->flush();
  ByteFile file(file_path());
  return free_text(file, 0);
}

/// The text of free length in a row.
std::string Dataset::free_text(ByteFile& file, std::uint64_t row) const {
  const Bytes reference = RowFinder(handle_->id, file, path_).find(row);
  if (reference.empty()) return {};
  std::string text =
      read_from_heap(file_path(), {reinterpret_cast<const char*>(reference.data()), reference.size()}, 1,
                     path_)
          .bytes;
  text.resize(std::min(text.find('\0'), text.size()));
  return text;
}

std::vector<std::string> Dataset::read_words() const {
  constexpr std::uint64_t most_words = 1 << 16, most_bytes = 1 << 24;
  const Lock lock;
  const auto refuse = [this](std::string_view what) { fail(ErrorKind::input, file_path(), path_, what); };
  const auto sizes = dimensions();
  const Id type(H5Dget_type(handle_->id), H5Tclose);
  if (sizes.size() != 1 || H5Tget_class(type) != H5T_STRING) refuse("must be one-dimensional and hold texts");
  const std::size_t each = H5Tget_size(type);
  if (each == 0 || sizes[0] > most_words || each > most_bytes / std::max<std::uint64_t>(sizes[0], 1))
    refuse("holds more text than can be read");
  std::vector<std::string> words;
  if (H5Tis_variable_str(type) > 0) {
    ByteFile file(file_path());
    for (std::uint64_t row = 0; row < sizes[0]; ++row) words.push_back(free_text(file, row));
    return words;
  }
  require_known_filters();
  check_room(sizes[0] * each, 1);
  check_chunks(std::array{std::uint64_t{0}}, std::array{sizes[0]});
  std::string block(sizes[0] * each, '\0');
  if (!block.empty())
    checked(H5Dread(handle_->id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, block.data()), ErrorKind::input,
            file_path(), path_, "cannot read");
  for (std::uint64_t row = 0; row < sizes[0]; ++row) {
    std::string word = block.substr(row * each, each);
    word.resize(std::min(word.find('\0'), word.size()));
    while (H5Tget_strpad(type) == H5T_STR_SPACEPAD && word.ends_with(' ')) word.pop_back();
    words.push_back(std::move(word));
  }
  return words;
}

Dataset Group::create_lists(const std::string& name, ListOf element) {
  const Lock lock;
  file_->require_open();
  constexpr hsize_t none = 0, limit = H5S_UNLIMITED, chunk = 256;
  const Id type(list_type(element), H5Tclose);
  const Id space(H5Screate_simple(1, &none, &limit), H5Sclose);
  const Id plist(dataset_properties(), H5Pclose);
  H5Pset_chunk(plist, 1, &chunk);
  const hid_t id = H5Dcreate2(handle_->id, name.c_str(), type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
  checked(id, ErrorKind::resource, file_path(), join(name), "cannot create the dataset");
  return Dataset(file_, own(id, H5Dclose), join(name));
}

void Dataset::append_list_of(ListOf element, const void* values, std::size_t count) {
  const Lock lock;
  const auto check = [&](auto result) {
    checked(result, ErrorKind::resource, file_path(), path_, "cannot write");
  };
  const hsize_t row = dimensions().at(0), rows = row + 1, one = 1;
  file_->or_abandon([&] {
    const Id type(list_type(element), H5Tclose);
    check(H5Dset_extent(handle_->id, &rows));
    const Id in_file(H5Dget_space(handle_->id), H5Sclose);
    const Id in_memory(H5Screate_simple(1, &one, nullptr), H5Sclose);
    check(H5Sselect_hyperslab(in_file, H5S_SELECT_SET, &row, nullptr, &one, nullptr));
    const hvl_t list{count, const_cast<void*>(values)};  // the library's type knows no const
    check(H5Dwrite(handle_->id, type, in_memory, in_file, H5P_DEFAULT, &list));
  });
}

void Dataset::append_list(std::span<const std::int16_t> values) {
  append_list_of(ListOf::int16, values.data(), values.size());
}

void Dataset::append_list(std::span<const double> values) {
  std::vector<std::uint16_t> bits(values.size());
  std::transform(values.begin(), values.end(), bits.begin(), to_float16);
  append_list_of(ListOf::float16, bits.data(), bits.size());
}

Dataset Group::create_words(const std::string& name, std::span<const std::string> words) {
  const Lock lock;
  file_->require_open();
  std::size_t longest = 1;
  for (const std::string& word : words) longest = std::max(longest, word.size());
  std::string block;
  for (const std::string& word : words) block += word + std::string(longest - word.size(), '\0');
  const Id type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type, longest);
  H5Tset_strpad(type, H5T_STR_NULLPAD);
  const hsize_t size = words.size();
  const Id space(H5Screate_simple(1, &size, nullptr), H5Sclose);
  const Id plist(dataset_properties(), H5Pclose);
  const hid_t id = H5Dcreate2(handle_->id, name.c_str(), type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
  checked(id, ErrorKind::resource, file_path(), join(name), "cannot create the dataset");
  Dataset made(file_, own(id, H5Dclose), join(name));
  if (words.empty()) return made;
  file_->or_abandon([&] {
    checked(H5Dwrite(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, block.data()), ErrorKind::resource, file_path(),
            join(name), "cannot write");
  });
  return made;
}

File File::create_at_once(const std::string& path) {
  const Lock lock;
  const Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
  const hid_t id = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access);
  checked(id, ErrorKind::resource, path, "", "cannot create");
  return wrap(id, path, true);
}

}  // namespace synfire::hdf5
