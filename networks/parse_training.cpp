#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "networks/keys_training.hpp"
#include "networks/map_reader.hpp"
#include "networks/parse_chosen.hpp"
#include "networks/parse_parts.hpp"
#include "networks/training.hpp"

namespace synfire::parse {
namespace {

std::uint32_t count(const MapReader& reader, std::string_view key) {
  return static_cast<std::uint32_t>(reader.integer(key));
}

std::optional<std::uint32_t> given_count(const MapReader& reader, std::string_view key) {
  if (reader.find(key) == nullptr) return std::nullopt;
  return count(reader, key);
}

bool flag_of(const MapReader& reader, std::string_view key, bool standard) {
  const Tree* value = reader.find(key);
  return value != nullptr ? value->as_bool(reader.label(key)) : standard;
}

// Keeps the standard when the key is absent.
void choose(const MapReader& reader, std::string_view key, const std::vector<ModelInfo>& valid,
            Chosen& chosen) {
  if (const Tree* value = reader.find(key)) chosen = parse_chosen(*value, valid, reader.label(key));
}

std::vector<double> numbers(const MapReader& reader, std::string_view key) {
  constexpr std::size_t most = 1024;
  const Bounds bounds = keys::find(keys::normalise, key).bounds;
  const auto read = [&](const Tree& tree) {
    const double value = tree.as_number(reader.label(key));
    check_bounds({std::string(key), Unit::none, 0, bounds, ""}, value, reader.what(), tree.where());
    return value;
  };
  const Tree& tree = reader.require(key);
  if (tree.is_scalar()) return {read(tree)};
  const auto& items = tree.as_list(reader.label(key));
  if (items.empty() || items.size() > most)
    throw tree.error(fmt::format("{}: between 1 and {} numbers can stand here, got {}", reader.label(key),
                                 most, items.size()));
  std::vector<double> values;
  for (const Tree& item : items) values.push_back(read(item));
  return values;
}

AugmentDescription parse_augment(const Tree& tree, const std::string& what) {
  const MapReader reader(tree, keys::augment, what);
  AugmentDescription augment;
  augment.where = tree.key_where();
  augment.crop = count(reader, "crop");
  augment.flip = flag_of(reader, "flip", augment.flip);
  augment.channel_jitter = reader.quantity("channel_jitter");
  augment.channel_shift = count(reader, "channel_shift");
  augment.time_stretch = reader.quantity("time_stretch");
  augment.blend = reader.quantity("blend");
  const Tree* normalise = reader.find("normalise");
  if (normalise == nullptr) return augment;
  const MapReader values(*normalise, keys::normalise, reader.label("normalise"));
  augment.mean = numbers(values, "mean");
  augment.deviation = numbers(values, "std");
  if (augment.mean.size() != augment.deviation.size())
    throw normalise->error(fmt::format("{}: mean has {} numbers, std {}; one of each for each channel",
                                       values.what(), augment.mean.size(), augment.deviation.size()));
  return augment;
}

void check_optimiser(const Chosen& chosen) {
  if (chosen.name != training::Sgd::describe().name) return;
  const auto sgd = values_of<training::Sgd>(chosen);
  if (sgd.nesterov != 0 && (sgd.momentum == 0 || sgd.dampening != 0))
    throw Error(ErrorKind::input, chosen.where,
                "nesterov of optimiser of training (sgd): it takes momentum above 0 and no dampening");
}

std::vector<Chosen> parse_regularisers(const MapReader& reader) {
  const Tree* tree = reader.find("regularisers");
  std::vector<Chosen> regularisers;
  if (tree == nullptr) return regularisers;
  const std::string what = reader.label("regularisers");
  for (const Tree& item : tree->as_list(what)) {
    regularisers.push_back(parse_chosen(item, rate_regularisers(), what));
    const Chosen& last = regularisers.back();
    if (last.name != training::RateBounds::describe().name) continue;
    const auto bounds = values_of<training::RateBounds>(last);
    if (bounds.low > bounds.high)
      throw Error(ErrorKind::input, last.where,
                  fmt::format("{} ({}): low is {}, above high, which is {}", what, last.name, bounds.low,
                              bounds.high));
  }
  return regularisers;
}

Chosen parse_structure(const Tree& tree, const std::string& what) {
  using S = training::Structure;
  Chosen chosen = parse_chosen(learned_structure().name, tree, {learned_structure()}, what);
  const auto p = values_of<S>(chosen);
  if (static_cast<S::Prune>(p.prune) == S::Prune::weight && !(p.w_prune > 0))
    throw tree.error(what + ": prune: weight needs `w_prune`");
  return chosen;
}

// Windows are equally long, and divergence is of logarithms of probabilities.
void check_method(const TrainingDescription& training) {
  if (training.method.name != training::Fptt::describe().name) return;
  const auto fptt = values_of<training::Fptt>(training.method);
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorKind::input, training.method.where, "method of training (fptt): " + why);
  };
  if (fptt.updates > 0 && std::fmod(training.steps, fptt.updates) != 0)
    refuse(fmt::format("{} steps cannot be cut into {} equal windows; take a divisor for `updates`",
                       training.steps, fptt.updates));
  const bool logarithms = training.loss.name == training::CrossEntropy::describe().name ||
                          training.loss.name == training::Nll::describe().name;
  if (!logarithms && fptt.beta != 1)
    refuse(fmt::format("the divergence goes with the losses cross_entropy and nll; with {} write `beta: 1`",
                       training.loss.name));
  if (training.membrane.name != training::OwnMembrane::describe().name)
    refuse(fmt::format("windows go on from the membranes of the step before, which `membrane: {}` replaces",
                       training.membrane.name));
}

// The learning rate of an optimiser, given or not.
double number_of(const Chosen& chosen, const std::vector<ModelInfo>& table, std::string_view parameter,
                 double absent) {
  const auto given = chosen.parameters.find(std::string(parameter));
  if (given != chosen.parameters.end()) return given->second;
  const ParameterInfo* info = find_model(table, chosen.name)->parameter(parameter);
  return info != nullptr ? info->default_value : absent;
}

void check_minimum(const TrainingDescription& training) {
  const double minimum = number_of(training.schedule, rate_schedules(), "minimum", 0);
  const double rate = number_of(training.optimiser, optimisers(), "learning_rate", 0);
  if (minimum <= rate) return;
  throw Error(ErrorKind::input, training.schedule.where,
              fmt::format("minimum of schedule of training ({}) is {}, above the learning rate, which is {}",
                          training.schedule.name, minimum, rate));
}

// A schedule, a warm-up, or both in one map.
void parse_schedule(const MapReader& reader, TrainingDescription& training) {
  const Tree* tree = reader.find("schedule");
  if (tree == nullptr) return;
  const std::string what = reader.label("schedule");
  const Tree* warm = tree->is_map() ? tree->find(keys::warm_up) : nullptr;
  if (warm == nullptr) {
    training.schedule = parse_chosen(*tree, rate_schedules(), what);
    return;
  }
  training.warm_up = parse_chosen(std::string(keys::warm_up), *warm, {warm_up()}, what);
  const double epochs = value_of(*training.warm_up, &training::WarmUp::epochs);
  if (epochs >= training.epochs)
    throw Error(ErrorKind::input, warm->key_where(),
                fmt::format("{} (warm_up): {} epochs, but the training has {} in all", what, epochs,
                            training.epochs));
  if (tree->members().size() > 2)
    throw tree->error(what + ": name one schedule, and beside it warm_up at most");
  for (const auto& [name, value] : tree->members())
    if (name != keys::warm_up) training.schedule = parse_chosen(name, value, rate_schedules(), what);
}

void parse_batches(const MapReader& reader, TrainingDescription& training) {
  training.epochs = count(reader, "epochs");
  training.batch = count(reader, "batch");
  training.steps = count(reader, "steps");
  training.parts = count(reader, "parts");
  const Tree* parts = reader.find("parts");
  if (training.parts > training.batch && parts != nullptr)
    throw parts->error(fmt::format("{} is {}, but a batch has {} samples only", reader.label("parts"),
                                   training.parts, training.batch));
  training.parts = std::min(training.parts, training.batch);
  training.validation = count(reader, "validation");
  training.train = given_count(reader, "train");
  training.test = given_count(reader, "test");
  if (training.train && training.validation >= *training.train)
    throw reader.require("validation")
        .error(fmt::format("{} is {}: of the {} samples of `train` none are left to learn from",
                           reader.label("validation"), training.validation, *training.train));
}

}  // namespace

TrainingDescription parse_training(const Tree& tree) {
  const MapReader reader(tree, keys::training, "training");
  TrainingDescription training;
  training.where = tree.key_where();
  parse_batches(reader, training);
  choose(reader, "loss", loss_functions(), training.loss);
  training.regularisers = parse_regularisers(reader);
  choose(reader, "optimiser", optimisers(), training.optimiser);
  check_optimiser(training.optimiser);
  parse_schedule(reader, training);
  check_minimum(training);
  if (const Tree* clip = reader.find("clip"))
    training.clip = parse_chosen(*clip, gradient_clips(), reader.label("clip"));
  if (const Tree* structure = reader.find("structure"))
    training.structure = parse_structure(*structure, reader.label("structure"));
  choose(reader, "surrogate", surrogates(), training.surrogate);
  choose(reader, "membrane", membrane_terms(), training.membrane);
  choose(reader, "method", learning_methods(), training.method);
  check_method(training);
  training.detach_reset = flag_of(reader, "detach_reset", training.detach_reset);
  training.truncate = count(reader, "truncate");
  training.precision = reader.choice("precision", keys::precisions);
  training.recompute = flag_of(reader, "recompute", training.recompute);
  if (const Tree* augment = reader.find("augment"))
    training.augment = parse_augment(*augment, reader.label("augment"));
  return training;
}

}  // namespace synfire::parse
