// What the manual shows works: every YAML block builds, every command of the README runs, the reference is up
// to date.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "io/yaml.hpp"
#include "learning/gradient/trainer.hpp"
#include "learning/readout.hpp"
#include "networks/keys.hpp"
#include "networks/parse.hpp"
#include "networks/reference.hpp"
#include "sim/simulation.hpp"
#include "tests/io/files.hpp"
#include "tests/learning/small_task.hpp"
#include "tests/source_dir.hpp"

namespace synfire {
namespace {

namespace fs = std::filesystem;

fs::path source_folder() { return test::source_dir(); }

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The code blocks of a language in a Markdown page.
std::vector<std::string> blocks(const std::string& page, const std::string& language) {
  std::vector<std::string> found;
  const std::string fence = "```" + language + "\n";
  for (std::size_t at = page.find(fence); at != std::string::npos; at = page.find(fence, at)) {
    at += fence.size();
    found.push_back(page.substr(at, page.find("```", at) - at));
  }
  return found;
}

std::vector<fs::path> pages() {
  std::vector<fs::path> found{source_folder() / "README.md", source_folder() / "CONTRIBUTING.md"};
  for (const auto& entry : fs::directory_iterator(source_folder() / "docs"))
    if (entry.path().extension() == ".md") found.push_back(entry.path());
  return found;
}

/// The network of a block that is not trained; nothing for one that is.
std::optional<NetworkDescription> simulated(const std::string& block, const fs::path& page) {
  const Tree tree = parse_yaml(block, page.string());
  if (tree.find("training") != nullptr) return std::nullopt;
  return parse_network(tree);
}

TEST(Docs, EveryNetworkShownRuns) {
  int shown = 0;
  for (const auto& page : pages()) {
    for (const auto& block : blocks(text_of(page), "yaml")) {
      SCOPED_TRACE(page.string() + ":\n" + block);
      std::optional<NetworkDescription> read;
      ASSERT_NO_THROW(read = simulated(block, page));
      if (!read) continue;
      ++shown;
      NetworkDescription& network = *read;
      network.simulation.duration = 20;
      MemorySink sink(network);
      ASSERT_NO_THROW(Simulation(network).run(sink));
    }
  }
  EXPECT_GE(shown, 5);
}

// With a few samples each.
template <class Task> void expect_run(const NetworkDescription& network) {
  Task task(network);
  MemorySink sink(task.network());
  EXPECT_FALSE(task.run(sink).stopped_early);
  EXPECT_EQ(task.result().confusion.total(), 6u);
}

TEST(Docs, EveryTaskShownRuns) {
  int shown = 0;
  for (const auto& page : pages()) {
    for (const auto& block : blocks(text_of(page), "yaml")) {
      std::optional<NetworkDescription> read = simulated(block, page);
      if (!read || !read->task) continue;
      NetworkDescription& network = *read;
      SCOPED_TRACE(page.string() + ":\n" + block);
      ++shown;
      if (network.task->train != 0u) network.task->train = 18;
      network.task->test = 6;
      if (std::holds_alternative<ReadoutDescription>(network.task->kind)) {
        expect_run<ReadoutTrainer>(network);
      } else {
        expect_run<Classifier>(network);
      }
    }
  }
  EXPECT_GE(shown, 4);
}

// Images of the size of Fashion-MNIST, ten classes: rows that are lit.
void write_images(const test::TemporaryFolder& folder) {
  constexpr std::uint32_t side = 28, count = 40;
  for (const char* set : {"train", "t10k"}) {
    std::string images =
        test::idx_word(0x803) + test::idx_word(count) + test::idx_word(side) + test::idx_word(side);
    std::string labels = test::idx_word(0x801) + test::idx_word(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      for (std::uint32_t pixel = 0; pixel < side * side; ++pixel)
        images += static_cast<char>(pixel / side % 10 == i % 10 ? 255 : 0);
      labels += static_cast<char>(i % 10);
    }
    folder.write(std::string(set) + "-images-idx3-ubyte", images);
    folder.write(std::string(set) + "-labels-idx1-ubyte", labels);
  }
}

// With a few samples that are made here. What is no whole network changes the one above it.
TEST(Docs, EveryTrainingShownRuns) {
  const test::TemporaryFolder folder;
  write_images(folder);
  int shown = 0;
  for (const auto& page : pages()) {
    for (const auto& block : blocks(text_of(page), "yaml")) {
      Tree tree = parse_yaml(block, page.string());
      if (tree.find("training") == nullptr) continue;
      SCOPED_TRACE(page.string() + ":\n" + block);
      ++shown;
      if (tree.find("synfire") == nullptr) {
        tree = parse_yaml("include: whole.yaml\n" + block, folder.file("change.yaml"));
      } else {
        folder.write("whole.yaml", block);
      }
      apply_set(tree, "dataset.path=" + folder.path().string());
      apply_set(tree, "training.validation=10");
      apply_set(tree, "training.epochs=2");
      const bool large = tree.find("network") != nullptr;
      const std::size_t tested = large ? 4 : 40;
      if (large) apply_set(tree, "training.train=14");
      apply_set(tree, fmt::format("training.test={}", tested));
      learning::Trainer trainer(parse_network(tree), {});
      ASSERT_TRUE(trainer.run({}));
      const auto judged = trainer.judge(learning::Share::test);
      EXPECT_TRUE(std::isfinite(judged.score.loss));
      const bool decides = !std::isnan(judged.score.accuracy);
      EXPECT_EQ(judged.labels.size(), decides ? tested : 0u) << "a reconstruction decides nothing";
    }
  }
  EXPECT_GE(shown, 1);
}

TEST(Docs, ReferenceIsWhatTheProgramPrints) {
  EXPECT_EQ(text_of(source_folder() / "docs/reference.md"), language_reference() + "\n")
      << "renew it with: synfire schema --markdown > docs/reference.md";
}

TEST(Docs, LinksLeadSomewhere) {
  for (const auto& page : pages()) {
    const std::string text = text_of(page);
    for (std::size_t at = text.find("]("); at != std::string::npos; at = text.find("](", at + 1)) {
      const std::string target = text.substr(at + 2, text.find(')', at) - at - 2);
      if (target.starts_with("http") || target.starts_with("#")) continue;
      EXPECT_TRUE(fs::exists(page.parent_path() / target.substr(0, target.find('#'))))
          << page << " links to " << target;
    }
  }
}

// The commands of the README and of the pages on events, learning, attacks and landscapes in their order, in
// a folder of their own; `./synfire` is the program under test.
TEST(Docs, CommandsOfTheReadmeRun) {
  const char* program = std::getenv("SYNFIRE_PROGRAM");
  ASSERT_NE(program, nullptr);
  const fs::path folder = fs::temp_directory_path() / ("synfire-docs-" + std::to_string(getpid()));
  fs::create_directories(folder);
  fs::create_symlink(program, folder / "synfire");
  fs::create_directory_symlink(fs::absolute(source_folder() / "examples"), folder / "examples");
  int commands = 0;
  std::vector<std::string> shown = blocks(text_of(source_folder() / "README.md"), "sh");
  for (const std::string& block : blocks(text_of(source_folder() / "docs/events.md"), "sh"))
    shown.push_back(block);
  if (fs::exists("/usr/share/datasets/fashion-mnist"))
    for (const char* page :
         {"docs/learning.md", "docs/robustness.md", "docs/certify.md", "docs/landscape.md"})
      for (const std::string& block : blocks(text_of(source_folder() / page), "sh")) shown.push_back(block);
  for (const auto& block : shown) {
    std::istringstream lines(block);
    for (std::string line; std::getline(lines, line);) {
      ++commands;
      const std::string command = "cd '" + folder.string() + "' && " + line + " > log 2>&1";
      EXPECT_EQ(std::system(command.c_str()), 0) << line << "\n" << text_of(folder / "log");
    }
  }
  EXPECT_GE(commands, 9);
  EXPECT_TRUE(fs::exists(folder / "raster.png"));
  const std::string plastic =
      "cd '" + folder.string() +
      "' && ./synfire run examples/plastic.yaml --set 'simulation.duration=20 ms' --quiet";
  EXPECT_EQ(std::system(plastic.c_str()), 0);
  // The readers that the pages show, on the files that these commands made.
  const std::string python = "/usr/bin/python3";
  const bool can_read = std::system((python + " -c 'import h5py' > /dev/null 2>&1").c_str()) == 0;
  if (can_read) {
    const std::pair<const char*, const char*> readers[] = {
        {"docs/output.md", "assert len(times) == len(neurons) > 0\n"},
        {"docs/plasticity.md", "assert last.stop > last.start == 0\n"}};
    for (const auto& [page, check] : readers) {
      for (const auto& block : blocks(text_of(source_folder() / page), "python")) {
        std::ofstream(folder / "reader.py") << block << check;
        const std::string command = "cd '" + folder.string() + "' && " + python + " reader.py > log 2>&1";
        EXPECT_EQ(std::system(command.c_str()), 0) << block << text_of(folder / "log");
      }
    }
  }
  fs::remove_all(folder);
  if (!can_read)
    GTEST_SKIP() << "all commands ran; python3-h5py is not installed, so the pages' readers did not";
}

}  // namespace
}  // namespace synfire
