// The subcommand that attacks the test samples of a trained network.
#include <algorithm>
#include <array>
#include <filesystem>
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
#include "io/plot.hpp"
#include "learning/robustness/robustness.hpp"

namespace synfire::cli {
namespace {

using namespace learning;

struct AttackArguments {
  std::string file;
  std::vector<std::string> overrides, source_overrides, attacks = {"fgsm", "pgd", "spgd", "noise"},
                                                        eps = {"2/255", "4/255", "8/255"};
  std::optional<std::string> source, output, report, picture, step;
  RobustnessQuestion question;
  std::size_t samples = 0;
  bool force = false, quiet = false;
};

std::vector<AttackKind> kinds_of(const AttackArguments& arguments) {
  const auto names = attack_names();
  std::vector<AttackKind> all;
  for (const auto& text : arguments.attacks) {
    const auto found = std::find(names.begin(), names.end(), text);
    if (found == names.end())
      throw Error(ErrorKind::usage, fmt::format("--attack: there is no '{}'{}", text,
                                                did_you_mean(text, {names.begin(), names.end()})));
    all.push_back(static_cast<AttackKind>(found - names.begin()));
  }
  return all;
}

void print(const Robustness& found) {
  fmt::print("accuracy in % of {} test samples; {:.2f} without attack\n{:<24}", found.samples,
             100 * found.accuracy, "eps");
  for (const double eps : found.eps) fmt::print("{:>10.5f}", eps);
  fmt::print("{:>8}{:>12}\n", "area", "ms/sample");
  for (const RobustnessCurve& curve : found.curves) {
    fmt::print("{:<24}", name_of(curve));
    for (const double accuracy : curve.accuracy) fmt::print("{:>10.2f}", 100 * accuracy);
    fmt::print("{:>8.3f}{:>12.3g}\n", curve.area,
               1e3 * curve.seconds / double(found.samples * std::max<std::size_t>(1, found.eps.size())));
  }
  for (const auto& sign : masking_signs(found)) fmt::print("gradients may be masked: {}\n", sign);
}

void attack(AttackArguments arguments) {
  RobustnessQuestion& question = arguments.question;
  question.kinds = kinds_of(arguments);
  question.eps = radii_of(arguments.eps);
  if (arguments.step) question.how.step = part_of("--step-size", *arguments.step);
  if (arguments.samples > 0) question.samples = arguments.samples;
  if (!arguments.source_overrides.empty() && !arguments.source) arguments.source = arguments.file;
  std::vector<std::string> read = {arguments.file};
  if (arguments.source) read.push_back(*arguments.source);
  check_results(read, std::array{arguments.output, arguments.report, arguments.picture}, arguments.force);
  if (arguments.picture) plot::check_new_picture(*arguments.picture, arguments.force);
  const auto target = open_trained(arguments.file, arguments.overrides, question.threads);
  std::unique_ptr<Trainer> source;
  if (arguments.source) {
    auto overrides = arguments.overrides;
    overrides.insert(overrides.end(), arguments.source_overrides.begin(), arguments.source_overrides.end());
    source = open_trained(*arguments.source, overrides, question.threads);
  }
  ProgressLine line(arguments.quiet);
  const StopSignals signals;
  const TellRobustness tell = [&](const RobustnessProgress& now) {
    if (line.due())
      line.draw(double(now.done) / double(now.total),
                fmt::format("{}  eps {:.5f}", name_of(now.kind), now.eps));
  };
  Robustness found;
  bool whole = attack_by(*target, *target, "", question, &StopSignals::asked(), tell, found);
  // What asks no gradient of the source is the same by any.
  std::erase_if(question.kinds, [](AttackKind kind) { return kind == AttackKind::noise; });
  if (whole && source) {
    const std::string name = std::filesystem::path(*arguments.source).stem().string() +
                             (arguments.source_overrides.empty() ? "" : " (changed)");
    whole = attack_by(*target, *source, name, question, &StopSignals::asked(), tell, found);
  }
  line.end();
  if (!whole) tell_signal();
  if (arguments.output) write_robustness(*arguments.output, found, arguments.file);
  if (arguments.picture) draw_robustness(*arguments.picture, found, arguments.force);
  if (arguments.report) {
    NewFile file(*arguments.report);
    file.put(robustness_json(found, arguments.file));
    file.finish();
  }
  if (!arguments.quiet) print(found);
}

}  // namespace

void add_attack(CLI::App& app) {
  auto arguments = std::make_shared<AttackArguments>();
  CLI::App* command =
      app.add_subcommand("attack", "change test images by little until a trained network errs");
  command->add_option("file", arguments->file, "trained network that is attacked")
      ->required()
      ->type_name("TRAINED.h5");
  command->add_option("--attack", arguments->attacks, "fgsm, bim, mim, pgd, spgd, noise; several with commas")
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--eps", arguments->eps, "radii in pixels of 0 to 1, such as 0.03,8/255")
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--steps", arguments->question.how.steps, "steps of bim, mim, pgd and spgd")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  command->add_option("--step-size", arguments->step,
                      "of each; default: eps / steps, of pgd and spgd 2.5 times that");
  command->add_option("--directions", arguments->question.how.directions, "that spgd tries in each step")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  command->add_option("--samples", arguments->samples, "only the first of the test samples")
      ->check(CLI::PositiveNumber);
  command
      ->add_option("--source", arguments->source, "also attack by the gradients of another trained network")
      ->type_name("OTHER.h5");
  command
      ->add_option(
          "--source-set", arguments->source_overrides,
          "override a value of the network that gives the gradients, such as its neurons; may be repeated")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false);
  command
      ->add_option("--set", arguments->overrides,
                   "override a value of the networks, e.g. --set dataset.path=other")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false);
  command->add_option("--seed", arguments->question.seed, "of what is drawn")->capture_default_str();
  command->add_option("-o,--output", arguments->output, "accuracies as HDF5")->type_name("FILE.h5");
  command->add_option("--report", arguments->report, "accuracies as JSON")->type_name("FILE.json");
  command->add_option("--plot", arguments->picture, "accuracies by eps as PNG, SVG or PDF")
      ->type_name("FILE.png");
  command
      ->add_option("-t,--threads", arguments->question.threads, "threads to use; default: all of the machine")
      ->check(CLI::Range(1, 4096));
  command->add_flag("-f,--force", arguments->force, "replace existing files");
  command->add_flag("-q,--quiet", arguments->quiet, "print nothing but errors");
  command->footer("Example: synfire attack baseline.h5 --attack fgsm,pgd --eps 4/255,8/255 --samples 200");
  command->callback([arguments] { attack(*arguments); });
}

}  // namespace synfire::cli
