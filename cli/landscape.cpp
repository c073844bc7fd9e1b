// The subcommand that looks around the weights of a trained network.
#include "learning/landscape/landscape.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/simulate.hpp"
#include "cli/terminal.hpp"
#include "cli/trained.hpp"
#include "io/byte_file.hpp"
#include "io/plot.hpp"

namespace synfire::cli {
namespace {

using namespace learning;

struct LandscapeArguments {
  std::string file, only, share = "train", precision = "double";
  std::vector<std::string> overrides;
  std::optional<std::string> output, report, picture;
  LandscapeQuestion question;
  bool force = false, quiet = false;
};

std::string text_of(const std::vector<Eigenvalue>& values) {
  std::vector<std::string> words;
  for (const Eigenvalue& each : values)
    words.push_back(fmt::format("{:.4g} (±{:.1g})", each.value, each.residual));
  return fmt::format("{}", fmt::join(words, ", "));
}

void print(const Landscape& found) {
  fmt::print(
      "loss {:.5g}{} of {} {} samples\n", found.here.loss,
      std::isnan(found.here.accuracy) ? "" : fmt::format(", accuracy {:.2f} %", 100 * found.here.accuracy),
      found.samples, name_of(found.asked.share));
  if (found.surface) {
    const Surface& surface = *found.surface;
    const auto [low, high] = std::ranges::minmax(surface.loss);
    fmt::print(
        "surface of {0} x {0} points, {1} weights moved: loss {2:.5g} to {3:.5g}; cosine of the "
        "directions {4:.2g}\n",
        surface.along.size(), format_count(double(surface.moved)), low, high, surface.cosine);
  }
  if (!found.spectrum) return;
  const Spectrum& spectrum = *found.spectrum;
  fmt::print(
      "Hessian by {} numbers: trace {:.5g} ± {:.2g}, asymmetry {:.1e}\nlargest eigenvalues {}\nsmallest "
      "{}\n",
      format_count(double(spectrum.size)), spectrum.trace, spectrum.trace_error, spectrum.asymmetry,
      text_of(spectrum.largest), text_of(spectrum.smallest));
}

void look(LandscapeArguments arguments) {
  LandscapeQuestion& question = arguments.question;
  question.surface = arguments.only != "spectrum";
  question.spectrum = arguments.only != "surface";
  question.in_single = arguments.precision == "single";
  for (const Share share : {Share::train, Share::validation, Share::test})
    if (arguments.share == name_of(share)) question.share = share;
  check_results({arguments.file}, std::array{arguments.output, arguments.report, arguments.picture},
                arguments.force);
  if (arguments.picture) plot::check_new_picture(*arguments.picture, arguments.force);
  const auto opened = open_trained(read_trained(arguments.file), arguments.overrides,
                                   {.threads = question.threads, .stop = &StopSignals::asked()});
  Trainer& trainer = *opened;
  for (const auto& path : {arguments.output, arguments.report, arguments.picture})
    if (path) keep_files(*path, trainer.samples().set().files());
  ProgressLine line(arguments.quiet);
  const StopSignals signals;
  const auto found = landscape_of(trainer, arguments.file, question, &StopSignals::asked(),
                                  [&](const LandscapeProgress& now) {
                                    if (line.due())
                                      line.draw(double(now.done) / double(now.total), std::string(now.phase));
                                  });
  line.end();
  if (!found) tell_signal();
  if (arguments.output) write_landscape(*arguments.output, *found);
  if (arguments.picture) draw_landscape(*arguments.picture, *found, arguments.force);
  if (arguments.report) {
    NewFile file(*arguments.report);
    file.put(landscape_json(*found));
    file.finish();
  }
  if (!arguments.quiet) print(*found);
}

}  // namespace

void add_landscape(CLI::App& app) {
  auto arguments = std::make_shared<LandscapeArguments>();
  LandscapeQuestion& question = arguments->question;
  CLI::App* command = app.add_subcommand(
      "landscape", "loss around the weights of a trained network, and eigenvalues of its Hessian");
  command->add_option("file", arguments->file, "trained network")->required()->type_name("TRAINED.h5");
  command->add_option("--only", arguments->only, "one of the two: surface or spectrum")
      ->check(CLI::IsMember({"surface", "spectrum"}));
  command->add_option("--share", arguments->share, "whose loss it is: train, validation or test samples")
      ->check(CLI::IsMember({"train", "validation", "test"}))
      ->capture_default_str();
  command->add_option("--samples", question.samples, "only the first of them")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--grid", question.grid, "points along each of the surface's two directions")
      ->check(CLI::Range(2, 1001))
      ->capture_default_str();
  command->add_option("--radius", question.radius, "how far they go, in norms of the weights")
      ->check(CLI::Range(1e-6, 1e6))
      ->capture_default_str();
  command->add_option("--probes", question.curvature.probes, "random vectors that the spectrum starts from")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  command->add_option("--steps", question.curvature.steps, "of Lanczos' method from each of them")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  command->add_option("--eigenvalues", question.curvature.largest, "how many to tell of either end")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  command
      ->add_option("--width", question.curvature.width,
                   "deviation of the density's Gaussians, as a part of the spectrum's range")
      ->check(CLI::Range(1e-6, 1.0))
      ->capture_default_str();
  command->add_option("--precision", arguments->precision, "of the gradients: double or single")
      ->check(CLI::IsMember({"double", "single"}))
      ->capture_default_str();
  command
      ->add_option("--step-size", question.step,
                   "of the gradients' differences, in norms of the weights; default: 1e-8, in single "
                   "precision 1e-3, where neurons spike 1e-2")
      ->check(CLI::Range(1e-12, 1.0));
  command
      ->add_option("--set", arguments->overrides,
                   "override a value of the network, e.g. --set dataset.path=other; may be repeated")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false);
  command->add_option("--seed", question.seed, "of directions and probes")->capture_default_str();
  command->add_option("-o,--output", arguments->output, "all numbers as HDF5")->type_name("FILE.h5");
  command->add_option("--report", arguments->report, "all numbers as JSON")->type_name("FILE.json");
  command->add_option("--plot", arguments->picture, "surface and density as PNG, SVG or PDF")
      ->type_name("FILE.png");
  command->add_option("-t,--threads", question.threads, "threads to use; default: all of the machine")
      ->check(CLI::Range(1, 4096));
  command->add_flag("-f,--force", arguments->force, "replace existing files");
  command->add_flag("-q,--quiet", arguments->quiet, "print nothing but errors");
  command->footer(
      "Example: synfire landscape baseline.h5 --only surface --grid 9 --samples 64 --plot landscape.png");
  command->callback([arguments] { look(*arguments); });
}

}  // namespace synfire::cli
