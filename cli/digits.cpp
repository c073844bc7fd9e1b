// The subcommand that makes a set of spoken digits.
#include <filesystem>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <tbb/global_control.h>

#include "cli/commands.hpp"
#include "cli/terminal.hpp"
#include "core/error.hpp"
#include "io/text.hpp"
#include "learning/datasets/spoken_set.hpp"
#include "sim/output.hpp"

namespace synfire::cli {
namespace {

namespace fs = std::filesystem;

struct DigitsArguments {
  SpokenSetOptions options;
  std::string output, synthesiser = "espeak-ng";
  unsigned threads = 0;
  bool force = false, quiet = false, json = false;
};

constexpr std::array parts = {Part::train, Part::test};
const char* name_of(Part part) { return part == Part::train ? "train" : "test"; }

fs::path file_of(const DigitsArguments& arguments, Part part) {
  return fs::path(arguments.output) / fmt::format("shd_{}.h5", name_of(part));
}

void make_folder(const std::string& path) {
  std::error_code problem;
  fs::create_directories(path, problem);
  if (problem)
    throw Error(ErrorKind::resource, fmt::format("{}: cannot make the folder: {}", path, problem.message()));
}

std::vector<std::string> speakers_of(const SpokenSet& set, Part part) {
  std::vector<std::string> names;
  for (std::size_t k = 0; k < set.speakers.size(); ++k)
    if (set.speakers[k].part == part) names.push_back(fmt::format("{} {}", k, set.speakers[k].name));
  return names;
}

std::string summary_text(const SpokenSet& set, const DigitsArguments& arguments, double seconds) {
  const auto train = set.counts(Part::train), test = set.counts(Part::test);
  std::string text = fmt::format("{:<5} {:>8} {:>8}\n", "class", "train", "test");
  for (std::size_t k = 0; k < set.classes.size(); ++k)
    text += fmt::format("{:<5} {:>8} {:>8}\n", set.classes[k], train[k], test[k]);
  for (const Part part : parts)
    text += fmt::format("{}: {} words by {} speakers\n", printable(file_of(arguments, part).string()),
                        set.words_of(part).size(), speakers_of(set, part).size());
  return text + fmt::format("only tested: {}\n{}\n", fmt::join(speakers_of(set, Part::test), ", "),
                            format_seconds(seconds));
}

nlohmann::ordered_json summary_json(const SpokenSet& set, const DigitsArguments& arguments, double seconds) {
  nlohmann::ordered_json json = {{"classes", set.classes}, {"seconds", seconds}};
  for (const Part part : parts)
    json[name_of(part)] = {{"file", file_of(arguments, part).string()},
                           {"words", set.words_of(part).size()},
                           {"of_class", set.counts(part)},
                           {"speakers", speakers_of(set, part)}};
  return json;
}

void make_digits(const DigitsArguments& arguments) {
  std::optional<tbb::global_control> limit;
  if (arguments.threads > 0) limit.emplace(tbb::global_control::max_allowed_parallelism, arguments.threads);
  const SpokenSet set = plan_spoken_set(arguments.options);
  std::optional<SpeechSynthesiser> synthesiser;
  if (arguments.options.voices > 0) synthesiser.emplace(arguments.synthesiser);
  make_folder(arguments.output);
  for (const Part part : parts) check_output(file_of(arguments, part).string(), arguments.force);
  if (synthesiser) check_voices(set, *synthesiser);
  ProgressLine progress(arguments.quiet || arguments.json);
  std::size_t before = 0;
  for (const Part part : parts) {
    write_spoken_set(set, part, arguments.options, synthesiser ? &*synthesiser : nullptr,
                     file_of(arguments, part).string(), [&](std::size_t done) {
                       if (!progress.due()) return;
                       progress.draw(
                           static_cast<double>(before + done) / static_cast<double>(set.words.size()),
                           fmt::format("{} of {} words", before + done, set.words.size()));
                     });
    before += set.words_of(part).size();
  }
  const double seconds = progress.wall_s();
  progress.end();
  if (arguments.json) return fmt::print("{}\n", summary_json(set, arguments, seconds).dump(2));
  if (!arguments.quiet) fmt::print("{}", summary_text(set, arguments, seconds));
}

void add_sound_options(CLI::App& command, SpokenSetOptions& options) {
  command
      .add_option("--onset", options.onset_ms,
                  "silence before a word, in ms, drawn from 0 to this; default: 0")
      ->check(CLI::Range(0.0, 5000.0))
      ->type_name("MS");
  command.add_option("--noise", options.snr_db, "add white noise, so many dB below the word; default: none")
      ->check(CLI::Range(-40.0, 120.0))
      ->type_name("DB");
  command.add_option("--seed", options.seed, "what all that is drawn comes from; default: 1");
}

}  // namespace

void add_digits(CLI::App& app) {
  auto arguments = std::make_shared<DigitsArguments>();
  SpokenSetOptions& options = arguments->options;
  CLI::App* command = app.add_subcommand(
      "digits", "make a set of spoken digits in the layout of SHD, with the artificial cochlea");
  command->add_option("-o,--output", arguments->output, "folder for shd_train.h5 and shd_test.h5")
      ->required()
      ->type_name("FOLDER");
  command
      ->add_option("--recordings", options.recordings,
                   "English digits of people: a folder with {digit}_{speaker}_{index}.wav")
      ->type_name("FOLDER");
  command
      ->add_option("--test-speakers", options.test_speakers,
                   "of these people, who is only tested: names with commas between; default: two, drawn")
      ->delimiter(',')
      ->type_name("NAME");
  command->add_option("--takes", options.takes, "of each person and digit, the first so many; default: all")
      ->check(CLI::Range(1, 1'000'000));
  command
      ->add_option(
          "--voices", options.voices,
          fmt::format("so many voices of espeak-ng, up to {}, say English and German digits; default: none",
                      known_voices()))
      ->check(CLI::Range(0, 1'000'000));
  command
      ->add_option("--test-voices", options.test_voices,
                   "of these, how many are only tested; default: a fifth")
      ->check(CLI::Range(0, 1'000'000));
  command
      ->add_option("--repetitions", options.repetitions,
                   "how often a voice says each word, each time in another manner; default: 10")
      ->check(CLI::Range(1, 10'000));
  command->add_option("--synthesiser", arguments->synthesiser, "program to run; default: espeak-ng")
      ->type_name("PROGRAM");
  add_sound_options(*command, options);
  command->add_option("-t,--threads", arguments->threads, "threads to use; default: all of the machine")
      ->check(CLI::Range(1U, 4096U));
  command->add_flag("--json", arguments->json, "print JSON");
  command->add_flag("-f,--force", arguments->force, "replace existing files");
  command->add_flag("-q,--quiet", arguments->quiet, "print nothing but errors");
  command->footer("Example: synfire digits --voices 2 --repetitions 1 --output digits");
  command->callback([arguments] { make_digits(*arguments); });
}

}  // namespace synfire::cli
