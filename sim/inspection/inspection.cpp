#include "sim/inspection/inspection.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.hpp"
#include "core/quantity.hpp"
#include "sim/inspection/fields_plot.hpp"
#include "sim/inspection/raster_plot.hpp"

namespace synfire {
namespace {

TimeWindow window_of(const ResultReader& reader, const InspectRequest& request) {
  const TimeWindow recorded = reader.recorded();
  TimeWindow window{request.from_ms.value_or(recorded.from_ms), request.until_ms.value_or(recorded.until_ms)};
  const auto ms = [](double value) { return format_quantity(value, Unit::ms); };
  if (request.from_ms && request.until_ms && window.from_ms >= window.until_ms)
    throw Error(ErrorKind::usage,
                fmt::format("the window ends ({}) before it begins ({}); exchange --from and --until",
                            ms(window.until_ms), ms(window.from_ms)));
  if (request.from_ms && window.from_ms >= recorded.until_ms)
    throw Error(ErrorKind::usage, fmt::format("{}: nothing is recorded from {} on; it ends at {}",
                                              reader.path(), ms(window.from_ms), ms(recorded.until_ms)));
  if (request.until_ms && window.until_ms <= recorded.from_ms)
    throw Error(ErrorKind::usage,
                fmt::format("{}: nothing is recorded until {}", reader.path(), ms(window.until_ms)));
  // Rates are counts over the window: it must not reach into time that nothing is known of.
  window.until_ms = std::min(window.until_ms, recorded.until_ms);
  window.from_ms = std::max(window.from_ms, recorded.from_ms);
  return window;
}

/// The reports of the populations asked for.
std::vector<RecordedReport> reports_of(const ResultReader& reader, const std::vector<std::string>& names) {
  std::vector<RecordedReport> chosen;
  for (const auto& report : reader.reports())
    if (names.empty() || std::find(names.begin(), names.end(), report.population) != names.end())
      chosen.push_back(report);
  return chosen;
}

/// Rows of the raster for a population: by the square root of its neurons, at least eight (two lines of
/// text).
std::size_t rows_for(const Inspection& inspection, std::uint64_t neurons, std::size_t rows) {
  double sum = 0;
  for (const auto& p : inspection.populations)
    if (p.population.spikes_recorded) sum += std::sqrt(static_cast<double>(p.population.neurons));
  if (sum <= 0) return 8;
  const double share = std::sqrt(static_cast<double>(neurons)) / sum * static_cast<double>(rows);
  return std::max<std::size_t>(8, static_cast<std::size_t>(std::lround(share / 4)) * 4);
}

void add_raster(InspectedPopulation& inspected, const SpikeView& spikes, TimeWindow window,
                std::size_t columns, std::size_t rows) {
  inspected.raster = spike_density(spikes, window, columns, rows);
  const double bin_ms = window.length_ms() / static_cast<double>(std::max<std::size_t>(columns / 2, 1));
  if (bin_ms > 0) inspected.rates_hz = rate_in_bins(spikes, window, bin_ms);
}

std::optional<RasterFigure> figure_for(const Inspection& inspection, const InspectRequest& request) {
  if (request.plot.empty()) return std::nullopt;
  RasterPlan plan{.window = inspection.window,
                  .dt_ms = inspection.provenance.dt_ms.value_or(0),
                  .populations = {},
                  .traces = {}};
  for (const auto& p : inspection.populations)
    if (p.population.spikes_recorded) plan.populations.push_back({p.population.name, p.population.neurons});
  if (request.traces)
    for (const auto& r : inspection.reports) plan.traces.push_back({r.population, r.variable, r.units});
  if (plan.window.length_ms() <= 0 || (plan.populations.empty() && plan.traces.empty()))
    throw Error(ErrorKind::usage, fmt::format("{}: nothing to draw{}", inspection.path,
                                              inspection.reports.empty() || request.traces
                                                  ? ""
                                                  : " but traces, which --traces asks for"));
  return RasterFigure(request.plot, std::move(plan), request.overwrite);
}

void plot_weights(const ResultReader& reader, const InspectRequest& request) {
  const auto known = recorded_projections(reader.file());
  if (request.projection.empty() && known.size() > 1)
    throw Error(ErrorKind::usage, fmt::format("{}: has weights of {}; choose one with --projection",
                                              reader.path(), fmt::join(known, ", ")));
  if (known.empty())
    throw Error(
        ErrorKind::usage,
        fmt::format("{}: no weights were recorded; give a projection `plasticity`, and under `record` "
                    "its name with `weights: {{at: [time]}}`",
                    reader.path()));
  const std::string& projection = request.projection.empty() ? known.front() : request.projection;
  draw_fields(request.weights_plot, read_weights(reader.file(), projection), request.overwrite);
}

}  // namespace

Inspection inspect(const std::string& path, const InspectRequest& request) {
  constexpr std::size_t most_lines = 4;
  if (!request.plot.empty()) plot::format_of(request.plot);  // before work is done for a picture of no kind
  if (!request.weights_plot.empty()) plot::format_of(request.weights_plot);
  const ResultReader reader(path);
  Inspection result{path,
                    reader.provenance(),
                    window_of(reader, request),
                    {},
                    reports_of(reader, request.populations),
                    read_task(reader.file())};
  if (!request.weights_plot.empty()) plot_weights(reader, request);
  for (auto& population : reader.select(request.populations))
    result.populations.push_back({std::move(population), std::nullopt, {}, {}});
  std::optional<RasterFigure> figure = figure_for(result, request);
  std::size_t panel = 0;
  for (auto& inspected : result.populations) {
    if (!inspected.population.spikes_recorded) continue;
    const std::uint64_t neurons = inspected.population.neurons;
    const SpikeTrain train = reader.spikes(inspected.population, result.window);
    const SpikeView spikes = view(train, neurons);
    inspected.statistics = spike_statistics(spikes, result.window);
    if (request.raster_columns > 0)
      add_raster(inspected, spikes, result.window, request.raster_columns,
                 rows_for(result, neurons, request.raster_rows));
    if (figure) figure->draw_population(panel++, spikes);
  }
  if (!figure) return result;
  for (std::size_t k = 0; request.traces && k < result.reports.size(); ++k)
    figure->draw_traces(
        k, trace_lines(reader.report(result.reports[k]), result.window, most_lines, figure->columns()));
  figure->save();
  return result;
}

}  // namespace synfire
