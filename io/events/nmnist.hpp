// The .bin files of N-MNIST and N-Caltech101: events of 5 bytes and nothing else (x, y, then the polarity and
// 23 bits of time in µs, big endian). A row of y = 240 is no pixel: times after it are 2^13 µs later.
#pragma once

#include "io/events/decoding.hpp"
#include "io/events/formats.hpp"

namespace synfire {

/// True if the first hundreds of events, read so, have rows up to 240 and are in order of time. There is no
/// better mark; other formats are asked first.
bool is_nmnist(const FileHead& head);

/// The sensor is 34 x 34 (N-MNIST), unless an event lies outside: then the smallest that holds all events,
/// for which the file is read twice.
class NmnistReader final : public DecodingReader {
 public:
  explicit NmnistReader(const std::string& path, const EventOptions& options = {});

  std::uint64_t offset() const override { return file_.offset(); }

 private:
  std::size_t decode(std::span<Event> to) override;

  ByteFile file_;
  std::int64_t epoch_ = 0;  ///< µs, from rows of y = 240
};

class NmnistWriter final : public EventWriter {
 public:
  /// Errors: a sensor of more than 256 x 240 pixels.
  NmnistWriter(const std::string& path, const EventSink& sink);

  /// Errors: outside the sensor; a time below 0, or before what the rows of y = 240 written so far say; a gap
  /// over 2^32 µs.
  void write(std::span<const Event> events) override;
  void finish() override { file_.finish(); }

 private:
  NewFile file_;
  EventSink sink_;
  std::int64_t epoch_ = 0;
};

}  // namespace synfire
