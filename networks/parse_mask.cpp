#include <algorithm>

#include <fmt/format.h>

#include "core/spelling.hpp"
#include "networks/keys.hpp"
#include "networks/map_reader.hpp"
#include "networks/parse_parts.hpp"
#include "networks/parse_value.hpp"

namespace synfire::parse {
namespace {

using Kind = MaskDescription::Kind;

Kind kind_named(const std::string& word) {
  const auto found = std::find_if(keys::mask_kinds.begin(), keys::mask_kinds.end(),
                                  [&](const auto& choice) { return choice.word == word; });
  return static_cast<Kind>(found - keys::mask_kinds.begin());
}

double on_grid(const MapReader& reader, std::string_view key, double dt) {
  const double time = reader.quantity(key);
  const auto steps = whole_steps(time, dt);
  if (steps && *steps >= 1) return time;
  throw reader.require(key).error(fmt::format("{} is {}, which is not a multiple of the time step of {}",
                                              reader.label(key), format_quantity(time, Unit::ms),
                                              format_quantity(dt, Unit::ms)));
}

// A projection that ends where this one does, another than it.
std::size_t branch(const Tree& name, const std::string& what, const ProjectionDescription& own,
                   const Network& network) {
  const std::size_t index = projection_named(name, what, network);
  const ProjectionDescription& other = network.description.projections[index];
  if (&other == &own) throw name.error(fmt::format("{}: '{}' is the projection itself", what, other.name));
  if (other.to != own.to)
    throw name.error(fmt::format("{}: '{}' reaches {}, not {}", what, other.name,
                                 title(network.description.populations[other.to]),
                                 title(network.description.populations[own.to])));
  if (find_kind(network.description.populations[other.from].model).emits_current())
    throw name.error(fmt::format("{}: '{}' carries a current, which has no synapses", what, other.name));
  return index;
}

MaskDescription::Competition parse_competition(const Tree& tree, const std::string& owner,
                                               const ProjectionDescription& own, const Network& network) {
  const MapReader reader(tree, keys::competition, "competition, " + owner);
  MaskDescription::Competition competition;
  competition.against = branch(reader.require("against"), reader.label("against"), own, network);
  competition.rate = reader.quantity("rate");
  competition.tau = reader.quantity("tau");
  return competition;
}

void check_changes(const MapReader& reader, const MaskDescription& mask) {
  const bool changes = mask.competition || mask.kind == Kind::stochastic;
  const Tree* every = reader.find("every");
  if (changes && every == nullptr)
    throw reader.tree().error(
        fmt::format("{}: the key 'every' is missing: how often M changes", reader.what()));
  if (!changes && every != nullptr)
    throw every->error(fmt::format("{}: nothing changes M; write `competition`, or kind: stochastic",
                                   reader.label("every")));
}

}  // namespace

std::size_t projection_named(const Tree& name, const std::string& what, const Network& network) {
  const std::string& text = name.as_text(what);
  if (const auto index = network.description.projection(text)) return *index;
  std::vector<std::string_view> valid;
  for (const auto& projection : network.description.projections) valid.push_back(projection.name);
  throw name.error(fmt::format("{}: there is no projection '{}'{}", what, text, did_you_mean(text, valid)));
}

MaskDescription parse_mask(const Tree& tree, const ProjectionDescription& own, const Network& network) {
  const MapReader reader(tree, keys::mask, fmt::format("mask of projection '{}'", own.name));
  const auto& populations = network.description.populations;
  if (find_kind(populations[own.from].model).emits_current())
    throw tree.error(fmt::format("{}: {} gives a current, which has no synapses", reader.what(),
                                 title(populations[own.from])));
  if (network.description.simulation.engine == keys::event_engine)
    throw tree.error(reader.what() + ": engine event has no masks; use engine: batched");
  const double dt = network.description.simulation.dt;
  MaskDescription mask;
  mask.where = tree.key_where();
  if (const Tree* other = reader.find("complement_of")) {
    if (tree.members().size() > 1)
      throw other->error(fmt::format("{}: the other projection says everything; leave the other keys out",
                                     reader.label("complement_of")));
    mask.complement_of = branch(*other, reader.label("complement_of"), own, network);
    mask.per_target = true;
    return mask;
  }
  if (const Tree* initial = reader.find("initial"))
    mask.initial = parse_distribution(*initial, {"initial", Unit::none, 1, fraction, ""}, reader.what(), {});
  mask.kind = kind_named(reader.choice("kind", keys::mask_kinds));
  mask.per_target = reader.choice("granularity", keys::granularities) == keys::granularities[1].word;
  if (const Tree* competition = reader.find("competition"))
    mask.competition = parse_competition(*competition, reader.what(), own, network);
  check_changes(reader, mask);
  if (reader.find("every") != nullptr) mask.every = on_grid(reader, "every", dt);
  if (reader.find("frozen_after") != nullptr) mask.frozen_after = on_grid(reader, "frozen_after", dt);
  return mask;
}

void check_complements(const Network& network, std::size_t index, const Tree& tree) {
  const ProjectionDescription& own = network.description.projections[index];
  if (!own.mask || !own.mask->complement_of) return;
  const ProjectionDescription& other = network.description.projections[*own.mask->complement_of];
  if (other.mask && other.mask->per_target && !other.mask->complement_of) return;
  throw tree.error(
      fmt::format("mask of projection '{}': '{}' must have a mask of its own with granularity: target",
                  own.name, other.name));
}

}  // namespace synfire::parse
