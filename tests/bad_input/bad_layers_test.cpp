// Broken layers of a network that is trained: each gives one clear line at the right place.
#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "io/yaml.hpp"
#include "networks/parse.hpp"

namespace synfire {
namespace {

// What stands in line 8, the last layer; the message begins with the place and holds the piece.
struct Case {
  const char* name;
  std::string layer;
  int column;
  const char* piece;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

const std::string head =
    "synfire: 1\ndataset: {path: .}\ntraining: {}\nlayers:\n- input\n- dense: 3\n- klif: \n- ";

const std::vector<Case> cases = {
    {"a list", "[dense, 3]", 3, "kind of a layer: expected a text, got a list"},
    {"two kinds", "{dense: 3, relu: }", 14,
     "layer dense: 'relu' does not go with it (beside the kind may stand: name, from, delays, learn, output, "
     "recurrent, receptors)"},
    {"no kind", "{name: a}", 3, "its kind is missing, as in {dense: 100}"},
    {"unknown kind", "conv2d", 3,
     "there is no kind of layer and no neuron model 'conv2d'; did you mean 'conv'?"},
    {"unknown kind in a map", "{dens: 4}", 4, "did you mean 'dense'?"},
    {"a source is no layer", "{poisson: }", 4, "there is no kind of layer and no neuron model 'poisson'"},
    {"no parameters", "{flatten: 3}", 13, "layer flatten has no parameters"},
    {"unknown parameter", "{dense: {sise: 3}}", 12, "layer dense: unknown key 'sise'; did you mean 'size'?"},
    {"fewer outputs than none", "{dense: -1}", 11, "size of layer dense is -1; it must"},
    {"half an output", "{dense: 2.5}", 11, "be a whole number"},
    {"a size with a unit", "{dense: 3 ms}", 11, "size of layer dense"},
    {"all dropped", "{dropout: 1}", 13, "probability of layer dropout is 1; it must lie in [0, 1)"},
    {"unknown word", "{dense: {size: 3, init: kaiming}}", 27, "init of layer dense: there is no 'kaiming'"},
    {"a flag", "{dense: {size: 3, bias: 2}}", 27, "expected true or false, got '2'"},
    {"size is missing", "dense", 3,
     "layer dense: 'size' is missing (number of outputs; 0: one for each class of the data set)"},
    {"size is missing in a map", "{conv: {kernel: 3}}", 4, "layer conv: 'channels' is missing"},
    {"a list of parameters", "{dense: [3]}", 11, "size of layer dense"},
    {"a unit that is missing", "{lif_cell: {tau_mem: 3}}", 24, "tau_mem of layer lif_cell"},
    {"threshold below the reset", "{iaf_psc_exp: {V_th: -80 mV}}", 4, "must be below V_th (-80 mV)"},
    {"no name", "{relu: , name: 2nd}", 18, "layer: '2nd' is not a name"},
    {"a list of names", "{relu: , name: [a]}", 18, "name of a layer: expected a text, got a list"},
    {"a name that is taken", "{relu: , name: dense1}", 4, "there is already one called 'dense1'"},
    {"from nowhere", "{relu: , from: dens1}", 18,
     "from of layer relu: there is no earlier layer 'dens1'; did you mean 'dense1'?"},
    {"from itself", "{relu: , name: me, from: me}", 28, "there is no earlier layer 'me'"},
    {"from nothing", "{add: , from: []}", 17, "from of layer add: the list is empty"},
    {"from a map", "{add: , from: {a: b}}", 17, "from of layer add: expected a text, got a map"},
    {"two inputs of one", "{relu: , from: [input1, dense1]}", 4,
     "layer relu: only `add` and `multiply` read several layers, and `sample` two"},
    {"learn of no neurons", "{relu: , learn: k}", 12, "layer relu: 'learn' goes with neurons"},
    {"output of no neurons", "{dense: 3, output: membrane}", 14, "'output' goes with neurons"},
    {"recurrence of no neurons", "{dense: 3, recurrent: true}", 14, "'recurrent' goes with neurons"},
    {"unknown output", "{klif: , output: voltage}", 20, "output of layer klif: there is no 'voltage'"},
    {"recurrence that is text", "{klif: , recurrent: maybe}", 23, "expected true or false, got 'maybe'"},
    {"learns what there is not", "{klif: , learn: kk}", 19, "learn of layer klif: it has no parameter 'kk'"},
    {"learns a choice", "{klif: , learn: [k, form]}", 23, "form is a choice, not a number"},
    {"learns twice", "{klif: , learn: [k, k]}", 23, "learn of layer klif: k is named twice"},
    {"learns between nothing", "{klif: , learn: {k: 3}}", 23, "expected a list, got '3'"},
    {"learns up to one number", "{klif: , learn: {k: [3]}}", 23,
     "two numbers, the lowest and the highest, are needed"},
    {"learns from above", "{klif: , learn: {k: [3, 2]}}", 23, "the first number must be below the second"},
    {"learns beyond its bounds", "{klif: , learn: {k: [-1, 2]}}", 24,
     "k of learn of layer klif is -1; it must"},
    {"begins outside", "{klif: {k: 5}, learn: {k: [1, 2]}}", 29, "k begins at 5, which is not between these"},
    {"a second input", "input", 3, "layer input: it stands first and once"},
};

class BadLayers : public testing::TestWithParam<Case> {};

TEST_P(BadLayers, give_one_line_at_the_right_place) {
  const Case& c = GetParam();
  try {
    parse_network(parse_yaml(head + c.layer + "\n", "net.yaml"));
    FAIL() << "no error for " << c.layer;
  } catch (const Error& error) {
    const std::string message = error.what(), place = fmt::format("net.yaml:8:{}: ", c.column);
    EXPECT_TRUE(message.starts_with(place)) << message << "\nexpected at " << place;
    EXPECT_NE(message.find(c.piece), std::string::npos) << message << "\nexpected: " << c.piece;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    EXPECT_EQ(error.kind(), ErrorKind::input);
  }
}
INSTANTIATE_TEST_SUITE_P(Table, BadLayers, testing::ValuesIn(cases));

// The message for a whole list; empty when there is no error.
std::string complaint(const std::string& layers) {
  try {
    parse_network(
        parse_yaml("synfire: 1\ndataset: {path: .}\ntraining: {}\nlayers: " + layers + "\n", "net.yaml"));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(BadLayerList, says_what_is_wrong_with_the_whole) {
  for (const auto& [layers, says] : {std::pair{"[dense]", "'size' is missing"},
                                     {"[{dense: 3}]", "the first one must be `input`, for the samples"},
                                     {"[input]", "layers: there is nothing behind the input"},
                                     {"[]", "layers: there is nothing behind the input"},
                                     {"input", "layers: expected a list, got 'input'"},
                                     {"{input: }", "layers: expected a list, got a map"}}) {
    const std::string message = complaint(layers);
    EXPECT_NE(message.find(says), std::string::npos) << layers << ": " << message;
    EXPECT_TRUE(message.starts_with("net.yaml:4:")) << message;
  }
}

}  // namespace
}  // namespace synfire
