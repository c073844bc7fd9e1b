// How chunks of HDF5 are unpacked: deflate, and LZF, which the library does not bring along.
#include <algorithm>
#include <limits>

#include <lzf.h>
#include <zlib.h>

#include "io/hdf5_internal.hpp"

namespace synfire::hdf5::detail {

namespace {

/// Three bytes of LZF stand for 264 at most.
constexpr std::size_t lzf_best_ratio = 88;

unsigned short_length(std::size_t bytes) {
  return static_cast<unsigned>(std::min<std::size_t>(bytes, std::numeric_limits<unsigned>::max()));
}

/// Unpacks for the library, in memory of the library. `settings` may give the size of a chunk as the third
/// number; a file may say anything there, so it is but the first guess. 0 means failure.
std::size_t unpack_lzf_for_library(unsigned flags, std::size_t count, const unsigned* settings,
                                   std::size_t bytes, std::size_t* room, void** buffer) {
  if ((flags & H5Z_FLAG_REVERSE) == 0 || bytes > std::numeric_limits<unsigned>::max()) return 0;
  const std::size_t most = bytes * lzf_best_ratio;
  const std::size_t guess = count > 2 ? settings[2] : 0;
  std::size_t size = guess > 0 && guess <= most ? guess : std::min(most, 4 * bytes);
  for (; size > 0; size = std::min(most, 2 * size)) {
    void* const plain = H5allocate_memory(size, false);
    if (plain == nullptr) return 0;
    const unsigned got = lzf_decompress(*buffer, short_length(bytes), plain, short_length(size));
    if (got > 0) {
      H5free_memory(*buffer);
      *buffer = plain;
      *room = size;
      return got;
    }
    H5free_memory(plain);
    if (size == most) return 0;
  }
  return 0;
}

bool unpack_deflate(std::size_t most, std::vector<std::uint8_t>& bytes) {
  std::vector<std::uint8_t> plain(most);
  auto size = static_cast<uLongf>(plain.size());
  if (uncompress(plain.data(), &size, bytes.data(), static_cast<uLong>(bytes.size())) != Z_OK) return false;
  plain.resize(size);
  bytes = std::move(plain);
  return true;
}

bool unpack_lzf(std::size_t most, std::vector<std::uint8_t>& bytes) {
  if (bytes.empty()) return false;
  std::vector<std::uint8_t> plain(std::min(most, bytes.size() * lzf_best_ratio));
  plain.resize(
      lzf_decompress(bytes.data(), short_length(bytes.size()), plain.data(), short_length(plain.size())));
  bytes = std::move(plain);
  return !bytes.empty();
}

}  // namespace

void register_filters() {
  const H5Z_class2_t lzf{H5Z_CLASS_T_VERS, lzf_filter, 0, 1, "lzf", nullptr, nullptr, unpack_lzf_for_library};
  H5Zregister(&lzf);
}

bool is_known_filter(int filter) {
  return filter == H5Z_FILTER_DEFLATE || filter == H5Z_FILTER_SHUFFLE || filter == H5Z_FILTER_FLETCHER32 ||
         filter == lzf_filter;
}

bool undo_filter(int filter, std::size_t chunk_bytes, std::vector<std::uint8_t>& bytes) {
  constexpr std::size_t checksum_bytes = 4;
  constexpr std::uint64_t deflate_best_ratio = 1100, small = 1 << 20;  // 1032 in truth
  switch (filter) {
    case H5Z_FILTER_SHUFFLE:
      return true;
    case H5Z_FILTER_FLETCHER32:
      if (bytes.size() < checksum_bytes) return false;
      bytes.resize(bytes.size() - checksum_bytes);
      return true;
    case H5Z_FILTER_DEFLATE:
      if (chunk_bytes > bytes.size() * deflate_best_ratio + small) return false;
      return unpack_deflate(chunk_bytes + 2 * checksum_bytes, bytes);
    case lzf_filter:
      return unpack_lzf(chunk_bytes + 2 * checksum_bytes, bytes);
    default:
      return false;
  }
}

}  // namespace synfire::hdf5::detail
