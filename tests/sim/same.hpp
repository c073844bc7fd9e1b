// Two runs that must be one: what tests of threads, ranks and checkpoints ask for.
#pragma once

#include <cstdint>
#include <string>

#include "tests/sim/networks.hpp"

namespace synfire::testing_tools {

/// Spikes and traces of a run, as bytes.
inline std::string everything(const Ran& ran) {
  std::string bytes;
  const auto append = [&](const auto& values) {
    const std::uint64_t count = values.size();
    bytes.append(reinterpret_cast<const char*>(&count), sizeof count);
    bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(values[0]));
  };
  for (const auto& spikes : ran.sink.all()) append(spikes.steps), append(spikes.neurons);
  for (const auto& record : ran.network.records)
    for (std::size_t t = 0; t < record.traces.size(); ++t) append(ran.sink.trace(record.population, t));
  return bytes;
}

inline void expect_same_weights(const Ran& ran, const Ran& yardstick) {
  for (std::size_t r = 0; r < yardstick.network.weight_records.size(); ++r) {
    const auto &a = ran.sink.weights_of(r), &b = yardstick.sink.weights_of(r);
    ASSERT_EQ(a.size(), b.size()) << r;
    for (std::size_t k = 0; k < a.size(); ++k) {
      EXPECT_EQ(a[k].first, b[k].first);
      EXPECT_EQ(a[k].second.sources, b[k].second.sources) << r;
      EXPECT_EQ(a[k].second.targets, b[k].second.targets) << r;
      EXPECT_EQ(a[k].second.weights, b[k].second.weights) << r;
      EXPECT_EQ(a[k].second.masks, b[k].second.masks) << r;
    }
  }
}

inline void expect_same_structures(const Ran& ran, const Ran& yardstick) {
  for (std::size_t p = 0; p < yardstick.network.projections.size(); ++p) {
    const auto &a = ran.sink.structures_of(p), &b = yardstick.sink.structures_of(p);
    ASSERT_EQ(a.size(), b.size()) << p;
    for (std::size_t k = 0; k < a.size(); ++k) {
      EXPECT_EQ(a[k].first, b[k].first);
      EXPECT_EQ(a[k].second.pruned, b[k].second.pruned);
      EXPECT_EQ(a[k].second.regenerated, b[k].second.regenerated);
      EXPECT_EQ(a[k].second.formed, b[k].second.formed);
      EXPECT_EQ(a[k].second.rate_prune, b[k].second.rate_prune);
    }
  }
}

inline void expect_same_counts(const RunResult& a, const RunResult& b) {
  EXPECT_EQ(a.synaptic_events, b.synaptic_events);
  EXPECT_EQ(a.drive_events, b.drive_events);
  EXPECT_EQ(a.synapses, b.synapses);
  EXPECT_EQ(a.neuron_updates, b.neuron_updates);
  EXPECT_EQ(a.steps, b.steps);
  ASSERT_EQ(a.populations.size(), b.populations.size());
  for (std::size_t p = 0; p < a.populations.size(); ++p) {
    EXPECT_EQ(a.populations[p].name, b.populations[p].name);
    EXPECT_EQ(a.populations[p].neurons, b.populations[p].neurons);
    EXPECT_EQ(a.populations[p].spikes, b.populations[p].spikes);
    // Summed shard by shard: equal up to rounding.
    EXPECT_NEAR(a.populations[p].cv_isi, b.populations[p].cv_isi, 1e-12);
  }
}

/// All that was recorded, to the bit, and all that was counted.
inline void expect_same(const Ran& ran, const Ran& yardstick) {
  for (std::size_t p = 0; p < yardstick.network.populations.size(); ++p)
    EXPECT_EQ(ran.sink.of(p), yardstick.sink.of(p)) << yardstick.network.populations[p].name;
  EXPECT_TRUE(everything(ran) == everything(yardstick)) << "a trace differs";
  expect_same_weights(ran, yardstick);
  expect_same_structures(ran, yardstick);
  expect_same_counts(ran.result, yardstick.result);
}

}  // namespace synfire::testing_tools
