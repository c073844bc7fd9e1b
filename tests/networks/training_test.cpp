// Training as the language describes it: every key and every parameter of every choice arrives, the schema
// agrees with the parser.
#include "networks/training.hpp"

#include <cmath>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "networks/keys_training.hpp"
#include "networks/parse_value.hpp"
#include "networks/reference.hpp"
#include "networks/schema.hpp"
#include "tests/networks/schema_check.hpp"
#include "tests/networks/texts.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

const std::string base = "synfire: 1\nlayers: [input, {dense: 3}]\ndataset: {path: .}\n";

std::string text_with(const std::string& training) { return base + "training: {" + training + "}\n"; }
TrainingDescription read(const std::string& training) { return parsed(text_with(training)).training.value(); }

bool schema_accepts(const std::string& training) {
  const std::string text = "synfire: 1\ntraining: {" + training + "}\n";
  static const nlohmann::json schema = nlohmann::json::parse(network_schema());
  return fits(to_json(parse_yaml(text, "net.yaml")), schema, schema);
}

void expect_both(bool good, const std::string& training) {
  EXPECT_EQ(schema_accepts(training), good) << training;
  bool parses = true;
  try {
    read(training);
  } catch (const Error& error) {
    parses = false;
    if (good) ADD_FAILURE() << error.what();
  }
  EXPECT_EQ(parses, good) << training;
}

TEST(Training, absent_keys_have_the_standards_that_the_table_names) {
  const TrainingDescription t = read("");
  const auto standard = [](std::string_view key) {
    return std::string(keys::find(keys::training, key).standard);
  };
  EXPECT_EQ(std::to_string(t.epochs), standard("epochs"));
  EXPECT_EQ(std::to_string(t.batch), standard("batch"));
  EXPECT_EQ(std::to_string(t.steps), standard("steps"));
  EXPECT_EQ(std::to_string(t.parts), standard("parts"));
  EXPECT_EQ(std::to_string(t.validation), standard("validation"));
  EXPECT_EQ(std::to_string(t.truncate), standard("truncate"));
  EXPECT_EQ(t.loss.name, standard("loss"));
  EXPECT_EQ(t.optimiser.name, standard("optimiser"));
  EXPECT_EQ(t.schedule.name, standard("schedule"));
  EXPECT_EQ(t.surrogate.name, standard("surrogate"));
  EXPECT_EQ(t.precision, standard("precision"));
  EXPECT_EQ(standard("recompute"), t.recompute ? "true" : "false");
  EXPECT_EQ(standard("detach_reset"), t.detach_reset ? "true" : "false");
  EXPECT_FALSE(t.train || t.test || t.warm_up || t.clip || t.augment.flip);
  EXPECT_TRUE(t.regularisers.empty() && t.augment.mean.empty() && t.augment.crop == 0);
  EXPECT_FALSE(parsed("synfire: 1\npopulations: {a: {model: iaf_psc_exp, size: 1}}\n").training);
}

TEST(Training, every_key_arrives) {
  const TrainingDescription t = read(
      "epochs: 3, batch: 10, steps: 5, parts: 2, validation: 100, train: 600, test: 0, loss: {mse: {correct: "
      "2}}, "
      "regularisers: [{rate: {target: 0.2, norm: l1}}, {rate_bounds: {low: 0.1, high: 0.5, of: neuron}}], "
      "optimiser: {sgd: {learning_rate: 0.1, momentum: 0.9, nesterov: true, weight_decay: 5e-4}}, "
      "schedule: {warm_up: {epochs: 0.5, from: 0.1}, cosine: {minimum: 0.001}}, clip: {norm: 2.5}, "
      "surrogate: {arctan: {alpha: 3}}, detach_reset: true, truncate: 4, "
      "precision: bf16, recompute: true, "
      "augment: {crop: 4, flip: true, channel_jitter: 5, channel_shift: 40, time_stretch: 0.1, blend: 0.5, "
      "normalise: {mean: [0.1, 0.2, 0.3], std: [1, 2, 3]}}");
  EXPECT_EQ(t.epochs, 3u);
  EXPECT_EQ(t.batch, 10u);
  EXPECT_EQ(t.steps, 5u);
  EXPECT_EQ(t.parts, 2u);
  EXPECT_EQ(t.validation, 100u);
  EXPECT_EQ(t.train, 600u);
  EXPECT_EQ(t.test, 0u);
  EXPECT_EQ(value_of(t.loss, &training::Mse::correct), 2);
  EXPECT_EQ(value_of(t.loss, &training::Mse::wrong), 0);
  ASSERT_EQ(t.regularisers.size(), 2u);
  EXPECT_EQ(t.regularisers[0].parameters, (std::map<std::string, double>{{"target", 0.2}, {"norm", 1}}));
  EXPECT_EQ(t.regularisers[1].name, "rate_bounds");
  EXPECT_EQ(value_of(t.regularisers[1], &training::RateBounds::of), 1);
  const auto sgd = values_of<training::Sgd>(t.optimiser);
  EXPECT_EQ(sgd.learning_rate, 0.1);
  EXPECT_EQ(sgd.momentum, 0.9);
  EXPECT_EQ(sgd.nesterov, 1);
  EXPECT_EQ(sgd.weight_decay, 5e-4);
  EXPECT_EQ(sgd.dampening, 0);
  EXPECT_EQ(t.schedule.name, "cosine");
  EXPECT_EQ(value_of(t.schedule, &training::CosineRate::minimum), 0.001);
  ASSERT_TRUE(t.warm_up);
  EXPECT_EQ(value_of(*t.warm_up, &training::WarmUp::epochs), 0.5);
  EXPECT_EQ(value_of(*t.warm_up, &training::WarmUp::from), 0.1);
  ASSERT_TRUE(t.clip);
  EXPECT_EQ(t.clip->name, "norm");
  EXPECT_EQ(value_of(*t.clip, &training::ClipNorm::most), 2.5);
  EXPECT_EQ(t.surrogate.parameters.at("alpha"), 3);
  EXPECT_TRUE(t.detach_reset);
  EXPECT_EQ(t.truncate, 4u);
  EXPECT_EQ(t.precision, "bf16");
  EXPECT_TRUE(t.recompute);
  EXPECT_EQ(t.augment.crop, 4u);
  EXPECT_TRUE(t.augment.flip);
  EXPECT_EQ(t.augment.channel_jitter, 5);
  EXPECT_EQ(t.augment.channel_shift, 40u);
  EXPECT_EQ(t.augment.time_stretch, 0.1);
  EXPECT_EQ(t.augment.blend, 0.5);
  EXPECT_TRUE(t.augment.changes_events());
  EXPECT_EQ(t.augment.mean, (std::vector<double>{0.1, 0.2, 0.3}));
  EXPECT_EQ(t.augment.deviation, (std::vector<double>{1, 2, 3}));
}

TEST(Training, a_warm_up_may_stand_alone_and_small_batches_have_as_many_parts) {
  const TrainingDescription t = read("schedule: {warm_up: 5}, batch: 2");
  EXPECT_EQ(t.schedule.name, "constant");
  EXPECT_EQ(value_of(t.warm_up.value(), &training::WarmUp::epochs), 5);
  EXPECT_EQ(t.parts, 2u);
  EXPECT_EQ(read("augment: {normalise: {mean: 0.5, std: 0.25}}").augment.mean, std::vector<double>{0.5});
  EXPECT_FALSE(read("augment: {crop: 1}").augment.changes_events());
}

struct List {
  std::string key;
  const std::vector<ModelInfo>& models;
  std::string before = "", after = "";

  std::string entry(const std::string& value) const {
    return fmt::format("{}: {}{}{}", key, before, value, after);
  }
};

std::vector<List> lists() {
  return {{"loss", loss_functions()},     {"regularisers", rate_regularisers(), "[", "]"},
          {"optimiser", optimisers()},    {"method", learning_methods()},
          {"schedule", rate_schedules()}, {"clip", gradient_clips()},
          {"surrogate", surrogates()},    {"membrane", membrane_terms()}};
}

// A value other than the default, within the bounds.
std::string other_value(const ParameterInfo& info) {
  if (!info.words.empty()) return std::string(info.words.back());
  if (info.is_flag()) return info.default_value != 0 ? "false" : "true";
  for (const double value : {2.0, 1.5, 0.5, 0.25})
    if (info.bounds.contain(value) && value != info.default_value) return fmt::format("{}", value);
  return "none found";
}

// The parameters that must be given, less one.
std::string needed(const ModelInfo& model, const std::string& but) {
  std::string text;
  for (const auto& info : model.parameters)
    if (parse::must_be_given(info) && info.name != but)
      text += fmt::format("{}: {}, ", info.name, other_value(info));
  return text;
}

TEST(Training, schema_and_parser_agree_on_every_parameter_of_every_choice) {
  int parameters = 0;
  for (const List& list : lists())
    for (const ModelInfo& model : list.models) {
      const bool alone = needed(model, "").empty();
      expect_both(alone, list.entry(model.name));
      expect_both(true, list.entry(fmt::format("{{{}: {{{}}}}}", model.name, needed(model, ""))));
      expect_both(false, list.entry(fmt::format("{{{}_: {{}}}}", model.name)));
      expect_both(false, list.entry(fmt::format("{{{}: {{{}nonsense: 1}}}}", model.name, needed(model, ""))));
      for (const ParameterInfo& info : model.parameters) {
        const auto with = [&](const std::string& value) {
          return list.entry(
              fmt::format("{{{}: {{{}{}: {}}}}}", model.name, needed(model, info.name), info.name, value));
        };
        ++parameters;
        // Nesterov's form needs a momentum, and bounds an order, which a schema cannot say.
        const std::string extra = info.name == "nesterov" ? ", momentum: 0.5"
                                  : info.name == "low"    ? ", high: 1"
                                                          : "";
        expect_both(true, with(other_value(info) + extra) +
                              (info.name == "minimum" ? ", optimiser: {sgd: {learning_rate: 100}}" : ""));
        expect_both(false, with("'perhaps'"));
        expect_both(false, with("[1]"));
        if (std::isfinite(info.bounds.low) && info.words.empty()) expect_both(false, with("-1"));
        if (info.bounds.low_excluded) expect_both(false, with("0"));
        if (std::isfinite(info.bounds.high) && info.words.empty()) expect_both(false, with("1e9"));
      }
    }
  EXPECT_GT(parameters, 50) << "the walk found little";
}

TEST(Training, schema_and_parser_agree_on_the_keys) {
  for (const char* good :
       {"", "epochs: 1, batch: 1, steps: 1, parts: 1", "train: 5, test: 0, validation: 4", "regularisers: []",
        "schedule: {warm_up: 2}", "schedule: {warm_up: {epochs: 2}, step: 10}", "schedule: {step: 10}",
        "schedule: {cosine: , warm_up: {epochs: 2, from: 0.5}}", "clip: {value: 0.1}",
        "clip: {norm: {most: 1}}", "augment: {normalise: {mean: 0.5, std: [0.5]}}", "detach_reset: false",
        "augment: {}"})
    expect_both(true, good);
  for (const char* bad : {"epochs: 0",
                          "batch: 0",
                          "steps: 0.5",
                          "parts: 0",
                          "train: 0",
                          "epoch: 3",
                          "loss: 3",
                          "loss: [mse]",
                          "clip: norm",
                          "clip: 1",
                          "clip: {}",
                          "clip: {norm: 0}",
                          "schedule: {warm_up: }",
                          "schedule: {}",
                          "schedule: {step: 10, cosine: }",
                          "optimiser: {adam: 0.1}",
                          "detach_reset: 1",
                          "truncate: -1",
                          "regularisers: {rate: }",
                          "augment: {crop: -1}",
                          "augment: {channel_jitter: -1}",
                          "augment: {channel_shift: 0.5}",
                          "augment: {time_stretch: 1}",
                          "augment: {blend: 2}",
                          "augment: {normalise: {mean: 1}}",
                          "augment: {normalise: {mean: [], std: []}}",
                          "augment: {normalise: {mean: 1, std: 0}}",
                          "augment: {flip: maybe}"})
    expect_both(false, bad);
}

TEST(Training, every_choice_and_parameter_stands_in_the_reference) {
  const std::string text = language_reference();
  for (const auto& key : keys::training)
    EXPECT_NE(text.find(fmt::format("| `{}` |", key.name)), std::string::npos) << key.name;
  for (const List& list : lists())
    for (const ModelInfo& model : list.models) {
      EXPECT_NE(text.find(fmt::format("### `{}`\n", model.name)), std::string::npos) << model.name;
      for (const auto& info : model.parameters)
        EXPECT_NE(text.find(fmt::format("| `{}` |", info.name)), std::string::npos) << info.name;
    }
}

}  // namespace
}  // namespace synfire
