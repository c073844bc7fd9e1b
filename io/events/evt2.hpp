// Prophesee EVT 2.0 (.raw): a text header, then words of 32 bits. A word is a change of brightness with the
// low 6 bits of its time, or the upper 28 bits of the times that follow.
#pragma once

#include <string>
#include <vector>

#include "io/events/formats.hpp"
#include "io/events/timestamps.hpp"
#include "io/events/word_reader.hpp"

namespace synfire {

/// True also for RAW files in an encoding that no reader here knows: this one refuses it by name.
bool is_evt2(const FileHead& head);

/// Times are absolute: those of the sensor's clock, wraps added.
class Evt2Reader final : public WordReader {
 public:
  /// Errors: not EVT 2.0; the sensor's size is not known.
  explicit Evt2Reader(const std::string& path, const EventOptions& options = {});

 protected:
  Progress decode_words(std::span<const std::uint8_t> words, std::span<Event> to) override;

 private:
  std::size_t skip_untimed(std::span<const std::uint8_t> words);

  HighCounter high_;
  std::int64_t high_us_ = 0;
};

class Evt2Writer final : public EventWriter {
 public:
  /// Errors: more than 2048 pixels on a side; file cannot be made.
  Evt2Writer(const std::string& path, const EventSink& sink);

  /// Errors: outside the sensor; a time below 0 or over 2^53 µs; a step back by more than 4 minutes over a
  /// multiple of 2^34 µs, or by hours.
  void write(std::span<const Event> events) override;
  void finish() override { file_.finish(); }

 private:
  void put_high(std::int64_t high);

  NewFile file_;
  EventSink sink_;
  HighCounter counter_;
  std::int64_t high_ = -1;  ///< of the last event, with wraps
  std::vector<std::uint8_t> bytes_;
};

}  // namespace synfire
