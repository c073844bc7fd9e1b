// Statistics of recorded spikes: values in, values out, no files.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace synfire {

/// Times in ms: from_ms < t <= until_ms, because a spike of the step from t - dt to t is said to be at t.
struct TimeWindow {
  double from_ms = 0;
  double until_ms = 0;

  double length_ms() const { return until_ms > from_ms ? until_ms - from_ms : 0; }
  bool holds(double time_ms) const { return time_ms > from_ms && time_ms <= until_ms; }
};

/// Spikes of one population of `neurons` neurons: spike k at times_ms[k] of neuron ids[k] < neurons.
/// The spikes of each neuron are ordered by time; those of different neurons may be mixed in any way.
/// A function that is given one throws Error(internal) where lengths differ or an id is too large.
struct SpikeView {
  std::span<const double> times_ms;
  std::span<const std::uint64_t> ids;
  std::uint64_t neurons = 0;
};

/// True if each neuron's spikes are ordered by time, as SpikeView asks.
bool ordered_by_neuron(const SpikeView&);

/// Spikes of each neuron inside the window.
std::vector<std::uint32_t> spikes_per_neuron(const SpikeView&, TimeWindow);

/// Mean over some neurons, and how many they were.
struct MeanOverNeurons {
  double mean = 0;
  std::uint64_t neurons = 0;
};

/// sd / mean of the intervals between a neuron's spikes, averaged over the neurons with at least `least`
/// intervals inside the window; nothing when no neuron has so many.
std::optional<MeanOverNeurons> interval_variation(const SpikeView&, TimeWindow, std::uint32_t least = 5);

/// Whole bins of `bin_ms` that fit into the window; what is left of it at the end belongs to no bin.
/// Throws Error(input) where bin_ms is not above 0 or the bins are more than memory should hold (2^28).
std::size_t whole_bins(TimeWindow, double bin_ms);

/// Spikes in each whole bin.
std::vector<std::uint32_t> count_in_bins(std::span<const double> times_ms, TimeWindow, double bin_ms);

/// Population rate in each whole bin, spikes per neuron and second (Hz).
std::vector<double> rate_in_bins(const SpikeView&, TimeWindow, double bin_ms);

/// Variance (of the whole population of values) over mean; nothing for fewer than two values or a mean of 0.
std::optional<double> variance_over_mean(std::span<const std::uint32_t> counts);

struct CorrelationOptions {
  double bin_ms = 2;
  std::uint32_t most_neurons = 200;  ///< at most 256
  std::uint64_t seed = 1;            ///< chooses the neurons among those that spike
};

/// Pearson correlations of spike counts over all pairs of a sample of neurons.
struct Correlation {
  double mean = 0, sd = 0;
  std::uint32_t neurons = 0;  ///< in the sample
  std::uint64_t pairs = 0;    ///< with a defined correlation: both counts vary
};

/// Nothing when no pair has a defined correlation.
std::optional<Correlation> pairwise_correlation(const SpikeView&, TimeWindow, const CorrelationOptions& = {});

struct StatisticsOptions {
  double fano_bin_ms = 3;
  std::uint32_t correlated_neurons = 200;
  std::uint64_t seed = 1;
};

/// What `synfire inspect` tells about a population; the definitions are those of the functions above.
struct SpikeStatistics {
  std::uint64_t neurons = 0, spikes = 0, active_neurons = 0;
  double rate_hz = 0;     ///< spikes per neuron and second
  double rate_sd_hz = 0;  ///< standard deviation of the rate across neurons
  std::optional<MeanOverNeurons> cv_isi;
  std::optional<double> fano;  ///< of the population's count in fano_bin_ms
  std::optional<Correlation> correlation_2ms, correlation_5ms;
};

SpikeStatistics spike_statistics(const SpikeView&, TimeWindow, const StatisticsOptions& = {});

}  // namespace synfire
