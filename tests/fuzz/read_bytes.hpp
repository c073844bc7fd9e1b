// What the fuzzer does with an input, and what the test that replays its corpus does.
#pragma once

#include <cstdint>
#include <span>

namespace synfire::test {

/// Reads the bytes as a file of events of whatever format they look like, strictly and leniently. An Error is
/// an answer like any other. Throws std::logic_error where a reader breaks its word: an event outside its
/// sensor, or a lenient reading that differs from a strict one without an error.
void read_as_events(std::span<const std::uint8_t> bytes);

}  // namespace synfire::test
