// A network that learned in single steps with noise, brought to many, as a user does it.
#include <bit>
#include <cstdlib>
#include <map>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "io/hdf5.hpp"
#include "tests/learning/small_task.hpp"
#include "tests/program/program.hpp"

namespace synfire::test {
namespace {

namespace fs = std::filesystem;
constexpr int usage = 2, input = 3;

constexpr const char* network = R"(synfire: 1
seed: 7
dataset: {path: data}
layers:
  - input
  - conv: {channels: 4, kernel: 3, padding: 1}
  - batch_norm
  - lif
  - max_pool: 2
  - dense: 16
  - lif
  - dense: 4
  - readout: mean
training:
  epochs: 6
  batch: 16
  steps: 1
  membrane: {noise: {distribution: uniform, beta: 0.4}}
  optimiser: {adam: {learning_rate: 0.02}}
)";

// Halves of a square, and the network trained on them.
void prepare(const Folder& folder, const Words& settings = {}) {
  folder.write("net.yaml", network);
  fs::create_directory(folder.path() / "data");
  for (const auto& [name, count] : {std::pair("train", 160u), {"t10k", 40u}}) {
    std::string images = idx_word(0x803) + idx_word(count) + idx_word(side) + idx_word(side);
    std::string labels = idx_word(0x801) + idx_word(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      images += half(int(i % 4), 155 + int(i % 100));
      labels += static_cast<char>(i % 4);
    }
    folder.write(fmt::format("data/{}-images-idx3-ubyte", name), images);
    folder.write(fmt::format("data/{}-labels-idx1-ubyte", name), labels);
  }
  Words arguments = {"train", "net.yaml", "-q"};
  for (const auto& setting : settings) arguments.insert(arguments.end(), {"--set", setting});
  const Outcome trained = synfire(arguments, {.folder = folder.path()});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
}

Outcome run(const Folder& folder, const Words& arguments) {
  return synfire(arguments, {.folder = folder.path()});
}

void expect_refused(const Folder& folder, const Words& arguments, int code, const std::string& says) {
  const Outcome outcome = run(folder, arguments);
  EXPECT_EQ(outcome.exit_code, code) << fmt::format("{}: {}{}", arguments[0], outcome.out, outcome.err);
  EXPECT_NE(outcome.err.find(says), std::string::npos) << outcome.err << "\nexpected: " << says;
}

std::map<std::string, std::vector<float>> weights_of(const Folder& folder, const std::string& name) {
  const hdf5::File file = hdf5::File::open(folder.file(name));
  std::map<std::string, std::vector<float>> arrays;
  const hdf5::Group group = file.group("synfire/weights");
  for (const auto& layer : group.children())
    for (const auto& array : group.group(layer).children())
      arrays[layer + "." + array] = group.group(layer).dataset(array).read<float>();
  return arrays;
}

double accuracy_of(const Outcome& judged) {
  const auto at = judged.out.find("accuracy ");
  return at == std::string::npos ? -1 : std::strtod(judged.out.c_str() + at + 9, nullptr);
}

TEST(ConvertSteps, KeepsTheWeightsAndWhatTheyKnow) {
  const Folder folder;
  prepare(folder);
  const Outcome converted = run(folder, {"convert-steps", "net.h5", "--steps", "8", "-o", "eight.h5"});
  ASSERT_EQ(converted.exit_code, 0) << converted.err;
  EXPECT_EQ(converted.out, "8 steps, membrane normalised with alpha 4 and beta 0.4: eight.h5\n");
  const auto before = weights_of(folder, "net.h5");
  EXPECT_GE(before.size(), 10u);
  EXPECT_EQ(before, weights_of(folder, "eight.h5"));
  const std::string text =
      hdf5::File::open(folder.file("eight.h5")).group("synfire").dataset("network").read_text();
  for (const char* line : {"steps: 8", "normalised", "uniform"})
    EXPECT_NE(text.find(line), std::string::npos) << text;

  const Outcome judged = run(folder, {"eval", "eight.h5"});
  ASSERT_EQ(judged.exit_code, 0) << judged.err;
  EXPECT_GE(accuracy_of(judged), 95) << judged.out;
  EXPECT_EQ(judged.out.substr(0, judged.out.find("), ")),
            run(folder, {"eval", "eight.h5", "-t", "1"}).out.substr(0, judged.out.find("), ")));
  expect_refused(folder, {"run", "eight.h5"}, input, "keep their own membrane");
  EXPECT_EQ(run(folder, {"predict", "eight.h5", "-o", "said.csv"}).exit_code, 0);
  const Outcome shown = run(folder, {"inspect", "eight.h5"});
  EXPECT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_NE(shown.out.find("not judged yet"), std::string::npos) << shown.out;
}

TEST(ConvertSteps, ItsFileIsConvertedAgainAndGoesOnLearning) {
  const Folder folder;
  prepare(folder);
  ASSERT_EQ(
      run(folder, {"convert-steps", "net.h5", "-n", "3", "--alpha", "5", "--beta", "0.45", "-o", "a.h5"})
          .exit_code,
      0);
  EXPECT_EQ(run(folder, {"convert-steps", "a.h5", "-n", "4", "-o", "b.h5"}).out,
            "4 steps, membrane normalised with alpha 5 and beta 0.45: b.h5\n");
  const Words on = {"train", "net.yaml",
                    "-q",    "-o",
                    "b.h5",  "--resume",
                    "--set", "training.steps=4",
                    "--set", "training.membrane={normalised: {alpha: 5, beta: 0.45, distribution: uniform}}",
                    "--set"};
  Words whole = on, longer = on;
  whole.push_back("training.batch=8");
  expect_refused(folder, whole, input, "training.batch is '16' there and '8' here");
  longer.push_back("training.epochs=7");
  const auto before = weights_of(folder, "b.h5");
  ASSERT_EQ(run(folder, longer).exit_code, 0) << run(folder, longer).err;
  EXPECT_NE(weights_of(folder, "b.h5"), before);
  EXPECT_GE(accuracy_of(run(folder, {"eval", "b.h5"})), 95);
}

TEST(ConvertSteps, RefusesWhatCannotBeBroughtToOtherSteps) {
  const Folder folder;
  prepare(folder, {"training.epochs=1", "training.membrane=own"});
  expect_refused(folder, {"convert-steps", "net.h5", "-n", "8", "-o", "b.h5"}, input,
                 "train it with `membrane: noise`");
  const Folder normed;
  prepare(normed, {"training.epochs=1", "layers[2]={batch_norm: {over: step}}"});
  expect_refused(normed, {"convert-steps", "net.h5", "-n", "8", "-o", "b.h5"}, input,
                 "layer batch_norm1 has means and variances for each step");
  expect_refused(normed, {"convert-steps", "net.h5", "-n", "8", "-o", "net.h5", "--force"}, usage,
                 "is an input");
  expect_refused(normed, {"convert-steps", "net.h5", "-n", "8", "-o", "net.yaml"}, usage, "exists");
  expect_refused(normed, {"convert-steps", "net.h5", "-n", "0", "-o", "b.h5"}, usage, "--steps");
  expect_refused(normed, {"convert-steps", "net.h5", "-n", "2", "--alpha", "1", "-o", "b.h5"}, usage,
                 "--alpha");
  expect_refused(normed, {"convert-steps", "net.yaml", "-n", "2", "-o", "b.h5"}, input, "");
  expect_refused(normed, {"validate", "net.yaml", "--set", "layers[3]={lif: , recurrent: true}"}, input,
                 "leave `membrane: noise` of training out");
  EXPECT_FALSE(fs::exists(normed.path() / "b.h5"));
}

}  // namespace
}  // namespace synfire::test
