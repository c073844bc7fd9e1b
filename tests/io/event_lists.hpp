// Recordings made in memory, for tests.
#pragma once

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "io/events/event_reader.hpp"

namespace synfire::test {

/// Reads a list as if it were a file in which each event takes 10 bytes, after a header of 100.
class ListReader final : public EventReader {
 public:
  ListReader(std::vector<Event> events, SensorInfo sensor)
      : events_(std::move(events)), sensor_(std::move(sensor)) {}

  const SensorInfo& sensor() const override { return sensor_; }
  std::size_t read(std::span<Event> to) override {
    const std::size_t count = std::min(to.size(), events_.size() - next_);
    std::copy_n(events_.begin() + static_cast<std::ptrdiff_t>(next_), count, to.begin());
    next_ += count;
    return count;
  }
  std::uint64_t offset() const override { return 100 + 10 * next_; }
  std::uint64_t lost() const override { return 0; }
  std::vector<std::string> warnings() const override { return {}; }

 private:
  std::vector<Event> events_;
  SensorInfo sensor_;
  std::size_t next_ = 0;
};

inline SensorInfo camera(std::uint16_t width, std::uint16_t height) {
  SensorInfo info;
  info.format = "list";
  info.width = width;
  info.height = height;
  return info;
}

inline std::unique_ptr<EventReader> reader_of(std::vector<Event> events, const SensorInfo& sensor) {
  return std::make_unique<ListReader>(std::move(events), sensor);
}

/// Events all over a sensor, in order of time from `begin_us` on, 0 to 9 µs apart.
inline std::vector<Event> noise_events(std::size_t count, const SensorInfo& sensor,
                                       std::int64_t begin_us = 1000) {
  std::mt19937 random(7);
  std::vector<Event> events;
  for (std::int64_t t = begin_us; events.size() < count; t += random() % 10)
    events.push_back({t, static_cast<std::uint16_t>(random() % sensor.width),
                      static_cast<std::uint16_t>(random() % sensor.height),
                      static_cast<std::uint8_t>(random() % 2)});
  return events;
}

inline std::vector<Event> read_all(EventReader& reader, std::size_t at_once = 777) {
  std::vector<Event> all, block(at_once);
  for (std::size_t n = reader.read(block); n > 0; n = reader.read(block))
    all.insert(all.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(n));
  return all;
}

}  // namespace synfire::test
