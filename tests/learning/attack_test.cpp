// Attacks find what can be worked out by hand, stay where they may, and depend on nothing but their seed.
#include <cmath>
#include <random>

#include <gtest/gtest.h>
#include <tbb/task_arena.h>

#include "io/yaml.hpp"
#include "learning/robustness/robustness.hpp"
#include "networks/parse_layers.hpp"

namespace synfire::learning {
namespace {

constexpr std::size_t samples = 7, channels = 2, features = 3 * 4 * channels, classes = 2;
const PixelScale scale{{0.5, 0.25}, {0.25, 0.5}};

Network<double> network_of(const std::string& layers) {
  const LayerContext context{
      .seed = 3, .dt_ms = 1, .steps = 3, .surrogate = Surrogate(Chosen{.name = "arctan", .parameters = {}})};
  return Network<double>(parse::parse_layers(parse_yaml(layers, "test.yaml")), {{3, 4, channels}, true},
                         classes, context, 2);
}
Network<double> linear() { return network_of("[input, {dense: 2}]"); }
Network<double> spiking() {
  return network_of(
      "[input, {conv: {channels: 4, padding: 1}}, batch_norm, lif, {dense: 2}, {readout: mean}]");
}

// Pixels of all brightnesses, black and white ones among them.
Batch<double> images() {
  Batch<double> batch;
  batch.samples = samples;
  std::mt19937 random(11);
  std::uniform_real_distribution<double> brightness(-0.3, 1.3);
  for (std::size_t i = 0; i < samples * features; ++i) {
    const double pixel = std::clamp(brightness(random), 0.0, 1.0);
    batch.values.push_back((pixel - scale.mean[i % channels]) / scale.deviation[i % channels]);
  }
  for (std::size_t b = 0; b < samples; ++b) batch.labels.push_back(std::uint32_t(b % classes));
  return batch;
}

double pixel(const Batch<double>& batch, std::size_t i) {
  return batch.values[i] * scale.deviation[i % channels] + scale.mean[i % channels];
}

Batch<double> attacked(Network<double>& network, const Attack& attack, std::uint64_t seed = 5) {
  const Loss<double> loss(Chosen{.name = "cross_entropy"}, 3);
  Attacker<double> attacker(network, loss, scale, seed);
  Batch<double> batch = images();
  attacker.move(attack, 0, batch);
  return batch;
}

double loss_of(Network<double>& network, const Batch<double>& batch) {
  return network.evaluate(batch, Loss<double>(Chosen{.name = "cross_entropy"}, 3)).loss;
}

// The loss of a sample grows along w_other - w_label, whatever the sample: the best point of the ball is
// known.
TEST(Attack, of_a_linear_network_reaches_the_best_corner) {
  Network<double> network = linear();
  const auto& w = network.weights().front()->values;
  const Batch<double> before = images();
  const double eps = 0.1;
  for (const AttackKind kind : {AttackKind::fgsm, AttackKind::bim, AttackKind::mim, AttackKind::pgd}) {
    const Batch<double> after = attacked(network, {.kind = kind, .eps = eps});
    for (std::size_t i = 0; i < samples * features; ++i) {
      const std::size_t label = before.labels[i / features], j = i % features;
      const double along = w[(1 - label) * features + j] - w[label * features + j];
      const double best = std::clamp(pixel(before, i) + (along > 0 ? eps : -eps), 0.0, 1.0);
      EXPECT_NEAR(pixel(after, i), best, 1e-12) << name_of(kind) << " " << i;
    }
  }
}

TEST(Attack, stays_in_the_ball_and_among_pixels) {
  Network<double> network = spiking();
  const Batch<double> before = images();
  for (std::size_t k = 0; k < attack_names().size(); ++k) {
    const Attack attack{.kind = static_cast<AttackKind>(k), .eps = 0.2, .steps = 4, .directions = 3};
    const Batch<double> after = attacked(network, attack);
    double farthest = 0;
    for (std::size_t i = 0; i < after.values.size(); ++i) {
      EXPECT_GE(pixel(after, i), -1e-12);
      EXPECT_LE(pixel(after, i), 1 + 1e-12);
      farthest = std::max(farthest, std::abs(pixel(after, i) - pixel(before, i)));
    }
    EXPECT_LE(farthest, 0.2 + 1e-12) << attack_names()[k];
    EXPECT_GT(farthest, 0.1) << attack_names()[k];
    EXPECT_EQ(attacked(network, {.kind = attack.kind, .eps = 0}).values, before.values);
  }
}

TEST(Attack, leaves_alone_what_is_no_pixel) {
  Network<double> network = linear();
  const Loss<double> loss(Chosen{.name = "cross_entropy"}, 3);
  Attacker<double> attacker(network, loss, scale, 1);
  Batch<double> batch = images();
  batch.values[0] = 40, batch.values[1] = -40;
  attacker.move({.kind = AttackKind::pgd, .eps = 0.1}, 0, batch);
  EXPECT_LE(batch.values[0], 40);
  EXPECT_GE(batch.values[1], -40);
}

TEST(Attack, raises_the_loss_more_by_gradients_than_by_noise) {
  Network<double> network = spiking();
  const double clean = loss_of(network, images());
  const auto loss_by = [&](AttackKind kind) {
    return loss_of(network, attacked(network, {.kind = kind, .eps = 0.1, .steps = 10, .directions = 24}));
  };
  const double noise = loss_by(AttackKind::noise), guessed = loss_by(AttackKind::spgd);
  EXPECT_GT(guessed, clean);
  for (const AttackKind kind : {AttackKind::fgsm, AttackKind::bim, AttackKind::mim, AttackKind::pgd})
    EXPECT_GT(loss_by(kind), std::max(noise, clean)) << name_of(kind);
}

TEST(Attack, is_the_same_for_any_number_of_threads_and_differs_by_seed) {
  for (std::size_t k = 0; k < attack_names().size(); ++k) {
    const Attack attack{.kind = static_cast<AttackKind>(k), .eps = 0.1, .steps = 3, .directions = 2};
    const auto values = [&](int threads, std::uint64_t seed) {
      Network<double> network = spiking();
      tbb::task_arena arena(threads);
      return arena.execute([&] { return attacked(network, attack, seed).values; });
    };
    EXPECT_EQ(values(1, 5), values(3, 5)) << attack_names()[k];
    const bool draws =
        attack.kind == AttackKind::pgd || attack.kind == AttackKind::spgd || attack.kind == AttackKind::noise;
    EXPECT_EQ(values(1, 5) != values(1, 6), draws) << attack_names()[k];
  }
}

TEST(Robustness, area_is_the_mean_height_of_the_curve) {
  EXPECT_DOUBLE_EQ(area_under(0.9, {}, {}), 0.9);
  const std::vector<double> eps{0.1, 0.3}, accuracy{0.5, 0.1};
  EXPECT_NEAR(area_under(0.9, eps, accuracy), (0.1 * 0.7 + 0.2 * 0.3) / 0.3, 1e-15);
  const std::vector<double> zero{0.0}, same{0.9};
  EXPECT_DOUBLE_EQ(area_under(0.9, zero, same), 0.9);
}

TEST(Robustness, tells_what_speaks_of_masked_gradients) {
  Robustness found{1000, 0.9, {0.1}, {}};
  const auto add = [&](AttackKind kind, double accuracy, const std::string& source = "") {
    found.curves.push_back({kind, source, {accuracy}, 0, 0});
  };
  add(AttackKind::pgd, 0.40);
  add(AttackKind::fgsm, 0.45);
  add(AttackKind::spgd, 0.39);  // within chance
  add(AttackKind::noise, 0.85);
  EXPECT_TRUE(masking_signs(found).empty());
  found.curves[2].accuracy = {0.30};
  ASSERT_EQ(masking_signs(found).size(), 1u);
  EXPECT_NE(masking_signs(found)[0].find("spgd leaves 30.0 % right at eps 0.1, pgd 40.0 %"),
            std::string::npos);
  add(AttackKind::pgd, 0.2, "other");
  EXPECT_EQ(masking_signs(found).size(), 2u);
  EXPECT_NE(masking_signs(found)[1].find("pgd by other"), std::string::npos);
}

}  // namespace
}  // namespace synfire::learning
