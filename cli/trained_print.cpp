#include "cli/trained_print.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "cli/task_print.hpp"
#include "cli/terminal.hpp"
#include "io/text.hpp"
#include "learning/gradient/training_report.hpp"

namespace synfire::cli {
namespace {

using namespace learning;

struct Share {
  const char* name;
  Score EpochRecord::*score;
};
constexpr Share shares[] = {
    {"train", &EpochRecord::train}, {"validation", &EpochRecord::validation}, {"test", &EpochRecord::test}};

// Those that there are samples of.
std::vector<Share> shown_shares(const TrainingRecord& record) {
  std::vector<Share> shown;
  for (const Share& share : shares)
    if (std::any_of(record.epochs.begin(), record.epochs.end(),
                    [&](const EpochRecord& epoch) { return std::isfinite((epoch.*share.score).loss); }))
      shown.push_back(share);
  return shown;
}

std::string percent(double part) { return std::isnan(part) ? "" : fmt::format("{:.2f}", 100 * part); }

std::string epochs_table(const TrainingRecord& record, bool colours) {
  const std::vector<Share> shown = shown_shares(record);
  std::string head = "epoch";
  for (const Share& share : shown) head += fmt::format("  {:>18}", fmt::format("{} loss, %", share.name));
  head += "  learning rate  images/s";
  std::string text = colours ? fmt::format("\033[1m{}\033[0m\n", head) : head + "\n";
  for (std::size_t e = 0; e < record.epochs.size(); ++e) {
    const EpochRecord& epoch = record.epochs[e];
    text += fmt::format("{:>5}", e + 1);
    for (const Share& share : shown)
      text +=
          fmt::format("  {:>10.4f} {:>7}", (epoch.*share.score).loss, percent((epoch.*share.score).accuracy));
    text += fmt::format("  {:>13.3g}  {:>8}{}\n", epoch.learning_rate, format_count(epoch.images_per_s),
                        e == record.best ? "  *" : "");
  }
  return text;
}

std::string rates_lines(const TrainedFile& trained, const std::vector<double>& rates) {
  std::string text;
  for (std::size_t k = 0; k < std::min(rates.size(), trained.layers.size()); ++k)
    if (rates[k] >= 0)
      text += fmt::format("{}: {:.4f} spikes per neuron and step\n", printable(trained.layers[k]), rates[k]);
  return text;
}

std::string structure_lines(const EpochRecord& epoch) {
  std::string text;
  for (const auto& array : epoch.structure)
    text +=
        fmt::format("{}: {} connections, {:.1f} % of those possible, on {} neurons\n", printable(array.array),
                    format_count(array.connections), 100 * array.density, format_count(array.neurons));
  return text;
}

}  // namespace

std::string trained_text(const std::string& path, const TrainedFile& trained, bool colours) {
  const TrainingRecord& record = trained.record;
  std::string text = printable(path) + "\n";
  text += fmt::format("trained network, synfire {}, from {}\n", printable(trained.version),
                      trained.source_file.empty() ? "?" : printable(trained.source_file));
  text += fmt::format("{} layers, {} parameters, {} epoch{}; * weights that are kept\n\n",
                      trained.layers.size() - 1, format_count(double(learned_numbers(record))),
                      record.epochs.size(), record.epochs.size() == 1 ? "" : "s");
  text += epochs_table(record, colours) + "\n" + structure_lines(record.epochs[record.best]);
  if (!trained.tested)
    return text + rates_lines(trained, record.epochs[record.best].rates) +
           "the test samples were not judged yet\n";
  text += rates_lines(trained, trained.tested->rates);
  if (std::isnan(trained.tested->score.accuracy))
    return text + fmt::format("reconstruction of the test samples: mean squared error {:.5f}\n",
                              trained.tested->score.loss);
  text += fmt::format("accuracy {:.2f} % of the test samples (loss {:.4f})\n",
                      100 * trained.tested->score.accuracy, trained.tested->score.loss);
  return text + confusion_text(trained.classes.size(), trained.tested->confusion);
}

}  // namespace synfire::cli
