// libFuzzer on everything that reads events (docs/events.md says how to run it).
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/read_bytes.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  synfire::test::read_as_events({bytes, size});
  return 0;
}
