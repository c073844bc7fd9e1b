// Connections that come and go while weights are learned, and products with those that are left.
#include "learning/gradient/structure.hpp"

#include <cmath>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "learning/gradient/dense_product.hpp"
#include "tests/learning/gradient_check.hpp"

namespace synfire::learning {
namespace {

using Parameters = std::map<std::string, double>;

constexpr double by_weight = 0, by_neurons = 1, by_synapses = 2;
constexpr double no_return = 0, by_chance = 1, by_activity = 2, by_gradient = 3;
constexpr double constant = double(Structural<float>::Rates::constant),
                 of_neurons = double(Structural<float>::Rates::neurons);

template <class Real>
Weights<Real> table(const std::string& name, std::size_t targets, std::size_t sources,
                    std::vector<Real> values) {
  Weights<Real> made;
  made.name = name;
  made.shape = {targets, sources};
  made.values = std::move(values);
  made.gradient.resize(made.size());
  return made;
}
Weights<float> bias_of(const std::string& name) {
  Weights<float> made;
  made.name = name;
  made.shape = {2};
  made.values.resize(2), made.gradient.resize(2);
  made.decays = false;
  return made;
}

// Two layers of connections and the last one, which nothing prunes.
struct Zoo {
  Weights<float> first = table<float>("a.weight", 2, 3, {0.1f, -0.2f, 0.3f, 0.05f, 0.6f, -0.7f}),
                 second = table<float>("b.weight", 3, 2, {0.9f, -0.8f, 0.01f, 0.5f, 0.4f, -0.3f}),
                 last = table<float>("c.weight", 2, 3, {0, 0, 0, 1, 1, 1});
  Weights<float> bias = bias_of("a.bias");
  std::vector<Weights<float>*> all{&first, &bias, &second, &last};

  WeightStructure structure(Parameters parameters) {
    parameters.try_emplace("rates", constant);
    parameters.try_emplace("T_num", 1);
    return {Chosen{.name = "structure", .parameters = std::move(parameters)}, 5, all};
  }
  // A batch after which no weight has moved.
  void batch(WeightStructure& structure, bool last_of_epoch = true) {
    if (last_of_epoch) structure.note_gradients(all);
    structure.before_move(all);
    structure.after_move(all);
  }
};

std::vector<std::uint8_t> pruned(const Weights<float>& w) { return w.pruned; }
using Pattern = std::vector<std::uint8_t>;

TEST(WeightStructure, prunes_weights_below_a_size) {
  Zoo zoo;
  auto structure = zoo.structure({{"prune", by_weight}, {"w_prune", 0.15}, {"regenerate", no_return}});
  zoo.batch(structure);
  const auto made = structure.end_epoch(zoo.all, 1);
  EXPECT_EQ(pruned(zoo.first), (Pattern{1, 0, 0, 1, 0, 0}));
  EXPECT_EQ(pruned(zoo.second), (Pattern{0, 0, 1, 0, 0, 0}));
  EXPECT_TRUE(zoo.last.pruned.empty()) << "the last array is left alone";
  EXPECT_EQ(zoo.first.values, (std::vector<float>{0, -0.2f, 0.3f, 0, 0.6f, -0.7f}));
  ASSERT_EQ(made.size(), 2u);
  EXPECT_EQ(made[0].array, "a.weight");
  EXPECT_EQ(made[0].connections, 4);
  EXPECT_EQ(made[0].pruned, 2);
  EXPECT_EQ(made[0].regenerated, 0);
  EXPECT_EQ(made[0].neurons, 2);
  EXPECT_DOUBLE_EQ(made[1].density, 5.0 / 6);
}

// With T_num = 1 a bound is the weight of the last look: activity is the size of a weight.
TEST(WeightStructure, prunes_the_least_active_connections) {
  Zoo zoo;
  auto structure = zoo.structure({{"prune", by_synapses}, {"rate_prune", 50}, {"regenerate", no_return}});
  zoo.batch(structure);
  structure.end_epoch(zoo.all, 1);
  EXPECT_EQ(pruned(zoo.first), (Pattern{1, 1, 0, 1, 0, 0}));
  EXPECT_EQ(pruned(zoo.second), (Pattern{0, 0, 1, 0, 1, 1}));
  structure.end_epoch(zoo.all, 2);  // half of the 3 that are left: 1
  EXPECT_EQ(pruned(zoo.first), (Pattern{1, 1, 1, 1, 0, 0}));
}

TEST(WeightStructure, prunes_the_least_active_neurons) {
  Zoo zoo;  // activities 0.6 and 1.35; 1.7, 0.51, 0.7
  auto structure = zoo.structure({{"prune", by_neurons}, {"rate_prune", 50}, {"regenerate", no_return}});
  zoo.batch(structure);
  const auto made = structure.end_epoch(zoo.all, 1);
  EXPECT_EQ(pruned(zoo.first), (Pattern{1, 1, 1, 0, 0, 0}));
  EXPECT_EQ(pruned(zoo.second), (Pattern{0, 0, 1, 1, 0, 0}));
  EXPECT_EQ(made[0].neurons, 1);
  EXPECT_EQ(made[1].neurons, 2);
}

// Bounds move to the mean of T_num looks in a row on one side of them.
TEST(WeightStructure, activity_is_the_range_that_weights_have_gone_through) {
  Zoo zoo;
  zoo.first.values = {0.4f, -0.4f, 0.1f, 0.3f, 0.3f, 0.3f};
  auto structure =
      zoo.structure({{"prune", by_synapses}, {"rate_prune", 17}, {"regenerate", no_return}, {"T_num", 2}});
  zoo.batch(structure, false);
  zoo.first.values = {0.8f, -0.4f, 0.3f, 0.3f, 0.3f, -0.3f};  // the last one changes sides: no bound moves
  zoo.batch(structure);
  structure.end_epoch(zoo.all, 1);  // activities 0.6, 0.4, 0.2, 0.3, 0.3, 0
  EXPECT_EQ(pruned(zoo.first), (Pattern{0, 0, 0, 0, 0, 1}));
  structure.end_epoch(zoo.all, 2);  // 17 % of 5: none
  EXPECT_EQ(pruned(zoo.first), (Pattern{0, 0, 0, 0, 0, 1}));
}

TEST(WeightStructure, brings_back_where_the_gradient_of_the_last_batch_is_largest) {
  for (const double restore : {0.0, 1.0}) {
    Zoo zoo;
    auto structure = zoo.structure({{"prune", by_weight},
                                    {"w_prune", 0.25},
                                    {"regenerate", by_gradient},
                                    {"rate_regenerate", 34},
                                    {"restore", restore}});
    zoo.batch(structure);
    structure.end_epoch(zoo.all, 1);  // 0, 1 and 3 go; none of them is back at once
    ASSERT_EQ(pruned(zoo.first), (Pattern{1, 1, 0, 1, 0, 0}));
    zoo.first.gradient = {9, 9, 9, 9, 9, 9};  // not of the last batch
    zoo.batch(structure, false);
    EXPECT_EQ(zoo.first.gradient, (std::vector<float>{0, 0, 9, 0, 9, 9})) << "what is not there has none";
    zoo.first.gradient = {-1, -3, 7, 2, 7, 7};
    zoo.batch(structure);
    const auto made = structure.end_epoch(zoo.all, 2);  // 34 % of 3: one, and it is the second
    EXPECT_EQ(made[0].regenerated, 1);
    EXPECT_EQ(pruned(zoo.first), (Pattern{1, 0, 0, 1, 0, 0}));
    EXPECT_EQ(zoo.first.values[1], restore == 0 ? -0.2f : 0.0f);
  }
}

TEST(WeightStructure, brings_back_those_that_were_most_active) {
  Zoo zoo;
  auto structure = zoo.structure(
      {{"prune", by_synapses}, {"rate_prune", 50}, {"regenerate", by_activity}, {"rate_regenerate", 34}});
  zoo.batch(structure);
  structure.end_epoch(zoo.all, 1);
  structure.end_epoch(zoo.all, 2);  // 0.2 is back before it could go; 0.3 goes
  EXPECT_EQ(pruned(zoo.first), (Pattern{1, 0, 1, 1, 0, 0}));
}

// (12)-(14) by hand: delta = alpha exp(start - e) up to `mid`, beta afterwards; times N_l / N_(l+1).
TEST(WeightStructure, rates_follow_the_equations) {
  Zoo zoo;
  auto structure = zoo.structure({{"prune", by_synapses},
                                  {"rate_prune", 1},
                                  {"regenerate", by_chance},
                                  {"rate_regenerate", 2},
                                  {"rates", of_neurons},
                                  {"alpha", 0.5},
                                  {"beta", 0.25},
                                  {"gamma", 2},
                                  {"mid", 2},
                                  {"start", 2},
                                  {"ceiling", 3}});
  const auto rates = [&](std::uint64_t epoch) {
    zoo.batch(structure);
    const auto made = structure.end_epoch(zoo.all, epoch);
    return std::pair(made[0].rate_prune, made[0].rate_regenerate);
  };
  using Rates = std::pair<double, double>;
  EXPECT_EQ(rates(1), Rates(1, 2)) << "before the start nothing happens";
  EXPECT_EQ(rates(2), Rates(1, 2));
  // N = 2 targets here, 3 in the next array; 1 + 0.5 e^0 2/3, 2 + 2^0
  EXPECT_NEAR(rates(3).first, 1 + 1.0 / 3, 1e-6);
  // 1.3333 + 0.25 2/3, 3 + 2^1
  const auto [prune, regenerate] = rates(4);
  EXPECT_NEAR(prune, 1.5, 1e-6);
  EXPECT_NEAR(regenerate, 5, 1e-6);
  double last = 0;
  for (std::uint64_t epoch = 5; epoch < 40; ++epoch) last = rates(epoch).first;
  EXPECT_EQ(last, 3) << "not above the ceiling";
}

TEST(WeightStructure, counts_what_it_does) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  for (const double prune : {by_weight, by_neurons, by_synapses})
    for (const double regenerate : {no_return, by_chance, by_activity, by_gradient}) {
      Zoo zoo;
      zoo.first = table("a.weight", 12, 9, std::vector<float>(108));
      for (auto& value : zoo.first.values) value = normal(random);
      auto structure = zoo.structure({{"prune", prune},
                                      {"w_prune", 0.3},
                                      {"rate_prune", 12},
                                      {"regenerate", regenerate},
                                      {"rate_regenerate", 30},
                                      {"start", 2}});
      double connections = 108, moved = 0;
      for (std::uint64_t epoch = 1; epoch < 8; ++epoch) {
        for (std::size_t i = 0; i < 108; ++i) {
          zoo.first.gradient[i] = normal(random);
          if (zoo.first.pruned[i] == 0) zoo.first.values[i] += 0.1f * normal(random);
        }
        zoo.batch(structure);
        const auto made = structure.end_epoch(zoo.all, epoch)[0];
        connections += made.regenerated - made.pruned;
        moved += made.regenerated + made.pruned;
        ASSERT_EQ(made.connections, connections);
        const auto masks = structure.masks(zoo.all);
        ASSERT_EQ(masks.size(), 2u);
        double kept = 0;
        for (std::size_t i = 0; i < 108; ++i) {
          kept += masks[0].kept[i];
          ASSERT_TRUE(masks[0].kept[i] == 1 || zoo.first.values[i] == 0);
        }
        ASSERT_EQ(kept, connections);
        ASSERT_TRUE(epoch >= 2 || moved == 0);
      }
      EXPECT_GT(moved, 0) << prune << regenerate;
    }
}

TEST(WeightStructure, goes_on_where_it_stopped) {
  const Parameters how = {{"prune", by_synapses},  {"rate_prune", 20}, {"regenerate", by_chance},
                          {"rate_regenerate", 40}, {"every", 2},       {"T_num", 2},
                          {"rates", of_neurons}};
  const auto live = [](Zoo& zoo, WeightStructure& structure, std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t epoch = from; epoch < to; ++epoch) {
      for (std::size_t i = 0; i < 6; ++i)
        if (zoo.first.pruned[i] == 0) zoo.first.values[i] += 0.1f * std::sin(float(epoch * 7 + i));
      for (int batch = 0; batch < 3; ++batch) zoo.batch(structure, batch == 2);
      structure.end_epoch(zoo.all, epoch);
    }
  };
  Zoo whole;
  auto one = whole.structure(how);
  live(whole, one, 1, 9);
  Zoo half;
  auto before = half.structure(how);
  live(half, before, 1, 5);
  const auto state = before.state(half.all);
  auto after = half.structure(how);
  after.load(half.all, state);
  live(half, after, 5, 9);
  EXPECT_EQ(whole.first.pruned, half.first.pruned);
  EXPECT_EQ(whole.first.values, half.first.values);
  EXPECT_EQ(one.state(whole.all).back().values, after.state(half.all).back().values);
  Zoo other;
  other.second = table("b.weight", 2, 2, std::vector<float>(4));
  auto foreign = other.structure(how);
  EXPECT_THROW(foreign.load(other.all, state), Error);
}

TEST(WeightStructure, needs_something_to_prune) {
  Zoo zoo;
  zoo.all = {&zoo.last, &zoo.bias};
  EXPECT_THROW(zoo.structure({}), Error);
}

// --- products with what is left

std::vector<double> normals(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> values(count);
  for (double& value : values) value = normal(random);
  return values;
}

void sparsify(Weights<double>& w, double density, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform;
  w.pruned.assign(w.size(), 0);
  for (std::size_t i = 0; i < w.size(); ++i) {
    if (uniform(random) < density) continue;
    w.pruned[i] = 1;
    w.values[i] = 0;
  }
}

TEST(KeptConnections, products_are_those_of_the_whole_table) {
  for (const double density : {0.0, 0.02, 0.1, 1.0})
    for (const std::size_t rows : {1u, 15u, 16u, 64u, 150u}) {
      const std::size_t targets = 37, sources = 53;
      Weights<double> w = table("w", targets, sources, normals(targets * sources, 1));
      sparsify(w, density, 2);
      const KeptConnections<double> kept(w);
      const auto x = normals(rows * sources, 3), dy = normals(rows * targets, 4);
      for (const bool adds : {false, true}) {
        std::vector<double> y(rows * targets, 0.5), dx(rows * sources, 0.25), dw(w.size(), 0.125);
        kept.by_target(x.data(), rows, adds, y.data());
        kept.by_source(dy.data(), rows, adds, dx.data());
        kept.gradient(x.data(), dy.data(), rows, adds, dw.data());
        double worst = 0;
        const auto look = [&](double start, double sum, double got) {
          worst = std::max(worst, std::abs((adds ? start : 0) + sum - got));
        };
        for (std::size_t r = 0; r < rows; ++r)
          for (std::size_t t = 0; t < targets; ++t) {
            double sum = 0;
            for (std::size_t s = 0; s < sources; ++s) sum += w.values[t * sources + s] * x[r * sources + s];
            look(0.5, sum, y[r * targets + t]);
          }
        for (std::size_t r = 0; r < rows; ++r)
          for (std::size_t s = 0; s < sources; ++s) {
            double sum = 0;
            for (std::size_t t = 0; t < targets; ++t) sum += w.values[t * sources + s] * dy[r * targets + t];
            look(0.25, sum, dx[r * sources + s]);
          }
        for (std::size_t t = 0; t < targets; ++t)
          for (std::size_t s = 0; s < sources; ++s) {
            double sum = 0;
            for (std::size_t r = 0; r < rows; ++r) sum += dy[r * targets + t] * x[r * sources + s];
            look(0.125, w.pruned[t * sources + s] != 0 ? 0 : sum, dw[t * sources + s]);
          }
        EXPECT_LT(worst, 1e-12) << density << " " << rows << adds;
      }
    }
}

// A network whose few connections are listed against one that multiplies by their zeros.
TEST(KeptConnections, network_is_the_one_with_zeros) {
  using namespace gradient_check;
  for (const std::string recurrent : {"false", "true"})
    for (const bool asked : {false, true}) {
      Case setup = hard();
      setup.gain = 2;
      const std::string layers =
          head + "flatten, {dense: 40}, {liquid: , name: n, recurrent: " + recurrent +
          ", receptors: {adaptation: [x, b], membrane: [x, V_m]}}, {dense: 30}, {lif: , recurrent: " +
          recurrent + "}" + tail;
      Network<double> few = network_of<double>(layers, setup), zeros = network_of<double>(layers, setup);
      for (std::size_t k = 0; k < few.weights().size(); ++k) {
        Weights<double>&w = *few.weights()[k], &same = *zeros.weights()[k];
        if (w.shape.size() != 2) continue;
        for (double& value : w.values) value *= 8;  // so that there are spikes
        sparsify(w, 0.1, unsigned(k));
        w.gradient_of_pruned = asked;
        same.values = w.values;
      }
      const Batch<double> batch = batch_of<double>(setup);
      const Loss<double> loss(setup.loss, std::uint32_t(setup.steps));
      const auto one = few.learn(batch, loss, 0), two = zeros.learn(batch, loss, 0);
      EXPECT_NEAR(one.loss, two.loss, 1e-12);
      EXPECT_EQ(few.mean_rates(), zeros.mean_rates()) << "not one spike differs";
      for (std::size_t k = 0; k < few.weights().size(); ++k) {
        const Weights<double>&w = *few.weights()[k], &same = *zeros.weights()[k];
        double worst = 0, largest = 0;
        for (std::size_t i = 0; i < w.size(); ++i) {
          largest = std::max(largest, std::abs(same.gradient[i]));
          if (asked || w.pruned.empty() || w.pruned[i] == 0)
            worst = std::max(worst, std::abs(w.gradient[i] - same.gradient[i]));
        }
        EXPECT_LE(worst, 1e-11 * std::max(1.0, largest)) << w.name << recurrent << asked;
      }
      EXPECT_NEAR(few.evaluate(batch, loss).loss, zeros.evaluate(batch, loss).loss, 1e-12);
    }
}

}  // namespace
}  // namespace synfire::learning
