#include "io/events/summary.hpp"

#include <limits>
#include <numeric>

#include <gtest/gtest.h>

#include "io/events/formats.hpp"
#include "io/events/picture.hpp"
#include "tests/io/event_lists.hpp"
#include "tests/io/files.hpp"

namespace synfire {
namespace {

using test::camera;
using test::noise_events;
using test::reader_of;

EventSummary summary_of(const std::vector<Event>& events, const SensorInfo& sensor) {
  return summarise(*reader_of(events, sensor));
}

SensorInfo cochlea(std::uint16_t channels) {
  SensorInfo info = camera(channels, 1);
  info.audio = true;
  return info;
}

std::uint64_t sum(const TimeHistogram& bins) {
  std::uint64_t total = 0;
  for (std::size_t b = 0; b < bins.bins(); ++b)
    for (std::size_t r = 0; r < bins.rows(); ++r) total += bins.count(b, r);
  return total;
}

TEST(Summary, OfAFewEvents) {
  const EventSummary s = summary_of(
      {{100, 3, 4, 1}, {150, 2, 9, 0}, {140, 7, 4, 1}, {160, 3, 4, 1}, {90, 3, 5, 0}}, camera(10, 10));
  EXPECT_EQ(s.events, 5U);
  EXPECT_EQ(s.on, 3U);
  EXPECT_EQ(s.t_first_us, 100);
  EXPECT_EQ(s.t_last_us, 90);
  EXPECT_EQ(s.t_min_us, 90);
  EXPECT_EQ(s.t_max_us, 160);
  EXPECT_EQ(s.out_of_order, 2U);
  EXPECT_EQ(s.x_min, 2);
  EXPECT_EQ(s.x_max, 7);
  EXPECT_EQ(s.y_min, 4);
  EXPECT_EQ(s.y_max, 9);
  EXPECT_EQ(s.active_pixels, 4U);
  EXPECT_EQ(s.median_of_active, 1);
  EXPECT_NEAR(s.duration_s(), 70e-6, 1e-12);
  EXPECT_NEAR(s.mean_rate_hz(), 5 / 70e-6, 1e-3);
  EXPECT_EQ(s.pixels.on[4 * 10 + 3], 2U);
  EXPECT_EQ(s.pixels.off[5 * 10 + 3], 1U);
}

TEST(Summary, OfNothing) {
  const EventSummary s = summary_of({}, camera(10, 10));
  EXPECT_EQ(s.events, 0U);
  EXPECT_EQ(s.mean_rate_hz(), 0);
  EXPECT_EQ(s.rate.bins(), 0U);
  EXPECT_TRUE(s.hot.empty());
  EXPECT_EQ(summary_of({{5, 0, 0, 1}}, camera(1, 1)).mean_rate_hz(), 0);
}

TEST(Summary, EveryCountAddsUp) {
  const auto events = noise_events(20000, camera(30, 20));
  const EventSummary s = summary_of(events, camera(30, 20));
  EXPECT_EQ(std::accumulate(s.pixels.on.begin(), s.pixels.on.end(), std::uint64_t(0)), s.on);
  EXPECT_EQ(std::accumulate(s.pixels.off.begin(), s.pixels.off.end(), std::uint64_t(0)), s.events - s.on);
  EXPECT_EQ(sum(s.rate), s.events);
  EXPECT_GT(s.rate.bins(), 2048U);
  EXPECT_LE(s.rate.bins(), 4096U);
  EXPECT_TRUE(s.hot.empty()) << "noise alike everywhere has no hot pixel";
}

TEST(Summary, PeaksAreTheBusiestWindows) {
  std::vector<Event> events;
  for (std::int64_t t = 0; t < 50000; t += 100) events.push_back({t, 0, 0, 1});
  for (int k = 0; k < 40; ++k) events.push_back({50000 + k, 0, 0, 1});
  for (std::int64_t t = 61000; t < 70000; t += 500) events.push_back({t, 0, 0, 1});
  const EventSummary s = summary_of(events, camera(1, 1));
  ASSERT_EQ(s.peaks.size(), 2U);
  EXPECT_EQ(s.peaks[0].window_us, 1000);
  EXPECT_EQ(s.peaks[0].start_us, 50000);
  EXPECT_EQ(s.peaks[0].events, 40U);
  EXPECT_EQ(s.peaks[1].window_us, 10000);
  EXPECT_EQ(s.peaks[1].start_us, 0);
  EXPECT_EQ(s.peaks[1].events, 100U);
}

TEST(Summary, GapsAreTheLongest) {
  std::vector<Event> events;
  std::int64_t t = -5000;
  for (int k = 0; k < 1000; ++k) {
    events.push_back({t, 0, 0, 1});
    t += k % 100 == 50 ? 1000 * (k / 100 + 1) : 10;
  }
  const EventSummary s = summary_of(events, camera(1, 1));
  ASSERT_EQ(s.gaps.size(), 5U);
  for (std::size_t k = 0; k < 5; ++k) EXPECT_EQ(s.gaps[k].length_us, 1000 * (10 - k));
  EXPECT_EQ(s.gaps[0].start_us, events[950].t_us);
  EXPECT_TRUE(summary_of(noise_events(1000, camera(3, 3)), camera(3, 3)).gaps.empty());
}

TEST(Summary, HotPixelsStandAlone) {
  const SensorInfo sensor = camera(30, 20);
  auto events = noise_events(6000, sensor);
  const auto add = [&](std::uint16_t x, std::uint16_t y, int count) {
    for (int k = 0; k < count; ++k) events.push_back({events.back().t_us + 1, x, y, 1});
  };
  add(17, 0, 400);
  add(29, 19, 300);
  for (std::uint16_t y = 5; y < 9; ++y)
    for (std::uint16_t x = 5; x < 9; ++x) add(x, y, 200);  // a lamp
  const EventSummary s = summary_of(events, sensor);
  ASSERT_EQ(s.hot.size(), 2U);
  EXPECT_EQ(s.hot[0].where, (Pixel{17, 0}));
  EXPECT_EQ(s.hot[1].where, (Pixel{29, 19}));
  EXPECT_GE(s.hot[0].events, 400U);
}

TEST(Summary, OfACochleaCountsChannels) {
  std::vector<Event> events;
  for (int k = 0; k < 700; ++k)
    for (int n = 0; n < k % 5; ++n) events.push_back({k * 1000, static_cast<std::uint16_t>(k), 0, 1});
  const EventSummary s = summary_of(events, cochlea(700));
  ASSERT_TRUE(s.raster);
  EXPECT_EQ(s.raster->rows(), 350U);
  EXPECT_EQ(s.channels_in_row, 2U);
  EXPECT_EQ(sum(*s.raster), s.events);
  for (std::size_t k = 0; k < 700; ++k) EXPECT_EQ(s.pixels.total(k), k % 5);
  const plot::Image image = raster_image(*s.raster);
  EXPECT_EQ(image.height, 350U);
  EXPECT_EQ(image.width, s.raster->bins());
}

TEST(Summary, MemoryIsBoundedForAnySensor) {
  const std::vector<Event> corners{{0, 0, 0, 1}, {1, 65534, 65534, 0}, {2, 65534, 0, 1}};
  const EventSummary s = summary_of(corners, camera(65535, 65535));
  EXPECT_EQ(s.pixels.side, 32U);
  EXPECT_LE(s.pixels.on.size(), std::size_t(1) << 22);
  EXPECT_EQ(s.pixels.on.front(), 1U);
  EXPECT_EQ(s.pixels.off.back(), 1U);
  EXPECT_EQ(s.active_pixels, 3U);
  EXPECT_EQ(summary_of({{0, 65534, 0, 1}}, cochlea(65535)).raster->rows(), 349U);
}

TEST(Summary, TimesAtTheEndsOf64Bits) {
  constexpr std::int64_t low = std::numeric_limits<std::int64_t>::min(), high = -(low + 1);
  const EventSummary s =
      summary_of({{low, 0, 0, 1}, {high, 0, 0, 0}, {low, 0, 0, 1}, {0, 0, 0, 1}}, camera(1, 1));
  EXPECT_EQ(s.out_of_order, 1U);
  EXPECT_EQ(sum(s.rate), 4U);
  EXPECT_LE(s.rate.bins(), 4096U);
  EXPECT_NEAR(s.duration_s(), 18446744073709.55, 1);
  EXPECT_EQ(s.gaps.size(), 0U) << "none is ten times the mean";
}

TEST(TimeHistogram, IsTheSameInAnyOrder) {
  auto events = noise_events(3000, camera(2, 2), -20000);
  const auto histogram = [&] {
    TimeHistogram bins(2, 64);
    for (const Event& e : events) bins.add(e.t_us, e.on);
    return bins;
  };
  const TimeHistogram forwards = histogram();
  std::reverse(events.begin(), events.end());
  const TimeHistogram backwards = histogram();
  EXPECT_LE(forwards.bins(), 64U);
  ASSERT_EQ(forwards.bins(), backwards.bins());
  EXPECT_EQ(forwards.width_us(), backwards.width_us());
  EXPECT_EQ(forwards.start_us(), backwards.start_us());
  for (std::size_t b = 0; b < forwards.bins(); ++b)
    for (std::size_t r = 0; r < 2; ++r) EXPECT_EQ(forwards.count(b, r), backwards.count(b, r));
}

TEST(EventPicture, ShowsWhereAndWhichEvents) {
  PixelCounts pixels{1, 3, 2, {5, 0, 0, 0, 0, 0}, {0, 0, 5, 0, 0, 0}};
  const plot::Image image = event_image(pixels);
  ASSERT_EQ(image.width, 3U);
  ASSERT_EQ(image.height, 2U);
  EXPECT_GT(image.pixels[0].blue, image.pixels[0].red) << "on is blue";
  EXPECT_GT(image.pixels[2].red, image.pixels[2].blue) << "off is orange";
  EXPECT_EQ(image.pixels[1].red, 1) << "paper";
  const plot::Image joined = event_image(pixels, 2);
  EXPECT_EQ(joined.width, 2U);
  EXPECT_EQ(joined.height, 1U);
  EXPECT_LT(joined.pixels[0].red, 1);
  EXPECT_LT(joined.pixels[1].blue, 1);
}

TEST(EventPicture, IsDrawnForCamerasCochleasAndNothing) {
  const test::TemporaryFolder folder;
  const auto drawn = [&](const std::string& name, const EventSummary& summary) {
    draw_summary(folder.file(name), summary, "title", false);
    return test::content_of(folder.file(name));
  };
  const std::string seen =
      drawn("camera.svg", summary_of(noise_events(2000, camera(30, 20)), camera(30, 20)));
  EXPECT_NE(seen.find("</svg>"), std::string::npos);
  const std::string heard = drawn("cochlea.svg", summary_of({{0, 5, 0, 1}, {90, 600, 0, 1}}, cochlea(700)));
  EXPECT_NE(heard.find("</svg>"), std::string::npos);
  EXPECT_NE(drawn("none.png", summary_of({}, camera(0, 0))), "");
  EXPECT_NE(drawn("silence.png", summary_of({}, cochlea(700))), "");
  EXPECT_NE(drawn("line.png", summary_of({{0, 65534, 0, 1}}, camera(65535, 1))), "");
}

TEST(Summary, OfAGenuineRecording) {
  const char* const name = "dvs/aedat2/davis240c_IMU_translBoxes.aedat";
  if (!test::have(name)) GTEST_SKIP() << "no genuine recordings here";
  const auto reader = open_events(test::data_file(name), {.view = EventView::raw});
  const EventSummary s = summarise(*reader);
  EXPECT_EQ(s.events, 162771U);
  EXPECT_EQ(s.on, 82944U);
  EXPECT_EQ(s.t_first_us, 294976755);
  EXPECT_EQ(s.t_last_us, 297049406);
  EXPECT_EQ(s.x_max, 239);
  EXPECT_EQ(s.y_max, 179);
  EXPECT_EQ(s.out_of_order, 0U);
  EXPECT_EQ(s.lost, 0U);
}

}  // namespace
}  // namespace synfire
