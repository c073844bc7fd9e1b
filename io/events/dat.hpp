// Prophesee DAT, version 2 (.dat): a text header, two bytes that say what and how long an event is, then
// events of 8 bytes.
#pragma once

#include <string>

#include "io/events/formats.hpp"
#include "io/events/timestamps.hpp"
#include "io/events/word_reader.hpp"

namespace synfire {

bool is_dat(const FileHead& head);

/// Where neither header nor options tell the sensor's size, it is what the events need; the file is then read
/// twice.
class DatReader final : public WordReader {
 public:
  /// Errors: not DAT; another version than 2; events that are no changes of brightness.
  explicit DatReader(const std::string& path, const EventOptions& options = {});

 protected:
  Progress decode_words(std::span<const std::uint8_t> words, std::span<Event> to) override;

 private:
  TimestampUnwrapper unwrap_;
};

class DatWriter final : public EventWriter {
 public:
  /// Errors: more than 16384 pixels on a side; file cannot be made.
  DatWriter(const std::string& path, const EventSink& sink);

  /// Errors: outside the sensor; a time that 32 bits cannot carry (below 0, first time over 2^32 µs, gaps
  /// over 2^31).
  void write(std::span<const Event> events) override;
  void finish() override { file_.finish(); }

 private:
  NewFile file_;
  EventSink sink_;
  TimestampUnwrapper unwrap_;
};

}  // namespace synfire
