#include "io/events/summary.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>

namespace synfire {

namespace {

std::uint64_t elapsed(std::int64_t later, std::int64_t earlier) {
  return static_cast<std::uint64_t>(later) - static_cast<std::uint64_t>(earlier);
}

/// Counts the events of the window that the file is in; windows lie at multiples of their length. Where times
/// step back, what comes back to a window counts as a new one.
class PeakFinder {
 public:
  explicit PeakFinder(std::int64_t window_us) : best_{window_us, 0, 0} {}

  void add(std::int64_t t_us, std::uint64_t events) {
    if (count_ > 0 && t_us >= start_ && elapsed(t_us, start_) < static_cast<std::uint64_t>(best_.window_us)) {
      count_ += events;
      return;
    }
    close();
    start_ = begin_of_window(t_us);
    count_ = events;
  }
  PeakRate best() {
    close();
    return best_;
  }

 private:
  std::int64_t begin_of_window(std::int64_t t_us) const {
    const std::int64_t rest = t_us % best_.window_us, down = rest < 0 ? rest + best_.window_us : rest;
    constexpr std::int64_t earliest = std::numeric_limits<std::int64_t>::min();
    return t_us < earliest + down ? earliest : t_us - down;
  }
  void close() {
    if (count_ <= best_.events) return;
    best_.events = count_;
    best_.start_us = start_;
  }

  PeakRate best_;
  std::int64_t start_ = 0;
  std::uint64_t count_ = 0;
};

class GapFinder {
 public:
  void add(std::int64_t before, std::int64_t after) {
    if (after <= before) return;
    const TimeGap gap{before, elapsed(after, before)};
    if (gaps_.size() == most && gap.length_us <= gaps_.back().length_us) return;
    const auto place =
        std::upper_bound(gaps_.begin(), gaps_.end(), gap,
                         [](const TimeGap& a, const TimeGap& b) { return a.length_us > b.length_us; });
    gaps_.insert(place, gap);
    if (gaps_.size() > most) gaps_.pop_back();
  }
  std::vector<TimeGap> found() const { return gaps_; }

 private:
  static constexpr std::size_t most = 5;
  std::vector<TimeGap> gaps_;
};

PixelCounts counts_for(const SensorInfo& sensor) {
  constexpr std::uint64_t most_places = std::uint64_t(1) << 22;
  PixelCounts counts;
  const auto places = [&counts](std::uint32_t pixels) { return (pixels + counts.side - 1) / counts.side; };
  do {
    counts.columns = places(std::max<std::uint32_t>(sensor.width, 1));
    counts.rows = places(std::max<std::uint32_t>(sensor.height, 1));
    if (std::uint64_t(counts.columns) * counts.rows <= most_places) break;
    counts.side *= 2;
  } while (true);
  counts.on.resize(std::size_t(counts.columns) * counts.rows);
  counts.off.resize(counts.on.size());
  return counts;
}

template <class T> double median(std::vector<T>& values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  const double upper = static_cast<double>(*middle);
  if (values.size() % 2 == 1) return upper;
  return (static_cast<double>(*std::max_element(values.begin(), middle)) + upper) / 2;
}

/// Events of the third busiest of the pixels around one; 0 where there are fewer.
std::uint64_t third_around(const PixelCounts& pixels, std::uint32_t column, std::uint32_t row) {
  std::vector<std::uint64_t> around;
  for (std::uint32_t y = row > 0 ? row - 1 : 0; y <= std::min(row + 1, pixels.rows - 1); ++y)
    for (std::uint32_t x = column > 0 ? column - 1 : 0; x <= std::min(column + 1, pixels.columns - 1); ++x)
      if (x != column || y != row) around.push_back(pixels.total(std::size_t(y) * pixels.columns + x));
  if (around.size() < 3) return 0;
  std::nth_element(around.begin(), around.begin() + 2, around.end(), std::greater());
  return around[2];
}

void find_hot_pixels(EventSummary& summary) {
  const PixelCounts& pixels = summary.pixels;
  std::vector<std::uint64_t> active;
  for (std::size_t i = 0; i < pixels.on.size(); ++i)
    if (pixels.total(i) > 0) active.push_back(pixels.total(i));
  summary.active_pixels = active.size();
  summary.median_of_active = median(active);
  if (pixels.side > 1 || summary.sensor.audio) return;
  const double bound = summary.median_of_active * double(hot_over_median);
  for (std::size_t i = 0; i < pixels.on.size(); ++i) {
    const std::uint64_t count = pixels.total(i);
    if (count < hot_least || double(count) <= bound) continue;
    const auto column = static_cast<std::uint32_t>(i % pixels.columns),
               row = static_cast<std::uint32_t>(i / pixels.columns);
    if (count <= hot_over_neighbours * third_around(pixels, column, row)) continue;
    summary.hot.push_back({{static_cast<std::uint16_t>(column), static_cast<std::uint16_t>(row)}, count});
  }
  std::stable_sort(summary.hot.begin(), summary.hot.end(),
                   [](const HotPixel& a, const HotPixel& b) { return a.events > b.events; });
}

/// Gathers what a summary holds, block by block.
class Summariser {
 public:
  explicit Summariser(const SensorInfo& sensor) {
    summary_.sensor = sensor;
    summary_.pixels = counts_for(sensor);
    shift_ = std::countr_zero(summary_.pixels.side);
    if (!sensor.audio) return;
    constexpr std::uint32_t most_rows = 350;  // a picture has no room for more
    summary_.channels_in_row = std::max(1u, (sensor.width + most_rows - 1) / most_rows);
    summary_.raster.emplace((sensor.width + summary_.channels_in_row - 1) / summary_.channels_in_row, 1024);
  }

  /// Events of one time go together: dense recordings have many of them.
  void add(std::span<const Event> block) {
    while (!block.empty()) {
      const std::int64_t t = block.front().t_us;
      std::size_t count = 0, on = 0;
      if (summary_.events == 0) begin(block.front());
      while (count < block.size() && block[count].t_us == t) on += place(block[count++]);
      add_time(t, count, on);
      block = block.subspan(count);
    }
  }

  EventSummary finish() {
    summary_.gaps = gaps_.found();
    const double mean_us =
        summary_.duration_s() * 1e6 / double(std::max<std::uint64_t>(summary_.events, 2) - 1);
    std::erase_if(summary_.gaps, [bound = std::max(100.0, 10 * mean_us)](const TimeGap& gap) {
      return !(double(gap.length_us) > bound);
    });
    for (PeakFinder& peak : peaks_) summary_.peaks.push_back(peak.best());
    find_hot_pixels(summary_);
    return std::move(summary_);
  }

 private:
  void begin(const Event& event) {
    summary_.t_first_us = summary_.t_min_us = summary_.t_max_us = summary_.t_last_us = event.t_us;
    summary_.x_min = summary_.x_max = event.x;
    summary_.y_min = summary_.y_max = event.y;
  }

  /// Where it is; returns its polarity.
  std::size_t place(const Event& event) {
    EventSummary& s = summary_;
    s.x_min = std::min(s.x_min, event.x);
    s.x_max = std::max(s.x_max, event.x);
    s.y_min = std::min(s.y_min, event.y);
    s.y_max = std::max(s.y_max, event.y);
    const std::size_t at = std::size_t(event.y >> shift_) * s.pixels.columns + (event.x >> shift_);
    ++(event.on != 0 ? s.pixels.on : s.pixels.off)[at];
    if (s.raster) s.raster->add(event.t_us, event.x / s.channels_in_row);
    return event.on;
  }

  void add_time(std::int64_t t_us, std::size_t count, std::size_t on) {
    EventSummary& s = summary_;
    s.events += count;
    s.on += on;
    if (t_us < s.t_last_us) ++s.out_of_order;
    gaps_.add(s.t_last_us, t_us);
    s.t_last_us = t_us;
    s.t_min_us = std::min(s.t_min_us, t_us);
    s.t_max_us = std::max(s.t_max_us, t_us);
    if (on > 0) s.rate.add(t_us, 1, on);
    if (on < count) s.rate.add(t_us, 0, count - on);
    for (PeakFinder& peak : peaks_) peak.add(t_us, count);
  }

  EventSummary summary_;
  int shift_ = 0;  ///< log2 of the side of a place
  std::array<PeakFinder, 2> peaks_{PeakFinder(1000), PeakFinder(10000)};
  GapFinder gaps_;
};

}  // namespace

// --- counts over time

TimeHistogram::TimeHistogram(std::size_t rows, std::size_t most_bins) : rows_(rows), most_bins_(most_bins) {}

double TimeHistogram::width_us() const { return std::ldexp(1.0, shift_); }

double TimeHistogram::start_us() const { return std::ldexp(static_cast<double>(first_), shift_); }

void TimeHistogram::add(std::int64_t t_us, std::size_t row, std::uint64_t events) {
  const std::int64_t bin = t_us >> shift_;
  if (bins_ == 0 || bin < first_ || elapsed(bin, first_) >= bins_) make_room(t_us);
  counts_[elapsed(t_us >> shift_, first_) * rows_ + row] += events;
}

/// Joins bins in pairs.
void TimeHistogram::halve() {
  const std::int64_t first = first_ >> 1;
  const std::int64_t last = (first_ + static_cast<std::int64_t>(bins_) - 1) >> 1;
  std::vector<std::uint64_t> joined(elapsed(last, first) * rows_ + rows_);
  for (std::size_t bin = 0; bin < bins_; ++bin) {
    const std::size_t to = elapsed((first_ + static_cast<std::int64_t>(bin)) >> 1, first);
    for (std::size_t row = 0; row < rows_; ++row) joined[to * rows_ + row] += counts_[bin * rows_ + row];
  }
  counts_ = std::move(joined);
  bins_ = elapsed(last, first) + 1;
  first_ = first;
  ++shift_;
}

void TimeHistogram::make_room(std::int64_t t_us) {
  if (bins_ == 0) {
    first_ = t_us >> shift_;
    bins_ = 1;
    counts_.assign(rows_, 0);
    return;
  }
  const auto span_with = [this](std::int64_t bin) {
    const std::int64_t last = first_ + static_cast<std::int64_t>(bins_) - 1;
    return elapsed(std::max(last, bin), std::min(first_, bin));
  };
  while (span_with(t_us >> shift_) >= most_bins_) halve();
  const std::int64_t bin = t_us >> shift_;
  if (bin < first_) {
    counts_.insert(counts_.begin(), elapsed(first_, bin) * rows_, 0);
    bins_ += elapsed(first_, bin);
    first_ = bin;
  }
  const std::size_t needed = elapsed(bin, first_) + 1;
  if (needed <= bins_) return;
  bins_ = needed;
  counts_.resize(bins_ * rows_);
}

double EventSummary::duration_s() const { return static_cast<double>(elapsed(t_max_us, t_min_us)) * 1e-6; }

double EventSummary::mean_rate_hz() const {
  const double seconds = duration_s();
  return seconds > 0 ? static_cast<double>(events) / seconds : 0;
}

PixelCounts count_pixels(std::span<const Event> events, const SensorInfo& sensor) {
  PixelCounts counts = counts_for(sensor);
  for (const Event& event : events)
    if (event.x < sensor.width && event.y < sensor.height)
      ++(event.on != 0 ? counts.on
                       : counts.off)[event.y / counts.side * counts.columns + event.x / counts.side];
  return counts;
}

EventSummary summarise(EventReader& reader) {
  Summariser summariser(reader.sensor());
  std::vector<Event> block(std::size_t(1) << 14);
  for (std::size_t n = reader.read(block); n > 0; n = reader.read(block))
    summariser.add(std::span(block).first(n));
  EventSummary summary = summariser.finish();
  summary.sensor = reader.sensor();
  summary.lost = reader.lost();
  summary.warnings = reader.warnings();
  return summary;
}

}  // namespace synfire
