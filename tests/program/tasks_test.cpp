// A network with a task, as a user runs it: what is printed, what is in the file, and what Ctrl-C leaves.
#include <csignal>
#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "io/hdf5.hpp"
#include "tests/program/program.hpp"

namespace synfire::test {
namespace {

constexpr const char* network = R"(synfire: 1
simulation: {dt: 0.5 ms}
populations:
  film: {model: poisson, size: [28, 28]}
  exc: {model: lif_diehl_cook, size: [3, 3]}
projections:
  - {from: film, to: exc, connect: all_to_all, weight: {uniform: [0.003, 0.3]},
     plasticity: {stdp_diehl_cook: {w_max: 1}, scaling: {total: 78}}}
task:
  classify: {data: {vibration: }, input: film, output: exc, train: 8, test: 4}
)";

TEST(Tasks, PrintAccuracyAndWriteTheFile) {
  const Folder folder;
  folder.write("net.yaml", network);
  const Outcome run = synfire({"run", "net.yaml", "-t", "1"}, {.folder = folder.path()});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("8 training samples"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("true \\ voted"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("accuracy "), std::string::npos) << run.out;
  const hdf5::File file = hdf5::File::open(folder.file("net.h5"));
  EXPECT_EQ(file.group("synfire").text_attribute("status"), "complete");
  EXPECT_EQ(file.group("synfire/training/classify").dataset("predictions").dimensions(),
            std::vector<std::uint64_t>{4});
  EXPECT_EQ(file.group("synfire/weights/film->exc").dataset("weight").dimensions(),
            std::vector<std::uint64_t>{784 * 9});
  const Outcome drawn =
      synfire({"inspect", "net.h5", "--no-raster", "--plot", "weights"}, {.folder = folder.path()});
  EXPECT_EQ(drawn.exit_code, 0) << drawn.err;
  EXPECT_TRUE(std::filesystem::exists(folder.file("net-weights.png")));
}

constexpr const char* liquid = R"(synfire: 1
simulation: {dt: 1 ms}
populations:
  ear: {model: events, size: 70, params: {pool: 10}}
  exc: {model: iaf_psc_exp, size: 60}
projections: [{from: ear, to: exc, connect: {fixed_indegree: 5}, weight: {uniform: [100 pA, 500 pA]}}]
task:
  readout: {data: {vowel_words: {samples: 3, train: 2}}, input: ear, output: exc, present: 260 ms, rest: 40 ms, bins: 4,
            lambda: 10}
)";

TEST(Tasks, ReadoutsPrintAccuracyAndWriteTheFile) {
  const Folder folder;
  folder.write("net.yaml", liquid);
  const Outcome run = synfire({"run", "net.yaml", "-t", "2"}, {.folder = folder.path()});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("12 training samples, 6 test samples"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("lambda 10"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("accuracy "), std::string::npos) << run.out;
  const hdf5::File file = hdf5::File::open(folder.file("net.h5"));
  EXPECT_EQ(file.group("synfire/training/readout").dataset("weights").dimensions(),
            (std::vector<std::uint64_t>{6, 240}));
  const Outcome shown = synfire({"inspect", "net.h5", "--no-raster"}, {.folder = folder.path()});
  EXPECT_NE(shown.out.find("task readout (vowel_words, ridge): 12 training samples"), std::string::npos)
      << shown.out;
  const auto json =
      nlohmann::json::parse(synfire({"inspect", "net.h5", "--json"}, {.folder = folder.path()}).out);
  EXPECT_EQ(json["task"]["name"], "readout");
  EXPECT_EQ(json["task"]["lambda"], 10);
  EXPECT_EQ(json["task"]["confusion"].size(), 6u);
  EXPECT_TRUE(json["task"]["train_accuracy"].is_number());
  EXPECT_EQ(synfire({"validate", "net.yaml"}, {.folder = folder.path()}).exit_code, 0);
  const Outcome broken =
      synfire({"validate", "net.yaml", "--set", "populations.ear.size=71"}, {.folder = folder.path()});
  EXPECT_EQ(broken.exit_code, 3);
  EXPECT_NE(broken.err.find("the size must be [70], not [71]"), std::string::npos) << broken.err;
}

TEST(Tasks, AReadoutThatBurstsSaysWhere) {
  const Folder folder;
  folder.write("net.yaml", liquid);
  const Outcome run =
      synfire({"run", "net.yaml", "--set",
               "task.readout={data: {vowel_words: {samples: 3, train: 2}}, input: ear, output: exc, "
               "present: 260 ms, method: delta, learning_rate: 1000, epochs: 500}"},
              {.folder = folder.path()});
  EXPECT_EQ(run.exit_code, 3) << run.err;
  EXPECT_NE(run.err.find("lower learning_rate (1000)"), std::string::npos) << run.err;
}

TEST(Tasks, QuietPrintsNothing) {
  const Folder folder;
  folder.write("net.yaml", network);
  const Outcome run = synfire({"run", "net.yaml", "--quiet"}, {.folder = folder.path()});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.out + run.err, "");
}

TEST(Tasks, CtrlCLeavesWhatWasLearned) {
  const Folder folder;
  folder.write("net.yaml", network);
  Process run(synfire_command({"run", "net.yaml", "--set", "task.classify.train=2000"}),
              {.folder = folder.path()});
  while (run.running() && !std::filesystem::exists(folder.file("net.h5")))
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  run.signal(SIGINT);
  const Outcome ended = run.wait();
  EXPECT_EQ(ended.exit_code, 128 + SIGINT) << ended.err;
  EXPECT_NE(ended.out.find("stopped before the end"), std::string::npos) << ended.out;
  const hdf5::File file = hdf5::File::open(folder.file("net.h5"));
  EXPECT_EQ(file.group("synfire").text_attribute("status"), "stopped");
  EXPECT_LT(file.group("synfire/training/classify").unsigned_attribute("train_samples"), 2000u);
  EXPECT_EQ(file.group("synfire/weights/film->exc").dataset("weight").dimensions(),
            std::vector<std::uint64_t>{784 * 9});
}

TEST(Tasks, ImagesAreNotOverwritten) {
  const Folder folder;
  const std::string word_3("\0\0\0\3", 4), images("\0\0\x08\3", 4), labels("\0\0\x08\1", 4);
  for (const std::string set : {"train", "t10k"}) {
    folder.write(set + "-images-idx3-ubyte", images + word_3 + word_3 + word_3 + std::string(27, 'x'));
    folder.write(set + "-labels-idx1-ubyte", labels + word_3 + std::string(3, '\1'));
  }
  folder.write("net.yaml", network);
  const Outcome run = synfire({"run", "net.yaml", "--set", "task.classify.data={idx: .}", "--set",
                               "populations.film.size=9", "--force", "-o", "train-labels-idx1-ubyte"},
                              {.folder = folder.path()});
  EXPECT_EQ(run.exit_code, 2) << run.err;
  EXPECT_NE(run.err.find("is an input of this run"), std::string::npos) << run.err;
  EXPECT_EQ(folder.content("train-labels-idx1-ubyte").size(), 11u);
}

TEST(Tasks, ValidateLooksAtTheData) {
  const Folder folder;
  folder.write("net.yaml", network);
  EXPECT_EQ(synfire({"validate", "net.yaml"}, {.folder = folder.path()}).exit_code, 0);
  const Outcome broken =
      synfire({"validate", "net.yaml", "--set", "task.classify.data={idx: .}"}, {.folder = folder.path()});
  EXPECT_EQ(broken.exit_code, 3);
  EXPECT_NE(broken.err.find("there is no file train-images-idx3-ubyte[.gz]"), std::string::npos)
      << broken.err;
}

}  // namespace
}  // namespace synfire::test
