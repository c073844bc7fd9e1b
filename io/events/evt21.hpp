// Prophesee EVT 2.1 (.raw): as EVT 2.0, but a word has 64 bits and tells of up to 32 pixels of a row at once.
#pragma once

#include <string>

#include "io/events/formats.hpp"
#include "io/events/timestamps.hpp"
#include "io/events/word_reader.hpp"

namespace synfire {

bool is_evt21(const FileHead& head);

/// Both byte orders, as the header says: little (the default) and legacy.
class Evt21Reader final : public WordReader {
 public:
  /// Errors: not EVT 2.1; the sensor's size is not known.
  explicit Evt21Reader(const std::string& path, const EventOptions& options = {});

 protected:
  Progress decode_words(std::span<const std::uint8_t> words, std::span<Event> to) override;

 private:
  std::uint64_t word_at(const std::uint8_t* bytes) const;
  std::size_t skip_untimed(std::span<const std::uint8_t> words);

  bool legacy_order_ = false;
  HighCounter high_;
  std::int64_t high_us_ = 0;
};

}  // namespace synfire
