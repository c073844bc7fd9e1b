// Learning by gradients as a user does it: trained, stopped, gone on with, judged, looked at and refused.
#include <bit>
#include <cmath>
#include <csignal>
#include <map>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "io/hdf5.hpp"
#include "tests/program/program.hpp"
#include "tests/program/small_training.hpp"

namespace synfire::test {
namespace {

namespace fs = std::filesystem;
constexpr int usage = 2, input = 3;

Outcome run(const Folder& folder, const Words& arguments) {
  return synfire(arguments, {.folder = folder.path()});
}

void expect_refused(const Folder& folder, const Words& arguments, int code, const std::string& says) {
  const Outcome outcome = run(folder, arguments);
  EXPECT_EQ(outcome.exit_code, code) << fmt::format("{}: {}{}", arguments[0], outcome.out, outcome.err);
  EXPECT_NE(outcome.err.find(says), std::string::npos) << outcome.err << "\nexpected: " << says;
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
}

std::vector<double> column_of(const Folder& folder, const std::string& name, const std::string& column) {
  return hdf5::File::open(folder.file(name)).group("synfire/training/epochs").dataset(column).read<double>();
}

TEST(Train, LearnsTheFourHalvesAndTellsEveryEpoch) {
  const Folder folder;
  prepare(folder);
  const Outcome trained = run(folder, {"train", "net.yaml", "--report", "report.json", "-t", "2"});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_NE(trained.out.find("136 samples to learn from, 24 for validation, 40 for the test"),
            std::string::npos)
      << trained.out;
  const auto report = nlohmann::json::parse(folder.content("report.json"));
  ASSERT_EQ(report["epochs"].size(), 5u);
  for (const auto& epoch : report["epochs"]) {
    for (const char* share : {"train", "validation", "test"}) {
      EXPECT_GT(epoch[fmt::format("{}_loss", share)], 0) << epoch;
      EXPECT_GE(epoch[fmt::format("{}_accuracy", share)], 0) << epoch;
      EXPECT_LE(epoch[fmt::format("{}_accuracy", share)], 1) << epoch;
    }
    for (const char* key : {"seconds", "images_per_s", "peak_bytes", "learning_rate", "gradient_norm"})
      EXPECT_GT(epoch[key], 0) << key;
    EXPECT_GT(epoch["firing_rates"]["hidden"], 0);
  }
  EXPECT_GE(report["test_accuracy"], 0.9);
  const std::string accuracy =
      fmt::format("accuracy {:.2f} % of 40 test samples", 100 * report["test_accuracy"].get<double>());
  EXPECT_NE(trained.out.find(accuracy), std::string::npos) << trained.out;

  // Nothing of it is lost to a second training, and what it is can be asked for.
  expect_refused(folder, {"train", "net.yaml"}, usage, "output 'net.h5' exists");
  expect_refused(folder, {"train", "net.yaml", "-o", "b.h5", "--report", "report.json"}, usage,
                 "'report.json' exists");
  const Outcome judged = run(folder, {"eval", "net.h5", "-t", "1"});
  EXPECT_EQ(judged.exit_code, 0) << judged.err;
  EXPECT_NE(judged.out.find(accuracy), std::string::npos) << judged.out;
}

// Masks that freeze after the first epoch.
const Words with_flex = {"--set",
                         "layers=[input, {flex: {channels: 6, stride: 2, frozen_after: 1}, name: eye}, relu, "
                         "{dense: 12}, {klif: , name: hidden}, {dense: 4}, readout]"};
Words flex_training(Words arguments) {
  arguments.insert(arguments.end(), with_flex.begin(), with_flex.end());
  return arguments;
}
std::vector<double> routing_of(const Folder& folder, const std::string& name, const std::string& column) {
  return hdf5::File::open(folder.file(name)).group("synfire/routing").dataset(column).read<double>();
}

TEST(Train, RecordsWhatMasksChooseAndKeepsThemOnceTheyAreFrozen) {
  const Folder folder;
  prepare(folder);
  const auto train = [&](const std::string& output, const std::string& epochs, const Words& more) {
    Words all =
        flex_training({"train", "net.yaml", "-q", "-o", output, "--set", "training.epochs=" + epochs});
    all.insert(all.end(), more.begin(), more.end());
    const Outcome outcome = run(folder, all);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  };
  train("whole.h5", "3", {"--report", "report.json"});
  const hdf5::Group routing = hdf5::File::open(folder.file("whole.h5")).group("synfire/routing");
  EXPECT_EQ(routing.dataset("layers").read_words(), std::vector<std::string>{"eye"});
  for (const char* column : {"conv_ratio", "binariness", "sensitivity", "leverage", "normalised"}) {
    const auto values = routing_of(folder, "whole.h5", column);
    ASSERT_EQ(values.size(), 3u) << column;
    EXPECT_GE(values[0], 0) << column;
    EXPECT_TRUE(values[0] <= 1 || column == std::string("sensitivity")) << column;
  }
  const auto binariness = routing_of(folder, "whole.h5", "binariness");
  EXPECT_LT(binariness[0], 1);
  EXPECT_EQ(binariness[1], 1);
  EXPECT_EQ(routing_of(folder, "whole.h5", "leverage")[2], 0);
  EXPECT_EQ(routing_of(folder, "whole.h5", "conv_ratio")[1], routing_of(folder, "whole.h5", "conv_ratio")[2]);
  // Stopped after the mask is frozen, and gone on with.
  train("parts.h5", "2", {});
  train("parts.h5", "3", {"--resume"});
  for (const char* column : {"conv_ratio", "binariness", "sensitivity", "normalised", "correlation"})
    EXPECT_EQ(routing_of(folder, "whole.h5", column), routing_of(folder, "parts.h5", column)) << column;
  // A file routes as it was left.
  const Outcome judged = run(folder, {"eval", "whole.h5"});
  EXPECT_EQ(judged.exit_code, 0) << judged.err;
  const auto report = nlohmann::json::parse(folder.content("report.json"));
  EXPECT_NE(judged.out.find(fmt::format("accuracy {:.2f} % of 40 test samples",
                                        100 * report["test_accuracy"].get<double>())),
            std::string::npos)
      << judged.out;
  ASSERT_EQ(run(folder, {"inspect", "whole.h5", "--plot", "routing"}).exit_code, 0);
  EXPECT_GT(fs::file_size(folder.path() / "whole-routing.png"), 1000u);
  ASSERT_EQ(run(folder, {"inspect", "whole.h5", "--plot", "masks=m.svg"}).exit_code, 0);
  EXPECT_NE(folder.content("m.svg").find("<svg"), std::string::npos);
  expect_refused(folder, {"inspect", "whole.h5", "--plot", "masks=m.svg"}, usage, "m.svg");
  ASSERT_EQ(run(folder, {"train", "net.yaml", "-q", "--set", "training.epochs=1"}).exit_code, 0);
  expect_refused(folder, {"inspect", "net.h5", "--plot", "routing"}, input, "no layer has a mask");
  expect_refused(folder, {"inspect", "net.h5", "--plot", "masks"}, input, "no layer has one (`flex`)");
}

TEST(Train, ItsFileIsShownAndPredicts) {
  const Folder folder;
  prepare(folder);
  ASSERT_EQ(run(folder, {"train", "net.yaml", "-q", "--set", "training.epochs=2"}).exit_code, 0);
  const Outcome text = run(folder, {"inspect", "net.h5", "--plot", "curves.png"});
  ASSERT_EQ(text.exit_code, 0) << text.err;
  for (const char* piece : {"train loss, %", "validation loss, %", "test loss, %",
                            "hidden: ", "of the test samples", "true \\ voted", "curves.png"})
    EXPECT_NE(text.out.find(piece), std::string::npos) << piece << "\n" << text.out;
  EXPECT_GT(fs::file_size(folder.path() / "curves.png"), 1000u);
  for (const std::string picture : {"training", "confusion", "rates"}) {
    ASSERT_EQ(run(folder, {"inspect", "net.h5", "--plot", picture}).exit_code, 0);
    ASSERT_EQ(run(folder, {"inspect", "net.h5", "--plot", picture + "=own.svg", "--force"}).exit_code, 0);
    EXPECT_GT(fs::file_size(folder.path() / ("net-" + picture + ".png")), 1000u);
    EXPECT_LT(fs::file_size(folder.path() / ("net-" + picture + ".png")),
              fs::file_size(folder.path() / "curves.png"));
    EXPECT_EQ(folder.content("own.svg").find("NaN"), std::string::npos);
  }
  expect_refused(folder, {"inspect", "net.h5", "--plot", "rasters"}, usage, "`synfire run net.h5");
  const auto json = nlohmann::json::parse(run(folder, {"inspect", "net.h5", "--json"}).out);
  EXPECT_EQ(json["epochs"].size(), 2u);
  std::uint64_t samples = 0;
  for (const auto& cell : json["test_confusion"]) samples += cell.get<std::uint64_t>();
  EXPECT_EQ(samples, 40u);
  const std::string csv = run(folder, {"inspect", "net.h5", "--csv"}).out;
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 3);

  ASSERT_EQ(run(folder, {"predict", "net.h5", "-o", "said.csv"}).exit_code, 0);
  std::istringstream rows(folder.content("said.csv"));
  std::string row;
  std::getline(rows, row);
  EXPECT_EQ(row, R"(sample,label,prediction,"0","1","2","3")");
  int right = 0, count = 0;
  for (; std::getline(rows, row); ++count) {
    int sample = 0, label = 0, said = 0;
    double outputs[4];
    ASSERT_EQ(std::sscanf(row.c_str(), "%d,%d,%d,%lf,%lf,%lf,%lf", &sample, &label, &said, outputs,
                          outputs + 1, outputs + 2, outputs + 3),
              7);
    EXPECT_EQ(sample, count);
    EXPECT_EQ(label, count % 4);
    EXPECT_EQ(said, std::max_element(outputs, outputs + 4) - outputs);
    right += said == label;
  }
  EXPECT_EQ(count, 40);
  EXPECT_NEAR(right / 40.0, json["test_accuracy"], 1e-12);
  expect_refused(folder, {"predict", "net.h5", "-o", "said.csv"}, usage, "'said.csv' exists");
  expect_refused(folder, {"predict", "net.h5", "-o", "net.h5", "--force"}, usage, "is an input");
  expect_refused(folder, {"inspect", "net.h5", "--from", "1 ms"}, usage, "is a trained network");
}

class Stopped : public testing::TestWithParam<int> {};

TEST_P(Stopped, TrainingGoesOnAsIfItHadNot) {
  const Folder folder;
  prepare(folder);
  const std::string epochs = "training.epochs=120";
  ASSERT_EQ(run(folder, {"train", "net.yaml", "-q", "-o", "whole.h5", "--set", epochs, "-t", "2"}).exit_code,
            0);
  Process process(synfire_command({"train", "net.yaml", "-q", "--set", epochs, "-t", "2"}),
                  {.folder = folder.path()});
  // Late enough for momentum and schedule to have something to remember.
  const auto trained = [&] {
    return fs::exists(folder.path() / "net.h5") && column_of(folder, "net.h5", "train_loss").size() >= 8;
  };
  while (process.running() && !trained()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  process.signal(GetParam());
  const Outcome stopped = process.wait();
  ASSERT_NE(stopped.exit_code, 0) << "it was done before it could be stopped";
  EXPECT_EQ(stopped.exit_code, 128 + GetParam()) << stopped.err;
  const std::size_t before = column_of(folder, "net.h5", "train_loss").size();
  EXPECT_GE(before, 8u);
  EXPECT_LT(before, 120u);
  const Outcome resumed = run(folder, {"train", "net.yaml", "-q", "--set", epochs, "-t", "1", "--resume"});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  const Arrays whole = weights_of(folder, "whole.h5"), again = weights_of(folder, "net.h5");
  EXPECT_GT(whole.size(), 20u);
  ASSERT_EQ(whole.size(), again.size());
  for (const auto& [name, bits] : whole) EXPECT_EQ(again.at(name), bits) << name;
  for (const char* column : {"train_loss", "validation_loss", "test_loss", "learning_rate", "gradient_norm"})
    EXPECT_EQ(column_of(folder, "net.h5", column), column_of(folder, "whole.h5", column)) << column;
  const auto rates = column_of(folder, "whole.h5", "learning_rate");
  EXPECT_LT(rates.back(), rates.front()) << "the schedule has not moved, so nothing shows that it was kept";
}
INSTANTIATE_TEST_SUITE_P(Signal, Stopped, testing::Values(SIGKILL, SIGTERM),
                         [](const auto& test) { return test.param == SIGKILL ? "SIGKILL" : "SIGTERM"; });

// Trains net.yaml with so many epochs, threads and settings.
void train_with(const Folder& folder, const Words& settings, const std::string& output,
                const std::string& epochs, const std::string& threads, const Words& more) {
  Words all = {"train", "net.yaml", "-q", "-o", output, "-t", threads, "--set=training.epochs=" + epochs};
  for (const std::string& setting : settings) all.push_back("--set=" + setting);
  all.insert(all.end(), more.begin(), more.end());
  const Outcome outcome = run(folder, all);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
}

// The weights of one go, and those of two that one thread did.
void expect_same_in_parts(const Folder& folder, const Words& settings) {
  train_with(folder, settings, "whole.h5", "4", "2", {"--report", "report.json"});
  train_with(folder, settings, "parts.h5", "2", "1", {});
  train_with(folder, settings, "parts.h5", "4", "1", {"--resume"});
  const Arrays whole = weights_of(folder, "whole.h5"), again = weights_of(folder, "parts.h5");
  ASSERT_EQ(whole.size(), again.size());
  for (const auto& [name, bits] : whole) EXPECT_EQ(again.at(name), bits) << name;
}

// Neurons of a hidden layer lose connections and get some back.
TEST(Train, PrunesAndRegeneratesConnections) {
  const Folder folder;
  prepare(folder);
  expect_same_in_parts(
      folder, {"training.structure={prune: synapses, rate_prune: 40, rates: constant, rate_regenerate: 20, "
               "T_num: 1}"});
  const hdf5::Group root = hdf5::File::open(folder.file("whole.h5")).group("synfire");
  const hdf5::Group structure = root.group("structure");
  const auto arrays = structure.dataset("arrays").read_words();
  ASSERT_GE(arrays.size(), 1u);
  const auto connections = structure.dataset("connections").read<double>(),
             pruned = structure.dataset("pruned").read<double>(),
             regenerated = structure.dataset("regenerated").read<double>();
  ASSERT_EQ(connections.size(), 4 * arrays.size());
  const std::size_t n = arrays.size();
  for (std::size_t i = n; i < 4 * n; ++i)
    EXPECT_EQ(connections[i], connections[i - n] - pruned[i] + regenerated[i]);
  EXPECT_GT(pruned[0], 0);
  EXPECT_GT(regenerated[n], 0);
  const std::size_t best = root.group("training").unsigned_attribute("best_epoch").value();
  for (std::size_t k = 0; k < n; ++k) {
    const std::size_t dot = arrays[k].find('.');
    const std::string path = arrays[k].substr(0, dot) + "/" + arrays[k].substr(dot + 1);
    const auto mask = structure.group("masks").dataset(path).read<std::uint8_t>();
    const auto weights = root.group("weights").dataset(path).read<float>();
    ASSERT_EQ(mask.size(), weights.size());
    EXPECT_EQ(double(std::count(mask.begin(), mask.end(), 1)), connections[best * n + k]);
    for (std::size_t i = 0; i < mask.size(); ++i) ASSERT_TRUE(mask[i] == 1 || weights[i] == 0);
  }
  const auto report = nlohmann::json::parse(folder.content("report.json"));
  EXPECT_EQ(report["epochs"][0]["structure"][arrays[0]]["connections"], connections[0]);
  const Outcome shown = run(folder, {"inspect", "whole.h5", "--plot", "structure=s.svg"});
  ASSERT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_NE(shown.out.find(arrays[0] + ": "), std::string::npos) << shown.out;
  EXPECT_NE(folder.content("s.svg").find("<svg"), std::string::npos);
  expect_refused(folder, {"train", "net.yaml", "-o", "b.h5", "--set", "training.structure={prune: weight}"},
                 input, "prune: weight needs `w_prune`");
}

// With `method: fptt` weights move three times in each sequence.
TEST(Train, MovesWeightsWithinSequencesAndGoesOnWithTheirAverages) {
  const Folder folder;
  prepare(folder);
  expect_same_in_parts(folder, {"training.steps=6", "training.method={fptt: {updates: 3}}"});
  const auto report = nlohmann::json::parse(folder.content("report.json"));
  EXPECT_GE(report["test_accuracy"], 0.6);
  EXPECT_LT(report["epochs"].back()["train_loss"], report["epochs"].front()["train_loss"]);
  const hdf5::Group last = hdf5::File::open(folder.file("whole.h5")).group("synfire/last");
  EXPECT_GT(last.group("method").dataset("order").read_words().size(), 4u);
  // Judged anew, window by window, it is as good as it was.
  const Outcome judged = run(folder, {"eval", "whole.h5"});
  ASSERT_EQ(judged.exit_code, 0) << judged.err;
  EXPECT_NE(judged.out.find(fmt::format("accuracy {:.2f} % of 40 test samples",
                                        100 * report["test_accuracy"].get<double>())),
            std::string::npos)
      << judged.out;
  for (const auto& [setting, says] :
       {std::pair{"training.method={fptt: {updates: 4}}", "6 steps cannot be cut into 4 equal windows"},
        {"training.loss=mse", "the divergence goes with the losses cross_entropy and nll"},
        {"training.membrane=noise", "which `membrane: noise` replaces"}})
    expect_refused(folder,
                   {"train", "net.yaml", "-o", "b.h5", "--set", "training.steps=6", "--set",
                    "training.method=fptt", "--set", setting},
                   input, says);
}

TEST(Train, GoesOnWithTheSameNetworkOnly) {
  const Folder folder;
  prepare(folder);
  expect_refused(folder, {"train", "net.yaml", "--resume"}, usage, "there is no file 'net.h5'");
  ASSERT_EQ(run(folder, {"train", "net.yaml", "-q", "--set", "training.epochs=1"}).exit_code, 0);
  const std::string before = folder.content("net.h5");
  for (const auto& [setting, says] :
       {std::pair{"layers[5].dense=8", "layers[5].dense is '16' there and '8' here"},
        {"training.batch=8", "training.batch is '16' there and '8' here"},
        {"training.truncate=2", "training.truncate is absent there and '2' here"},
        {"layers[2]=relu", "layers[2] is 'batch_norm' there and 'relu' here"},
        {"seed=8", "seed is '7' there and '8' here"}})
    expect_refused(folder, {"train", "net.yaml", "--resume", "--set", setting}, input, says);
  // Arrays are compared, too, whatever the text says.
  for (const auto& [setting, says] :
       {std::pair{"layers[5].dense=8", "'dense1.weight' is [16, 64] there and [8, 64] here"},
        {"layers[2]=relu", "this one has no 'batch_norm1."},
        {"layers[3]=batch_norm", "it has no 'batch_norm2."}})
    expect_refused(folder, {"eval", "net.h5", "-q", "--set", setting}, input, says);
  EXPECT_EQ(folder.content("net.h5"), before);
  const Outcome longer = run(folder, {"train", "net.yaml", "-q", "--resume", "--set", "training.epochs=2"});
  EXPECT_EQ(longer.exit_code, 0) << longer.err;
  EXPECT_EQ(column_of(folder, "net.h5", "seconds").size(), 2u);
}

TEST(Train, RefusesDamagedFiles) {
  const Folder folder;
  prepare(folder);
  ASSERT_EQ(run(folder, {"train", "net.yaml", "-q", "--set", "training.epochs=1"}).exit_code, 0);
  const std::string whole = folder.content("net.h5");
  const auto refused = [&](const std::string& content, const char* what) {
    folder.write("damaged.h5", content);
    for (const char* command : {"eval", "inspect"}) {
      const Outcome outcome = run(folder, {command, "damaged.h5"});
      EXPECT_EQ(outcome.exit_code, input) << what << ", " << command << ": " << outcome.out << outcome.err;
    }
  };
  refused(whole.substr(0, whole.size() / 2), "cut in half");
  refused(whole.substr(0, whole.size() - 1), "cut at its end");
  // An array under another name: it is missing, and there is one too many.
  std::string renamed = whole;
  for (std::size_t at = renamed.find("recurrent"); at != std::string::npos;
       at = renamed.find("recurrent", at + 1))
    renamed[at] = 'R';
  folder.write("damaged.h5", renamed);
  expect_refused(folder, {"eval", "damaged.h5", "-q"}, input, "");
}

TEST(Train, StopsWhereNumbersAreNoLongerFinite) {
  const Folder folder;
  prepare(folder);
  const Outcome outcome =
      run(folder, {"train", "net.yaml", "-q", "--set", "training.optimiser={sgd: {learning_rate: 1e30}}"});
  EXPECT_EQ(outcome.exit_code, input) << outcome.err;
  EXPECT_NE(outcome.err.find("finite"), std::string::npos) << outcome.err;
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_FALSE(fs::exists(folder.path() / "net.h5"));
}

TEST(Train, KeepsWhatItReads) {
  const Folder folder;
  prepare(folder);
  const std::string images = "data/train-images-idx3-ubyte", labels = "data/t10k-labels-idx1-ubyte";
  const std::string before = folder.content(images) + folder.content(labels);
  for (const std::string& file : {std::string("net.yaml"), images, labels}) {
    expect_refused(folder, {"train", "net.yaml", "--force", "-o", file}, usage, "is an input of this run");
    expect_refused(folder, {"train", "net.yaml", "--force", "--report", file}, usage,
                   "is an input of this run");
  }
  expect_refused(folder, {"train", "net.yaml", "--report", "net.h5"}, usage, "are the same file");
  expect_refused(folder, {"train", "net.yaml", "-o", "no/net.h5"}, 4, "there is no folder");
  EXPECT_EQ(folder.content(images) + folder.content(labels), before);
  EXPECT_EQ(folder.content("net.yaml"), small_training);
  EXPECT_FALSE(fs::exists(folder.path() / "net.h5"));
}

TEST(Train, OtherCommandsSayWhoIsMeant) {
  const Folder folder;
  prepare(folder);
  expect_refused(folder, {"run", "net.yaml"}, usage, "is trained; `synfire train net.yaml`");
  expect_refused(folder, {"graph", "net.yaml"}, usage, "is trained; `synfire train net.yaml`");
  const Outcome valid = run(folder, {"validate", "net.yaml"});
  EXPECT_EQ(valid.exit_code, 0) << valid.err;
  EXPECT_NE(valid.out.find("valid; 10 layers, "), std::string::npos) << valid.out;
  EXPECT_NE(valid.out.find("4 classes; 136 samples to learn from"), std::string::npos) << valid.out;
  expect_refused(folder, {"validate", "net.yaml", "--set", "layers[8].dense=5"}, input,
                 "it has 5 outputs, but there are 4 classes");
  expect_refused(folder, {"validate", "net.yaml", "--set", "layers[6]=parrot"}, input,
                 "cannot learn by gradients");
  expect_refused(folder, {"validate", "net.yaml", "--set", "dataset.path=net.yaml"}, input, "not a data set");
  ASSERT_EQ(run(folder, {"train", "net.yaml", "-q", "--set", "training.epochs=1"}).exit_code, 0);
  expect_refused(folder, {"resume", "net.h5"}, usage,
                 "is a trained network; `synfire train NET.yaml --output net.h5");
  folder.write("run.yaml",
               "synfire: 1\nsimulation: {duration: 1 ms}\npopulations: {a: {model: iaf_psc_exp, size: 1}}\n");
  ASSERT_EQ(run(folder, {"run", "run.yaml", "-q"}).exit_code, 0);
  expect_refused(folder, {"eval", "run.h5"}, input, "is not a trained network");
  expect_refused(folder, {"train", "run.yaml"}, usage, "output 'run.h5' exists");
  expect_refused(folder, {"train", "run.yaml", "-o", "b.h5"}, input, "has no `training`");
}

// What was learned runs in the engines: the same classes, counts of spikes, a file like that of any run.
TEST(Train, WhatWasLearnedIsSimulated) {
  const Folder folder;
  prepare(folder);
  ASSERT_EQ(run(folder, {"train", "net.yaml", "-q", "--set", "training.epochs=3"}).exit_code, 0);
  const Outcome judged = run(folder, {"eval", "net.h5"});
  const Outcome simulated = run(folder, {"run", "net.h5", "--report", "ran.json", "-o", "ran.h5", "-t", "2"});
  ASSERT_EQ(simulated.exit_code, 0) << simulated.err;
  const auto report = nlohmann::json::parse(folder.content("ran.json"));
  EXPECT_EQ(report["samples"], 40);
  EXPECT_EQ(report["agreement"], 1.0);
  EXPECT_EQ(report["accuracy"], report["layers_accuracy"]);
  const std::string accuracy =
      fmt::format("accuracy {:.2f} % of 40 test samples", 100 * report["accuracy"].get<double>());
  EXPECT_NE(judged.out.find(accuracy), std::string::npos) << judged.out;
  EXPECT_NE(simulated.out.find(accuracy), std::string::npos) << simulated.out;
  ASSERT_EQ(report["layers"].size(), 2u);
  const auto& hidden = report["layers"][0];
  EXPECT_EQ(hidden["name"], "hidden");
  EXPECT_EQ(hidden["neurons"], 16);
  EXPECT_GT(hidden["spikes_per_inference"], 0);
  EXPECT_EQ(hidden["dense_multiply_accumulates_per_inference"], 10 * 16 * 16) << "it hears itself";
  // 8 x 8 places of 4 kernels of 9, and 4 x 4 places of 4 channels to 16 neurons, once.
  EXPECT_EQ(report["multiply_accumulates_before_neurons"], 64 * 4 * 9 + 64 * 16);

  const hdf5::File file = hdf5::File::open(folder.file("ran.h5"));
  const auto times = file.dataset("spikes/hidden/timestamps").read<double>();
  EXPECT_NEAR(double(times.size()) / 40, hidden["spikes_per_inference"].get<double>(), 1e-9);
  const auto starts = file.dataset("synfire/samples/start_ms").read<double>();
  ASSERT_EQ(starts.size(), 40u);
  for (const double time : times) {
    const auto after = std::lower_bound(starts.begin(), starts.end(), time);
    ASSERT_NE(after, starts.begin());
    EXPECT_LE(time - *(after - 1), 10) << "between samples";
  }
  const Outcome shown = run(folder, {"inspect", "ran.h5", "--plot", "raster.png"});
  EXPECT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_TRUE(fs::exists(folder.file("raster.png")));

  // Without --output there are no spikes to keep, and other samples may be shown.
  fs::create_directory(folder.path() / "other");
  for (const auto& entry : fs::directory_iterator(folder.path() / "data"))
    fs::rename(entry.path(), folder.path() / "other" / entry.path().filename());
  EXPECT_NE(run(folder, {"run", "net.h5"}).exit_code, 0);
  const Outcome moved = run(folder, {"run", "net.h5", "--input", "other", "--set", "training.test=7"});
  EXPECT_EQ(moved.exit_code, 0) << moved.err;
  EXPECT_NE(moved.out.find("of 7 test samples"), std::string::npos) << moved.out;

  expect_refused(folder, {"run", "net.h5", "--input", "other", "--engine", "event"}, input,
                 "population 'hidden' (lif_cell): this model has no event form");
  expect_refused(folder, {"run", "net.h5", "--input", "other", "-o", "ran.h5"}, usage,
                 "output 'ran.h5' exists");
  expect_refused(folder, {"run", "net.h5", "--input", "other", "-o", "net.h5", "-f"}, usage,
                 "is an input of this run");
  expect_refused(folder, {"run", "net.h5", "--input", "other", "--checkpoint", "every=1s"}, usage,
                 "--checkpoint");
  expect_refused(folder, {"run", "net.yaml", "--input", "other"}, usage, "'net.yaml' is no trained network");
}

}  // namespace
}  // namespace synfire::test
