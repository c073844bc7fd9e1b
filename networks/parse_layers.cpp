#include "networks/parse_layers.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/spelling.hpp"
#include "networks/keys_training.hpp"
#include "networks/layer_kinds.hpp"
#include "networks/map_reader.hpp"
#include "networks/parse_chosen.hpp"
#include "networks/parse_value.hpp"
#include "neurons/models.hpp"

namespace synfire {

const std::vector<ModelInfo>& layer::kinds() {
  static const std::vector<ModelInfo> table = [] {
    std::vector<ModelInfo> made;
    Kinds::for_each([&]<class Kind>() {
      const auto description = Kind::describe();
      made.push_back({std::string(description.name),
                      std::string(description.summary),
                      std::string(description.source),
                      parameter_table(description, Kind{}),
                      {},
                      {},
                      {}});
    });
    return made;
  }();
  return table;
}

const ModelInfo& layer::delays() {
  static const ModelInfo info = [] {
    const auto description = Delays::describe();
    ModelInfo made;
    made.name = description.name, made.summary = description.summary, made.source = description.source;
    made.parameters = parameter_table(description, Delays{});
    return made;
  }();
  return info;
}

namespace parse {
namespace {

std::vector<std::string_view> all_options() {
  std::vector<std::string_view> names;
  for (const auto& key : keys::layer_options) names.push_back(key.name);
  for (const auto& key : keys::dense_options) names.push_back(key.name);
  for (const auto& key : keys::neuron_options) names.push_back(key.name);
  return names;
}

bool is_option(std::string_view key) {
  const auto options = all_options();
  return std::find(options.begin(), options.end(), key) != options.end();
}

class LayerList {
 public:
  void add(const Tree& entry) {
    const auto [kind, value, where] = kind_of(entry);
    LayerDescription made;
    made.what = {kind, {}, where};
    const ModelInfo& info = model_of(kind, where);
    made.neurons = find_model(layer::kinds(), kind) == nullptr;
    made.name = fmt::format("{}{}", kind, ++counts_[kind]);
    const std::string owner = "layer " + kind;
    if (value != nullptr && !value->is_null()) made.what.parameters = parameters(*value, info, owner);
    for (const auto& info_of : info.parameters)
      if (must_be_given(info_of) && !made.what.parameters.contains(info_of.name))
        throw Error(ErrorKind::input, where,
                    fmt::format("{}: '{}' is missing ({})", owner, info_of.name, info_of.meaning));
    check_order(made, info);
    if (!layers_.empty()) made.from = {layers_.size() - 1};
    if (entry.is_map()) read_options(entry, info, made);
    check_place(made);
    layers_.push_back(std::move(made));
  }

  std::vector<LayerDescription> take() { return std::move(layers_); }

 private:
  struct KindOf {
    std::string kind;
    const Tree* value;
    Position where;
  };

  // `relu`, or a map in which one key is no option.
  static KindOf kind_of(const Tree& entry) {
    if (!entry.is_map()) return {entry.as_text("kind of a layer"), nullptr, entry.where()};
    const Tree::Member* found = nullptr;
    for (const auto& member : entry.members()) {
      if (is_option(member.first)) continue;
      if (found != nullptr)
        throw Error(ErrorKind::input, member.second.key_where(),
                    fmt::format("layer {}: '{}' does not go with it (beside the kind may stand: {})",
                                found->first, member.first, fmt::join(all_options(), ", ")));
      found = &member;
    }
    if (found == nullptr) throw entry.error("layer: its kind is missing, as in {dense: 100}");
    return {found->first, &found->second, found->second.key_where()};
  }

  static const ModelInfo& model_of(const std::string& kind, const Position& where) {
    if (const ModelInfo* info = find_model(layer::kinds(), kind)) return *info;
    if (const ModelInfo* info = find_model(neuron_models(), kind)) return *info;
    std::vector<std::string_view> valid;
    for (const auto& info : layer::kinds()) valid.push_back(info.name);
    for (const auto& info : neuron_models()) valid.push_back(info.name);
    throw Error(ErrorKind::input, where,
                fmt::format("layer: there is no kind of layer and no neuron model '{}'{}", kind,
                            did_you_mean(kind, valid)));
  }

  // A map, or the first parameter alone.
  static std::map<std::string, double> parameters(const Tree& value, const ModelInfo& info,
                                                  const std::string& owner) {
    std::map<std::string, double> made;
    if (!value.is_map()) {
      if (info.parameters.empty()) throw value.error(owner + " has no parameters");
      made[info.parameters.front().name] = parse_constant(value, info.parameters.front(), owner);
      return made;
    }
    check_keys(value, info.parameter_names(), owner);
    for (const auto& [name, entry] : value.members())
      made[name] = parse_constant(entry, *info.parameter(name), owner);
    return made;
  }

  static void check_order(const LayerDescription& made, const ModelInfo& info) {
    const auto value = [&](std::size_t k) {
      const auto found = made.what.parameters.find(info.parameters[k].name);
      return found == made.what.parameters.end() ? info.parameters[k].default_value : found->second;
    };
    for (const auto& [low, high] : info.rules) {
      if (value(low) < value(high)) continue;
      throw Error(ErrorKind::input, made.what.where,
                  fmt::format("layer {}: {} ({}) must be below {} ({})", made.what.name,
                              info.parameters[low].name, info.parameters[low].text_of(value(low)),
                              info.parameters[high].name, info.parameters[high].text_of(value(high))));
    }
  }

  void read_options(const Tree& entry, const ModelInfo& info, LayerDescription& made) {
    if (const Tree* name = entry.find("name")) {
      made.name = name->as_text("name of a layer");
      check_name(made.name, name->where(), "layer");
    }
    if (const Tree* from = entry.find("from")) made.from = sources(*from, made);
    for (const auto& key : keys::neuron_options)
      if (const Tree* value = entry.find(key.name); value != nullptr && !made.neurons)
        throw Error(ErrorKind::input, value->key_where(),
                    fmt::format("layer {}: '{}' goes with neurons", made.what.name, key.name));
    if (const Tree* delays = entry.find(layer::delays().name)) {
      if (made.what.name != layer::Dense::describe().name)
        throw Error(ErrorKind::input, delays->key_where(),
                    fmt::format("layer {}: '{}' goes with `dense`; beside neurons write `recurrent: {{{}: "
                                "…}}`",
                                made.what.name, layer::delays().name, layer::delays().name));
      made.delays = delays_of(*delays, made);
    }
    if (const Tree* learn = entry.find("learn")) made.learned = learned(*learn, info, made);
    if (const Tree* output = entry.find("output")) {
      const std::string& word = output->as_text("output of layer " + made.what.name);
      std::vector<std::string_view> words;
      for (const auto& choice : keys::layer_outputs) words.push_back(choice.word);
      if (std::find(words.begin(), words.end(), word) == words.end())
        throw output->error(fmt::format("output of layer {}: there is no '{}'{}", made.what.name, word,
                                        did_you_mean(word, words)));
      made.membrane = word == "membrane";
    }
    if (const Tree* recurrent = entry.find("recurrent")) read_recurrent(*recurrent, made);
    if (const Tree* receptors = entry.find("receptors"))
      made.receptors = filled_receptors(*receptors, info, made.what.name);
  }

  static Chosen delays_of(const Tree& tree, const LayerDescription& made) {
    return parse_chosen(layer::delays().name, tree, {layer::delays()}, "layer " + made.what.name);
  }

  // `true`, or `{delays: 25 ms}`.
  static void read_recurrent(const Tree& tree, LayerDescription& made) {
    const std::string what = "recurrent of layer " + made.what.name;
    if (!tree.is_map()) {
      made.recurrent = tree.as_bool(what);
      return;
    }
    check_keys(tree, std::array<std::string_view, 1>{layer::delays().name}, what);
    const Tree* delays = tree.find(layer::delays().name);
    if (delays == nullptr)
      throw tree.error(fmt::format("{}: true, false, or {{{}: …}}", what, layer::delays().name));
    made.recurrent = true;
    made.delays = delays_of(*delays, made);
  }

  std::vector<std::size_t> sources(const Tree& from, const LayerDescription& made) const {
    const std::string what = "from of layer " + made.what.name;
    std::vector<std::size_t> found;
    const auto add = [&](const Tree& name) {
      const std::string& text = name.as_text(what);
      const auto at = std::find_if(layers_.begin(), layers_.end(),
                                   [&](const LayerDescription& layer) { return layer.name == text; });
      if (at == layers_.end()) {
        std::vector<std::string_view> valid;
        for (const auto& layer : layers_) valid.push_back(layer.name);
        throw name.error(
            fmt::format("{}: there is no earlier layer '{}'{}", what, text, did_you_mean(text, valid)));
      }
      found.push_back(static_cast<std::size_t>(at - layers_.begin()));
    };
    if (from.is_list()) {
      for (const Tree& name : from.items()) add(name);
    } else {
      add(from);
    }
    if (found.empty()) throw from.error(what + ": the list is empty");
    return found;
  }

  // `k`, `[k, tau]`, or `{k: [0.5, 5]}` with the values that it is kept between.
  static std::vector<LearnedParameter> learned(const Tree& tree, const ModelInfo& info,
                                               const LayerDescription& made) {
    const std::string what = "learn of layer " + made.what.name;
    std::vector<LearnedParameter> found;
    const auto add = [&](const std::string& name, const Position& where) -> LearnedParameter& {
      const ParameterInfo* parameter = info.parameter(name);
      if (parameter == nullptr)
        throw Error(ErrorKind::input, where,
                    fmt::format("{}: it has no parameter '{}'{}", what, name,
                                did_you_mean(name, info.parameter_names())));
      if (!can_be_learned(*parameter))
        throw Error(ErrorKind::input, where,
                    fmt::format("{}: {} is a choice, not a number that could be learned", what, name));
      for (const auto& other : found)
        if (other.name == name)
          throw Error(ErrorKind::input, where, fmt::format("{}: {} is named twice", what, name));
      const Bounds& bounds = parameter->bounds;
      constexpr double inside = 1e-3;  // of a bound that must not be reached
      return found.emplace_back(LearnedParameter{name, bounds.low + (bounds.low_excluded ? inside : 0),
                                                 bounds.high - (bounds.high_excluded ? inside : 0)});
    };
    if (tree.is_map()) {
      for (const auto& [name, range] : tree.members()) {
        LearnedParameter& learned = add(name, range.key_where());
        const ParameterInfo& parameter = *info.parameter(name);
        const auto& ends = range.as_list(what);
        if (ends.size() != 2)
          throw range.error(what + ": two numbers, the lowest and the highest, are needed");
        learned.low = parse_constant(ends[0], parameter, what);
        learned.high = parse_constant(ends[1], parameter, what);
        if (learned.low >= learned.high)
          throw range.error(what + ": the first number must be below the second");
        const auto given = made.what.parameters.find(name);
        const double start = given != made.what.parameters.end() ? given->second : parameter.default_value;
        if (start < learned.low || start > learned.high)
          throw range.error(fmt::format("{}: {} begins at {}, which is not between these", what, name,
                                        parameter.text_of(start)));
      }
    } else if (tree.is_list()) {
      for (const Tree& name : tree.items()) add(name.as_text(what), name.where());
    } else {
      add(tree.as_text(what), tree.where());
    }
    return found;
  }

  // `{adaptation: [x, b], membrane: V_m}`.
  static std::vector<FilledReceptor> filled_receptors(const Tree& tree, const ModelInfo& info,
                                                      const std::string& kind) {
    const std::string what = "receptors of layer " + kind;
    const auto valid = receptors_to_fill(info);
    if (valid.empty())
      throw Error(ErrorKind::input, tree.key_where(),
                  fmt::format("{}: the model has none but the first, {}, which gets what the layer reads",
                              what, info.receptors.front().name));
    std::vector<FilledReceptor> made;
    for (const auto& [name, sources] : tree.as_map(what)) {
      const auto found = std::find(valid.begin(), valid.end(), name);
      if (found == valid.end())
        throw Error(ErrorKind::input, sources.key_where(),
                    fmt::format("{}: none that could be filled is called '{}'{}", what, name,
                                did_you_mean(name, valid)));
      made.push_back({static_cast<std::size_t>(found - valid.begin()) + 1,
                      sources_of_receptor(sources, info, fmt::format("{}, {}", what, name))});
    }
    if (made.empty())
      throw tree.error(fmt::format("{}: nothing is filled; name one of {}", what, fmt::join(valid, ", ")));
    return made;
  }
  static std::vector<std::size_t> sources_of_receptor(const Tree& tree, const ModelInfo& info,
                                                      const std::string& what) {
    const auto valid = receptor_sources(info);
    std::vector<std::size_t> made;
    const auto add = [&](const Tree& source) {
      const std::string& name = source.as_text(what);
      const auto found = std::find(valid.begin(), valid.end(), name);
      if (found == valid.end())
        throw source.error(
            fmt::format("{}: there is no source '{}'{}", what, name, did_you_mean(name, valid)));
      const auto number = static_cast<std::size_t>(found - valid.begin());
      if (std::find(made.begin(), made.end(), number) != made.end())
        throw source.error(fmt::format("{}: {} is named twice", what, name));
      made.push_back(number);
    };
    if (tree.is_list()) {
      for (const Tree& source : tree.items()) add(source);
    } else {
      add(tree);
    }
    if (made.empty()) throw tree.error(what + ": the list is empty");
    return made;
  }

  void check_place(const LayerDescription& made) const {
    const bool is_input = made.what.name == layer::Input::describe().name;
    if (is_input != layers_.empty())
      throw Error(ErrorKind::input, made.what.where,
                  is_input ? "layer input: it stands first and once"
                           : "layers: the first one must be `input`, for the samples");
    for (const auto& layer : layers_)
      if (layer.name == made.name)
        throw Error(ErrorKind::input, made.what.where,
                    fmt::format("layer: there is already one called '{}'", made.name));
    const std::string& kind = made.what.name;
    const bool reads_several = kind == layer::Add::describe().name ||
                               kind == layer::Multiply::describe().name ||
                               (kind == layer::Sample::describe().name && made.from.size() == 2);
    if (made.from.size() > 1 && !reads_several)
      throw Error(
          ErrorKind::input, made.what.where,
          fmt::format("layer {}: only `add` and `multiply` read several layers, and `sample` two", kind));
  }

  std::vector<LayerDescription> layers_;
  std::map<std::string, int> counts_;
};

}  // namespace

bool can_be_learned(const ParameterInfo& info) { return info.words.empty() && !info.bounds.whole; }

std::vector<std::string_view> receptors_to_fill(const ModelInfo& info) {
  std::vector<std::string_view> names;
  for (std::size_t k = 1; k < info.receptors.size(); ++k)
    if (info.receptors[k].sign != ReceptorInfo::Sign::continuous) names.push_back(info.receptors[k].name);
  return names;
}

std::vector<std::string_view> receptor_sources(const ModelInfo& info) {
  std::vector<std::string_view> names = {info.receptors.front().name};
  for (const auto& variable : info.state) names.push_back(variable.name);
  return names;
}

std::vector<LayerDescription> parse_layers(const Tree& tree) {
  LayerList list;
  for (const Tree& entry : tree.as_list("layers")) list.add(entry);
  auto layers = list.take();
  if (layers.size() < 2) throw tree.error("layers: there is nothing behind the input");
  return layers;
}

}  // namespace parse
}  // namespace synfire
