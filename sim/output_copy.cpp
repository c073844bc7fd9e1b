#include "sim/output_copy.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.hpp"
#include "io/sonata.hpp"
#include "sim/catalogue_structure.hpp"

namespace synfire {
namespace {

constexpr std::uint64_t rows_at_once = std::uint64_t(1) << 18;

[[noreturn]] void refuse(const hdf5::File& file, const std::string& why) {
  throw Error(ErrorKind::input,
              fmt::format("{}: {}; the run cannot be continued there", file.file_path(), why));
}

// A writer that was killed may have announced more rows of one dataset than of the others.
std::uint64_t common_rows(std::initializer_list<hdf5::Dataset> datasets) {
  std::uint64_t rows = ~std::uint64_t(0);
  for (const auto& dataset : datasets) rows = std::min(rows, dataset.dimensions().at(0));
  return rows;
}

/// One run of a copy: from where, until when, to whom.
class Copy {
 public:
  Copy(const hdf5::File& from, Step until, const NetworkDescription& network, RecordSink& to)
      : from_(from), until_(until), network_(network), grid_(network.simulation.dt), to_(to) {}

  void spikes(const RecordDescription& record) const {
    const hdf5::Group group = from_.group("spikes/" + network_.populations[record.population].name);
    const hdf5::Dataset times = group.dataset("timestamps"), ids = group.dataset("node_ids");
    const std::uint64_t rows = common_rows({times, ids});
    std::vector<Step> steps;
    std::vector<std::uint32_t> neurons;
    for (std::uint64_t first = 0; first < rows; first += rows_at_once) {
      const std::uint64_t count = std::min(rows_at_once, rows - first);
      const auto some_times = times.read_rows<double>(first, count);
      const auto some_ids = ids.read_rows<std::uint64_t>(first, count);
      steps.clear();
      neurons.clear();
      for (std::size_t k = 0; k < count; ++k) {
        const Step step = some_times[k] >= 0 ? grid_.nearest(some_times[k]) - 1 : until_;
        if (step >= until_) break;
        steps.push_back(step);
        neurons.push_back(static_cast<std::uint32_t>(some_ids[k]));
      }
      if (!steps.empty()) to_.spikes(record.population, steps, neurons);
      if (steps.size() < count) return;
    }
  }

  void frames(const RecordDescription& record, std::size_t trace) const {
    const std::string& population = network_.populations[record.population].name;
    const std::string& variable = record.traces[trace].variable;
    const Report report = find_report(population, variable);
    const Step every = std::max<Step>(1, grid_.nearest(record.traces[trace].every));
    const auto frames = static_cast<std::uint64_t>(until_ / every);
    if (report.frames() < frames)
      refuse(from_, fmt::format("it holds {} of {} samples of {} of '{}'", report.frames(), frames, variable,
                                population));
    const std::uint64_t at_once =
        std::max<std::uint64_t>(1, rows_at_once / std::max<std::uint64_t>(1, report.elements()));
    for (std::uint64_t first = 0; first < frames; first += at_once)
      to_.frames(record.population, trace,
                 report.read(first, std::min(at_once, frames - first), 0, report.elements()));
  }

  void weights(std::size_t record) const {
    const auto& projection = network_.projections[network_.weight_records[record].projection];
    const hdf5::Group group = from_.group("synfire/weights/" + projection.name);
    const auto times = group.dataset("time").read<double>();
    const auto begins = group.dataset("begin").read<std::uint64_t>();
    for (std::size_t k = 0; k < times.size() && k + 1 < begins.size(); ++k) {
      const Step point = times[k] >= 0 ? grid_.nearest(times[k]) : until_ + 1;
      if (point > until_) return;
      const std::uint64_t first = begins[k], count = begins[k + 1] - begins[k];
      SynapseTable table;
      table.sources = group.dataset("source_node_id").read_rows<std::uint32_t>(first, count);
      table.targets = group.dataset("target_node_id").read_rows<std::uint32_t>(first, count);
      table.weights = group.dataset("weight").read_rows<float>(first, count);
      if (projection.mask) table.masks = group.dataset("mask").read_rows<float>(first, count);
      to_.weights(record, point, table);
    }
  }

  void structure(std::size_t projection) const {
    const hdf5::Group group = from_.group("synfire/structure/" + network_.projections[projection].name);
    const auto times = group.dataset("time").read<double>();
    const auto whole = [&](const char* name) {
      auto values = group.dataset(name).read<std::uint64_t>();
      values.resize(times.size());
      return values;
    };
    const auto real = [&](const char* name) {
      auto values = group.dataset(name).read<double>();
      values.resize(times.size());
      return values;
    };
    const auto synapses = whole("synapses"), connected = whole("connected_targets"), pruned = whole("pruned"),
               regenerated = whole("regenerated"), formed = whole("formed");
    const auto prune_rates = real("rate_prune"), regeneration_rates = real("rate_regenerate");
    for (std::size_t k = 0; k < times.size(); ++k) {
      const Step point = times[k] >= 0 ? grid_.nearest(times[k]) : until_ + 1;
      if (point > until_) return;
      StructureEvent event;
      event.pruned = pruned[k];
      event.regenerated = regenerated[k];
      event.formed = formed[k];
      event.left = {synapses[k], static_cast<std::uint32_t>(connected[k]), 0};
      event.rate_prune = prune_rates[k];
      event.rate_regenerate = regeneration_rates[k];
      to_.structure(projection, point, event);
    }
  }

 private:
  Report find_report(const std::string& population, const std::string& variable) const {
    for (const auto& name : report_names(from_)) {
      Report report(from_, name);
      if (report.population() == population && report.variable() == variable) return report;
    }
    refuse(from_, fmt::format("it holds no {} of '{}'", variable, population));
  }

  const hdf5::File& from_;
  Step until_;
  const NetworkDescription& network_;
  Grid grid_;
  RecordSink& to_;
};

}  // namespace

void copy_results(const hdf5::File& from, Step until, const NetworkDescription& network, RecordSink& to) {
  if (!from.has_dataset("synfire/network") ||
      from.dataset("synfire/network").read_text() != network.source_text)
    refuse(from, "it holds results of another network");
  const double completed = from.group("synfire").number_attribute("completed_ms").value_or(0);
  if (!network.records.empty() && Grid(network.simulation.dt).nearest(completed) < until)
    refuse(from, fmt::format("it ends at {} ms, before the checkpoint", completed));
  const Copy copy(from, until, network, to);
  for (const auto& record : network.records) {
    if (record.spikes.all || !record.spikes.ids.empty()) copy.spikes(record);
    for (std::size_t t = 0; t < record.traces.size(); ++t) copy.frames(record, t);
  }
  for (std::size_t r = 0; r < network.weight_records.size(); ++r) copy.weights(r);
  for (std::size_t p = 0; p < network.projections.size(); ++p)
    if (structural_rule(network.projections[p].plasticity) != nullptr) copy.structure(p);
}

}  // namespace synfire
