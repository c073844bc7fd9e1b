#include "cli/event_options.hpp"

#include <cmath>

#include <CLI/CLI.hpp>
#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>
#include <fmt/format.h>

#include "core/error.hpp"
#include "core/quantity.hpp"
#include "io/text.hpp"

namespace synfire::cli {
namespace {

[[noreturn]] void refuse(const std::string& option, const std::string& text, const char* wanted) {
  throw Error(ErrorKind::usage, fmt::format("{}: '{}' is not {}", option, text, wanted));
}

std::vector<std::string> parts_of(const std::string& text, const char* separator) {
  std::vector<std::string> parts;
  boost::algorithm::split(parts, text, boost::algorithm::is_any_of(separator));
  return parts;
}

Crop parse_crop(const std::string& text) {
  const auto parts = parts_of(text, ",");
  std::vector<std::uint32_t> numbers;
  for (const auto& part : parts) {
    double value = 0;
    if (!parse_number(part, value) || value < 0 || value > 65535 || value != std::floor(value)) break;
    numbers.push_back(static_cast<std::uint32_t>(value));
  }
  if (parts.size() != 4 || numbers.size() != 4) refuse("--crop", text, "X,Y,WIDTH,HEIGHT");
  return {.x = numbers[0], .y = numbers[1], .width = numbers[2], .height = numbers[3]};
}

TimeWindow parse_window(const std::string& text) {
  const auto parts = parts_of(text, ":");
  if (parts.size() != 2) refuse("--window", text, "FROM:UNTIL, such as '10 ms:2 s', '1 s:' or ':1 s'");
  TimeWindow window;
  if (!parts[0].empty()) window.from_us = parse_time_us(parts[0], "--window");
  if (!parts[1].empty()) window.until_us = parse_time_us(parts[1], "--window");
  return window;
}

Polarity parse_polarity(const std::string& text) {
  if (text == "on") return {Polarity::Keep::on};
  if (text == "off") return {Polarity::Keep::off};
  if (text == "merged") return {Polarity::Keep::merged};
  refuse("--polarity", text, "on, off or merged");
}

Flip parse_flip(const std::string& text) {
  if (text != "x" && text != "y" && text != "xy") refuse("--flip", text, "x, y or xy");
  Flip flip;
  flip.x = text != "y";
  flip.y = text != "x";
  return flip;
}

Downsample parse_downsample(const std::string& text) {
  double value = 0;
  if (!parse_number(text, value) || !(value >= 1 && value <= 65535) || value != std::floor(value))
    refuse("--downsample", text, "a whole number from 1 on");
  return {static_cast<std::uint32_t>(value)};
}

TimeScale parse_time_scale(const std::string& text) {
  double value = 0;
  if (!parse_number(text, value)) refuse("--time-scale", text, "a number");
  TimeScale scale;
  scale.factor = value;
  return scale;
}

BackgroundActivity parse_background(const std::string& text) {
  BackgroundActivity filter;
  filter.support_us = parse_time_us(text, "--background");
  return filter;
}

Refractory parse_refractory(const std::string& text) {
  Refractory filter;
  filter.period_us = parse_time_us(text, "--refractory");
  return filter;
}

template <class Parse>
void add_step(CLI::App& command, const char* name, const char* type, const char* meaning,
              std::vector<ConversionStep>& steps, Parse parse) {
  command
      .add_option_function<std::string>(
          name, [&steps, parse](const std::string& text) { steps.emplace_back(EventFilter(parse(text))); },
          meaning)
      ->type_name(type)
      ->trigger_on_parse()
      ->group("Filters, applied in the order in which they are given");
}

}  // namespace

std::int64_t parse_time_us(const std::string& text, const std::string& option) {
  double time_ms = 0;
  try {
    time_ms = parse_quantity(text, Unit::ms, option, {});
  } catch (const Error& error) {
    throw Error(ErrorKind::usage, error.what());
  }
  const double time_us = time_ms * 1e3, whole = std::round(time_us);
  if (!(std::abs(time_us) < 9e18)) refuse(option, text, "a time that 64 bits of µs can hold");
  if (std::abs(time_us - whole) > 1e-6 * std::max(1.0, std::abs(whole) * 1e-6))
    refuse(option, text, "a whole number of µs");
  return static_cast<std::int64_t>(whole);
}

void add_reading_options(CLI::App& command, EventOptions& options) {
  command.add_flag("--lenient", options.lenient,
                   "leave out what is damaged, count what is lost by it, and go on");
  command.add_option("--sample", options.sample, "which recording of a file that holds many, from 0 on")
      ->type_name("N");
  command
      .add_option("--sensor", options.sensor,
                  "the camera, where the file does not say or is wrong: DAVIS346, …")
      ->type_name("NAME");
  command.add_flag_callback(
      "--raw", [&options] { options.view = EventView::raw; }, "coordinates and polarity exactly as stored");
}

void add_filter_options(CLI::App& command, std::vector<ConversionStep>& steps) {
  add_step(command, "--crop", "X,Y,W,H", "keep a rectangle", steps, parse_crop);
  add_step(command, "--window", "FROM:UNTIL", "keep these times, counted from the first event: '10 ms:2 s'",
           steps, parse_window);
  add_step(command, "--downsample", "N", "join N × N pixels into one", steps, parse_downsample);
  add_step(command, "--polarity", "KIND", "keep on or off events, or take all as on (merged)", steps,
           parse_polarity);
  add_step(command, "--flip", "AXES", "mirror x, y or both (xy)", steps, parse_flip);
  add_step(command, "--time-scale", "FACTOR", "stretch time about the first event", steps, parse_time_scale);
  add_step(command, "--background", "TIME",
           "drop events without an event of a neighbour within this time before them", steps,
           parse_background);
  add_step(command, "--refractory", "TIME", "drop events of a pixel within this time after one that was kept",
           steps, parse_refractory);
  const char* const group = "Filters, applied in the order in which they are given";
  const auto flag = [&](const char* name, const char* meaning, auto act) {
    command.add_flag_callback(name, act, meaning)->trigger_on_parse()->group(group);
  };
  flag("--start-at-zero", "the first event that is left comes at 0",
       [&steps] { steps.emplace_back(EventFilter(StartAtZero{})); });
  flag("--drop-hot-pixels", "drop the pixels that `synfire events` calls hot",
       [&steps] { steps.emplace_back(); });
}

void print_warnings(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) fmt::print(stderr, "{}\n", printable(warning));
}

}  // namespace synfire::cli
