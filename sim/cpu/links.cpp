#include "sim/cpu/links.hpp"

#include <map>

#include <fmt/format.h>

#include "sim/catalogue_structure.hpp"

namespace synfire {
namespace {

// M of every synapse at its place: built as the weights are.
std::vector<float> masks_by_place(const ProjectionPlan& projection, Range range) {
  std::vector<std::uint32_t> row;
  const auto sources = [&](std::uint32_t t) -> const std::vector<std::uint32_t>& {
    row.clear();
    projection.connector->sources_of(range.first + t, row);
    return row;
  };
  const auto mask = [&](std::uint32_t t, std::uint32_t k) {
    return static_cast<float>(projection.mask(range.first + t, k));
  };
  const auto delay = [&](std::uint32_t t, std::uint32_t k) { return projection.delay(range.first + t, k); };
  const SparseBlock block =
      build_sparse(projection.from->size(), range.count, false, projection.one_delay(), sources, mask, delay);
  return {block.weights.begin(), block.weights.end()};
}

Branch* branch_of(const Shard& shard, std::size_t projection) {
  for (PlasticInlet* inlet : shard.plastic)
    if (inlet->projection() == projection) return &inlet->branch();
  return nullptr;
}

// The inlets of a population lie in the order of the projections that reach it.
std::size_t slot_of(const NetworkDescription& network, std::size_t projection) {
  std::size_t slot = 0;
  for (std::size_t p = 0; p < projection; ++p)
    slot += network.projections[p].to == network.projections[projection].to;
  return slot;
}

}  // namespace

std::unique_ptr<Mask> make_mask(const ProjectionPlan& projection, const BuildContext& context, Range range,
                                const SparseBlock& block) {
  if (!projection.description->mask) return nullptr;
  const MaskDescription& description = *projection.description->mask;
  std::vector<float> initial;
  std::vector<std::uint64_t> ids;
  if (description.per_target) {
    for (std::uint32_t t = 0; t < range.count; ++t) {
      initial.push_back(static_cast<float>(projection.mask(range.first + t, 0)));
      ids.push_back(range.first + t);
    }
  } else {
    initial = masks_by_place(projection, range);
    if (description.kind == MaskDescription::Kind::stochastic)
      for (const auto& synapse : list_of(block))
        ids.push_back(mask_id(synapse.source, range.first + synapse.target));
  }
  return std::make_unique<Mask>(
      description, context.grid,
      context.key(fmt::format("projection/{}/mask/draw", projection.description->name)), std::move(initial),
      std::move(ids));
}

void link_masks(const NetworkDescription& network, const std::vector<std::unique_ptr<Shard>>& shards) {
  for (std::size_t p = 0; p < network.projections.size(); ++p) {
    if (!network.projections[p].mask) continue;
    const MaskDescription& mask = *network.projections[p].mask;
    for (const auto& shard : shards) {
      Branch* const branch = branch_of(*shard, p);
      if (branch == nullptr) continue;
      if (mask.complement_of) branch_of(*shard, *mask.complement_of)->mask()->lead(*branch->mask());
      if (mask.competition)
        branch->compete(*branch_of(*shard, mask.competition->against), mask.competition->tau);
    }
  }
}

void link_structures(const NetworkDescription& network, const std::vector<std::unique_ptr<Shard>>& shards) {
  std::map<std::size_t, std::shared_ptr<StructureLog>> logs;
  const auto log_of = [&](std::size_t projection) {
    auto& log = logs[projection];
    if (log) return log;
    log = std::make_shared<StructureLog>();
    const std::size_t slot = slot_of(network, projection);
    SynapseCounts counts;
    for (const auto& shard : shards) {
      if (shard->population != network.projections[projection].to) continue;
      Inlet& inlet = *shard->inlets[slot];
      counts.synapses += inlet.synapses();
      counts.connected += inlet.connected();
      counts.targets += shard->range.count;
      if (PlasticInlet* plastic = inlet.as_plastic(); plastic != nullptr && plastic->structure() != nullptr)
        plastic->structure()->own = log;
    }
    log->add(StructureLog::from_the_start, counts);
    return log;
  };
  for (const auto& shard : shards) {
    for (PlasticInlet* inlet : shard->plastic) {
      if (inlet->structure() == nullptr) continue;
      const auto* rule = structural_rule(network.projections[inlet->projection()].plasticity);
      if (rule->next) inlet->structure()->next = log_of(*rule->next);
    }
  }
}

}  // namespace synfire
