#include "core/spike_schedule.hpp"

#include <algorithm>

namespace synfire {

SpikeSchedule::SpikeSchedule(std::span<const double> times_ms, std::span<const std::uint64_t> ids,
                             const Grid& grid, Step origin) {
  struct Spike {
    Step step;
    std::uint32_t id;
    auto operator<=>(const Spike&) const = default;
  };
  std::vector<Spike> spikes(times_ms.size());
  for (std::size_t i = 0; i < spikes.size(); ++i)
    spikes[i] = {origin + std::max<Step>(0, grid.nearest(times_ms[i]) - 1),
                 static_cast<std::uint32_t>(ids[i])};
  if (!std::is_sorted(spikes.begin(), spikes.end())) std::sort(spikes.begin(), spikes.end());
  steps_.reserve(spikes.size());
  ids_.reserve(spikes.size());
  for (const auto& spike : spikes) {
    steps_.push_back(spike.step);
    ids_.push_back(spike.id);
  }
}

std::span<const std::uint32_t> SpikeSchedule::in_step(Step step) const {
  const auto [begin, end] = std::equal_range(steps_.begin(), steps_.end(), step);
  return std::span(ids_).subspan(std::size_t(begin - steps_.begin()), std::size_t(end - begin));
}

}  // namespace synfire
