// What certified bounds are made of: neurons over intervals, lines around functions of one number, and the
// mix of a Flex layer; never left, and as narrow as can be worked out by hand.
#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "learning/bounds/flex_rules.hpp"
#include "sim/bounded.hpp"
#include "sim/differentiable.hpp"

namespace synfire::learning::bounds {
namespace {

// --- neurons

/// What `count` neurons do under inputs [steps, count], each an element of the bounds.
void expect_neurons_stay(std::string_view model, const std::map<std::string, double>& parameters,
                         float current) {
  constexpr std::size_t count = 512, steps = 12;
  const auto exact = differentiable_neurons<float>(std::string(model), parameters, 1);
  const auto bounded = bounded_neurons(std::string(model), parameters, 1);
  ASSERT_NE(bounded, nullptr) << model;
  ASSERT_EQ(bounded->states(), exact->states());
  const std::size_t states = exact->states();
  std::vector<float> before(states * count), after(states * count), spikes(count), margins(count),
      noise(exact->noises() * count), input(count), low(count), high(count), state_low(states * count),
      state_high(states * count), spike_low(count), spike_high(count);
  std::mt19937 random(3);
  std::uniform_real_distribution<float> part(0, 1);
  exact->start(before.data(), count, count);
  const Bound<float> state{state_low.data(), state_high.data()};
  bounded->start(state, count, count);
  for (std::size_t t = 0; t < steps; ++t) {
    for (std::size_t i = 0; i < count; ++i) {
      const float middle = current * (4 * part(random) - 1.5f),
                  wide = i % 3 == 0 ? 0 : 0.2f * current * part(random);
      low[i] = middle - wide, high[i] = middle + wide;
      input[i] = std::clamp(middle + wide * (2.2f * part(random) - 1.1f), low[i], high[i]);
    }
    for (float& u : noise) u = part(random);
    exact->forward({count, count, input.data(), before.data(), noise.data()}, after.data(), spikes.data(),
                   margins.data());
    bounded->step({low.data(), high.data()}, state, count, count, {spike_low.data(), spike_high.data()});
    for (std::size_t i = 0; i < states * count; ++i) {
      ASSERT_LE(state_low[i], after[i]) << model << " step " << t << " state " << i / count;
      ASSERT_GE(state_high[i], after[i]) << model << " step " << t << " state " << i / count;
    }
    for (std::size_t i = 0; exact->spikes() && i < count; ++i) {
      ASSERT_LE(spike_low[i], spikes[i]) << model << " step " << t;
      ASSERT_GE(spike_high[i], spikes[i]) << model << " step " << t;
    }
    std::swap(before, after);
  }
}

TEST(BoundedNeurons, HoldEveryModelThatLearns) {
  for (const auto model : differentiable_models()) expect_neurons_stay(model, {}, 1);
  for (const auto model : differentiable_models()) expect_neurons_stay(model, {}, 400);
}

TEST(BoundedNeurons, HoldTheFormsOfAModel) {
  expect_neurons_stay("lif", {{"leak", 1}, {"tau", 3}, {"reset", 1}}, 1);
  expect_neurons_stay("lif", {{"refractory_steps", 2}, {"th_jump", 0.5}}, 1);
  expect_neurons_stay("klif", {{"k", 1.7}, {"activation", 1}, {"form", 1}}, 1);
  expect_neurons_stay("klif", {{"activation", 2}}, 1);
  for (const double form : {0, 1, 2, 3})
    expect_neurons_stay("alternative_oscillation", {{"form", form}, {"c", 0.4}, {"d", -0.1}}, 1);
}

// Neurons that say so only add up, and so no line but one lies below and above them.
TEST(BoundedNeurons, LinearOnesAddUp) {
  int found = 0;
  for (const auto model : differentiable_models()) {
    if (!bounded_neurons(std::string(model), {}, 1)->linear()) continue;
    ++found;
    const auto neurons = differentiable_neurons<double>(std::string(model), {}, 1);
    const auto after = [&](double first, double second) {
      std::vector<double> state(neurons->states()), next(neurons->states());
      double unused[2];
      neurons->start(state.data(), 1, 1);
      for (const double x : {first, second}) {
        neurons->forward({1, 1, &x, state.data(), nullptr}, next.data(), &unused[0], &unused[1]);
        state = next;
      }
      return state[0];
    };
    const double offset = after(0, 0);
    EXPECT_NEAR(after(0.3, -2.1), (after(0.3, 0) - offset) + (after(0, 1) - offset) * -2.1 + offset, 1e-12)
        << model;
    EXPECT_GE(after(1, 0), offset);
    EXPECT_GT(after(0, 1), offset);
  }
  EXPECT_GE(found, 1);
}

// A point is bounded by little more than itself, so that spikes are certain but at the threshold.
TEST(BoundedNeurons, KnowWhatIsCertain) {
  const auto neurons = bounded_neurons("lif", {{"decay", 0.5}}, 1);
  constexpr std::size_t count = 3;
  std::vector<float> low(3 * count), high(3 * count), spike_low(count), spike_high(count);
  const std::vector<float> from = {0.4f, 0.8f, 1.5f}, to = {0.45f, 1.2f, 1.6f};
  neurons->start({low.data(), high.data()}, count, count);
  neurons->step({from.data(), to.data()}, {low.data(), high.data()}, count, count,
                {spike_low.data(), spike_high.data()});
  EXPECT_EQ(spike_low, (std::vector<float>{0, 0, 1}));
  EXPECT_EQ(spike_high, (std::vector<float>{0, 1, 1}));
  EXPECT_NEAR(low[0], 0.4, 1e-6);
  EXPECT_NEAR(high[0], 0.45, 1e-6);
  EXPECT_EQ(low[2], 0) << "reset for certain";
  EXPECT_EQ(high[2], 0);
}

// --- functions of one number

template <class F> void expect_lines_hold(const F& f, const char* name) {
  std::mt19937 random(5);
  std::uniform_real_distribution<float> place(-5, 5), part(0, 1);
  for (int k = 0; k < 3000; ++k) {
    const float a = place(random), b = k % 2 == 0 ? place(random) : a + 0.01f * part(random);
    const float l = std::min(a, b), u = std::max(a, b);
    const Lines lines = f.lines(l, u);
    const Range range = f.range(l, u);
    const float steep = f.steepest(l, u);
    float before = f.value(l), at = l;
    for (int n = 0; n <= 16; ++n) {
      const float x = n == 16 ? u : l + (u - l) * float(n) / 16, y = f.value(x);
      EXPECT_LE(range.low, y + 1e-6f) << name;
      EXPECT_GE(range.high, y - 1e-6f) << name;
      EXPECT_LE(lines.low_slope * x + lines.low_offset, y + 2e-5f)
          << name << " at " << x << " of " << l << " " << u;
      EXPECT_GE(lines.high_slope * x + lines.high_offset, y - 2e-5f)
          << name << " at " << x << " of " << l << " " << u;
      EXPECT_LE(std::abs(y - before), (x > at ? steep * (x - at) : 0) + 1e-5f) << name;
      before = y, at = x;
    }
  }
}

TEST(Lines, LieBelowAndAboveTheirFunction) {
  expect_lines_hold(Straight{}, "identity");
  for (const float below : {0.0f, 0.1f, -0.3f, 2.0f}) expect_lines_hold(Rectifier{{below}}, "rectifier");
  expect_lines_hold(ExponentialUnit{{{1.5f}}}, "celu");
  expect_lines_hold(Ramp{1, 0, {-1, 2}}, "clamp");
  expect_lines_hold(Ramp{1.0f / 6, 0.5f, {0, 1}}, "hard sigmoid");
  expect_lines_hold(Logistic{}, "sigmoid");
  expect_lines_hold(Step{}, "step");
}

TEST(Lines, OfAReluAreThoseOfCrown) {
  const Lines lines = Rectifier{{0}}.lines(-1, 3);
  EXPECT_FLOAT_EQ(lines.high_slope, 0.75f);
  EXPECT_FLOAT_EQ(lines.high_offset, 0.75f);
  EXPECT_EQ(lines.low_slope, 1) << "the triangle below the identity is the smaller one";
  EXPECT_EQ((Rectifier{{0}}.lines(-3, 1).low_slope), 0);
}

// --- the mix of a Flex layer

TEST(FlexRules, WorkedByHand) {
  const Range c{1, 2}, p{-1, 1}, m{0.25f, 0.5f};
  const Range apart = mix_apart(c, p, m);
  EXPECT_FLOAT_EQ(apart.low, -0.5f);  // m = 1/4: 1/4 - 3/4
  EXPECT_FLOAT_EQ(apart.high, 1.5f);  // m = 1/2: 1 + 1/2
  const Range by_difference = mix_by_difference(p, {0, 3}, m);
  EXPECT_FLOAT_EQ(by_difference.low, -1);
  EXPECT_FLOAT_EQ(by_difference.high, 2.5f);
  const Planes planes = product_planes(m, {-1, 3});
  EXPECT_FLOAT_EQ(planes.low_m, -1);
  EXPECT_FLOAT_EQ(planes.low_d, 0.25f);
  EXPECT_FLOAT_EQ(planes.low_offset, 0.25f);
}

// Equation 3.14 with the exact range of C - P never beats B.10, though the thesis says otherwise: what is
// below C - P and below P adds up to no more than what is below C.
TEST(FlexRules, TheDifferenceIsNeverNarrower) {
  std::mt19937 random(9);
  std::uniform_real_distribution<float> number(-3, 3), part(0, 1);
  const auto range = [&](auto& of) {
    const float a = of(random), b = of(random);
    return Range{std::min(a, b), std::max(a, b)};
  };
  for (int k = 0; k < 10000; ++k) {
    const Range c = range(number), p = range(number), m = range(part);
    // Any range of C - P from which, with that of P, that of C follows.
    const Range d{c.low - p.low - part(random), c.high - p.high + part(random)};
    const Range apart = mix_apart(c, p, m), by_difference = mix_by_difference(p, d, m);
    EXPECT_LE(by_difference.low, apart.low + 1e-5f);
    EXPECT_GE(by_difference.high, apart.high - 1e-5f);
    for (int n = 0; n < 10; ++n) {
      const float x = c.low + part(random) * (c.high - c.low), y = p.low + part(random) * (p.high - p.low),
                  w = m.low + part(random) * (m.high - m.low);
      EXPECT_GE(w * x + (1 - w) * y, apart.low - 1e-5f);
      EXPECT_LE(w * x + (1 - w) * y, apart.high + 1e-5f);
      const Planes planes = product_planes(m, {x - 1, x + 2});
      const float d_here = x - 1 + 3 * part(random);
      EXPECT_LE(planes.low_m * w + planes.low_d * d_here + planes.low_offset, w * d_here + 1e-5f);
      EXPECT_GE(planes.high_m * w + planes.high_d * d_here + planes.high_offset, w * d_here - 1e-5f);
    }
  }
}

}  // namespace
}  // namespace synfire::learning::bounds
