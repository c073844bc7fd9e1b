#include "sim/inspection/analysis.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/random.hpp"

namespace synfire {
namespace {

void check(const SpikeView& spikes) {
  if (spikes.times_ms.size() != spikes.ids.size())
    throw Error(ErrorKind::internal,
                fmt::format("{} spike times for {} ids", spikes.times_ms.size(), spikes.ids.size()));
  for (const std::uint64_t id : spikes.ids)
    if (id >= spikes.neurons)
      throw Error(ErrorKind::internal, fmt::format("spike of neuron {} of {}", id, spikes.neurons));
}

/// Which bin a time lies in; the end of a bin belongs to it. Times on a grid are multiples of dt that
/// rounding may have put a hair behind the end of their bin: they are given 1e-9 bins.
class Bins {
 public:
  Bins(TimeWindow window, double bin_ms)
      : from_(window.from_ms), bin_(bin_ms), count_(whole_bins(window, bin_ms)) {}

  std::size_t count() const { return count_; }
  /// count() or more for a time outside.
  std::size_t of(double time_ms) const {
    const double place = std::ceil((time_ms - from_) / bin_ - 1e-9) - 1;
    return place >= 0 && place < static_cast<double>(count_) ? static_cast<std::size_t>(place) : count_;
  }

 private:
  double from_, bin_;
  std::size_t count_;
};

/// Intervals of one neuron, summed relative to its first one so that a regular train has no rounding error.
struct Intervals {
  double last = -std::numeric_limits<double>::infinity();
  double first = 0, sum = 0, squares = 0;
  std::uint32_t count = 0;

  void spike(double time_ms) {
    if (std::isfinite(last)) {
      const double interval = time_ms - last;
      if (count == 0) first = interval;
      const double excess = interval - first;
      sum += excess;
      squares += excess * excess;
      ++count;
    }
    last = time_ms;
  }
  double mean() const { return first + sum / count; }
  double variation() const {
    const double excess = sum / count;
    return std::sqrt(std::max(0.0, squares / count - excess * excess)) / mean();
  }
};

struct Moments {
  double mean = 0, variance = 0;
};

template <class Values> Moments moments(const Values& values) {
  if (values.empty()) return {};
  const auto count = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (const auto value : values) sum += static_cast<double>(value);
  const double mean = sum / count;
  for (const auto value : values)
    squares += (static_cast<double>(value) - mean) * (static_cast<double>(value) - mean);
  return {mean, squares / count};
}

/// A random choice, without repetition, of at most `most` neurons that spike.
std::vector<std::uint64_t> sample_active(std::span<const std::uint32_t> counts, std::uint32_t most,
                                         std::uint64_t seed) {
  std::vector<std::uint64_t> active;
  for (std::size_t id = 0; id < counts.size(); ++id)
    if (counts[id] > 0) active.push_back(id);
  RandomStream random(RandomKey(seed, "analysis/correlation"), 0);
  const std::size_t size = std::min<std::size_t>(active.size(), most);
  for (std::size_t k = 0; k < size; ++k) std::swap(active[k], active[k + random.below(active.size() - k)]);
  active.resize(size);
  std::sort(active.begin(), active.end());
  return active;
}

constexpr unsigned member_bits = 8;

/// bin << 8 | member of the sample, ascending, for every spike of the sample that lies in a whole bin.
std::vector<std::uint64_t> binned_spikes(const SpikeView& spikes, const Bins& bins,
                                         const std::vector<std::uint64_t>& sample) {
  constexpr std::uint16_t none = 0xFFFF;
  std::vector<std::uint16_t> member(spikes.neurons, none);
  for (std::size_t k = 0; k < sample.size(); ++k) member[sample[k]] = static_cast<std::uint16_t>(k);
  std::vector<std::uint64_t> places;
  for (std::size_t k = 0; k < spikes.ids.size(); ++k) {
    const std::uint16_t who = member[spikes.ids[k]];
    if (who == none) continue;
    const std::size_t bin = bins.of(spikes.times_ms[k]);
    if (bin < bins.count()) places.push_back(static_cast<std::uint64_t>(bin) << member_bits | who);
  }
  std::sort(places.begin(), places.end());
  return places;
}

/// Sums over bins of the products of counts, for all pairs a <= b of the sample; [a * size + b].
std::vector<double> products_of_counts(const std::vector<std::uint64_t>& places, std::size_t size) {
  struct Count {
    std::size_t member;
    double spikes;
  };
  std::vector<double> products(size * size);
  std::vector<Count> bin;
  for (std::size_t k = 0; k < places.size();) {
    const std::uint64_t now = places[k] >> member_bits;
    bin.clear();
    for (; k < places.size() && places[k] >> member_bits == now; ++k) {
      const std::size_t who = places[k] & ((1U << member_bits) - 1);
      if (bin.empty() || bin.back().member != who) bin.push_back({who, 0});
      ++bin.back().spikes;
    }
    for (std::size_t a = 0; a < bin.size(); ++a)
      for (std::size_t b = a; b < bin.size(); ++b)
        products[bin[a].member * size + bin[b].member] += bin[a].spikes * bin[b].spikes;
  }
  return products;
}

std::optional<Correlation> correlate(const SpikeView& spikes, TimeWindow window,
                                     const std::vector<std::uint64_t>& sample, double bin_ms) {
  const Bins bins(window, bin_ms);
  const std::size_t size = sample.size();
  if (size < 2 || bins.count() < 2) return std::nullopt;
  const auto places = binned_spikes(spikes, bins, sample);
  const auto products = products_of_counts(places, size);
  const auto count = static_cast<double>(bins.count());
  std::vector<double> mean(size), sd(size), correlations;
  for (const std::uint64_t place : places) mean[place & ((1U << member_bits) - 1)] += 1 / count;
  for (std::size_t a = 0; a < size; ++a)
    sd[a] = std::sqrt(std::max(0.0, products[a * size + a] / count - mean[a] * mean[a]));
  const auto varies = [&](std::size_t a) { return sd[a] > 1e-9 * mean[a]; };
  for (std::size_t a = 0; a < size; ++a)
    for (std::size_t b = a + 1; b < size; ++b)
      if (varies(a) && varies(b))
        correlations.push_back((products[a * size + b] / count - mean[a] * mean[b]) / (sd[a] * sd[b]));
  if (correlations.empty()) return std::nullopt;
  const Moments m = moments(correlations);
  return Correlation{m.mean, std::sqrt(m.variance), static_cast<std::uint32_t>(size), correlations.size()};
}

std::vector<std::uint32_t> count_spikes(const SpikeView& spikes, TimeWindow window) {
  std::vector<std::uint32_t> counts(spikes.neurons);
  for (std::size_t k = 0; k < spikes.ids.size(); ++k)
    if (window.holds(spikes.times_ms[k])) ++counts[spikes.ids[k]];
  return counts;
}

std::optional<MeanOverNeurons> mean_variation(const SpikeView& spikes, TimeWindow window,
                                              std::uint32_t least) {
  std::vector<Intervals> neurons(spikes.neurons);
  for (std::size_t k = 0; k < spikes.ids.size(); ++k)
    if (window.holds(spikes.times_ms[k])) neurons[spikes.ids[k]].spike(spikes.times_ms[k]);
  MeanOverNeurons result;
  for (const Intervals& n : neurons) {
    if (n.count < std::max(least, 1U) || !(n.mean() > 0)) continue;
    result.mean += n.variation();
    ++result.neurons;
  }
  if (result.neurons == 0) return std::nullopt;
  result.mean /= static_cast<double>(result.neurons);
  return result;
}

}  // namespace

bool ordered_by_neuron(const SpikeView& spikes) {
  check(spikes);
  if (std::is_sorted(spikes.times_ms.begin(), spikes.times_ms.end())) return true;
  std::vector<double> last(spikes.neurons, -std::numeric_limits<double>::infinity());
  for (std::size_t k = 0; k < spikes.ids.size(); ++k) {
    double& before = last[spikes.ids[k]];
    if (spikes.times_ms[k] < before) return false;
    before = spikes.times_ms[k];
  }
  return true;
}

std::vector<std::uint32_t> spikes_per_neuron(const SpikeView& spikes, TimeWindow window) {
  check(spikes);
  return count_spikes(spikes, window);
}

std::optional<MeanOverNeurons> interval_variation(const SpikeView& spikes, TimeWindow window,
                                                  std::uint32_t least) {
  check(spikes);
  return mean_variation(spikes, window, least);
}

std::size_t whole_bins(TimeWindow window, double bin_ms) {
  constexpr double most = 1 << 28;
  if (!(bin_ms > 0)) throw Error(ErrorKind::input, fmt::format("a bin of {} ms: must be above 0", bin_ms));
  const double bins = std::floor(window.length_ms() / bin_ms + 1e-9);
  if (!(bins <= most))
    throw Error(ErrorKind::input,
                fmt::format("{} ms in bins of {} ms are too many bins (at most {}); choose a shorter window",
                            window.length_ms(), bin_ms, most));
  return static_cast<std::size_t>(bins);
}

std::vector<std::uint32_t> count_in_bins(std::span<const double> times_ms, TimeWindow window, double bin_ms) {
  const Bins bins(window, bin_ms);
  std::vector<std::uint32_t> counts(bins.count());
  for (const double time : times_ms) {
    const std::size_t bin = bins.of(time);
    if (bin < counts.size()) ++counts[bin];
  }
  return counts;
}

std::vector<double> rate_in_bins(const SpikeView& spikes, TimeWindow window, double bin_ms) {
  const auto counts = count_in_bins(spikes.times_ms, window, bin_ms);
  const double hz = spikes.neurons > 0 ? 1000 / (bin_ms * static_cast<double>(spikes.neurons)) : 0;
  std::vector<double> rates(counts.size());
  std::transform(counts.begin(), counts.end(), rates.begin(), [&](std::uint32_t n) { return n * hz; });
  return rates;
}

std::optional<double> variance_over_mean(std::span<const std::uint32_t> counts) {
  const Moments m = moments(counts);
  if (counts.size() < 2 || m.mean <= 0) return std::nullopt;
  return m.variance / m.mean;
}

std::optional<Correlation> pairwise_correlation(const SpikeView& spikes, TimeWindow window,
                                                const CorrelationOptions& options) {
  check(spikes);
  const auto sample = sample_active(count_spikes(spikes, window),
                                    std::min(options.most_neurons, 1U << member_bits), options.seed);
  return correlate(spikes, window, sample, options.bin_ms);
}

SpikeStatistics spike_statistics(const SpikeView& spikes, TimeWindow window,
                                 const StatisticsOptions& options) {
  check(spikes);
  const auto counts = count_spikes(spikes, window);
  SpikeStatistics result;
  result.neurons = spikes.neurons;
  result.spikes = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  result.active_neurons =
      counts.size() - static_cast<std::size_t>(std::count(counts.begin(), counts.end(), 0U));
  if (window.length_ms() > 0) {
    const Moments m = moments(counts);
    result.rate_hz = m.mean * 1000 / window.length_ms();
    result.rate_sd_hz = std::sqrt(m.variance) * 1000 / window.length_ms();
  }
  result.cv_isi = mean_variation(spikes, window, 5);
  result.fano = variance_over_mean(count_in_bins(spikes.times_ms, window, options.fano_bin_ms));
  const auto sample =
      sample_active(counts, std::min(options.correlated_neurons, 1U << member_bits), options.seed);
  result.correlation_2ms = correlate(spikes, window, sample, 2);
  result.correlation_5ms = correlate(spikes, window, sample, 5);
  return result;
}

}  // namespace synfire
