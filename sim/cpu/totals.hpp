// Sums over the neurons of a rank, from which the result of a run is made.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/cpu/shard.hpp"
#include "sim/run.hpp"

namespace synfire {

struct PopulationTotals {
  std::uint64_t neurons = 0, spikes = 0;
  double variation = 0;      ///< sum of the coefficients of variation of the neurons that have one
  std::uint64_t varied = 0;  ///< and their number
  bool simulated = false;
};

struct Totals {
  RunResult result;                           ///< but for its populations
  std::vector<PopulationTotals> populations;  ///< all of the network

  /// Takes the totals of another rank in.
  void add(const Totals& other);
  /// Those that were simulated, after so many seconds of biological time.
  std::vector<PopulationResult> populations_of(const NetworkDescription& network, double biological_s) const;
};

/// Of the shards and groups of this rank, but for times.
Totals totals_of(const std::vector<std::unique_ptr<Shard>>& shards,
                 const std::vector<std::unique_ptr<Group>>& groups, std::size_t populations);

}  // namespace synfire
