// A `layers:` list written out as populations and projections.
#include <array>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "networks/map_reader.hpp"
#include "networks/parse_parts.hpp"

namespace synfire::parse {
namespace {

constexpr std::array<std::string_view, 4> population_keys = {"model", "size", "params", "init"};
constexpr std::array<std::string_view, 6> projection_keys = {"connect",  "weight",     "delay",
                                                             "receptor", "plasticity", "mask"};

Tree text_at(const std::string& text, const Position& where) {
  Tree tree = Tree::scalar(text, where);
  tree.set_key_where(where.line, where.column);
  return tree;
}

// An entry that only names where the row begins.
Tree first_name(const MapReader& layer) {
  const Tree& from = layer.require("from");
  for (const auto& [key, value] : layer.tree().members())
    if (key != "from")
      throw Error(ErrorKind::input, value.key_where(),
                  fmt::format("{}: 'from' names an existing population, so '{}' cannot stand beside it",
                              layer.what(), key));
  return from;
}

Tree as_population(const MapReader& layer) {
  const Tree* model = layer.find("model");
  if (model != nullptr && find_kind(model->as_text("model of a layer")).source != nullptr)
    throw model->error(fmt::format(
        "layer: {} is a source; put it under populations and begin the layers with {{from: its name}}",
        model->text()));
  Tree population = Tree::map(layer.tree().where());
  for (const auto key : population_keys)
    if (const Tree* value = layer.find(key)) population.set(std::string(key), *value);
  const Position& where = layer.require("name").where();
  population.set_key_where(where.line, where.column);
  return population;
}

Tree as_projection(const MapReader& layer, const Tree& before) {
  Tree projection = Tree::map(layer.tree().where());
  projection.set("from", before);
  projection.set("to", layer.require("name"));
  for (const auto key : projection_keys)
    if (const Tree* value = layer.find(key)) projection.set(std::string(key), *value);
  if (layer.find("connect") == nullptr)
    projection.set("connect", text_at(layer.text("connect"), layer.tree().where()));
  return projection;
}

void refuse_projection_keys(const MapReader& layer) {
  for (const auto key : projection_keys)
    if (const Tree* value = layer.find(key))
      throw Error(ErrorKind::input, value->key_where(),
                  fmt::format("{}: '{}' needs a layer before this one; begin with {{from: population}}",
                              layer.what(), key));
}

Tree part(const Tree& network, std::string_view key, const Tree& absent) {
  const Tree* found = network.find(key);
  return found == nullptr ? absent : *found;
}

}  // namespace

Tree expand_layers(const Tree& network) {
  const Tree* layers = network.find("layers");
  if (layers == nullptr) return network;
  Tree populations = part(network, "populations", Tree::map(layers->where()));
  Tree projections = part(network, "projections", Tree::list(layers->where()));
  populations.as_map("populations");
  projections.as_list("projections");

  std::set<std::string> names;
  for (const auto& [name, population] : populations.members()) names.insert(name);
  std::optional<Tree> before;
  for (const Tree& entry : layers->as_list("layers")) {
    const MapReader layer(entry, keys::layer, "layer");
    if (layer.find("from") != nullptr) {
      if (before)
        throw Error(ErrorKind::input, entry.find("from")->key_where(),
                    "layer: 'from' may stand in the first entry only");
      before = first_name(layer);
      continue;
    }
    const Tree& name = layer.require("name");
    if (!names.insert(name.as_text("name of a layer")).second)
      throw name.error(fmt::format("layer: there is already a population '{}'", name.text()));
    populations.members().emplace_back(name.text(), as_population(layer));
    if (before) {
      projections.items().push_back(as_projection(layer, *before));
    } else {
      refuse_projection_keys(layer);
    }
    before = name;
  }
  Tree expanded = network;
  std::erase_if(expanded.members(), [](const auto& member) { return member.first == "layers"; });
  expanded.set("populations", std::move(populations));
  expanded.set("projections", std::move(projections));
  return expanded;
}

}  // namespace synfire::parse
