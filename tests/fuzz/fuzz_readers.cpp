// libFuzzer on one reader, which the environment names: SYNFIRE_READER=evt3, or "events" for whatever the
// content asks for (tests/fuzz/run goes through all of them).
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "tests/fuzz/read_bytes.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const std::string reader = [] {
    const char* const named = std::getenv("SYNFIRE_READER");
    return std::string(named == nullptr ? "events" : named);
  }();
  synfire::test::read_bytes({bytes, size}, reader);
  return 0;
}
