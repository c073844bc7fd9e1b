// Connections that are pruned and come back while weights are learned.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/random.hpp"
#include "core/synapse_list.hpp"
#include "learning/gradient/optimisers.hpp"
#include "learning/gradient/weights.hpp"
#include "networks/training.hpp"

namespace synfire::learning {

/// What an epoch made of the connections of an array.
struct ArrayStructure {
  std::string array;
  double connections = 0, density = 0;         ///< that are left; part of those possible
  double pruned = 0, regenerated = 0;          ///< in this epoch
  double neurons = 0;                          ///< targets that have a connection
  double rate_prune = 0, rate_regenerate = 0;  ///< %, which were in force
};

/// Each number of it: its name, unit and meaning, and where it stands.
struct StructureColumn {
  std::string_view name, units, meaning;
  double ArrayStructure::*value;
  std::string_view by = "array";
};
inline constexpr std::array structure_columns = {
    StructureColumn{"connections", "1", "that there are after the epoch", &ArrayStructure::connections},
    StructureColumn{"density", "1", "part of those possible", &ArrayStructure::density},
    StructureColumn{"pruned", "1", "at the end of the epoch", &ArrayStructure::pruned},
    StructureColumn{"regenerated", "1", "at the end of the epoch", &ArrayStructure::regenerated},
    StructureColumn{"neurons", "1", "targets that have a connection", &ArrayStructure::neurons},
    StructureColumn{"rate_prune", "%", "rho_p, which was in force", &ArrayStructure::rate_prune},
    StructureColumn{"rate_regenerate", "%", "rho_g, which was in force", &ArrayStructure::rate_regenerate},
};

/// Which connections of an array are there, [targets, sources].
struct ConnectionMask {
  std::string array;
  std::vector<std::size_t> shape;
  std::vector<std::uint8_t> kept;
};

/// The rule of networks/training.hpp's Structure for the weights of a network. It writes `pruned` of the
/// arrays, and all that is decided follows from weights, gradients and the seed alone.
class WeightStructure {
 public:
  using All = std::span<Weights<float>* const>;

  /// Throws Error(input) at `chosen` when no array can be pruned.
  WeightStructure(const Chosen& chosen, std::uint64_t seed, All weights);

  /// Before the weights move: pruned ones have no gradient, except that it is noted, from `note_gradients` to
  /// the end of the epoch, for what comes back.
  void before_move(All weights);
  /// Afterwards: pruned ones are 0, and those that are there are looked at.
  void after_move(All weights);
  /// Before the last batch of an epoch.
  void note_gradients(All weights);
  /// At the end of an epoch, counted from 1: prunes and regenerates.
  std::vector<ArrayStructure> end_epoch(All weights, std::uint64_t epoch);

  /// What is there.
  std::vector<ConnectionMask> masks(All weights) const;
  std::vector<NamedArray<float>> state(All weights) const;
  /// Goes on where another one stopped, `pruned` of the weights included. Throws Error(input) when the arrays
  /// are not those of these weights; nothing is changed then.
  void load(All weights, const std::vector<NamedArray<float>>& state);

 private:
  using Rule = training::Structure::Rule;
  struct Array {
    std::size_t number, next;       // among the weights; the array that rates refer to
    std::vector<Rule::Span> spans;  // of each weight
    std::vector<float> earlier;     // weight before it was pruned
    std::vector<float> gradient;    // sums of sizes
    float rate_prune, rate_regenerate;
  };
  std::vector<std::size_t> least_active(const Array& array, const Weights<float>& weights) const;
  std::uint64_t prune(Array& array, Weights<float>& weights) const;
  std::vector<std::size_t> candidates(const Weights<float>& weights) const;
  std::uint64_t regenerate(Array& array, Weights<float>& weights, std::vector<std::size_t> candidates,
                           std::uint64_t epoch) const;
  void move_rates(Array& array, const SynapseCounts& here, const SynapseCounts& next, double epoch) const;

  training::Structure p_;
  Rule::Parameters rule_;
  RandomKey key_;
  std::vector<Array> arrays_;
  std::uint64_t moves_ = 0;
  bool noting_ = false;
};

}  // namespace synfire::learning
