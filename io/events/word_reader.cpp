#include "io/events/word_reader.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.hpp"

namespace synfire {

std::size_t WordReader::take_pending(std::span<Event> to) {
  const std::size_t count = std::min(to.size(), pending_end_ - pending_begin_);
  std::copy_n(pending_.begin() + static_cast<std::ptrdiff_t>(pending_begin_), count, to.begin());
  pending_begin_ += count;
  return count;
}

std::size_t WordReader::decode(std::span<Event> to) {
  if (pending_begin_ < pending_end_) return take_pending(to);
  const auto bytes = ahead(file_, words_.bytes);
  const auto words = bytes.first(bytes.size() - bytes.size() % words_.bytes);
  if (words.empty()) return end_of_file(bytes.size());
  const std::uint64_t begin = file_.offset(), outside_before = outside_;
  const bool tight = to.size() < words_.most_events;
  if (tight) pending_.resize(words_.most_events);
  const Progress progress =
      tight ? decode_words(words.first(words_.bytes), pending_) : decode_words(words, to);
  file_.skip(progress.bytes);
  if (progress.bytes == 0 || outside_ > outside_before)
    damage_.note(begin, fmt::format("an event outside a {} x {} sensor", info_.width, info_.height),
                 outside_ - outside_before);
  if (!tight) return progress.events;
  pending_begin_ = 0;
  pending_end_ = progress.events;
  return take_pending(to);
}

std::size_t WordReader::end_of_file(std::size_t left_over) {
  if (left_over > 0) damage_.note(file_.offset(), "the file ends inside a word", words_.always_event ? 1 : 0);
  ended_ = true;
  return 0;
}

void WordReader::tell_untimed() {
  if (damage_.lenient()) damage_.note(file_.offset(), "events before the first time are left out", 0);
}

void check_sensor(const std::string& path, const EventSink& sink, std::uint32_t most) {
  if (sink.width > 0 && sink.height > 0 && sink.width <= most && sink.height <= most) return;
  throw Error(ErrorKind::input,
              fmt::format("{}: a sensor of {} x {} pixels cannot be stored: the format has 1 to {} on a side",
                          path, sink.width, sink.height, most));
}

}  // namespace synfire
