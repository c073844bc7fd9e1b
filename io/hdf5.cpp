#include <algorithm>

#include "io/hdf5_internal.hpp"

namespace synfire::hdf5 {

using namespace detail;

namespace {

Type type_in_file(hid_t type) {
  const std::size_t size = H5Tget_size(type);
  const int log_size = size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : size == 8 ? 3 : -1;
  switch (H5Tget_class(type)) {
    case H5T_STRING: return Type::text;
    case H5T_FLOAT: return size <= 4 ? Type::float32 : Type::float64;
    case H5T_INTEGER: {
      if (log_size < 0) return Type::other;
      const Type first = H5Tget_sign(type) == H5T_SGN_NONE ? Type::uint8 : Type::int8;
      return static_cast<Type>(static_cast<int>(first) + log_size);
    }
    default: return Type::other;
  }
}

/// Numbers that do not fit the type asked for are errors, not silently clipped.
H5T_conv_ret_t refuse_overflow(H5T_conv_except_t what, hid_t, hid_t, void*, void*, void*) {
  const bool overflow = what == H5T_CONV_EXCEPT_RANGE_HI || what == H5T_CONV_EXCEPT_RANGE_LOW;
  return overflow ? H5T_CONV_ABORT : H5T_CONV_UNHANDLED;
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
  const auto cells = product(std::span(chunk).first(static_cast<std::size_t>(std::max(rank, 0))));
  if (!cells || *cells > largest_chunk / value_size)
    fail(ErrorKind::input, file_path(), path_, "its chunks are larger than 1 GiB");
}

void Dataset::read_into(std::span<const std::uint64_t> start, std::span<const std::uint64_t> count, Type type,
                        void* to) const {
  const Lock lock;
  const auto check = [&](auto result) {
    return checked(result, ErrorKind::input, file_path(), path_, "cannot read");
  };
  const Type stored = this->type();
  if (stored == Type::text || stored == Type::other)
    fail(ErrorKind::input, file_path(), path_, "must hold numbers");
  if (is_floating(stored) && !is_floating(type))
    fail(ErrorKind::input, file_path(), path_, "must hold whole numbers, not fractions");
  const Id in_file(H5Dget_space(handle_->id), H5Sclose);
  check(in_file.id);
  const std::vector<hsize_t> from(start.begin(), start.end());
  const std::vector<hsize_t> size(count.begin(), count.end());
  const int rank = static_cast<int>(size.size());
  const Id in_memory(rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, size.data(), nullptr), H5Sclose);
  check(in_memory.id);
  if (rank > 0) check(H5Sselect_hyperslab(in_file, H5S_SELECT_SET, from.data(), nullptr, size.data(), nullptr));
  const Id transfer(H5Pcreate(H5P_DATASET_XFER), H5Pclose);
  check(H5Pset_type_conv_cb(transfer, refuse_overflow, nullptr));
  check(H5Dread(handle_->id, native(type), in_memory, in_file, transfer, to));
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

}  // namespace synfire::hdf5
