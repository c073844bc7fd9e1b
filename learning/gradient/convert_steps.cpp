#include "learning/gradient/convert_steps.hpp"

#include <variant>

#include <fmt/format.h>

#include "io/yaml.hpp"
#include "networks/layer_kinds.hpp"
#include "networks/parse.hpp"

namespace synfire::learning {
namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ErrorKind::input, "the network cannot be brought to other steps: " + what);
}

void check_layers(const NetworkDescription& network) {
  for (const LayerDescription& layer : network.layers) {
    if (layer.what.name == layer::Input::describe().name && value_of(layer.what, &layer::Input::time) != 0)
      refuse("recordings have other counts in other steps; it goes with images");
    if (layer.what.name == layer::BatchNorm::describe().name &&
        value_of(layer.what, &layer::BatchNorm::over) != 0)
      refuse(fmt::format("layer {} has means and variances for each step; train it with `over: time`",
                         layer.name));
    if (layer.delays) refuse(fmt::format("the delays of layer {} are so many steps", layer.name));
  }
}

training::NormalisedMembrane membrane_of(const NetworkDescription& network, const StepConversion& how) {
  training::NormalisedMembrane membrane;
  const auto before = one_chosen<training::Membranes>(network.training->membrane, "membrane");
  if (std::holds_alternative<training::OwnMembrane>(before))
    refuse("it learned with its own membrane; train it with `membrane: noise`");
  if (const auto* converted = std::get_if<training::NormalisedMembrane>(&before)) membrane = *converted;
  if (const auto* noise = std::get_if<training::MembraneNoise>(&before))
    membrane.beta = noise->beta, membrane.distribution = noise->distribution;
  membrane.alpha = how.alpha.value_or(membrane.alpha);
  membrane.beta = how.beta.value_or(membrane.beta);
  return membrane;
}

}  // namespace

NetworkDescription convert_steps(const TrainedFile& trained, const StepConversion& how) {
  const NetworkDescription network = trained.network();
  if (!network.training) refuse("it has no `training`");
  check_layers(network);
  const training::NormalisedMembrane membrane = membrane_of(network, how);
  Tree tree = parse_yaml(trained.source_text, trained.source_file);
  apply_set(tree, fmt::format("training.steps={}", how.steps));
  apply_set(tree, fmt::format("training.membrane={{{}: {{alpha: {}, beta: {}, distribution: {}}}}}",
                              training::NormalisedMembrane::describe().name, membrane.alpha, membrane.beta,
                              training::distributions[static_cast<std::size_t>(membrane.distribution)]));
  NetworkDescription converted = parse_network(tree);
  converted.source_file = trained.source_file;
  return converted;
}

}  // namespace synfire::learning
