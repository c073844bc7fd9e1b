// Prophesee EVT 3.0 (.raw): a text header, then words of 16 bits. Each changes a part of what is known (row,
// upper and lower half of the time, first pixel of a vector), and some give events for what is known by then.
#pragma once

#include <string>
#include <vector>

#include "io/events/formats.hpp"
#include "io/events/timestamps.hpp"
#include "io/events/word_reader.hpp"

namespace synfire {

bool is_evt3(const FileHead& head);

/// Times are those of the sensor's clock, which are known up to multiples of 2^24 µs (16.8 s); wraps are
/// added.
class Evt3Reader final : public WordReader {
 public:
  /// Errors: not EVT 3.0; the sensor's size is not known.
  explicit Evt3Reader(const std::string& path, const EventOptions& options = {});

 protected:
  Progress decode_words(std::span<const std::uint8_t> words, std::span<Event> to) override;

 private:
  struct State {
    std::int64_t high_us = 0;
    std::uint64_t known = 0;   ///< y << 16 | lower part of the time << 32
    std::uint64_t base_x = 0;  ///< of the next vector word
    std::uint64_t vector_on = 0;

    std::uint32_t y() const { return static_cast<std::uint32_t>(known) >> 16; }
    std::int64_t time() const { return high_us + static_cast<std::int64_t>(known >> 32); }
  };
  std::size_t skip_untimed(std::span<const std::uint8_t> words);
  bool take_rare(std::uint32_t word, Event*& event);
  std::uint32_t inside_of(std::uint32_t mask, std::uint32_t pixels) const;

  HighCounter high_;
  State state_;
};

/// Pixels of a row that share time and polarity become vectors where that is shorter.
class Evt3Writer final : public EventWriter {
 public:
  /// Errors: more than 2048 pixels on a side; file cannot be made.
  Evt3Writer(const std::string& path, const EventSink& sink);

  /// Errors: outside the sensor; a time below 0 or over 2^40 µs; a step back by 8 s or more, or by more than
  /// a quarter of a second over a multiple of 2^24 µs.
  void write(std::span<const Event> events) override;
  void finish() override { file_.finish(); }

 private:
  void put(std::uint32_t type, std::uint32_t bits);
  void put_high(std::int64_t high);
  void go_to(std::int64_t time);
  std::size_t put_row(std::span<const Event> row);

  NewFile file_;
  EventSink sink_;
  HighCounter counter_;
  std::int64_t high_ = -1;  ///< of the last event, with wraps
  std::int64_t low_ = -1, y_ = -1;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace synfire
