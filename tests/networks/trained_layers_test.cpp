// The layers of a network that is trained, as they are read.
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "networks/keys_training.hpp"
#include "networks/layer_kinds.hpp"
#include "networks/schema.hpp"
#include "neurons/models.hpp"
#include "tests/networks/schema_check.hpp"
#include "tests/networks/texts.hpp"
#include "tests/source_dir.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

std::string text_with(const std::string& layers) {
  return "synfire: 1\ndataset: {path: .}\ntraining: {}\nlayers: " + layers + "\n";
}
std::vector<LayerDescription> read(const std::string& layers) { return parsed(text_with(layers)).layers; }

TEST(TrainedLayers, have_defaults_names_and_order) {
  const auto layers = read("[input, {dense: 4}, relu, {dense: {size: 3, bias: false}}, lif_cell]");
  ASSERT_EQ(layers.size(), 5u);
  const char* names[] = {"input1", "dense1", "relu1", "dense2", "lif_cell1"};
  for (std::size_t k = 0; k < layers.size(); ++k) {
    EXPECT_EQ(layers[k].name, names[k]);
    EXPECT_EQ(layers[k].neurons, k == 4);
    EXPECT_EQ(layers[k].from, k == 0 ? std::vector<std::size_t>{} : std::vector{k - 1});
    EXPECT_FALSE(layers[k].membrane || layers[k].recurrent || !layers[k].learned.empty());
    EXPECT_EQ(layers[k].what.where.line, 4);
  }
  const auto dense = values_of<layer::Dense>(layers[1].what);
  EXPECT_EQ(dense.size, 4);
  EXPECT_EQ(dense.bias, 1);
  EXPECT_EQ(dense.init, 0);
  EXPECT_EQ(values_of<layer::Dense>(layers[3].what).bias, 0);
}

TEST(TrainedLayers, may_stand_alone_with_their_first_parameter_or_with_a_map) {
  const auto short_form = read("[input: events, conv: 8, max_pool: 3, dropout: 0.25, readout: sum]");
  const auto long_form = read(
      "[input: {time: events}, conv: {channels: 8}, max_pool: {kernel: 3}, dropout: {probability: 0.25}, "
      "readout: {of: sum}]");
  ASSERT_EQ(short_form.size(), long_form.size());
  for (std::size_t k = 0; k < short_form.size(); ++k)
    EXPECT_EQ(short_form[k].what.parameters, long_form[k].what.parameters) << short_form[k].name;
  EXPECT_EQ(values_of<layer::Input>(short_form[0].what).time, 1);
  EXPECT_EQ(values_of<layer::Readout>(short_form[4].what).of, 1);
}

TEST(TrainedLayers, read_the_layers_that_they_name) {
  const auto layers = read(
      "[input, {dense: 3, name: a}, {dense: 3, from: input1}, {add: , from: [a, dense2], name: sum}, relu]");
  EXPECT_EQ(layers[2].from, std::vector<std::size_t>{0});
  EXPECT_EQ(layers[3].from, (std::vector<std::size_t>{1, 2}));
  EXPECT_EQ(layers[4].from, std::vector<std::size_t>{3});
  EXPECT_EQ(layers[2].name, "dense2") << "the second of its kind, whatever the first is called";
}

TEST(TrainedLayers, learn_parameters_within_bounds) {
  const auto layers = read(
      "[input, {klif: , learn: k}, {klif: , learn: [k]}, {klif: {k: 2}, learn: {k: [0.5, 5]}, "
      "output: membrane, recurrent: true}]");
  const ParameterInfo& k = *find_model(neuron_models(), "klif")->parameter("k");
  for (const std::size_t at : {1, 2}) {
    ASSERT_EQ(layers[at].learned.size(), 1u);
    EXPECT_EQ(layers[at].learned[0].name, "k");
    EXPECT_TRUE(k.bounds.contain(layers[at].learned[0].low)) << "a bound that is excluded is not reached";
    EXPECT_EQ(layers[at].learned[0].high, k.bounds.high);
  }
  EXPECT_EQ(layers[3].learned[0].low, 0.5);
  EXPECT_EQ(layers[3].learned[0].high, 5);
  EXPECT_TRUE(layers[3].membrane && layers[3].recurrent);
}

TEST(TrainedLayers, fill_receptors_behind_the_first_from_what_there_is) {
  const auto layers = read(
      "[input, {liquid: , receptors: {membrane: V_m, adaptation: [s, x]}}, {aeif_psc_exp: , receptors: {inh: "
      "[exc, V_m]}}]");
  ASSERT_EQ(layers[1].receptors.size(), 2u);
  EXPECT_EQ(layers[1].receptors[0].receptor, 2u);
  EXPECT_EQ(layers[1].receptors[0].sources, std::vector<std::size_t>{1});
  EXPECT_EQ(layers[1].receptors[1].receptor, 1u);
  EXPECT_EQ(layers[1].receptors[1].sources, (std::vector<std::size_t>{3, 0}));
  EXPECT_EQ(layers[2].receptors[0].sources, (std::vector<std::size_t>{0, 1}));
  const auto says = [](const std::string& layer, const std::string& what) {
    const std::string message = message_of(text_with("[input, " + layer + "]"));
    EXPECT_NE(message.find(what), std::string::npos) << message;
    EXPECT_NE(message.find("net.yaml:4:"), std::string::npos) << message;
  };
  says("{liquid: , receptors: {membran: x}}",
       "receptors of layer liquid: none that could be filled is called 'membran'; did you mean 'membrane'?");
  says("{liquid: , receptors: {x: b}}", "is called 'x'; valid are: adaptation, membrane");
  says("{liquid: , receptors: {membrane: [x, V]}}",
       "receptors of layer liquid, membrane: there is no source 'V'");
  says("{liquid: , receptors: {membrane: u}}", "valid are: x, V_m, b, s");
  says("{liquid: , receptors: {membrane: [b, x, b]}}", "b is named twice");
  says("{liquid: , receptors: {membrane: []}}", "the list is empty");
  says("{liquid: , receptors: {}}", "nothing is filled; name one of adaptation, membrane");
  says("{lif: , receptors: {membrane: x}}", "the model has none but the first, x");
  says("{relu: , receptors: {membrane: x}}", "'receptors' goes with neurons");
}

bool schema_accepts(const Tree& tree) {
  static const nlohmann::json schema = nlohmann::json::parse(network_schema());
  return fits(to_json(tree), schema, schema);
}
bool schema_accepts(const std::string& text) { return schema_accepts(parse_yaml(text, "net.yaml")); }

bool parser_accepts(const std::string& text) {
  try {
    parsed(text);
    return true;
  } catch (const Error&) {
    return false;
  }
}

void expect_both(bool good, const std::string& layer) {
  const std::string text = text_with("[input, " + layer + "]");
  EXPECT_EQ(schema_accepts(text), good) << layer;
  EXPECT_EQ(parser_accepts(text), good) << layer;
}

TEST(TrainedLayers, schema_and_parser_agree) {
  for (const char* good :
       {"dense: 3", "{dense: {size: 3, init: zero}, name: a, from: input1}", "relu",
        "relu: ", "{flatten: {}}", "{add: , from: [input1]}", "lif_cell",
        "{lif_cell: {tau_mem: 10 ms}, output: membrane}", "{klif: , learn: k, recurrent: true}",
        "{klif: , learn: {k: [0.5, 5]}}", "{leaky_relu: -0.5}", "{batch_norm: {over: step}}",
        "{iaf_psc_exp: {V_th: -50 mV}, learn: [tau_m, V_th]}",
        "{liquid: , receptors: {adaptation: [x, b], membrane: V_m}, recurrent: true}",
        "{aeif_psc_exp: , receptors: {inh: [exc, w]}}", "{dense: 3, delays: 25 ms}",
        "{dense: 3, delays: {max: 25 ms, sigma: 12, sigma_end: 0.5, share: 0.25, init: half_normal, rate: "
        "10}}",
        "{lif: , recurrent: {delays: 5 ms}}", "{lif: , recurrent: {delays: {max: 5 ms, init: uniform}}}"})
    expect_both(true, good);
  for (const char* bad : {"dense",
                          "dense: ",
                          "{dense: {bias: true}}",
                          "dense: -1",
                          "dense: 2.5",
                          "{dense: 3, relu: }",
                          "{name: a}",
                          "conv2d",
                          "{flatten: 3}",
                          "{dropout: 1}",
                          "{dense: {size: 3, init: kaiming}}",
                          "{relu: , learn: k}",
                          "{dense: 3, recurrent: true}",
                          "{klif: , learn: kk}",
                          "{klif: , learn: [form]}",
                          "{klif: , learn: {k: [1]}}",
                          "{klif: , output: voltage}",
                          "{lif_cell: {tau_mem: 10}}",
                          "{lif: , receptors: {x: V_m}}",
                          "{dense: 3, receptors: {}}",
                          "{liquid: , receptors: {}}",
                          "{liquid: , receptors: x}",
                          "{liquid: , receptors: {x: b}}",
                          "{liquid: , receptors: {current: b}}",
                          "{liquid: , receptors: {membrane: }}",
                          "{liquid: , receptors: {membrane: []}}",
                          "{liquid: , receptors: {membrane: [x, x]}}",
                          "{liquid: , receptors: {membrane: u}}",
                          "{dense: 3, delays: }",
                          "{dense: 3, delays: 25}",
                          "{dense: 3, delays: {sigma: 2}}",
                          "{dense: 3, delays: {max: 5 ms, init: normal}}",
                          "{conv: 3, delays: 5 ms}",
                          "{lif: , delays: 5 ms}",
                          "{lif: , recurrent: {}}",
                          "{lif: , recurrent: {delay: 5 ms}}",
                          "{lif: , recurrent: 5}",
                          "{poisson: }",
                          "{name: l, model: iaf_psc_exp, size: 3}",
                          "{relu: , from: {a: b}}"})
    expect_both(false, bad);
}

TEST(TrainedLayers, schema_knows_every_kind_with_every_parameter) {
  const auto value = [](const ParameterInfo& info) {
    if (std::isnan(info.default_value)) return std::string(info.bounds.contain(3) ? "3" : "0.5");
    if (!std::isfinite(info.default_value)) return std::string("-inf mV");
    return info.text_of(info.default_value);
  };
  const auto check = [&](const ModelInfo& kind, const std::string& more) {
    for (const auto& info : kind.parameters) {
      std::string others;
      for (const auto& other : kind.parameters)
        if (std::isnan(other.default_value) && other.name != info.name)
          others += fmt::format(", {}: {}", other.name, value(other));
      expect_both(true,
                  fmt::format("{{{}: {{{}: {}{}}}{}}}", kind.name, info.name, value(info), others, more));
      expect_both(false, fmt::format("{{{}: {{{}_: 1{}}}}}", kind.name, info.name, others));
    }
  };
  for (const auto& kind : layer::kinds())
    if (kind.name != layer::Input::describe().name) check(kind, ", name: a, from: input1");
  for (const auto& model : neuron_models()) check(model, ", output: spikes");
}

TEST(TrainedLayers, schema_sees_from_training_what_layers_are) {
  const std::string trained = "layers: [input, {dense: 3}]\n",
                    simulated = "layers: [{name: a, model: iaf_psc_exp, size: 3}]\n";
  EXPECT_TRUE(schema_accepts("synfire: 1\ntraining: {}\n" + trained));
  EXPECT_FALSE(schema_accepts("synfire: 1\n" + trained));
  EXPECT_FALSE(schema_accepts("synfire: 1\ntraining: {}\n" + simulated));
  EXPECT_TRUE(schema_accepts("synfire: 1\n" + simulated));
  for (const std::string& layers : {trained, simulated}) {
    Tree tree = parse_yaml("synfire: 1\n" + layers, "net.yaml");
    tree.set("include", Tree::scalar("other.yaml", {}));
    EXPECT_TRUE(schema_accepts(tree)) << "the other file may say that they are trained";
  }
}

TEST(TrainedLayers, schema_accepts_every_example_that_is_trained) {
  const std::filesystem::path examples = test::source_dir() / "examples/fashion";
  for (const auto& entry : std::filesystem::directory_iterator(examples)) {
    if (entry.path().extension() != ".yaml") continue;
    EXPECT_TRUE(schema_accepts(read_yaml(entry.path().string()))) << entry.path();
  }
}

}  // namespace
}  // namespace synfire
