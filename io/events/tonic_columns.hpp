// Columns of events as tools written in Python name them, in arrays of NumPy and in HDF5.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "io/events/decoding.hpp"

namespace synfire {

/// Of time (µs), x, y and polarity: the names that each goes by, the usual one first.
inline constexpr std::array<std::array<std::string_view, 5>, 4> tonic_columns{{
    {"t", "ts", "time", "timestamp", "timestamps"},
    {"x"},
    {"y"},
    {"p", "pol", "polarity", "on"},
}};

/// Four numbers of a row. Without y, x is a channel of a cochlea; without p all events are on.
struct TonicRow {
  std::int64_t t, x, y = 0, p = 1;
};

/// Nothing for what is outside the sensor, or has a polarity that is none of -1, 0, 1.
inline std::optional<Event> tonic_event(const TonicRow& row, const SensorInfo& sensor) {
  if (row.x < 0 || row.x >= sensor.width || row.y < 0 || row.y >= sensor.height || row.p < -1 || row.p > 1)
    return std::nullopt;
  return Event{row.t, static_cast<std::uint16_t>(row.x), static_cast<std::uint16_t>(row.y),
               static_cast<std::uint8_t>(row.p == 1)};
}

/// The sensor that the options name, or the smallest that holds all events; that of a cochlea (audio) has at
/// least the channels of SHD. Errors: unknown camera.
template <class Reader>
void find_tonic_sensor(const std::string& path, const EventOptions& options, SensorInfo& info) {
  constexpr std::uint16_t shd_channels = 700;
  if (options.sensor) info.name = *options.sensor;
  const SensorSize size =
      options.sensor ? sensor_size(path, *options.sensor) : measured_size<Reader>(path, options);
  info.width = info.audio && !options.sensor ? std::max(size.width, shd_channels) : size.width;
  info.height = info.audio ? std::uint16_t{1} : size.height;
}

}  // namespace synfire
