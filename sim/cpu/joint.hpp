// Static projections from one population whose synapses into a group are stored together.
#pragma once

#include <memory>
#include <vector>

#include "sim/cpu/shard.hpp"
#include "sim/plan.hpp"

namespace synfire {

/// What a joint inlet is built from: parts of projections, each onto a range of neurons whose accumulator
/// lies `first` elements behind `input`.
struct JointInlet {
  struct Part {
    const ProjectionPlan* projection;
    Range range;
    std::uint32_t first;
  };
  const JointPlan* plan = nullptr;
  std::size_t from = 0;  ///< population
  std::vector<Part> parts;
  float* input = nullptr;

  double expected_synapses() const;
  std::unique_ptr<Inlet> build(std::vector<Shard*> feeders) const;
};

/// Lays the accumulators that joints reach in a group side by side, and says which inlets they make: more
/// than one for a joint whose targets are too many for 16 bits.
std::vector<JointInlet> place_joints(const Plan& plan, Group& group);

}  // namespace synfire
