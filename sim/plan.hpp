// From a network to what will be built: which parts, which synapses between them, how much memory.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "networks/connect/connector.hpp"
#include "sim/backend.hpp"

namespace synfire {

/// One projection, resolved: its connector, receptor, and how weights and delays are had.
struct ProjectionPlan {
  const ProjectionDescription* description = nullptr;
  const PopulationDescription* from = nullptr;
  const PopulationDescription* to = nullptr;
  std::shared_ptr<const Connector> connector;
  std::size_t receptor = 0;
  bool magnitude = false;  ///< conductances: the size of the weight counts
  bool is_current = false;
  bool is_negative = false;  ///< no weight is above 0, and some are below: rules see their sizes
  bool is_plastic = false;   ///< its synapses change, have a mask, or must tell how active they are
  /// Which joint of the plan it is stored in; nothing when it is on its own.
  std::optional<std::size_t> joint = {};
  bool is_fused = false;  ///< the source's counts are read where they are needed, without spikes or synapses
  RandomKey weight_key, delay_key, mask_key;
  double dt_ms = 0.1;

  bool one_weight() const { return description->weight.is_constant() && !connector->has_weights(); }
  bool one_delay() const { return description->delay.is_constant() && !connector->has_delays(); }
  /// Of the k-th synapse onto a target, in the order in which the connector names them.
  double weight(std::uint32_t target, std::uint32_t k) const;
  Step delay(std::uint32_t target, std::uint32_t k) const;
  /// Those of all synapses onto a target, as many as it has: the same, faster.
  void weights(std::uint32_t target, std::span<float> weights) const;
  void delays(std::uint32_t target, std::span<std::uint32_t> delays) const;
  /// The part M of a weight at the start; of a mask by target, the same for all k. Only with a mask.
  double mask(std::uint32_t target, std::uint32_t k) const;
  /// The same delay where time has no steps, in ms.
  double delay_ms(std::uint32_t target, std::uint32_t k) const;
};

struct PopulationPlan {
  const PopulationDescription* description = nullptr;
  std::size_t index = 0;  ///< in the network's list
  bool neurons = false;
  std::vector<Range> ranges;        ///< one for each shard
  std::vector<std::size_t> groups;  ///< of each shard
};

/// Static projections from one population whose synapses are stored together: a spike then reaches all its
/// targets of a group through one row.
struct JointPlan {
  enum class Weights { shared, compact, full };  ///< one for all, 16 bits, 32 bits
  std::vector<std::size_t> projections;
  std::size_t from = 0, receptor = 0;
  Weights weights = Weights::full;
  double weight_unit = 0;  ///< of compact weights
  bool one_delay = false;
  Step longest_delay = 1;
};

struct Plan {
  std::vector<PopulationPlan> populations;  ///< those that need shards
  std::vector<ProjectionPlan> projections;
  std::vector<JointPlan> joints;
  std::size_t groups = 1;  ///< shards that advance together; of all ranks
  unsigned ranks = 1;      ///< processes, each with as many groups
  unsigned workers = 1;    ///< threads that are worth using, of each rank
  double expected_synapses = 0;
  double expected_bytes = 0;  ///< of all ranks

  const PopulationPlan* population(std::size_t index) const;
  unsigned rank_of(std::size_t group) const { return static_cast<unsigned>(group / (groups / ranks)); }
};

/// `shards` > 0: cut every population into that many parts for each rank (if it has as many neurons); else by
/// size and threads, of which every rank has as many.
Plan make_plan(const BuildContext&, unsigned threads, unsigned shards, unsigned ranks = 1);

/// Resolves the projections alone, for backends that do not shard.
std::vector<ProjectionPlan> plan_projections(const BuildContext&, bool may_fuse);

/// Throws Error(resource), naming both, when the machine has less memory free than is needed.
void check_memory(double bytes, double synapses);

}  // namespace synfire
