// Certified bounds of networks are never left by any layer, and are as narrow as can be worked out by hand.
#include <cmath>
#include <random>

#include <gtest/gtest.h>
#include <tbb/task_arena.h>

#include "io/yaml.hpp"
#include "learning/bounds/bounded_network.hpp"
#include "learning/bounds/mask_maps.hpp"
#include "learning/robustness/attack.hpp"
#include "networks/parse.hpp"
#include "networks/parse_layers.hpp"
#include "tests/learning/small_task.hpp"

namespace synfire::learning::bounds {
namespace {

constexpr std::size_t samples = 6, channels = 2, classes = 3;
const SignalShape image{{5, 6, channels}, true};

struct Case {
  const char* name;
  const char* layers;
  std::size_t steps;
  bool jumps;  ///< spikes or steps, which no slope bounds
};
const Case cases[] = {
    {"linear", "[input, {conv: {channels: 3, padding: 1}}, batch_norm, {dense: 3}]", 1, false},
    {"pools",
     "[input, {conv: {channels: 4}}, relu, {max_pool: {kernel: 3, stride: 1, padding: 1}}, "
     "{average_pool: 2}, {dense: 8}, {celu: {alpha: 0.7}}, {dense: 3}]",
     1, false},
    {"residual",
     "[input, {conv: {channels: 4, padding: 1}, name: a}, relu, {conv: {channels: 4, padding: 1}}, "
     "{add: , from: [conv2, a]}, {leaky_relu: {slope: -0.2}}, {global_pool: {of: max}}, {dense: 3}]",
     1, false},
    {"factors",
     "[input, {conv: {channels: 4, padding: 1}, name: a}, {conv: {channels: 1, padding: 1}, from: input1, "
     "name: b}, "
     "{multiply: , from: [a, b]}, {clamp: {low: -0.3, high: 0.4}}, {scale: {factor: -1.5}}, {global_pool: "
     "{of: mean}}, "
     "{dense: 3}]",
     1, false},
    {"transposed",
     "[input, {conv: {channels: 4, stride: 2}}, relu, {transposed_conv: {channels: 2, stride: 2}}, {dropout: "
     "0.3}, "
     "flatten, {dense: 3}]",
     1, false},
    {"masked",
     "[input, {conv: {channels: 4, padding: 1}, name: a}, {sample: {fraction: 0.3}}, "
     "{multiply: , from: [a, sample1]}, {dense: 3}]",
     1, true},
    {"flex",
     "[input, {flex: {channels: 5}}, relu, {flex: {channels: 3, stride: 2, align: repeat, pool: average}}, "
     "{dense: 3}]",
     1, false},
    {"flex sigmoid",
     "[input, {flex: {channels: 4, activation: sigmoid, norm: false}}, relu, "
     "{flex: {channels: 4, granularity: spatial, logits: conv, blocks: 2}}, {dense: 3}]",
     1, false},
    {"flex same",
     "[input, {flex: {channels: 2}}, {flex: {channels: 2, kernel: 2, stride: 2, padding: 0}}, {dense: 3}]", 1,
     false},
    {"flex step", "[input, {flex: {channels: 4, activation: ste, granularity: spatial}}, relu, {dense: 3}]",
     1, true},
    {"flex ramp",
     "[input, {flex: {channels: 4, context: ramp, context_size: 2}}, {lif: {decay: 0.5}}, {dense: 3}, "
     "{readout: mean}]",
     3, true},
    {"spiking",
     "[input, {conv: {channels: 4, padding: 1}}, batch_norm, {lif: {decay: 0.5}}, {max_pool: 2}, "
     "{dense: 6}, {klif: {tau: 2}, learn: {k: [0.5, 5]}}, {dense: 3}, {leaky_integrator: {V_rest: 0.3}}, "
     "{readout: mean}]",
     4, true},
    {"vote", "[input, {dense: 9}, {lif: {reset: soft, V_th: 0.2}}, {readout: {of: mean, classes: 3}}]", 5,
     true},
    {"recurrent", "[input, {dense: 8}, {lif: {V_th: 0.3}, recurrent: true}, {dense: 3}, log_softmax]", 4,
     true},
    {"liquid",
     "[input, {dense: 8}, {liquid: , receptors: {adaptation: [x, b], membrane: [x, V_m]}, recurrent: true}, "
     "{dense: 3}, {readout: mean}]",
     4, true},
    {"filled",
     "[input, {dense: 8}, {iaf_psc_exp: {E_L: 0 mV, V_reset: 0 mV, V_th: 1 mV, C_m: 1 pF, t_ref: 0 ms}, "
     "receptors: {inh: [V_m, exc]}}, {dense: 3}, {readout: mean}]",
     3, true},
    {"oscillation", "[input, {dense: 8}, oscillation, {dense: 3}, {readout: max}]", 3, true},
    {"membrane",
     "[input, {dense: 8}, {lif_cell: {tau_syn: 5 ms, tau_mem: 10 ms}}, {dense: 3}, "
     "{lif_cell: {}, output: membrane}, {readout: last}]",
     4, true},
};

class Subject {
 public:
  explicit Subject(const Case& of)
      : layers_(parse::parse_layers(parse_yaml(of.layers, "test.yaml"))),
        context_{.seed = 3,
                 .dt_ms = 1,
                 .steps = of.steps,
                 .surrogate = Surrogate(Chosen{.name = "arctan", .parameters = {}})},
        network(layers_, image, classes, context_, 2) {
    std::mt19937 random(17);
    std::uniform_real_distribution<float> number(-0.5f, 0.5f);
    for (auto* array : arrays()) {
      const bool variance = array->name.ends_with("running_variance"),
                 norm = array->name.find("norm") != std::string::npos;
      const bool middle =
          array->name.ends_with("threshold") || norm || array->name.find("logits") != std::string::npos;
      if (middle || variance)
        for (float& w : array->values) w += number(random);
    }
  }
  std::vector<Weights<float>*> arrays() {
    auto all = network.weights();
    for (auto* each : network.buffers()) all.push_back(each);
    return all;
  }
  BoundedNetwork bounds(FlexRule rule = FlexRule::joint, std::size_t parts = 2) {
    std::vector<const Weights<float>*> all;
    for (auto* each : arrays()) all.push_back(each);
    return {layers_, image, context_, all, rule, parts};
  }

 private:
  std::vector<LayerDescription> layers_;
  LayerContext context_;

 public:
  Network<float> network;
};

Batch<float> images(std::size_t count = samples) {
  Batch<float> batch;
  batch.samples = count;
  std::mt19937 random(11);
  std::uniform_real_distribution<float> value(-1, 1);
  for (std::size_t i = 0; i < count * image.features.size(); ++i) batch.values.push_back(value(random));
  for (std::size_t b = 0; b < count; ++b) batch.labels.push_back(std::uint32_t(b % classes));
  return batch;
}
Boxes around(const Batch<float>& batch, float eps) {
  Boxes boxes{batch.samples, batch.values, batch.values};
  for (float& x : boxes.low) x -= eps;
  for (float& x : boxes.high) x += eps;
  return boxes;
}
// Corners of the box, points within it, and points on its sides.
Batch<float> moved(const Batch<float>& batch, const Boxes& boxes, std::mt19937& random, int kind) {
  Batch<float> made = batch;
  std::uniform_real_distribution<float> part(0, 1);
  for (std::size_t i = 0; i < made.values.size(); ++i) {
    const float u = kind % 3 == 0   ? float(part(random) > 0.5f)
                    : kind % 3 == 1 ? part(random)
                                    : std::clamp(2 * part(random) - 0.5f, 0.0f, 1.0f);
    made.values[i] =
        std::clamp(boxes.low[i] + u * (boxes.high[i] - boxes.low[i]), boxes.low[i], boxes.high[i]);
  }
  return made;
}

void expect_within(const BoundedNetwork& bounds, const Network<float>& network, const Case& of) {
  for (std::size_t layer = 1; layer < network.layers().size(); ++layer) {
    const auto values = network.gathered(layer);
    const Boxes ends = bounds.gathered(bounds.node_of(layer));
    ASSERT_EQ(values.size(), ends.low.size()) << of.name << " " << network.layers()[layer].name;
    for (std::size_t i = 0; i < values.size(); ++i) {
      ASSERT_LE(ends.low[i], values[i]) << of.name << " " << network.layers()[layer].name << " " << i;
      ASSERT_GE(ends.high[i], values[i]) << of.name << " " << network.layers()[layer].name << " " << i;
    }
  }
}

TEST(Bounds, AreNeverLeft) {
  const Batch<float> batch = images();
  for (const Case& of : cases) {
    Subject subject(of);
    BoundedNetwork bounds = subject.bounds();
    for (const float eps : {0.0f, 0.01f, 0.2f}) {
      const Boxes boxes = around(batch, eps);
      bounds.bound(boxes);
      const auto margins = bounds.relaxed_margins(batch.labels);
      const std::vector<float> unit(channels, 1);
      const auto steep = bounds.steepness(unit);
      const auto middle = subject.network.predict(batch);
      std::mt19937 random(23);
      for (int k = 0; k < 60; ++k) {
        const Batch<float> at = moved(batch, boxes, random, k);
        const auto outputs = subject.network.predict(at, std::uint64_t(k));
        ASSERT_NO_FATAL_FAILURE(expect_within(bounds, subject.network, of));
        for (std::size_t i = 0; i < outputs.size(); ++i) {
          const std::size_t b = i / classes;
          const double margin = double(outputs[b * classes + batch.labels[b]]) - double(outputs[i]);
          ASSERT_GE(margin, margins[i] - 1e-6) << of.name << " eps " << eps;
          if (std::isinf(steep[i])) continue;
          ASSERT_LE(std::abs(double(outputs[i]) - double(middle[i])), steep[i] * double(eps) * 1.0001 + 1e-5)
              << of.name;
        }
      }
      for (const double each : steep) EXPECT_TRUE(of.jumps || !std::isinf(each)) << of.name;
    }
  }
}

// 10^6 points of a box, and those to which gradients lead.
TEST(Bounds, AreNotLeftByAMillionPoints) {
  Subject subject(
      {"", "[input, {flex: {channels: 3, stride: 2}}, relu, {flex: {channels: 3, stride: 2}}, {dense: 3}]", 1,
       false});
  constexpr std::size_t at_once = 20000;
  Batch<float> batch = images(1);
  const Boxes one = around(batch, 0.15f);
  BoundedNetwork bounds = subject.bounds();
  bounds.bound(one);
  const Boxes ends = bounds.gathered(bounds.size() - 1);
  const auto margins = bounds.relaxed_margins(batch.labels);
  const std::size_t features = image.features.size();
  Batch<float> many;
  many.samples = at_once;
  many.values.resize(at_once * features);
  many.labels.assign(at_once, batch.labels[0]);
  RandomStream random(RandomKey(1, "points"), 0);
  std::vector<float> least(classes, HUGE_VALF), most(classes, -HUGE_VALF);
  const auto look = [&] {
    const auto outputs = subject.network.predict(many);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      least[i % classes] = std::min(least[i % classes], outputs[i]);
      most[i % classes] = std::max(most[i % classes], outputs[i]);
      const float margin = outputs[i / classes * classes + batch.labels[0]] - outputs[i];
      ASSERT_GE(margin, float(margins[i % classes]) - 1e-6f);
    }
  };
  for (int round = 0; round < 50; ++round) {
    for (std::size_t i = 0; i < many.values.size(); ++i) {
      const double u = random.uniform();
      const float part = float(round % 2 == 0 ? u : double(u > 0.5));
      many.values[i] =
          std::clamp(one.low[i % features] + part * (one.high[i % features] - one.low[i % features]),
                     one.low[i % features], one.high[i % features]);
    }
    ASSERT_NO_FATAL_FAILURE(look());
  }
  // Within the same ball, whose pixels are then the values themselves.
  many.samples = 600;
  const Loss<float> loss(Chosen{.name = "cross_entropy"}, 1);
  Attacker<float> attacker(subject.network, loss, {{0.5}, {0.125}}, 1);  // values -4 to 4 are pixels
  for (const AttackKind kind : {AttackKind::pgd, AttackKind::bim, AttackKind::fgsm}) {
    for (std::size_t i = 0; i < many.samples * features; ++i) many.values[i] = batch.values[i % features];
    many.values.resize(many.samples * features);
    for (std::size_t b = 0; b < many.samples; ++b) many.labels[b] = std::uint32_t(b % classes);
    attacker.move({.kind = kind, .eps = 0.15 / 8, .steps = 20}, 0, many);
    for (std::size_t i = 0; i < many.values.size(); ++i)
      many.values[i] = std::clamp(many.values[i], one.low[i % features], one.high[i % features]);
    many.labels.assign(many.samples, batch.labels[0]);
    ASSERT_NO_FATAL_FAILURE(look());
  }
  for (std::size_t c = 0; c < classes; ++c) {
    EXPECT_LE(ends.low[c], least[c]);
    EXPECT_GE(ends.high[c], most[c]);
    EXPECT_LT(most[c] - least[c], ends.high[c] - ends.low[c]);
  }
}

// An affine network is known in closed form: both its ends and its margins.
TEST(Bounds, OfAnAffineNetworkAreExact) {
  Subject subject({"", "[input, {dense: 3}]", 1, false});
  const Batch<float> batch = images();
  BoundedNetwork bounds = subject.bounds();
  const double eps = 0.1;
  bounds.bound(around(batch, float(eps)));
  const auto outputs = subject.network.predict(batch);
  const Boxes ends = bounds.gathered(1);
  const auto margins = bounds.relaxed_margins(batch.labels);
  const std::vector<float> unit(channels, 1);
  const auto steep = bounds.steepness(unit);
  const auto& w = subject.network.weights().front()->values;
  const std::size_t features = image.features.size();
  for (std::size_t b = 0; b < samples; ++b)
    for (std::size_t c = 0; c < classes; ++c) {
      double size = 0, apart = 0;
      const std::size_t label = batch.labels[b], at = b * classes + c;
      for (std::size_t i = 0; i < features; ++i) {
        size += std::abs(double(w[c * features + i]));
        apart += std::abs(double(w[label * features + i]) - double(w[c * features + i]));
      }
      EXPECT_NEAR(double(ends.low[at]), double(outputs[at]) - eps * size, 5e-4);
      EXPECT_NEAR(double(ends.high[at]), double(outputs[at]) + eps * size, 5e-4);
      EXPECT_NEAR(steep[at], size, 1e-5 * size);
      EXPECT_NEAR(margins[at], double(outputs[b * classes + label]) - double(outputs[at]) - eps * apart,
                  2e-3);
    }
}

// Convolution and pool see the same square. For a fixed mask and one channel the exact range is that of the
// weights M w + (1 - M) at the pooled place.
TEST(Bounds, JointRuleIsExactForOnePlace) {
  const SignalShape one{{1, 1, 1}, true};
  const auto layers = parse::parse_layers(parse_yaml(
      "[input, {flex: {channels: 1, kernel: 1, padding: 0, norm: false, bias: false}}, {dense: 2}]",
      "test.yaml"));
  const LayerContext context{
      .seed = 1, .dt_ms = 1, .steps = 1, .surrogate = Surrogate(Chosen{.name = "arctan", .parameters = {}})};
  Network<float> network(layers, one, 2, context, 1);
  std::vector<const Weights<float>*> arrays;
  for (auto* each : network.weights()) {
    if (each->name == "flex1.weight") each->values = {-0.5f};
    if (each->name == "flex1.threshold") each->values = {100};  // the mask is 0 then
    arrays.push_back(each);
  }
  const auto width = [&](FlexRule rule, float threshold) {
    for (auto* each : network.weights())
      if (each->name == "flex1.threshold") each->values = {threshold};
    BoundedNetwork bounds(layers, one, context, arrays, rule, 1);
    bounds.bound({1, {-1}, {1}});
    const Boxes ends = bounds.gathered(bounds.node_of(1));
    return ends.high[0] - ends.low[0];
  };
  // M = 0: the pool alone, 2 wide.
  EXPECT_NEAR(width(FlexRule::joint, 100), 2, 1e-4);
  EXPECT_NEAR(width(FlexRule::apart, 100), 2, 1e-4);
  EXPECT_NEAR(width(FlexRule::difference, 100), 2, 1e-4);
  // M = 1: the convolution alone, 1 wide; by the difference, which is 3 wide, 5.
  EXPECT_NEAR(width(FlexRule::joint, -100), 1, 1e-4);
  EXPECT_NEAR(width(FlexRule::apart, -100), 1, 1e-4);
  EXPECT_NEAR(width(FlexRule::difference, -100), 5, 1e-4);
  // M within 1/2 +- 1/6: the pool's weight less half of M is -0.5 M + (1 - M), 1 at M = 0 and 0 at 2/3: at
  // 1/3 it is 1/2 and the range 1 wide; apart it is 2/3 + ... = 1/3 + 4/3.
  EXPECT_NEAR(width(FlexRule::joint, 0), 1, 1e-4);
  EXPECT_NEAR(width(FlexRule::apart, 0), 5.0 / 3, 1e-4);
}

TEST(Bounds, JointRuleIsNarrowestInAllNetworks) {
  const Batch<float> batch = images();
  for (const Case& of : cases) {
    Subject subject(of);
    BoundedNetwork bounds = subject.bounds();
    bounds.bound(around(batch, 0.05f));
    for (std::size_t k = 0; k < bounds.size(); ++k) {
      if (bounds.mix(k) == nullptr) continue;
      const auto& by_rule = bounds.mix(k)->widths().by_rule;
      EXPECT_LT(by_rule[2], by_rule[0]) << of.name;
      EXPECT_LE(by_rule[0], by_rule[1] * 1.0001) << of.name;
    }
  }
}

TEST(Bounds, OfAFrozenMaskAreTighter) {
  Subject subject({"", "[input, {flex: {channels: 4, frozen_after: 3}}, relu, {dense: 3}]", 1, false});
  const Batch<float> batch = images();
  const Boxes boxes = around(batch, 0.05f);
  const auto width = [&] {
    BoundedNetwork bounds = subject.bounds();
    bounds.bound(boxes);
    std::mt19937 random(5);
    for (int k = 0; k < 20; ++k) {
      subject.network.predict(moved(batch, boxes, random, k));
      expect_within(bounds, subject.network, {"frozen", "", 1, false});
    }
    return bounds.width(bounds.size() - 1).mean;
  };
  const double live = width();
  for (auto* each : subject.network.buffers()) {
    std::size_t i = 0;
    if (each->name == "flex1.mask")
      for (float& m : each->values) m = float(i++ % 2);
  }
  subject.network.begin_epoch(3);  // freezes
  EXPECT_LT(width(), live);
}

TEST(Bounds, DependNeitherOnThreadsNorMuchOnParts) {
  Subject subject(
      {"", "[input, {flex: {channels: 4}}, relu, {conv: {channels: 3}}, relu, {dense: 3}]", 1, false});
  const Batch<float> batch = images();
  const Boxes boxes = around(batch, 0.05f);
  const auto found = [&](std::size_t parts, int threads) {
    tbb::task_arena arena(threads);
    return arena.execute([&] {
      BoundedNetwork bounds = subject.bounds(FlexRule::joint, parts);
      bounds.bound(boxes);
      auto all = bounds.relaxed_margins(batch.labels);
      const Boxes ends = bounds.gathered(bounds.size() - 1);
      all.insert(all.end(), ends.low.begin(), ends.low.end());
      return all;
    });
  };
  EXPECT_EQ(found(2, 1), found(2, 4));
  const auto one = found(1, 1), six = found(6, 2);
  for (std::size_t i = 0; i < one.size(); ++i) EXPECT_NEAR(one[i], six[i], 1e-5);
}

// An image whose mask was worked out by hand: Z = P - threshold, M = clip(Z / 6 + 1/2, 0, 1).
TEST(MaskMaps, ShowTheMaskOfEachPlace) {
  const test::TemporaryFolder folder;
  test::write_set(folder, "train", 8);
  test::write_set(folder, "t10k", 8);
  const NetworkDescription network = parse_network(parse_yaml(
      "synfire: 1\nsimulation: {dt: 1 ms}\ndataset: {path: \"" + folder.path().string() +
          "\"}\nlayers: [input, {flex: {channels: 2, kernel: 1, padding: 0, norm: false}}, {dense: 4}]\n"
          "training: {steps: 1, epochs: 1, batch: 3}\n",
      "net.yaml"));
  Trainer trainer(network, {});
  for (auto* array : trainer.network().weights())
    if (array->name == "flex1.threshold")
      for (std::size_t i = 0; i < array->size(); ++i) array->values[i] = i % 2 == 0 ? 0.5f : -1;
  const auto samples = masks_of(trainer, 5);
  ASSERT_EQ(samples.size(), 5u);
  for (const MaskedSample& sample : samples) {
    ASSERT_EQ(sample.masks.size(), 1u);
    EXPECT_EQ(sample.masks[0].layer, "flex1");
    ASSERT_EQ(sample.masks[0].values.size(), sample.values.size());
    for (std::size_t i = 0; i < sample.values.size(); ++i)
      EXPECT_NEAR(sample.masks[0].values[i],
                  0.5 + ((sample.values[i] - 0.5) / 6 + (sample.values[i] + 1) / 6) / 2, 1e-5);
  }
  EXPECT_NE(samples[0].values, samples[1].values);
}

TEST(Bounds, RefuseWhatIsRandom) {
  try {
    const Case of{"", "[input, {flex: {channels: 4, context: noise}}, {dense: 3}, {readout: mean}]", 2, true};
    Subject subject(of);
    subject.bounds();
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("flex1: with `context: noise`"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace synfire::learning::bounds
