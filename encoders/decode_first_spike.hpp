// Which class a network means by the neuron that fires first (Thorpe, Delorme & Van Rullen 2001, Neural
// Networks 14:715).
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "encoders/decode_vote.hpp"

namespace synfire {

inline constexpr double no_spike = std::numeric_limits<double>::infinity();

/// When each neuron first fired at or after `from`; no_spike for one that did not. `times` and `neurons` lie
/// side by side, in any order; spikes of neurons >= `count` are left out.
inline std::vector<double> first_spikes(std::span<const double> times, std::span<const std::uint32_t> neurons,
                                        std::size_t count, double from = 0) {
  std::vector<double> first(count, no_spike);
  for (std::size_t k = 0; k < times.size(); ++k)
    if (neurons[k] < count && times[k] >= from && times[k] < first[neurons[k]]) first[neurons[k]] = times[k];
  return first;
}

/// The class of the neuron that fired first; of equals, the class of which more neurons fired at that time,
/// then the first. no_class when none fired. Neurons stand in equal groups as in decode_rate.
inline std::int32_t decode_first_spike(std::span<const double> first, std::size_t classes) {
  const std::size_t each = classes == 0 ? 0 : first.size() / classes;
  std::int32_t winner = no_class;
  double earliest = no_spike;
  std::size_t most = 0;
  for (std::size_t c = 0; c < classes; ++c) {
    double time = no_spike;
    std::size_t neurons = 0;
    for (const double t : first.subspan(c * each, each)) {
      if (t < time) time = t, neurons = 0;
      neurons += t == time && t != no_spike;
    }
    if (time > earliest || neurons == 0 || (time == earliest && neurons <= most)) continue;
    earliest = time;
    most = neurons;
    winner = static_cast<std::int32_t>(c);
  }
  return winner;
}

}  // namespace synfire
