// The HDF5 file of a run: SONATA spikes and reports, and under /synfire where they come from
// (docs/output.md).
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/sonata.hpp"
#include "networks/description.hpp"
#include "sim/output_structure.hpp"
#include "sim/output_weights.hpp"
#include "sim/record.hpp"
#include "sim/run.hpp"

namespace synfire {

/// Throws when a run could not write its results here: the file exists and `force` is not given (usage), the
/// folder does not exist or may not be written to (resource). Costs nothing; to be asked before a network is
/// built.
void check_output(const std::string& path, bool force);

/// Receives what is recorded. The file appears under its name when its structure is complete, is valid after
/// every flush, and says in /synfire whether and up to when it is complete. A run that cannot write throws
/// Error(resource).
class ResultFile final : public RecordSink {
 public:
  /// An existing file is replaced, in one step, only if `force` is given.
  ResultFile(const std::string& path, bool force, const NetworkDescription& network,
             const RunOptions& options);
  /// For a run that goes on from a step: what the file that is there holds of the steps before is taken over,
  /// then it is replaced. Throws as copy_results.
  static std::unique_ptr<ResultFile> continued(const std::string& path, Step from,
                                               const NetworkDescription& network, const RunOptions& options);

  void spikes(std::size_t population, std::span<const Step> steps,
              std::span<const std::uint32_t> neurons) override;
  void spike_times(std::size_t population, std::span<const double> times_ms,
                   std::span<const std::uint32_t> neurons) override;
  void frames(std::size_t population, std::size_t trace, std::span<const float> values) override;
  void weights(std::size_t record, Step point, const SynapseTable& table) override;
  void structure(std::size_t projection, Step point, const StructureEvent& event) override;
  void flush(Step step) override;

  /// For what a task adds once the run has ended.
  hdf5::File& file() { return file_; }

  /// The run has ended before its time, and nothing more will come.
  void mark_stopped();
  /// Adds timing and counts and closes the file.
  void finish(const RunResult& result);

 private:
  ResultFile(const std::string& path, bool force, std::optional<Step> from, const NetworkDescription& network,
             const RunOptions& options);
  void write_provenance(const NetworkDescription& network, const RunOptions& options);
  void write_populations(const NetworkDescription& network);
  void open_recordings(const NetworkDescription& network);
  void check_room(std::size_t bytes) const;

  std::string path_;
  Grid grid_;
  hdf5::File file_;
  std::vector<std::unique_ptr<SpikeWriter>> spikes_;                 // by population; null: not recorded
  std::vector<std::vector<std::unique_ptr<ReportWriter>>> reports_;  // by population and trace
  std::vector<WeightWriter> weights_;                                // by record of weights
  std::vector<std::unique_ptr<StructureWriter>> structures_;         // by projection; null: no such rule
  std::vector<double> times_;
  std::vector<std::uint64_t> ids_;
};

}  // namespace synfire
