#include "cli/inspect_print.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "cli/task_print.hpp"
#include "cli/text_raster.hpp"
#include "io/text.hpp"

namespace synfire::cli {
namespace {

constexpr std::size_t label_width = 14;

std::string ms(double value) { return fmt::format("{:g}", std::round(value * 1e3) / 1e3 + 0.0); }

std::string title(const RecordedPopulation& population) {
  return population.name.empty() ? "(no name)" : printable(population.name);
}

/// Characters, not bytes: those that begin a character of UTF-8.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// Filled with blanks, or cut with an ellipsis, to a number of characters.
std::string padded(std::string text, std::size_t width) {
  if (characters(text) > width) {
    while (characters(text) > width - 1) {
      while ((static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) text.pop_back();
      text.pop_back();
    }
    text += "…";
  }
  return text + std::string(width - characters(text), ' ');
}

std::string with_value(const char* name, const std::string& value) {
  return value.empty() ? "" : fmt::format("{} {}", name, printable(value));
}

std::string provenance_lines(const Inspection& inspection) {
  const Provenance& p = inspection.provenance;
  std::string text = printable(inspection.path) + "\n";
  if (!p.by_synfire) return text + "SONATA file of another program (sizes from the largest ids)\n";
  std::vector<std::string> parts{
      with_value("synfire", p.revision.empty() ? p.version : fmt::format("{} ({})", p.version, p.revision))};
  if (p.seed) parts.push_back(fmt::format("seed {}", *p.seed));
  if (p.dt_ms) parts.push_back(fmt::format("dt {} ms", ms(*p.dt_ms)));
  parts.push_back(with_value("backend", p.backend));
  if (const auto threads = p.threads.value_or(0); threads > 0)
    parts.push_back(fmt::format("{} thread{}", threads, threads == 1 ? "" : "s"));
  parts.push_back(with_value("on", p.host));
  parts.push_back(with_value("started", p.started));
  std::erase(parts, "");
  text += fmt::format("{}\n", fmt::join(parts, ", "));
  const std::string completed = p.completed_ms ? ms(*p.completed_ms) : "?";
  const std::string all = p.duration_ms ? fmt::format(" of {} ms", ms(*p.duration_ms)) : "";
  if (p.unfinished())
    text += fmt::format("unfinished (still running, or killed): complete up to {} ms{}\n", completed, all);
  if (p.status == "stopped") text += fmt::format("stopped early: complete up to {} ms{}\n", completed, all);
  return text;
}

std::string number_or_dash(const std::optional<double>& value, int decimals) {
  return value ? fmt::format("{:.{}f}", *value, decimals) : "-";
}

template <class Value, class Member>
std::optional<double> member_of(const std::optional<Value>& value, Member member) {
  return value ? std::optional<double>((*value).*member) : std::nullopt;
}

struct Column {
  const char* title;
  bool right;  ///< numbers stand at the right
};

constexpr std::array<Column, 8> columns{{{"population", false},
                                         {"model", false},
                                         {"neurons", true},
                                         {"spikes", true},
                                         {"rate Hz", true},
                                         {"CV ISI", true},
                                         {"Fano 3 ms", true},
                                         {"corr 2 ms", true}}};
using Row = std::array<std::string, columns.size()>;

Row table_row(const InspectedPopulation& inspected) {
  const RecordedPopulation& p = inspected.population;
  Row row{title(p), p.model.empty() ? "-" : printable(p.model), fmt::format("{}", p.neurons)};
  std::fill(row.begin() + 3, row.end(), std::string(1, '-'));
  if (!inspected.statistics) return row;
  const SpikeStatistics& s = *inspected.statistics;
  row[3] = fmt::format("{}", s.spikes);
  row[4] = fmt::format("{:.3f}", s.rate_hz);
  row[5] = number_or_dash(member_of(s.cv_isi, &MeanOverNeurons::mean), 3);
  row[6] = number_or_dash(s.fano, 3);
  row[7] = number_or_dash(member_of(s.correlation_2ms, &Correlation::mean), 4);
  return row;
}

std::string table(const Inspection& inspection, bool colours) {
  std::vector<Row> rows(1);
  for (std::size_t c = 0; c < columns.size(); ++c) rows[0][c] = columns[c].title;
  for (const auto& p : inspection.populations) rows.push_back(table_row(p));
  std::array<std::size_t, columns.size()> widths{};
  for (const Row& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], characters(row[c]));
  std::string text;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string line;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const std::string blanks(widths[c] - characters(rows[r][c]), ' ');
      line += c > 0 ? "  " : "";
      line += columns[c].right ? blanks + rows[r][c] : rows[r][c] + blanks;
    }
    text += colours && r == 0 ? fmt::format("\033[1m{}\033[0m\n", line) : line + "\n";
  }
  return text;
}

std::string task_lines(const Inspection& inspection) {
  if (!inspection.task) return "";
  const RecordedTask& task = *inspection.task;
  std::string text = fmt::format("\ntask {} ({}{}{}): {} training samples, {} test samples", task.name,
                                 printable(task.data), task.method.empty() ? "" : ", ",
                                 printable(task.method), task.train_samples, task.test_samples);
  if (task.lambda) text += fmt::format(", lambda {:.3g}", *task.lambda);
  if (task.test_samples == 0) return text + "\n";
  text += fmt::format(", accuracy {:.2f} %", 100 * task.accuracy);
  if (task.train_accuracy)
    text += fmt::format(" (of the training samples {:.2f} %)", 100 * *task.train_accuracy);
  return text + "\n" + confusion_text(task.classes, task.confusion);
}

std::string report_lines(const Inspection& inspection) {
  std::string text;
  for (const auto& r : inspection.reports)
    text += fmt::format("report {}: {}{} of {} element{} of {}, {} frames every {} ms from {} ms\n",
                        printable(r.name), r.variable.empty() ? "values" : printable(r.variable),
                        r.units.empty() || r.units == "1" ? "" : fmt::format(" ({})", printable(r.units)),
                        r.elements, r.elements == 1 ? "" : "s", printable(r.population), r.frames,
                        ms(r.step_ms), ms(r.start_ms));
  return text;
}

/// Terminal colours near those of the pictures.
std::string coloured(const std::string& text, std::size_t index, bool colours) {
  constexpr std::array<int, 8> codes{32, 166, 36, 175, 178, 74, 245, 143};
  return colours ? fmt::format("\033[38;5;{}m{}\033[0m", codes[index % codes.size()], text) : text;
}

std::string raster_block(const InspectedPopulation& inspected, std::size_t index, bool colours) {
  const auto lines = braille_lines(inspected.raster);
  const double top = inspected.rates_hz.empty()
                         ? 0
                         : *std::max_element(inspected.rates_hz.begin(), inspected.rates_hz.end());
  std::string text;
  for (std::size_t k = 0; k < lines.size(); ++k)
    text += padded(k == 0 ? title(inspected.population) : "", label_width) +
            coloured(lines[k], index, colours) + "\n";
  return text + padded(fmt::format("0-{:.3g} Hz", top), label_width) +
         coloured(bar_line(inspected.rates_hz, top), index, colours) + "\n";
}

std::string raster(const Inspection& inspection, bool colours) {
  std::string text;
  std::size_t width = 0;
  for (std::size_t k = 0; k < inspection.populations.size(); ++k) {
    const auto& p = inspection.populations[k];
    if (p.raster.counts.empty()) continue;
    text += raster_block(p, k, colours);
    width = p.raster.columns / 2;
  }
  if (text.empty()) return text;
  const std::string from = ms(inspection.window.from_ms), until = ms(inspection.window.until_ms) + " ms";
  const std::size_t used = from.size() + until.size();
  return fmt::format("\n{}{:{}}{}{:{}}{}\n", text, "", label_width, from, "", width > used ? width - used : 1,
                     until);
}

using Json = nlohmann::ordered_json;

template <class T> Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json json_of(const std::optional<Correlation>& c) {
  if (!c) return nullptr;
  return {{"mean", c->mean}, {"sd", c->sd}, {"neurons", c->neurons}, {"pairs", c->pairs}};
}

Json json_of(const InspectedPopulation& inspected) {
  const RecordedPopulation& p = inspected.population;
  Json json{{"name", p.name}, {"model", p.model}, {"kind", p.kind}, {"neurons", p.neurons}};
  json["spikes_recorded"] = inspected.statistics.has_value();
  if (!inspected.statistics) return json;
  const SpikeStatistics& s = *inspected.statistics;
  json["spikes"] = s.spikes;
  json["active_neurons"] = s.active_neurons;
  json["rate_hz"] = s.rate_hz;
  json["rate_sd_hz"] = s.rate_sd_hz;
  json["cv_isi"] = or_null(member_of(s.cv_isi, &MeanOverNeurons::mean));
  json["cv_isi_neurons"] = s.cv_isi ? s.cv_isi->neurons : 0;
  json["fano_3ms"] = or_null(s.fano);
  json["correlation_2ms"] = json_of(s.correlation_2ms);
  json["correlation_5ms"] = json_of(s.correlation_5ms);
  return json;
}

Json json_of(const std::optional<RecordedTask>& task) {
  if (!task) return nullptr;
  Json json{{"name", task->name},
            {"method", task->method},
            {"data", task->data},
            {"input", task->input},
            {"output", task->output},
            {"classes", task->classes},
            {"train_samples", task->train_samples},
            {"test_samples", task->test_samples},
            {"accuracy", task->accuracy},
            {"train_accuracy", or_null(task->train_accuracy)},
            {"lambda", or_null(task->lambda)},
            {"confusion", Json::array()}};
  for (std::size_t row = 0; row < task->classes; ++row)
    json["confusion"].push_back(
        std::vector(task->confusion.begin() + std::ptrdiff_t(row * (task->classes + 1)),
                    task->confusion.begin() + std::ptrdiff_t((row + 1) * (task->classes + 1))));
  return json;
}

/// A field of a CSV row, quoted where it must be.
std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string result = "\"";
  for (const char c : text) result += c == '"' ? std::string("\"\"") : std::string(1, c);
  return result + "\"";
}

std::string field(const std::optional<double>& value) { return value ? fmt::format("{}", *value) : ""; }

}  // namespace

std::size_t raster_columns(std::size_t width) {
  constexpr std::size_t least = 8;
  return 2 * (width > label_width + least ? width - label_width : least);
}

std::string inspection_text(const Inspection& inspection, bool colours) {
  const TimeWindow& window = inspection.window;
  return provenance_lines(inspection) +
         fmt::format("window {} to {} ms\n\n", ms(window.from_ms), ms(window.until_ms)) +
         (inspection.populations.empty() ? "" : table(inspection, colours)) + report_lines(inspection) +
         task_lines(inspection) + raster(inspection, colours);
}

std::string inspection_json(const Inspection& inspection) {
  const Provenance& p = inspection.provenance;
  Json json{{"file", inspection.path}, {"synfire", nullptr}};
  if (p.by_synfire)
    json["synfire"] = {{"version", p.version},
                       {"revision", p.revision},
                       {"status", p.status},
                       {"backend", p.backend},
                       {"host", p.host},
                       {"started", p.started},
                       {"seed", or_null(p.seed)},
                       {"threads", or_null(p.threads)},
                       {"dt_ms", or_null(p.dt_ms)},
                       {"duration_ms", or_null(p.duration_ms)},
                       {"completed_ms", or_null(p.completed_ms)}};
  json["window_ms"] = {inspection.window.from_ms, inspection.window.until_ms};
  json["populations"] = Json::array();
  for (const auto& population : inspection.populations) json["populations"].push_back(json_of(population));
  json["reports"] = Json::array();
  for (const auto& r : inspection.reports)
    json["reports"].push_back({{"name", r.name},
                               {"population", r.population},
                               {"variable", r.variable},
                               {"units", r.units},
                               {"elements", r.elements},
                               {"frames", r.frames},
                               {"start_ms", r.start_ms},
                               {"step_ms", r.step_ms}});
  json["task"] = json_of(inspection.task);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string inspection_csv(const Inspection& inspection) {
  std::string text =
      "population,model,kind,neurons,spikes,active_neurons,rate_hz,rate_sd_hz,cv_isi,fano_3ms,"
      "correlation_2ms,correlation_sd_2ms,correlation_5ms,correlation_sd_5ms\n";
  for (const auto& inspected : inspection.populations) {
    const RecordedPopulation& p = inspected.population;
    text += fmt::format("{},{},{},{}", quoted(p.name), quoted(p.model), quoted(p.kind), p.neurons);
    if (!inspected.statistics) {
      text += ",,,,,,,,,,\n";
      continue;
    }
    const SpikeStatistics& s = *inspected.statistics;
    text += fmt::format(",{},{},{},{},{},{}", s.spikes, s.active_neurons, s.rate_hz, s.rate_sd_hz,
                        field(member_of(s.cv_isi, &MeanOverNeurons::mean)), field(s.fano));
    for (const auto& c : {s.correlation_2ms, s.correlation_5ms})
      text += fmt::format(",{},{}", field(member_of(c, &Correlation::mean)),
                          field(member_of(c, &Correlation::sd)));
    text += "\n";
  }
  return text;
}

}  // namespace synfire::cli
