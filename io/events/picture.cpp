#include "io/events/picture.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace synfire {

namespace {

using plot::Box;
using plot::Colour;

Colour on_colour() { return plot::palette()[0]; }
Colour off_colour() { return plot::palette()[1]; }

/// Ink on white paper, from none (0) to full (1), of a colour between on and off.
Colour inked(double ink, double share_on) {
  const Colour on = on_colour(), off = off_colour();
  const auto mixed = [&](double with_on, double with_off) {
    return 1 - ink * (1 - share_on * with_on - (1 - share_on) * with_off);
  };
  return {mixed(on.red, off.red), mixed(on.green, off.green), mixed(on.blue, off.blue)};
}

/// Logarithmic, so that rare events show beside frequent ones; full for the count that one place in a hundred
/// of those with any exceeds, so that a hot pixel does not make all others pale.
class Ink {
 public:
  explicit Ink(std::vector<std::uint64_t> counts) {
    std::erase(counts, 0U);
    if (counts.empty()) return;
    const auto at = counts.begin() + static_cast<std::ptrdiff_t>((counts.size() - 1) * 99 / 100);
    std::nth_element(counts.begin(), at, counts.end());
    full_ = std::log1p(static_cast<double>(*at));
  }
  double operator()(std::uint64_t count) const {
    return std::min(1.0, std::log1p(static_cast<double>(count)) / full_);
  }

 private:
  double full_ = 1;
};

/// The same counts with squares of places joined.
PixelCounts joined(const PixelCounts& pixels, std::size_t most) {
  const std::size_t longest = std::max(pixels.columns, pixels.rows);
  const auto side = static_cast<std::uint32_t>((longest + most - 1) / most);
  if (side <= 1) return pixels;
  PixelCounts result{
      pixels.side * side, (pixels.columns + side - 1) / side, (pixels.rows + side - 1) / side, {}, {}};
  result.on.resize(std::size_t(result.columns) * result.rows);
  result.off.resize(result.on.size());
  for (std::size_t y = 0; y < pixels.rows; ++y)
    for (std::size_t x = 0; x < pixels.columns; ++x) {
      const std::size_t to = y / side * result.columns + x / side, from = y * pixels.columns + x;
      result.on[to] += pixels.on[from];
      result.off[to] += pixels.off[from];
    }
  return result;
}

constexpr double left_margin = 52, gap = 64, panel_height = 240, top = 34, bottom_margin = 40;

/// The largest box of the sensor's proportions inside another one.
Box fitted(const Box& outer, double columns, double rows) {
  const double scale = std::min(outer.width / columns, outer.height / rows);
  const double width = std::max(columns * scale, 3.0), height = std::max(rows * scale, 3.0);
  return {outer.left + (outer.width - width) / 2, outer.top + (outer.height - height) / 2, width, height};
}

struct TimeAxis {
  plot::Axis axis;
  double start_us, scale;  ///< axis value = (t - start) * scale
};

TimeAxis time_axis(const EventSummary& summary) {
  const double duration_us = std::max(summary.duration_s() * 1e6, 1.0);
  const double start_us = static_cast<double>(summary.t_min_us);
  if (duration_us >= 2e6) return {{.range = {0, duration_us * 1e-6}, .label = "time (s)"}, start_us, 1e-6};
  return {{.range = {0, duration_us * 1e-3}, .label = "time (ms)"}, start_us, 1e-3};
}

/// Rates of one row in groups of bins, as points of a box.
class RateLines {
 public:
  RateLines(const TimeHistogram& rate, std::size_t most_points) : rate_(rate) {
    together_ = std::max<std::size_t>(1, (rate.bins() + most_points - 1) / most_points);
    for (std::size_t bin = 0; bin < rate.bins(); bin += together_)
      for (std::size_t row = 0; row < rate.rows(); ++row) highest_ = std::max(highest_, value(bin, row));
  }
  double highest() const { return highest_; }
  std::vector<plot::Point> points(std::size_t row, const TimeAxis& time, const plot::Range& rates,
                                  const Box& box) const {
    std::vector<plot::Point> line;
    for (std::size_t bin = 0; bin < rate_.bins(); bin += together_) {
      const double middle = (double(bin) + double(together_) / 2) * rate_.width_us() + rate_.start_us();
      line.push_back({time.axis.range.place((middle - time.start_us) * time.scale, box.left, box.width),
                      rates.place(value(bin, row), box.bottom(), -box.height)});
    }
    return line;
  }

 private:
  /// Events a second.
  double value(std::size_t first, std::size_t row) const {
    const std::size_t end = std::min(first + together_, rate_.bins());
    std::uint64_t count = 0;
    for (std::size_t bin = first; bin < end; ++bin) count += rate_.count(bin, row);
    return static_cast<double>(count) / (double(end - first) * rate_.width_us() * 1e-6);
  }

  const TimeHistogram& rate_;
  std::size_t together_ = 1;
  double highest_ = 0;
};

void draw_rate(plot::Drawing& drawing, const Box& box, const EventSummary& summary) {
  const TimeAxis time = time_axis(summary);
  const RateLines lines(summary.rate, 200);
  const double highest = lines.highest() > 0 ? lines.highest() * 1.05 : 1;
  const bool thousands = highest >= 2000;
  const plot::Range rates{0, highest};
  {
    const plot::Drawing::Clip clip(drawing, box);
    if (!summary.sensor.audio) drawing.polyline(lines.points(0, time, rates, box), {off_colour(), 1});
    drawing.polyline(lines.points(1, time, rates, box), {on_colour(), 1});
  }
  plot::draw_bottom_axis(drawing, box, time.axis);
  const plot::Range shown{0, thousands ? highest * 1e-3 : highest};
  const std::string what = summary.sensor.audio ? "spikes" : "events";
  plot::draw_left_axis(drawing, box,
                       {.range = shown, .label = thousands ? what + " per ms" : what + " per s"}, 40);
}

void draw_legend(plot::Drawing& drawing, const Box& box) {
  const std::array<std::pair<const char*, Colour>, 2> entries{{{"on", on_colour()}, {"off", off_colour()}}};
  double x = box.right();
  for (const auto& [name, colour] : entries) {
    drawing.text({x, box.top - 5}, name, {.colour = colour, .across = plot::Align::end, .bold = true});
    x -= 30;
  }
}

void draw_camera(const std::string& path, const EventSummary& summary, const std::string& title,
                 bool overwrite) {
  const Box left{14, top, 300, panel_height};
  const Box right{left.right() + gap, top, 300, panel_height};
  plot::Drawing drawing(path, right.right() + 16, left.bottom() + bottom_margin, {.overwrite = overwrite});
  drawing.text({left.left, 15}, title, {.size = 9.5, .bold = true});
  const Box sensor =
      fitted(left, std::max<double>(summary.sensor.width, 1), std::max<double>(summary.sensor.height, 1));
  drawing.rectangle({sensor.left - 0.5, sensor.top - 0.5, sensor.width + 1, sensor.height + 1},
                    {0.6, 0.6, 0.6});
  drawing.image(sensor, event_image(summary.pixels));
  drawing.text(
      {left.left + left.width / 2, left.bottom() + 8},
      fmt::format("{} × {} pixels, {} events", summary.sensor.width, summary.sensor.height, summary.events),
      {.across = plot::Align::middle, .down = plot::Align::start});
  draw_rate(drawing, right, summary);
  draw_legend(drawing, right);
  drawing.save();
}

void draw_cochlea(const std::string& path, const EventSummary& summary, const std::string& title,
                  bool overwrite) {
  const Box raster{left_margin, top, 460, panel_height};
  const Box rate{left_margin, raster.bottom() + 22, raster.width, 80};
  plot::Drawing drawing(path, raster.right() + 16, rate.bottom() + bottom_margin, {.overwrite = overwrite});
  drawing.text({left_margin, 15}, title, {.size = 9.5, .bold = true});
  const TimeAxis time = time_axis(summary);
  const TimeHistogram& bins = summary.raster.value();
  const auto place = [&](double t_us) {
    return time.axis.range.place((t_us - time.start_us) * time.scale, raster.left, raster.width);
  };
  const double begin = place(bins.start_us()),
               end = place(bins.start_us() + double(bins.bins()) * bins.width_us());
  {
    const plot::Drawing::Clip clip(drawing, raster);
    drawing.image({begin, raster.top, end - begin, raster.height}, raster_image(bins));
  }
  plot::Axis no_numbers = time.axis;
  no_numbers.numbers = false;
  no_numbers.label.clear();
  plot::draw_bottom_axis(drawing, raster, no_numbers);
  plot::draw_left_axis(drawing, raster,
                       {.range = {0, std::max<double>(summary.sensor.width, 1)}, .label = "channel"}, 40);
  draw_rate(drawing, rate, summary);
  drawing.save();
}

}  // namespace

plot::Image event_image(const PixelCounts& all, std::size_t most_pixels) {
  const PixelCounts pixels = joined(all, most_pixels);
  std::vector<std::uint64_t> totals(pixels.on.size());
  for (std::size_t i = 0; i < totals.size(); ++i) totals[i] = pixels.total(i);
  const Ink ink(totals);
  plot::Image image{pixels.columns, pixels.rows, {}};
  image.pixels.reserve(pixels.on.size());
  for (std::size_t i = 0; i < pixels.on.size(); ++i)
    image.pixels.push_back(
        inked(ink(totals[i]), double(pixels.on[i]) / double(std::max<std::uint64_t>(totals[i], 1))));
  return image;
}

plot::Image raster_image(const TimeHistogram& raster) {
  plot::Image image{raster.bins(), raster.rows(), {}};
  image.pixels.reserve(raster.bins() * raster.rows());
  std::vector<std::uint64_t> counts;
  counts.reserve(raster.bins() * raster.rows());
  for (std::size_t row = raster.rows(); row-- > 0;)
    for (std::size_t bin = 0; bin < raster.bins(); ++bin) counts.push_back(raster.count(bin, row));
  const Ink ink(counts);
  for (const std::uint64_t count : counts) image.pixels.push_back(inked(ink(count), 1));
  return image;
}

void draw_summary(const std::string& path, const EventSummary& summary, const std::string& title,
                  bool overwrite) {
  const bool cochlea = summary.sensor.audio && summary.raster && summary.raster->bins() > 0;
  if (cochlea) return draw_cochlea(path, summary, title, overwrite);
  draw_camera(path, summary, title, overwrite);
}

}  // namespace synfire
