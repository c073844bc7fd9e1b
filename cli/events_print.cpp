#include "cli/events_print.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "cli/terminal.hpp"
#include "io/text.hpp"

namespace synfire::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string line(const char* name, const std::string& value) {
  return fmt::format("{:<9} {}\n", name, value);
}

/// Sensor time as time since the earliest event.
std::string since_start(const EventSummary& summary, std::int64_t t_us) {
  return format_seconds((static_cast<double>(t_us) - static_cast<double>(summary.t_min_us)) * 1e-6);
}

std::string format_line(const EventSummary& summary) {
  const SensorInfo& sensor = summary.sensor;
  std::string text = sensor.format;
  if (!sensor.name.empty()) text += ", " + printable(sensor.name);
  text += sensor.audio ? fmt::format(", {} channels", sensor.width)
                       : fmt::format(", {} × {} pixels", sensor.width, sensor.height);
  if (sensor.samples > 1) text += fmt::format("; one of {} recordings in the file", sensor.samples);
  if (sensor.label) text += fmt::format("; label {}", *sensor.label);
  if (sensor.label && *sensor.label >= 0 && std::cmp_less(*sensor.label, sensor.classes.size()))
    text += fmt::format(" ({})", printable(sensor.classes[static_cast<std::size_t>(*sensor.label)]));
  return text;
}

std::string rate_line(const EventSummary& summary) {
  std::string text = fmt::format("{} events/s on average", format_count(summary.mean_rate_hz()));
  for (const PeakRate& peak : summary.peaks)
    text += fmt::format("; at most {} in {} ({}/s), {} after the start", peak.events,
                        format_seconds(double(peak.window_us) * 1e-6),
                        format_count(double(peak.events) * 1e6 / double(peak.window_us)),
                        since_start(summary, std::max(peak.start_us, summary.t_min_us)));
  return text;
}

std::string pixels_line(const EventSummary& summary) {
  const PixelCounts& pixels = summary.pixels;
  std::string what = summary.sensor.audio ? "channels" : "pixels";
  if (pixels.side > 1) what = fmt::format("squares of {} × {} pixels", pixels.side, pixels.side);
  return fmt::format("{} of {} {}, the median of these with {:g} events", summary.active_pixels,
                     pixels.on.size(), what, summary.median_of_active);
}

std::string hot_line(const EventSummary& summary) {
  if (summary.hot.empty()) return "none";
  constexpr std::size_t most = 8;
  std::vector<std::string> named;
  for (const HotPixel& hot : std::span(summary.hot).first(std::min(most, summary.hot.size())))
    named.push_back(fmt::format("{},{} ({} events)", hot.where.x, hot.where.y, hot.events));
  const bool more = summary.hot.size() > most;
  return fmt::format("{}: {}{}", summary.hot.size(), fmt::join(named, ", "), more ? ", …" : "");
}

std::string gaps_line(const EventSummary& summary) {
  std::vector<std::string> named;
  for (const TimeGap& gap : summary.gaps)
    named.push_back(fmt::format("{} from {} on", format_seconds(double(gap.length_us) * 1e-6),
                                since_start(summary, gap.start_us)));
  return named.empty() ? "none" : fmt::format("{}", fmt::join(named, ", "));
}

Json channel_counts(const EventSummary& summary) {
  Json counts = Json::array();
  for (std::size_t place = 0; place < summary.pixels.on.size(); ++place)
    counts.push_back(summary.pixels.total(place));
  return counts;
}

Json details(const EventSummary& summary) {
  Json peaks = Json::array(), gaps = Json::array(), hot = Json::array();
  for (const PeakRate& peak : summary.peaks)
    peaks.push_back({{"window_us", peak.window_us}, {"events", peak.events}, {"start_us", peak.start_us}});
  for (const TimeGap& gap : summary.gaps)
    gaps.push_back({{"start_us", gap.start_us}, {"length_us", gap.length_us}});
  for (const HotPixel& pixel : summary.hot)
    hot.push_back({{"x", pixel.where.x}, {"y", pixel.where.y}, {"events", pixel.events}});
  return {{"peaks", peaks}, {"gaps", gaps}, {"hot_pixels", hot}};
}

}  // namespace

std::string summary_text(const std::string& path, const EventSummary& summary) {
  std::string text = printable(path) + "\n" + line("format", format_line(summary));
  if (summary.events == 0) return text + line("events", "none");
  text += line("events", summary.sensor.audio ? fmt::format("{}", summary.events)
                                              : fmt::format("{}: {} on, {} off", summary.events, summary.on,
                                                            summary.events - summary.on));
  text += line("time", fmt::format("{} to {} µs: {}", summary.t_first_us, summary.t_last_us,
                                   format_seconds(summary.duration_s())));
  text += line("x, y",
               fmt::format("{} to {}, {} to {}", summary.x_min, summary.x_max, summary.y_min, summary.y_max));
  text += line("rate", rate_line(summary));
  text += line("active", pixels_line(summary));
  if (!summary.sensor.audio) text += line("hot", hot_line(summary));
  text += line("gaps", gaps_line(summary));
  text += line("order", summary.out_of_order == 0
                            ? "times never step back"
                            : fmt::format("{} events come before the one before them", summary.out_of_order));
  text += line("lost", summary.lost == 0 ? "none" : fmt::format("{} events", summary.lost));
  return text;
}

std::string summary_json(const EventSummary& summary) {
  Json json = {{"format", summary.sensor.format},
               {"sensor", summary.sensor.name},
               {"events", summary.events},
               {"on", summary.on},
               {"width", summary.sensor.width},
               {"height", summary.sensor.height},
               {"t_first_us", summary.t_first_us},
               {"t_last_us", summary.t_last_us},
               {"duration_us",
                static_cast<std::uint64_t>(summary.t_max_us) - static_cast<std::uint64_t>(summary.t_min_us)},
               {"x_min", summary.x_min},
               {"x_max", summary.x_max},
               {"y_min", summary.y_min},
               {"y_max", summary.y_max},
               {"out_of_order", summary.out_of_order},
               {"lost", summary.lost},
               {"rate_hz", summary.mean_rate_hz()},
               {"active_pixels", summary.active_pixels},
               {"median_events_of_active", summary.median_of_active}};
  json.update(details(summary));
  json["samples"] = summary.sensor.samples;
  if (summary.sensor.label) json["label"] = *summary.sensor.label;
  if (summary.sensor.audio) json["channels"] = channel_counts(summary);
  json["warnings"] = summary.warnings;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string conversion_text(const std::string& output, const ConversionReport& report) {
  std::string text = printable(output) + ": ";
  if (report.frames > 0) text += fmt::format("{} frames of ", report.frames);
  text += fmt::format("{} events", report.written);
  if (report.format != "frames") text += " as " + report.format;
  text += fmt::format(", {} × {}", report.extent.width, report.extent.height);
  if (report.dropped > 0) text += fmt::format("; {} dropped by filters", report.dropped);
  if (report.hot_pixels) text += fmt::format("; hot pixels dropped: {}", *report.hot_pixels);
  if (report.lost > 0) text += fmt::format("; {} lost", report.lost);
  return text + "\n";
}

}  // namespace synfire::cli
