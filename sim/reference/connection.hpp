// A projection in the reference backend: its synapses one by one, and what changes them.
#pragma once

#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "sim/catalogue_rules.hpp"
#include "sim/mask.hpp"
#include "sim/plan.hpp"
#include "sim/release.hpp"
#include "sim/structure.hpp"

namespace synfire::reference {

struct Synapse {
  std::uint32_t target;
  Step delay;
  double weight;
  std::size_t number;  ///< in the order in which the connector names them, until synapses go and come
};

/// How active each synapse of a projection is: one trace a synapse.
struct Activity {
  double tau_ms;
  std::vector<double> traces;
};

/// What a projection has besides its synapses when they change or have a mask.
struct Learning {
  std::unique_ptr<ReferenceSynapses> synapses;
  double sign = 1;
  /// By step mod pages: the synapses that spikes come to, and the part of the weight these pass with.
  std::vector<std::vector<std::pair<std::size_t, double>>> due;
  const RuleDescription* rewarded = nullptr;
  std::unique_ptr<SignalSource> reward_current;
  double reward = 0, reward_rate = 0;  ///< per ms

  std::unique_ptr<StructureRule> structure;
  struct Flight {
    Step emitted;
    std::uint32_t source;
    double part;
  };
  std::deque<Flight> flights;  ///< spikes that may be under way; with a structure only

  std::unique_ptr<Mask> mask;
  std::vector<Activity> watched;
};

/// One projection: the synapses of each source, or a current.
struct Connection {
  std::size_t from = 0, to = 0, receptor = 0;
  std::vector<std::vector<Synapse>> of_source;
  std::unique_ptr<SignalSource> current;
  bool one_source = false;
  Step current_delay = 1;
  std::vector<double> current_weights;  ///< one for each target
  std::unique_ptr<Learning> learning;
  std::unique_ptr<Release> release;
};

SynapseCounts counts_of(const Connection& connection, std::uint32_t targets);

/// Lets synapses go and come at a point of the grid; spikes under way find those that there are then.
void restructure(Connection& connection, Step point);

/// The mask of a projection, its elements in the order of the synapses' numbers; null pointer when it has
/// none.
std::unique_ptr<Mask> make_mask(const ProjectionPlan& projection, const BuildContext& context);

/// Measures the activity of a connection with this time constant from now on.
void watch(Connection& connection, double tau_ms);
/// At the beginning of a step.
void decay_activity(Learning& learning, double dt_ms);
/// Moves the mask of a connection, if it is time; `rival` may be null when it competes with none.
void learn_mask(Connection& connection, const Connection* rival, double tau_ms, Step point,
                std::uint32_t targets);

/// What the weight of a synapse is multiplied by.
double mask_factor(const Learning& learning, std::size_t synapse);

}  // namespace synfire::reference
