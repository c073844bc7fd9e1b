// synfire events and synfire convert, on recordings made here and on genuine ones.
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "io/events/aedat2.hpp"
#include "io/hdf5.hpp"
#include "tests/io/event_lists.hpp"
#include "tests/io/files.hpp"
#include "tests/program/program.hpp"

namespace synfire::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
constexpr int usage = 2, input = 3;

const SensorInfo davis = camera(240, 180);

void write_recording(const std::string& path, const std::vector<Event>& events) {
  Aedat2Writer writer(path, "DAVIS240C");
  writer.write(events);
  writer.finish();
}

std::uint64_t header_bytes(const std::string& path) { return Aedat2Reader(path).data_offset(); }

Json summary(const Folder& folder, const std::string& file, Words more = {}) {
  Words words{"events", file, "--json"};
  words.insert(words.end(), more.begin(), more.end());
  const auto outcome = synfire(words, {.folder = folder.path()});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  return outcome.exit_code == 0 ? Json::parse(outcome.out) : Json();
}

void expect_refused(const Outcome& outcome, int exit_code, const std::string& says) {
  EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
  EXPECT_TRUE(outcome.err.starts_with("synfire: ")) << outcome.err;
  EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << outcome.err;
  EXPECT_NE(outcome.err.find(says), std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.out, "");
}

TEST(Events, JsonHoldsThePromisedKeys) {
  const Folder folder;
  const auto events = noise_events(5000, davis);
  write_recording(folder.file("a.aedat"), events);
  const Json json = summary(folder, "a.aedat");
  EXPECT_EQ(json.at("format"), "aedat2");
  EXPECT_EQ(json.at("events"), 5000);
  EXPECT_EQ(json.at("on"),
            std::count_if(events.begin(), events.end(), [](const Event& e) { return e.on == 1; }));
  EXPECT_EQ(json.at("width"), 240);
  EXPECT_EQ(json.at("height"), 180);
  EXPECT_EQ(json.at("t_first_us"), events.front().t_us);
  EXPECT_EQ(json.at("t_last_us"), events.back().t_us);
  for (const char* const key : {"x_min", "x_max", "y_min", "y_max"})
    EXPECT_TRUE(json.at(key).is_number_unsigned());
  EXPECT_EQ(json.at("out_of_order"), 0);
  EXPECT_EQ(json.at("lost"), 0);
}

TEST(Events, TextAndPictures) {
  const Folder folder;
  write_recording(folder.file("a.aedat"), noise_events(5000, davis));
  const auto outcome = synfire({"events", "a.aedat", "--plot", "a.png"}, {.folder = folder.path()});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  for (const char* const text : {"5000", "240 × 180", "hot", "gaps", "order"})
    EXPECT_NE(outcome.out.find(text), std::string::npos) << text;
  EXPECT_GT(fs::file_size(folder.path() / "a.png"), 1000U);
  const auto again = synfire({"events", "a.aedat", "--plot", "a.png"}, {.folder = folder.path()});
  expect_refused(again, usage, "--force");
  EXPECT_EQ(synfire({"events", "a.aedat", "--plot", "a.png", "-f"}, {.folder = folder.path()}).exit_code, 0);
}

TEST(Events, DamageIsAnErrorWithItsByteOrCountedAsLost) {
  const Folder folder;
  write_recording(folder.file("a.aedat"), noise_events(5000, davis));
  const auto header = header_bytes(folder.file("a.aedat"));
  {
    std::fstream file(folder.file("a.aedat"), std::ios::in | std::ios::out | std::ios::binary);
    for (const std::uint64_t event : {700U, 3000U}) {
      file.seekp(static_cast<std::streamoff>(header + 8 * event));
      file.write("\x7f\xff\xf0\x00", 4);  // far outside the sensor
    }
  }
  const auto refused = synfire({"events", "a.aedat", "--json"}, {.folder = folder.path()});
  expect_refused(refused, input, "byte " + std::to_string(header + 8 * 700));
  const Json json = summary(folder, "a.aedat", {"--lenient"});
  EXPECT_EQ(json.at("lost"), 2);
  EXPECT_EQ(json.at("events"), 4998);
  EXPECT_EQ(json.at("warnings").size(), 1U);
  const auto text = synfire({"events", "a.aedat", "--lenient"}, {.folder = folder.path()});
  EXPECT_NE(text.out.find("2 events"), std::string::npos) << text.out;
  EXPECT_NE(text.err.find("2 events"), std::string::npos) << text.err;
}

TEST(Events, CutAndForeignFiles) {
  const Folder folder;
  write_recording(folder.file("a.aedat"), noise_events(100, davis));
  const auto header = header_bytes(folder.file("a.aedat"));
  fs::resize_file(folder.path() / "a.aedat", header + 8 * 60 + 3);
  expect_refused(synfire({"events", "a.aedat"}, {.folder = folder.path()}), input,
                 "byte " + std::to_string(header + 8 * 60));
  EXPECT_EQ(summary(folder, "a.aedat", {"--lenient"}).at("events"), 60);
  folder.write("text", "This is no recording.\n");
  expect_refused(synfire({"events", "text"}, {.folder = folder.path()}), input, "supported format");
  folder.write("empty", "");
  expect_refused(synfire({"events", "empty"}, {.folder = folder.path()}), input, "empty");
  expect_refused(synfire({"events", "missing"}, {.folder = folder.path()}), input, "missing");
  expect_refused(synfire({"events", "."}, {.folder = folder.path()}), input, "directory");
}

TEST(Convert, FiltersInTheOrderOfTheCommandLine) {
  const Folder folder;
  write_recording(folder.file("a.aedat"), noise_events(5000, davis));
  const auto converted = [&](const std::string& to, Words filters) {
    Words words{"convert", "a.aedat", to};
    words.insert(words.end(), filters.begin(), filters.end());
    const auto outcome = synfire(words, {.folder = folder.path()});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return summary(folder, to);
  };
  // 240 x 180: half of it, then 20 x 10 of the half; or 20 x 10 of it, then half.
  const Json halved = converted("b.aedat", {"--downsample", "2", "--crop", "100,80,20,10"});
  EXPECT_LT(halved.at("x_max"), 20);
  const Json cropped = converted("c.aedat", {"--crop", "100,80,20,10", "--downsample", "2"});
  EXPECT_LT(cropped.at("x_max"), 10);
  EXPECT_GT(halved.at("events").get<int>(), 2 * cropped.at("events").get<int>());
  const Json twice = converted("d.aedat", {"--window", "1 ms:", "--window", ":2 ms", "--start-at-zero"});
  EXPECT_EQ(twice.at("t_first_us"), 0);
  EXPECT_LT(twice.at("t_last_us"), 1000);
}

TEST(Convert, DisorderIsRefusedSortedOrLeftOut) {
  const Folder folder;
  auto events = noise_events(5000, davis);
  events[3000].t_us -= 500;
  write_recording(folder.file("a.aedat"), events);
  const auto header = header_bytes(folder.file("a.aedat"));
  EXPECT_EQ(summary(folder, "a.aedat").at("out_of_order"), 1);
  const auto run = [&](Words more) {
    Words words{"convert", "a.aedat", "b.aedat", "--force"};
    words.insert(words.end(), more.begin(), more.end());
    return synfire(words, {.folder = folder.path()});
  };
  expect_refused(run({}), input, "byte " + std::to_string(header + 8 * 3000));
  EXPECT_EQ(folder.list(), Words{"a.aedat"});
  const auto lenient = run({"--lenient"});
  EXPECT_EQ(lenient.exit_code, 0);
  EXPECT_NE(lenient.out.find("1 lost"), std::string::npos) << lenient.out;
  EXPECT_EQ(summary(folder, "b.aedat").at("events"), 4999);
  EXPECT_EQ(run({"--sort"}).exit_code, 0);
  EXPECT_EQ(summary(folder, "b.aedat").at("events"), 5000);
  EXPECT_EQ(summary(folder, "b.aedat").at("out_of_order"), 0);
}

TEST(Convert, CommandLinesThatMeanNothing) {
  const Folder folder;
  write_recording(folder.file("a.aedat"), noise_events(100, davis));
  const auto refused = [&](Words more, const std::string& says) {
    Words words{"convert", "a.aedat"};
    words.insert(words.end(), more.begin(), more.end());
    expect_refused(synfire(words, {.folder = folder.path()}), usage, says);
    EXPECT_EQ(folder.list(), Words{"a.aedat"});
  };
  refused({"a.aedat"}, "--force");
  refused({"b.unknown"}, "aedat2");
  refused({"b.aedat", "--to", "aedat9"}, "aedat9");
  refused({"b.aedat", "--crop", "1,2,3"}, "X,Y,WIDTH,HEIGHT");
  refused({"b.aedat", "--crop", "230,0,20,20"}, "not inside");
  refused({"b.aedat", "--window", "5"}, "FROM:UNTIL");
  refused({"b.aedat", "--window", "5 mV:"}, "--window");
  refused({"b.aedat", "--polarity", "up"}, "merged");
  refused({"b.aedat", "--flip", "z"}, "xy");
  refused({"b.aedat", "--time-scale", "0"}, "above 0");
  refused({"b.aedat", "--downsample", "1.5"}, "whole number");
  refused({"b.aedat", "--refractory", "0.1 us"}, "whole number of µs");
  refused({"b.h5", "--frames", "vortex"}, "vortex");
  refused({"b.h5", "--frames", "count", "--tau", "1 ms"}, "time_surface");
  refused({"b.h5", "--bin", "1 ms"}, "--frames");
}

TEST(Convert, FramesGoToHdf5) {
  const Folder folder;
  write_recording(folder.file("a.aedat"), noise_events(5000, davis));
  const auto outcome = synfire({"convert", "a.aedat", "f.h5", "--frames", "time_surface", "--bin", "5 ms",
                                "--tau", "20 ms", "--downsample", "4"},
                               {.folder = folder.path()});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto frames = hdf5::File::open(folder.file("f.h5")).dataset("frames");
  EXPECT_EQ(frames.dimensions(), (std::vector<std::uint64_t>{5, 2, 45, 60}));
  EXPECT_EQ(frames.number_attribute("tau_us"), 20000);
}

// A recording of any length takes no more memory; here 160 MB of a file with a hole, whose zeros are off
// events.
TEST(Events, MemoryDoesNotGrowWithTheFile) {
  const Folder folder;
  write_recording(folder.file("a.aedat"), noise_events(100, davis));
  const auto measured = [&](std::uint64_t events) {
    const auto outcome = synfire({"events", "a.aedat", "--json"}, {.folder = folder.path()});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(Json::parse(outcome.out).at("events"), events);
    return outcome.peak_rss_kb;
  };
  const long before = measured(100);
  constexpr std::uint64_t events = 20000000;
  fs::resize_file(folder.path() / "a.aedat", header_bytes(folder.file("a.aedat")) + 8 * events);
  EXPECT_LT(measured(events), before + 20000);
}

TEST(Events, GenuineRecordingsGiveTheirFacts) {
  if (!have("dvs")) GTEST_SKIP() << "no genuine recordings here";
  const Folder folder;
  const Json raw = summary(folder, data_file("dvs/aedat2/dvs128_checkerboard_1.aedat"), {"--raw"});
  EXPECT_EQ(raw.at("events"), 63483);
  EXPECT_EQ(raw.at("on"), 20782);
  EXPECT_EQ(raw.at("t_first_us"), 166829147);
  EXPECT_EQ(raw.at("t_last_us"), 166904742);
  EXPECT_EQ(raw.at("x_max"), 126);
  EXPECT_EQ(summary(folder, data_file("dvs/aedat2/dvs128_checkerboard_1.aedat")).at("on"), 42701);
}

TEST(Events, SoundPassesThroughTheCochlea) {
  if (!have("fsdd")) GTEST_SKIP() << "no genuine recordings here";
  const Folder folder;
  const std::string wav = data_file("fsdd/recordings/3_nicolas_8.wav");
  const Json json = summary(folder, wav, {"--plot", "raster.png"});
  EXPECT_EQ(json.at("format"), "sound");
  EXPECT_EQ(json.at("width"), 700);
  EXPECT_EQ(json.at("label"), 3);
  EXPECT_EQ(json.at("channels").size(), 700U);
  EXPECT_NEAR(json.at("events").get<double>(), 4384, 0.05 * 4384)
      << "as others made of it with the same model";
  EXPECT_TRUE(fs::exists(folder.path() / "raster.png"));
}

}  // namespace
}  // namespace synfire::test
