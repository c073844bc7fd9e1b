// The parts that a network description is read in. Inside networks only.
#pragma once

#include <map>
#include <set>
#include <string>

#include "core/tree.hpp"
#include "encoders/sources.hpp"
#include "networks/description.hpp"

namespace synfire::parse {

/// A neuron model or a source; exactly one is set.
struct Kind {
  const ModelInfo* neuron = nullptr;
  const SourceInfo* source = nullptr;

  const ModelInfo& model() const { return neuron != nullptr ? *neuron : source->model; }
  bool emits_current() const { return source != nullptr && source->emits_current; }
};

/// Both pointers null when there is no such model.
Kind find_kind(std::string_view model);

/// A population without a size (an event recording) takes it from its file when the network is built.
inline bool has_size(const PopulationDescription& population) { return !population.shape.empty(); }

/// What has been read so far, with an index of the names.
struct Network {
  NetworkDescription description;
  std::map<std::string, std::size_t, std::less<>> population_index;
  std::set<std::string, std::less<>> projection_names;

  /// The population that a text names; an unknown one is an error at that text.
  std::size_t population(const Tree& name, const std::string& what) const;
};

/// The value of `values` of a population, whose name and model are known.
void parse_values(const Tree& tree, PopulationDescription& population);
PopulationDescription parse_population(const std::string& name, const Tree& tree);
ProjectionDescription parse_projection(const Tree& tree, const Network& network);
RecordDescription parse_record(const std::string& population, const Tree& tree, const Network& network);
/// The rules of a projection whose weights have this unit.
std::vector<RuleDescription> parse_plasticity(const Tree& tree, const ProjectionDescription& projection,
                                              Unit unit, const Network& network);
/// Sets what the rules of a projection say of projections, once all have been read.
void link_rules(const Tree& plasticity, ProjectionDescription& projection, const Network& network);
/// The value of `mask` of a projection, once all have been read.
MaskDescription parse_mask(const Tree& tree, const ProjectionDescription& projection, const Network& network);
/// The mask that another one complements must be of its kind; throws Error(input) at `mask`.
void check_complements(const Network& network, std::size_t projection, const Tree& mask);
/// The projection that a text names; an unknown one is an error at that text.
std::size_t projection_named(const Tree& name, const std::string& what, const Network& network);
/// An entry of `record` that names a projection.
WeightRecord parse_weight_record(const Tree& tree, std::size_t projection, const Network& network);
/// The value of `dataset`.
DatasetDescription parse_dataset(const Tree& tree);
/// The value of `training`.
TrainingDescription parse_training(const Tree& tree);
/// The value of `task`.
TaskDescription parse_task(const Tree& tree, const Network& network);
Selection parse_selection(const Tree& tree, const std::string& what, const PopulationDescription& population);

/// `value` under the key of `old`, so that errors at the key still point at what the user wrote.
inline Tree in_place_of(const Tree& old, Tree value) {
  const Position key = old.key_where();
  value.set_key_where(key.line, key.column);
  return value;
}

/// Entries that stand for many populations or projections written out, one by one.
Tree expand_tables(const Tree& network);
/// What `scale` makes of a network whose entries are written out.
Tree scaled(const Tree& network);
/// `layers:` written out as populations and projections; the tree comes back as it is when there are none.
Tree expand_layers(const Tree& network);

}  // namespace synfire::parse
