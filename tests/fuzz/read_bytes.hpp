// What the fuzzer does with an input, and what the test that replays its corpus does.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace synfire::test {

/// What there is to read bytes as: the formats of events that can be read, by name, and "cifar", "edges",
/// "hdf5", "idx", "sound", "spikes", "table".
std::vector<std::string> byte_readers();

/// Reads the bytes with that reader, also where its mark is missing; "events": with the one that their
/// content asks for. Events are read strictly and leniently. An Error is an answer like any other. Throws
/// std::logic_error where a reader breaks its word (an event outside its sensor, a lenient reading that
/// differs from a strict one without an error, an error that says nothing), std::invalid_argument for a
/// reader that is not there.
void read_bytes(std::span<const std::uint8_t> bytes, std::string_view reader);

}  // namespace synfire::test
