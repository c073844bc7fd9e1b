// The networks that a file may have by name: what their tables say, for any images and classes.
#include "networks/named_networks.hpp"

#include <map>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "io/yaml.hpp"
#include "learning/gradient/trainer.hpp"
#include "networks/parse.hpp"
#include "tests/io/files.hpp"
#include "tests/learning/small_task.hpp"

namespace synfire::learning {
namespace {

using test::TemporaryFolder;

/// What samples are, and where some lie.
struct Images {
  std::size_t channels, height, classes;
};
constexpr Images digits{1, 28, 10}, photographs{3, 32, 100};

/// Two of each class: IDX files as of MNIST, or the binary files of CIFAR-100.
std::string write_images(const TemporaryFolder& folder, const Images& images) {
  const std::size_t pixels = images.channels * images.height * images.height;
  const auto side = static_cast<std::uint32_t>(images.height);
  if (images.channels == 3) {
    std::string bytes;
    for (std::size_t k = 0; k < 2 * images.classes; ++k)
      bytes += std::string(1, '\0') + static_cast<char>(k % images.classes) + std::string(pixels, '\7');
    folder.write("train.bin", bytes), folder.write("test.bin", bytes);
    return folder.path().string();
  }
  const auto count = static_cast<std::uint32_t>(2 * images.classes);
  std::string labels = test::idx_word(0x801) + test::idx_word(count);
  for (std::uint32_t k = 0; k < count; ++k) labels += static_cast<char>(k % images.classes);
  const std::string head =
      test::idx_word(0x803) + test::idx_word(count) + test::idx_word(side) + test::idx_word(side);
  for (const char* part : {"train", "t10k"}) {
    folder.write(fmt::format("{}-images-idx3-ubyte", part), head + std::string(count * pixels, '\7'));
    folder.write(fmt::format("{}-labels-idx1-ubyte", part), labels);
  }
  return folder.path().string();
}

/// Convolutions with their outputs, 0 for a pool of 2 x 2 behind one; then the dense layers.
struct Table {
  std::vector<std::size_t> convolutions, dense;
};
const std::map<std::string, Table> tables = {
    {"vgg6", {{64, 128, 0, 256, 256, 0}, {1024, 512}}},
    {"vgg11", {{64, 0, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512, 0}, {2048, 1024}}},
    {"vgg16", {{64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0}, {4096, 2048}}},
};

/// Weights and biases of a VGG; a flex layer, which does a pool's work with its stride, has for each element
/// of its output a threshold and for each channel the two numbers of the norm, as each channel before a
/// spiking neuron has.
std::size_t weights_of(const Table& table, bool flex, bool spiking, const Images& images) {
  constexpr std::size_t least = 32;
  std::size_t channels = images.channels, side = std::max(images.height, least), all = 0;
  for (std::size_t k = 0; k < table.convolutions.size(); ++k) {
    const std::size_t out = table.convolutions[k];
    if (out == 0) continue;
    const bool pooled = k + 1 < table.convolutions.size() && table.convolutions[k + 1] == 0;
    all += 9 * channels * out + out + (spiking ? 2 * out : 0);
    if (pooled) side /= 2;
    if (flex) all += side * side * out + 2 * out;
    channels = out;
  }
  std::size_t inputs = channels * side * side;
  for (const std::size_t out : table.dense) {
    all += inputs * out + out + (spiking ? 2 * out : 0);
    inputs = out;
  }
  return all + inputs * images.classes + images.classes;
}

std::size_t expected(const std::string& name, const Images& images) {
  if (name == "resnet18")  // 11,173,962 for CIFAR-10
    return 11'173'962 - (3 - images.channels) * 9 * 64 + (images.classes - 10) * (512 + 1);
  const bool flex = name.find("_flex") != std::string::npos, spiking = name.ends_with("_snn");
  return weights_of(tables.at(name.substr(0, name.find('_'))), flex, spiking, images);
}

// Draws nothing: that takes longer than all else here.
void begin_with_nothing(Tree& tree) {
  for (Tree& item : tree.items()) begin_with_nothing(item);
  for (auto& [key, value] : tree.members()) {
    if (key == "init") value = Tree::scalar("zero", value.where());
    begin_with_nothing(value);
  }
}

NetworkDescription named(const std::string& name, const std::string& folder) {
  const std::string text = fmt::format("synfire: 1\nnetwork: {}\ndataset: {{path: '{}'}}\n", name, folder);
  Tree tree = with_named_network(parse_yaml(text, "net.yaml"));
  begin_with_nothing(tree);
  return parse_network(tree);
}

class NamedNetwork : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(All, NamedNetwork, testing::ValuesIn([] {
                           std::vector<std::string> names;
                           for (const auto& network : named_networks()) names.push_back(network.name);
                           return names;
                         }()),
                         [](const auto& tested) { return tested.param; });

TEST_P(NamedNetwork, has_the_weights_of_its_table_for_any_images_and_classes) {
  for (const Images& images : {digits, photographs}) {
    const TemporaryFolder folder;
    Trainer trainer(named(GetParam(), write_images(folder, images)), {.threads = 1});
    EXPECT_EQ(trainer.samples().classes().size(), images.classes);
    EXPECT_EQ(trainer.network().parameters(), expected(GetParam(), images)) << images.channels;
  }
}

TEST(NamedNetworks, are_those_of_the_tables_with_all_activations) {
  std::set<std::string> names;
  for (const auto& network : named_networks()) {
    names.insert(network.name);
    EXPECT_FALSE(network.summary.empty()) << network.name;
    EXPECT_FALSE(network.source.empty()) << network.name;
  }
  std::set<std::string> wanted = {"resnet18"};
  for (const auto& [vgg, table] : tables)
    for (const char* flex : {"", "_flex"})
      for (const char* activation : {"", "_snn", "_clamp"}) wanted.insert(vgg + flex + activation);
  EXPECT_EQ(names, wanted);
}

}  // namespace
}  // namespace synfire::learning
