#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "cli/commands.hpp"
#include "cli/inspect_print.hpp"
#include "cli/terminal.hpp"
#include "cli/trained.hpp"
#include "cli/trained_print.hpp"
#include "core/quantity.hpp"
#include "io/plot.hpp"
#include "learning/bounds/mask_maps.hpp"
#include "learning/gradient/trained_file.hpp"
#include "learning/gradient/training_plot.hpp"
#include "learning/gradient/training_report.hpp"

namespace synfire::cli {
namespace {

struct InspectArguments {
  std::string file, from, until;
  InspectRequest request;
  unsigned width = 0;
  bool json = false, csv = false, no_raster = false;
};

std::optional<double> time_option(const std::string& text, const char* option) {
  if (text.empty()) return std::nullopt;
  try {
    return parse_quantity(text, Unit::ms, option, {});
  } catch (const Error& error) {
    throw Error(ErrorKind::usage, error.what());
  }
}

// NO_COLOR: the convention of https://no-color.org
bool wants_colours() {
  const char* const refused = std::getenv("NO_COLOR");
  return is_terminal(STDOUT_FILENO) && (refused == nullptr || *refused == '\0');
}

// `--plot weights` draws the learned fields into a picture named after the file, `--plot weights=FILE` into
// another; anything else is a file for the raster.
void choose_picture(const std::string& file, InspectRequest& request) {
  const std::string asked = request.plot, word = "weights";
  const bool fields = asked == word || asked.starts_with(word + "=");
  if (!fields && !request.projection.empty())
    throw Error(ErrorKind::usage, "--projection chooses among learned fields: it needs --plot weights");
  if (!fields) return;
  request.plot.clear();
  request.weights_plot = asked == word ? std::filesystem::path(file).stem().string() + "-weights.png"
                                       : asked.substr(word.size() + 1);
  if (request.traces) throw Error(ErrorKind::usage, "--traces needs a raster: --plot FILE.png");
}

/// What is drawn of a training, and where.
struct AskedPicture {
  learning::TrainingPicture picture = learning::TrainingPicture::all;
  std::string path;  ///< empty: nothing is drawn
};

// `--plot rates` draws that picture into one named after the file, `--plot rates=FILE` into another; anything
// else is a file for all of them.
AskedPicture asked_picture(const std::string& file, const std::string& asked) {
  using learning::TrainingPicture;
  constexpr std::pair<std::string_view, TrainingPicture> words[] = {
      {"training", TrainingPicture::training},
      {"confusion", TrainingPicture::confusion},
      {"rates", TrainingPicture::rates},
      {"routing", TrainingPicture::routing},
      {"structure", TrainingPicture::structure}};
  const std::string word = asked.substr(0, asked.find('='));
  for (const auto& [name, picture] : words)
    if (word == name)
      return {picture, word == asked
                           ? fmt::format("{}-{}.png", std::filesystem::path(file).stem().string(), name)
                           : asked.substr(word.size() + 1)};
  if (word == "raster" || word == "rasters" || word == "weights")
    throw Error(
        ErrorKind::usage,
        fmt::format("--plot {}: '{}' holds a training, no spikes; `synfire run {} --output run.h5`, then "
                    "`synfire inspect run.h5 --plot raster.png` (for a training: training, confusion, rates, "
                    "routing or structure)",
                    word, file, file));
  return {TrainingPicture::all, asked};
}

// The first test images and the masks that they meet, from the data set that the file names.
void draw_masks_of(const InspectArguments& arguments) {
  constexpr std::size_t shown = 6;
  const std::string& asked = arguments.request.plot;
  const auto path = asked == "masks" ? std::filesystem::path(arguments.file).stem().string() + "-masks.png"
                                     : asked.substr(asked.find('=') + 1);
  plot::check_new_picture(path, arguments.request.overwrite);
  const auto network = open_trained(arguments.file, {}, 0);
  learning::draw_masks(path, learning::masks_of(*network, shown), arguments.request.overwrite);
  fmt::print("{}\n", path);
}

// Curves and confusion instead of rasters.
void inspect_trained(const InspectArguments& arguments) {
  const InspectRequest& request = arguments.request;
  if (!arguments.from.empty() || !arguments.until.empty() || !request.populations.empty() || request.traces ||
      !request.projection.empty())
    throw Error(
        ErrorKind::usage,
        fmt::format("'{}' is a trained network: it has no times, populations or traces to choose from",
                    arguments.file));
  if (request.plot == "masks" || request.plot.starts_with("masks=")) return draw_masks_of(arguments);
  const AskedPicture asked = asked_picture(arguments.file, request.plot);
  if (!asked.path.empty()) plot::check_new_picture(asked.path, request.overwrite);
  const learning::TrainedFile trained = learning::read_trained(arguments.file);
  if (arguments.json)
    fmt::print("{}", learning::training_json(trained.network(), trained.record, trained.tested));
  if (arguments.csv) fmt::print("{}", learning::training_csv(trained.record));
  const bool text = !arguments.json && !arguments.csv;
  if (text) fmt::print("{}", trained_text(arguments.file, trained, wants_colours()));
  if (asked.path.empty()) return;
  learning::draw_training(asked.path, trained, request.overwrite, asked.picture);
  if (text) fmt::print("\n{}\n", asked.path);
}

void inspect_file(const InspectArguments& arguments) {
  if (learning::is_trained(arguments.file)) return inspect_trained(arguments);
  InspectRequest request = arguments.request;
  choose_picture(arguments.file, request);
  request.from_ms = time_option(arguments.from, "--from");
  request.until_ms = time_option(arguments.until, "--until");
  const bool text = !arguments.json && !arguments.csv;
  const auto width = arguments.width > 0 ? arguments.width : static_cast<unsigned>(terminal_width());
  if (text && !arguments.no_raster) request.raster_columns = raster_columns(width);
  const Inspection inspection = inspect(arguments.file, request);
  if (arguments.json) fmt::print("{}", inspection_json(inspection));
  if (arguments.csv) fmt::print("{}", inspection_csv(inspection));
  if (text) fmt::print("{}", inspection_text(inspection, wants_colours()));
  const std::string& picture = request.plot.empty() ? request.weights_plot : request.plot;
  if (text && !picture.empty()) fmt::print("\n{}\n", picture);
}

}  // namespace

void add_inspect(CLI::App& app) {
  auto arguments = std::make_shared<InspectArguments>();
  CLI::App* command =
      app.add_subcommand("inspect",
                         "show what a result file holds: rates, statistics, rasters; of a trained network "
                         "its epochs, rates and confusion");
  command
      ->add_option("file", arguments->file,
                   "result of a run, a trained network, or any SONATA file with spikes or reports")
      ->required()
      ->type_name("FILE.h5");
  command
      ->add_option(
          "--plot", arguments->request.plot,
          "draw raster and rates; the ending is png, svg or pdf. `weights`, or weights=FILE.png: "
          "draw the learned fields instead. Of a trained network: curves, rates and confusion, or one of "
          "them: `training`, `rates`, `confusion`, `routing`, `structure`, or rates=FILE.png; `masks`: test "
          "images and where they are convolved")
      ->type_name("FILE.png");
  command
      ->add_option("--projection", arguments->request.projection,
                   "whose fields to draw, when several projections were recorded")
      ->type_name("NAME")
      ->needs("--plot");
  command->add_flag("--traces", arguments->request.traces, "draw recorded traces below them")
      ->needs("--plot");
  command->add_flag("-f,--force", arguments->request.overwrite, "replace an existing picture");
  command->add_option("--from", arguments->from, "look only at what comes after this time")
      ->type_name("TIME");
  command->add_option("--until", arguments->until, "look only at what comes up to this time")
      ->type_name("TIME");
  command
      ->add_option("-p,--population", arguments->request.populations,
                   "look only at this one; may be repeated")
      ->type_name("NAME")
      ->allow_extra_args(false);
  CLI::Option* const json = command->add_flag("--json", arguments->json, "print JSON");
  command->add_flag("--csv", arguments->csv, "print a table for spreadsheets")->excludes(json);
  command
      ->add_option("--width", arguments->width, "characters in a line of the raster; default: the terminal's")
      ->check(CLI::Range(24, 1000));
  command->add_flag("--no-raster", arguments->no_raster, "print no raster");
  command->footer("Example: synfire inspect brunel.h5 --from '200 ms' --population exc --plot raster.png");
  command->callback([arguments] { inspect_file(*arguments); });
}

}  // namespace synfire::cli
