// The subcommands that train a network by gradients, and judge a trained one.
#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/load.hpp"
#include "cli/processes.hpp"
#include "cli/simulate.hpp"
#include "cli/task_print.hpp"
#include "cli/terminal.hpp"
#include "cli/trained.hpp"
#include "io/byte_file.hpp"
#include "learning/gradient/trained_file.hpp"
#include "learning/gradient/training_report.hpp"
#include "sim/output.hpp"

namespace synfire::cli {
namespace {

using namespace learning;

struct TrainArguments {
  NetworkArguments network;
  std::optional<std::string> output, report;
  bool force = false, quiet = false, resume = false;
  unsigned threads = 0;
  Ranks* ranks = nullptr;  ///< that train together; the first of them writes and prints

  bool writes() const { return ranks == nullptr || ranks->rank() == 0; }
};

// Nothing where there is no such number, as the accuracy of a reconstruction.
std::string percent(fmt::format_string<double> text, double part) {
  return std::isnan(part) ? std::string() : fmt::format(text, 100 * part);
}

/// One line that is drawn anew while samples pass, and one that stays for each epoch.
class TrainingBar {
 public:
  explicit TrainingBar(bool quiet) : quiet_(quiet), line_(quiet) {}

  void show(const TrainingProgress& now) {
    if (now.phase != phase_ || now.epoch != epoch_) {
      phase_ = now.phase, epoch_ = now.epoch;
      line_.restart();
    }
    if (!line_.due()) return;
    const double rate = double(now.done) / std::max(1e-9, line_.wall_s());
    const double left = double(now.total - now.done) / rate;
    line_.draw(
        double(now.done) / double(now.total),
        fmt::format("{}{}  loss {:.4f}{}  {}/s  ETA {}", phase_,
                    now.epochs > 1 ? fmt::format(" {}/{}", now.epoch + 1, now.epochs) : "", now.loss,
                    percent("  accuracy {:.1f} %", now.accuracy), format_count(rate), format_seconds(left)));
  }
  void end_epoch(const TrainingRecord& record) {
    line_.end();
    if (quiet_) return;
    const EpochRecord& epoch = record.epochs.back();
    const auto score = [](std::string_view name, const Score& of) {
      return std::isnan(of.loss)
                 ? std::string()
                 : fmt::format("  {} {:.4f}{}", name, of.loss, percent(" {:.2f} %", of.accuracy));
    };
    fmt::print("epoch {:>3}{}{}{}  {} ({}/s){}\n", record.epochs.size(), score("train", epoch.train),
               score("validation", epoch.validation), score("test", epoch.test),
               format_seconds(epoch.seconds), format_count(epoch.images_per_s),
               record.best + 1 == record.epochs.size() ? "  *" : "");
    std::fflush(stdout);
  }
  void end() { line_.end(); }

 private:
  bool quiet_;
  std::string phase_;
  std::uint64_t epoch_ = 0;
  ProgressLine line_;
};

void print_judgement(const Judgement& judged, const Trainer& trainer) {
  const auto& layers = trainer.description().layers;
  const std::size_t tests = trainer.samples().share(learning::Share::test).size();
  const bool classes = !std::isnan(judged.score.accuracy);
  if (classes) fmt::print("{}", confusion_text(judged.confusion));
  for (std::size_t k = 0; k < layers.size(); ++k)
    if (judged.rates[k] >= 0)
      fmt::print("{}: {:.4f} spikes per neuron and step\n", layers[k].name, judged.rates[k]);
  const double ms = 1e3 * judged.seconds / double(tests);
  if (classes) {
    fmt::print("accuracy {:.2f} % of {} test samples (loss {:.4f}), {:.3g} ms a sample\n",
               100 * judged.score.accuracy, tests, judged.score.loss, ms);
  } else {
    fmt::print("reconstruction of {} test samples: mean squared error {:.5f}, {:.3g} ms a sample\n", tests,
               judged.score.loss, ms);
  }
}

// Asked for before the network is made, so that a long training is not lost to a misspelt folder.
void check_files(const TrainArguments& arguments, const NetworkDescription& network,
                 const std::string& output) {
  keep_inputs(output, arguments.network.file, network);
  if (!arguments.resume) check_output(output, arguments.force);
  if (arguments.resume && !std::filesystem::exists(output))
    throw Error(ErrorKind::usage, fmt::format("--resume: there is no file '{}' to go on from", output));
  if (arguments.report)
    check_report(*arguments.report, output, arguments.force || arguments.resume, arguments.network.file,
                 network);
}

void write_results(const TrainArguments& arguments, const std::string& output, const Trainer& trainer,
                   const Judgement* judged) {
  const NetworkDescription& network = trainer.description();
  together(arguments.ranks, [&] {
    if (!arguments.writes()) return;
    write_trained(output, network, trainer.record(), judged, trainer.samples().classes());
    if (arguments.report)
      write_training_report(*arguments.report, network, trainer.record(),
                            judged != nullptr ? tested_of(*judged) : std::nullopt);
  });
}

void print_start(const Trainer& trainer, std::size_t parameters) {
  const auto count = [&](Share share) { return trainer.samples().share(share).size(); };
  fmt::print("{} layers, {} parameters; {} samples to learn from, {} for validation, {} for the test\n",
             trainer.description().layers.size() - 1, format_count(double(parameters)), count(Share::train),
             count(Share::validation), count(Share::test));
}

// The test samples by the best weights; false when it was stopped.
bool finish(const TrainArguments& arguments, const std::string& output, Trainer& trainer, TrainingBar& bar) {
  const std::size_t tests = trainer.samples().share(Share::test).size();
  trainer.load_weights(trainer.record().best_weights);
  const Judgement judged = trainer.judge(Share::test);
  bar.end();
  if (!judged.complete) return false;
  write_results(arguments, output, trainer, tests > 0 ? &judged : nullptr);
  if (arguments.quiet) return true;
  if (tests > 0) print_judgement(judged, trainer);
  fmt::print("weights of epoch {}: {}\n", trainer.record().best + 1, output);
  return true;
}

// What `--resume` goes on from, on all ranks; the network must be the same.
TrainedFile before(const TrainArguments& arguments, const NetworkDescription& network,
                   const std::string& output) {
  TrainedFile found;
  together(arguments.ranks, [&] {
    found = read_trained(output);
    check_same_network(found, network);
  });
  return found;
}

std::unique_ptr<Trainer> make_trainer(const TrainArguments& arguments, const NetworkDescription& network,
                                      const std::string& output, TrainingBar& bar) {
  std::unique_ptr<Trainer> trainer;
  together(arguments.ranks, [&] {
    trainer = std::make_unique<Trainer>(
        network, TrainingOptions{arguments.threads, &StopSignals::asked(),
                                 [&](const TrainingProgress& now) { bar.show(now); }, arguments.ranks});
    const auto inputs = trainer->samples().set().files();
    keep_files(output, inputs);
    if (arguments.report) keep_files(*arguments.report, inputs);
  });
  return trainer;
}

void tell_stopped(const TrainArguments& arguments, const Trainer& trainer, const std::string& output) {
  if (!arguments.writes()) return;
  if (trainer.record().epochs.empty()) {
    fmt::print(stderr, "stopped before the end of the first epoch; nothing was written\n");
  } else {
    fmt::print(stderr,
               "stopped; `synfire train {} --output {} --resume` goes on after the last whole epoch\n",
               arguments.network.file, output);
  }
}

void train(const TrainArguments& given, Ranks* ranks) {
  TrainArguments arguments = given;
  arguments.ranks = ranks;
  if (!arguments.writes()) arguments.quiet = true;
  NetworkDescription network;
  std::string output;
  together(ranks, [&] {
    network = arguments.network.load();
    output = arguments.network.output_of(network, arguments.output);
    if (arguments.writes()) check_files(arguments, network, output);
  });
  TrainingBar bar(arguments.quiet);
  const StopSignals signals;
  const std::unique_ptr<Trainer> trainer = make_trainer(arguments, network, output, bar);
  if (arguments.resume) trainer->load(before(arguments, network, output).record);
  if (!arguments.quiet) print_start(*trainer, trainer->network().parameters());
  const bool whole = trainer->run([&](const TrainingRecord& record) {
    bar.end_epoch(record);
    write_results(arguments, output, *trainer, nullptr);
  });
  bar.end();
  if (whole && finish(arguments, output, *trainer, bar)) return;
  tell_stopped(arguments, *trainer, output);
  tell_signal();
}

struct EvalArguments {
  std::string file;
  std::vector<std::string> overrides;
  std::optional<std::string> predictions;
  bool force = false, quiet = false;
  unsigned threads = 0;
};

// The network of a trained file with its weights, and the overrides of the command line.
void write_predictions(const std::string& path, const Judgement& judged,
                       const std::vector<std::string>& classes) {
  NewFile file(path);
  file.put("sample,label,prediction");
  for (const auto& name : classes) file.put(fmt::format(",\"{}\"", name));
  file.put("\n");
  for (std::size_t k = 0; k < judged.labels.size(); ++k) {
    file.put(fmt::format("{},{},{}", k, judged.labels[k], judged.predictions[k]));
    for (std::size_t c = 0; c < classes.size(); ++c)
      file.put(fmt::format(",{}", judged.outputs[k * classes.size() + c]));
    file.put("\n");
  }
  file.finish();
}

void evaluate(const EvalArguments& arguments) {
  const TrainedFile trained = read_trained(arguments.file);
  if (arguments.predictions) {
    keep_files(*arguments.predictions, {arguments.file});
    check_output(*arguments.predictions, arguments.force);
  }
  TrainingBar bar(arguments.quiet);
  const StopSignals signals;
  const auto trainer = open_trained(
      trained, arguments.overrides,
      {arguments.threads, &StopSignals::asked(), [&bar](const TrainingProgress& now) { bar.show(now); }});
  if (arguments.predictions) keep_files(*arguments.predictions, trainer->samples().set().files());
  if (trainer->samples().share(Share::test).empty())
    throw Error(ErrorKind::usage, "there are no test samples; `--set training.test=…` says how many");
  const Judgement judged = trainer->judge(Share::test);
  bar.end();
  tell_signal();
  if (arguments.predictions && std::isnan(judged.score.accuracy))
    throw Error(ErrorKind::usage,
                "a network that gives its samples back predicts no classes; `synfire eval` judges it");
  if (arguments.predictions) write_predictions(*arguments.predictions, judged, trainer->samples().classes());
  if (!arguments.quiet) print_judgement(judged, *trainer);
}

// What eval and predict have in common.
void add_arguments(CLI::App& command, EvalArguments& arguments) {
  command.add_option("file", arguments.file, "trained network")->required()->type_name("TRAINED.h5");
  command
      .add_option("--set", arguments.overrides,
                  "override a value of its network, e.g. --set dataset.path=other; may be repeated")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false);
  command.add_flag("-f,--force", arguments.force, "replace an existing file of predictions");
  command.add_option("-t,--threads", arguments.threads, "threads to use; default: all of the machine")
      ->check(CLI::Range(1, 4096));
}

}  // namespace

void add_train(CLI::App& app) {
  auto arguments = std::make_shared<TrainArguments>();
  CLI::App* command = app.add_subcommand("train", "train a network of layers by gradients");
  arguments->network.add_to(*command);
  command
      ->add_option("-o,--output", arguments->output,
                   "trained network; else `output:` of the network, else its name + .h5")
      ->type_name("FILE.h5");
  command->add_flag("-f,--force", arguments->force, "replace an existing file and report");
  command->add_flag("--resume", arguments->resume, "go on where the training of that file stopped");
  command->add_option("-t,--threads", arguments->threads, "threads to use; default: all of the machine")
      ->check(CLI::Range(1, 4096));
  command->add_option("--report", arguments->report, "write every epoch as JSON")->type_name("FILE.json");
  command->add_flag("-q,--quiet", arguments->quiet, "print nothing but errors");
  command->footer(
      "Example: synfire train examples/fashion/baseline.yaml --set training.epochs=1 --set "
      "training.train=12000");
  command->callback([arguments] { on_all_ranks([&](Ranks* ranks) { train(*arguments, ranks); }); });
}

void add_eval(CLI::App& app) {
  auto arguments = std::make_shared<EvalArguments>();
  CLI::App* command = app.add_subcommand("eval", "judge a trained network by test samples");
  add_arguments(*command, *arguments);
  command->add_option("--predictions", arguments->predictions, "write the outputs for each sample as CSV")
      ->type_name("FILE.csv");
  command->add_flag("-q,--quiet", arguments->quiet, "print nothing but errors");
  command->footer("Example: synfire eval baseline.h5 --predictions fashion.csv");
  command->callback([arguments] { evaluate(*arguments); });
}

void add_predict(CLI::App& app) {
  auto arguments = std::make_shared<EvalArguments>();
  CLI::App* command =
      app.add_subcommand("predict", "write what a trained network says of test samples as CSV");
  add_arguments(*command, *arguments);
  command->add_option("-o,--output", arguments->predictions, "a row for each sample: label, class, outputs")
      ->required()
      ->type_name("FILE.csv");
  command->footer("Example: synfire predict baseline.h5 --output said.csv");
  command->callback([arguments] {
    arguments->quiet = true;
    evaluate(*arguments);
  });
}

}  // namespace synfire::cli
