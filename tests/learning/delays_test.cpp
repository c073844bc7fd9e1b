// Connections with delays that are learned: sums written out as loops, derivatives by differences, and a task
// that needs them.
#include "learning/gradient/delays.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "learning/bounds/bounded_network.hpp"
#include "learning/gradient/convert_steps.hpp"
#include "learning/gradient/optimisers.hpp"
#include "tests/io/files.hpp"
#include "tests/learning/gradient_check.hpp"

namespace synfire::learning {
namespace {

using namespace gradient_check;
using test::error_of;

using Way = DelayedWeights<double>::Way;

LayerDescription layer_with(const std::string& delays) {
  return parse::parse_layers(
             parse_yaml("[{input: events}, {dense: 3, delays: " + delays + "}, {readout: sum}]", "test.yaml"))
      .at(1);
}

/// A product by itself, with numbers of its own.
template <class Real> struct Product {
  Product(const std::string& delays, std::size_t all_steps, std::size_t inputs, std::size_t outputs,
          Precision precision = Precision::single)
      : in(inputs),
        out(outputs),
        weights(layer_with(delays), context(all_steps, precision), in, out, "weight", 0, 0),
        made(arrays()) {}

  static LayerContext context(std::size_t all_steps, Precision precision = Precision::single) {
    return {.seed = 3,
            .dt_ms = 1,
            .steps = all_steps,
            .epochs = 8,
            .surrogate = Surrogate({.name = "sigmoid", .parameters = {}}),
            .precision = precision};
  }
  std::vector<Weights<Real>*> arrays() {
    std::vector<Weights<Real>*> all;
    weights.add_weights(all);
    return all;
  }
  const std::vector<Real>& w() const { return made[0]->values; }
  const std::vector<Real>& d() const { return made[1]->values; }

  std::size_t in, out;
  DelayedWeights<Real> weights;
  std::vector<Weights<Real>*> made;
};

Pass pass_of(std::size_t steps, bool training, std::size_t samples) {
  Pass pass;
  pass.training = training, pass.backward = true, pass.steps = steps, pass.samples = samples;
  return pass;
}

/// Taps of a connection, as the equation says; sigma 0: the nearest step alone.
std::vector<double> taps_of(double delay, double sigma, std::size_t longest) {
  std::vector<double> taps(longest + 1);
  for (std::size_t k = 0; k <= longest; ++k)
    taps[k] = sigma > 0 ? std::exp(-(double(k) - delay) * (double(k) - delay) / (2 * sigma * sigma))
                        : double(std::abs(double(k) - delay) <= 0.5);
  const double sum = std::accumulate(taps.begin(), taps.end(), 0.0);
  for (double& tap : taps) tap /= sum;
  return taps;
}

struct Sizes {
  std::size_t steps = 9, samples = 3, in = 4, out = 5;
};

struct Numbers {
  std::vector<double> before, now, d_y;
};
Numbers numbers_of(const Sizes& size, std::size_t longest, double density) {
  std::mt19937 random(5);
  std::normal_distribution<double> normal;
  std::bernoulli_distribution there(density);
  const auto fill = [&](std::size_t count, bool sparse) {
    std::vector<double> values(count);
    for (double& value : values) value = sparse && !there(random) ? 0 : normal(random);
    return values;
  };
  return {fill(longest * size.samples * size.in, true), fill(size.steps * size.samples * size.in, true),
          fill(size.steps * size.samples * size.out, false)};
}

/// y, and the derivatives of sum y d_y, by loops over everything.
struct ByHand {
  std::vector<double> y, d_w, d_d, d_x;
};
ByHand by_hand(const Sizes& size, std::size_t longest, const std::vector<double>& w,
               const std::vector<double>& d, double sigma, const Numbers& numbers, bool remembers) {
  ByHand made;
  made.y.resize(size.steps * size.samples * size.out);
  made.d_x.resize(size.steps * size.samples * size.in);
  made.d_w.resize(w.size()), made.d_d.resize(d.size());
  for (std::size_t j = 0; j < size.out; ++j)
    for (std::size_t i = 0; i < size.in; ++i) {
      const std::size_t n = j * size.in + i;
      const auto taps = taps_of(d[n], sigma, longest);
      double mean = 0;
      for (std::size_t k = 0; k <= longest; ++k) mean += taps[k] * (double(k) - d[n]);
      for (std::size_t t = 0; t < size.steps; ++t)
        for (std::size_t b = 0; b < size.samples; ++b)
          for (std::size_t k = 0; k <= longest; ++k) {
            if (k > t && !remembers) continue;
            const double x = k > t ? numbers.before[((longest + t - k) * size.samples + b) * size.in + i]
                                   : numbers.now[((t - k) * size.samples + b) * size.in + i];
            const std::size_t at = (t * size.samples + b) * size.out + j;
            made.y[at] += w[n] * taps[k] * x;
            made.d_w[n] += taps[k] * x * numbers.d_y[at];
            if (sigma > 0)
              made.d_d[n] +=
                  w[n] * taps[k] * (double(k) - d[n] - mean) / (sigma * sigma) * x * numbers.d_y[at];
            if (k <= t)
              made.d_x[((t - k) * size.samples + b) * size.in + i] += w[n] * taps[k] * numbers.d_y[at];
          }
    }
  return made;
}

void expect_near(const std::vector<double>& got, const std::vector<double>& wanted, const std::string& what,
                 double tolerance = 1e-12) {
  ASSERT_EQ(got.size(), wanted.size()) << what;
  for (std::size_t n = 0; n < got.size(); ++n) EXPECT_NEAR(got[n], wanted[n], tolerance) << what << " " << n;
}

// Wide taps are kept side by side, narrow ones among many steps as a list; inputs may be dense or not, and
// the last steps of the window before may be heard.
TEST(Delays, sums_and_their_derivatives_are_those_of_loops) {
  struct Case {
    std::string delays;
    std::size_t longest;
    double sigma;
    Sizes size;
  };
  const std::vector<Case> cases = {{"{max: 4 ms, sigma: 1.3}", 4, 1.3, {}},
                                   {"{max: 7 ms, sigma: 2, sigma_end: 0.2}", 7, 2, {.steps = 3}},
                                   {"{max: 60 ms, sigma: 0.2, sigma_end: 0.2}", 60, 0.2, {.steps = 70}},
                                   {"{max: 60 ms, sigma: 0.2, sigma_end: 0.2}", 60, 0.2, {.steps = 20}}};
  for (const Case& c : cases)
    for (const bool training : {true, false})
      for (const bool remembers : {true, false})
        for (const Way way : {Way::events, Way::products}) {
          const std::string what = fmt::format("{} steps {} training {} remembers {} way {}", c.delays,
                                               c.size.steps, training, remembers, int(way));
          Product<double> product(c.delays, 100, c.size.in, c.size.out);
          const Numbers numbers = numbers_of(c.size, c.longest, 0.3);
          const Pass pass = pass_of(c.size.steps, training, c.size.samples);
          SpareArrays<double> spare;
          const std::size_t samples = c.size.samples;
          product.weights.begin(pass, std::span(&samples, 1), spare);
          product.weights.prepare(pass, false);
          const DelayedInput<double> x{c.size.steps, samples, numbers.now.data(),
                                       remembers ? numbers.before.data() : nullptr};
          std::vector<double> y(c.size.steps * samples * c.size.out, 1.0), d_x(numbers.now.size());
          product.weights.add(x, y.data(), way);
          product.weights.by_weights(0, x, numbers.d_y.data(), way);
          product.weights.by_input(pass, samples, numbers.d_y.data(), 0, d_x.data());
          product.weights.gather(pass);
          for (double& value : y) value -= 1;
          const ByHand wanted = by_hand(c.size, c.longest, product.w(), product.d(), training ? c.sigma : 0,
                                        numbers, remembers);
          expect_near(y, wanted.y, what + " y");
          expect_near(product.made[0]->gradient, wanted.d_w, what + " dw");
          expect_near(product.made[1]->gradient, wanted.d_d, what + " dd", 1e-11);
          expect_near(d_x, wanted.d_x, what + " dx");
        }
}

// Pushed and pulled step by step, an input has the sums that it has as a whole.
TEST(Delays, steps_add_up_to_the_whole) {
  for (const auto& [delays, longest] : {std::pair("{max: 4 ms, sigma: 1.3}", std::size_t(4)),
                                        {"{max: 60 ms, sigma: 0.2, sigma_end: 0.2}", std::size_t(60)}})
    for (const double density : {0.05, 0.9}) {
      const Sizes size{.steps = longest + 4};
      Product<double> product(delays, 100, size.in, size.out);
      const Numbers numbers = numbers_of(size, longest, density);
      const Pass pass = pass_of(size.steps, true, size.samples);
      product.weights.prepare(pass, true);
      const DelayedInput<double> x{size.steps, size.samples, numbers.now.data(), numbers.before.data()};
      std::vector<double> y(numbers.d_y.size()), d_x(numbers.now.size());
      product.weights.add(x, y.data(), Way::events);
      product.weights.by_input(pass, size.samples, numbers.d_y.data(), 0, d_x.data());
      std::vector<double> pushed(y.size()), given(y.size()), pulled(d_x.size());
      LargeVector<double> room;
      const std::size_t step = size.samples * size.in;
      for (std::size_t t = 0; t < longest; ++t)
        product.weights.push(numbers.before.data() + t * step, std::ptrdiff_t(t) - std::ptrdiff_t(longest),
                             size.samples, size.steps, pushed.data(), room);
      for (std::size_t t = 0; t < size.steps; ++t)
        product.weights.push(numbers.now.data() + t * step, std::ptrdiff_t(t), size.samples, size.steps,
                             pushed.data(), room);
      const auto turned = [&](std::size_t t, std::size_t b, std::size_t j) {
        return (b * size.steps + t) * size.out + j;
      };
      for (std::size_t t = 0; t < size.steps; ++t)
        for (std::size_t b = 0; b < size.samples; ++b)
          for (std::size_t j = 0; j < size.out; ++j) {
            const std::size_t at = (t * size.samples + b) * size.out + j;
            EXPECT_NEAR(pushed[turned(t, b, j)], y[at], 1e-12) << delays << density;
            given[turned(t, b, j)] = numbers.d_y[at];
          }
      for (std::size_t t = 0; t < size.steps; ++t)
        product.weights.pull(given.data(), t, size.steps, size.samples, size.steps, pulled.data() + t * step,
                             room);
      expect_near(pulled, d_x, "dx");
    }
}

const std::string delayed = "{dense: 5, delays: {max: 4 ms, sigma: 1.1}}, ";
const std::string listed = "{dense: 5, delays: {max: 45 ms, sigma: 0.2, sigma_end: 0.2}}, ";

TEST(Delays, gradient_by_weights_and_delays_is_their_derivative) {
  for (const std::string neurons : {"lif", "{klif: , learn: k}", "{lif: , output: membrane}"}) {
    Case setup;
    setup.steps = 7;
    EXPECT_LT(worst_error(head + delayed + neurons + tail, setup), 1e-6) << neurons;
    EXPECT_LT(worst_error(head + delayed + neurons + tail, setup, "dense1.delay"), 1e-6) << neurons;
    EXPECT_LT(worst_error(head + "{dense: 5}, lif, " + delayed + neurons + tail, setup), 1e-6) << neurons;
  }
  Case longer;
  longer.steps = 48, longer.samples = 2;
  EXPECT_LT(worst_error(head + listed + "lif" + tail, longer, "dense1.delay"), 1e-6);
}

TEST(Delays, gradient_of_recurrent_neurons_is_their_derivative) {
  for (const std::string layer :
       {"{lif: , recurrent: {delays: {max: 3 ms, sigma: 1.1}}}",
        "{klif: , learn: k, recurrent: {delays: {max: 5 ms, sigma: 0.8}}, output: membrane}",
        "{liquid: , recurrent: {delays: {max: 2 ms}}, receptors: {adaptation: [x, b], membrane: [x, "
        "V_m]}}"}) {
    Case setup;
    setup.steps = 7;
    setup.gain = 2;
    EXPECT_LT(worst_error(head + "{dense: 5}, {batch_norm: {over: step}}, " + layer + tail, setup), 2e-6)
        << layer;
    const std::string name = layer.substr(1, layer.find(':') - 1) + "1.delay";
    EXPECT_LT(worst_error(head + "{dense: 5}, " + layer + tail, setup, name), 2e-6) << layer;
  }
}

TEST(Delays, gradient_by_the_samples_is_their_derivative) {
  Case setup;
  setup.steps = 8;
  EXPECT_LT(worst_input_error(head + delayed + "{lif: , recurrent: {delays: 3 ms}}" + tail, setup), 1e-6);
}

// What `truncate` cuts, no gradient passes: with blocks of one step, inputs have what is of the same step.
TEST(Delays, gradients_stay_in_their_block) {
  const Sizes size{.steps = 6, .samples = 1};
  Product<double> product("{max: 4 ms, sigma: 1.3}", 100, size.in, size.out);
  const Numbers numbers = numbers_of(size, 4, 1);
  const Pass pass = pass_of(size.steps, true, size.samples);
  product.weights.prepare(pass, false);
  for (const std::size_t truncate : {1, 2, 4}) {
    std::vector<double> d_x(numbers.now.size()), wanted(d_x.size());
    product.weights.by_input(pass, size.samples, numbers.d_y.data(), truncate, d_x.data());
    for (std::size_t t = 0; t < size.steps; ++t)
      for (std::size_t i = 0; i < size.in; ++i)
        for (std::size_t j = 0; j < size.out; ++j) {
          const auto taps = taps_of(product.d()[j * size.in + i], 1.3, 4);
          for (std::size_t k = 0; k <= 4 && t + k < size.steps; ++k)
            if (t / truncate == (t + k) / truncate)
              wanted[t * size.in + i] +=
                  product.w()[j * size.in + i] * taps[k] * numbers.d_y[(t + k) * size.out + j];
        }
    expect_near(d_x, wanted, fmt::format("truncate {}", truncate));
  }
  // Of neurons that hear themselves: cut after each step, they learn from what they heard alone.
  Case setup;
  setup.steps = 6, setup.truncate = 1;
  const std::string layers =
      head + "{dense: 5}, {lif: {decay: 0.0}, recurrent: {delays: {max: 3 ms}}}, {readout: sum}]";
  setup.classes = 5;
  Network<double> cut = network_of<double>(layers, setup);
  setup.truncate = 0;
  Network<double> whole = network_of<double>(layers, setup);
  const Loss<double> loss(setup.loss, std::uint32_t(setup.steps));
  const auto batch = batch_of<double>(setup);
  EXPECT_EQ(cut.learn(batch, loss, 0).loss, whole.learn(batch, loss, 0).loss);
  EXPECT_NE(cut.weights()[2]->gradient, whole.weights()[2]->gradient);
}

TEST(Delays, gradient_is_the_same_to_the_bit_for_any_number_of_threads) {
  Case setup = hard();
  setup.parts = 3;
  setup.steps = 9;
  const std::string layers =
      head +
      "flatten, {dense: 40, delays: 5 ms}, {lif: , recurrent: {delays: {max: 4 ms, sigma: "
      "0.6}}}, {dense: 24, delays: {max: 3 ms}}, lif" +
      tail;
  const auto one = gradients(layers, setup, 1);
  for (const int threads : {2, 8}) EXPECT_EQ(one, gradients(layers, setup, threads)) << threads;
  setup.recompute = true;
  EXPECT_EQ(one, gradients(layers, setup, 2));
}

// In single precision the ways differ by rounding alone, factors of 16 bits by more.
TEST(Delays, ways_agree_in_single_precision) {
  const Sizes size{.steps = 30, .samples = 4, .in = 37, .out = 70};
  for (const std::string delays : {"{max: 12 ms, sigma: 3}", "{max: 25 ms, sigma: 0.3, sigma_end: 0.3}"}) {
    const std::size_t longest = delays.starts_with("{max: 12") ? 12 : 25;
    const Numbers numbers = numbers_of(size, longest, 0.1);
    const std::vector<float> now(numbers.now.begin(), numbers.now.end()),
        d_y(numbers.d_y.begin(), numbers.d_y.end());
    const Pass pass = pass_of(size.steps, true, size.samples);
    const DelayedInput<float> x{size.steps, size.samples, now.data(), nullptr};
    struct Found {
      std::vector<float> y, d_w, d_d;
    };
    const auto found = [&](auto way, Precision precision) {
      Product<float> product(delays, 100, size.in, size.out, precision);
      SpareArrays<float> spare;
      product.weights.begin(pass, std::span(&size.samples, 1), spare);
      product.weights.prepare(pass, false);
      std::vector<float> y(d_y.size());
      product.weights.add(x, y.data(), way);
      product.weights.by_weights(0, x, d_y.data(), way);
      product.weights.gather(pass);
      return Found{y, product.made[0]->gradient, product.made[1]->gradient};
    };
    const auto distance = [](const std::vector<float>& a, const std::vector<float>& b) {
      double most = 0, largest = 0;
      for (std::size_t n = 0; n < a.size(); ++n) {
        most = std::max(most, double(std::abs(a[n] - b[n])));
        largest = std::max(largest, double(std::abs(a[n])));
      }
      return most / largest;
    };
    using Ways = DelayedWeights<float>::Way;
    const Found events = found(Ways::events, Precision::single),
                products = found(Ways::products, Precision::single),
                rounded = found(Ways::products, Precision::bf16);
    EXPECT_LT(distance(events.y, products.y), 1e-5) << delays;
    EXPECT_LT(distance(events.d_w, products.d_w), 1e-5) << delays;
    EXPECT_LT(distance(events.d_d, products.d_d), 1e-5) << delays;
    EXPECT_LT(distance(events.y, rounded.y), 0.02) << delays;
    EXPECT_GT(distance(events.y, rounded.y), 1e-5) << "factors were not rounded";
  }
}

// A network that is judged is one with fixed delays of whole steps.
TEST(Delays, are_whole_steps_once_nothing_is_learned) {
  Case setup;
  setup.steps = 12;
  setup.samples = 4, setup.classes = 3;
  Network<double> network =
      network_of<double>(head + "{dense: {size: 3, bias: false}, delays: 8 ms}, {readout: max}]", setup);
  const Batch<double> batch = batch_of<double>(setup);
  const auto said = network.predict(batch);
  const auto &w = network.weights()[0]->values, &d = network.weights()[1]->values;
  const std::size_t in = setup.input.size();
  for (std::size_t b = 0; b < setup.samples; ++b)
    for (std::size_t j = 0; j < 3; ++j) {
      double largest = -1e9;
      for (std::size_t t = 0; t < setup.steps; ++t) {
        double y = 0;
        for (std::size_t i = 0; i < in; ++i) {
          const auto delay = std::size_t(std::lround(d[j * in + i]));
          if (delay <= t) y += w[j * in + i] * batch.values[((t - delay) * setup.samples + b) * in + i];
        }
        largest = std::max(largest, y);
      }
      EXPECT_NEAR(said[b * 3 + j], largest, 1e-12);
    }
}

// The width falls from sigma to sigma_end in a share of the epochs (8 here), geometrically, and stays there.
TEST(Delays, width_falls_over_the_epochs) {
  Product<double> product("{max: 80 ms, sigma: 8, sigma_end: 2, share: 0.5}", 100, 1, 1);
  product.made[0]->values[0] = 1, product.made[1]->values[0] = 40;
  const std::vector<double> impulse = [] {
    std::vector<double> x(90, 0.0);
    x[0] = 1;
    return x;
  }();
  for (const auto& [epoch, sigma] : {std::pair(0, 8.0), {2, 4.0}, {4, 2.0}, {7, 2.0}}) {
    product.weights.begin_epoch(std::uint64_t(epoch));
    product.weights.prepare(pass_of(90, true, 1), false);
    std::vector<double> y(90);
    product.weights.add({90, 1, impulse.data(), nullptr}, y.data(), Way::events);
    double sum = 0, mean = 0, square = 0;
    for (std::size_t t = 0; t < 90; ++t) {
      sum += y[t], mean += y[t] * double(t);
      square += y[t] * (double(t) - 40) * (double(t) - 40);
    }
    EXPECT_NEAR(sum, 1, 1e-12);
    EXPECT_NEAR(mean, 40, 1e-9);
    EXPECT_NEAR(std::sqrt(square), sigma, 1e-4 * sigma) << epoch;
  }
}

TEST(Delays, begin_between_0_and_the_longest_and_stay_there) {
  Product<float> uniform("{max: 10 ms}", 100, 60, 50),
      normal("{max: 10 ms, init: half_normal, rate: 7}", 100, 60, 50);
  const auto mean = [](const std::vector<float>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / double(values.size());
  };
  for (const auto* product : {&uniform, &normal}) {
    EXPECT_GE(*std::ranges::min_element(product->d()), 0);
    EXPECT_LE(*std::ranges::max_element(product->d()), 10);
    EXPECT_GT(*std::ranges::max_element(product->d()), 9);
    EXPECT_FALSE(product->made[1]->decays);
  }
  EXPECT_NEAR(mean(uniform.d()), 5, 0.2);
  // E|z| of a normal number with deviation 5 within 2 deviations: 5 sqrt(2/pi) (1 - e^-2) / erf(sqrt 2).
  EXPECT_NEAR(mean(normal.d()), 5 * std::sqrt(2 / M_PI) * (1 - std::exp(-2.0)) / std::erf(std::sqrt(2.0)),
              0.2);
  // Their own rate, and no further than they may go.
  Optimiser<float> sgd({.name = "sgd"});
  const auto arrays = normal.made;
  const float w = arrays[0]->values[0], d = arrays[1]->values[0];
  std::ranges::fill(arrays[0]->gradient, 0.01f), std::ranges::fill(arrays[1]->gradient, 0.01f);
  sgd.step(arrays, 0.1);
  EXPECT_NEAR(arrays[0]->values[0], w - 0.001f, 1e-6);
  EXPECT_NEAR(arrays[1]->values[0], std::max(0.0f, d - 0.007f), 1e-6);
  std::ranges::fill(arrays[1]->gradient, -1e3f);
  sgd.step(arrays, 0.1);
  for (const float delay : normal.d()) EXPECT_EQ(delay, 10);
}

// Two channels, one event each, five steps apart: which one is first is the class. The largest sum of both
// tells it only if the connection of the first one waits.
struct TwoEvents {
  static constexpr std::size_t steps = 24, samples = 64, apart = 5, epochs = 15, batches = 20;

  static Batch<float> batch(unsigned seed) {
    Batch<float> made;
    made.samples = samples;
    made.values.assign(steps * samples * 2, 0.0f);
    std::mt19937 random(seed);
    for (std::size_t b = 0; b < samples; ++b) {
      const std::size_t first = random() % 6, label = random() % 2;
      made.values[(first * samples + b) * 2 + label] = 1;
      made.values[((first + apart) * samples + b) * 2 + 1 - label] = 1;
      made.labels.push_back(std::uint32_t(label));
    }
    return made;
  }

  explicit TwoEvents(const std::string& delays)
      : network(parse::parse_layers(
                    parse_yaml("[{input: events}, {dense: 2" + delays + "}, {readout: max}]", "test.yaml")),
                {{1, 1, 2}, false}, 2,
                {.seed = 1,
                 .dt_ms = 1,
                 .steps = steps,
                 .epochs = epochs,
                 .surrogate = Surrogate({.name = "arctan", .parameters = {}})},
                2) {
    const Loss<float> loss({.name = "cross_entropy"}, steps);
    Optimiser<float> adam({.name = "adam"});
    for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
      network.begin_epoch(epoch);
      for (std::size_t k = 0; k < batches; ++k) {
        network.learn(batch(unsigned(epoch * batches + k)), loss, 0);
        adam.step(network.weights(), 0.01);
      }
    }
    accuracy = double(network.evaluate(batch(12345), loss).correct) / double(samples);
  }

  Network<float> network;
  double accuracy = 0;  // of new samples
};

TEST(Delays, tell_what_comes_first) {
  TwoEvents learned(", delays: {max: 10 ms, share: 0.5, rate: 1}");
  EXPECT_EQ(learned.accuracy, 1);
  const auto& d = learned.network.weights()[1]->values;  // [class, channel]
  const auto apart = [&](std::size_t c) {
    return std::abs(double(whole_delay(d[2 * c])) - double(whole_delay(d[2 * c + 1])));
  };
  EXPECT_TRUE(apart(0) == TwoEvents::apart || apart(1) == TwoEvents::apart) << apart(0) << ", " << apart(1);
  EXPECT_LT(TwoEvents(", delays: {max: 10 ms, rate: 0}").accuracy, 0.7) << "they were right from the start";
  EXPECT_LT(TwoEvents("").accuracy, 0.7);
}

TEST(Delays, say_what_cannot_be) {
  const auto message = [](const std::string& layers, std::size_t steps, bool constant = false) {
    Case setup;
    setup.steps = steps, setup.constant = constant;
    return error_of([&] { network_of<float>(layers, setup); });
  };
  const auto says = [](const std::string& said, const std::string& what) {
    EXPECT_NE(said.find(what), std::string::npos) << said;
    EXPECT_NE(said.find("test.yaml:1:"), std::string::npos) << said;
  };
  const std::string dense = head + "{dense: 4, delays: 5 ms}, lif" + tail,
                    recurrent = head + "{dense: 4}, {lif: , recurrent: {delays: 5 ms}}" + tail;
  says(message(dense, 5),
       "delays of layer dense1: max is 5 ms, 5 steps of 1 ms, but a sample is shown for 5 steps only");
  EXPECT_EQ(message(dense, 6), "");
  says(message(recurrent, 6), "delays of layer lif1: max is 5 ms, 5 steps of 1 ms beside the one that each");
  EXPECT_EQ(message(recurrent, 7), "");
  says(message(head + "{dense: 4, delays: 0.3 ms}, lif" + tail, 9), "less than half a step, which is 1 ms");
  says(message(head + "{dense: 4, delays: {max: 5 ms, sigma: 1, sigma_end: 2}}, lif" + tail, 9),
       "sigma falls from 1 to sigma_end, which is 2");
  says(message("[{input: constant}, {dense: 4, delays: 5 ms}, lif" + tail, 9, true),
       "delays of layer dense1: what it reads is the same in all steps");
  says(message(head + "{conv: 3, delays: 5 ms}, lif" + tail, 9), "'delays' goes with `dense`");
  says(message(head + "{lif: , recurrent: {delay: 5 ms}}" + tail, 9), "did you mean 'delays'");
  says(message(head + "{lif: , recurrent: {}}" + tail, 9), "true, false, or {delays: …}");
}

// What knows nothing of delays says so.
TEST(Delays, are_refused_where_they_are_not_known) {
  Case setup;
  setup.steps = 6, setup.constant = true;
  const std::string layers = "{dense: 4}, {lif: }, {dense: 4, delays: 2 ms}, lif";
  Network<float> network = network_of<float>("[{input: constant}, " + layers + tail, setup);
  const auto arrays = network.weights();
  const std::vector<const Weights<float>*> all(arrays.begin(), arrays.end());
  const std::string bounded = error_of([&] {
    bounds::BoundedNetwork(network.layers(), {setup.input, true}, Product<float>::context(6), all, {}, 1);
  });
  EXPECT_NE(bounded.find("layer dense2: no bounds are known of connections with delays"), std::string::npos)
      << bounded;
  TrainedFile trained;
  trained.source_text = "synfire: 1\ndataset: {path: .}\nlayers: [input, " + layers +
                        ", {dense: 3}, {readout: mean}]\ntraining: {steps: 6, membrane: noise}\n";
  const std::string converted = error_of([&] { convert_steps(trained, {9, {}, {}}); });
  EXPECT_NE(converted.find("the delays of layer dense2 are so many steps"), std::string::npos) << converted;
}

}  // namespace
}  // namespace synfire::learning
