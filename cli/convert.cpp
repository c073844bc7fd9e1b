#include <array>
#include <filesystem>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/event_options.hpp"
#include "cli/events_print.hpp"
#include "core/error.hpp"
#include "core/spelling.hpp"
#include "io/events/formats.hpp"
#include "io/text.hpp"
#include "learning/datasets/pack.hpp"
#include "learning/recording.hpp"

namespace synfire::cli {
namespace {

struct ConvertArguments {
  Conversion conversion;
  std::string frames, bin = "10 ms", tau, part;
  bool quiet = false;
};

FrameOptions parse_frames(const ConvertArguments& arguments) {
  constexpr std::array kinds{FrameKind::count, FrameKind::time_surface, FrameKind::voxel};
  std::vector<std::string_view> names;
  FrameOptions frames;
  bool found = false;
  for (const FrameKind kind : kinds) {
    names.push_back(frame_kind_name(kind));
    if (names.back() != arguments.frames) continue;
    frames.kind = kind;
    found = true;
  }
  if (!found)
    throw Error(ErrorKind::usage, fmt::format("--frames: there are no frames '{}'{}", arguments.frames,
                                              did_you_mean(arguments.frames, names)));
  if (!arguments.tau.empty() && frames.kind != FrameKind::time_surface)
    throw Error(ErrorKind::usage, "--tau is for --frames time_surface");
  frames.bin_us = parse_time_us(arguments.bin, "--bin");
  frames.tau_us =
      static_cast<double>(arguments.tau.empty() ? frames.bin_us : parse_time_us(arguments.tau, "--tau"));
  return frames;
}

std::optional<Part> parse_part(const std::string& text) {
  if (text.empty()) return std::nullopt;
  if (text == "train") return Part::train;
  if (text == "test") return Part::test;
  throw Error(ErrorKind::usage, fmt::format("--part: '{}' is neither train nor test", text));
}

// All words of a folder into one file.
void convert_set(const ConvertArguments& arguments) {
  const Conversion& conversion = arguments.conversion;
  const auto refuse = [&](bool given, const char* option) {
    if (given)
      throw Error(ErrorKind::usage, fmt::format("{}: '{}' is a folder; this is for a single recording",
                                                option, conversion.input));
  };
  refuse(!arguments.frames.empty(), "--frames");
  refuse(conversion.sort, "--sort");
  refuse(conversion.options.lenient, "--lenient");
  refuse(conversion.options.sample != 0, "--sample");
  refuse(conversion.options.sensor.has_value(), "--sensor");
  refuse(conversion.options.view != EventView::jaer, "--raw");
  check_new_output(conversion);
  if (format_to_write(conversion.output, conversion.format).name != "shd")
    throw Error(
        ErrorKind::usage,
        fmt::format("{}: a folder goes to one file of spikes; end the name with .h5", conversion.output));
  std::vector<EventFilter> filters;
  for (const ConversionStep& step : conversion.steps) {
    refuse(!step, "--drop-hot-pixels");
    filters.push_back(*step);
  }
  DatasetDescription description;
  description.path = conversion.input;
  const std::size_t count = pack_spikes(std::make_shared<const ChosenItems>(description),
                                        parse_part(arguments.part), filters, conversion.output);
  if (!arguments.quiet) fmt::print("{}: {} recordings\n", printable(conversion.output), count);
}

void convert(const ConvertArguments& arguments) {
  std::error_code ignored;
  if (std::filesystem::is_directory(arguments.conversion.input, ignored)) return convert_set(arguments);
  if (!arguments.part.empty()) throw Error(ErrorKind::usage, "--part is for a folder of recordings");
  Conversion conversion = arguments.conversion;
  if (!arguments.frames.empty()) conversion.frames = parse_frames(arguments);
  conversion.open = [path = conversion.input, options = conversion.options] {
    return open_recording(path, options);
  };
  const ConversionReport report = convert_events(conversion);
  print_warnings(report.warnings);
  if (!arguments.quiet) fmt::print("{}", conversion_text(conversion.output, report));
}

std::string writable_formats() {
  std::string names;
  for (const EventFormat& format : event_formats())
    if (format.create != nullptr) names += fmt::format("{}{}", names.empty() ? "" : ", ", format.name);
  return names;
}

void add_frame_options(CLI::App& command, ConvertArguments& arguments) {
  CLI::Option* const frames =
      command
          .add_option("--frames", arguments.frames,
                      "write frames to HDF5: count, time_surface or voxel (see docs/events.md)")
          ->type_name("KIND");
  command.add_option("--bin", arguments.bin, "length of a frame")
      ->type_name("TIME")
      ->needs(frames)
      ->capture_default_str();
  command
      .add_option("--tau", arguments.tau, "time constant of a time surface; default: the length of a frame")
      ->type_name("TIME")
      ->needs(frames);
}

}  // namespace

void add_convert(CLI::App& app) {
  auto arguments = std::make_shared<ConvertArguments>();
  Conversion& conversion = arguments->conversion;
  CLI::App* command =
      app.add_subcommand("convert", "write a recording anew: another format, filtered, or as frames");
  command
      ->add_option("input", conversion.input,
                   "recording or sound, its format is found by content; or a folder of sounds")
      ->required()
      ->type_name("IN");
  command->add_option("output", conversion.output, "the new file; its ending says the format")
      ->required()
      ->type_name("OUT");
  command->add_option("--to", conversion.format, "format of the new file: " + writable_formats())
      ->type_name("FORMAT");
  command->add_flag("-f,--force", conversion.overwrite, "replace an existing file");
  command->add_flag("-q,--quiet", arguments->quiet, "say nothing when all is well");
  command->add_option("--part", arguments->part, "of a folder: only what is to train on, or to test")
      ->type_name("PART");
  command->add_flag("--sort", conversion.sort, "bring events into the order of their times");
  add_frame_options(*command, *arguments);
  add_reading_options(*command, conversion.options);
  add_filter_options(*command, conversion.steps);
  command->footer(
      "Example: synfire convert examples/recordings/fashion.aedat small.aedat --background '5 ms' "
      "--downsample 2");
  command->callback([arguments] { convert(*arguments); });
}

}  // namespace synfire::cli
