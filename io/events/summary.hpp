// What a recording holds: counts, times, rates, hot pixels, gaps; gathered in one pass and bounded memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/events/event_reader.hpp"
#include "io/events/filters.hpp"

namespace synfire {

/// Counts over time in bins of equal width, of which there are never more than a given number: when time goes
/// on, neighbours are joined and the width doubles. Bins lie at multiples of their width.
class TimeHistogram {
 public:
  TimeHistogram(std::size_t rows, std::size_t most_bins);

  void add(std::int64_t t_us, std::size_t row, std::uint64_t events = 1);

  std::size_t rows() const { return rows_; }
  std::size_t bins() const { return bins_; }
  /// Width of a bin, µs; a power of two.
  double width_us() const;
  /// Where the first bin begins.
  double start_us() const;
  std::uint64_t count(std::size_t bin, std::size_t row) const { return counts_[bin * rows_ + row]; }

 private:
  void make_room(std::int64_t t_us);
  void halve();

  std::size_t rows_, most_bins_, bins_ = 0;
  int shift_ = 0;           ///< log2 of the width in µs
  std::int64_t first_ = 0;  ///< number of the first bin: t_us >> shift_
  std::vector<std::uint64_t> counts_;
};

/// Events at each place of the sensor; a place is one pixel, or a square of pixels where a sensor has more
/// than 2^22 of them.
struct PixelCounts {
  std::uint32_t side = 1;  ///< of a place, pixels
  std::uint32_t columns = 0, rows = 0;
  std::vector<std::uint64_t> on, off;

  std::uint64_t total(std::size_t place) const { return on[place] + off[place]; }
};

struct HotPixel {
  Pixel where;
  std::uint64_t events = 0;
};

/// The busiest stretch of a given length.
struct PeakRate {
  std::int64_t window_us = 0;
  std::uint64_t events = 0;   ///< in the window
  std::int64_t start_us = 0;  ///< sensor time
};

struct TimeGap {
  std::int64_t start_us = 0;    ///< sensor time of the event before
  std::uint64_t length_us = 0;  ///< until the event after
};

/// `t_first_us` and `t_last_us` are the times of the first and last event of the file; where events are out
/// of order, `t_min_us` and `t_max_us` may lie outside. All are 0 without events.
struct EventSummary {
  SensorInfo sensor;
  std::uint64_t events = 0, on = 0, out_of_order = 0, lost = 0;
  std::int64_t t_first_us = 0, t_last_us = 0, t_min_us = 0, t_max_us = 0;
  std::uint16_t x_min = 0, x_max = 0, y_min = 0, y_max = 0;
  std::vector<PeakRate> peaks;  ///< of windows of 1 ms and 10 ms
  /// The longest, at most 5, longest first: above 100 µs and ten times the mean time between events.
  std::vector<TimeGap> gaps;
  std::uint64_t active_pixels = 0;
  double median_of_active = 0;          ///< events of the median active pixel
  std::vector<HotPixel> hot;            ///< most events first; none where a place is not one pixel
  PixelCounts pixels;                   ///< in a recording of a cochlea: one row, a column for each channel
  TimeHistogram rate{2, 4096};          ///< row 0: off, row 1: on
  std::optional<TimeHistogram> raster;  ///< of a cochlea: rows are (groups of) channels
  std::uint32_t channels_in_row = 1;    ///< of the raster
  std::vector<std::string> warnings;

  double duration_s() const;
  /// Events a second, on average; 0 when all come at one time.
  double mean_rate_hz() const;
};

/// A pixel is hot when it has at least 16 events, more than ten times as many as the median of the pixels
/// that have any, and more than three times as many as the third busiest of those around it: a lamp or an
/// edge makes a patch of busy pixels, defects stand alone or in pairs.
inline constexpr std::uint64_t hot_least = 16, hot_over_median = 10, hot_over_neighbours = 3;

/// Events inside a sensor, by place.
PixelCounts count_pixels(std::span<const Event> events, const SensorInfo& sensor);

/// Reads a recording to its end. Errors: as EventReader::read.
EventSummary summarise(EventReader& reader);

}  // namespace synfire
