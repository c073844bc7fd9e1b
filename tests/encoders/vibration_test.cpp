// Vibrations have the spectrum and size that their equation states; the augmentation makes every combination
// once.
#include "encoders/vibration.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <set>

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "encoders/datasets.hpp"

namespace synfire {
namespace {

const RandomKey key(3, "task/data");

Vibration::Parameters without_chance() {
  Vibration::Parameters p;
  p.speed_sd = p.phase_sd = p.irregularity = p.noise = 0;
  return p;
}

double power_at(const Vibration::Trace& trace, double hz) {
  std::complex<double> sum = 0;
  for (std::size_t i = 0; i < trace.size(); ++i)
    sum += double(trace[i]) * std::polar(1.0, -6.283185307179586 * hz * 1e-4 * double(i));
  return std::norm(sum);
}

double deviation(const Vibration::Trace& trace) {
  double squares = 0;
  for (const float x : trace) squares += double(x) * x;
  return std::sqrt(squares / double(trace.size()));
}

TEST(Vibration, TheFundamentalIsSpeedOverDistance) {
  for (std::size_t surface = 0; surface < Vibration::classes; ++surface) {
    const auto trace = Vibration::trace(without_chance(), key, surface, 0);
    const double expected_hz = 50 * std::pow(50 / Vibration::roughness_um[surface], 0.4);
    double best_hz = 0, best = 0;
    for (double hz = 20; hz < 4000; hz += 2)
      if (power_at(trace, hz) > best) best = power_at(trace, hz), best_hz = hz;
    EXPECT_NEAR(best_hz, expected_hz, 8) << surface;  // a fraction of the resolution, 1 / 78.4 ms
  }
}

TEST(Vibration, TheSizeFollowsTheRoughness) {
  const double roughest = deviation(Vibration::trace(without_chance(), key, 0, 0));
  // 1/sqrt(2) of the fundamental, with 0.3 of the first harmonic and a little lost at the contact.
  EXPECT_NEAR(roughest, std::sqrt((1 + 0.09) / 2), 0.05);
  for (std::size_t surface = 1; surface < Vibration::classes; ++surface) {
    const double size = deviation(Vibration::trace(without_chance(), key, surface, 0));
    EXPECT_NEAR(size / roughest, std::pow(Vibration::roughness_um[surface] / 50, 0.2), 0.03) << surface;
  }
}

TEST(Vibration, TheSecondFilmFeelsTheSameSurfaceWeaker) {
  Vibration::Parameters p;
  p.noise = 0;
  const auto first = Vibration::trace(p, key, 2, 5);
  p.film = 2;
  const auto second = Vibration::trace(p, key, 2, 5);
  for (std::size_t i = 0; i < first.size(); ++i) EXPECT_NEAR(second[i], 0.4 * first[i], 1e-6);
}

TEST(Vibration, NoiseHasItsDeviationAndFilmsHaveTheirOwn) {
  Vibration::Parameters p = without_chance();
  const auto clean = Vibration::trace(p, key, 1, 0);
  p.noise = 0.1;
  double squares = 0;
  for (std::size_t trial = 0; trial < 20; ++trial) {
    const auto noisy = Vibration::trace(p, key, 1, trial);
    for (std::size_t i = 0; i < clean.size(); ++i) squares += std::pow(double(noisy[i]) - clean[i], 2);
  }
  EXPECT_NEAR(std::sqrt(squares / (20 * 784)), 0.1, 0.003);  // 5 standard errors
  const auto one = Vibration::trace(p, key, 7, 0);
  p.film = 2;
  const auto two = Vibration::trace(p, key, 7, 0);
  double product = 0;
  for (std::size_t i = 0; i < one.size(); ++i) product += one[i] * two[i];
  EXPECT_LT(std::abs(product / 784), 0.005 + 0.4 * std::pow(deviation(clean), 2));
}

TEST(Vibration, TrialsDifferAndRepeat) {
  const Vibration::Parameters p;
  EXPECT_EQ(Vibration::trace(p, key, 0, 1), Vibration::trace(p, key, 0, 1));
  EXPECT_NE(Vibration::trace(p, key, 0, 1), Vibration::trace(p, key, 0, 2));
  EXPECT_NE(Vibration::trace(p, key, 0, 1), Vibration::trace(p, key, 1, 1));
  EXPECT_NE(Vibration::trace(p, key, 0, 1), Vibration::trace(p, RandomKey(4, "task/data"), 0, 1));
}

TEST(Vibration, ThePictureIsThePositivePart) {
  const auto picture = Vibration::picture({0.0f, 0.5f, -0.5f, 1.0f, -3.0f, 0.001f, 3.0f});
  EXPECT_EQ(picture, (std::vector<std::uint8_t>{0, 128, 0, 255, 0, 0, 255}));
}

TEST(SplitAndCombine, MakesEveryCombinationOnce) {
  // Value of a sample = 10 * its number + the piece; two values a piece.
  std::vector<std::vector<float>> samples(7);
  for (std::size_t s = 0; s < samples.size(); ++s)
    for (std::size_t i = 0; i < 8; ++i) samples[s].push_back(float(10 * s + i / 2));
  const auto made = split_and_combine(samples, 4);
  EXPECT_EQ(made.size(), 337u);  // 4^4 + 3^4, as the thesis counts
  EXPECT_EQ(std::set(made.begin(), made.end()).size(), made.size());
  for (const auto& sample : samples) EXPECT_EQ(std::count(made.begin(), made.end(), sample), 1);
  for (const auto& combination : made) {
    std::set<int> groups;
    for (std::size_t i = 0; i < 8; ++i) {
      EXPECT_EQ(int(combination[i]) % 10, int(i) / 2);  // a piece keeps its period
      EXPECT_EQ(combination[i], combination[i / 2 * 2]);
      groups.insert(int(combination[i]) / 40);
    }
    EXPECT_EQ(groups.size(), 1u);  // groups do not mix
  }
}

TEST(VibrationData, HasTheNumbersOfTheThesis) {
  const VibrationData data = make_vibrations({}, key);
  EXPECT_EQ(data.train.classes.size(), 2696u);
  EXPECT_EQ(data.test.classes.size(), 24u);
  EXPECT_EQ(data.train.pictures.size(), 2696u * 784);
  EXPECT_EQ(data.test.pictures.size(), 24u * 784);
  for (std::uint8_t c = 0; c < 8; ++c) {
    EXPECT_EQ(std::count(data.train.classes.begin(), data.train.classes.end(), c), 337);
    EXPECT_EQ(std::count(data.test.classes.begin(), data.test.classes.end(), c), 3);
  }
  // In random order: a run of equal classes longer than 8 has a chance of 2696 / 8^8.
  int run = 1, longest = 1;
  for (std::size_t i = 1; i < data.train.classes.size(); ++i) {
    run = data.train.classes[i] == data.train.classes[i - 1] ? run + 1 : 1;
    longest = std::max(longest, run);
  }
  EXPECT_LE(longest, 8);
}

TEST(VibrationData, TestSamplesAreNeverTrained) {
  Vibration::Parameters p;
  p.augment = 0;
  const VibrationData data = make_vibrations(p, key);
  EXPECT_EQ(data.train.classes.size(), 56u);
  std::set<std::vector<std::uint8_t>> seen;
  for (const auto* set : {&data.train, &data.test})
    for (std::size_t k = 0; k < set->classes.size(); ++k)
      seen.emplace(set->pictures.begin() + std::ptrdiff_t(k * 784),
                   set->pictures.begin() + std::ptrdiff_t((k + 1) * 784));
  EXPECT_EQ(seen.size(), 80u);
}

TEST(VibrationData, RefusesWhatCannotBe) {
  Vibration::Parameters p;
  p.train = 10;
  EXPECT_THROW(make_vibrations(p, key), Error);
  p.samples = 1000;
  p.train = 999;
  EXPECT_NO_THROW(make_vibrations({.samples = 20, .train = 19}, key));
}

TEST(VibrationData, IsOnItsShelf) {
  const ModelInfo* info = find_model(dataset_models(), "vibration");
  ASSERT_NE(info, nullptr);
  EXPECT_EQ(info->parameter("train")->default_value, 7);
}

}  // namespace
}  // namespace synfire
