#include "sim/inspection/raster.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace synfire {

Density spike_density(const SpikeView& spikes, TimeWindow window, std::size_t columns, std::size_t rows) {
  Density density;
  density.columns = columns;
  density.rows = static_cast<std::size_t>(std::min<std::uint64_t>(rows, spikes.neurons));
  density.counts.resize(density.columns * density.rows);
  if (density.counts.empty() || window.length_ms() <= 0) return density;
  const double per_ms = static_cast<double>(columns) / window.length_ms();
  const double per_neuron = static_cast<double>(density.rows) / static_cast<double>(spikes.neurons);
  for (std::size_t k = 0; k < spikes.ids.size(); ++k) {
    if (!window.holds(spikes.times_ms[k]) || spikes.ids[k] >= spikes.neurons) continue;
    const auto x = static_cast<std::size_t>((spikes.times_ms[k] - window.from_ms) * per_ms);
    const auto y = static_cast<std::size_t>((static_cast<double>(spikes.ids[k]) + 0.5) * per_neuron);
    const std::size_t row = density.rows - 1 - std::min(y, density.rows - 1);
    ++density.counts[row * columns + std::min(x, columns - 1)];
  }
  return density;
}

std::uint32_t typical_count(const Density& density, double share) {
  std::vector<std::uint32_t> counts;
  std::copy_if(density.counts.begin(), density.counts.end(), std::back_inserter(counts),
               [](std::uint32_t n) { return n > 0; });
  if (counts.empty()) return 1;
  const auto place =
      counts.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(counts.size() - 1));
  std::nth_element(counts.begin(), place, counts.end());
  return *place;
}

namespace {

struct Frames {
  std::uint64_t first = 0, count = 0;
};

/// The frames of a report inside a window.
Frames frames_within(const Report& report, TimeWindow window) {
  const auto index = [&](double time_ms) {
    const double place = std::floor((time_ms - report.start_ms()) / report.step_ms() + 1e-9) + 1;
    return static_cast<std::uint64_t>(std::clamp(place, 0.0, static_cast<double>(report.frames())));
  };
  const std::uint64_t first = index(window.from_ms);
  return {first, std::max(index(window.until_ms), first) - first};
}

/// Least and greatest value since the last `flush`, with the times at which they came.
struct Extremes {
  double low_ms = 0, high_ms = 0;
  double low = HUGE_VAL, high = -HUGE_VAL;

  void add(double time_ms, double value) {
    if (value < low) low = value, low_ms = time_ms;
    if (value > high) high = value, high_ms = time_ms;
  }
  void flush(TraceLine& line) {
    if (low > high) return;
    const bool low_first = low_ms <= high_ms;
    line.times_ms.push_back(low_first ? low_ms : high_ms);
    line.values.push_back(low_first ? low : high);
    if (low_ms != high_ms) {
      line.times_ms.push_back(low_first ? high_ms : low_ms);
      line.values.push_back(low_first ? high : low);
    }
    *this = {};
  }
};

/// The node that a column of a report belongs to.
std::uint64_t node_of(const Report& report, std::size_t column) {
  const auto& pointers = report.index_pointers();
  const auto next = std::upper_bound(pointers.begin(), pointers.end(), column);
  const auto node = static_cast<std::size_t>(next - pointers.begin());
  return node >= 1 && node <= report.node_ids().size() ? report.node_ids()[node - 1] : column;
}

}  // namespace

std::vector<TraceLine> trace_lines(const Report& report, TimeWindow window, std::size_t lines,
                                   std::size_t columns) {
  constexpr std::uint64_t block = 1 << 16;
  const Frames wanted = frames_within(report, window);
  const std::uint64_t width = std::min<std::uint64_t>(lines, report.elements());
  const std::uint64_t together = std::max<std::uint64_t>(1, wanted.count / std::max<std::size_t>(columns, 1));
  std::vector<TraceLine> result(width);
  std::vector<Extremes> extremes(width);
  for (std::size_t c = 0; c < width; ++c) result[c].id = node_of(report, c);
  for (std::uint64_t done = 0; width > 0 && done < wanted.count;) {
    const std::uint64_t count = std::min(block, wanted.count - done);
    const auto values = report.read(wanted.first + done, count, 0, width);
    for (std::uint64_t k = 0; k < count; ++k, ++done) {
      const double time_ms = report.start_ms() + report.step_ms() * static_cast<double>(wanted.first + done);
      for (std::size_t c = 0; c < width; ++c) {
        extremes[c].add(time_ms, values[k * width + c]);
        if (together <= 2 || done % together == together - 1) extremes[c].flush(result[c]);
      }
    }
  }
  for (std::size_t c = 0; c < width; ++c) extremes[c].flush(result[c]);
  return result;
}

double histogram_bin_ms(TimeWindow window, std::size_t bins, double dt_ms) {
  const double least =
      std::max(window.length_ms() / static_cast<double>(std::max<std::size_t>(bins, 1)), dt_ms);
  if (!(least > 0)) return 1;
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= least * (1 - 1e-9)) return factor * power;
  return 10 * power;
}

}  // namespace synfire
