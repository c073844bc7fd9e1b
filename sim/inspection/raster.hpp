// Spikes and traces brought down to what a picture of some columns can show.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/sonata.hpp"
#include "sim/inspection/analysis.hpp"

namespace synfire {

/// Spikes in cells of equal time (columns, from left) and equally many neurons (rows, from the top; the first
/// neuron is at the bottom).
struct Density {
  std::size_t columns = 0, rows = 0;
  std::vector<std::uint32_t> counts;

  std::uint32_t at(std::size_t row, std::size_t column) const { return counts[row * columns + column]; }
};

/// At most `rows` rows: not more than neurons.
Density spike_density(const SpikeView&, TimeWindow, std::size_t columns, std::size_t rows);

/// The count that a share of the cells with spikes does not exceed; 1 when there are none.
std::uint32_t typical_count(const Density&, double share);

/// A trace of one element of a report: a line through these points.
struct TraceLine {
  std::uint64_t id = 0;
  std::vector<double> times_ms, values;
};

/// The first `lines` elements of a report inside the window. Where more than two frames fall into one of
/// `columns` columns, only the least and the greatest value of each column are kept.
std::vector<TraceLine> trace_lines(const Report&, TimeWindow, std::size_t lines, std::size_t columns);

/// A bin for a rate histogram that cuts the window into about `bins`: 1, 2 or 5 times a power of ten (ms),
/// and no shorter than dt.
double histogram_bin_ms(TimeWindow, std::size_t bins, double dt_ms);

}  // namespace synfire
