// `synfire fit-neurons` as a user has it: a trained network, other neurons in it, and what they match.
#include <cmath>
#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "io/hdf5.hpp"
#include "tests/program/program.hpp"
#include "tests/program/small_training.hpp"

namespace synfire::test {
namespace {

constexpr int usage = 2, input = 3;

Outcome run(const Folder& folder, const Words& words) { return synfire(words, {.folder = folder.path()}); }

/// Trains the small network with these neurons behind a convolution and behind a dense layer.
void train(const Folder& folder, const std::string& neurons) {
  prepare(folder);
  const Outcome trained = run(
      folder,
      {"train", "net.yaml", "-q", "-o", "net.h5", "--set", "training.epochs=3", "--set",
       fmt::format("layers=[input, {{conv: {{channels: 4, padding: 1}}}}, batch_norm, {{{0}, name: eye}}, "
                   "{{dense: 16}}, {{{0}}}, {{dense: 4}}, {{readout: mean}}]",
                   neurons)});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
}

Outcome fit(const Folder& folder, const std::string& neurons, const Words& more = {}) {
  Words words = {"fit-neurons", "net.h5",   "--neurons", neurons,  "-o",
                 "new.h5",      "--report", "r.json",    "--force"};
  words.insert(words.end(), more.begin(), more.end());
  return run(folder, words);
}

nlohmann::json report(const Folder& folder, const std::string& neurons, const Words& more = {}) {
  const Outcome done = fit(folder, neurons, more);
  EXPECT_EQ(done.exit_code, 0) << done.err;
  return nlohmann::json::parse(folder.content("r.json"));
}

std::string text_of(const Folder& folder, const std::string& file) {
  return hdf5::File::open(folder.file(file)).group("synfire").dataset("network").read_text();
}

double same(const nlohmann::json& layer, const char* when) { return layer[when]["same"]; }

// The bits of all weights, parameters of neurons aside.
Arrays without(Arrays arrays, const std::string& piece) {
  std::erase_if(arrays, [&](const auto& each) { return each.first.find(piece) != std::string::npos; });
  return arrays;
}

// What spikes say of c and d: H + sin(H + c) + d = 1, whose left side never falls.
double threshold(double c, double d) {
  double low = -10, high = 10;
  for (int k = 0; k < 60; ++k) {
    const double middle = (low + high) / 2;
    (middle + std::sin(middle + c) + d < 1 ? low : high) = middle;
  }
  return low;
}

TEST(FitNeurons, FindsTheThresholdThatTheTeacherHas) {
  const Folder folder;
  train(folder, "alternative_oscillation: {c: 0.3, d: -0.4}");
  const auto found = report(folder, "{alternative_oscillation: {c: 0.8, d: 0.1}, learn: [c, d]}",
                            {"--epochs", "45", "--learning-rate", "0.06"});
  ASSERT_EQ(found["layers"].size(), 2u);
  EXPECT_EQ(found["layers"][0]["layer"], "eye");
  for (const auto& layer : found["layers"]) {
    EXPECT_EQ(same(layer, "teacher_again"), 1) << "it draws nothing";
    EXPECT_LT(same(layer, "before"), 0.97) << layer;
    EXPECT_GT(same(layer, "after"), 0.995) << layer;
    EXPECT_GT(double(layer["after"]["matched"]), 0.98) << layer;
    const auto& fitted = layer["parameters"];
    EXPECT_GT(std::abs(threshold(fitted["c"]["before"], fitted["d"]["before"]) - threshold(0.3, -0.4)), 0.4);
    EXPECT_NEAR(threshold(fitted["c"]["after"], fitted["d"]["after"]), threshold(0.3, -0.4), 0.03) << layer;
  }
}

TEST(FitNeurons, FitsEachFormAndKeepsAllWeights) {
  const Folder folder;
  train(folder, "oscillation: ");
  const Arrays weights = weights_of(folder, "net.h5");
  for (const char* form : {"F1", "F2", "F3", "F4"}) {
    const auto found =
        report(folder, fmt::format("{{alternative_oscillation: {{form: {}, d: 1}}, learn: [c, d]}}", form),
               {"--epochs", "10", "--learning-rate", "0.1"});
    double before = 0, after = 0;
    for (const auto& layer : found["layers"]) before += same(layer, "before"), after += same(layer, "after");
    EXPECT_GT(after, before + 0.05) << found;
    EXPECT_EQ(weights_of(folder, "new.h5"), weights) << form;
    const std::string text = text_of(folder, "new.h5");
    EXPECT_NE(text.find(fmt::format("form: {}", form)), std::string::npos) << text;
    EXPECT_EQ(text.find("learn:"), std::string::npos) << text;
    const float c = found["layers"][0]["parameters"]["c"]["after"];
    EXPECT_NE(text.find(fmt::format("c: {}", c)), std::string::npos) << text;
  }
}

TEST(FitNeurons, WritesAFileThatAllCommandsTake) {
  const Folder folder;
  train(folder, "oscillation: ");
  const Outcome done =
      fit(folder, "{alternative_oscillation: , learn: [c, d]}", {"--samples", "64", "--epochs", "2"});
  ASSERT_EQ(done.exit_code, 0) << done.err;
  EXPECT_NE(done.out.find("c -0.1441 -> "), std::string::npos) << done.out;
  for (const Words& words :
       {Words{"eval", "new.h5"},
        {"predict", "new.h5", "-o", "said.csv"},
        {"inspect", "new.h5"},
        {"run", "new.h5", "-o", "ran.h5", "-q"},
        {"attack", "net.h5", "--source", "new.h5", "--attack", "fgsm", "--samples", "8"},
        {"fit-neurons", "new.h5", "--neurons", "lif", "--epochs", "0", "-o", "lif.h5"}}) {
    const Outcome taken = run(folder, words);
    EXPECT_EQ(taken.exit_code, 0) << words[0] << ": " << taken.err;
  }
}

TEST(FitNeurons, DoesTheSameWithAnyNumberOfThreads) {
  const Folder folder;
  train(folder, "oscillation: ");
  const auto text = [&](const char* threads) {
    fit(folder, "{alternative_oscillation: , learn: [c, d]}", {"--epochs", "2", "-t", threads});
    return text_of(folder, "new.h5");
  };
  EXPECT_EQ(text("1"), text("3"));
}

TEST(FitNeurons, OneValueForAllLayers) {
  const Folder folder;
  train(folder, "oscillation: ");
  const auto found = report(folder, "{alternative_oscillation: {d: 0.5}, learn: [c, d]}",
                            {"--epochs", "3", "--shared", "--learning-rate", "0.1"});
  EXPECT_NE(found["layers"][0]["parameters"]["d"]["after"], 0.5);
  EXPECT_EQ(found["layers"][0]["parameters"], found["layers"][1]["parameters"]);
}

TEST(FitNeurons, SwapsNeuronsAndDropsWhatTheOldOnesHadLearned) {
  const Folder folder;
  prepare(folder);
  const Outcome trained = run(folder, {"train", "net.yaml", "-q", "-o", "net.h5", "--set",
                                       "training.epochs=2", "--set", "layers[6].learn=[V_th, tau_mem]"});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  const Arrays weights = weights_of(folder, "net.h5");
  const auto found = report(folder, "lif: {decay: 0.7}", {"--epochs", "0"});
  ASSERT_EQ(found["layers"].size(), 1u) << "the last neurons give their membrane";
  EXPECT_EQ(found["layers"][0]["before"], found["layers"][0]["after"]);
  EXPECT_LT(same(found["layers"][0], "after"), 1);
  const Arrays after = weights_of(folder, "new.h5");
  EXPECT_EQ(after, without(without(weights, "/V_th"), "/tau_mem"));
  EXPECT_LT(after.size(), weights.size());
  EXPECT_TRUE(after.contains("synfire/weights/hidden/recurrent"));
  EXPECT_NE(text_of(folder, "new.h5").find("decay: 0.7"), std::string::npos);
  const Outcome judged = run(folder, {"eval", "new.h5"});
  EXPECT_EQ(judged.exit_code, 0) << judged.err;
  const Outcome same_again =
      fit(folder, "lif_cell: {tau_syn: 5 ms, tau_mem: 5 ms, V_th: 0.1}", {"--epochs", "0"});
  EXPECT_EQ(same_again.exit_code, 0) << same_again.err;
}

TEST(FitNeurons, MatchesMoreOfANetworkThatKnowsClothes) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist"))
    GTEST_SKIP() << "dataset-fashion-mnist is not installed";
  const Folder folder;
  folder.write("net.yaml",
               "synfire: 1\ndataset: {path: /usr/share/datasets/fashion-mnist}\nsimulation: {dt: 1 ms}\n"
               "layers: [input, {conv: {channels: 6, stride: 2, padding: 1}}, batch_norm, oscillation, "
               "{dense: 32}, oscillation, {dense: 0}, {readout: mean}]\n"
               "training: {epochs: 1, train: 700, validation: 60, test: 100, steps: 4}\n");
  ASSERT_EQ(run(folder, {"train", "net.yaml", "-q", "-o", "net.h5"}).exit_code, 0);
  const auto found =
      report(folder, "{alternative_oscillation: {c: 0, d: 0}, learn: [c, d]}", {"--epochs", "3"});
  double before = 0, after = 0;
  for (const auto& layer : found["layers"]) before += same(layer, "before"), after += same(layer, "after");
  EXPECT_GT(after, before + 0.01) << found;
}

TEST(FitNeurons, KeepsTheNamesOfLayersThatHaveNone) {
  const Folder folder;
  prepare(folder);
  const Outcome trained =
      run(folder,
          {"train", "net.yaml", "-q", "-o", "net.h5", "--set", "training.epochs=1", "--set",
           "layers=[input, {dense: 8}, lif_cell, {dense: 4}, {lif_cell: , output: membrane, learn: V_th}, "
           "{readout: mean}]"});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  const Outcome done = fit(folder, "lif", {"--epochs", "0"});
  ASSERT_EQ(done.exit_code, 0) << done.err;
  EXPECT_EQ(weights_of(folder, "new.h5"), weights_of(folder, "net.h5"));
  EXPECT_NE(text_of(folder, "new.h5").find("name: lif_cell1"), std::string::npos);
  EXPECT_NE(text_of(folder, "new.h5").find("name: lif_cell2"), std::string::npos);
}

TEST(FitNeurons, ErrorsSayWhatIsWrong) {
  const Folder folder;
  train(folder, "oscillation: ");
  const auto refused = [&](const std::string& neurons, const Words& more, int code, const std::string& says) {
    const Outcome outcome = fit(folder, neurons, more);
    EXPECT_EQ(outcome.exit_code, code) << neurons << ": " << outcome.err;
    EXPECT_NE(outcome.err.find(says), std::string::npos) << outcome.err << "\nexpected: " << says;
    EXPECT_FALSE(std::filesystem::exists(folder.file("new.h5")));
  };
  refused("alternative_oscillation", {}, usage, "--neurons: nothing is to be fitted; name parameters");
  refused("alternative_oscilation", {}, input, "did you mean 'alternative_oscillation'?");
  refused("{alternative_oscillation: , learn: [c, e]}", {}, input, "it has no parameter 'e'");
  refused("{alternative_oscillation: , learn: form}", {}, input, "form is a choice");
  refused("{alternative_oscillation: {form: F5}}", {}, input, "there is no 'F5'");
  refused("{lif: , name: eye}", {"--epochs", "0"}, input,
          "--neurons:1:9: --neurons: name stays that of each layer");
  refused("relu", {"--epochs", "0"}, usage, "--neurons: relu is no neuron that passes spikes on");
  refused("{leaky_integrator: {leak: decay}}", {"--epochs", "0"}, usage,
          "is no neuron that passes spikes on");
  refused("[lif]", {"--epochs", "0"}, input, "--neurons");
  refused("lif", {"--epochs", "-1"}, usage, "--epochs");
  const Outcome same = run(folder, {"fit-neurons", "net.h5", "--neurons", "lif", "-o", "net.h5", "--force"});
  EXPECT_EQ(same.exit_code, usage) << same.err;
  EXPECT_EQ(run(folder, {"fit-neurons", "net.yaml", "--neurons", "lif", "-o", "x.h5"}).exit_code, input);
}

}  // namespace
}  // namespace synfire::test
