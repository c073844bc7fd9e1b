#include "tests/fuzz/read_bytes.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/error.hpp"
#include "io/events/formats.hpp"

namespace synfire::test {

namespace {

/// A file in memory that has a path.
class MemoryFile {
 public:
  explicit MemoryFile(std::span<const std::uint8_t> bytes)
      : descriptor_(::memfd_create("events", MFD_CLOEXEC)) {
    if (descriptor_ < 0) throw std::runtime_error("no file in memory can be made");
    while (!bytes.empty()) {
      const auto written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written <= 0) throw std::runtime_error("cannot write to memory");
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(descriptor_); }
  std::string path() const { return fmt::format("/proc/self/fd/{}", descriptor_); }

 private:
  int descriptor_;
};

struct Reading {
  bool whole = false;  ///< to the end, without an error
  std::vector<Event> events;
};

void require(bool good, const char* what) {
  if (!good) throw std::logic_error(what);
}

Reading read_all(const std::string& path, const EventOptions& options, std::size_t at_once) {
  constexpr std::size_t enough = 1 << 18;  // a packed file may give events for minutes
  Reading reading;
  std::vector<Event> part(at_once);
  try {
    const auto reader = open_events(path, options);
    const SensorInfo sensor = reader->sensor();
    std::size_t got = 0;
    while (reading.events.size() < enough && (got = reader->read(part)) > 0) {
      require(got <= part.size(), "more events than there was room for");
      for (std::size_t i = 0; i < got; ++i)
        require(part[i].x < sensor.width && part[i].y < sensor.height && part[i].on <= 1,
                "an event outside the sensor");
      reading.events.insert(reading.events.end(), part.begin(),
                            part.begin() + static_cast<std::ptrdiff_t>(got));
    }
    reading.whole = got == 0;
    require(options.lenient || reader->lost() == 0, "a strict reader that loses events");
    require(reader->lost() == 0 || !reader->warnings().empty(), "a loss that nothing explains");
  } catch (const Error& error) {
    require(*error.what() != '\0', "an error that says nothing");
  }
  return reading;
}

}  // namespace

void read_as_events(std::span<const std::uint8_t> bytes) {
  const MemoryFile file(bytes);
  const Reading strict = read_all(file.path(), {}, 61),
                lenient = read_all(file.path(), {.lenient = true}, 1024);
  if (strict.whole && lenient.whole)
    require(strict.events == lenient.events, "lenient reading differs from strict");
}

}  // namespace synfire::test
