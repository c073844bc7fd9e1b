#include "io/events/convert.hpp"

#include <gtest/gtest.h>

#include "io/events/formats.hpp"
#include "tests/io/event_lists.hpp"
#include "tests/io/files.hpp"

namespace synfire {
namespace {

using test::camera;
using test::error_of;
using test::noise_events;
using test::read_all;
using test::reader_of;
using test::TemporaryFolder;

const SensorInfo sensor = camera(128, 128);

Conversion conversion(const TemporaryFolder& folder, const std::vector<Event>& events,
                      const std::string& output) {
  Conversion c;
  c.input = "list";
  c.open = [events] { return reader_of(events, sensor); };
  c.output = folder.file(output);
  return c;
}

std::vector<Event> events_of(const std::string& path) { return read_all(*open_events(path)); }

std::vector<Event> disordered(std::size_t count) {
  auto events = noise_events(count, sensor);
  std::mt19937 random(3);
  for (std::size_t i = 0; i + 50 < events.size(); i += 50)
    std::swap(events[i + random() % 50].t_us, events[i + random() % 50].t_us);
  return events;
}

TEST(Convert, KeepsEveryEvent) {
  const TemporaryFolder folder;
  const auto events = noise_events(40000, sensor);
  const auto report = convert_events(conversion(folder, events, "new.aedat"));
  EXPECT_EQ(events_of(folder.file("new.aedat")), events);
  EXPECT_EQ(report.written, events.size());
  EXPECT_EQ(report.dropped + report.lost, 0U);
  EXPECT_EQ(report.format, "aedat2");
}

TEST(Convert, ReportsWhatFiltersDrop) {
  const TemporaryFolder folder;
  const auto events = noise_events(5000, sensor);
  Conversion c = conversion(folder, events, "new.aedat");
  c.steps = {EventFilter(Polarity{Polarity::Keep::on}), EventFilter(Crop{0, 0, 64, 32})};
  const auto report = convert_events(c);
  const auto kept = events_of(c.output);
  EXPECT_EQ(report.written, kept.size());
  EXPECT_EQ(report.written + report.dropped, events.size());
  EXPECT_EQ(report.extent, (Extent{64, 32}));
}

TEST(Convert, RefusesDisorderAtItsByteAndLeavesNothing) {
  const TemporaryFolder folder;
  auto events = noise_events(40000, sensor);
  events[30000].t_us = events[29999].t_us - 1;
  const std::string message = error_of([&] { convert_events(conversion(folder, events, "new.aedat")); });
  EXPECT_NE(message.find("byte " + std::to_string(100 + 10 * 30000)), std::string::npos) << message;
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Convert, LenientLeavesLateEventsOut) {
  const TemporaryFolder folder;
  const auto events = disordered(20000);
  Conversion c = conversion(folder, events, "new.aedat");
  c.options.lenient = true;
  const auto report = convert_events(c);
  const auto kept = events_of(c.output);
  EXPECT_GT(report.lost, 0U);
  EXPECT_EQ(report.written + report.lost, events.size());
  EXPECT_EQ(kept.size(), report.written);
  EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end(),
                             [](const Event& a, const Event& b) { return a.t_us < b.t_us; }));
  ASSERT_EQ(report.warnings.size(), 1U);
  EXPECT_NE(report.warnings[0].find(std::to_string(report.lost)), std::string::npos);
}

TEST(Convert, SortsAllEvents) {
  const TemporaryFolder folder;
  auto events = disordered(20000);
  Conversion c = conversion(folder, events, "new.aedat");
  c.sort = true;
  EXPECT_EQ(convert_events(c).lost, 0U);
  std::stable_sort(events.begin(), events.end(),
                   [](const Event& a, const Event& b) { return a.t_us < b.t_us; });
  EXPECT_EQ(events_of(c.output), events);
}

TEST(SortedReader, SpillsWhatMemoryDoesNotHold) {
  auto events = disordered(20000);
  std::reverse(events.begin() + 5000, events.end());
  SortedReader few(reader_of(events, sensor), 999), many(reader_of(events, sensor));
  const auto sorted = read_all(few);
  EXPECT_EQ(sorted, read_all(many, 3));
  std::stable_sort(events.begin(), events.end(),
                   [](const Event& a, const Event& b) { return a.t_us < b.t_us; });
  EXPECT_EQ(sorted, events) << "events of one time keep their order";
  SortedReader nothing(reader_of({}, sensor), 10);
  EXPECT_TRUE(read_all(nothing).empty());
  SortedReader exact(reader_of({events.begin(), events.begin() + 30}, sensor), 10);
  EXPECT_EQ(read_all(exact).size(), 30U);
}

TEST(Convert, DropsHotPixels) {
  const TemporaryFolder folder;
  auto events = noise_events(60000, sensor);
  for (int k = 0; k < 500; ++k) events.push_back({events.back().t_us, 77, 55, 1});
  Conversion c = conversion(folder, events, "new.aedat");
  c.steps = {EventFilter(Crop{64, 32, 64, 64}), std::nullopt};
  const auto report = convert_events(c);
  EXPECT_EQ(report.hot_pixels, 1U);
  for (const Event& e : events_of(c.output)) EXPECT_FALSE(e.x == 77 - 64 && e.y == 55 - 32);
}

TEST(Convert, MakesFrames) {
  const TemporaryFolder folder;
  const auto events = noise_events(5000, sensor);
  Conversion c = conversion(folder, events, "new.h5");
  c.steps = {EventFilter(Downsample{16})};
  c.frames = FrameOptions{.kind = FrameKind::count, .bin_us = 1000};
  const auto report = convert_events(c);
  const auto values = hdf5::File::open(c.output).dataset("frames").read<float>();
  EXPECT_EQ(values.size(), report.frames * 2 * 8 * 8);
  double total = 0;
  for (const float v : values) total += double(v);
  EXPECT_EQ(total, 5000);
}

TEST(Convert, RefusesWhatIsNoOutput) {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& output, auto change) {
    Conversion c = conversion(folder, noise_events(10, sensor), output);
    change(c);
    return error_of([&] { convert_events(c); });
  };
  const auto nothing = [](Conversion&) {};
  folder.write("there.aedat", "x");
  EXPECT_NE(refused("there.aedat", nothing).find("exists"), std::string::npos);
  EXPECT_EQ(refused("there.aedat", [](Conversion& c) { c.overwrite = true; }), "");
  EXPECT_NE(refused("new.unknown", nothing), "");
  EXPECT_EQ(refused("new.unknown", [](Conversion& c) { c.format = "aedat2"; }), "");
  EXPECT_NE(refused("new.aedat", [](Conversion& c) { c.frames = FrameOptions{}; }), "");
  EXPECT_NE(refused("new.h5",
                    [](Conversion& c) {
                      c.frames = FrameOptions{};
                      c.format = "aedat2";
                    }),
            "");
  EXPECT_NE(refused("no/such/folder/new.aedat", nothing), "");
}

}  // namespace
}  // namespace synfire
