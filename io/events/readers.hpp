// Readers that stand on another reader: events in order of time, sorted, or filtered on the way.
#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/events/event_reader.hpp"
#include "io/events/filters.hpp"

namespace synfire {

/// Opens the same recording anew.
using OpenRecording = std::function<std::unique_ptr<EventReader>()>;

/// What a reader on another one passes on.
class DerivedReader : public EventReader {
 public:
  explicit DerivedReader(std::unique_ptr<EventReader> source) : source_(std::move(source)) {}

  const SensorInfo& sensor() const override { return source_->sensor(); }
  std::uint64_t offset() const override { return source_->offset(); }
  std::uint64_t lost() const override { return source_->lost(); }
  std::vector<std::string> warnings() const override { return source_->warnings(); }

 protected:
  EventReader& source() { return *source_; }

 private:
  std::unique_ptr<EventReader> source_;
};

/// Events whose times never step back. A step back is damage: an Error(input) with the byte of the event, or
/// when `lenient`, the event is left out and counted as lost.
class OrderedReader final : public DerivedReader {
 public:
  OrderedReader(const std::string& path, OpenRecording open, bool lenient);

  std::size_t read(std::span<Event> events) override;
  std::uint64_t lost() const override { return DerivedReader::lost() + late_; }
  std::vector<std::string> warnings() const override;

 private:
  [[noreturn]] void refuse(const Event& late);

  std::string path_;
  OpenRecording open_;
  bool lenient_;
  bool begun_ = false;
  std::int64_t latest_ = 0;
  std::uint64_t passed_ = 0, late_ = 0;
  std::optional<Event> refused_;
};

/// All events sorted by time, those of one time in the order of the file. Reads the whole recording at the
/// first call; what is more than `events_in_memory` waits in temporary files.
class SortedReader final : public DerivedReader {
 public:
  explicit SortedReader(std::unique_ptr<EventReader> source, std::size_t events_in_memory = std::size_t(1)
                                                                                            << 22);
  ~SortedReader() override;

  std::size_t read(std::span<Event> events) override;

 private:
  struct Run;
  void sort_runs();
  void spill(std::span<const Event> run);

  std::size_t events_in_memory_;
  bool sorted_ = false;
  std::vector<std::unique_ptr<Run>> runs_;
  std::vector<Run*> heap_;  ///< the run with the earliest event first
};

/// Events as filters leave them. `sensor` is what comes out.
class FilteredReader final : public DerivedReader {
 public:
  /// Errors: as FilterChain.
  FilteredReader(std::unique_ptr<EventReader> source, std::vector<EventFilter> filters);

  const SensorInfo& sensor() const override { return info_; }
  std::size_t read(std::span<Event> events) override;
  /// Events that the filters dropped so far.
  std::uint64_t dropped() const { return dropped_; }

 private:
  FilterChain chain_;
  SensorInfo info_;
  std::uint64_t dropped_ = 0;
};

}  // namespace synfire
