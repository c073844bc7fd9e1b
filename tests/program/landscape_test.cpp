// `synfire landscape` as a user has it: a trained network, what lies around its weights, and the files that
// tell it.
#include <csignal>
#include <filesystem>
#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "io/hdf5.hpp"
#include "tests/program/program.hpp"
#include "tests/program/small_training.hpp"

namespace synfire::test {
namespace {

using Json = nlohmann::json;
constexpr int usage = 2, input = 3;

Outcome run(const Folder& folder, const Words& words) { return synfire(words, {.folder = folder.path()}); }

void train(const Folder& folder) {
  prepare(folder);
  const Outcome trained =
      run(folder, {"train", "net.yaml", "-q", "-o", "net.h5", "--set", "training.epochs=3"});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
}

Json report_of(const Folder& folder, const Words& more) {
  Words words = {"landscape", "net.h5", "--grid", "3", "--probes", "2", "--steps", "4"};
  words.insert(words.end(), {"--report", "r.json", "--force", "-q"});
  words.insert(words.end(), more.begin(), more.end());
  const Outcome done = run(folder, words);
  EXPECT_EQ(done.exit_code, 0) << done.err;
  EXPECT_EQ(done.out, "");
  return Json::parse(folder.content("r.json"));
}

TEST(Landscape, TellsSurfaceAndSpectrum) {
  const Folder folder;
  train(folder);
  const auto before = weights_of(folder, "net.h5");
  const Json report =
      report_of(folder, {"--share", "test", "-o", "l.h5", "--plot", "l.svg", "--eigenvalues", "2"});
  EXPECT_EQ(report["samples"], 40);
  EXPECT_EQ(report["share"], "test");
  const Json trained = Json::parse(run(folder, {"inspect", "net.h5", "--json"}).out);
  EXPECT_EQ(report["loss"], trained["test_loss"]);
  EXPECT_EQ(report["accuracy"], trained["test_accuracy"]);
  const Json& surface = report["surface"];
  EXPECT_EQ(surface["along"], Json({-1.0, 0.0, 1.0}));
  EXPECT_EQ(surface["loss"][1][1], report["loss"]);
  EXPECT_EQ(surface["accuracy"][1][1], report["accuracy"]);
  const Json& spectrum = report["spectrum"];
  EXPECT_EQ(spectrum["precision"], "double");
  EXPECT_EQ(spectrum["step"], 1e-2) << "its neurons spike";
  EXPECT_EQ(spectrum["largest"].size(), 2u);
  EXPECT_GE(double(spectrum["largest"][0]["value"]), double(spectrum["largest"][1]["value"]));
  EXPECT_LE(double(spectrum["smallest"][0]["value"]), double(spectrum["largest"][0]["value"]));
  const hdf5::Group group = hdf5::File::open(folder.file("l.h5")).group("synfire/landscape");
  EXPECT_EQ(group.number_attribute("loss"), double(report["loss"]));
  EXPECT_EQ(group.dataset("surface/loss").dimensions(), (std::vector<std::uint64_t>{3, 3}));
  EXPECT_EQ(group.dataset("surface/loss").read<double>()[5], double(surface["loss"][1][2]));
  EXPECT_EQ(group.dataset("surface/along").read<double>(), surface["along"].get<std::vector<double>>());
  EXPECT_EQ(group.dataset("spectrum/density").read<double>(), spectrum["density"].get<std::vector<double>>());
  EXPECT_EQ(group.dataset("spectrum/largest").read<double>()[1], double(spectrum["largest"][1]["value"]));
  EXPECT_EQ(group.group("spectrum").number_attribute("trace"), double(spectrum["trace"]));
  EXPECT_EQ(group.dataset("spectrum/probes/1/nodes").read<double>(),
            spectrum["probes"][1]["nodes"].get<std::vector<double>>());
  EXPECT_NE(folder.content("l.svg").find("<svg"), std::string::npos);
  EXPECT_EQ(weights_of(folder, "net.h5"), before);
}

TEST(Landscape, DependsOnTheSeedAndNotOnThreads) {
  const Folder folder;
  train(folder);
  const Json one = report_of(folder, {"--threads", "1"}), three = report_of(folder, {"--threads", "3"});
  EXPECT_EQ(one, three);
  const Json other = report_of(folder, {"--seed", "2"});
  EXPECT_NE(other["surface"]["loss"], one["surface"]["loss"]);
  EXPECT_NE(other["spectrum"]["trace"], one["spectrum"]["trace"]);
}

TEST(Landscape, FindsOneOfTheTwoOfAnyShare) {
  const Folder folder;
  train(folder);
  const Json surface = report_of(folder, {"--only", "surface", "--share", "train", "--samples", "20"});
  EXPECT_FALSE(surface.contains("spectrum"));
  EXPECT_EQ(surface["samples"], 20);
  const Json spectrum = report_of(folder, {"--only", "spectrum", "--share", "validation", "--precision",
                                           "single", "--step-size", "0.003", "--plot", "s.png"});
  EXPECT_FALSE(spectrum.contains("surface"));
  EXPECT_EQ(spectrum["samples"], 24);
  EXPECT_EQ(spectrum["spectrum"]["precision"], "single");
  EXPECT_EQ(spectrum["spectrum"]["step"], 0.003);
  const Outcome said = run(folder, {"landscape", "net.h5", "--only", "surface", "--grid", "2"});
  EXPECT_NE(said.out.find("surface of 2 x 2 points"), std::string::npos) << said.out;
}

TEST(Landscape, RefusesWhatMakesNoSense) {
  const Folder folder;
  train(folder);
  const auto refused = [&](const Words& more, int code, const std::string& why) {
    Words words = {"landscape", "net.h5"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run(folder, words);
    EXPECT_EQ(outcome.exit_code, code) << outcome.err;
    EXPECT_NE(outcome.err.find(why), std::string::npos) << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(folder.file("l.h5")));
  };
  refused({"--only", "hessian", "-o", "l.h5"}, usage, "--only");
  refused({"--share", "all", "-o", "l.h5"}, usage, "--share");
  refused({"--grid", "1", "-o", "l.h5"}, usage, "--grid");
  refused({"--steps", "0", "-o", "l.h5"}, usage, "--steps");
  refused({"--samples", "0", "-o", "l.h5"}, usage, "--samples");
  refused({"--step-size", "0", "-o", "l.h5"}, usage, "--step-size");
  refused({"--plot", "l.gif", "-o", "l.h5"}, usage, "l.gif");
  refused({"-o", "net.h5", "--force"}, usage, "net.h5");
  refused({"--report", "net.yaml"}, usage, "exists");
  refused({"--report", "data/t10k-labels-idx1-ubyte", "--force"}, usage, "t10k-labels");
  refused({"--share", "validation", "--set", "training.validation=0", "-o", "l.h5"}, usage,
          "no validation samples");
  EXPECT_EQ(run(folder, {"landscape", "net.yaml"}).exit_code, input);
}

TEST(Landscape, EndsWithoutFilesWhenItIsAsked) {
  const Folder folder;
  train(folder);
  Process process(synfire_command({"landscape", "net.h5", "--grid", "1001", "-o", "l.h5"}),
                  {.folder = folder.path()});
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  ASSERT_TRUE(process.running());
  process.signal(SIGINT);
  EXPECT_EQ(process.wait().exit_code, 128 + SIGINT);
  EXPECT_FALSE(std::filesystem::exists(folder.file("l.h5")));
}

}  // namespace
}  // namespace synfire::test
