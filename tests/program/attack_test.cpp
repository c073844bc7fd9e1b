// `synfire attack` as a user has it: a trained network, its accuracy by radius, and the files that tell it.
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

void train(const Folder& folder) {
  prepare(folder);
  const Outcome trained =
      run(folder, {"train", "net.yaml", "-q", "-o", "net.h5", "--set", "training.epochs=3"});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
}

nlohmann::json report_of(const Folder& folder, const Words& more) {
  Words words = {"attack", "net.h5", "--samples", "24", "--report", "r.json", "--force"};
  words.insert(words.end(), more.begin(), more.end());
  const Outcome done = run(folder, words);
  EXPECT_EQ(done.exit_code, 0) << done.err;
  return nlohmann::json::parse(folder.content("r.json"));
}

TEST(Attack, TellsAccuracyByRadius) {
  const Folder folder;
  train(folder);
  const Words all = {"--attack",     "fgsm,bim,mim,pgd,spgd,noise",
                     "--eps",        "0.5,0,64/255",
                     "--steps",      "3",
                     "--directions", "4",
                     "-o",           "a.h5",
                     "--plot",       "a.svg"};
  const auto report = report_of(folder, all);
  EXPECT_EQ(report["samples"], 24);
  EXPECT_EQ(report["eps"], nlohmann::json({0.0, 64.0 / 255, 0.5}));
  ASSERT_EQ(report["attacks"].size(), 6u);
  for (const auto& attack : report["attacks"]) {
    EXPECT_EQ(attack["accuracy"][0], report["accuracy"]) << "nothing moves within a ball of 0";
    EXPECT_TRUE(attack["source"].is_null());
  }
  EXPECT_GT(double(report["accuracy"]), 0.6);
  EXPECT_LT(double(report["attacks"][3]["accuracy"][2]), 0.5)
      << "half of all brightness is enough for anything";
  const hdf5::Group group = hdf5::File::open(folder.file("a.h5")).group("synfire/robustness");
  EXPECT_EQ(group.dataset("eps").read<double>(), report["eps"].get<std::vector<double>>());
  for (int k = 0; k < 6; ++k) {
    const auto& attack = report["attacks"][std::size_t(k)];
    EXPECT_EQ(group.group(std::to_string(k)).dataset("accuracy").read<double>(),
              attack["accuracy"].get<std::vector<double>>());
    EXPECT_EQ(group.group(std::to_string(k)).text_attribute("attack"), attack["attack"].get<std::string>());
  }
  EXPECT_NE(folder.content("a.svg").find("<svg"), std::string::npos);
  auto again = report_of(folder, {"--attack", "fgsm,bim,mim,pgd,spgd,noise", "--eps", "0.5,0,64/255",
                                  "--steps", "3", "--directions", "4", "--threads", "1"});
  for (std::size_t k = 0; k < 6; ++k)
    EXPECT_EQ(again["attacks"][k]["accuracy"], report["attacks"][k]["accuracy"]);
}

TEST(Attack, AnotherNetworkMayGiveTheGradients) {
  const Folder folder;
  train(folder);
  const Words few = {"--attack", "fgsm,noise", "--eps", "0.3"};
  Words same = few, changed = few;
  same.insert(same.end(), {"--source", "net.h5"});
  changed.insert(changed.end(), {"--source-set", "training.surrogate={triangle: {}}"});
  const auto by_itself = report_of(folder, same);
  ASSERT_EQ(by_itself["attacks"].size(), 3u) << "noise asks for no gradients";
  EXPECT_EQ(by_itself["attacks"][2]["source"], "net");
  EXPECT_EQ(by_itself["attacks"][2]["accuracy"], by_itself["attacks"][0]["accuracy"]);
  EXPECT_EQ(report_of(folder, changed)["attacks"][2]["source"], "net (changed)");
}

TEST(Attack, RefusesWhatMakesNoSense) {
  const Folder folder;
  train(folder);
  const auto refused = [&](const Words& more, int code, const std::string& why) {
    Words words = {"attack", "net.h5"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run(folder, words);
    EXPECT_EQ(outcome.exit_code, code) << outcome.err;
    EXPECT_NE(outcome.err.find(why), std::string::npos) << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(folder.file("a.h5")));
  };
  refused({"--attack", "pdg", "-o", "a.h5"}, usage, "did you mean 'pgd'?");
  refused({"--eps", "8", "-o", "a.h5"}, usage, "8/255");
  refused({"--eps", "8/0", "-o", "a.h5"}, usage, "--eps");
  refused({"--eps", "much", "-o", "a.h5"}, usage, "'much' is no number");
  refused({"--step-size", "-1", "-o", "a.h5"}, usage, "--step-size");
  refused({"-o", "net.h5", "--force"}, usage, "net.h5");
  refused({"--report", "net.yaml"}, usage, "exists");
  refused({"--set", "training.test=0", "-o", "a.h5"}, usage, "no test samples");
  refused({"--source", "net.yaml", "-o", "a.h5"}, input, "net.yaml");
  refused({"--source-set", "training.augment.normalise={mean: 0.5, std: 0.5}", "-o", "a.h5"}, input, "");
  EXPECT_EQ(run(folder, {"attack", "net.yaml"}).exit_code, input);
}

}  // namespace
}  // namespace synfire::test
