// What `synfire inspect` finds out about a result file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/inspection/raster.hpp"
#include "sim/inspection/results.hpp"
#include "sim/inspection/training.hpp"

namespace synfire {

struct InspectRequest {
  std::vector<std::string> populations;     ///< all when empty
  std::optional<double> from_ms, until_ms;  ///< all that is recorded when left out
  std::size_t raster_columns = 0;           ///< 0: no raster for the terminal
  std::size_t raster_rows = 64;             ///< of all populations together
  std::string plot;                         ///< file of a picture; "" for none
  std::string weights_plot;                 ///< the same, of learned fields
  std::string projection;                   ///< whose; "" for the only one there is
  bool overwrite = false;                   ///< of these files
  bool traces = false;                      ///< draw reports, too
};

struct InspectedPopulation {
  RecordedPopulation population;
  std::optional<SpikeStatistics> statistics;  ///< when its spikes were recorded
  Density raster;
  std::vector<double> rates_hz;  ///< along the raster, one for every two columns
};

struct Inspection {
  std::string path;
  Provenance provenance;
  TimeWindow window;
  std::vector<InspectedPopulation> populations;
  std::vector<RecordedReport> reports;  ///< of the populations asked for
  std::optional<RecordedTask> task;     ///< that the network was trained and tested for
};

/// Reads one population after the other. Throws Error(usage) for a population that is not in the file and a
/// window that holds nothing; otherwise as ResultReader and RasterFigure.
Inspection inspect(const std::string& path, const InspectRequest& request);

}  // namespace synfire
