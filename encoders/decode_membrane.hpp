// Which class a network means by the state of neurons that need not spike.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "encoders/decode_vote.hpp"

namespace synfire {

/// The greatest value of each neuron over time; `trace` holds a row of `neurons` values for each sample.
/// Without samples, nothing.
inline std::vector<double> membrane_maxima(std::span<const float> trace, std::size_t neurons) {
  if (neurons == 0 || trace.size() < neurons) return {};
  std::vector<double> maxima(trace.begin(), trace.begin() + static_cast<std::ptrdiff_t>(neurons));
  for (std::size_t k = neurons; k + neurons <= trace.size(); k += neurons)
    for (std::size_t i = 0; i < neurons; ++i) maxima[i] = std::max(maxima[i], double(trace[k + i]));
  return maxima;
}

/// The class of the neuron with the greatest value, the first of equals; no_class without neurons. Neurons
/// stand in equal groups as in decode_rate.
inline std::int32_t decode_membrane_maximum(std::span<const double> maxima, std::size_t classes) {
  const std::size_t each = classes == 0 ? 0 : maxima.size() / classes;
  if (each == 0) return no_class;
  const auto grouped = maxima.first(each * classes);
  const auto greatest = std::max_element(grouped.begin(), grouped.end()) - grouped.begin();
  return static_cast<std::int32_t>(static_cast<std::size_t>(greatest) / each);
}

}  // namespace synfire
