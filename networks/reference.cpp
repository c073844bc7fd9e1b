#include "networks/reference.hpp"

#include <cmath>

#include <fmt/format.h>

#include "encoders/datasets.hpp"
#include "encoders/sources.hpp"
#include "networks/connect/connector.hpp"
#include "networks/keys_task.hpp"
#include "networks/keys_training.hpp"
#include "networks/layer_kinds.hpp"
#include "networks/named_networks.hpp"
#include "networks/training.hpp"
#include "neurons/models.hpp"
#include "plasticity/rules.hpp"

namespace synfire {
namespace {

using Text = fmt::memory_buffer;

template <class... Args> void add(Text& text, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(text), format, std::forward<Args>(args)...);
}

void add_keys(Text& text, std::string_view title, std::span<const keys::Key> table) {
  add(text, "### {}\n\n| key | without it | meaning |\n|---|---|---|\n", title);
  for (const auto& key : table)
    add(text, "| `{}` | {} | {} |\n", key.name,
        key.required ? "required" : (key.standard.empty() ? "" : fmt::format("`{}`", key.standard)),
        key.meaning);
  add(text, "\n");
}

void add_choices(Text& text, std::string_view key, std::span<const keys::Choice> words) {
  add(text, "| `{}` | |\n|---|---|\n", key);
  for (const auto& word : words)
    if (word.available) add(text, "| `{}` | {} |\n", word.word, word.meaning);
  add(text, "\n");
}

std::string default_of(const ParameterInfo& p) {
  if (std::isnan(p.default_value)) return "required";
  return fmt::format("`{}`", p.text_of(p.default_value));
}

void add_parameters(Text& text, std::string_view title, const std::vector<ParameterInfo>& parameters) {
  if (parameters.empty()) return;
  add(text, "| {} | default | must | meaning |\n|---|---|---|---|\n", title);
  for (const auto& p : parameters)
    add(text, "| `{}` | {} | {} | {} |\n", p.name, default_of(p), p.constraint(), p.meaning);
  add(text, "\n");
}

void add_model(Text& text, const ModelInfo& model) {
  add(text, "### `{}`\n\n{}.{}\n\n", model.name, model.summary,
      model.source.empty() ? "" : fmt::format(" Source: {}.", model.source));
  add_parameters(text, "parameter", model.parameters);
  if (model.receptors.empty()) return;
  add_parameters(text, "state", model.state);
  add(text, "| receptor | unit of a weight | meaning |\n|---|---|---|\n");
  for (const auto& r : model.receptors) add(text, "| `{}` | {} | {} |\n", r.name, symbol(r.unit), r.meaning);
  add(text, "\n");
}

void add_training(Text& text) {
  add(text, "## Training by gradients\n\n");
  add_keys(text, "`training`", keys::training);
  add_choices(text, "precision", keys::precisions);
  add_keys(text, "`augment` of `training`", keys::augment);
  add_keys(text, "`normalise` of `augment`", keys::normalise);
  add(text,
      "## Layers that are trained\n\nBeside `training`, an entry of `layers` is one of these kinds or a "
      "neuron "
      "model: its name, or\n`{{name: parameters}}`; the first parameter may stand alone.\n\n");
  add_keys(text, "Beside the kind", keys::layer_options);
  add_keys(text, "Beside `dense`", keys::dense_options);
  add_keys(text, "Beside a neuron model", keys::neuron_options);
  add_choices(text, "output", keys::layer_outputs);
  for (const auto& kind : layer::kinds()) add_model(text, kind);
  add(text, "## Delays of layers\n\n");
  add_model(text, layer::delays());
  const auto add_list = [&](std::string_view title, const std::vector<ModelInfo>& models) {
    add(text, "## {}\n\n", title);
    for (const auto& model : models) add_model(text, model);
  };
  add_list("Named networks", named_networks());
  add_list("Losses", loss_functions());
  add_list("Regularisers", rate_regularisers());
  add_list("Methods of learning", learning_methods());
  add_list("Optimisers", optimisers());
  add_list("Schedules of the learning rate", rate_schedules());
  add_model(text, warm_up());
  add_list("Bounds of gradients", gradient_clips());
  add(text, "## Structure of networks that learn by gradients\n\n");
  add_model(text, learned_structure());
  add_list("Surrogates", surrogates());
  add_list("Membranes of the step before", membrane_terms());
}

}  // namespace

std::string language_reference() {
  Text text;
  add(text, "# Reference\n\nWritten by `synfire schema --markdown`; a test compares the two.\n\n## Keys\n\n");
  add_keys(text, "A network file", keys::network);
  add_keys(text, "`simulation`", keys::simulation);
  add_keys(text, "`scale`", keys::scaling);
  add_keys(text, "A population", keys::population);
  add_keys(text, "`values` of a population", keys::values);
  add_keys(text, "A projection", keys::projection);
  add_keys(text, "`mask` of a projection", keys::mask);
  add_keys(text, "`competition` of a mask", keys::competition);
  add_keys(text, "A layer", keys::layer);
  add_keys(text, "A recorded state variable", keys::trace);
  add_keys(text, "Recorded `weights` of a projection", keys::weights);
  add_keys(text, "`dataset`", keys::dataset);
  add_keys(text, "`classify` of `task`", keys::classification);
  add_choices(text, "decode", keys::decoders);
  add_keys(text, "`readout` of `task`", keys::readouts);
  add_choices(text, "features", keys::readout_features);
  add_choices(text, "method", keys::readout_methods);
  add(text,
      "## Distributions\n\nMay stand wherever a number may. Each takes `min` and `max`, outside of which "
      "draws are "
      "repeated.\n\n| name | parameters | meaning |\n|---|---|---|\n");
  for (const auto& d : keys::distributions)
    add(text, "| `{}` | {}{} | {} |\n", d.name, d.parameters[0],
        d.count() == 2 ? fmt::format(", {}", d.parameters[1]) : "", d.meaning);
  add(text, "\n## Neuron models\n\n");
  for (const auto& model : neuron_models()) add_model(text, model);
  add(text, "## Sources\n\n");
  for (const auto& source : source_models()) add_model(text, source.model);
  add(text, "## Generated data\n\n");
  for (const auto& model : dataset_models()) add_model(text, model);
  add(text, "## Connection rules\n\n");
  for (const auto& rule : connection_rules()) add_model(text, rule);
  add(text, "## Rules of plasticity\n\n");
  for (const auto& rule : plasticity_rules()) add_model(text, rule.model);
  add_training(text);
  std::string made = fmt::to_string(text);
  made.pop_back();  // the blank line at the end
  return made;
}

}  // namespace synfire
