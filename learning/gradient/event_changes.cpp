#include "learning/gradient/event_changes.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace synfire::learning {
namespace {

struct Place {
  double t = 0, x = 0, y = 0;
};

Place centre_of(std::span<const Event> events) {
  Place sum;
  for (const Event& event : events) {
    sum.t += static_cast<double>(event.t_us);
    sum.x += event.x;
    sum.y += event.y;
  }
  const auto count = static_cast<double>(events.size());
  return {sum.t / count, sum.x / count, sum.y / count};
}

Place half_way(const Place& from, const Place& to) {
  return {std::round((to.t - from.t) / 2), std::round((to.x - from.x) / 2), std::round((to.y - from.y) / 2)};
}

/// Half of the events, moved.
std::vector<Event> moved_half(std::span<const Event> events, const Place& by, EventSpace space,
                              RandomStream& random) {
  std::vector<Event> kept;
  kept.reserve(events.size());
  for (const Event& event : events) {
    if ((random.word() & 1U) == 0) continue;
    const double t = static_cast<double>(event.t_us) + by.t, x = event.x + by.x, y = event.y + by.y;
    if (t < 0 || x < 0 || y < 0 || x >= space.width || y >= space.height) continue;
    kept.push_back({static_cast<std::int64_t>(t), static_cast<std::uint16_t>(x),
                    static_cast<std::uint16_t>(y), event.on});
  }
  return kept;
}

/// Into 0 ... width - 1; the mirrors stand half a channel beyond the ends.
std::int64_t reflected(std::int64_t x, std::int64_t width) {
  const std::int64_t period = 2 * width, folded = ((x % period) + period) % period;
  return folded < width ? folded : period - 1 - folded;
}

}  // namespace

void stretch_times(std::vector<Event>& events, double factor) {
  for (Event& event : events) event.t_us = std::llround(static_cast<double>(event.t_us) * factor);
}

void shift_channels(std::vector<Event>& events, std::int64_t by, std::uint32_t width) {
  const auto left = [&](const Event& event) { return event.x + by < 0 || event.x + by >= width; };
  std::erase_if(events, left);
  for (Event& event : events) event.x = static_cast<std::uint16_t>(event.x + by);
}

void jitter_channels(std::vector<Event>& events, double deviation, std::uint32_t width,
                     RandomStream& random) {
  for (Event& event : events)
    event.x =
        static_cast<std::uint16_t>(reflected(event.x + std::llround(deviation * random.normal()), width));
}

std::vector<Event> blended(std::span<const Event> one, std::span<const Event> other, EventSpace space,
                           RandomStream& random) {
  if (one.empty() || other.empty()) return {one.begin(), one.end()};
  const Place centre = centre_of(one), other_centre = centre_of(other);
  const auto first = moved_half(one, half_way(centre, other_centre), space, random);
  const auto second = moved_half(other, half_way(other_centre, centre), space, random);
  std::vector<Event> both;
  both.reserve(first.size() + second.size());
  std::merge(first.begin(), first.end(), second.begin(), second.end(), std::back_inserter(both),
             [](const Event& a, const Event& b) { return a.t_us < b.t_us; });
  return both;
}

}  // namespace synfire::learning
