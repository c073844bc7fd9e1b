#include <algorithm>
#include <bit>
#include <sstream>

#include <CLI/CLI.hpp>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/text_raster.hpp"
#include "io/sonata.hpp"
#include "tests/io/files.hpp"

namespace synfire::cli {
namespace {

using test::TemporaryFolder;

/// What the command prints; throws what it throws.
std::string inspect(std::vector<std::string> arguments) {
  CLI::App app;
  add_inspect(app);
  arguments.insert(arguments.begin(), "inspect");
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  testing::internal::CaptureStdout();
  try {
    app.parse(arguments);
  } catch (...) {
    testing::internal::GetCapturedStdout();
    throw;
  }
  return testing::internal::GetCapturedStdout();
}

nlohmann::json inspect_json(std::vector<std::string> arguments) {
  arguments.push_back("--json");
  return nlohmann::json::parse(inspect(std::move(arguments)));
}

struct Failure {
  ErrorKind kind = ErrorKind::internal;
  std::string message;
};

Failure failure_of(const std::vector<std::string>& arguments) {
  try {
    return {ErrorKind::internal, "no error, but: " + inspect(arguments)};
  } catch (const Error& error) {
    return {error.kind(), error.what()};
  }
}

void expect_failure(const std::vector<std::string>& arguments, ErrorKind kind, const std::string& part) {
  const Failure failure = failure_of(arguments);
  EXPECT_EQ(failure.kind, kind) << failure.message;
  EXPECT_NE(failure.message.find(part), std::string::npos) << failure.message;
}

void describe(hdf5::File& file, const std::string& name, std::uint64_t size, std::string_view kind) {
  hdf5::Group group = file.require_group("synfire/populations/" + name);
  group.set_attribute("model", std::string_view("some_model"));
  group.set_attribute("kind", kind);
  group.set_attribute("size", size);
}

/// 1 s of `exc`: neuron k of 10 spikes every 10 ms from k + 1 ms on; `inh`: 5 neurons, recorded, silent;
/// `drive` is not recorded; a trace of `exc`.
std::string example(const TemporaryFolder& folder, std::string_view status = "complete",
                    double completed = 1000) {
  const std::string path = folder.file("run.h5");
  hdf5::File file = hdf5::File::create(path, true);
  write_sonata_root(file);
  hdf5::Group group = file.require_group("synfire");
  group.set_attribute("version", std::string_view("9.9.9"));
  group.set_attribute("status", status);
  group.set_attribute("seed", std::uint64_t{1234});
  group.set_attribute("dt_ms", 0.1);
  group.set_attribute("duration_ms", 1000.0);
  group.set_attribute("completed_ms", completed);
  describe(file, "exc", 10, "neurons");
  describe(file, "inh", 5, "neurons");
  describe(file, "drive", 100, "spikes");
  SpikeWriter exc(file, "exc"), inh(file, "inh");
  for (int ms = 1; ms <= completed; ++ms)
    exc.append(std::vector<double>{double(ms)},
               std::vector<std::uint64_t>{static_cast<std::uint64_t>(ms - 1) % 10});
  ReportWriter report(file, {"exc", "V_m", "mV", {0, 1}, 1, 1});
  report.append(std::vector<float>(2 * 1000, -65));
  file.close();
  return path;
}

TEST(Inspect, JsonHoldsTheStatistics) {
  const TemporaryFolder folder;
  const auto json = inspect_json({example(folder)});
  EXPECT_EQ(json["synfire"]["seed"], 1234);
  EXPECT_EQ(json["window_ms"], (std::vector<double>{0, 1000}));
  ASSERT_EQ(json["populations"].size(), 3U);
  EXPECT_EQ(json["populations"][0]["name"], "drive");
  EXPECT_EQ(json["populations"][0]["spikes_recorded"], false);
  const auto& exc = json["populations"][1];
  EXPECT_EQ(exc["neurons"], 10);
  EXPECT_EQ(exc["spikes"], 1000) << "also the last, at the end of the window";
  EXPECT_DOUBLE_EQ(exc["rate_hz"], 100);
  EXPECT_NEAR(exc["cv_isi"], 0, 1e-9);
  EXPECT_EQ(exc["cv_isi_neurons"], 10);
  EXPECT_EQ(exc["fano_3ms"], 0) << "three spikes in every bin";
  EXPECT_TRUE(json["populations"][2]["cv_isi"].is_null());
  EXPECT_EQ(json["reports"][0]["variable"], "V_m");
}

TEST(Inspect, WindowAndPopulationFilters) {
  const TemporaryFolder folder;
  const auto json =
      inspect_json({example(folder), "--from", "0.5 s", "--until", "600 ms", "--population", "exc"});
  ASSERT_EQ(json["populations"].size(), 1U);
  EXPECT_EQ(json["populations"][0]["spikes"], 100);
  EXPECT_DOUBLE_EQ(json["populations"][0]["rate_hz"], 100);
  const auto two = inspect_json({example(folder), "-p", "inh", "-p", "exc"});
  EXPECT_EQ(two["populations"].size(), 2U);
  const auto beyond = inspect_json({example(folder), "--until", "1 h"});
  EXPECT_EQ(beyond["window_ms"][1], 1000) << "no rate is taken over time that was not recorded";
}

TEST(Inspect, CsvHasOneRowAPopulation) {
  const TemporaryFolder folder;
  std::istringstream csv(inspect({example(folder), "--csv"}));
  std::vector<std::string> lines;
  for (std::string line; std::getline(csv, line);) lines.push_back(line);
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0].rfind("population,model,kind,neurons,spikes,", 0), 0U);
  EXPECT_EQ(lines[2].rfind("exc,some_model,neurons,10,1000,10,100,0,", 0), 0U) << lines[2];
  for (const auto& line : lines)
    EXPECT_EQ(std::count(line.begin(), line.end(), ','), std::count(lines[0].begin(), lines[0].end(), ','))
        << line;
}

TEST(Inspect, TextShowsTableAndRasterWithinTheWidth) {
  const TemporaryFolder folder;
  const std::string text = inspect({example(folder), "--width", "60"});
  for (const char* const part :
       {"9.9.9", "seed 1234", "exc", "inh", "drive", "100.000", "V_m (mV)", "1000 ms"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  EXPECT_EQ(text.find("unfinished"), std::string::npos);
  EXPECT_EQ(text.find('\033'), std::string::npos) << "no colours outside of terminals";
  std::istringstream stream(text);
  std::size_t braille = 0;
  for (std::string line; std::getline(stream, line);) {
    if (line.find("\xe2\xa0") == std::string::npos && line.find("\xe2\xa1") == std::string::npos) continue;
    ++braille;
    const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
    EXPECT_EQ(std::count_if(line.begin(), line.end(), begins), 60) << line;
  }
  EXPECT_GE(braille, 4U);
  EXPECT_EQ(inspect({example(folder), "--no-raster"}).find("\xe2\xa0"), std::string::npos);
}

TEST(Inspect, SaysUpToWhenAnUnfinishedRunIsComplete) {
  const TemporaryFolder folder;
  const std::string killed = inspect({example(folder, "running", 400), "--no-raster"});
  EXPECT_NE(killed.find("unfinished (still running, or killed): complete up to 400 ms of 1000 ms"),
            std::string::npos)
      << killed;
  EXPECT_NE(killed.find("window 0 to 400 ms"), std::string::npos);
  const std::string stopped = inspect({example(folder, "stopped", 400), "--no-raster"});
  EXPECT_NE(stopped.find("stopped early: complete up to 400 ms"), std::string::npos) << stopped;
}

TEST(Inspect, NothingCompleteYetIsNoError) {
  const TemporaryFolder folder;
  const std::string path = example(folder, "running", 0);
  EXPECT_NE(inspect({path}).find("complete up to 0 ms"), std::string::npos);
  expect_failure({path, "--plot", folder.file("a.png")}, ErrorKind::usage, "nothing to draw");
}

TEST(Inspect, DrawsEveryFormat) {
  const TemporaryFolder folder;
  const std::string run = example(folder);
  for (const char* const name : {"a.png", "a.svg", "a.pdf"}) {
    inspect({run, "--plot", folder.file(name), "--traces"});
    EXPECT_GT(test::content_of(folder.file(name)).size(), 5000U) << name;
  }
  expect_failure({run, "--plot", folder.file("a.png")}, ErrorKind::usage, "--force");
  inspect({run, "--plot", folder.file("a.png"), "--force"});
}

TEST(Inspect, ManySpikesAreRasterised) {
  const TemporaryFolder folder;
  const std::string path = folder.file("dense.h5");
  {
    hdf5::File file = hdf5::File::create(path);
    SpikeWriter writer(file, "a");
    std::vector<double> times(200000);
    std::vector<std::uint64_t> ids(times.size());
    for (std::size_t k = 0; k < times.size(); ++k)
      times[k] = 1 + 0.005 * double(k), ids[k] = k * 7919 % 100003;
    writer.append(times, ids);
  }
  inspect({path, "--plot", folder.file("dense.svg")});
  const std::string svg = test::content_of(folder.file("dense.svg"));
  EXPECT_NE(svg.find("<image"), std::string::npos);
  EXPECT_LT(svg.size(), 6U << 20) << "not a path for every spike";
}

TEST(Inspect, WrongInput) {
  const TemporaryFolder folder;
  const std::string run = example(folder), picture = folder.file("p.png");
  expect_failure({folder.file("none.h5")}, ErrorKind::input, "none.h5");
  expect_failure({folder.write("text.h5", "these are no spikes")}, ErrorKind::input, "text.h5");
  expect_failure({folder.write("short.h5", test::content_of(run).substr(0, 3000))}, ErrorKind::input,
                 "short.h5");
  expect_failure({run, "-p", "ext"}, ErrorKind::usage, "did you mean 'exc'?");
  expect_failure({run, "--plot", folder.file("p.gif")}, ErrorKind::usage, ".png, .svg or .pdf");
  expect_failure({run, "--plot", folder.file("no/p.png")}, ErrorKind::resource, "p.png");
  expect_failure({run, "--from", "3 s"}, ErrorKind::usage, "ends at 1000 ms");
  expect_failure({run, "--from", "500 ms", "--until", "500 ms"}, ErrorKind::usage, "--from and --until");
  expect_failure({run, "--from", "500"}, ErrorKind::usage, "--from");
  expect_failure({run, "--until", "20 mV"}, ErrorKind::usage, "--until");
  expect_failure({run, "--until", "0 ms"}, ErrorKind::usage, "nothing is recorded until");
  EXPECT_THROW(inspect({run, "--json", "--csv"}), CLI::ParseError);
  EXPECT_THROW(inspect({run, "--traces"}), CLI::ParseError);
  EXPECT_THROW(inspect({run, "--width", "3"}), CLI::ParseError);
  EXPECT_THROW(inspect({}), CLI::ParseError);
  EXPECT_FALSE(std::filesystem::exists(picture));
}

TEST(Inspect, NamesCannotControlTheTerminal) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.h5");
  {
    hdf5::File file = hdf5::File::create(path);
    SpikeWriter(file, "a\033[2J").append(std::vector<double>{1, 2}, std::vector<std::uint64_t>{0, 1});
  }
  EXPECT_EQ(inspect({path}).find('\033'), std::string::npos);
}

TEST(Inspect, HelpEndsWithAnExample) {
  CLI::App app;
  add_inspect(app);
  const std::string help = app.get_subcommand("inspect")->help();
  EXPECT_NE(help.find("Example: synfire inspect"), std::string::npos);
}

TEST(TextRaster, DotsOfBraille) {
  Density density{4, 4, std::vector<std::uint32_t>(16)};
  density.counts[0] = 1;          // top left
  density.counts[3 * 4 + 3] = 2;  // bottom right
  EXPECT_EQ(braille_lines(density), (std::vector<std::string>{"⠁⢀"}));
  EXPECT_EQ(bar_line(std::vector<double>{0, 1, 8, 99}, 8), " ▁██");
}

// More activity, more dots: also where every cell has spikes.
TEST(TextRaster, DenseRastersAreShaded) {
  Density density{80, 40, {}};
  for (std::size_t k = 0; k < 80 * 40; ++k) density.counts.push_back(k % 80 < 40 ? 20 : 80);
  const auto dots = [](const std::string& text) {
    int count = 0;
    for (std::size_t k = 0; k + 2 < text.size(); k += 3)
      count += std::popcount((static_cast<unsigned>(text[k + 1]) & 3U) << 6 |
                             (static_cast<unsigned>(text[k + 2]) & 0x3FU));
    return count;
  };
  int left = 0, right = 0;
  for (const auto& line : braille_lines(density)) {
    left += dots(line.substr(0, line.size() / 2));
    right += dots(line.substr(line.size() / 2));
  }
  EXPECT_NEAR(left / 1600.0, 0.2, 0.05);
  EXPECT_NEAR(right / 1600.0, 0.8, 0.05);
}

TEST(InspectGenuine, SonataFilesOfOthers) {
  const char* const name = "sonata/300_intfire/output/spikes.h5";
  if (!test::have(name)) GTEST_SKIP() << "no genuine data: " << name;
  const auto json = inspect_json({test::data_file(name)});
  EXPECT_EQ(json["populations"][0]["name"], "v1");
  EXPECT_EQ(json["populations"][0]["spikes"], 4322);
  EXPECT_TRUE(json["synfire"].is_null());
  for (const char* const file : {"sonata/spikes/spikes.old.h5", "sonata/spikes/spikes.one_pop.h5"})
    EXPECT_EQ(inspect_json({test::data_file(file)})["populations"][0]["spikes"], 124) << file;
  for (const char* const file :
       {"sonata/libsonata/spikes.h5", "sonata/libsonata/elements.h5", "sonata/libsonata/somas.h5"})
    EXPECT_NE(inspect({test::data_file(file)}), "") << file;
  const TemporaryFolder folder;
  inspect({test::data_file("sonata/libsonata/somas.h5"), "--plot", folder.file("s.png"), "--traces"});
  expect_failure({test::data_file("sonata/libsonata/edges1.h5")}, ErrorKind::input,
                 "no spikes and no reports");
}

/// The example with a task of two classes, and weights of `projections`.
std::string trained(const TemporaryFolder& folder, const std::vector<std::string>& projections) {
  const std::string path = example(folder);
  hdf5::File file = hdf5::File::open_for_writing(path);
  hdf5::Group task = file.require_group("synfire/training/classify");
  task.set_attribute("data", std::string_view("idx"));
  task.set_attribute("classes", std::uint64_t{2});
  task.set_attribute("train_samples", std::uint64_t{60});
  task.set_attribute("test_samples", std::uint64_t{8});
  task.set_attribute("accuracy", 0.75);
  hdf5::Dataset confusion = task.create_growing("confusion", hdf5::Type::uint64, {.columns = 3});
  confusion.append(std::span<const std::uint64_t>(std::vector<std::uint64_t>{4, 0, 0, 1, 2, 1}));
  for (const char* name : {"exc", "inh"}) {
    const std::vector<std::uint32_t> shape{name == std::string("exc") ? 10u : 5u};
    file.group(std::string("synfire/populations/") + name)
        .set_attribute("shape", std::span<const std::uint32_t>(shape));
  }
  for (const std::string& name : projections) {
    hdf5::Group group = file.require_group("synfire/weights/" + name);
    group.set_attribute("source", std::string_view("exc"));
    group.set_attribute("target", std::string_view("inh"));
    const auto put = [&]<class T>(const char* key, std::vector<T> values) {
      return group.create_dataset(key, std::span<const T>(values));
    };
    put("time", std::vector<double>{1000});
    put("begin", std::vector<std::uint64_t>{0, 2});
    put("source_node_id", std::vector<std::uint32_t>{3, 9});
    put("target_node_id", std::vector<std::uint32_t>{0, 4});
    put("weight", std::vector<float>{1, 2}).set_attribute("units", std::string_view("pA"));
  }
  file.close();
  return path;
}

TEST(InspectTask, TellsAccuracyAndConfusion) {
  const TemporaryFolder folder;
  const std::string text = inspect({trained(folder, {}), "--no-raster"});
  EXPECT_NE(text.find("60 training samples, 8 test samples, accuracy 75.00 %"), std::string::npos) << text;
  EXPECT_NE(text.find("true \\ voted   0   1 none   right\n"), std::string::npos) << text;
  EXPECT_NE(text.find("           1   1   2    1  50.0 %\n"), std::string::npos) << text;
  const auto json = inspect_json({folder.file("run.h5")});
  EXPECT_EQ(json["task"]["accuracy"], 0.75);
  EXPECT_EQ(json["task"]["confusion"], nlohmann::json::parse("[[4,0,0],[1,2,1]]"));
  EXPECT_TRUE(inspect_json({example(folder)})["task"].is_null());
}

TEST(InspectWeights, DrawsTheFieldsOfAProjection) {
  const TemporaryFolder folder;
  const std::string path = trained(folder, {"exc->inh"}), picture = folder.file("fields.png");
  const std::string text = inspect({path, "--no-raster", "--plot", "weights=" + picture});
  EXPECT_NE(text.find(picture), std::string::npos);
  EXPECT_EQ(test::content_of(picture).substr(1, 3), "PNG");
  expect_failure({path, "--plot", "weights=" + picture}, ErrorKind::usage, "exists");
  EXPECT_NO_THROW(inspect({path, "--no-raster", "--force", "--plot", "weights=" + picture}));
  expect_failure({path, "--plot", "weights=fields.jpg"}, ErrorKind::usage, "jpg");
  expect_failure({path, "--plot", "weights=" + folder.file("b.png"), "--projection", "exc"}, ErrorKind::usage,
                 "there are exc->inh");
  expect_failure({path, "--plot", folder.file("b.png"), "--projection", "exc->inh"}, ErrorKind::usage,
                 "needs --plot weights");
}

TEST(InspectWeights, AsksWhichAndTellsWhenThereAreNone) {
  const TemporaryFolder folder;
  const std::string fields = "weights=" + folder.file("fields.svg");
  expect_failure({trained(folder, {}), "--plot", fields}, ErrorKind::usage, "no weights were recorded");
  const std::string path = trained(folder, {"a", "b"});
  expect_failure({path, "--plot", fields}, ErrorKind::usage, "has weights of a, b; choose one");
  EXPECT_NO_THROW(inspect({path, "--no-raster", "--plot", fields, "--projection", "b"}));
  EXPECT_TRUE(std::filesystem::exists(folder.file("fields.svg")));
}

}  // namespace
}  // namespace synfire::cli
