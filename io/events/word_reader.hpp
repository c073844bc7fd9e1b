// What the readers of Prophesee's formats share: words of a fixed size, each of which may give some events.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "io/byte_file.hpp"
#include "io/events/decoding.hpp"

namespace synfire {

/// Hands blocks of words to `decode_words` and does what is the same for all: pieces of any size, the end of
/// the file, damage.
class WordReader : public DecodingReader {
 public:
  std::uint64_t offset() const final { return file_.offset(); }

 protected:
  /// How far a decoder came. No bytes: the first word is refused.
  struct Progress {
    std::size_t bytes = 0;
    std::size_t events = 0;
  };
  struct Words {
    std::size_t bytes;          ///< of a word
    std::size_t most_events;    ///< that a word can give
    bool always_event = false;  ///< each word is an event, so that a cut one is a lost event
  };

  WordReader(const std::string& path, const EventOptions& options, Words words)
      : DecodingReader(path, options), file_(path), words_(words) {}

  /// Decodes whole words while `to` has room for all events that one can give. Strict, it stops before a word
  /// with an event outside the sensor; lenient, it leaves such events out and counts them in `outside_`. What
  /// is behind the events it returns may be overwritten.
  virtual Progress decode_words(std::span<const std::uint8_t> words, std::span<Event> to) = 0;
  /// Tells that events at the front of the data have no time. That is no damage: a recording may begin
  /// anywhere in the stream of a camera.
  void tell_untimed();

  ByteFile file_;
  std::uint64_t outside_ = 0;

 private:
  std::size_t decode(std::span<Event> to) final;
  std::size_t take_pending(std::span<Event> to);
  std::size_t end_of_file(std::size_t left_over);

  Words words_;
  std::vector<Event> pending_;  ///< of a word for which a piece had no room
  std::size_t pending_begin_ = 0, pending_end_ = 0;
};

/// Stores an event as two whole words instead of four parts: readers are bound by their stores. `address`:
/// x | y << 16 | on << 32.
inline void store_event(Event* to, std::int64_t t_us, std::uint64_t address) {
  static_assert(std::endian::native == std::endian::little && std::is_trivially_copyable_v<Event> &&
                sizeof(Event) == 16 && offsetof(Event, x) == 8 && offsetof(Event, y) == 10 &&
                offsetof(Event, on) == 12);
  const std::array words{static_cast<std::uint64_t>(t_us), address};
  std::memcpy(static_cast<void*>(to), words.data(), sizeof words);
}

/// Writers. Errors: a sensor without pixels, or with more than `most` on a side.
void check_sensor(const std::string& path, const EventSink& sink, std::uint32_t most);

}  // namespace synfire
