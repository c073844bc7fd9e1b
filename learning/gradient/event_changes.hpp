// What augmentation does to the events of a recording. Each change is a function of its arguments and of the
// stream it draws from.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/random.hpp"
#include "io/events/event_reader.hpp"

namespace synfire::learning {

/// Channels of a cochlea (height 1), or pixels.
struct EventSpace {
  std::uint32_t width = 0, height = 1;
};

/// t becomes factor t, rounded.
void stretch_times(std::vector<Event>& events, double factor);

/// x becomes x + by; what leaves the channels is dropped.
void shift_channels(std::vector<Event>& events, std::int64_t by, std::uint32_t width);

/// x becomes x + round(d), d from N(0, deviation^2) for each event, and is reflected at the ends, where -1
/// becomes 0: no event is lost.
void jitter_channels(std::vector<Event>& events, double deviation, std::uint32_t width, RandomStream& random);

/// Two recordings, each in order of time, as one: both are moved (in time, x and y, by whole numbers) until
/// their centres of mass lie in the middle between the two; then each event of either is kept with
/// probability 1/2. What leaves the space or would come before time 0 is dropped. After the augmentation
/// "blend" of Nowotny, Turner & Knight, arXiv 2212.01232.
std::vector<Event> blended(std::span<const Event> one, std::span<const Event> other, EventSpace space,
                           RandomStream& random);

}  // namespace synfire::learning
