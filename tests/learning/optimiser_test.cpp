// Optimisers against the published formulas written out, and on functions with a known minimum.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include "core/random.hpp"
#include "learning/gradient/optimisers.hpp"

namespace synfire::learning {
namespace {

template <class Real> Weights<Real> array(std::string name, std::vector<Real> values) {
  Weights<Real> weights;
  weights.name = std::move(name);
  weights.shape = {values.size()};
  weights.gradient.resize(values.size());
  weights.values = std::move(values);
  return weights;
}

// One step of an optimiser for one number; t counts from 1.
using Reference = double (*)(double w, double g, int t, double rate, double (&m)[3]);

double sgd(double w, double g, int, double rate, double (&)[3]) { return w - rate * (g + 0.01 * w); }

double momentum(double w, double g, int t, double rate, double (&m)[3]) {
  g += 0.01 * w;
  m[0] = t == 1 ? g : 0.9 * m[0] + 0.75 * g;  // dampening 0.25
  return w - rate * m[0];
}

double nesterov(double w, double g, int t, double rate, double (&m)[3]) {
  m[0] = t == 1 ? g : 0.9 * m[0] + g;
  return w - rate * (g + 0.9 * m[0]);
}

double adam_of(double w, double g, int t, double rate, double (&m)[3]) {
  m[0] = 0.8 * m[0] + 0.2 * g;
  m[1] = 0.95 * m[1] + 0.05 * g * g;
  const double mean = m[0] / (1 - std::pow(0.8, t)), square = m[1] / (1 - std::pow(0.95, t));
  return w - rate * mean / (std::sqrt(square) + 1e-6);
}
double adam(double w, double g, int t, double rate, double (&m)[3]) {
  return adam_of(w, g + 0.02 * w, t, rate, m);
}
double adamw(double w, double g, int t, double rate, double (&m)[3]) {
  return adam_of(w * (1 - rate * 0.02), g, t, rate, m);
}

double rmsprop(double w, double g, int, double rate, double (&m)[3]) {
  g += 0.03 * w;
  m[0] = 0.9 * m[0] + 0.1 * g * g;
  return w - rate * g / (std::sqrt(m[0]) + 1e-4);
}
double rmsprop_centred(double w, double g, int, double rate, double (&m)[3]) {
  m[0] = 0.9 * m[0] + 0.1 * g * g;
  m[1] = 0.9 * m[1] + 0.1 * g;
  m[2] = 0.5 * m[2] + g / (std::sqrt(m[0] - m[1] * m[1]) + 1e-4);
  return w - rate * m[2];
}

struct Case {
  Chosen chosen;
  Reference reference;
};

std::vector<Case> cases() {
  const std::map<std::string, double> moments = {
      {"beta1", 0.8}, {"beta2", 0.95}, {"epsilon", 1e-6}, {"weight_decay", 0.02}};
  return {
      {{.name = "sgd", .parameters = {{"weight_decay", 0.01}}}, sgd},
      {{.name = "sgd", .parameters = {{"weight_decay", 0.01}, {"momentum", 0.9}, {"dampening", 0.25}}},
       momentum},
      {{.name = "sgd", .parameters = {{"momentum", 0.9}, {"nesterov", 1}}}, nesterov},
      {{.name = "adam", .parameters = moments}, adam},
      {{.name = "adamw", .parameters = moments}, adamw},
      {{.name = "rmsprop", .parameters = {{"alpha", 0.9}, {"epsilon", 1e-4}, {"weight_decay", 0.03}}},
       rmsprop},
      {{.name = "rmsprop",
        .parameters = {{"alpha", 0.9}, {"epsilon", 1e-4}, {"momentum", 0.5}, {"centred", 1}}},
       rmsprop_centred},
  };
}

template <class Real> void draw_gradient(Weights<Real>& weights, int step) {
  RandomStream stream(RandomKey(5, "gradient"), std::uint32_t(step));
  for (Real& g : weights.gradient) g = Real(stream.uniform(-1, 1));
}

template <class Real> class OptimiserOf : public testing::Test {};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(OptimiserOf, Reals);

TYPED_TEST(OptimiserOf, moves_as_its_formulas_say) {
  using Real = TypeParam;
  const double tolerance = sizeof(Real) == 4 ? 2e-6 : 1e-13;
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.chosen.name + " " + std::to_string(c.chosen.parameters.size()));
    Optimiser<Real> optimiser(c.chosen);
    auto weights = array<Real>("w", {Real(0.5), Real(-1.25), Real(3), Real(0)});
    Weights<Real>* const all[] = {&weights};
    std::vector<double> expected(weights.values.begin(), weights.values.end());
    double memory[4][3] = {};
    for (int t = 1; t <= 12; ++t) {
      const double rate = 0.05 / t;  // a schedule
      draw_gradient(weights, t);
      for (std::size_t i = 0; i < 4; ++i)
        expected[i] = c.reference(expected[i], double(weights.gradient[i]), t, rate, memory[i]);
      optimiser.step(all, rate);
      for (std::size_t i = 0; i < 4; ++i) ASSERT_NEAR(weights.values[i], expected[i], tolerance) << t;
    }
    EXPECT_EQ(optimiser.steps(), 12u);
  }
}

TEST(Optimiser, the_first_step_of_adam_is_the_rate_whatever_the_gradient) {
  Optimiser<double> optimiser({.name = "adam"});
  auto weights = array<double>("w", {1, 1, 1});
  weights.gradient = {1e-3, -7, 1e5};
  Weights<double>* const all[] = {&weights};
  optimiser.step(all, 0.001);
  EXPECT_NEAR(weights.values[0], 1 - 0.001, 1e-7);
  EXPECT_NEAR(weights.values[1], 1 + 0.001, 1e-11);
  EXPECT_NEAR(weights.values[2], 1 - 0.001, 1e-11);
}

TEST(Optimiser, standards_are_those_of_the_field) {
  EXPECT_EQ(Optimiser<float>({.name = "sgd"}).learning_rate(), 1e-3);
  EXPECT_EQ(Optimiser<float>({.name = "adam"}).learning_rate(), 1e-3);
  EXPECT_EQ(Optimiser<float>({.name = "rmsprop"}).learning_rate(), 1e-2);
  EXPECT_EQ(values_of<training::AdamW>({.name = "adamw"}).weight_decay, 1e-2);
  EXPECT_EQ(Optimiser<float>({.name = "sgd", .parameters = {{"learning_rate", 0.5}}}).learning_rate(), 0.5);
  EXPECT_THROW(Optimiser<float>({.name = "sdg"}), Error);
}

TEST(Optimiser, decays_only_what_decays_and_keeps_to_the_bounds) {
  for (const char* name : {"sgd", "adam", "adamw", "rmsprop"}) {
    Optimiser<double> optimiser({.name = name, .parameters = {{"weight_decay", 0.5}}});
    auto weights = array<double>("w", {1, -2}), bias = array<double>("b", {1, -2}),
         bounded = array<double>("k", {1, 1});
    bias.decays = false;
    bounded.decays = false;
    bounded.low = 0.5;
    bounded.high = 5;
    bounded.gradient = {1e6, -1e6};
    Weights<double>* const all[] = {&weights, &bias, &bounded};
    for (int t = 0; t < 100; ++t) optimiser.step(all, 0.1);
    EXPECT_LT(std::abs(weights.values[0]), 0.999) << name;
    EXPECT_LT(std::abs(weights.values[1]), 1.999) << name;
    EXPECT_EQ(bias.values, (std::vector<double>{1, -2})) << name;
    EXPECT_EQ(bounded.values, (std::vector<double>{0.5, 5})) << name;
  }
}

TEST(Optimiser, finds_the_minimum_of_a_stretched_bowl) {
  const std::pair<Chosen, double> ways[] = {
      {{.name = "sgd"}, 0.015},
      {{.name = "sgd", .parameters = {{"momentum", 0.9}}}, 0.01},
      {{.name = "sgd", .parameters = {{"momentum", 0.9}, {"nesterov", 1}}}, 0.01},
      {{.name = "adam"}, 0.02},
      {{.name = "adamw", .parameters = {{"weight_decay", 0}}}, 0.02},
  };
  for (const auto& [chosen, rate] : ways) {
    Optimiser<double> optimiser(chosen);
    auto weights = array<double>("w", {4, -3});
    Weights<double>* const all[] = {&weights};
    for (int t = 0; t < 3000; ++t) {
      weights.gradient = {weights.values[0] - 1, 100 * (weights.values[1] - 2)};  // (x-1)^2/2 + 50 (y-2)^2
      optimiser.step(all, rate);
    }
    EXPECT_NEAR(weights.values[0], 1, 1e-4) << chosen.name;
    EXPECT_NEAR(weights.values[1], 2, 1e-4) << chosen.name;
  }
}

TEST(Optimiser, follows_the_valley_of_rosenbrock) {
  for (const char* name : {"adam", "rmsprop"}) {
    Optimiser<double> optimiser({.name = name});
    auto weights = array<double>("w", {-1.2, 1});
    Weights<double>* const all[] = {&weights};
    constexpr int last = 20000;
    for (int t = 0; t < last; ++t) {
      const double x = weights.values[0], y = weights.values[1];
      weights.gradient = {-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)};
      optimiser.step(all, 0.01 * (1 - double(t) / last));
    }
    EXPECT_NEAR(weights.values[0], 1, 5e-3) << name;
    EXPECT_NEAR(weights.values[1], 1, 1e-2) << name;
  }
}

// Two arrays, one of several blocks and an odd rest.
template <class Real> std::vector<Weights<Real>> large() {
  std::vector<Weights<Real>> arrays;
  for (const std::size_t size : {std::size_t(50001), std::size_t(7)}) {
    RandomStream stream(RandomKey(9, "large"), std::uint32_t(size));
    std::vector<Real> values(size);
    for (Real& value : values) value = Real(stream.uniform(-1, 1));
    arrays.push_back(array<Real>(size == 7 ? "small" : "large", std::move(values)));
  }
  return arrays;
}

template <class Real> std::vector<Weights<Real>*> pointers(std::vector<Weights<Real>>& arrays) {
  std::vector<Weights<Real>*> list;
  for (auto& weights : arrays) list.push_back(&weights);
  return list;
}

TEST(Optimiser, the_number_of_threads_changes_no_bit) {
  const auto train = [](const Chosen& chosen, int threads) {
    using Control = tbb::global_control;
    const Control limit(Control::max_allowed_parallelism, std::size_t(threads));
    tbb::task_arena arena(threads);
    auto arrays = large<float>();
    const auto all = pointers(arrays);
    Optimiser<float> optimiser(chosen);
    double norms = 0;
    for (int t = 0; t < 3; ++t) {
      for (auto* weights : all) draw_gradient(*weights, t);
      arena.execute([&] {
        norms += clip_gradients<float>(all, {.name = "norm", .parameters = {{"most", 1}}});
        optimiser.step(all, 0.01);
      });
    }
    std::vector<double> result = {norms};
    for (const auto* weights : all)
      result.insert(result.end(), weights->values.begin(), weights->values.end());
    return result;
  };
  for (const Case& c : cases()) EXPECT_EQ(train(c.chosen, 1), train(c.chosen, 4)) << c.chosen.name;
}

TYPED_TEST(OptimiserOf, goes_on_from_its_state_as_if_it_had_never_stopped) {
  using Real = TypeParam;
  for (const Case& c : cases()) {
    auto arrays = large<Real>();
    const auto all = pointers(arrays);
    Optimiser<Real> first(c.chosen);
    const auto steps = [&](Optimiser<Real>& optimiser, std::span<Weights<Real>* const> weights, int from) {
      for (int t = from; t < from + 3; ++t) {
        for (auto* one : weights) draw_gradient(*one, t);
        optimiser.step(weights, 0.01);
      }
    };
    steps(first, all, 0);
    auto copies = arrays;
    const auto copied = pointers(copies);
    Optimiser<Real> second(c.chosen);
    second.load(copied, first.state(), first.steps());
    steps(first, all, 3);
    steps(second, copied, 3);
    for (std::size_t a = 0; a < arrays.size(); ++a) EXPECT_EQ(arrays[a].values, copies[a].values);
    EXPECT_EQ(second.steps(), 6u);
  }
}

TEST(Optimiser, state_has_names_and_a_wrong_one_is_refused) {
  auto arrays = large<double>();
  const auto all = pointers(arrays);
  Optimiser<double> adam_optimiser({.name = "adam"});
  adam_optimiser.step(all, 0.1);
  std::vector<std::string> names;
  for (const auto& one : adam_optimiser.state()) names.push_back(one.name);
  EXPECT_EQ(names, (std::vector<std::string>{"large.mean", "large.square", "small.mean", "small.square"}));
  EXPECT_TRUE(Optimiser<double>({.name = "sgd"}).state().empty());

  Optimiser<double> other({.name = "rmsprop"});
  EXPECT_THROW(other.load(all, adam_optimiser.state(), 1), Error);
  auto missing = adam_optimiser.state();
  missing.pop_back();
  auto short_one = adam_optimiser.state();
  short_one[1].values.pop_back();
  const auto before = adam_optimiser.state();
  EXPECT_THROW(adam_optimiser.load(all, missing, 1), Error);
  EXPECT_THROW(adam_optimiser.load(all, short_one, 1), Error);
  EXPECT_EQ(adam_optimiser.state()[1].values, before[1].values);
  EXPECT_THROW(adam_optimiser.step(std::span(all).first(1), 0.1), Error);
  arrays[0].gradient.clear();
  EXPECT_THROW(adam_optimiser.step(all, 0.1), Error);
}

TEST(GradientClip, by_norm_keeps_the_direction) {
  auto a = array<double>("a", {0, 0}), b = array<double>("b", {0});
  a.gradient = {3, 0};
  b.gradient = {-4};
  Weights<double>* const all[] = {&a, &b};
  EXPECT_DOUBLE_EQ(gradient_norm<double>(all), 5);
  EXPECT_DOUBLE_EQ(clip_gradients<double>(all, {.name = "norm", .parameters = {{"most", 10}}}), 5);
  EXPECT_EQ(a.gradient, (std::vector<double>{3, 0})) << "shorter already";
  EXPECT_DOUBLE_EQ(clip_gradients<double>(all, {.name = "norm", .parameters = {{"most", 1}}}), 5);
  EXPECT_NEAR(gradient_norm<double>(all), 1, 1e-6);
  EXPECT_NEAR(a.gradient[0] / b.gradient[0], -0.75, 1e-15);
}

TEST(GradientClip, by_value_cuts_each) {
  auto a = array<float>("a", {0, 0, 0, 0});
  a.gradient = {3, -0.5f, 0.25f, -7};
  Weights<float>* const all[] = {&a};
  clip_gradients<float>(all, {.name = "value", .parameters = {{"most", 0.5}}});
  EXPECT_EQ(a.gradient, (std::vector<float>{0.5f, -0.5f, 0.25f, -0.5f}));
}

TEST(GradientClip, the_norm_is_the_root_of_the_sum_of_squares_and_infinite_gradients_stay) {
  auto arrays = large<double>();
  const auto all = pointers(arrays);
  long double sum = 0;
  for (auto* weights : all) {
    draw_gradient(*weights, 1);
    for (const double g : weights->gradient) sum += static_cast<long double>(g) * g;
  }
  EXPECT_NEAR(gradient_norm<double>(all) / std::sqrt(double(sum)), 1, 1e-14);
  arrays[1].gradient[3] = std::numeric_limits<double>::infinity();
  const double first = arrays[0].gradient[0];
  EXPECT_TRUE(std::isinf(clip_gradients<double>(all, {.name = "norm", .parameters = {{"most", 1}}})));
  EXPECT_EQ(arrays[0].gradient[0], first);
}

}  // namespace
}  // namespace synfire::learning
