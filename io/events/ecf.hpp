// ECF, the event compression of Prophesee's HDF5 files (filter 36559): blocks of at most 65535 events, in
// which times, rows and columns are kept apart as runs and differences.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "io/events/event_reader.hpp"

namespace synfire {

/// The events of a block; no memory is taken that the bytes do not justify. Returns what is wrong with the
/// block,
/// "" if nothing is; then `events` holds all of them.
std::string_view decode_ecf(std::span<const std::uint8_t> block, std::vector<Event>& events);

}  // namespace synfire
