// The commands that show something: what they print can be read by those it is meant for.
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/program/networks.hpp"
#include "tests/program/program.hpp"
#include "tests/source_dir.hpp"

namespace synfire::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

Outcome show(const Words& arguments) {
  const Folder folder;
  const auto outcome = synfire(arguments, {.folder = folder.path()});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  EXPECT_TRUE(folder.list().empty());
  return outcome;
}

fs::path examples() { return test::source_dir() / "examples"; }

// The commands that `synfire --help` lists.
Words commands() {
  std::istringstream help(show({"--help"}).out);
  Words names;
  bool listed = false;
  for (std::string line; std::getline(help, line);) {
    if (listed && line.starts_with("  ") && line.size() > 2 && line[2] != ' ')
      names.push_back(line.substr(2, line.find(' ', 2) - 2));
    listed = (listed || line.starts_with("Subcommands:")) && !line.starts_with("Example");
  }
  return names;
}

TEST(Models, JsonDescribesEveryModelOfTheList) {
  const Json models = Json::parse(show({"models", "--json"}).out);
  std::set<std::string> kinds;
  std::size_t words = 0;
  const std::string list = show({"models"}).out;
  for (const Json& model : models) {
    const auto name = model.at("name").get<std::string>();
    kinds.insert(model.at("kind").get<std::string>());
    EXPECT_NE(list.find(name), std::string::npos);
    const std::string page = show({"models", name}).out;
    for (const Json& parameter : model.at("parameters")) {
      EXPECT_NE(page.find(parameter.at("name").get<std::string>()), std::string::npos) << name;
      EXPECT_NE(page.find(parameter.at("meaning").get<std::string>()), std::string::npos) << name;
      if (!parameter.contains("words")) continue;
      words += parameter.at("words").size();
      bool default_is_one = false;
      for (const Json& word : parameter.at("words")) {
        EXPECT_NE(page.find(word.get<std::string>()), std::string::npos) << name;
        default_is_one |= word == parameter.at("default");
      }
      EXPECT_TRUE(default_is_one) << name << " " << parameter.at("name");
    }
    const Json alone = Json::parse(show({"models", name, "--json"}).out);
    ASSERT_EQ(alone.size(), 1U);
    EXPECT_EQ(alone[0], model);
  }
  EXPECT_EQ(kinds,
            (std::set<std::string>{"neuron", "source", "connection rule", "plasticity rule", "network"}));
  EXPECT_GT(words, 10U) << "reset: hard, activation: relu, …";
}

TEST(Schema, IsValidAndAcceptsTheExamples) {
  const std::string schema = show({"schema"}).out;
  const Json parsed = Json::parse(schema);
  for (const char* const key : {"$schema", "properties", "$defs"}) EXPECT_TRUE(parsed.contains(key)) << key;
  const auto python = python_with("jsonschema, yaml");
  if (!python) GTEST_SKIP() << "Python with jsonschema and yaml is not installed";
  const Folder folder;
  folder.write("schema.json", schema);
  const std::string script =
      "import glob, json, sys, yaml\n"
      "from jsonschema import Draft202012Validator as V\n"
      "schema = json.load(open('schema.json')); V.check_schema(schema)\n"
      "files = glob.glob(sys.argv[1] + '/*.yaml')\n"
      "assert len(files) >= 2\n"
      "for f in files: V(schema).validate(yaml.safe_load(open(f)))\n"
      "broken = yaml.safe_load(open(files[0])); broken['simulation']['dt'] = '1 mV'\n"
      "assert not V(schema).is_valid(broken)\n";
  const auto checked =
      Process({*python, "-c", script, examples().string()}, {.folder = folder.path()}).wait();
  EXPECT_EQ(checked.exit_code, 0) << checked.err;
}

TEST(Graph, IsDrawnByGraphviz) {
  const Folder folder;
  folder.write("net.yaml", small_network);
  const auto graph = synfire({"graph", "net.yaml"}, {.folder = folder.path()});
  ASSERT_EQ(graph.exit_code, 0) << graph.err;
  for (const char* const text : {"digraph", "noise", "exc", "->"})
    EXPECT_NE(graph.out.find(text), std::string::npos) << text;
  if (!is_installed("dot")) GTEST_SKIP() << "Graphviz is not installed";
  folder.write("net.dot", graph.out);
  const auto drawn = Process({"dot", "-Tsvg", "net.dot"}, {.folder = folder.path()}).wait();
  EXPECT_EQ(drawn.exit_code, 0) << drawn.err;
  EXPECT_EQ(drawn.err, "");
  EXPECT_NE(drawn.out.find("</svg>"), std::string::npos);
}

TEST(Validate, CountsAndWritesNothing) {
  const Folder folder;
  folder.write("net.yaml", small_network);
  const auto outcome = synfire({"validate", "net.yaml"}, {.folder = folder.path()});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "net.yaml: valid; 2 populations, 20 neurons and sources, 1 projections\n");
  EXPECT_EQ(folder.list(), Words{"net.yaml"});
}

TEST(Info, NamesVersionBackendsAndLibraries) {
  const std::string info = show({"info"}).out;
  const std::string version = show({"--version"}).out;
  EXPECT_EQ(info.substr(0, info.find('\n')), version.substr(0, version.find('\n')));
  EXPECT_TRUE(version.starts_with("synfire "));
  for (const char* const text :
       {"build", "processor", "backends", "devices", "HDF5", "oneTBB", "Boost", "CLI11"})
    EXPECT_NE(info.find(text), std::string::npos) << text;
}

// "synfire a b | c > d": the last line of a help text, with the path of the program put in.
std::string example_of(const std::string& help) {
  const auto at = help.rfind("Example: ");
  if (at == std::string::npos) return "";
  std::string line = help.substr(at + 9);
  line.erase(line.find_last_not_of(" \n") + 1);
  return line;
}

// For the example of `resume`: stopped.h5, of a run that was killed after its first checkpoint.
void leave_stopped_run(const Folder& folder) {
  Process run(synfire_command({"run", "examples/cuba.yaml", "-q", "-o", "stopped.h5", "--checkpoint",
                               "every=50ms", "--set", "simulation.duration=12 s"}),
              {.folder = folder.path()});
  while (run.running() && !fs::exists(folder.path() / "stopped.h5.checkpoint"))
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  run.signal(SIGKILL);
  ASSERT_NE(run.wait().exit_code, 0) << "it was done before it could be killed";
}

TEST(Help, OfEachCommandEndsWithAnExampleThatRuns) {
  const fs::path program = synfire_command({}).front();
  const Folder folder;
  fs::create_directory_symlink(fs::absolute(examples()), folder.path() / "examples");
  // What examples of `inspect` look at; short, so that only the options of the others are tried.
  ASSERT_EQ(synfire({"run", "examples/brunel.yaml", "-q", "--set", "simulation.duration=50 ms"},
                    {.folder = folder.path()})
                .exit_code,
            0);
  leave_stopped_run(folder);
  // What the example of `convert-steps` converts.
  Words training = {"train", "examples/single_step/single.yaml", "-q", "-o", "single.h5"};
  for (const char* few : {"train=80", "validation=16", "test=40", "epochs=1"})
    training.insert(training.end(), {"--set", fmt::format("training.{}", few)});
  const Outcome trained = synfire(training, {.folder = folder.path()});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  const Words names = commands();
  ASSERT_GE(names.size(), 6U);
  for (const auto& name : names) {
    const std::string example = example_of(show({name, "--help"}).out);
    EXPECT_TRUE(example.starts_with("synfire " + name)) << name << ": " << example;
    EXPECT_EQ(example.find('\n'), std::string::npos) << example;
    if (example.find("| dot") != std::string::npos && !is_installed("dot")) continue;
    if (example.find("--voices") != std::string::npos && !is_installed("espeak-ng")) continue;
    const std::string force = name == "run" ? " --force" : "";
    const std::string script = "set -eo pipefail; synfire() { '" + fs::absolute(program).string() +
                               "' \"$@\"" + force + "; }; " + example;
    const auto outcome = Process({"bash", "-c", script}, {.folder = folder.path(), .limit_s = 300}).wait();
    EXPECT_EQ(outcome.exit_code, 0) << example << "\n" << outcome.err;
  }
}

}  // namespace
}  // namespace synfire::test
