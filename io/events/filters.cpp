#include "io/events/filters.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "core/error.hpp"

namespace synfire {

namespace {

constexpr std::int64_t earliest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t latest = std::numeric_limits<std::int64_t>::max();

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorKind::usage, what); }

void check_memory(const Extent& sensor, std::string_view who) {
  constexpr std::uint64_t most = std::uint64_t(1) << 25;
  if (sensor.pixels() > most)
    refuse(fmt::format("{} would have to remember {} x {} pixels, more than {}; crop or downsample first",
                       who, sensor.width, sensor.height, most));
}

/// Sums that stop at the ends of 64 bits.
std::int64_t sum(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (!__builtin_add_overflow(a, b, &result)) return result;
  return b > 0 ? latest : earliest;
}

/// a - b for a >= b, which always fits.
std::uint64_t elapsed(std::int64_t a, std::int64_t b) {
  return static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b);
}

/// Whether two times are at most `span` apart.
bool within(std::int64_t a, std::int64_t b, std::int64_t span) {
  return elapsed(std::max(a, b), std::min(a, b)) <= static_cast<std::uint64_t>(span);
}

}  // namespace

void Crop::place(Extent& sensor) const {
  const bool fits = width > 0 && height > 0 && x < sensor.width && y < sensor.height &&
                    width <= sensor.width - x && height <= sensor.height - y;
  if (!fits)
    refuse(fmt::format("crop: {} x {} pixels from {}, {} on are not inside {} x {}", width, height, x, y,
                       sensor.width, sensor.height));
  sensor = {width, height};
}

bool Crop::apply(Event& event) const {
  const std::uint32_t column = event.x - x, row = event.y - y;  // below the corner they are huge
  event.x = static_cast<std::uint16_t>(column);
  event.y = static_cast<std::uint16_t>(row);
  return column < width && row < height;
}

void TimeWindow::place(Extent&) const {
  if (until_us && *until_us <= from_us)
    refuse(fmt::format("time window: it ends at {} µs, but begins at {} µs", *until_us, from_us));
}

void TimeWindow::begin(std::int64_t& origin_us) {
  first_ = sum(origin_us, from_us);
  last_ = until_us ? sum(sum(origin_us, *until_us), -1) : latest;
}

bool TimeWindow::apply(Event& event) const { return event.t_us >= first_ && event.t_us <= last_; }

void Downsample::place(Extent& sensor) const {
  if (factor == 0) refuse("downsample: the factor is at least 1");
  const auto joined = [this](std::uint32_t pixels) {
    return pixels / factor + (pixels % factor > 0 ? 1 : 0);
  };
  sensor = {joined(sensor.width), joined(sensor.height)};
}

bool Downsample::apply(Event& event) const {
  event.x = static_cast<std::uint16_t>(event.x / factor);
  event.y = static_cast<std::uint16_t>(event.y / factor);
  return true;
}

bool Polarity::apply(Event& event) const {
  if (keep != Keep::merged) return event.on == (keep == Keep::on ? 1 : 0);
  event.on = 1;
  return true;
}

void Flip::place(Extent& sensor) { sensor_ = sensor; }

bool Flip::apply(Event& event) const {
  if (x) event.x = static_cast<std::uint16_t>(sensor_.width - 1 - event.x);
  if (y) event.y = static_cast<std::uint16_t>(sensor_.height - 1 - event.y);
  return true;
}

void TimeScale::place(Extent&) const {
  if (!(factor > 0) || !std::isfinite(factor)) refuse("time scale: the factor is a number above 0");
}

void TimeScale::begin(std::int64_t& origin_us) { origin_ = origin_us; }

bool TimeScale::apply(Event& event) const {
  // long double has 64 bits of mantissa: a factor of 1 leaves every time as it is.
  const long double since = static_cast<long double>(event.t_us) - static_cast<long double>(origin_);
  const long double scaled =
      static_cast<long double>(origin_) + std::round(since * static_cast<long double>(factor));
  if (!(std::abs(scaled) < 0x1p63L))
    throw Error(ErrorKind::input,
                fmt::format("time scale: {} µs times {} is no time of 64 bits", event.t_us, factor));
  event.t_us = static_cast<std::int64_t>(scaled);
  return true;
}

void StartAtZero::begin(std::int64_t& origin_us) { origin_us = 0; }

bool StartAtZero::apply(Event& event) {
  if (!first_) first_ = event.t_us;
  if (__builtin_sub_overflow(event.t_us, *first_, &event.t_us))
    throw Error(ErrorKind::input, "start at zero: a time is further than 64 bits from the first");
  return true;
}

void DropPixels::place(Extent& sensor) {
  check_memory(sensor, "hot pixels");
  width_ = sensor.width;
  dropped_.assign(sensor.pixels(), false);
  for (const Pixel& pixel : pixels) {
    if (pixel.x >= sensor.width || pixel.y >= sensor.height)
      refuse(fmt::format("hot pixels: {}, {} is outside {} x {}", pixel.x, pixel.y, sensor.width,
                         sensor.height));
    dropped_[std::size_t(pixel.y) * width_ + pixel.x] = true;
  }
}

void BackgroundActivity::place(Extent& sensor) {
  if (support_us < 0) refuse("background activity: the time is not below 0");
  check_memory(sensor, "the background-activity filter");
  stride_ = sensor.width + 2;
  latest_.assign(std::size_t(stride_) * (sensor.height + 2), earliest);
}

bool BackgroundActivity::apply(Event& event) {
  std::int64_t* const above = latest_.data() + std::size_t(event.y) * stride_ + event.x;
  std::int64_t* const beside = above + stride_;
  std::int64_t* const below = beside + stride_;
  const std::int64_t t = event.t_us, before = beside[1];
  above[0] = above[1] = above[2] = t;
  beside[0] = beside[2] = t;
  below[0] = below[1] = below[2] = t;
  return before != earliest && within(t, before, support_us);
}

void Refractory::place(Extent& sensor) {
  if (period_us < 0) refuse("refractory period: the time is not below 0");
  check_memory(sensor, "the refractory filter");
  width_ = sensor.width;
  latest_.assign(sensor.pixels(), earliest);
}

bool Refractory::apply(Event& event) {
  std::int64_t& before = latest_[std::size_t(event.y) * width_ + event.x];
  const bool free = before == earliest || (event.t_us >= before && elapsed(event.t_us, before) >=
                                                                       static_cast<std::uint64_t>(period_us));
  if (free) before = event.t_us;
  return free;
}

FilterChain::FilterChain(std::vector<EventFilter> filters, Extent sensor)
    : filters_(std::move(filters)), extent_(sensor) {
  for (EventFilter& filter : filters_) std::visit([this](auto& f) { f.place(extent_); }, filter);
}

std::size_t FilterChain::apply(std::span<Event> block) {
  if (!begun_ && !block.empty()) {
    std::int64_t origin = block.front().t_us;
    for (EventFilter& filter : filters_)
      std::visit(
          [&origin](auto& f) {
            if constexpr (requires { f.begin(origin); }) f.begin(origin);
          },
          filter);
    begun_ = true;
  }
  std::size_t kept = block.size();
  for (EventFilter& filter : filters_)
    kept = std::visit(
        [events = block.first(kept)](auto& f) {
          std::size_t to = 0;
          for (Event event : events)
            if (f.apply(event)) events[to++] = event;
          return to;
        },
        filter);
  return kept;
}

}  // namespace synfire
