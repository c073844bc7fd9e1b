// Long times from counters that wrap: what a file stores in 32 bits or fewer becomes one 64-bit time.
#pragma once

#include <cstdint>

namespace synfire {

/// The 32-bit timestamps of a file as one 64-bit time: a step back of more than 2^31 is a wrap.
class TimestampUnwrapper {
 public:
  std::int64_t operator()(std::uint32_t stored) {
    constexpr std::int64_t period = std::int64_t{1} << 32;
    const std::int64_t step = std::int64_t{stored} - last_;
    if (step < -period / 2) epoch_ += period;
    if (step > period / 2 && epoch_ > 0) epoch_ -= period;  // a late event from before the last wrap
    last_ = stored;
    return epoch_ + stored;
  }

 private:
  std::int64_t epoch_ = 0;  ///< multiples of 2^32 µs
  std::uint32_t last_ = 0;
};

/// The upper part of a time, which a file stores now and then in a word of its own with few bits. A fall by
/// `wrap` or more is a wrap, a smaller one a step back; a rise by nearly the whole range (63/64) is a step
/// back from behind the last wrap.
class HighCounter {
 public:
  /// `period`: number of values that can be stored, a power of two.
  constexpr HighCounter(std::int64_t period, std::int64_t wrap) : period_(period), wrap_(wrap) {}

  /// The whole upper part.
  std::int64_t operator()(std::uint32_t stored) {
    const std::int64_t step = std::int64_t{stored} - last_;
    if (started_ && step <= -wrap_) epoch_ += period_;
    if (step > period_ - period_ / 64 && epoch_ > 0) epoch_ -= period_;
    last_ = stored;
    started_ = true;
    return epoch_ + stored;
  }
  bool started() const { return started_; }

 private:
  std::int64_t period_, wrap_, epoch_ = 0;
  std::uint32_t last_ = 0;
  bool started_ = false;
};

/// Writers: the value to store after `from` on the way to `to` (both whole, both from 0), so that a
/// HighCounter cannot be mistaken: it rises by less than half a period, and wraps from the last value to the
/// first.
inline std::int64_t next_high(std::int64_t from, std::int64_t to, std::int64_t period) {
  if (to - from < period / 2 && to / period <= from / period) return to;
  const std::int64_t last = from | (period - 1);
  return from == last ? from + 1 : from + period / 2 - 1 < last ? from + period / 2 - 1 : last;
}

}  // namespace synfire
