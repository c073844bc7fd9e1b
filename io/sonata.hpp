// Spikes and reports in SONATA layout (https://github.com/AllenInstitute/sonata), written and read.
//
//   /spikes/<population>/{timestamps [ms], node_ids} with the enumeration attribute `sorting`
//   /report/<population>/{data [frame x element], mapping/{node_ids, index_pointers, element_ids,
//   element_pos, time}}
//
// SONATA has one variable a report. The first variable of a population is written to /report/<population>,
// every further one to /report/<population>.<variable>; the attributes `population` and `variable` of the
// group say what is in it.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "io/hdf5.hpp"

namespace synfire {

enum class SpikeSorting : std::uint8_t { none = 0, by_id = 1, by_time = 2 };

/// Spikes of one population: `times_ms[k]` (ms) of neuron `ids[k]`; both have the same length.
struct SpikeTrain {
  std::vector<double> times_ms;
  std::vector<std::uint64_t> ids;

  bool operator==(const SpikeTrain&) const = default;
};

/// Orders by time, then id.
void sort_by_time(SpikeTrain&);

/// Which spikes to read: those with from_ms <= time < until_ms of the given neurons.
struct SpikeQuery {
  std::optional<std::string> population = {};  ///< may be left out where the file has only one
  double from_ms = -std::numeric_limits<double>::infinity();
  double until_ms = std::numeric_limits<double>::infinity();
  std::optional<std::vector<std::uint64_t>> ids = {};  ///< all when left out
  /// For the file of a writer that was killed while it flushed: where one dataset is longer, the shorter one
  /// counts.
  bool unfinished = false;
};

/// Marks the root as SONATA does (attributes `magic` and `version`).
void write_sonata_root(hdf5::File&);

/// Streams the spikes of one population; times must not decrease from call to call if `sorting` is by_time.
class SpikeWriter {
 public:
  SpikeWriter(hdf5::File& file, const std::string& population, SpikeSorting sorting = SpikeSorting::by_time,
              int deflate = 1);

  /// Both of the same length; times in ms. On disk after File::flush.
  void append(std::span<const double> times_ms, std::span<const std::uint64_t> ids);
  std::uint64_t written() const { return times_.appended_rows(); }

 private:
  SpikeSorting sorting_;
  double last_ms_ = -std::numeric_limits<double>::infinity();
  hdf5::Dataset times_;
  hdf5::Dataset ids_;
};

/// What a report records, and when.
struct ReportHeader {
  std::string population;
  std::string variable;                 ///< "V_m"
  std::string units;                    ///< "mV"
  std::vector<std::uint64_t> node_ids;  ///< one column each
  double start_ms = 0;                  ///< time of the first frame
  double step_ms = 0;                   ///< > 0
};

/// Streams one variable of some neurons of a population, frame by frame, as float32.
class ReportWriter {
 public:
  ReportWriter(hdf5::File& file, const ReportHeader& header, int deflate = 1);

  /// Whole frames, one value a node in the order of `node_ids`. On disk after File::flush.
  void append(std::span<const float> frames);
  std::uint64_t frames() const { return data_.appended_rows(); }

 private:
  double start_ms_, step_ms_;
  hdf5::Dataset data_;
  hdf5::Dataset time_;
};

/// Names of the populations with spikes; the legacy layout without populations gives one empty name.
std::vector<std::string> spike_populations(const hdf5::File&);

/// How the file says the spikes of a population are ordered; none if it does not say.
SpikeSorting spike_sorting(const hdf5::File&, const std::string& population);

/// Spikes in the order of the file. Rows that a killed writer announced but never wrote (NaN at the end) are
/// left out. Errors: no such population, several and none named, lengths that differ, unknown units, times
/// not finite.
SpikeTrain read_spikes(const hdf5::File&, const SpikeQuery& query = {});

/// A report opened for reading.
class Report {
 public:
  Report(const hdf5::File& file, const std::string& name);

  const std::string& population() const { return population_; }
  const std::string& variable() const { return variable_; }  ///< "" if the file does not say
  const std::string& units() const { return units_; }        ///< "" if the file does not say
  std::uint64_t frames() const { return frames_; }
  std::uint64_t elements() const { return elements_; }
  double start_ms() const { return start_ms_; }
  double step_ms() const { return step_ms_; }
  /// start + frame * step, for every frame (ms).
  std::vector<double> times_ms() const;

  const std::vector<std::uint64_t>& node_ids() const { return node_ids_; }
  /// Columns of node k: [index_pointers[k], index_pointers[k + 1]).
  const std::vector<std::uint64_t>& index_pointers() const { return index_pointers_; }

  /// Frames [first, first + count) of columns [column, column + columns), row after row.
  std::vector<float> read(std::uint64_t first, std::uint64_t count, std::uint64_t column,
                          std::uint64_t columns) const;
  std::vector<float> read() const { return read(0, frames_, 0, elements_); }

 private:
  void read_mapping(const hdf5::Group& group);
  void read_time(const hdf5::Group& mapping);

  std::string population_, variable_, units_;
  hdf5::Dataset data_;
  std::uint64_t frames_ = 0, elements_ = 0;
  double start_ms_ = 0, step_ms_ = 0;
  std::vector<std::uint64_t> node_ids_, index_pointers_;
};

/// Names below /report, to be given to Report.
std::vector<std::string> report_names(const hdf5::File&);

}  // namespace synfire
