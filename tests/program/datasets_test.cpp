// synfire dataset, and folders of sounds through synfire convert.
#include <filesystem>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/io/files.hpp"
#include "tests/learning/small_task.hpp"
#include "tests/program/program.hpp"

namespace synfire::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
constexpr int usage = 2, input = 3;

Outcome run(const Folder& folder, const Words& words) { return synfire(words, {.folder = folder.path()}); }

Json shown(const Folder& folder, const std::string& path) {
  const auto outcome = run(folder, {"dataset", path, "--json"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  return outcome.exit_code == 0 ? Json::parse(outcome.out) : Json();
}

void expect_refused(const Outcome& outcome, int exit_code, const std::string& says) {
  EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
  EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << outcome.err;
  EXPECT_NE(outcome.err.find(says), std::string::npos) << outcome.err;
}

TEST(Dataset, ShowsWhatAFolderHolds) {
  const TemporaryFolder set;
  write_set(set, "train", 24);
  write_set(set, "t10k", 8);
  const Folder folder;
  const Json json = shown(folder, set.path().string());
  EXPECT_EQ(json.at("kind"), "idx");
  EXPECT_EQ(json.at("items"), 32);
  EXPECT_EQ(json.at("train"), Json({6, 6, 6, 6}));
  EXPECT_EQ(json.at("test"), Json({2, 2, 2, 2}));
  const auto text = run(folder, {"dataset", set.path().string(), "--plot", "sheet.png", "--columns", "3"});
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_NE(text.out.find("images of 8 × 8"), std::string::npos) << text.out;
  EXPECT_GT(fs::file_size(folder.path() / "sheet.png"), 500U);
  expect_refused(run(folder, {"dataset", set.path().string(), "--plot", "sheet.png"}), usage, "--force");
}

TEST(Dataset, ShowsWhatADescriptionChooses) {
  const TemporaryFolder set;
  write_set(set, "train", 40);
  const Folder folder;
  folder.write("set.yaml", "synfire: 1\ndataset: {path: " + set.path().string() +
                               ", split: 0.5, classes: [3, 1], shuffle: 4, batch: 3}\n");
  // The rest of a network may stand in the file, or not.
  const Json json = shown(folder, "set.yaml");
  EXPECT_EQ(json.at("classes"), Json({"3", "1"}));
  EXPECT_EQ(json.at("train"), Json({5, 5}));
  EXPECT_EQ(json.at("test"), Json({5, 5}));
  EXPECT_NE(run(folder, {"dataset", "set.yaml"}).out.find("4 to train on"), std::string::npos)
      << "batches of 3";
  folder.write("set.yaml", "synfire: 1\ndataset: {path: " + set.path().string() + ", classes: [9]}\n");
  expect_refused(run(folder, {"dataset", "set.yaml"}), input, "set.yaml:2");
  folder.write("set.yaml", "synfire: 1\ndataset: {path: nowhere}\n");
  expect_refused(run(folder, {"dataset", "set.yaml"}), input, "nowhere");
}

TEST(Dataset, RefusesWhatIsNoSet) {
  const Folder folder;
  folder.write("text", "no set\n");
  expect_refused(run(folder, {"dataset", "text"}), input, "not a data set");
  expect_refused(run(folder, {"dataset", "."}), input, "not a data set");
  expect_refused(run(folder, {"dataset", "missing"}), input, "no such");
}

TEST(Dataset, GenuineSets) {
  if (!have("nmnist") || !have("shd_format")) GTEST_SKIP() << "no genuine sets here";
  const Folder folder;
  const Json nmnist = shown(folder, data_file("nmnist"));
  EXPECT_EQ(nmnist.at("train"), Json({97, 116, 99, 93, 105, 92, 94, 117, 87, 100}));
  EXPECT_EQ(nmnist.at("width"), 34);
  const auto sheet =
      run(folder, {"dataset", data_file("shd_format/shd_format_derived.h5"), "--plot", "shd.png"});
  EXPECT_EQ(sheet.exit_code, 0) << sheet.err;
  EXPECT_TRUE(fs::exists(folder.path() / "shd.png"));
}

TEST(ConvertSound, OneWordAndAFolderOfWords) {
  if (!have("fsdd")) GTEST_SKIP() << "no genuine sounds here";
  const Folder folder;
  fs::create_directory(folder.path() / "words");
  for (const char* const name : {"3_theo_7.wav", "8_george_2.wav"})
    fs::copy_file(data_file(std::string("fsdd/recordings/") + name), folder.path() / "words" / name);
  ASSERT_EQ(run(folder, {"convert", "words/3_theo_7.wav", "word.h5"}).exit_code, 0);
  const auto word = run(folder, {"events", "word.h5", "--json"});
  ASSERT_EQ(word.exit_code, 0) << word.err;
  const Json json = Json::parse(word.out);
  EXPECT_EQ(json.at("format"), "shd");
  EXPECT_EQ(json.at("label"), 3);
  EXPECT_GT(json.at("events"), 500);
  const auto both = run(folder, {"convert", "words", "words.h5"});
  ASSERT_EQ(both.exit_code, 0) << both.err;
  const Json set = shown(folder, "words.h5");
  EXPECT_EQ(set.at("kind"), "shd");
  EXPECT_EQ(set.at("items"), 2);
  const auto again = run(folder, {"events", "words.h5", "--json"});
  EXPECT_EQ(Json::parse(again.out).at("events"), json.at("events"))
      << "alone or among others, a word is the same";
  ASSERT_EQ(run(folder, {"convert", "words", "test.h5", "--part", "test"}).exit_code, 0);
  EXPECT_EQ(shown(folder, "test.h5").at("items"), 1);
  expect_refused(run(folder, {"convert", "words", "w.aedat"}), usage, "one file of spikes");
  expect_refused(run(folder, {"convert", "words", "w.h5", "--sort"}), usage, "--sort");
  expect_refused(run(folder, {"convert", "words/3_theo_7.wav", "w.h5", "--part", "test"}), usage, "--part");
  expect_refused(run(folder, {"convert", "words/3_theo_7.wav", "w.aedat"}), input, "");
}

}  // namespace
}  // namespace synfire::test
