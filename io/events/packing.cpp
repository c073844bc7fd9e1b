#include "io/events/packing.hpp"

#include <algorithm>
#include <memory>

#include <lz4frame.h>
#include <zstd.h>

#include "core/error.hpp"

namespace synfire {

namespace {

constexpr std::size_t first_piece = 1 << 16;

/// Calls `step(in, in_size, out, out_size)` until it says that the frame is whole. `step` replaces the sizes
/// by what it used and made, and returns 0 at the end of the frame, 1 to go on, -1 for damage.
template <class Step>
bool unpack_with(Step&& step, std::span<const std::uint8_t> packed, std::size_t most,
                 std::vector<std::uint8_t>& to) {
  std::size_t filled = 0;
  to.resize(std::max(to.size(), first_piece));
  while (true) {
    if (filled == to.size()) to.resize(std::min(2 * to.size(), most + 1));
    std::size_t used = packed.size(), made = to.size() - filled;
    const int outcome = step(packed.data(), used, to.data() + filled, made);
    packed = packed.subspan(used);
    filled += made;
    if (outcome < 0 || filled > most) return false;
    if (outcome == 0) {
      to.resize(filled);
      return packed.empty();
    }
    if (used == 0 && made == 0) return false;
  }
}

bool unpack_lz4(std::span<const std::uint8_t> packed, std::size_t most, std::vector<std::uint8_t>& to) {
  LZ4F_dctx* made = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&made, LZ4F_VERSION)) != 0)
    throw Error(ErrorKind::resource, "no memory for LZ4");
  const std::unique_ptr<LZ4F_dctx, decltype(&LZ4F_freeDecompressionContext)> context(
      made, LZ4F_freeDecompressionContext);
  const auto step = [&context](const std::uint8_t* in, std::size_t& used, std::uint8_t* out,
                               std::size_t& out_size) {
    const std::size_t hint = LZ4F_decompress(context.get(), out, &out_size, in, &used, nullptr);
    if (LZ4F_isError(hint) != 0) return -1;
    return hint == 0 ? 0 : 1;
  };
  return unpack_with(step, packed, most, to);
}

bool unpack_zstd(std::span<const std::uint8_t> packed, std::size_t most, std::vector<std::uint8_t>& to) {
  const std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> context(ZSTD_createDStream(),
                                                                           ZSTD_freeDStream);
  if (context == nullptr) throw Error(ErrorKind::resource, "no memory for Zstandard");
  const auto step = [&context](const std::uint8_t* in, std::size_t& used, std::uint8_t* out,
                               std::size_t& out_size) {
    ZSTD_inBuffer from{in, used, 0};
    ZSTD_outBuffer into{out, out_size, 0};
    const std::size_t hint = ZSTD_decompressStream(context.get(), &into, &from);
    used = from.pos;
    out_size = into.pos;
    if (ZSTD_isError(hint) != 0) return -1;
    return hint == 0 ? 0 : 1;
  };
  return unpack_with(step, packed, most, to);
}

}  // namespace

bool unpack(Packing packing, std::span<const std::uint8_t> packed, std::size_t most,
            std::vector<std::uint8_t>& to) {
  if (packing == Packing::lz4) return unpack_lz4(packed, most, to);
  if (packing == Packing::zstd) return unpack_zstd(packed, most, to);
  to.assign(packed.begin(), packed.end());
  return to.size() <= most;
}

std::vector<std::uint8_t> pack_lz4(std::span<const std::uint8_t> bytes) {
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
  std::vector<std::uint8_t> packed(LZ4F_compressFrameBound(bytes.size(), &preferences));
  const std::size_t size =
      LZ4F_compressFrame(packed.data(), packed.size(), bytes.data(), bytes.size(), &preferences);
  if (LZ4F_isError(size) != 0) throw Error(ErrorKind::internal, "LZ4 cannot pack");
  packed.resize(size);
  return packed;
}

}  // namespace synfire
