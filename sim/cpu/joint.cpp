#include "sim/cpu/joint.hpp"

#include <algorithm>
#include <map>

#include "sim/cpu/inlets.hpp"

namespace synfire {
namespace {

/// A receptor of a shard.
using Column = std::pair<std::size_t, Shard*>;

// Where the accumulators lie that joints reach: receptor by receptor, so that the targets of a joint are
// close.
std::map<Column, std::size_t> lay_out(const Plan& plan, Group& group) {
  std::vector<Column> columns;
  for (const JointPlan& joint : plan.joints)
    for (const std::size_t p : joint.projections)
      for (Shard* shard : group.shards)
        if (shard->population == plan.projections[p].description->to)
          columns.emplace_back(joint.receptor, shard);
  const auto position = [&group](const Shard* shard) {
    return std::find(group.shards.begin(), group.shards.end(), shard) - group.shards.begin();
  };
  std::sort(columns.begin(), columns.end(), [&](const Column& a, const Column& b) {
    return std::pair(a.first, position(a.second)) < std::pair(b.first, position(b.second));
  });
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  constexpr std::size_t line = 16;  // floats
  std::map<Column, std::size_t> places;
  std::size_t end = 0;
  for (const Column& column : columns) {
    places[column] = end;
    end += (column.second->range.count + line - 1) / line * line;
  }
  group.accumulators.resize(end);
  std::fill(group.accumulators.begin(), group.accumulators.end(), 0.0F);
  for (const auto& [column, place] : places)
    column.second->emitter->move_input(column.first, group.accumulators.data() + place);
  return places;
}

template <class Block> void build_joint(const JointInlet& joint, Block& block) {
  std::vector<std::uint32_t> sources, delays;
  std::vector<float> weights;
  const bool one_weight = joint.plan->weights == JointPlan::Weights::shared;
  const auto for_each_target = [&](bool drawn, const auto& visit) {
    for (const JointInlet::Part& part : joint.parts) {
      for (std::uint32_t t = 0; t < part.range.count; ++t) {
        const std::uint32_t target = part.range.first + t;
        sources.clear();
        part.projection->connector->sources_of(target, sources);
        if (drawn && !one_weight) {
          weights.resize(sources.size());
          part.projection->weights(target, weights);
        }
        if (drawn && !joint.plan->one_delay) {
          delays.resize(sources.size());
          part.projection->delays(target, delays);
        }
        visit(TargetRow{part.first + t, sources, weights, delays});
      }
    }
  };
  const std::uint32_t source_count = joint.parts.front().projection->from->size();
  if (joint.plan->longest_delay < (1 << 16)) {
    build_rows<std::uint16_t>(block, source_count, one_weight, joint.plan->one_delay, for_each_target);
  } else {
    build_rows<std::uint32_t>(block, source_count, one_weight, joint.plan->one_delay, for_each_target);
  }
  if (joint.plan->one_delay) block.min_delay = block.max_delay = joint.parts.front().projection->delay(0, 0);
}

}  // namespace

double JointInlet::expected_synapses() const {
  double synapses = 0;
  for (const Part& part : parts)
    synapses +=
        part.projection->connector->expected_synapses() * part.range.count / part.projection->to->size();
  return synapses;
}

std::unique_ptr<Inlet> JointInlet::build(std::vector<Shard*> feeders) const {
  const std::span<float> accumulator(input, 0);
  if (plan->weights == JointPlan::Weights::compact) {
    CompactBlock block;
    block.weight_unit = static_cast<float>(plan->weight_unit);
    build_joint(*this, block);
    return std::make_unique<SparseInlet<Arrival, CompactBlock>>(std::move(block), std::move(feeders), nullptr,
                                                                accumulator);
  }
  SparseBlock block;
  build_joint(*this, block);
  if (plan->weights == JointPlan::Weights::shared)
    block.shared_weight = static_cast<float>(parts.front().projection->weight(0, 0));
  return std::make_unique<SparseInlet<Arrival>>(std::move(block), std::move(feeders), nullptr, accumulator);
}

std::vector<JointInlet> place_joints(const Plan& plan, Group& group) {
  const auto places = lay_out(plan, group);
  std::vector<JointInlet> inlets;
  for (const JointPlan& joint : plan.joints) {
    struct Target {
      std::size_t place;
      JointInlet::Part part;
    };
    std::vector<Target> targets;
    for (const std::size_t p : joint.projections)
      for (Shard* shard : group.shards)
        if (shard->population == plan.projections[p].description->to)
          targets.push_back({places.at({joint.receptor, shard}), {&plan.projections[p], shard->range, 0}});
    std::stable_sort(targets.begin(), targets.end(),
                     [](const Target& a, const Target& b) { return a.place < b.place; });
    std::size_t base = 0;
    bool open = false;
    for (Target& target : targets) {
      const bool fits = open && target.place + target.part.range.count - base <= SparseRows::max_targets;
      if (!fits) {
        base = target.place;
        inlets.push_back({&joint, joint.from, {}, group.accumulators.data() + base});
        open = true;
      }
      target.part.first = static_cast<std::uint32_t>(target.place - base);
      inlets.back().parts.push_back(target.part);
    }
  }
  return inlets;
}

}  // namespace synfire
