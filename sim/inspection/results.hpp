// A result file opened for looking at: what was simulated, what was recorded, and until when.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/sonata.hpp"
#include "sim/inspection/analysis.hpp"

namespace synfire {

/// Where a file comes from; what it does not say is left empty.
struct Provenance {
  bool by_synfire = false;  ///< it has the group /synfire
  std::string version, revision, status, backend, host, started;
  std::optional<std::uint64_t> seed, threads;
  std::optional<double> dt_ms, duration_ms, completed_ms;

  /// Written by a run that did not end: it still runs or was killed.
  bool unfinished() const { return status == "running"; }
};

/// One population as the file tells it.
struct RecordedPopulation {
  std::string name;   ///< "" for files of the oldest layout, which name none
  std::string model;  ///< "" where unknown
  std::string kind;   ///< "neurons", "spikes", "current"; "" where unknown
  std::uint64_t neurons = 0;
  bool spikes_recorded = false;
};

/// What a report holds, without its data.
struct RecordedReport {
  std::string name, population, variable, units;
  std::uint64_t elements = 0, frames = 0;
  double start_ms = 0, step_ms = 0;
};

class ResultReader {
 public:
  /// Opens a file of Synfire, or any SONATA file with spikes or reports. A population that the file gives no
  /// size is taken to end with its largest id. Throws Error(input) for any other file, Error(resource) if it
  /// cannot be read.
  explicit ResultReader(const std::string& path);

  const std::string& path() const { return file_.file_path(); }
  const Provenance& provenance() const { return provenance_; }
  const std::vector<RecordedPopulation>& populations() const { return populations_; }
  const std::vector<RecordedReport>& reports() const { return reports_; }

  /// All the time the file covers: from 0 to where the run is complete, else to the last spike or frame.
  TimeWindow recorded() const { return recorded_; }

  /// The populations of these names in the order of the file; all when none is named. Throws Error(usage).
  std::vector<RecordedPopulation> select(const std::vector<std::string>& names) const;

  /// The population's spikes in the window, each neuron's in order of time. Needs 16 bytes a spike once read.
  /// Throws Error(input) for ids that the population does not have.
  SpikeTrain spikes(const RecordedPopulation& population, TimeWindow window) const;

  Report report(const RecordedReport& report) const { return Report(file_, report.name); }

  /// For what a task and plastic projections left (sim/inspection/training.hpp).
  const hdf5::File& file() const { return file_; }

 private:
  void read_provenance();
  void read_described_populations();
  void read_spike_populations();
  void read_reports();
  void measure(RecordedPopulation& population);

  hdf5::File file_;
  Provenance provenance_;
  std::vector<RecordedPopulation> populations_;
  std::vector<RecordedReport> reports_;
  TimeWindow recorded_;
};

/// The view that analysis takes; `train` must outlive it.
inline SpikeView view(const SpikeTrain& train, std::uint64_t neurons) {
  return {train.times_ms, train.ids, neurons};
}

}  // namespace synfire
