// Recordings that are made: inside their sensors, the same again, and told apart by what tells them apart.
#include "encoders/made_recordings.hpp"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

namespace synfire {
namespace {

const RandomKey key(1, "test");

template <class Made> class EachKind : public testing::Test {};
using Kinds = testing::Types<Gestures, MovingDigits, VowelWords>;
TYPED_TEST_SUITE(EachKind, Kinds);

TYPED_TEST(EachKind, IsOrderedInsideItsSensorAndTheSameAgain) {
  for (std::size_t of_class = 0; of_class < TypeParam::classes; ++of_class) {
    const auto events = TypeParam::recording({}, key, of_class, 3);
    ASSERT_GT(events.size(), 200u) << of_class;
    EXPECT_TRUE(std::is_sorted(events.begin(), events.end(),
                               [](const auto& a, const auto& b) { return a.t_us < b.t_us; }));
    for (const auto& event : events) {
      ASSERT_LT(event.x, TypeParam::width);
      ASSERT_LT(event.y, TypeParam::height);
      ASSERT_GE(event.t_us, 0);
    }
    EXPECT_EQ(events, TypeParam::recording({}, key, of_class, 3));
    EXPECT_NE(events, TypeParam::recording({}, key, of_class, 4));
    EXPECT_NE(events, TypeParam::recording({}, RandomKey(2, "test"), of_class, 3));
  }
}

/// Mean of sin of the angle by which the centre of the ON events turns from one 30 ms to the next.
double turning(const std::vector<CameraEvent>& events) {
  double sum = 0;
  std::vector<std::pair<double, double>> centres;
  for (int begin = 0; begin < 600'000; begin += 30'000) {
    double x = 0, y = 0, count = 0;
    for (const auto& e : events)
      if (e.on && e.t_us >= begin && e.t_us < begin + 30'000) x += e.x, y += e.y, ++count;
    if (count > 0) centres.emplace_back(x / count, y / count);
  }
  for (std::size_t k = 2; k < centres.size(); ++k) {
    const double ax = centres[k - 1].first - centres[k - 2].first,
                 ay = centres[k - 1].second - centres[k - 2].second;
    const double bx = centres[k].first - centres[k - 1].first, by = centres[k].second - centres[k - 1].second;
    sum += ax * by - ay * bx;
  }
  return sum;
}

TEST(Gestures, TurnTheWayTheySay) {
  for (std::size_t trial = 0; trial < 4; ++trial) {
    EXPECT_GT(turning(Gestures::recording({}, key, 3, trial)), 0) << trial;  // y points down: clockwise
    EXPECT_LT(turning(Gestures::recording({}, key, 4, trial)), 0) << trial;
  }
}

TEST(Gestures, WaveOnTheirSide) {
  const auto mean_x = [](std::size_t gesture) {
    double sum = 0;
    const auto events = Gestures::recording({.noise_rate = 0}, key, gesture, 0);
    for (const auto& event : events) sum += event.x;
    return sum / double(events.size());
  };
  EXPECT_LT(mean_x(1), 60);
  EXPECT_GT(mean_x(2), 68);
}

TEST(VowelWords, HaveTheSameSoundsInAnotherOrder) {
  // Channels of the second formant of i (2300 Hz) and of a (1200 Hz).
  const auto channel = [](double hz) { return 699 * std::log(20000 / hz) / std::log(20000 / 50.0); };
  const auto heard = [&](std::size_t word, double hz, double from_ms, double until_ms) {
    double count = 0;
    for (std::size_t trial = 0; trial < 10; ++trial)
      for (const auto& e : VowelWords::recording({}, key, word, trial))
        count += std::abs(e.x - channel(hz)) < 20 && double(e.t_us) >= from_ms * 1e3 &&
                 double(e.t_us) < until_ms * 1e3;
    return count;
  };
  // aiu and iau: in all alike, but i comes second in the one and first in the other.
  EXPECT_NEAR(heard(0, 2300, 0, 300) / heard(2, 2300, 0, 300), 1, 0.25);
  EXPECT_GT(heard(2, 2300, 0, 60), 5 * heard(0, 2300, 0, 60));
  EXPECT_GT(heard(0, 1200, 15, 50), 2 * heard(2, 1200, 15, 50));
}

TEST(SpokenWords, AreHeardWhereTheirFormantsLie) {
  const auto sound = SpokenWords::sound({}, key, 0, 0);
  EXPECT_GT(sound.size(), 48u * 180);
  const auto events = SpokenWords::recording({}, key, 0, 0);
  EXPECT_GT(events.size(), 300u);
  EXPECT_EQ(events, SpokenWords::recording({}, key, 0, 0));
  for (const auto& event : events) ASSERT_LT(event.x, 700);
}

}  // namespace
}  // namespace synfire
