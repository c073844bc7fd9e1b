// The subcommand that proves decisions of a trained network.
#include "learning/bounds/certify.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/simulate.hpp"
#include "cli/terminal.hpp"
#include "cli/trained.hpp"
#include "core/spelling.hpp"
#include "io/byte_file.hpp"

namespace synfire::cli {
namespace {

using namespace learning;

struct CertifyArguments {
  std::string file, rule = "joint";
  std::vector<std::string> overrides, eps = {"0.5/255", "1/255", "2/255"};
  std::optional<std::string> output, report;
  CertifyQuestion question;
  std::size_t samples = 0;
  bool intervals_only = false, force = false, quiet = false;
};

bounds::FlexRule rule_of(const std::string& text) {
  const auto found = std::ranges::find(bounds::flex_rules, text);
  if (found == bounds::flex_rules.end())
    throw Error(ErrorKind::usage,
                fmt::format("--flex: there is no '{}'{}", text,
                            did_you_mean(text, {bounds::flex_rules.begin(), bounds::flex_rules.end()})));
  return static_cast<bounds::FlexRule>(found - bounds::flex_rules.begin());
}

void print(const Certificate& found) {
  fmt::print("{} test samples, {:.2f} % right as they are; certified right, in %\n", found.samples,
             100 * found.accuracy);
  fmt::print("{:>10}{:>12}{:>12}{:>12}{:>12}\n", "eps", "intervals", "relaxed", "lipschitz", "ms/sample");
  for (const Certified& radius : found.radii) {
    const std::string relaxed =
        std::isnan(radius.relaxed) ? "-" : fmt::format("{:.2f}", 100 * radius.relaxed);
    fmt::print("{:>10.5f}{:>12.2f}{:>12}{:>12.2f}{:>12.3g}\n", radius.eps, 100 * radius.intervals, relaxed,
               100 * radius.lipschitz, 1e3 * radius.all_seconds / double(found.samples));
  }
  if (found.radii.empty()) return;
  const Certified& radius = found.radii.back();
  fmt::print("\nat eps {:.5f}, mean width of each piece and the part of it that is certain\n", radius.eps);
  for (const BoundedPiece& piece : radius.pieces) {
    fmt::print("  {:<24}{:>12.4g}{:>8.1f} %\n", piece.name, piece.width.mean, 100 * piece.width.certain);
    if (!piece.flex) continue;
    const auto& by_rule = piece.flex->by_rule;
    const auto& steep = piece.flex->steepness;
    fmt::print("    width: apart {:.4g}, by difference {:.4g}, joint {:.4g}\n", by_rule[0], by_rule[1],
               by_rule[2]);
    fmt::print("    change per pixel: convolution {:.4g}, pool {:.4g}, routing {:.4g}\n", steep[0], steep[1],
               steep[2]);
  }
}

void certify_file(CertifyArguments arguments) {
  CertifyQuestion& question = arguments.question;
  question.eps = radii_of(arguments.eps);
  question.rule = rule_of(arguments.rule);
  question.relax = !arguments.intervals_only;
  if (arguments.samples > 0) question.samples = arguments.samples;
  check_results({arguments.file}, std::array{arguments.output, arguments.report}, arguments.force);
  const auto network = open_trained(arguments.file, arguments.overrides, question.threads);
  ProgressLine line(arguments.quiet);
  const StopSignals signals;
  const TellCertify tell = [&](double eps, std::size_t done, std::size_t total) {
    if (line.due()) line.draw(double(done) / double(total), fmt::format("eps {:.5f}", eps));
  };
  Certificate found;
  const bool whole = certify(*network, question, &StopSignals::asked(), tell, found);
  line.end();
  if (!whole) tell_signal();
  if (arguments.output) write_certificate(*arguments.output, found, arguments.file);
  if (arguments.report) {
    NewFile file(*arguments.report);
    file.put(certificate_json(found, arguments.file));
    file.finish();
  }
  if (!arguments.quiet) print(found);
}

}  // namespace

void add_certify(CLI::App& app) {
  auto arguments = std::make_shared<CertifyArguments>();
  CLI::App* command = app.add_subcommand(
      "certify", "prove that no change within a radius turns a trained network's decisions");
  command->add_option("file", arguments->file, "trained network")->required()->type_name("TRAINED.h5");
  command->add_option("--eps", arguments->eps, "radii in pixels of 0 to 1, such as 0.01,1/255")
      ->delimiter(',')
      ->capture_default_str();
  command
      ->add_option("--flex", arguments->rule,
                   "how the output of a Flex layer is bounded: apart, difference, joint")
      ->capture_default_str();
  command->add_flag("--intervals-only", arguments->intervals_only, "no linear functions: many times faster");
  command->add_option("--samples", arguments->samples, "only the first of the test samples")
      ->check(CLI::PositiveNumber);
  command
      ->add_option("--set", arguments->overrides,
                   "override a value of the network, e.g. --set dataset.path=other")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false);
  command->add_option("-o,--output", arguments->output, "certified accuracies and widths as HDF5")
      ->type_name("FILE.h5");
  command->add_option("--report", arguments->report, "the same as JSON")->type_name("FILE.json");
  command
      ->add_option("-t,--threads", arguments->question.threads, "threads to use; default: all of the machine")
      ->check(CLI::Range(1, 4096));
  command->add_flag("-f,--force", arguments->force, "replace existing files");
  command->add_flag("-q,--quiet", arguments->quiet, "print nothing but errors");
  command->footer("Example: synfire certify baseline.h5 --eps 0.5/255,1/255 --samples 200");
  command->callback([arguments] { certify_file(*arguments); });
}

}  // namespace synfire::cli
