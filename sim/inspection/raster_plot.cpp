#include "sim/inspection/raster_plot.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/error.hpp"

namespace synfire {
namespace {

using plot::Align;
using plot::Box;
using plot::Colour;
using plot::Point;

constexpr double page_width = 560, left = 58, right = 92, top = 14, bottom = 36, gap = 10;
constexpr double plot_width = page_width - left - right;
constexpr double rasters_height = 270, least_raster = 34, rates_height = 84, trace_height = 62;
constexpr std::size_t most_panels = 64, most_marks = 20000, most_bins = 220;
constexpr Colour grey{0.45, 0.45, 0.45};

/// "12,500"
std::string grouped(std::uint64_t count) {
  std::string text = fmt::format("{}", count);
  for (std::size_t k = 3; k < text.size(); k += 4)
    text.insert(text.end() - static_cast<std::ptrdiff_t>(k), ',');
  return text;
}

/// The text cut to what fits, with an ellipsis.
std::string fitted(const plot::Drawing& drawing, const std::string& text, double width,
                   const plot::TextStyle& style) {
  if (drawing.text_width(text, style) <= width) return text;
  std::string cut = text.substr(0, 200);
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
  while (!cut.empty() && drawing.text_width(cut + "…", style) > width) {
    while (cut.size() > 1 && continues(cut.back())) cut.pop_back();
    cut.pop_back();
  }
  return cut + "…";
}

/// Heights of the rasters: in proportion to the square root of their neurons, none too small to see.
std::vector<double> raster_heights(const RasterPlan& plan) {
  double sum = 0;
  for (const auto& p : plan.populations)
    sum += std::sqrt(static_cast<double>(std::max<std::uint64_t>(p.neurons, 1)));
  std::vector<double> heights;
  for (const auto& p : plan.populations) {
    const double share = std::sqrt(static_cast<double>(std::max<std::uint64_t>(p.neurons, 1))) / sum;
    heights.push_back(std::max(least_raster, rasters_height * share));
  }
  return heights;
}

/// The steps of a histogram as a line; `bin` is a bin's width on the page.
std::vector<Point> steps_of(const std::vector<double>& rates, const Box& box, double bin, plot::Range range) {
  std::vector<Point> points;
  for (std::size_t k = 0; k < rates.size(); ++k) {
    const double y = range.place(rates[k], box.bottom(), -box.height);
    points.push_back({box.left + static_cast<double>(k) * bin, y});
    points.push_back({box.left + static_cast<double>(k + 1) * bin, y});
  }
  return points;
}

/// A range with some air above and below.
plot::Range around(double low, double high, double share) {
  if (!(high >= low)) return {0, 1};
  const double air = high > low ? (high - low) * share : std::max(1.0, std::abs(high) * 0.1);
  return {low - air, high + air};
}

}  // namespace

RasterFigure::Layout RasterFigure::arrange(const RasterPlan& plan) {
  if (plan.populations.size() + plan.traces.size() > most_panels)
    throw Error(ErrorKind::usage,
                fmt::format("a picture of {} populations and {} reports is too full (at most {} "
                            "together); choose some with --population",
                            plan.populations.size(), plan.traces.size(), most_panels));
  Layout layout;
  double y = top;
  for (const double height : raster_heights(plan)) {
    layout.rasters.push_back({left, y, plot_width, height});
    y += height + gap;
  }
  if (!plan.populations.empty()) {
    layout.rates = {left, y + gap, plot_width, rates_height};
    y = layout.rates.bottom() + gap;
  }
  for (std::size_t k = 0; k < plan.traces.size(); ++k) {
    layout.traces.push_back({left, y + gap, plot_width, trace_height});
    y = layout.traces.back().bottom() + gap;
  }
  layout.height = y - gap + bottom;
  return layout;
}

RasterFigure::RasterFigure(const std::string& path, RasterPlan plan, bool overwrite)
    : plan_(std::move(plan)),
      in_seconds_(plan_.window.length_ms() >= 5000),
      layout_(arrange(plan_)),
      drawing_(path, page_width, layout_.height, {.overwrite = overwrite, .pixels_per_point = 3}),
      bin_ms_(histogram_bin_ms(plan_.window, most_bins, plan_.dt_ms)),
      rates_(plan_.populations.size()) {}

std::size_t RasterFigure::columns() const { return static_cast<std::size_t>(plot_width * 2); }

Colour RasterFigure::colour(std::size_t index) const {
  return plot::palette()[index % plot::palette().size()];
}

double RasterFigure::time_of(double time_ms) const { return in_seconds_ ? time_ms * 1e-3 : time_ms; }

plot::Range RasterFigure::time_range() const {
  return {time_of(plan_.window.from_ms), time_of(plan_.window.until_ms)};
}

void RasterFigure::draw_time_axis(const Box& box, bool last) {
  plot::draw_bottom_axis(drawing_, box,
                         {.range = time_range(),
                          .label = last ? (in_seconds_ ? "Time (s)" : "Time (ms)") : "",
                          .ticks = 8,
                          .numbers = last});
}

void RasterFigure::draw_name(const Box& box, const std::string& name, const std::string& below,
                             Colour colour) {
  const plot::TextStyle style{
      .size = 9.5, .colour = colour, .across = Align::start, .down = Align::middle, .bold = true};
  const double x = box.right() + 9, y = box.top + box.height / 2;
  drawing_.text({x, y - 6}, fitted(drawing_, name, right - 14, style), style);
  drawing_.text({x, y + 6.5}, below,
                {.size = 8, .colour = grey, .across = Align::start, .down = Align::middle});
}

void RasterFigure::draw_spikes(const Box& box, const SpikeView& spikes, Colour colour) {
  const double row = box.height / static_cast<double>(std::max<std::uint64_t>(spikes.neurons, 1));
  const plot::Range time{plan_.window.from_ms, plan_.window.until_ms};
  std::vector<Point> points;
  for (std::size_t k = 0; k < spikes.ids.size(); ++k)
    if (plan_.window.holds(spikes.times_ms[k]))
      points.push_back({time.place(spikes.times_ms[k], box.left, box.width),
                        box.bottom() - (static_cast<double>(spikes.ids[k]) + 0.5) * row});
  if (row >= 2.4) {
    drawing_.ticks(points, std::min(row * 0.78, 12.0), {colour, 0.9});
  } else {
    const double crowd = std::sqrt(static_cast<double>(points.size()) / (box.width * box.height));
    drawing_.dots(points, std::clamp(0.9 / std::max(crowd, 0.1), 0.75, 2.0), colour);
  }
}

void RasterFigure::draw_density(const Box& box, const SpikeView& spikes, Colour colour) {
  constexpr double pixels = 2;  // a point
  const Density density = spike_density(spikes, plan_.window, static_cast<std::size_t>(box.width * pixels),
                                        static_cast<std::size_t>(box.height * pixels));
  // Single spikes must show; where most cells have some, differences in number must.
  const double scale = std::max(0.8, typical_count(density, 0.9) / 2.0);
  plot::Image image{density.columns, density.rows, {}};
  image.pixels.reserve(density.counts.size());
  for (const std::uint32_t count : density.counts) {
    const double ink = 1 - std::exp(-static_cast<double>(count) / scale);
    image.pixels.push_back({colour.red, colour.green, colour.blue, ink});
  }
  drawing_.image(box, image);
}

void RasterFigure::draw_population(std::size_t index, const SpikeView& spikes) {
  const Box& box = layout_.rasters.at(index);
  const auto& population = plan_.populations[index];
  const auto shown = static_cast<std::size_t>(std::count_if(spikes.times_ms.begin(), spikes.times_ms.end(),
                                                            [&](double t) { return plan_.window.holds(t); }));
  {
    const plot::Drawing::Clip clip(drawing_, box);
    if (shown <= most_marks)
      draw_spikes(box, spikes, colour(index));
    else
      draw_density(box, spikes, colour(index));
  }
  const double neurons = static_cast<double>(std::max<std::uint64_t>(population.neurons, 1));
  const int ticks = std::clamp(static_cast<int>(box.height / 16), 2, 5);
  plot::draw_left_axis(drawing_, box, {.range = {0, neurons}, .label = "", .ticks = ticks});
  draw_time_axis(box, false);
  draw_name(box, population.name.empty() ? "spikes" : population.name,
            grouped(population.neurons) + (population.neurons == 1 ? " neuron" : " neurons"), colour(index));
  rates_[index] = rate_in_bins(spikes, plan_.window, bin_ms_);
}

void RasterFigure::draw_traces(std::size_t index, const std::vector<TraceLine>& lines) {
  const Box& box = layout_.traces.at(index);
  const auto& trace = plan_.traces[index];
  std::size_t owner = 0;
  while (owner < plan_.populations.size() && plan_.populations[owner].name != trace.population) ++owner;
  double low = HUGE_VAL, high = -HUGE_VAL;
  for (const auto& line : lines)
    for (const double value : line.values)
      if (std::isfinite(value)) low = std::min(low, value), high = std::max(high, value);
  const plot::Range range = around(low, high, 0.06), time{plan_.window.from_ms, plan_.window.until_ms};
  const auto most = static_cast<double>(std::max<std::size_t>(lines.size(), 2) - 1);
  for (std::size_t k = lines.size(); k-- > 0;) {
    const plot::Drawing::Clip clip(drawing_, box);
    std::vector<Point> points;
    for (std::size_t i = 0; i < lines[k].values.size(); ++i)
      points.push_back({time.place(lines[k].times_ms[i], box.left, box.width),
                        range.place(lines[k].values[i], box.bottom(), -box.height)});
    drawing_.polyline(points, {plot::lighter(colour(owner), 0.65 * static_cast<double>(k) / most), 0.8});
  }
  const std::string unit = trace.units.empty() || trace.units == "1" ? "" : fmt::format(" ({})", trace.units);
  plot::draw_left_axis(
      drawing_, box,
      {.range = range, .label = (trace.variable.empty() ? "value" : trace.variable) + unit, .ticks = 4}, 38);
  draw_time_axis(box, index + 1 == layout_.traces.size());
  draw_name(box, trace.population, fmt::format("{} trace{}", lines.size(), lines.size() == 1 ? "" : "s"),
            colour(owner));
}

void RasterFigure::draw_rates() {
  const Box& box = layout_.rates;
  double most = 0;
  for (const auto& rates : rates_)
    for (const double rate : rates) most = std::max(most, rate);
  const plot::Range range{0, most > 0 ? most * 1.06 : 1};
  const double bin = box.width * bin_ms_ / plan_.window.length_ms();
  for (std::size_t k = 0; k < rates_.size(); ++k) {
    const auto points = steps_of(rates_[k], box, bin, range);
    Colour fill = colour(k);
    fill.alpha = rates_.size() == 1 ? 0.3 : 0.12;
    if (rates_.size() <= 3) drawing_.area(points, box.bottom(), fill);  // more would mix into mud
    drawing_.polyline(points, {colour(k), 0.8});
  }
  plot::draw_left_axis(drawing_, box, {.range = range, .label = "Rate (Hz)", .ticks = 4}, 38);
  draw_time_axis(box, layout_.traces.empty());
  drawing_.text({box.right() + 9, box.top + box.height / 2}, fmt::format("bins of {:g} ms", bin_ms_),
                {.size = 8, .colour = grey, .across = Align::start, .down = Align::middle});
}

void RasterFigure::save() {
  if (!layout_.rasters.empty()) {
    draw_rates();
    const double centre = (layout_.rasters.front().top + layout_.rasters.back().bottom()) / 2;
    drawing_.text({left - 38, centre}, "Neuron",
                  {.size = 9, .across = Align::middle, .down = Align::end, .upwards = true});
  }
  drawing_.save();
}

}  // namespace synfire
