// Frames of LZ4 and Zstandard.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace synfire {

enum class Packing { none, lz4, zstd };

/// Unpacks exactly one frame into `to`. False: damaged, cut, followed by more, or larger than `most` bytes.
/// Memory is taken as bytes really come.
bool unpack(Packing packing, std::span<const std::uint8_t> packed, std::size_t most,
            std::vector<std::uint8_t>& to);

/// One LZ4 frame with a checksum of its contents.
std::vector<std::uint8_t> pack_lz4(std::span<const std::uint8_t> bytes);

}  // namespace synfire
