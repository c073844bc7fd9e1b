// Changes the structure of one projection by the rule of plasticity/structural.hpp, whatever engine runs it.
#pragma once

#include <functional>
#include <vector>

#include "core/random.hpp"
#include "core/state.hpp"
#include "core/synapse_list.hpp"
#include "plasticity/structural.hpp"

namespace synfire::plasticity {

/// Which synapses are possible.
struct PossibleSynapses {
  std::uint32_t sources = 0, targets = 0;
  bool self = true;  ///< whether source i may be joined to target i
  /// Delay in steps of the n-th synapse that an event forms.
  std::function<std::uint32_t(std::uint64_t event, std::uint32_t n)> delay;
};

class Structure {
 public:
  using Rule = Structural<double>;

  Structure(const Rule::Parameters& parameters, PossibleSynapses possible, RandomKey key)
      : p_(parameters),
        possible_(std::move(possible)),
        key_(key),
        rate_prune_(parameters.rate_prune),
        rate_regenerate_(parameters.rate_regenerate) {}

  /// The next event. The list must be ascending by source, delay, target, and hold the synapses that the last
  /// event left; it is so afterwards. `next` is what rates refer to, as it stood before the event.
  StructureEvent apply(std::vector<ListedSynapse>& synapses, const SynapseCounts& next);

  /// What the next event depends on beside the list.
  void save(const SavedShare& share) const;
  void load(const LoadedShare& share);

  std::size_t bytes() const;

 private:
  using Synapses = std::vector<ListedSynapse>;
  struct Pruned {
    ListedSynapse synapse;
    double activity;
  };

  void measure(const Synapses& synapses);
  std::vector<char> chosen_by_weight(const Synapses& synapses) const;
  std::vector<char> chosen_by_neuron(const Synapses& synapses) const;
  std::vector<char> chosen_by_synapse(const Synapses& synapses) const;
  std::uint64_t prune(Synapses& synapses, std::vector<Pruned>& gone);
  void bear_in_mind(std::vector<Pruned> gone);
  std::uint64_t regenerate(Synapses& synapses);
  std::uint64_t form(Synapses& synapses);
  void order(Synapses& synapses);
  void move_rates(const SynapseCounts& here, const SynapseCounts& next);

  Rule::Parameters p_;
  PossibleSynapses possible_;
  RandomKey key_;
  double rate_prune_, rate_regenerate_;  // %
  std::uint64_t event_ = 0, at_first_ = 0;
  std::vector<Rule::Span> spans_;  // one for each synapse
  std::vector<Pruned> pruned_;     // ascending by the event that pruned them
};

/// Counts a list.
SynapseCounts counts_of(const std::vector<ListedSynapse>& synapses, std::uint32_t targets);

}  // namespace synfire::plasticity
