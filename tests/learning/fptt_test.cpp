// Forward propagation through time: the updates of its equations, and windows that join to the sequence.
#include "learning/gradient/fptt.hpp"

#include <array>
#include <cmath>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <tbb/task_arena.h>

#include "io/yaml.hpp"
#include "networks/parse_layers.hpp"

namespace synfire::learning {
namespace {

constexpr std::size_t steps = 4, inputs = 2, hidden = 3, outputs = 2, samples = 3;
constexpr double decay = 0.7, leak = 0.9, slope_of = 4;

const std::string tiny = fmt::format(
    "[{{input: events}}, {{dense: {}}}, {{lif: {{leak: decay, decay: {}}}, recurrent: true}}, {{dense: {}}}, "
    "{{leaky_integrator: {{leak: decay, decay: {}}}}}, log_softmax]",
    hidden, decay, outputs, leak);

template <class Real>
Network<Real> network_of(const std::string& layers, std::size_t parts = 2, std::size_t features = inputs,
                         std::size_t classes = outputs, std::size_t all_steps = steps) {
  const LayerContext context{
      .seed = 3,
      .dt_ms = 1,
      .steps = all_steps,
      .surrogate = Surrogate({.name = "sigmoid", .parameters = {{"alpha", slope_of}}})};
  return Network<Real>(parse::parse_layers(parse_yaml(layers, "test.yaml")), {{1, 1, features}, false},
                       classes, context, parts);
}

template <class Real> Batch<Real> batch_of(std::size_t features = inputs, std::size_t all_steps = steps) {
  Batch<Real> batch;
  batch.samples = samples;
  std::mt19937 random(7);
  std::normal_distribution<double> normal;
  for (std::size_t i = 0; i < all_steps * samples * features; ++i)
    batch.values.push_back(Real(1.5 * normal(random)));
  for (std::size_t b = 0; b < samples; ++b) batch.labels.push_back(std::uint32_t(b % outputs));
  return batch;
}

template <class Real> Batch<Real> cut(const Batch<Real>& whole, SequenceWindow window) {
  Batch<Real> made{whole.samples, {}, whole.labels};
  const std::size_t size = whole.values.size() / window.count;
  made.values.assign(whole.values.begin() + std::ptrdiff_t(window.number * size),
                     whole.values.begin() + std::ptrdiff_t((window.number + 1) * size));
  return made;
}

const Loss<double> nll(Chosen{.name = "nll"}, steps);

// --- the equations, in numbers that carry their derivatives by all weights

constexpr std::size_t weights_of_first = hidden * inputs + hidden;
constexpr std::size_t all_weights = weights_of_first + hidden * hidden + outputs * hidden + outputs;
using Row = std::array<double, all_weights>;

struct Number {
  double value = 0;
  Row slope{};
};
Number operator+(Number a, const Number& b) {
  a.value += b.value;
  for (std::size_t i = 0; i < all_weights; ++i) a.slope[i] += b.slope[i];
  return a;
}
Number operator*(const Number& a, const Number& b) {
  Number made{a.value * b.value, {}};
  for (std::size_t i = 0; i < all_weights; ++i) made.slope[i] = a.slope[i] * b.value + a.value * b.slope[i];
  return made;
}
Number constant(double value) { return {value, {}}; }
Number without_slope(const Number& x) { return constant(x.value); }
// A function of one number, by its value and derivative.
Number mapped(const Number& x, double value, double derivative) {
  Number made{value, {}};
  for (std::size_t i = 0; i < all_weights; ++i) made.slope[i] = derivative * x.slope[i];
  return made;
}

struct Memory {
  std::array<Number, hidden> V{}, s{};
  std::array<Number, outputs> out{};
};

// l_t of one window of one sample, beginning with `memory`, which it leaves as it is afterwards.
Number window_loss(const Row& values, const Batch<double>& batch, std::size_t sample, SequenceWindow window,
                   double beta, const std::array<double, outputs>& Q, Memory& memory) {
  const auto weight = [&](std::size_t i) {
    Number made = constant(values[i]);
    made.slope[i] = 1;
    return made;
  };
  for (auto* array : {&memory.V, &memory.s})
    for (Number& x : *array) x = without_slope(x);
  for (Number& x : memory.out) x = without_slope(x);
  const std::size_t length = steps / window.count;
  Number loss;
  for (std::size_t t = window.number * length; t < (window.number + 1) * length; ++t) {
    const auto before = memory.s;
    for (std::size_t j = 0; j < hidden; ++j) {
      Number x = weight(hidden * inputs + j);
      for (std::size_t i = 0; i < inputs; ++i)
        x = x + weight(j * inputs + i) * constant(batch.values[(t * samples + sample) * inputs + i]);
      for (std::size_t k = 0; k < hidden; ++k) x = x + weight(weights_of_first + j * hidden + k) * before[k];
      const Number H = constant(decay) * memory.V[j] + x;
      const double margin = H.value - 1, s = 1 / (1 + std::exp(-slope_of * margin));
      memory.s[j] = mapped(H, margin > 0 ? 1 : 0, slope_of * s * (1 - s));
      memory.V[j] = H * (constant(1) + constant(-1) * memory.s[j]);
    }
    const std::size_t second = weights_of_first + hidden * hidden;
    for (std::size_t c = 0; c < outputs; ++c) {
      Number x = weight(second + outputs * hidden + c);
      for (std::size_t j = 0; j < hidden; ++j) x = x + weight(second + c * hidden + j) * memory.s[j];
      memory.out[c] = constant(leak) * memory.out[c] + x;
    }
    Number sum;
    for (const Number& o : memory.out) sum = sum + mapped(o, std::exp(o.value), std::exp(o.value));
    const Number norm = mapped(sum, std::log(sum.value), 1 / sum.value);
    for (std::size_t c = 0; c < outputs; ++c) {
      const double target = beta * (batch.labels[sample] == c ? 1 : 0) + (1 - beta) * Q[c];  // (6)-(8)
      loss = loss + constant(-target / double(length)) * (memory.out[c] + constant(-1) * norm);
    }
  }
  return loss;
}

// One batch by equations (6)-(11), with plain gradient descent.
void follow_equations(Row& W, Row& A, Row& g, const Batch<double>& batch, const training::Fptt& p,
                      const std::array<double, outputs>& Q, double rate) {
  const auto windows = std::size_t(p.updates);
  std::array<Memory, samples> memories{};
  for (std::size_t w = 0; w < windows; ++w) {
    const double beta = p.beta > 0 ? p.beta : double(w + 1) / double(windows);
    const auto gradient = [&](const Row& at, std::array<Memory, samples>& memory) {
      Row sum{};
      for (std::size_t b = 0; b < samples; ++b) {
        const Number loss = window_loss(at, batch, b, {w, windows}, beta, Q, memory[b]);
        for (std::size_t i = 0; i < all_weights; ++i) sum[i] += loss.slope[i] / double(samples);
      }
      return sum;
    };
    auto begin = memories;
    const Row of_loss = gradient(W, memories);
    Row next = W;
    for (std::size_t i = 0; i < all_weights; ++i)
      next[i] -= rate * (of_loss[i] + p.lambda * p.alpha * (W[i] - A[i]) - (1 - p.rho) * g[i]);
    const Row there = gradient(next, begin);
    for (std::size_t i = 0; i < all_weights; ++i) {
      g[i] = p.gradient == 1 ? there[i] : (1 - p.rho) * g[i] - p.lambda * p.alpha * (next[i] - A[i]);
      A[i] = (A[i] + next[i]) / 2 - g[i] / (2 * p.alpha);
    }
    W = next;
  }
}

Row row_of(Network<double>& network) {
  Row row{};
  std::size_t at = 0;
  for (const auto* array : network.weights())
    for (const double value : array->values) row.at(at++) = value;
  EXPECT_EQ(at, all_weights);
  return row;
}

TEST(Fptt, moves_weights_as_its_equations_say) {
  const Batch<double> batch = batch_of<double>();
  const std::array<std::uint64_t, outputs> counts{3, 5};
  const std::array<double, outputs> Q{3.0 / 8, 5.0 / 8};
  for (const double updates : {1.0, 2.0, 4.0})
    for (const double exact : {0.0, 1.0})
      for (const training::Fptt& p : {training::Fptt{updates, 0.5, 0.5, 1, 0, exact, 0},
                                      training::Fptt{updates, 0.2, 0, 1, 0.6, exact, 0},
                                      training::Fptt{updates, 0.7, 0.3, 0, 1, exact, 0}}) {
        Network<double> network = network_of<double>(tiny);
        Fptt<double> fptt(p, steps, counts);
        Optimiser<double> optimiser({.name = "sgd"});
        Row W = row_of(network), A = W, g{};
        const Row first = W;
        Batch<double> shown;
        for (int iteration = 0; iteration < 3; ++iteration) {
          follow_equations(W, A, g, batch, p, Q, 0.3);
          fptt.learn(
              network, nll, std::uint64_t(iteration),
              [&](SequenceWindow window) -> const Batch<double>& { return shown = cut(batch, window); },
              [&](auto weights) { optimiser.step(weights, 0.3); });
        }
        const Row found = row_of(network);
        double moved = 0;
        for (std::size_t i = 0; i < all_weights; ++i) {
          EXPECT_NEAR(found[i], W[i], 1e-10) << updates << ' ' << exact << ' ' << i;
          moved = std::max(moved, std::abs(W[i] - first[i]));
        }
        EXPECT_GT(moved, 0.01);
        std::size_t at = 0;
        for (std::size_t k = 0; k < fptt.state().size(); k += 2)
          for (std::size_t i = 0; i < fptt.state()[k].values.size(); ++i, ++at) {
            EXPECT_NEAR(fptt.state()[k].values[i], A[at], 1e-10);
            EXPECT_NEAR(fptt.state()[k + 1].values[i], g[at], 1e-10);
          }
      }
}

// With one window and no average yet, the first move is that of the gradient of the whole sequence.
TEST(Fptt, of_one_window_begins_as_bptt) {
  const Batch<double> batch = batch_of<double>();
  Network<double> network = network_of<double>(tiny), other = network_of<double>(tiny);
  Fptt<double> fptt({.updates = 1, .beta = 1}, steps, {});
  std::vector<std::vector<double>> gradients;
  const PassResult result = fptt.learn(
      network, nll, 0, [&](SequenceWindow) -> const Batch<double>& { return batch; },
      [&](auto weights) {
        for (const auto* array : weights) gradients.push_back(array->gradient);
      });
  EXPECT_EQ(result.loss, other.learn(batch, nll, 0).loss);
  const auto weights = other.weights();
  for (std::size_t k = 0; k < weights.size(); ++k) EXPECT_EQ(gradients[k], weights[k]->gradient);
}

const std::vector<std::string> deep = {
    "{dense: 5}, {batch_norm: {over: step}}, lif, {lif: , recurrent: true}, {dense: 2}, lif_cell, "
    "{readout: mean}",
    "{dense: 5}, {batch_norm: {over: time}}, {klif: , recurrent: true}, {dense: 4}, lif, {readout: {of: sum, "
    "classes: 2}}",
    "{dense: 5}, {lif: , name: a}, {dense: 5}, {lif_adaptive: , name: b}, {add: , from: [a, b]}, {dense: 2}, "
    "leaky_integrator, {readout: last}",
    "{dense: 5}, liquid, {dropout: 0.4}, {dense: 2}, leaky_integrator, {readout: max}",
    "{dense: 5}, {liquid: , recurrent: true, receptors: {adaptation: [x, b], membrane: [x, V_m]}}, {liquid: "
    ", "
    "receptors: {membrane: [x, V_m]}}, {dense: 2}, leaky_integrator, log_softmax",
    "{dense: 5}, izhikevich, {dropout: {probability: 0.3, mask: step}}, {dense: 2}, leaky_integrator, "
    "log_softmax",
    "{dense: 5, delays: 3 ms}, lif, {dense: 5, delays: {max: 5 ms, sigma: 1}}, {lif: , recurrent: {delays: 4 "
    "ms}}, {dense: 2}, leaky_integrator, log_softmax"};

// Judged window by window, a sequence has the answer that it has as a whole.
TEST(Fptt, windows_of_a_sequence_join) {
  constexpr std::size_t all = 6, features = 4;
  const Batch<double> batch = batch_of<double>(features, all);
  for (const std::string& layers : deep) {
    Network<double> network =
        network_of<double>("[{input: events}, " + layers + "]", 2, features, outputs, all);
    network.learn(batch, Loss<double>({.name = "cross_entropy"}, all), 0);  // running means that are not 0
    const auto whole = network.predict(batch, 5);
    for (const std::size_t count : {std::size_t(2), std::size_t(3), all}) {
      std::vector<double> answer;
      for (std::size_t w = 0; w < count; ++w) answer = network.predict(cut(batch, {w, count}), 5, {w, count});
      for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_NEAR(answer[i], whole[i], 1e-12) << layers;
    }
  }
}

// What is drawn while learning is that of the whole sequence, and so is what spikes: with an answer in the
// last step alone and windows that see it, the last window's loss is the whole one's.
TEST(Fptt, windows_of_a_sequence_join_while_it_is_learned) {
  constexpr std::size_t all = 6, features = 4;
  const Batch<double> batch = batch_of<double>(features, all);
  const Loss<double> loss({.name = "cross_entropy"}, all);
  for (const std::string layers :
       {"{dense: 5}, {batch_norm: {over: step}}, {lif: , recurrent: true}, {dropout: 0.4}, {dense: 2}, "
        "leaky_integrator, {readout: last}",
        "{dense: 5}, lif, {dropout: {probability: 0.3, mask: step}}, {dense: 2}, {lif_cell: , output: "
        "membrane}, {readout: last}",
        "{dense: 5, delays: 5 ms}, {lif: , recurrent: {delays: {max: 4 ms, sigma: 1}}}, {dense: 2, delays: 3 "
        "ms}, leaky_integrator, {readout: last}"}) {
    const std::string text = "[{input: events}, " + layers + "]";
    Network<double> network = network_of<double>(text, 2, features, outputs, all);
    const double whole = network.learn(batch, loss, 3).loss;
    for (const std::size_t count : {std::size_t(2), std::size_t(3), all}) {
      double last = 0;
      for (std::size_t w = 0; w < count; ++w)
        last = network.learn(cut(batch, {w, count}), loss, 3, {w, count}).loss;
      EXPECT_NEAR(last, whole, 1e-12) << layers;
    }
  }
}

TEST(Fptt, a_window_that_is_repeated_leaves_no_trace) {
  const Batch<double> batch = batch_of<double>();
  const std::string text =
      "[{input: events}, {dense: 5}, {batch_norm: {over: step}}, {lif: , recurrent: true}, {dense: 2}, "
      "leaky_integrator, log_softmax]";
  const auto learn = [&](bool repeat) {
    Network<double> network = network_of<double>(text);
    std::vector<double> losses;
    for (std::size_t w = 0; w < 2; ++w) {
      losses.push_back(network.learn(cut(batch, {w, 2}), nll, 0, {w, 2}).loss);
      auto& weight = network.weights()[0]->values[0];
      weight += 1;
      if (repeat) {
        EXPECT_NE(network.learn(cut(batch, {w, 2}), nll, 0, {w, 2, true}).loss, losses.back());
      }
      weight -= 1;
    }
    for (const auto* array : network.buffers())
      losses.insert(losses.end(), array->values.begin(), array->values.end());
    return losses;
  };
  EXPECT_EQ(learn(false), learn(true));
}

TEST(Fptt, is_the_same_to_the_bit_for_any_number_of_threads) {
  const Batch<float> batch = batch_of<float>();
  const std::array<std::uint64_t, outputs> counts{1, 1};
  const auto learn = [&](int threads) {
    tbb::task_arena arena(threads);
    return arena.execute([&] {
      Network<float> network = network_of<float>(tiny, 3);
      Fptt<float> fptt({}, steps, counts);
      Optimiser<float> optimiser({.name = "adam"});
      Batch<float> shown;
      for (std::uint64_t iteration = 0; iteration < 5; ++iteration)
        fptt.learn(
            network, Loss<float>({.name = "nll"}, steps), iteration,
            [&](SequenceWindow window) -> const Batch<float>& { return shown = cut(batch, window); },
            [&](auto weights) { optimiser.step(weights, 0.01); });
      std::vector<float> all;
      for (const auto* array : network.weights())
        all.insert(all.end(), array->values.begin(), array->values.end());
      return all;
    });
  };
  const auto one = learn(1);
  for (const int threads : {2, 5}) EXPECT_EQ(one, learn(threads));
}

TEST(Fptt, divergence_is_from_the_frequencies_of_the_classes) {
  const std::vector<double> out{0.3, -1.2, 0.7}, Q{0.5, 0.2, 0.3};
  const std::vector<std::uint32_t> label{2};
  double norm = 0;
  for (const double o : out) norm += std::exp(o);
  double expected = 0;
  for (std::size_t c = 0; c < 3; ++c)
    expected -= (0.4 * (c == 2 ? 1 : 0) + 0.6 * Q[c]) * (out[c] - std::log(norm));
  const auto mixed = Loss<double>({.name = "cross_entropy"}, 1).mixed(0.4, Q);
  EXPECT_NEAR(mixed.evaluate(out, label, 3, 1), expected, 1e-14);
  std::vector<double> logarithms(3), gradient(3);
  for (std::size_t c = 0; c < 3; ++c) logarithms[c] = out[c] - std::log(norm);
  const auto of_logarithms = Loss<double>({.name = "nll"}, 1).mixed(0.4, Q);
  EXPECT_NEAR(of_logarithms.evaluate(logarithms, label, 3, 1, gradient), expected, 1e-14);
  EXPECT_NEAR(gradient[0], -0.6 * 0.5, 1e-15);
  EXPECT_NEAR(gradient[2], -0.4 - 0.6 * 0.3, 1e-15);
  EXPECT_THROW(Loss<double>({.name = "mse"}, 1).mixed(0.4, Q), Error);
}

TEST(Fptt, refuses_layers_that_see_all_steps_at_once) {
  const Network<double> network = network_of<double>(
      "[{input: events}, {sample: {fraction: 0.5}, name: worth}, {dense: 2}, leaky_integrator, log_softmax]");
  try {
    network.check_windows();
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("layer worth: sample sees all steps at once"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace synfire::learning
