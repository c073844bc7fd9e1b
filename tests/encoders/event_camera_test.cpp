#include "encoders/event_camera.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "core/error.hpp"

namespace synfire {
namespace {

using Events = std::vector<CameraEvent>;

/// Without noise, mismatch and refractory period, and so dark that log(I + dark) is log(I).
EventCamera::Parameters ideal(double threshold) {
  return {.threshold_on = threshold,
          .threshold_off = threshold,
          .mismatch = 0,
          .refractory = 0,
          .noise_rate = 0,
          .dark = 1e-12};
}

/// The events of one pixel that shows `log_intensities` one millisecond apart.
Events one_pixel(const EventCamera::Parameters& parameters, const std::vector<double>& log_intensities) {
  EventCamera camera(1, 1, parameters, RandomKey(1, "camera"));
  Events events;
  std::int64_t t_us = 0;
  for (const double level : log_intensities) {
    const double intensity = std::exp(level);
    camera.frame(t_us, {&intensity, 1}, events);
    t_us += 1000;
  }
  return events;
}

std::vector<double> ramp(double slope_per_ms, int ms) {
  std::vector<double> levels;
  for (int t = 0; t <= ms; ++t) levels.push_back(slope_per_ms * t);
  return levels;
}

/// A disc that goes across 16 x 16 pixels within `ms`, frames 1 ms apart.
Events moving_disc(EventCamera& camera, int ms = 20) {
  Picture disc{5, 5, std::vector<double>(25, 0.0)};
  for (int y = 0; y < 5; ++y)
    for (int x = 0; x < 5; ++x)
      if (std::hypot(x - 2, y - 2) <= 2.1) disc.intensity[std::size_t(y * 5 + x)] = 200;
  Events events;
  for (int t = 0; t <= ms; ++t) {
    std::vector<double> canvas(256, 20.0);
    add_shifted(disc, 10.0 * t / ms, 4, canvas, 16);
    camera.frame(t * 1000, canvas, events);
  }
  return events;
}

TEST(EventCamera, StillPictureIsSilent) {
  EventCamera camera(8, 4, {.noise_rate = 0}, RandomKey(1, "camera"));
  std::vector<double> picture(32);
  for (std::size_t i = 0; i < picture.size(); ++i) picture[i] = double(i);
  Events events;
  for (int t = 0; t < 50; ++t) camera.frame(t * 1000, picture, events);
  EXPECT_TRUE(events.empty());
}

class ContrastStep : public testing::TestWithParam<double> {};
INSTANTIATE_TEST_SUITE_P(Steps, ContrastStep,
                         testing::Values(-3.95, -1.01, -0.31, -0.29, 0.0, 0.29, 0.31, 0.59, 0.61, 1.7, 4.45));

TEST_P(ContrastStep, GivesOneEventPerThreshold) {
  const double step = GetParam();
  const Events events = one_pixel(ideal(0.3), {0.5, 0.5 + step});
  EXPECT_EQ(events.size(), std::size_t(std::floor(std::abs(step) / 0.3)));
  for (const CameraEvent& event : events) EXPECT_EQ(event.on, step > 0);
}

TEST_P(ContrastStep, CountDoesNotDependOnTheNumberOfFrames) {
  const double step = GetParam();
  std::vector<double> slowly;
  for (int i = 0; i <= 37; ++i) slowly.push_back(0.5 + step * i / 37);
  EXPECT_EQ(one_pixel(ideal(0.3), slowly).size(), std::size_t(std::floor(std::abs(step) / 0.3)));
}

TEST(EventCamera, OnAndOffHaveThresholdsOfTheirOwn) {
  EventCamera::Parameters parameters = ideal(0.2);
  parameters.threshold_off = 0.5;
  const Events events = one_pixel(parameters, {0, 1.1, 0});
  EXPECT_EQ(std::count_if(events.begin(), events.end(), [](auto& e) { return e.on; }), 5);
  // Up to 1.0 the pixel remembers 0.2 k; down from there 0.5, 0.0.
  EXPECT_EQ(std::count_if(events.begin(), events.end(), [](auto& e) { return !e.on; }), 2);
}

TEST(EventCamera, CrossingTimesLieOnTheLineBetweenFrames) {
  const Events events = one_pixel(ideal(0.3), {0, 1});  // crosses 0.3, 0.6, 0.9 of a millisecond
  ASSERT_EQ(events.size(), 3u);
  for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(double(events[k].t_us), 300.0 * double(k + 1), 1.0);
}

TEST(EventCamera, RefractoryPeriodStretchesTheIntervals) {
  EventCamera::Parameters parameters = ideal(0.3);
  parameters.refractory = 2.5;
  // At slope s events come every theta/s + refractory: the level is taken anew when the pixel hears again.
  const Events events = one_pixel(parameters, ramp(0.1, 200));
  ASSERT_EQ(events.size(), 36u);  // first after 3 ms, then every 5.5 ms
  EXPECT_NEAR(double(events[0].t_us), 3000, 1.5);
  for (std::size_t k = 1; k < events.size(); ++k)
    EXPECT_NEAR(double(events[k].t_us - events[k - 1].t_us), 5500, 1.5);
}

TEST(EventCamera, DeafPixelMissesAFlash) {
  EventCamera::Parameters parameters = ideal(0.3);
  parameters.refractory = 3;
  const Events events = one_pixel(parameters, {0, 0.31, 2, 0.31, 0.31, 0.31, 0.31});
  ASSERT_EQ(events.size(), 1u);  // the rise and fall between 1 and 3 ms fell into the refractory period
  EXPECT_TRUE(events[0].on);
}

TEST(EventCamera, EventsComeInTimeInsideTheSensor) {
  EventCamera camera(16, 16, {.noise_rate = 5}, RandomKey(1, "camera"));
  const Events events = moving_disc(camera);
  ASSERT_GT(events.size(), 100u);
  EXPECT_TRUE(std::is_sorted(events.begin(), events.end(), [](auto& a, auto& b) { return a.t_us < b.t_us; }));
  for (const CameraEvent& e : events) {
    EXPECT_LT(e.x, 16);
    EXPECT_LT(e.y, 16);
    EXPECT_GE(e.t_us, 0);
    EXPECT_LE(e.t_us, 20000);
  }
}

TEST(EventCamera, MovingDiscIsBrightAheadAndDarkBehind) {
  EventCamera camera(16, 16, ideal(0.3), RandomKey(1, "camera"));
  const Events events = moving_disc(camera);
  // Each pixel of the middle row that the disc runs over becomes brighter first, then darker.
  for (const std::uint16_t x : {6, 8, 10}) {
    Events here;
    std::copy_if(events.begin(), events.end(), std::back_inserter(here),
                 [&](auto& e) { return e.x == x && e.y == 6; });
    ASSERT_FALSE(here.empty());
    EXPECT_TRUE(here.front().on);
    if (x < 10) {
      EXPECT_FALSE(here.back().on);
    }
    EXPECT_TRUE(std::is_sorted(here.begin(), here.end(), [](auto& a, auto& b) { return a.on > b.on; }));
  }
}

TEST(EventCamera, SameKeySameEvents) {
  const auto record = [](std::uint64_t seed) {
    EventCamera camera(16, 16, {.noise_rate = 20}, RandomKey(seed, "camera"));
    return moving_disc(camera);
  };
  EXPECT_EQ(record(1), record(1));
  EXPECT_NE(record(1), record(2));
}

TEST(EventCamera, MismatchSpreadsThresholdsAsAsked) {
  EventCamera::Parameters parameters = ideal(0.3);
  parameters.mismatch = 0.05;
  constexpr int side = 100;
  EventCamera camera(side, side, parameters, RandomKey(1, "camera"));
  Events events;
  camera.frame(0, std::vector<double>(side * side, 1.0), events);
  camera.frame(1'000'000, std::vector<double>(side * side, std::exp(1.0)), events);
  // On a ramp of 1 per second the first event of a pixel comes at its threshold in seconds.
  std::vector<double> first(side * side, 0);
  for (const CameraEvent& e : events) {
    double& t = first[std::size_t(e.y) * side + e.x];
    if (t == 0) t = double(e.t_us) * 1e-6;
  }
  double sum = 0, squares = 0;
  for (const double t : first) sum += t, squares += t * t;
  const double mean = sum / (side * side), sd = std::sqrt(squares / (side * side) - mean * mean);
  EXPECT_NEAR(mean, 0.3, 4 * 0.05 / side);         // 4 standard errors
  EXPECT_NEAR(sd, 0.05, 4 * 0.05 / (side * 1.4));  // of a standard deviation: sd / sqrt(2 n)
}

Events noise(double rate, double seconds, int frame_us, double refractory_ms = 0) {
  EventCamera::Parameters parameters = ideal(0.3);
  parameters.noise_rate = rate;
  parameters.refractory = refractory_ms;
  EventCamera camera(20, 20, parameters, RandomKey(3, "camera"));
  Events events;
  const std::vector<double> picture(400, 10.0);
  for (std::int64_t t = 0; t <= std::int64_t(seconds * 1e6); t += frame_us) camera.frame(t, picture, events);
  return events;
}

TEST(EventCamera, BackgroundEventsHaveTheirRateAndNoPreference) {
  const Events events = noise(10, 10, 100'000);
  const double expected = 10 * 10 * 400;
  EXPECT_NEAR(double(events.size()), expected, 4 * std::sqrt(expected));
  const auto on = std::count_if(events.begin(), events.end(), [](auto& e) { return e.on; });
  EXPECT_NEAR(double(on), expected / 2, 4 * std::sqrt(expected / 2));
}

TEST(EventCamera, BackgroundEventsDoNotDependOnTheFrames) {
  EXPECT_EQ(noise(5, 1, 1000), noise(5, 1, 250'000));
}

TEST(EventCamera, BackgroundEventsKeepTheRefractoryPeriod) {
  const Events events = noise(200, 1, 1000, 4);
  ASSERT_GT(events.size(), 10000u);
  std::vector<std::int64_t> last(400, -1'000'000);
  for (const CameraEvent& e : events) {
    std::int64_t& before = last[std::size_t(e.y) * 20 + e.x];
    EXPECT_GE(e.t_us - before, 3999);  // times are cut to whole microseconds
    before = e.t_us;
  }
}

TEST(EventCamera, RefusesWhatItCannotSee) {
  const RandomKey key(1, "camera");
  EXPECT_THROW(EventCamera(0, 4, {}, key), Error);
  EXPECT_THROW(EventCamera(4, 65536, {}, key), Error);
  EXPECT_THROW(EventCamera(4, 4, {.threshold_on = 0}, key), Error);
  EXPECT_THROW(EventCamera(4, 4, {.refractory = -1}, key), Error);
  EXPECT_THROW(EventCamera(4, 4, {.noise_rate = std::nan("")}, key), Error);
  EventCamera camera(2, 1, {}, key);
  Events events;
  EXPECT_THROW(camera.frame(0, std::vector<double>(3, 1.0), events), Error);
  EXPECT_THROW(camera.frame(0, std::vector<double>{1, -1}, events), Error);
  EXPECT_THROW(camera.frame(0, std::vector<double>{1, INFINITY}, events), Error);
  camera.frame(10, std::vector<double>(2, 1.0), events);
  EXPECT_THROW(camera.frame(10, std::vector<double>(2, 1.0), events), Error);
}

TEST(AddShifted, WholePixelsCopyAndFractionsKeepTheSum) {
  const Picture picture{2, 2, {1, 2, 3, 4}};
  std::array<double, 20> canvas{};  // 5 wide, 4 high
  add_shifted(picture, 2, 1, canvas, 5);
  EXPECT_EQ(canvas[7], 1);
  EXPECT_EQ(canvas[8], 2);
  EXPECT_EQ(canvas[12], 3);
  EXPECT_EQ(canvas[13], 4);
  std::array<double, 20> between{};
  add_shifted(picture, 1.25, 0.5, between, 5);
  double sum = 0;
  for (const double value : between) sum += value;
  EXPECT_NEAR(sum, 10, 1e-12);
  EXPECT_NEAR(between[1], 0.75 * 0.5, 1e-12);  // the corner, share (1 - 0.25) (1 - 0.5)
}

TEST(AddShifted, WhatLiesOutsideIsCutOff) {
  const Picture picture{2, 2, {1, 2, 3, 4}};
  std::array<double, 4> canvas{};
  add_shifted(picture, -1, -1, canvas, 2);
  EXPECT_EQ(canvas, (std::array<double, 4>{4, 0, 0, 0}));
  add_shifted(picture, 1, 1, canvas, 2);
  EXPECT_EQ(canvas, (std::array<double, 4>{4, 0, 0, 1}));
  add_shifted(picture, 100, -100, canvas, 2);
  EXPECT_EQ(canvas, (std::array<double, 4>{4, 0, 0, 1}));
}

TEST(Saccades, GoRoundTheTriangle) {
  const Saccades path{.width = 8, .height = 4, .duration_ms = 100};
  const auto expect_at = [&](double t_ms, double x, double y) {
    EXPECT_NEAR(path.at(t_ms).x, x, 1e-9) << t_ms;
    EXPECT_NEAR(path.at(t_ms).y, y, 1e-9) << t_ms;
  };
  expect_at(0, 0, 0);
  expect_at(50, 2, 2);
  expect_at(100, 4, 4);
  expect_at(200, 8, 0);
  expect_at(250, 4, 0);
  expect_at(300, 0, 0);
  expect_at(350, 2, 2);
}

}  // namespace
}  // namespace synfire
