// Places that choose between convolution and pool: against plain loops, and by hand.
#include <cmath>
#include <random>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "io/yaml.hpp"
#include "learning/gradient/network.hpp"
#include "learning/gradient/trainer.hpp"
#include "networks/parse_layers.hpp"

namespace synfire::learning {
namespace {

using Values = std::vector<double>;

struct Case {
  FeatureShape input{1, 1, 1};
  std::size_t steps = 1, samples = 1, parts = 1;
  bool constant = false;
  std::size_t classes = 1;
};

template <class Real = double> Network<Real> network_of(const std::string& layers, const Case& setup) {
  LayerContext context{
      .seed = 3, .dt_ms = 1, .steps = setup.steps, .surrogate = Surrogate({.name = "arctan"})};
  context.answer = Answer::anything;
  return Network<Real>(parse::parse_layers(parse_yaml(layers, "test.yaml")), {setup.input, setup.constant},
                       setup.classes, context, setup.parts);
}
std::string flex(const std::string& parameters) {
  return "[{input: events}, {flex: {" + parameters + "}, name: f}]";
}
template <class Real = double> Batch<Real> batch_of(const Case& setup, double gain = 1) {
  Batch<Real> batch;
  batch.samples = setup.samples;
  batch.values.resize((setup.constant ? 1 : setup.steps) * setup.samples * setup.input.size());
  std::mt19937 random(7);
  std::normal_distribution<double> normal;
  for (Real& value : batch.values) value = Real(gain * normal(random));
  batch.labels.assign(setup.samples, 0);
  return batch;
}
template <class Real> Weights<Real>& named(Network<Real>& network, std::string_view name) {
  for (auto* each : network.weights())
    if (each->name == name) return *each;
  for (auto* each : network.buffers())
    if (each->name == name) return *each;
  throw std::runtime_error(fmt::format("no {}", name));
}
template <class Real>
std::vector<Real> shown(Network<Real>& network, const Batch<Real>& batch, std::uint64_t iteration = 0) {
  const std::size_t wanted[] = {1};
  network.compute(batch, {}, wanted, iteration);
  return network.gathered(1);
}

// --- plain loops

struct Kernel {
  std::size_t size, stride, padding;
};
// Of one map; weights [out channels, height, width, in channels].
Values convolved(const Values& map, const FeatureShape& in, const FeatureShape& out, const Kernel& kernel,
                 const Values& weights, const Values& bias) {
  Values made(out.size());
  for (std::size_t y = 0; y < out.height; ++y)
    for (std::size_t x = 0; x < out.width; ++x)
      for (std::size_t o = 0; o < out.channels; ++o) {
        double sum = bias[o];
        for (std::size_t ky = 0; ky < kernel.size; ++ky)
          for (std::size_t kx = 0; kx < kernel.size; ++kx) {
            const long iy = long(y * kernel.stride + ky) - long(kernel.padding),
                       ix = long(x * kernel.stride + kx) - long(kernel.padding);
            if (iy < 0 || ix < 0 || iy >= long(in.height) || ix >= long(in.width)) continue;
            for (std::size_t c = 0; c < in.channels; ++c)
              sum += map[(std::size_t(iy) * in.width + std::size_t(ix)) * in.channels + c] *
                     weights[((o * kernel.size + ky) * kernel.size + kx) * in.channels + c];
          }
        made[(y * out.width + x) * out.channels + o] = sum;
      }
  return made;
}
double pooled(const Values& map, const FeatureShape& in, std::size_t y, std::size_t x, std::size_t c,
              const Kernel& kernel, bool largest) {
  double most = -1e300, sum = 0;
  for (std::size_t ky = 0; ky < kernel.size; ++ky)
    for (std::size_t kx = 0; kx < kernel.size; ++kx) {
      const long iy = long(y * kernel.stride + ky) - long(kernel.padding),
                 ix = long(x * kernel.stride + kx) - long(kernel.padding);
      if (iy < 0 || ix < 0 || iy >= long(in.height) || ix >= long(in.width)) continue;
      const double value = map[(std::size_t(iy) * in.width + std::size_t(ix)) * in.channels + c];
      most = std::max(most, value), sum += value;
    }
  return largest ? most : sum / double(kernel.size * kernel.size);
}
// The o-th of `out` channels.
double aligned(const Values& channels, std::size_t o, std::size_t out, bool repeat) {
  const std::size_t in = channels.size();
  if (repeat) return channels[o % in];
  const double at = std::max(0.0, (double(o) + 0.5) * double(in) / double(out) - 0.5);
  const std::size_t low = std::min(std::size_t(at), in - 1), high = std::min(low + 1, in - 1);
  return channels[low] * (1 - (at - double(low))) + channels[high] * (at - double(low));
}
double mask(const std::string& activation, double z) {
  if (activation == "hard_sigmoid") return std::clamp(z / 6 + 0.5, 0.0, 1.0);
  if (activation == "sigmoid") return 1 / (1 + std::exp(-z));
  return z > 0 ? 1 : 0;
}

struct Options {
  std::string pool, align, logits, granularity, activation, context;
  bool norm;
  std::size_t in, out, stride;
};
std::string text_of(const Options& o) {
  return fmt::format(
      "channels: {}, stride: {}, pool: {}, align: {}, logits: {}, granularity: {}, activation: {}, "
      "context: {}, context_size: 0.7, norm: {}, blocks: {}",
      o.out, o.stride, o.pool, o.align, o.logits, o.granularity, o.activation, o.context, o.norm,
      o.logits == "conv" ? 2 : 1);
}

// What one map becomes; eta is that of its step.
Values naive(Network<double>& network, const Options& o, const Values& map, const FeatureShape& in,
             const FeatureShape& out, double eta) {
  const Kernel kernel{3, o.stride, 1};
  const Values c =
      convolved(map, in, out, kernel, named(network, "f.weight").values, named(network, "f.bias").values);
  Values p(out.size()), mean(out.places(), 0);
  for (std::size_t place = 0; place < out.places(); ++place) {
    Values channels;
    for (std::size_t k = 0; k < in.channels; ++k)
      channels.push_back(pooled(map, in, place / out.width, place % out.width, k, kernel, o.pool == "max"));
    for (const double each : channels) mean[place] += each / double(in.channels);
    for (std::size_t k = 0; k < out.channels; ++k)
      p[place * out.channels + k] = aligned(channels, k, out.channels, o.align == "repeat");
  }
  const bool spatial = o.granularity == "spatial";
  const double shrunk = o.norm ? 1 / std::sqrt(1 + 1e-5) : 1;  // running mean 0 and variance 1
  FeatureShape of_mask = out;
  if (spatial) of_mask.channels = 1;
  Values z = spatial ? mean : p;
  if (o.logits == "threshold") {
    for (std::size_t i = 0; i < z.size(); ++i)
      z[i] = (z[i] - named(network, "f.threshold").values[i]) * shrunk;
  } else {
    const std::size_t links = o.norm ? 3 : 2;
    z = map;
    FeatureShape at = in;
    for (std::size_t block = 0; block < 2; ++block) {
      const FeatureShape to = block == 0 ? out : of_mask;
      const std::string name = fmt::format("f.logits{}.", 1 + block * links);
      z = convolved(z, at, to, block == 0 ? kernel : Kernel{3, 1, 1}, named(network, name + "weight").values,
                    named(network, name + "bias").values);
      for (double& each : z) each = (each > 0 ? each : 0.01 * each) * shrunk;
      at = to;
    }
  }
  Values y(out.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double m = mask(o.activation, z[spatial ? i / out.channels : i] + eta);
    y[i] = m * c[i] + (1 - m) * p[i];
  }
  return y;
}

void check_against_loops(const Options& options) {
  const Case setup{.input = {5, 6, options.in}, .steps = 2, .samples = 2, .parts = 2};
  auto network = network_of(flex(text_of(options)), setup);
  if (options.logits == "threshold") {
    Values& threshold = named(network, "f.threshold").values;
    for (std::size_t i = 0; i < threshold.size(); ++i) threshold[i] = std::sin(double(i));
  }
  const auto batch = batch_of(setup);
  const auto made = shown(network, batch);
  const FeatureShape out = network.shape(1).features;
  for (std::size_t r = 0; r < setup.steps * setup.samples; ++r) {
    const auto* from = batch.values.data() + r * setup.input.size();
    const double eta = options.context == "ramp" ? (r < setup.samples ? -0.7 : 0.7) : 0;
    const Values right = naive(network, options, {from, from + setup.input.size()}, setup.input, out, eta);
    for (std::size_t i = 0; i < right.size(); ++i)
      ASSERT_NEAR(made[r * out.size() + i], right[i], 1e-12) << text_of(options);
  }
}

TEST(Flex, is_what_plain_loops_give_for_every_option) {
  int checked = 0;
  for (const std::string logits : {"threshold", "conv"})
    for (const std::string granularity : {"element", "spatial"})
      for (const std::string activation : {"hard_sigmoid", "sigmoid", "ste", "binary", "stochastic"})
        for (const std::string context : {"none", "ramp"})
          for (const bool norm : {false, true}) {
            // The others go round, so that each meets each of these.
            const bool a = checked % 2 == 0, b = checked / 2 % 2 == 0, c = checked % 3 == 0;
            check_against_loops({a ? "max" : "average", b ? "interpolate" : "repeat", logits, granularity,
                                 activation, context, norm, c ? 3u : 2u, c ? 3u : 5u, b ? 2u : 1u});
            ++checked;
          }
  EXPECT_EQ(checked, 80);
  for (const std::string pool : {"max", "average"})
    for (const std::string align : {"interpolate", "repeat"})
      for (const std::size_t out : {2u, 3u, 4u, 7u})
        check_against_loops({pool, align, "threshold", "element", "sigmoid", "none", true, 4, out, 2});
}

// --- by hand

// One place: C = 3 x + b, P = x.
std::unique_ptr<Network<double>> one_place(const std::string& more, double threshold = -0.5) {
  LayerContext context{.seed = 3, .dt_ms = 1, .steps = 1, .surrogate = Surrogate({.name = "arctan"})};
  const std::string layers = fmt::format(
      "[{{input: events}}, {{flex: {{channels: 1, kernel: 1, padding: 0, norm: false, threshold: {}{}}}, "
      "name: f}}, "
      "{{readout: mean}}]",
      threshold, more);
  const Case setup;
  auto network = std::make_unique<Network<double>>(parse::parse_layers(parse_yaml(layers, "test.yaml")),
                                                   SignalShape{setup.input, false}, 1, context, 1);
  named(*network, "f.weight").values = {3};
  named(*network, "f.bias").values = {0};
  return network;
}
Batch<double> ones(std::size_t samples = 1) {
  Batch<double> batch;
  batch.samples = samples;
  batch.values.assign(samples, 1);
  batch.labels.assign(samples, 0);
  return batch;
}

TEST(Flex, routing_of_one_place_is_as_worked_by_hand) {
  const auto network_made = one_place("");
  auto& network = *network_made;
  EXPECT_DOUBLE_EQ(shown(network, ones())[0], 2.5) << "z = 1.5, M = 0.75";
  network.evaluate(ones(), Loss<double>({.name = "cross_entropy"}, 1));
  const Routing routing = *network.routing()[1];
  EXPECT_FALSE(network.routing()[0]);
  EXPECT_DOUBLE_EQ(routing.conv_ratio, 1);
  EXPECT_DOUBLE_EQ(routing.binariness, 0.25);
  EXPECT_DOUBLE_EQ(routing.sensitivity, 2);
  EXPECT_DOUBLE_EQ(routing.leverage, 0.375);
  EXPECT_NEAR(routing.normalised, 0.5, 1e-8);
  const auto half_made = one_place("", 1);
  auto& half = *half_made;
  half.evaluate(ones(), Loss<double>({.name = "cross_entropy"}, 1));
  EXPECT_DOUBLE_EQ(half.routing()[1]->conv_ratio, 0) << "M = 1/2 is not above it";
  EXPECT_DOUBLE_EQ(half.routing()[1]->binariness, 0);
}

TEST(Flex, correlation_of_a_mask_over_epochs_is_pearsons) {
  TrainingRecord record;
  for (const auto& [x, y] : {std::pair(0.2, 0.5), {0.4, 0.1}, {0.9, 0.3}}) {
    EpochRecord epoch;
    epoch.routing = {{"f", {.conv_ratio = x, .binariness = y}},
                     {"g", {.conv_ratio = x, .binariness = -2 * x}}};
    record.epochs.push_back(epoch);
  }
  // Deviations -0.3, -0.1, 0.4 and 0.2, -0.2, 0.
  EXPECT_NEAR(routing_correlation(record, 0), -0.04 / std::sqrt(0.26 * 0.08), 1e-12);
  EXPECT_NEAR(routing_correlation(record, 1), -1, 1e-12);
  record.epochs.resize(1);
  EXPECT_TRUE(std::isnan(routing_correlation(record, 0)));
}

TEST(Flex, competition_moves_the_mask_to_the_more_active_branch) {
  const Loss<double> loss({.name = "cross_entropy"}, 1);
  const auto network_made = one_place(", learning: competition, rate: 0.3");
  auto& network = *network_made;
  network.learn(ones(4), loss, 0);
  // dM = -0.3 (|3| - |1|), M' = 1/6, and the threshold counts against z.
  EXPECT_NEAR(named(network, "f.threshold").gradient[0], 0.1, 1e-12);
  const auto other_made = one_place(", learning: competition, rate: 0.3");
  auto& other = *other_made;
  named(other, "f.weight").values = {-0.5};
  other.learn(ones(4), loss, 0);
  EXPECT_NEAR(named(other, "f.threshold").gradient[0], -0.025, 1e-12);
}

TEST(Flex, terms_of_a_mask_add_to_the_loss) {
  const Loss<double> loss({.name = "cross_entropy"}, 1);
  const auto cost = [&](const std::string& more) {
    const auto network_made = one_place(more);
    auto& network = *network_made;
    return network.learn(ones(3), loss, 0).loss;  // of one class the loss itself is 0
  };
  EXPECT_NEAR(cost(""), 0, 1e-12);
  EXPECT_NEAR(cost(", target_weight: 2, target: 0.25"), 0.5, 1e-12);
  EXPECT_NEAR(cost(", binary_weight: 2"), 1.5, 1e-12);
  EXPECT_NEAR(cost(", route_weight: 2"), 0.75, 1e-12);
}

TEST(Flex, freezes_its_mean_mask_and_learns_it_no_more) {
  const Case setup{.input = {4, 4, 2}, .steps = 2, .samples = 6, .parts = 2, .classes = 48};
  const std::string layers =
      "[{input: events}, {flex: {channels: 3, frozen_after: 2}, name: f}, {readout: mean}]";
  auto network = network_of(layers, setup);
  const Loss<double> loss({.name = "cross_entropy"}, 2);
  const auto batch = batch_of(setup);
  for (std::uint64_t epoch = 0; epoch < 4; ++epoch) {
    network.begin_epoch(epoch);
    network.learn(batch, loss, epoch);
    const bool frozen = epoch >= 2;
    EXPECT_EQ(named(network, "f.frozen").values[0], frozen ? 1 : 0);
    EXPECT_EQ(network.routing()[1]->binariness == 1, frozen);
    double slope = 0;
    for (const char* name : {"f.threshold", "f.logits1.weight", "f.logits1.bias"})
      for (const double g : named(network, name).gradient) slope += std::abs(g);
    EXPECT_EQ(slope == 0, frozen) << epoch;
    double learned = 0;
    for (const double g : named(network, "f.weight").gradient) learned += std::abs(g);
    EXPECT_GT(learned, 0);
  }
  for (const double m : named(network, "f.mask").values) EXPECT_TRUE(m == 0 || m == 1);
  // A network that is given these buffers routes alike, whatever its thresholds are.
  auto other = network_of(layers, setup);
  for (auto* each : network.buffers()) named(other, each->name).values = each->values;
  for (const char* name : {"f.weight", "f.bias"}) named(other, name).values = named(network, name).values;
  std::ranges::fill(named(other, "f.threshold").values, 100.0);
  EXPECT_EQ(shown(network, batch), shown(other, batch));
}

TEST(Flex, stochastic_masks_are_drawn_by_their_probability_and_by_nothing_else) {
  // C = 1, P = 0, so that the output is the mask.
  Case setup{.input = {8, 8, 1}, .steps = 4, .samples = 8, .parts = 1, .classes = 64};
  const std::string layers =
      "[{input: events}, {flex: {channels: 1, norm: false, activation: stochastic, threshold: -1}, name: f}, "
      "{readout: mean}]";
  const auto draw = [&](std::size_t parts, std::uint64_t iteration) {
    setup.parts = parts;
    auto network = network_of(layers, setup);
    std::ranges::fill(named(network, "f.weight").values, 0.0);
    named(network, "f.bias").values = {1};
    auto batch = batch_of(setup, 0);
    network.learn(batch, Loss<double>({.name = "cross_entropy"}, 4), iteration);
    return network.gathered(1);
  };
  const auto once = draw(1, 0);
  double sum = 0;
  for (const double m : once) {
    EXPECT_TRUE(m == 0 || m == 1);
    sum += m;
  }
  const double share = 1 / (1 + std::exp(-1.0)), count = double(once.size());
  EXPECT_NEAR(sum / count, share, 4 * std::sqrt(share * (1 - share) / count));
  EXPECT_EQ(once, draw(4, 0));
  EXPECT_NE(once, draw(1, 1));
}

TEST(Flex, noise_is_one_number_for_a_sample_and_step) {
  Case setup{.input = {2, 2, 1}, .steps = 3, .samples = 4, .constant = true};
  auto network = network_of(
      "[{input: constant}, {flex: {channels: 1, norm: false, activation: sigmoid, "
      "context: noise}, name: f}]",
      setup);
  std::ranges::fill(named(network, "f.weight").values, 0.0);
  named(network, "f.bias").values = {1};
  const auto batch = batch_of(setup, 0);
  const auto made = shown(network, batch, 5);
  ASSERT_EQ(made.size(), 48u) << "constant no longer";
  std::set<double> drawn;
  for (std::size_t r = 0; r < 12; ++r) {
    drawn.insert(made[r * 4]);
    for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(made[r * 4 + i], made[r * 4]);
  }
  EXPECT_EQ(drawn.size(), 12u);
  EXPECT_EQ(made, shown(network, batch, 5));
}

TEST(Flex, single_precision_agrees_with_double) {
  const Case setup{.input = {9, 8, 4}, .steps = 2, .samples = 5, .parts = 2};
  for (const std::string more : {"", ", logits: conv, granularity: spatial", ", activation: sigmoid"}) {
    auto exact = network_of(flex("channels: 20" + more), setup);
    auto fast = network_of<float>(flex("channels: 20" + more), setup);
    const auto right = shown(exact, batch_of(setup));
    const auto made = shown(fast, batch_of<float>(setup));
    ASSERT_EQ(right.size(), made.size());
    for (std::size_t i = 0; i < right.size(); ++i) EXPECT_NEAR(made[i], right[i], 2e-5) << more;
  }
}

TEST(Flex, what_cannot_be_is_refused_with_its_layer_and_line) {
  const auto refused = [](const std::string& layer, const std::string& why) {
    try {
      network_of("[{input: events},\n" + layer + "]", {.input = {4, 4, 1}});
      FAIL() << layer;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(why), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find("test.yaml:2"), std::string::npos) << error.what();
    }
  };
  refused("{flex: {channels: 2, padding: 2}, name: eye}", "layer eye: a padding of 2 is more than half");
  refused("{flex: {channels: 2, kernel: 7}}",
          "layer flex1: a kernel of 7 does not fit into maps of [4, 4, 1]");
  refused("{flex: {channels: 2, activation: binary, learning: competition}}", "no slope");
  refused("{flex: {channels: 2, activation: soft}}", "soft");
  refused("{clamp: {low: 2}}", "layer clamp1: low (2) must be below high (1)");
}

}  // namespace
}  // namespace synfire::learning
