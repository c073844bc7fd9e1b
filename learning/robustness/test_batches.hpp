// The test samples of a network, batch by batch, for whatever asks how it holds out when they change.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>

#include "learning/gradient/trainer.hpp"
#include "learning/robustness/attack.hpp"

namespace synfire::learning {

inline PixelScale scale_of(const NetworkDescription& network) {
  return {network.training->augment.mean, network.training->augment.deviation};
}

/// All of them, or the first of them. Throws Error(usage) where there are none.
inline std::size_t count_test_samples(Trainer& network, std::optional<std::size_t> wanted) {
  const std::size_t there = network.samples().share(Share::test).size();
  const std::size_t count = std::min(there, wanted.value_or(there));
  if (count == 0)
    throw Error(ErrorKind::usage, "there are no test samples; `--set training.test=…` says how many");
  return count;
}

/// How many samples of a batch have their largest output where their label says.
inline std::size_t decided_right(Network<float>& network, const Batch<float>& batch, std::uint64_t pass) {
  const auto outputs = network.predict(batch, pass);
  const std::size_t classes = network.classes();
  std::size_t count = 0;
  for (std::size_t b = 0; b < batch.samples; ++b) {
    const auto row = outputs.begin() + std::ptrdiff_t(b * classes);
    count +=
        std::uint32_t(std::max_element(row, row + std::ptrdiff_t(classes)) - row) == batch.labels[b] ? 1 : 0;
  }
  return count;
}

/// Calls visit(batch, number of its first sample) for the first `samples`; false where it says so.
template <class Visit> bool for_each_test_batch(Trainer& network, std::size_t samples, const Visit& visit) {
  const auto& items = network.samples().share(Share::test);
  const std::size_t batch_size = network.description().training->batch;
  Batch<float> batch;
  for (std::size_t first = 0; first < samples; first += batch_size) {
    const std::size_t size = std::min(batch_size, samples - first);
    network.samples().fill(std::span(items).subspan(first, size), false, 0, network.network().own(size),
                           batch);
    if (!visit(batch, first)) return false;
  }
  return true;
}

}  // namespace synfire::learning
