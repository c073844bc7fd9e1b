// Which class a network means, when its output has a neuron, or several, for each class: by how much they
// fired.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "encoders/decode_vote.hpp"

namespace synfire {

/// Firing rates of neurons in Hz, from their spikes in a window of `duration_ms` > 0.
inline std::vector<double> decode_rates(std::span<const std::uint32_t> counts, double duration_ms) {
  std::vector<double> rates;
  for (const std::uint32_t count : counts) rates.push_back(count * 1e3 / duration_ms);
  return rates;
}

/// The class of the neurons that fired most in all, the first of equals; no_class when none fired. Neurons
/// stand in equal groups, one after another: neuron i means class i / (neurons / classes); those left over
/// mean none.
inline std::int32_t decode_rate(std::span<const std::uint32_t> counts, std::size_t classes) {
  const std::size_t each = classes == 0 ? 0 : counts.size() / classes;
  std::int32_t winner = no_class;
  std::uint64_t most = 0;
  for (std::size_t c = 0; c < classes; ++c) {
    std::uint64_t spikes = 0;
    for (const std::uint32_t count : counts.subspan(c * each, each)) spikes += count;
    if (spikes <= most) continue;
    most = spikes;
    winner = static_cast<std::int32_t>(c);
  }
  return winner;
}

}  // namespace synfire
