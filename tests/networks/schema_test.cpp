#include "networks/schema.hpp"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "encoders/sources.hpp"
#include "networks/connect/connector.hpp"
#include "networks/keys.hpp"
#include "neurons/models.hpp"
#include "tests/networks/schema_check.hpp"
#include "tests/networks/texts.hpp"
#include "tests/source_dir.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

const nlohmann::json& schema() {
  static const nlohmann::json read = nlohmann::json::parse(network_schema());
  return read;
}

bool schema_accepts(const std::string& text) {
  return fits(to_json(parse_yaml(text, "net.yaml")), schema(), schema());
}

bool parser_accepts(const std::string& text) {
  try {
    parsed(text);
    return true;
  } catch (const Error&) {
    return false;
  }
}

TEST(Schema, every_reference_leads_somewhere) {
  const std::function<void(const nlohmann::json&)> walk = [&](const nlohmann::json& node) {
    if (node.is_object() && node.contains("$ref")) {
      EXPECT_NO_THROW(schema().at(nlohmann::json::json_pointer(node["$ref"].get<std::string>().substr(1))))
          << node;
    }
    if (node.is_structured())
      for (const auto& child : node) walk(child);
  };
  walk(schema());
}

TEST(Schema, knows_every_key_of_the_language) {
  for (const auto& key : keys::network) EXPECT_TRUE(schema()["properties"].contains(key.name)) << key.name;
  const auto& defs = schema()["$defs"];
  for (const auto& key : keys::population)
    EXPECT_TRUE(defs["population"]["properties"].contains(key.name)) << key.name;
  for (const auto& key : keys::projection)
    EXPECT_TRUE(defs["projection"]["properties"].contains(key.name)) << key.name;
  for (const auto& key : keys::layer) EXPECT_TRUE(defs["layer"]["properties"].contains(key.name)) << key.name;
}

TEST(Schema, knows_every_model_source_and_rule_with_every_parameter) {
  const std::string text = network_schema();
  const auto expect = [&](const std::string& name) {
    EXPECT_NE(text.find('"' + name + '"'), std::string::npos) << name;
  };
  for (const auto& model : neuron_models()) {
    expect(model.name);
    for (const auto& p : model.parameters) expect(p.name);
    for (const auto& p : model.state) expect(p.name);
  }
  for (const auto& source : source_models()) expect(source.model.name);
  for (const auto& rule : connection_rules()) {
    expect(rule.name);
    for (const auto& p : rule.parameters) expect(p.name);
  }
}

TEST(Schema, agrees_with_the_parser_on_every_parameter_of_every_model) {
  for (const auto& model : neuron_models())
    for (const auto& info : model.parameters) {
      const auto with = [&](const std::string& name, const std::string& value) {
        return population(fmt::format("model: {}, size: 2, params: {{{}: {}}}", model.name, name, value));
      };
      const std::string good =
          with(info.name, std::isfinite(info.default_value) ? info.text_of(info.default_value) : "-inf mV");
      EXPECT_TRUE(schema_accepts(good)) << good;
      EXPECT_TRUE(parser_accepts(good)) << good;
      const bool plain = info.unit == Unit::none && info.words.empty() && !info.is_flag();
      for (const std::string& bad :
           {with(info.name, plain ? "12 mV" : "12"), with(info.name, "12 bananas"),
            with(info.name + "_", "0"),
            with(info.name, "{uniform: [1 " + std::string(symbol(info.unit)) + "]}")}) {
        EXPECT_FALSE(schema_accepts(bad)) << bad;
        EXPECT_FALSE(parser_accepts(bad)) << bad;
      }
    }
}

const std::string base =
    "synfire: 1\nseed: 3\nsimulation: {duration: 100 ms, dt: 0.1 ms, engine: batched, backend: "
    "cpu}\npopulations:\n"
    "  exc: {model: iaf_psc_exp, size: [2, 5], params: {V_th: {normal: {mean: -50 mV, sd: 1 mV, min: -55 "
    "mV}}}, init: {V_m: {uniform: [-60 mV, -50 mV]}}}\n"
    "  cond: {model: iaf_cond_exp, size: 10}\n"
    "  noise: {model: poisson, size: 10, params: {rate: {steps: [[0 ms, 5 Hz]]}}}\n"
    "  dc: {model: step_current, size: 1, params: {amplitude: 100 pA}}\n"
    "  list: {model: spike_list, spikes: [[1 ms, 2.5 ms], [0]]}\n";

TEST(Schema, accepts_what_the_parser_accepts) {
  for (const char* more :
       {"projections: [{from: noise, to: exc, connect: one_to_one, weight: 5 pA, delay: {uniform: [1 ms, 2 "
        "ms]}}]\n",
        "projections: [{from: noise, to: exc, connect: {fixed_probability: 0.1}, weight: {lognormal: [5 pA, "
        "1 pA]}}]\n",
        "projections: [{from: exc, to: cond, connect: {fixed_indegree: {indegree: 3, allow_autapses: "
        "false}}, receptor: inh}]\n",
        "projections: [{from: dc, to: cond, connect: {all_to_all: {}}, weight: 0.5, name: drive}]\n",
        "record: {exc: {spikes: all, V_m: {neurons: '0:5', every: 1 ms}, I_syn_ex: [1, 2]}, noise: {spikes: "
        "none}}\noutput: run.h5\n",
        "record: {exc: {spikes: 5, V_m: '1:9:2'}}\n",
        "layers: [{from: exc}, {name: l, model: iaf_psc_exp, size: 3, connect: all_to_all, weight: 2 pA}]\n",
        ""}) {
    EXPECT_TRUE(schema_accepts(base + more)) << more;
    EXPECT_TRUE(parser_accepts(base + more)) << more;
  }
}

const std::string base_of_task =
    "synfire: 1\npopulations:\n  film: {model: poisson, size: [28, 28]}\n  out: {model: iaf_psc_exp, size: "
    "9}\n";

TEST(Schema, agrees_with_the_parser_on_tasks) {
  for (const char* good :
       {"{data: {vibration: {film: 2, augment: false}}, input: film, output: out}",
        "{data: {vibration: }, input: film, output: out}",
        "{data: {idx: /}, input: film, output: out, train: 3, assign: 2, test: 1, passes: "
        "2, present: 100 ms, "
        "rest: 0 ms, rate: 1 kHz, intensity: 0.2, boost: 0 Hz, min_spikes: 0, max_boosts: 1, test_params: "
        "{out: {V_th: -50 mV}}}"}) {
    const std::string text = base_of_task + "task: {classify: " + good + "}\n";
    EXPECT_TRUE(schema_accepts(text)) << good;
    EXPECT_TRUE(parser_accepts(text)) << good;
  }
  for (const char* bad : {"{input: film, output: out}", "{data: {vibration: }, input: film}",
                          "{data: vibration, input: film, output: out}",
                          "{data: {vibration: {film: 3}}, input: film, output: out}",
                          "{data: {vibration: {flim: 1}}, input: film, output: out}",
                          "{data: {shapes: }, input: film, output: out}",
                          "{data: {idx: /, vibration: }, input: film, output: out}",
                          "{data: {vibration: }, input: film, output: out, train: -1}",
                          "{data: {vibration: }, input: film, output: out, rate: 0.1 ms}",
                          "{data: {vibration: }, input: film, output: out, epochs: 3}",
                          "{data: {vibration: }, input: film, output: out, test_params: {out: 3}}"}) {
    const std::string text = base_of_task + "task: {classify: " + bad + "}\n";
    EXPECT_FALSE(schema_accepts(text)) << bad;
    EXPECT_FALSE(parser_accepts(text)) << bad;
  }
  for (const char* good :
       {"{data: {vibration: }, input: film, output: out}",
        "{data: {vowel_words: {samples: 5}}, input: ear, output: ear, bins: 7, filter: 10 ms, "
        "features: counts, method: delta, learning_rate: 0.3, epochs: 4, passes: 2}",
        "{data: {vibration: }, input: film, output: out, lambda: 3}"}) {
    const std::string text =
        base_of_task + "  ear: {model: events, size: 700}\ntask: {readout: " + good + "}\n";
    const std::string fed = std::string(good).find("ear") == std::string::npos
                                ? base_of_task + "task: {readout: " + good + "}\n"
                                : text;
    EXPECT_TRUE(schema_accepts(fed)) << good;
    EXPECT_TRUE(parser_accepts(fed)) << good;
  }
  for (const char* bad : {"{data: {vibration: }, input: film, output: out, method: lasso}",
                          "{data: {vibration: }, input: film, output: out, features: 3}",
                          "{data: {vibration: }, input: film, output: out, decode: rate}"}) {
    const std::string text = base_of_task + "task: {readout: " + bad + "}\n";
    EXPECT_FALSE(schema_accepts(text)) << bad;
    EXPECT_FALSE(parser_accepts(text)) << bad;
  }
  EXPECT_FALSE(schema_accepts(base_of_task + "task: {}\n"));
  EXPECT_FALSE(schema_accepts(base_of_task + "task: {regress: {}}\n"));
}

TEST(Schema, refuses_what_a_schema_can_see) {
  for (const char* more : {"projection: []\n",
                           "projections: {}\n",
                           "projections: [{from: exc, connect: one_to_one}]\n",
                           "projections: [{from: exc, to: exc}]\n",
                           "projections: [{from: exc, to: exc, connect: all2all}]\n",
                           "projections: [{from: exc, to: exc, connect: fixed_indegree}]\n",
                           "projections: [{from: exc, to: exc, connect: {fixed_probability: 1.5}}]\n",
                           "projections: [{from: exc, to: exc, connect: {fixed_indegree: 2.5}}]\n",
                           "projections: [{from: exc, to: exc, connect: one_to_one, delay: 1}]\n",
                           "projections: [{from: exc, to: exc, connect: one_to_one, delay: 1 mV}]\n",
                           "projections: [{from: exc, to: exc, connect: one_to_one, plasticity: {}}]\n",
                           "record: {exc: {v: all}}\n",
                           "record: {exc: {spikes: some}}\n",
                           "record: {exc: {V_m: {evry: 1 ms}}}\n",
                           "layers: [{name: l, model: poisson, size: 3}]\n",
                           "  2nd: {model: iaf_psc_exp, size: 1}\n",
                           "  a: {model: iaf_psc_ex, size: 1}\n",
                           "  a: {model: iaf_psc_exp, size: 0}\n",
                           "  a: {model: poisson, size: 1, params: {tau_m: 1 ms}}\n",
                           "  a: {model: poisson, size: 1, init: {V_m: 1 mV}}\n",
                           "  a: {model: poisson, size: 1, params: {start: {uniform: [0 ms, 1 ms]}}}\n"}) {
    EXPECT_FALSE(schema_accepts(base + more)) << more;
    EXPECT_FALSE(parser_accepts(base + more)) << more;
  }
  EXPECT_FALSE(schema_accepts("populations: {}\n"));
  EXPECT_FALSE(schema_accepts("synfire: 2\n"));
  EXPECT_FALSE(schema_accepts("synfire: 1\nseed: -1\n"));
  EXPECT_FALSE(schema_accepts("synfire: 1\nsimulation: {engine: clock}\n"));
}

TEST(Schema, accepts_every_example) {
  const std::filesystem::path examples = test::source_dir() / "examples";
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(examples)) {
    if (entry.path().extension() != ".yaml") continue;
    ++found;
    EXPECT_TRUE(fits(to_json(read_yaml(entry.path().string())), schema(), schema())) << entry.path();
  }
  if (found == 0) GTEST_SKIP() << "no examples in " << examples;
}

}  // namespace
}  // namespace synfire
