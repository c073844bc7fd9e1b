#include "learning/gradient/training_report.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "io/byte_file.hpp"
#include "learning/gradient/epoch_columns.hpp"

namespace synfire::learning {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

// Of the layers that spike.
Json rates_by_name(const NetworkDescription& network, const std::vector<double>& rates) {
  Json named = Json::object();
  for (std::size_t k = 0; k < std::min(rates.size(), network.layers.size()); ++k)
    if (rates[k] >= 0) named[network.layers[k].name] = rates[k];
  return named;
}

Json structure_by_name(const std::vector<ArrayStructure>& arrays) {
  Json named = Json::object();
  for (const ArrayStructure& array : arrays)
    for (const StructureColumn& column : structure_columns)
      named[array.array][std::string(column.name)] = number(array.*column.value);
  return named;
}

}  // namespace

std::size_t learned_numbers(const TrainingRecord& record) {
  std::size_t count = 0;
  for (const auto& array : record.last.weights) count += array.values.size();
  return count;
}

std::string training_json(const NetworkDescription& network, const TrainingRecord& record,
                          const std::optional<TestedSamples>& tested) {
  Json report = {{"network", network.source_file},
                 {"seed", network.seed},
                 {"parameters", learned_numbers(record)},
                 {"epochs", Json::array()},
                 {"best_epoch", record.best}};
  for (const auto& epoch : record.epochs) {
    Json one;
    for (const EpochColumn& column : epoch_columns) one[std::string(column.name)] = number(column.get(epoch));
    one["firing_rates"] = rates_by_name(network, epoch.rates);
    if (!epoch.structure.empty()) one["structure"] = structure_by_name(epoch.structure);
    report["epochs"].push_back(std::move(one));
  }
  if (tested) {
    report["test_accuracy"] = number(tested->score.accuracy);
    report["test_loss"] = number(tested->score.loss);
    report["test_firing_rates"] = rates_by_name(network, tested->rates);
    report["test_confusion"] = tested->confusion;
  }
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string training_csv(const TrainingRecord& record) {
  std::string text = "epoch";
  for (const EpochColumn& column : epoch_columns) text += fmt::format(",{}", column.name);
  text += "\n";
  for (std::size_t e = 0; e < record.epochs.size(); ++e) {
    text += fmt::format("{}", e + 1);
    for (const EpochColumn& column : epoch_columns) {
      const double value = column.get(record.epochs[e]);
      text += std::isfinite(value) ? fmt::format(",{}", value) : ",";
    }
    text += "\n";
  }
  return text;
}

void write_training_report(const std::string& path, const NetworkDescription& network,
                           const TrainingRecord& record, const std::optional<TestedSamples>& tested) {
  NewFile file(path);
  file.put(training_json(network, record, tested));
  file.finish();
}

}  // namespace synfire::learning
