// `synfire certify` as a user has it: what is proven of a trained network, and the files that tell it.
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

void train(const Folder& folder, const std::string& layers) {
  prepare(folder);
  const Outcome trained = run(folder, {"train", "net.yaml", "-q", "-o", "net.h5", "--force", "--set",
                                       "training.epochs=3", "--set", "layers=" + layers});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
}

nlohmann::json report_of(const Folder& folder, const Words& command) {
  Words words = {command[0], "net.h5", "--samples", "24", "--report", "r.json", "--force"};
  words.insert(words.end(), command.begin() + 1, command.end());
  const Outcome done = run(folder, words);
  EXPECT_EQ(done.exit_code, 0) << done.err;
  return nlohmann::json::parse(folder.content("r.json"));
}

constexpr const char* flex_net =
    "[input, {flex: {channels: 4}}, relu, {max_pool: 2}, {dense: 4}, {readout: mean}]";

TEST(Certify, ProvesNoMoreThanAttacksLeave) {
  const Folder folder;
  train(folder, flex_net);
  const auto report = report_of(folder, {"certify", "--eps", "0,0.02,0.1,0.6", "-o", "c.h5"});
  const auto attacked = report_of(folder, {"attack", "--attack", "pgd", "--eps", "0,0.02,0.1,0.6"});
  EXPECT_EQ(report["accuracy"], attacked["accuracy"]);
  ASSERT_EQ(report["radii"].size(), 4u);
  double last = 1;
  for (std::size_t k = 0; k < 4; ++k) {
    const auto& radius = report["radii"][k];
    const double by_pgd = attacked["attacks"][0]["accuracy"][k];
    for (const char* way : {"intervals", "relaxed", "lipschitz"})
      EXPECT_LE(double(radius[way]), by_pgd) << way;
    EXPECT_GE(double(radius["relaxed"]), double(radius["intervals"]));
    EXPECT_LE(double(radius["relaxed"]), last);
    last = radius["relaxed"];
  }
  EXPECT_EQ(report["radii"][0]["relaxed"], report["accuracy"]);
  EXPECT_GT(double(report["radii"][1]["relaxed"]), 0.3);
  EXPECT_EQ(report["radii"][3]["intervals"], 0.0) << "more than half of all brightness";
  const auto& widths = report["radii"][1]["pieces"];
  int mixes = 0;
  for (const auto& piece : widths) {
    if (!piece.contains("width_by_rule")) continue;
    ++mixes;
    EXPECT_LT(double(piece["width_by_rule"]["joint"]), double(piece["width_by_rule"]["apart"]));
    EXPECT_GT(double(piece["steepness"]["convolution"]), 0);
  }
  EXPECT_EQ(mixes, 1);
  const hdf5::Group group = hdf5::File::open(folder.file("c.h5")).group("synfire/certificate");
  EXPECT_EQ(group.dataset("eps").read<double>(), (std::vector<double>{0, 0.02, 0.1, 0.6}));
  EXPECT_EQ(group.dataset("relaxed").read<double>()[1], double(report["radii"][1]["relaxed"]));
  EXPECT_EQ(group.group("pieces/0").text_attribute("name"), "input1");
  EXPECT_EQ(group.group("pieces/0").dataset("mean_width").read<double>().size(), 4u);
}

TEST(Certify, RulesAndThreads) {
  const Folder folder;
  train(folder, flex_net);
  const auto joint = report_of(folder, {"certify", "--eps", "0.01", "-t", "1"});
  const auto again = report_of(folder, {"certify", "--eps", "0.01", "-t", "2"});
  EXPECT_EQ(joint["radii"][0]["pieces"], again["radii"][0]["pieces"]);
  const auto apart = report_of(folder, {"certify", "--eps", "0.01", "--flex", "apart", "--intervals-only"});
  EXPECT_EQ(apart["flex_rule"], "apart");
  EXPECT_TRUE(apart["radii"][0]["relaxed"].is_null());
  EXPECT_GT(double(apart["radii"][0]["pieces"].back()["mean_width"]),
            double(joint["radii"][0]["pieces"].back()["mean_width"]));
}

TEST(Certify, ASpikingNetwork) {
  const Folder folder;
  train(folder, "[input, {dense: 16}, {lif: {decay: 0.5}}, {dense: 4}, {readout: mean}]");
  const auto report = report_of(folder, {"certify", "--eps", "0,0.001,0.3"});
  EXPECT_GE(double(report["radii"][1]["relaxed"]), double(report["radii"][1]["intervals"]));
  EXPECT_LE(double(report["radii"][1]["relaxed"]), double(report["accuracy"]));
  const Outcome told = run(folder, {"certify", "net.h5", "--eps", "0.01", "--samples", "8"});
  EXPECT_EQ(told.exit_code, 0);
  EXPECT_NE(told.out.find("certified right"), std::string::npos) << told.out;
}

TEST(Certify, WrongWords) {
  const Folder folder;
  train(folder, flex_net);
  const auto refused = [&](const Words& more, int code, const std::string& why) {
    Words words = {"certify", "net.h5"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run(folder, words);
    EXPECT_EQ(outcome.exit_code, code) << outcome.err;
    EXPECT_NE(outcome.err.find(why), std::string::npos) << outcome.err;
  };
  refused({"--flex", "joined"}, usage, "there is no 'joined'; did you mean 'joint'?");
  refused({"--eps", "8"}, usage, "8 is more than 1");
  refused({"-o", "net.h5", "--force"}, usage, "net.h5");
  refused({"--set", "layers[1].flex.context=noise"}, input, "`context: noise`");
  const Outcome untrained = run(folder, {"certify", "net.yaml"});
  EXPECT_EQ(untrained.exit_code, input);
}

}  // namespace
}  // namespace synfire::test
