// Networks whose text has other neurons.
#include <algorithm>

#include <fmt/format.h>

#include "io/yaml.hpp"
#include "learning/gradient/neuron_fit.hpp"
#include "networks/parse.hpp"
#include "sim/differentiable.hpp"

namespace synfire::learning {
namespace {

constexpr const char* option = "--neurons";

// A kind alone as a map.
Tree as_map(const Tree& entry) {
  if (!entry.is_scalar()) return entry;
  Tree map = Tree::map(entry.where());
  map.set(entry.text(), Tree());
  return map;
}

Tree read_entry(const std::string& text) {
  Tree entry = as_map(parse_yaml(text, option));
  for (const auto& [key, value] : entry.as_map(option))
    if (key == "name" || key == "from")
      throw Error(ErrorKind::input, value.key_where(),
                  fmt::format("{}: {} stays that of each layer; leave it out", option, key));
  return entry;
}

// With its name, which would be another one where layers are counted that are gone.
Tree named(const Tree& entry, const LayerDescription& layer) {
  Tree made = as_map(entry);
  made.set("name", Tree::scalar(layer.name, entry.where()));
  return made;
}

Tree swapped(const Tree& old, const LayerDescription& layer, const Tree& entry) {
  Tree made = named(entry, layer);
  for (const char* kept : {"from", "recurrent"})
    if (const Tree* value = old.is_map() ? old.find(kept) : nullptr; value != nullptr && !made.find(kept))
      made.set(kept, *value);
  return made;
}

}  // namespace

bool passes_spikes(const LayerDescription& layer) {
  if (!layer.neurons || layer.membrane) return false;
  const ModelInfo* model = differentiable_model(layer.what.name);
  return model != nullptr && model->spikes;
}

NetworkDescription with_neurons(const NetworkDescription& network, const std::string& text) {
  const Tree entry = read_entry(text);
  Tree tree = parse_yaml(network.source_text, network.source_file);
  auto& layers = tree.find("layers")->items();
  std::vector<std::size_t> changed;
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const LayerDescription& layer = network.layers[k];
    if (layer.neurons) layers[k] = named(layers[k], layer);
    if (!passes_spikes(layer)) continue;
    layers[k] = swapped(layers[k], layer, entry);
    changed.push_back(k);
  }
  if (changed.empty())
    throw Error(ErrorKind::usage, "--neurons: no layer of this network passes spikes on to another");
  NetworkDescription made = parse_network(tree);
  for (const std::size_t k : changed)
    if (!passes_spikes(made.layers[k]))
      throw Error(ErrorKind::usage,
                  fmt::format("--neurons: {} is no neuron that passes spikes on", made.layers[k].what.name));
  made.source_text = write_yaml(tree);
  made.source_file = network.source_file;
  return made;
}

}  // namespace synfire::learning
