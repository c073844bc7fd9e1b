// A spiking sampling network as a user has it: it learns to give recordings back from a part of their events,
// and `synfire events --compress-with` keeps this part.
#include <algorithm>
#include <filesystem>
#include <set>
#include <tuple>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "io/events/formats.hpp"
#include "io/hdf5.hpp"
#include "tests/io/event_lists.hpp"
#include "tests/program/program.hpp"

namespace synfire::test {
namespace {

namespace fs = std::filesystem;
constexpr int usage = 2, input = 3;
constexpr std::size_t side = 12, steps = 4;

// A fifth of 288 places in each step: 58.
constexpr const char* network = R"(synfire: 1
seed: 3
dataset: {path: set}
simulation: {dt: 1 ms}
layers:
  - input: events
  - conv: {channels: 4, padding: 1}
  - lif
  - conv: {channels: 2, padding: 1}
  - {sample: {fraction: 0.2, mask: step}, name: mask}
  - {multiply: , from: [mask, input1]}
  - conv: {channels: 4, padding: 1}
  - relu
  - conv: {channels: 2, padding: 1}
training: {epochs: 3, batch: 4, steps: 4, validation: 2, loss: reconstruction, optimiser: {adam: {learning_rate: 1e-2}}}
)";
constexpr std::size_t kept_places = 58;

void write_recording(const fs::path& path, const std::vector<Event>& events) {
  fs::create_directories(path.parent_path());
  const auto writer = format_to_write(path.string()).create(path.string(), {.width = side, .height = side});
  writer->write(events);
  writer->finish();
}

std::vector<Event> events_of(const std::string& path) {
  std::vector<Event> all, block(1000);
  const auto reader = open_events(path);
  for (std::size_t n = reader->read(block); n > 0; n = reader->read(block))
    all.insert(all.end(), block.begin(), block.begin() + std::ptrdiff_t(n));
  return all;
}

// Two classes of noise, and the network, trained.
void prepare(const Folder& folder, const Words& settings = {}) {
  folder.write("net.yaml", network);
  for (std::uint32_t k = 0; k < 12; ++k)
    write_recording(folder.path() / fmt::format("set/{}/{}/{}.es", k < 8 ? "train" : "test", k % 2, k),
                    noise_events(600, camera(side, side), 100 + k));
  Words words = {"train", "net.yaml", "-q"};
  words.insert(words.end(), settings.begin(), settings.end());
  const auto trained = synfire(words, {.folder = folder.path()});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
}

Outcome compress(const Folder& folder, const std::string& from, const std::string& to,
                 const Words& more = {}) {
  Words words = {"events", from, "--compress-with", "net.h5", "--output", to};
  words.insert(words.end(), more.begin(), more.end());
  return synfire(words, {.folder = folder.path()});
}

bool is_part_of(const std::vector<Event>& part, const std::vector<Event>& all) {
  auto at = all.begin();
  for (const Event& event : part) {
    at = std::find(at, all.end(), event);
    if (at == all.end()) return false;
    ++at;
  }
  return true;
}

// The places of the events in each part of [from, from + span).
std::vector<std::set<std::tuple<int, int, int>>> places(const std::vector<Event>& events, std::int64_t from,
                                                        std::int64_t span) {
  std::vector<std::set<std::tuple<int, int, int>>> found(steps);
  for (const Event& event : events)
    if (event.t_us >= from && event.t_us < from + span)
      found[std::size_t((event.t_us - from) * std::int64_t(steps) / span)].insert(
          {event.x, event.y, event.on});
  return found;
}

TEST(Sampling, LearnsToGiveSamplesBack) {
  const Folder folder;
  prepare(folder);
  const hdf5::Group training = hdf5::File::open(folder.file("net.h5")).group("synfire/training");
  const auto loss = training.group("epochs").dataset("validation_loss").read<double>();
  EXPECT_LT(loss.back(), loss.front());
  const auto judged = synfire({"eval", "net.h5"}, {.folder = folder.path()});
  EXPECT_EQ(judged.exit_code, 0) << judged.err;
  EXPECT_NE(judged.out.find("reconstruction of 4 test samples: mean squared error"), std::string::npos)
      << judged.out;
  EXPECT_EQ(judged.out.find("accuracy"), std::string::npos) << judged.out;
  const auto shown = synfire({"inspect", "net.h5", "--plot", "all.png"}, {.folder = folder.path()});
  EXPECT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_EQ(shown.out.find("nan"), std::string::npos) << shown.out;
  const auto said = synfire({"predict", "net.h5", "-o", "said.csv"}, {.folder = folder.path()});
  EXPECT_EQ(said.exit_code, usage);
  EXPECT_NE(said.err.find("predicts no classes"), std::string::npos) << said.err;
  const auto run = synfire({"run", "net.h5", "-o", "run.h5"}, {.folder = folder.path()});
  EXPECT_EQ(run.exit_code, input);
  EXPECT_NE(run.err.find("loss of training (reconstruction)"), std::string::npos) << run.err;
}

TEST(Sampling, KeepsEventsOfAsManyPlacesAsTheMaskHas) {
  const Folder folder;
  prepare(folder);
  const auto done = compress(folder, "set/test/0/8.es", "small.es", {"--json"});
  ASSERT_EQ(done.exit_code, 0) << done.err;
  const auto all = events_of(folder.file("set/test/0/8.es")), part = events_of(folder.file("small.es"));
  const auto report = nlohmann::json::parse(done.out);
  EXPECT_EQ(report["events"], all.size());
  EXPECT_EQ(report["kept"], part.size());
  EXPECT_EQ(report["bytes_before"], fs::file_size(folder.path() / "set/test/0/8.es"));
  EXPECT_EQ(report["bytes_after"], fs::file_size(folder.path() / "small.es"));
  EXPECT_LT(part.size(), all.size() / 2);
  EXPECT_GT(part.size(), 0u);
  EXPECT_TRUE(is_part_of(part, all));
  const std::int64_t from = all.front().t_us, span = all.back().t_us - from + 1;
  const auto kept = places(part, from, span), before = places(all, from, span);
  std::set<std::tuple<int, int, int>> chosen;
  for (std::size_t t = 0; t < steps; ++t) EXPECT_LE(kept[t].size(), kept_places) << t;
  // A place is kept with all of its events in that part of the time, or with none.
  std::size_t whole = 0;
  for (const Event& event : all) {
    const auto t = std::size_t((event.t_us - from) * std::int64_t(steps) / span);
    whole += kept[t].contains({event.x, event.y, event.on}) ? 1 : 0;
  }
  EXPECT_EQ(whole, part.size());

  ASSERT_EQ(compress(folder, "set/test/0/8.es", "again.es").exit_code, 0);
  EXPECT_EQ(folder.content("again.es"), folder.content("small.es"));
}

// Each stretch of the network's span is looked at by itself, as if it were a recording.
TEST(Sampling, LongRecordingsAreSampledStretchByStretch) {
  const Folder folder;
  prepare(folder, {"--set", "layers[0].input={time: events, span: 2 ms}"});
  const auto all = noise_events(4000, camera(side, side), 5);
  write_recording(folder.path() / "long.es", all);
  ASSERT_EQ(compress(folder, "long.es", "small.es").exit_code, 0);
  const auto part = events_of(folder.file("small.es"));
  EXPECT_TRUE(is_part_of(part, all));
  const std::int64_t first = all.front().t_us, span = 2000;
  ASSERT_GT(all.back().t_us - first, 3 * span) << "several stretches";
  std::vector<Event> joined;
  for (std::int64_t from = first; from <= all.back().t_us; from += span) {
    std::vector<Event> stretch;
    for (const Event& event : all)
      if (event.t_us >= from && event.t_us < from + span) stretch.push_back(event);
    for (const auto& in_step : places(part, from, span)) EXPECT_LE(in_step.size(), kept_places);
    if (stretch.empty() || stretch.front().t_us != from) continue;  // else it would begin at another time
    write_recording(folder.path() / "one.es", stretch);
    ASSERT_EQ(compress(folder, "one.es", "one-small.es", {"--force"}).exit_code, 0);
    for (const Event& event : events_of(folder.file("one-small.es"))) joined.push_back(event);
  }
  EXPECT_FALSE(joined.empty());
  EXPECT_TRUE(is_part_of(joined, part));
}

TEST(Sampling, AFolderKeepsItsLabels) {
  const Folder folder;
  prepare(folder);
  const auto done = compress(folder, "set", "small", {"--json"});
  ASSERT_EQ(done.exit_code, 0) << done.err;
  EXPECT_EQ(nlohmann::json::parse(done.out)["recordings"], 12);
  for (std::uint32_t k = 0; k < 12; ++k) {
    const std::string name = fmt::format("{}/{}/{}.es", k < 8 ? "train" : "test", k % 2, k);
    EXPECT_TRUE(is_part_of(events_of(folder.file("small/" + name)), events_of(folder.file("set/" + name))))
        << name;
  }
  const auto trained = synfire({"train", "net.yaml", "-q", "-o", "b.h5", "--set", "dataset.path=small"},
                               {.folder = folder.path()});
  EXPECT_EQ(trained.exit_code, 0) << trained.err;
  const auto again = compress(folder, "set", "small");
  EXPECT_EQ(again.exit_code, usage);
  EXPECT_NE(again.err.find("small: exists"), std::string::npos) << again.err;
}

TEST(Sampling, WhatCannotBeIsRefused) {
  const Folder folder;
  prepare(folder);
  const auto expect = [&](const Outcome& outcome, int code, const std::string& says) {
    EXPECT_EQ(outcome.exit_code, code) << outcome.err;
    EXPECT_NE(outcome.err.find(says), std::string::npos) << outcome.err << "\nexpected: " << says;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  };
  const std::string recording = "set/test/0/8.es";
  expect(compress(folder, recording, recording, {"--force"}), usage, "is an input");
  expect(compress(folder, recording, "net.h5", {"--force"}), usage, "is an input");
  ASSERT_EQ(compress(folder, recording, "small.es").exit_code, 0);
  expect(compress(folder, recording, "small.es"), usage, "small.es: exists");
  write_recording(folder.path() / "wide.es", {});
  expect(compress(folder, "gone.es", "b.es"), input, "gone.es");
  EXPECT_EQ(compress(folder, "wide.es", "empty.es").exit_code, 0) << "no events, none kept";
  expect(synfire({"events", recording, "--compress-with", "net.h5"}, {.folder = folder.path()}), usage,
         "--output");
  expect(
      synfire({"events", recording, "--compress-with", "net.yaml", "-o", "b.es"}, {.folder = folder.path()}),
      input, "net.yaml");
  const auto plain = synfire({"train", "net.yaml", "-q", "-o", "net.h5", "--force", "--set",
                              "layers=[{input: events}, {conv: {channels: 2, padding: 1}}]"},
                             {.folder = folder.path()});
  ASSERT_EQ(plain.exit_code, 0) << plain.err;
  expect(compress(folder, recording, "b.es"), input, "none of them is a `sample`");
  const auto wrong =
      synfire({"train", "net.yaml", "-q", "-o", "c.h5", "--set", "layers=[{input: events}, {dense: 10}]"},
              {.folder = folder.path()});
  expect(wrong, input, "which a reconstruction gives back");
}

}  // namespace
}  // namespace synfire::test
