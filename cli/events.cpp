#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/compress.hpp"
#include "cli/event_options.hpp"
#include "cli/events_print.hpp"
#include "io/events/picture.hpp"
#include "io/text.hpp"
#include "learning/recording.hpp"

namespace synfire::cli {
namespace {

struct EventsArguments {
  std::string file, plot, trained, output;
  EventOptions options;
  bool json = false, force = false;
};

void show_events(const EventsArguments& arguments) {
  if (!arguments.trained.empty())
    return compress_events({arguments.file, arguments.trained, arguments.output, arguments.options,
                            arguments.force, arguments.json});
  if (!arguments.plot.empty()) plot::check_new_picture(arguments.plot, arguments.force);
  const auto reader = open_recording(arguments.file, arguments.options);
  const EventSummary summary = summarise(*reader);
  if (!arguments.plot.empty())
    draw_summary(arguments.plot, summary, printable(arguments.file), arguments.force);
  print_warnings(summary.warnings);
  fmt::print("{}", arguments.json ? summary_json(summary) : summary_text(arguments.file, summary));
}

}  // namespace

void add_events(CLI::App& app) {
  auto arguments = std::make_shared<EventsArguments>();
  CLI::App* command =
      app.add_subcommand("events", "show what a recording of an event camera or a cochlea holds");
  command->add_option("file", arguments->file, "recording; its format is found by content")
      ->required()
      ->type_name("FILE");
  command->add_flag("--json", arguments->json, "print JSON");
  command
      ->add_option("--plot", arguments->plot,
                   "draw accumulated events and the rate over time; the ending is png, svg or pdf")
      ->type_name("FILE.png");
  CLI::Option* const trained =
      command
          ->add_option(
              "--compress-with", arguments->trained,
              "keep the events that the `sample` layer of this trained network chooses, and drop the others; "
              "FILE may be a folder with a data set")
          ->type_name("TRAINED.h5");
  CLI::Option* const output = command
                                  ->add_option("-o,--output", arguments->output,
                                               "the compressed recording, in the format of FILE; or folder")
                                  ->type_name("OUT")
                                  ->needs(trained);
  trained->needs(output)->excludes("--plot");
  command->add_flag("-f,--force", arguments->force, "replace an existing picture or recording");
  add_reading_options(*command, arguments->options);
  command->footer("Example: synfire events examples/recordings/fashion.aedat --plot fashion.png");
  command->callback([arguments] { show_events(*arguments); });
}

}  // namespace synfire::cli
