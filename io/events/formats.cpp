#include "io/events/formats.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include <fmt/format.h>

#include "core/error.hpp"
#include "io/events/aedat2.hpp"

namespace synfire {

namespace {

template <class Reader>
std::unique_ptr<EventReader> open_as(const std::string& path, const EventOptions& options) {
  return std::make_unique<Reader>(path, options);
}

constexpr std::array formats{
    EventFormat{"aedat2", "AEDAT 2.0 of DVS128 and DAVIS cameras (jAER)", is_aedat2, open_as<Aedat2Reader>},
};

std::string head_of(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::array<char, 64> head{};
  const bool opened = stream.is_open();
  stream.read(head.data(), head.size());
  if (!opened || stream.bad())
    throw Error(ErrorKind::input, fmt::format("{}: cannot read: {}", path, std::strerror(errno)));
  return {head.data(), static_cast<std::size_t>(stream.gcount())};
}

}  // namespace

std::span<const EventFormat> event_formats() { return formats; }

std::unique_ptr<EventReader> open_events(const std::string& path, const EventOptions& options) {
  const std::string head = head_of(path);
  std::string supported;
  for (const EventFormat& format : formats) {
    if (format.recognises(head)) return format.open(path, options);
    supported += fmt::format("{}{} - {}", supported.empty() ? "" : "; ", format.name, format.description);
  }
  throw Error(ErrorKind::input,
              fmt::format("{}: not a recording of events in a supported format ({})", path, supported));
}

}  // namespace synfire
