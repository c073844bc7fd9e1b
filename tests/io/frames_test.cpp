#include "io/events/frames.hpp"

#include <cmath>
#include <limits>
#include <numeric>

#include <gtest/gtest.h>

#include "tests/io/event_lists.hpp"
#include "tests/io/files.hpp"

namespace synfire {
namespace {

using test::camera;
using test::error_of;
using test::noise_events;

constexpr Extent sensor{6, 4};
using Frames = std::vector<std::vector<float>>;

Frames frames_of(const std::vector<Event>& events, const FrameOptions& options, std::size_t at_once = 100) {
  Frames frames;
  FrameBuilder builder(options, sensor,
                       [&](std::span<const float> f) { frames.emplace_back(f.begin(), f.end()); });
  for (std::size_t i = 0; i < events.size(); i += at_once)
    builder.add(std::span(events).subspan(i, std::min(at_once, events.size() - i)));
  builder.finish();
  EXPECT_EQ(builder.frames(), frames.size());
  return frames;
}

std::size_t cell(std::size_t plane, std::size_t x, std::size_t y) {
  return (plane * sensor.height + y) * sensor.width + x;
}

double total(const Frames& frames) {
  double sum = 0;
  for (const auto& frame : frames) sum = std::accumulate(frame.begin(), frame.end(), sum);
  return sum;
}

TEST(Frames, CountsAreOfTheBins) {
  const std::vector<Event> events{{1000, 0, 0, 1}, {1099, 0, 0, 1}, {1100, 5, 3, 0}, {1350, 0, 0, 0}};
  const Frames frames = frames_of(events, {.kind = FrameKind::count, .bin_us = 100});
  ASSERT_EQ(frames.size(), 4U);
  for (const auto& frame : frames) EXPECT_EQ(frame.size(), 2U * 6 * 4);
  EXPECT_EQ(frames[0][cell(1, 0, 0)], 2);
  EXPECT_EQ(frames[1][cell(0, 5, 3)], 1);
  EXPECT_EQ(std::accumulate(frames[2].begin(), frames[2].end(), 0.0F), 0);
  EXPECT_EQ(frames[3][cell(0, 0, 0)], 1);
  EXPECT_EQ(total(frames), 4);
}

TEST(Frames, CountsAddUpForAnyBin) {
  const auto events = noise_events(3000, camera(6, 4));
  for (const std::int64_t bin : {1, 10, 333, 100000})
    EXPECT_EQ(total(frames_of(events, {.kind = FrameKind::count, .bin_us = bin})), 3000);
}

TEST(Frames, BlocksOfAnySizeGiveTheSame) {
  const auto events = noise_events(2000, camera(6, 4));
  for (const FrameKind kind : {FrameKind::count, FrameKind::time_surface, FrameKind::voxel}) {
    const FrameOptions options{.kind = kind, .bin_us = 700, .tau_us = 500};
    EXPECT_EQ(frames_of(events, options, 1), frames_of(events, options, 2000));
  }
}

TEST(Frames, TimeSurfaceDecaysFromTheLastEvent) {
  const std::vector<Event> events{{50, 1, 2, 1}, {80, 1, 2, 1}, {90, 3, 3, 0}, {250, 0, 0, 1}};
  const Frames frames = frames_of(events, {.kind = FrameKind::time_surface, .bin_us = 100, .tau_us = 40});
  ASSERT_EQ(frames.size(), 3U);
  for (std::size_t k = 0; k < 3; ++k) {
    const double end = 50 + 100.0 * double(k + 1);
    EXPECT_FLOAT_EQ(frames[k][cell(1, 1, 2)], float(std::exp((80 - end) / 40)));
    EXPECT_FLOAT_EQ(frames[k][cell(0, 3, 3)], float(std::exp((90 - end) / 40)));
    EXPECT_EQ(frames[k][cell(0, 1, 2)], 0) << "no off event there";
  }
  EXPECT_FLOAT_EQ(frames[2][cell(1, 0, 0)], float(std::exp(-100.0 / 40)));
}

TEST(Frames, VoxelsShareAnEventBetweenTwoFrames) {
  const std::vector<Event> events{{0, 0, 0, 1}, {25, 1, 0, 1}, {150, 2, 0, 0}};
  const Frames frames = frames_of(events, {.kind = FrameKind::voxel, .bin_us = 100});
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[0].size(), 24U);
  EXPECT_EQ(frames[0][0], 1);
  EXPECT_FLOAT_EQ(frames[0][1], 0.75F);
  EXPECT_FLOAT_EQ(frames[1][1], 0.25F);
  EXPECT_FLOAT_EQ(frames[1][2], -0.5F);
  EXPECT_FLOAT_EQ(frames[2][2], -0.5F);
}

TEST(Frames, VoxelsSumToTheSignedCount) {
  const auto events = noise_events(3000, camera(6, 4));
  double signed_count = 0;
  for (const Event& e : events) signed_count += e.on != 0 ? 1 : -1;
  for (const std::int64_t bin : {7, 1000, 12345})
    EXPECT_NEAR(total(frames_of(events, {.kind = FrameKind::voxel, .bin_us = bin})), signed_count, 1e-2);
}

// The formula of Zhu et al. for B frames over the whole recording.
TEST(Frames, VoxelsAreThoseOfThePaper) {
  auto events = noise_events(500, camera(6, 4));
  constexpr int bins = 5;
  events.back().t_us = events.front().t_us + 4000;
  std::erase_if(events, [&](const Event& e) { return e.t_us > events.back().t_us; });
  const Frames frames = frames_of(events, {.kind = FrameKind::voxel, .bin_us = 1000});
  ASSERT_EQ(frames.size(), std::size_t(bins) + 1) << "the last is empty: its only event lies at its begin";
  std::vector<std::vector<double>> expected(bins, std::vector<double>(24));
  for (const Event& e : events) {
    const double at =
        (bins - 1) * double(e.t_us - events.front().t_us) / double(events.back().t_us - events.front().t_us);
    for (int b = 0; b < bins; ++b)
      expected[std::size_t(b)][cell(0, e.x, e.y)] +=
          (e.on != 0 ? 1 : -1) * std::max(0.0, 1 - std::abs(b - at));
  }
  for (std::size_t b = 0; b < bins; ++b)
    for (std::size_t i = 0; i < 24; ++i) EXPECT_NEAR(double(frames[b][i]), expected[b][i], 1e-4);
}

TEST(Frames, NoEventsMakeNoFrame) { EXPECT_TRUE(frames_of({}, {}).empty()); }

TEST(Frames, NonsenseIsRefused) {
  const auto refused = [](const FrameOptions& options, Extent extent) {
    return error_of([&] { FrameBuilder(options, extent, {}); });
  };
  EXPECT_NE(refused({.bin_us = 0}, sensor), "");
  EXPECT_NE(refused({.kind = FrameKind::time_surface, .tau_us = 0}, sensor), "");
  EXPECT_NE(refused({}, {0, 4}), "");
  EXPECT_NE(refused({}, {65535, 65535}), "");
  EXPECT_NE(error_of([] { frames_of({{10, 0, 0, 1}, {9, 0, 0, 1}}, {}); }), "");
  constexpr std::int64_t low = std::numeric_limits<std::int64_t>::min(), high = -(low + 1);
  EXPECT_NE(error_of([&] { frames_of({{low, 0, 0, 1}, {high, 0, 0, 1}}, {.bin_us = 1}); }), "");
}

TEST(FrameFile, HoldsTheFrames) {
  const test::TemporaryFolder folder;
  const auto events = noise_events(500, camera(6, 4));
  const FrameOptions options{.kind = FrameKind::count, .bin_us = 300};
  const Frames frames = frames_of(events, options);
  {
    FrameFile file(folder.file("frames.h5"), options, sensor);
    file.write(events);
    EXPECT_FALSE(std::filesystem::exists(folder.file("frames.h5"))) << "not before it is whole";
    file.finish();
  }
  const hdf5::File file = hdf5::File::open(folder.file("frames.h5"));
  const hdf5::Dataset stored = file.dataset("frames");
  EXPECT_EQ(stored.dimensions(), (std::vector<std::uint64_t>{frames.size(), 2, 4, 6}));
  EXPECT_EQ(stored.text_attribute("kind"), "count");
  EXPECT_EQ(stored.integer_attribute("bin_us"), 300);
  EXPECT_EQ(stored.integer_attribute("start_us"), 1000);
  const auto values = stored.read<float>();
  std::vector<float> wanted;
  for (const auto& frame : frames) wanted.insert(wanted.end(), frame.begin(), frame.end());
  EXPECT_EQ(values, wanted);
}

TEST(FrameFile, LeavesNothingWhenItIsNotFinished) {
  const test::TemporaryFolder folder;
  {
    FrameFile file(folder.file("frames.h5"), {}, sensor);
    file.write(noise_events(500, camera(6, 4)));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace synfire
