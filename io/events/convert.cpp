#include "io/events/convert.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "core/error.hpp"
#include "io/events/formats.hpp"
#include "io/events/summary.hpp"

namespace synfire {

namespace {

OpenRecording opener_of(const Conversion& conversion) {
  if (conversion.open) return conversion.open;
  return [path = conversion.input, options = conversion.options] { return open_events(path, options); };
}

std::unique_ptr<EventReader> open_ordered(const Conversion& conversion) {
  const OpenRecording open = opener_of(conversion);
  if (conversion.sort) return std::make_unique<SortedReader>(open());
  return std::make_unique<OrderedReader>(conversion.input, open, conversion.options.lenient);
}

/// The steps with hot pixels found; each search reads the recording once.
std::vector<EventFilter> filters_of(const Conversion& conversion, ConversionReport& report) {
  std::vector<EventFilter> filters;
  for (const ConversionStep& step : conversion.steps) {
    if (step) {
      filters.push_back(*step);
      continue;
    }
    FilteredReader reader(open_ordered(conversion), filters);
    DropPixels drop;
    for (const HotPixel& hot : summarise(reader).hot) drop.pixels.push_back(hot.where);
    report.hot_pixels = report.hot_pixels.value_or(0) + drop.pixels.size();
    filters.emplace_back(std::move(drop));
  }
  return filters;
}

void check_output(const Conversion& conversion) {
  check_new_output(conversion);
  const std::filesystem::path path = conversion.output;
  if (!conversion.frames) return;
  if (!conversion.format.empty())
    throw Error(ErrorKind::usage,
                fmt::format("frames go to HDF5, not to the format '{}'", conversion.format));
  if (path.extension() != ".h5" && path.extension() != ".hdf5")
    throw Error(ErrorKind::usage,
                fmt::format("{}: frames go to HDF5; end the name with .h5", conversion.output));
}

template <class Sink> void pump(EventReader& reader, Sink& sink, ConversionReport& report) {
  std::vector<Event> block(std::size_t(1) << 14);
  for (std::size_t n = reader.read(block); n > 0; n = reader.read(block)) {
    sink.write(std::span(block).first(n));
    report.written += n;
  }
  sink.finish();
}

}  // namespace

void check_new_output(const Conversion& conversion) {
  std::error_code ignored;
  if (!conversion.overwrite && std::filesystem::exists(conversion.output, ignored))
    throw Error(ErrorKind::usage,
                fmt::format("{}: exists; name another file, or replace it with --force", conversion.output));
}

ConversionReport convert_events(const Conversion& conversion) {
  check_output(conversion);
  const EventFormat* const format =
      conversion.frames ? nullptr : &format_to_write(conversion.output, conversion.format);
  ConversionReport report;
  FilteredReader reader(open_ordered(conversion), filters_of(conversion, report));
  const SensorInfo& sensor = reader.sensor();
  report.extent = {sensor.width, sensor.height};
  if (format != nullptr) {
    report.format = format->name;
    const auto writer = format->create(conversion.output, {.width = sensor.width,
                                                           .height = sensor.height,
                                                           .sensor = sensor.name,
                                                           .audio = sensor.audio,
                                                           .label = sensor.label});
    pump(reader, *writer, report);
  } else {
    report.format = "frames";
    FrameFile file(conversion.output, *conversion.frames, report.extent);
    pump(reader, file, report);
    report.frames = file.frames();
  }
  report.dropped = reader.dropped();
  report.lost = reader.lost();
  report.warnings = reader.warnings();
  return report;
}

}  // namespace synfire
