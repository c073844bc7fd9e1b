// `network: NAME` as a part of a file.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "io/yaml.hpp"
#include "networks/named_networks.hpp"
#include "networks/parse.hpp"
#include "networks/schema.hpp"
#include "tests/io/files.hpp"
#include "tests/networks/schema_check.hpp"

namespace synfire {
namespace {

const std::string head = "synfire: 1\ndataset: {path: .}\n";

NetworkDescription read(const std::string& text) {
  return parse_network(parse_yaml(head + text, "net.yaml"));
}

std::string complaint(const std::string& text) {
  try {
    read(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Named, stands_for_layers_and_training) {
  const NetworkDescription network = read("network: vgg6\n");
  EXPECT_EQ(network.layers.size(), 19u);
  EXPECT_EQ(network.training->epochs, 120u);
  EXPECT_EQ(network.training->optimiser.name, "sgd");
  EXPECT_EQ(network.simulation.dt, 1);
}

TEST(Named, may_begin_with_another_one) {
  const NetworkDescription network = read("network: vgg6_snn\n");
  EXPECT_EQ(network.training->steps, 10u) << "its own";
  EXPECT_EQ(network.training->epochs, 120u) << "of vgg6";
  EXPECT_EQ(network.training->surrogate.name, "tanh");
}

TEST(Named, yields_to_what_stands_in_the_file) {
  const NetworkDescription network = read(
      "network: vgg6\nsimulation: {dt: 2 ms}\ntraining: {epochs: 3, optimiser: {sgd: {momentum: 0}}}\n"
      "layers: [input, {dense: 0}, {readout: mean}]\n");
  EXPECT_EQ(network.layers.size(), 3u);
  EXPECT_EQ(network.training->epochs, 3u);
  EXPECT_EQ(network.training->batch, 128u);
  EXPECT_EQ(network.training->optimiser.parameters.at("momentum"), 0);
  EXPECT_EQ(network.training->optimiser.parameters.at("learning_rate"), 0.1);
  EXPECT_EQ(network.simulation.dt, 2);
}

TEST(Named, is_written_out_in_the_text_of_the_network) {
  const NetworkDescription network = read("network: vgg11_flex\n");
  const Tree written = parse_yaml(network.source_text, "written.yaml");
  EXPECT_EQ(written.find("network"), nullptr);
  const NetworkDescription again = parse_network(written);
  EXPECT_EQ(again.layers.size(), network.layers.size());
  EXPECT_EQ(again.source_text, network.source_text);
}

TEST(Named, goes_through_includes) {
  const test::TemporaryFolder folder;
  folder.write("base.yaml", head + "network: vgg6\n");
  folder.write("net.yaml", "include: base.yaml\nnetwork: vgg6_clamp\n");
  const NetworkDescription network = parse_network(read_yaml(folder.file("net.yaml")));
  EXPECT_EQ(network.layers[3].what.name, "clamp");
}

TEST(Named, errors_say_where_and_what_there_is) {
  EXPECT_NE(complaint("network: vgg12\n")
                .find("net.yaml:3:10: network: there is no 'vgg12' among those that `synfire models` lists; "
                      "did you mean 'vgg1"),
            std::string::npos)
      << complaint("network: vgg12\n");
  const std::string all = complaint("network: transformer\n");
  for (const auto& network : named_networks()) EXPECT_NE(all.find(network.name), std::string::npos) << all;
  EXPECT_NE(complaint("network: [vgg6]\n").find("net.yaml:3:10: network: expected a text, got a list"),
            std::string::npos);
  EXPECT_NE(complaint("network: vgg6\npopulations: {}\n")
                .find("net.yaml:4:1: populations: a network with `training` has layers instead"),
            std::string::npos);
  try {
    parse_network(parse_yaml("synfire: 1\nnetwork: vgg6\n", "net.yaml"));
    FAIL() << "there is no data set";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("net.yaml:2:1: training: the network has no `dataset`"),
              std::string::npos)
        << error.what();
  }
}

TEST(Named, is_known_to_the_schema) {
  const auto schema = nlohmann::json::parse(network_schema());
  const auto accepts = [&](const std::string& text) {
    return testing_tools::fits(testing_tools::to_json(parse_yaml(head + text, "net.yaml")), schema, schema);
  };
  for (const auto& network : named_networks()) EXPECT_TRUE(accepts("network: " + network.name + "\n"));
  EXPECT_TRUE(accepts("network: vgg6\nlayers: [input, {dense: 0}]\n"));
  EXPECT_FALSE(accepts("network: vgg12\n"));
  EXPECT_FALSE(accepts("network: vgg6\nlayers: [{name: a, model: lif, size: 3}]\n"));
}

}  // namespace
}  // namespace synfire
