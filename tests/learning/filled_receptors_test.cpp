// Liquid time-constant neurons with dense weights against the equations of their source, written out.
#include <cmath>
#include <map>
#include <random>
#include <span>

#include <gtest/gtest.h>

#include "neurons/models.hpp"
#include "sim/differentiable.hpp"
#include "tests/learning/gradient_check.hpp"

namespace synfire::learning {
namespace {

using namespace gradient_check;

using Values = std::map<std::string, std::vector<double>>;
using Row = std::vector<double>;
using Rows = std::vector<Row>;

constexpr std::size_t n = 3, steps = 7;
const std::string layers =
    "[{input: events}, {liquid: {beta: 0.7, u_r: -0.1}, name: l, recurrent: true, receptors: {adaptation: "
    "[x, b], membrane: [x, V_m]}}, {readout: sum}]";

struct Cuts {
  bool detach_reset = false;
  std::size_t truncate = 0;
};

LayerContext context(const Cuts& cuts) {
  const Surrogate surrogate({.name = "sigmoid", .parameters = {{"alpha", 2.0}}});
  LayerContext made{.seed = 3, .dt_ms = 1, .steps = steps, .surrogate = surrogate};
  made.detach_reset = cuts.detach_reset, made.truncate = cuts.truncate;
  made.smooth = std::make_shared<const std::function<double(double)>>(
      [surrogate](double margin) { return surrogate.primitive(margin); });
  return made;
}

Batch<double> one_sample() {
  Batch<double> batch;
  batch.samples = 1;
  batch.labels = {1};
  std::mt19937 random(5);
  std::normal_distribution<double> normal(0.3, 1);
  for (std::size_t i = 0; i < steps * n; ++i) batch.values.push_back(normal(random));
  return batch;
}

double sigmoid(double z) { return 1 / (1 + std::exp(-z)); }
double dot(const Row& w, std::size_t row, const Row& x) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += w[row * n + i] * x[i];
  return sum;
}

struct Trajectory {
  Rows u, b, s;   // before each step
  Rows spikes{};  // of each step
};

/// Equations (15)-(22), with spikes that are smooth steps. What the cuts hold takes its value from `held`.
Trajectory liquid(const Values& w, std::span<const double> input, const Cuts& cuts, const Trajectory* held) {
  const auto spike = [&](double margin) { return (*context({}).smooth)(margin); };
  Trajectory made{{Row(n, -0.1)}, {Row(n, 0)}, {Row(n, 0)}};
  for (std::size_t t = 0; t < steps; ++t) {
    Row u = made.u[t], b = made.b[t], s = made.s[t], heard = t > 0 ? made.spikes[t - 1] : Row(n, 0);
    if (held != nullptr && cuts.truncate > 0 && t > 0 && t % cuts.truncate == 0)
      u = held->u[t], b = held->b[t], s = held->s[t], heard = held->spikes[t - 1];
    Row x(n), next_u(n), next_b(n), spikes(n);
    for (std::size_t i = 0; i < n; ++i)
      x[i] = input[t * n + i] + (t > 0 ? dot(w.at("l.recurrent"), i, heard) : 0);
    Row state_spikes(n);
    for (std::size_t i = 0; i < n; ++i) {
      const double rho = sigmoid(dot(w.at("l.adaptation.x"), i, x) + dot(w.at("l.adaptation.b"), i, b) +
                                 w.at("l.adaptation.bias")[i]);
      const double rate = sigmoid(dot(w.at("l.membrane.x"), i, x) + dot(w.at("l.membrane.V_m"), i, u) +
                                  w.at("l.membrane.bias")[i]);
      next_b[i] = rho * b[i] + (1 - rho) * s[i];
      next_u[i] = u[i] + (x[i] - u[i]) * rate;
      spikes[i] = spike(next_u[i] - (0.1 + 0.7 * next_b[i]));
      state_spikes[i] = held != nullptr && cuts.detach_reset ? held->s[t + 1][i] : spikes[i];
      next_u[i] = next_u[i] * (1 - state_spikes[i]) - 0.1 * state_spikes[i];
    }
    made.u.push_back(next_u), made.b.push_back(next_b), made.s.push_back(state_spikes);
    made.spikes.push_back(spikes);
  }
  return made;
}

/// Cross entropy of the summed spikes.
double loss_of(const Trajectory& made, std::size_t label) {
  Row sums(n);
  for (const Row& spikes : made.spikes)
    for (std::size_t i = 0; i < n; ++i) sums[i] += spikes[i];
  double all = 0;
  for (const double sum : sums) all += std::exp(sum);
  return std::log(all) - sums[label];
}

struct Subject {
  explicit Subject(const Cuts& cuts)
      : network(parse::parse_layers(parse_yaml(layers, "t.yaml")), {{1, 1, n}, false}, n, context(cuts), 1) {
    std::mt19937 random(11);
    std::normal_distribution<double> normal;
    for (auto* array : network.weights()) {
      for (double& value : array->values) value = 0.7 * normal(random);
      values[array->name] = array->values;
    }
  }
  Network<double> network;
  Values values;
  Batch<double> batch = one_sample();
  Loss<double> loss{{.name = "cross_entropy"}, steps};
};

TEST(FilledReceptors, make_dense_weights_of_the_equations) {
  Subject subject({});
  EXPECT_EQ(subject.values.size(), 7u);
  const Trajectory by_hand = liquid(subject.values, subject.batch.values, {}, nullptr);
  EXPECT_NEAR(subject.network.learn(subject.batch, subject.loss, 0).loss, loss_of(by_hand, 1), 1e-13);
}

TEST(FilledReceptors, have_the_gradient_of_the_equations_whatever_is_cut) {
  for (const Cuts& cuts : {Cuts{}, Cuts{.detach_reset = true}, Cuts{.truncate = 1}, Cuts{.truncate = 3},
                           Cuts{.detach_reset = true, .truncate = 2}}) {
    Subject subject(cuts);
    subject.network.learn(subject.batch, subject.loss, 0);
    const Trajectory held = liquid(subject.values, subject.batch.values, {}, nullptr);
    for (const auto* array : subject.network.weights())
      for (std::size_t i = 0; i < array->size(); ++i) {
        double slope = 0;
        for (const double sign : {1.0, -1.0}) {
          Values moved = subject.values;
          moved[array->name][i] += sign * 1e-5;
          slope += sign / 2e-5 * loss_of(liquid(moved, subject.batch.values, cuts, &held), 1);
        }
        EXPECT_NEAR(array->gradient[i], slope, 1e-8)
            << array->name << i << " truncate " << cuts.truncate << cuts.detach_reset;
      }
  }
}

// As they begin: weights within the bound of their number of inputs, biases 0, which weight decay spares.
TEST(FilledReceptors, begin_within_the_bounds_of_their_sources) {
  Network<float> network(
      parse::parse_layers(parse_yaml("[{input: events}, {liquid: , receptors: {adaptation: [x, b, s], "
                                     "membrane: V_m}}, {readout: sum}]",
                                     "t.yaml")),
      {{1, 1, 40}, false}, 40,
      {.seed = 3, .dt_ms = 1, .steps = steps, .surrogate = Surrogate({.name = "arctan"})}, 1);
  std::map<std::string, double> largest;
  for (const auto* array : network.weights()) {
    for (const float value : array->values)
      largest[array->name] = std::max(largest[array->name], double(std::abs(value)));
    EXPECT_EQ(array->decays, !array->name.ends_with("bias")) << array->name;
  }
  EXPECT_EQ(largest.size(), 6u);
  for (const auto& [name, value] : largest) {
    const double bound =
        name.ends_with("bias") ? 0 : std::sqrt(1.0 / (name.find("membrane") < name.size() ? 40 : 120));
    EXPECT_LE(value, bound) << name;
    EXPECT_GE(value, 0.9 * bound) << name;
  }
}

TEST(FilledReceptors, are_all_but_the_first_and_that_for_currents) {
  for (const auto name : differentiable_models()) {
    const ModelInfo& info = *differentiable_model(name);
    EXPECT_EQ(differentiable_neurons<float>(std::string(name), {}, 1)->receptors(),
              parse::receptors_to_fill(info).size())
        << name;
    for (std::size_t k = 0; k + 1 < info.receptors.size(); ++k)
      EXPECT_NE(info.receptors[k].sign, ReceptorInfo::Sign::continuous) << name << ": it stands last";
  }
}

// Receptors that are filled from what reaches the neurons and from their states: by weights, biases, learned
// parameters and what is before the layer.
TEST(FilledReceptors, gradient_is_their_derivative) {
  const std::vector<std::pair<std::string, std::string>> layers = {
      {"liquid", "{adaptation: [x, b], membrane: [x, V_m]}"},
      {"liquid", "{membrane: [V_m, b, s]}"},
      {"{liquid: {w_b: 0.3, u_r: -0.2}, learn: [w_x_m, u_r]", "{adaptation: x, membrane: b}"},
      {"aeif_psc_exp", "{inh: [exc, V_m]}"},
      {"lif_adaptive", "{inh: [w, exc]}"},
      {"iaf_cond_exp", "{inh: exc}"}};
  for (const auto& [model, receptors] : layers)
    for (const std::string recurrent : {"true", "false"})
      for (const bool constant : {true, false}) {
        Case setup;
        setup.steps = 6;
        setup.gain = gain_of(model);
        setup.constant = constant;
        const std::string neurons = model.starts_with("{") ? model : "{" + model + ": ";
        const std::string options =
            neurons + ", name: n, receptors: " + receptors + ", recurrent: " + recurrent;
        for (const std::string output : {"spikes", "membrane"})
          EXPECT_LT(worst_error((constant ? "[{input: constant}, " : head) + "{dense: 5}, " + options +
                                    ", output: " + output + "}" + tail,
                                setup),
                    2e-6)
              << options << constant << output;
      }
}

TEST(FilledReceptors, gradient_by_the_samples_is_their_derivative) {
  Case setup;
  setup.gain = 2;
  for (const std::string recurrent : {"true", "false"})
    EXPECT_LT(worst_input_error(
                  head + "{dense: 5}, {batch_norm: {over: step}}, {liquid: , recurrent: " + recurrent +
                      ", receptors: {adaptation: [x, b], membrane: [x, V_m]}}, {dropout: 0.4}" + tail,
                  setup),
              1e-6)
        << recurrent;
}

TEST(FilledReceptors, gradient_is_the_same_to_the_bit_for_any_number_of_threads) {
  Case setup = hard();
  setup.parts = 3;
  for (const std::string recurrent : {"true", "false"}) {
    const std::string layers = head + "flatten, {dense: 20}, {liquid: , recurrent: " + recurrent +
                               ", receptors: {adaptation: [x, b], membrane: [x, V_m]}}, {dense: 9}, "
                               "{iaf_psc_exp: , receptors: {inh: "
                               "V_m}, output: membrane}" +
                               tail;
    const auto one = gradients(layers, setup, 1);
    for (const int threads : {2, 8}) EXPECT_EQ(one, gradients(layers, setup, threads)) << threads;
    setup.recompute = true;
    EXPECT_EQ(one, gradients(layers, setup, 2));
    setup.recompute = false;
  }
}

}  // namespace
}  // namespace synfire::learning
