#include "sim/output.hpp"

#include <filesystem>
#include <numeric>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/version.hpp"
#include "sim/catalogue.hpp"
#include "sim/catalogue_structure.hpp"
#include "sim/output_copy.hpp"

namespace synfire {
namespace {

namespace fs = std::filesystem;

std::string folder_of(const std::string& path) {
  const fs::path parent = fs::path(path).parent_path();
  return parent.empty() ? "." : parent.string();
}

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

std::string now_utc() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::now()));
}

std::string kind_of(std::string_view model) {
  if (is_neuron_model(model)) return "neurons";
  return is_signal_model(model) ? "current" : "spikes";
}

// A parameter as attributes: its value (a number, or the words of the network file) and its unit.
void write_parameter(hdf5::Group& group, const ParameterInfo& info, const PopulationDescription& population) {
  const auto found = population.parameters.find(info.name);
  const auto* drawn =
      found == population.parameters.end() ? nullptr : std::get_if<Distribution>(&found->second);
  const auto set = [&](double value) {
    if (info.words.empty()) return group.set_attribute(info.name, value);
    group.set_attribute(info.name, std::string_view(info.text_of(value)));
  };
  if (found == population.parameters.end()) {
    set(info.default_value);
  } else if (drawn != nullptr && drawn->is_constant()) {
    set(drawn->constant());
  } else {
    group.set_attribute(info.name, std::string_view(drawn != nullptr ? "drawn; see /synfire/network"
                                                                     : "changes; see /synfire/network"));
  }
  if (info.unit != Unit::none) group.set_attribute(info.name + "_units", symbol(info.unit));
}

// The file under the name it has until its structure is complete.
hdf5::File create_unnamed(const std::string& path) {
  const std::string unfinished = path + ".new";
  try {
    return hdf5::File::create(unfinished, true);
  } catch (...) {
    std::error_code ignored;
    fs::remove(unfinished, ignored);
    throw;
  }
}

}  // namespace

void check_output(const std::string& path, bool force) {
  const auto refuse = [&](ErrorKind kind, std::string_view why) {
    throw Error(kind, fmt::format("output '{}' {}", path, why));
  };
  std::error_code failure;
  const fs::file_status status = fs::status(path, failure);
  if (status.type() == fs::file_type::none)
    refuse(ErrorKind::resource, fmt::format("cannot be written: {}", failure.message()));
  if (fs::is_directory(status)) refuse(ErrorKind::usage, "is a folder; name a file in it");
  if (fs::path(path).filename().empty()) refuse(ErrorKind::usage, "does not name a file");
  if (fs::exists(status) && !fs::is_regular_file(status))
    refuse(ErrorKind::usage, "is not a file that could be replaced; choose another name");
  if (fs::exists(status) && !force)
    refuse(ErrorKind::usage, "exists; choose another name, or replace it with --force");
  const std::string folder = folder_of(path);
  if (!fs::is_directory(folder, failure))
    refuse(ErrorKind::resource, fmt::format("cannot be written: there is no folder '{}'", folder));
  if (access(folder.c_str(), W_OK) != 0)
    refuse(ErrorKind::resource, fmt::format("cannot be written: no permission in folder '{}'", folder));
}

ResultFile::ResultFile(const std::string& path, bool force, const NetworkDescription& network,
                       const RunOptions& options)
    : ResultFile(path, force, std::nullopt, network, options) {}

std::unique_ptr<ResultFile> ResultFile::continued(const std::string& path, Step from,
                                                  const NetworkDescription& network,
                                                  const RunOptions& options) {
  return std::unique_ptr<ResultFile>(new ResultFile(path, true, from, network, options));
}

ResultFile::ResultFile(const std::string& path, bool force, std::optional<Step> from,
                       const NetworkDescription& network, const RunOptions& options)
    : path_(path), grid_(network.simulation.dt), file_([&] {
        check_output(path, force);
        return create_unnamed(path);
      }()) {
  try {
    write_sonata_root(file_);
    write_provenance(network, options);
    write_populations(network);
    open_recordings(network);
    check_room(0);
    if (from) copy_results(hdf5::File::open(path), *from, network, *this);
    file_.flush();
    file_.rename(path);
  } catch (...) {
    std::error_code ignored;
    fs::remove(path + ".new", ignored);
    throw;
  }
}

void ResultFile::write_provenance(const NetworkDescription& network, const RunOptions& options) {
  hdf5::Group group = file_.require_group("synfire");
  group.set_attribute("version", version::number);
  group.set_attribute("revision", version::revision);
  group.set_attribute("compiler", version::compiler);
  group.set_attribute("seed", std::uint64_t(network.seed));
  group.set_attribute("random_numbers", std::string_view("Philox4x32-10, keyed by seed, object and index"));
  group.set_attribute("dt_ms", network.simulation.dt);
  group.set_attribute("duration_ms", network.simulation.duration);
  group.set_attribute("completed_ms", 0.0);
  group.set_attribute("status", std::string_view("running"));
  group.set_attribute("backend", std::string_view(network.simulation.backend));
  group.set_attribute("threads", std::uint64_t(options.threads));
  group.set_attribute("host", std::string_view(host_name()));
  group.set_attribute("started", std::string_view(now_utc()));
  group.create_text("network", network.source_text);
}

void ResultFile::write_populations(const NetworkDescription& network) {
  for (const auto& population : network.populations) {
    hdf5::Group group = file_.require_group("synfire/populations/" + population.name);
    group.set_attribute("model", std::string_view(population.model));
    group.set_attribute("kind", std::string_view(kind_of(population.model)));
    group.set_attribute("size", std::uint64_t(population.size()));
    group.set_attribute("shape", std::span<const std::uint32_t>(population.shape));
    hdf5::Group parameters = group.require_group("parameters");
    for (const auto& info : model_info(population.model).parameters)
      write_parameter(parameters, info, population);
  }
}

void ResultFile::open_recordings(const NetworkDescription& network) {
  for (const auto& record : network.weight_records)
    weights_.emplace_back(file_, network, network.projections[record.projection]);
  for (const auto& projection : network.projections)
    structures_.push_back(structural_rule(projection.plasticity) != nullptr
                              ? std::make_unique<StructureWriter>(file_, projection.name)
                              : nullptr);
  spikes_.resize(network.populations.size());
  reports_.resize(network.populations.size());
  for (const auto& record : network.records) {
    const auto& population = network.populations[record.population];
    if (record.spikes.all || !record.spikes.ids.empty())
      spikes_[record.population] = std::make_unique<SpikeWriter>(file_, population.name);
    for (const auto& trace : record.traces) {
      ReportHeader header;
      header.population = population.name;
      header.variable = trace.variable;
      const auto* variable = model_info(population.model).state_variable(trace.variable);
      header.units = variable->unit == Unit::none ? "1" : std::string(symbol(variable->unit));
      header.node_ids.assign(trace.neurons.ids.begin(), trace.neurons.ids.end());
      if (trace.neurons.all) {
        header.node_ids.resize(population.size());
        std::iota(header.node_ids.begin(), header.node_ids.end(), std::uint64_t(0));
      }
      const Step every = std::max<Step>(1, grid_.nearest(trace.every));
      header.start_ms = header.step_ms = grid_.time_ms(every);
      reports_[record.population].push_back(std::make_unique<ReportWriter>(file_, header));
    }
  }
}

// Stops before the disk is full, while there is still room to close the file in order.
void ResultFile::check_room(std::size_t bytes) const {
  struct statvfs disk {};
  if (statvfs(folder_of(path_).c_str(), &disk) != 0) return;
  constexpr std::uint64_t reserve = std::uint64_t(512) << 10;
  const std::uint64_t free = std::uint64_t(disk.f_bavail) * disk.f_frsize;
  if (free >= bytes + reserve) return;
  throw Error(
      ErrorKind::resource,
      fmt::format("the disk of '{}' is full ({} kB left); the file holds the run up to its last flush", path_,
                  free / 1024));
}

void ResultFile::spikes(std::size_t population, std::span<const Step> steps,
                        std::span<const std::uint32_t> neurons) {
  check_room(steps.size() * (sizeof(double) + sizeof(std::uint64_t)));
  times_.resize(steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i) times_[i] = grid_.time_ms(steps[i] + 1);
  ids_.assign(neurons.begin(), neurons.end());
  spikes_[population]->append(times_, ids_);
}

void ResultFile::spike_times(std::size_t population, std::span<const double> times_ms,
                             std::span<const std::uint32_t> neurons) {
  check_room(times_ms.size() * (sizeof(double) + sizeof(std::uint64_t)));
  ids_.assign(neurons.begin(), neurons.end());
  spikes_[population]->append(times_ms, ids_);
}

void ResultFile::frames(std::size_t population, std::size_t trace, std::span<const float> values) {
  check_room(values.size_bytes());
  reports_[population][trace]->append(values);
}

void ResultFile::weights(std::size_t record, Step point, const SynapseTable& table) {
  check_room(table.bytes());
  weights_[record].append(grid_.time_ms(point), table);
}

void ResultFile::structure(std::size_t projection, Step point, const StructureEvent& event) {
  check_room(sizeof event);
  structures_[projection]->append(grid_.time_ms(point), event);
}

void ResultFile::flush(Step step) {
  check_room(0);
  file_.group("synfire").set_attribute("completed_ms", grid_.time_ms(step));
  file_.flush();
}

void ResultFile::mark_stopped() {
  file_.group("synfire").set_attribute("status", std::string_view("stopped"));
  file_.flush();
}

void ResultFile::finish(const RunResult& result) {
  hdf5::Group group = file_.group("synfire");
  group.set_attribute("completed_ms", grid_.time_ms(result.steps));
  group.set_attribute("backend", std::string_view(result.backend));
  group.set_attribute("threads", std::uint64_t(result.threads));
  hdf5::Group timing = group.require_group("timing");
  timing.set_attribute("build_s", result.build_s);
  timing.set_attribute("wall_s", result.wall_s);
  timing.set_attribute("real_time_factor", result.real_time_factor());
  timing.set_attribute("neuron_updates", result.neuron_updates);
  timing.set_attribute("synaptic_events", result.synaptic_events);
  timing.set_attribute("synapses", result.synapses);
  timing.set_attribute("peak_rss_bytes", result.peak_rss_bytes);
  timing.set_attribute("ranks", std::uint64_t(result.ranks));
  timing.set_attribute("messages", result.messages);
  timing.set_attribute("message_bytes", result.message_bytes);
  group.set_attribute("status", std::string_view(result.stopped_early ? "stopped" : "complete"));
  file_.close();
}

}  // namespace synfire
