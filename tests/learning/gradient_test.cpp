// Every layer's and every neuron's gradient is the derivative of the loss: in double precision, with spikes
// that are the smooth step whose slope the surrogate is, central differences must agree.
#include <cmath>
#include <random>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "learning/gradient/optimisers.hpp"
#include "neurons/models.hpp"
#include "sim/differentiable.hpp"
#include "tests/learning/gradient_check.hpp"

namespace synfire::learning {
namespace {

using namespace gradient_check;

TEST(Gradient, of_dense_layers_and_readouts_is_their_derivative) {
  for (const std::string readout : {"mean", "sum", "last", "max"})
    EXPECT_LT(
        worst_error(
            head + "{dense: 5}, {celu: 0.7}, {dense: 6}, {readout: {of: " + readout + ", classes: 3}}]", {}),
        1e-6)
        << readout;
  EXPECT_LT(worst_error(head + "{dense: 4}, leaky_relu, {scale: 1.3}, {dense: 3}, log_softmax]", {}), 1e-6);
}

TEST(Gradient, of_maps_is_their_derivative) {
  Case setup;
  setup.input = {5, 6, 2};
  setup.steps = 2;
  for (const std::string layer :
       {"{conv: {channels: 3, kernel: 3, padding: 1}}",
        "{conv: {channels: 3, kernel: 2, stride: 2, bias: false}}",
        "{transposed_conv: {channels: 3, kernel: 3, stride: 2, padding: 1, output_padding: 1}}"})
    for (const std::string pool :
         {"{max_pool: 2}", "{max_pool: {kernel: 3, stride: 1, padding: 1}}", "{average_pool: 2}",
          "{global_pool: mean}", "{global_pool: max}", "flatten"})
      EXPECT_LT(worst_error(head + layer + ", {celu: 1}, " + pool + tail, setup, "", 1e-6), 1e-6)
          << layer << pool;
}

TEST(Gradient, of_flex_layers_is_their_derivative) {
  Case setup;
  setup.input = {4, 5, 2};
  setup.steps = 2;
  const auto check = [&](const std::string& more) {
    const std::string layers = head + "{conv: {channels: 2, padding: 1}}, {flex: {channels: 3, stride: 2" +
                               more + "}}, {celu: 1}" + tail;
    EXPECT_LT(worst_error(layers, setup, "", 1e-6), 1e-6) << more;
  };
  for (const std::string logits : {"threshold", "conv, blocks: 2"})
    for (const std::string granularity : {"element", "spatial"})
      for (const std::string norm : {"true", "false"})
        for (const std::string activation :
             {"sigmoid", "hard_sigmoid", "ste", "ste, backward: sigmoid", "stochastic", "binary"})
          check(", logits: " + logits + ", granularity: " + granularity + ", norm: " + norm +
                ", activation: " + activation);
  check(", align: repeat, pool: average");
  check(", pool: average, kernel: 2, padding: 0, bias: false");
  check(", context: ramp");
  check(", context: noise, activation: sigmoid");
  check(", target_weight: 3, target: 0.2, binary_weight: 2, route_weight: 0.1, activation: sigmoid");
  check(", target_weight: 3, target: 0.2, binary_weight: 2, route_weight: 0.1, granularity: spatial");
  setup.constant = true;
  EXPECT_LT(worst_error("[{input: constant}, {conv: {channels: 2, padding: 1}}, {flex: {channels: 2, "
                        "context: ramp, activation: sigmoid}}, {celu: 1}" +
                            tail,
                        setup, "", 1e-6),
            1e-6);
}

TEST(Gradient, of_clamps_is_their_derivative) {
  EXPECT_LT(worst_error(head + "{dense: 8}, {clamp: {low: -0.4, high: 0.6}}" + tail, {}), 1e-6);
}

// A mask of potentials that add up, and what it leaves of other layers, one channel for all or each by
// itself.
TEST(Gradient, passes_masks_and_products) {
  Case setup;
  setup.input = {3, 4, 2};
  const std::string seen = head + "{conv: {channels: 2, kernel: 3, padding: 1}, name: seen}, ";
  for (const std::string mask : {"sequence", "step"})
    for (const std::string channels : {"1", "2"})
      EXPECT_LT(worst_error(seen + "{conv: {channels: " + channels +
                                ", padding: 1, kernel: 3}}, {sample: {fraction: 0.3, mask: " + mask +
                                "}, name: mask}, {multiply: , from: [mask, seen]}" + tail,
                            setup),
                1e-6)
          << mask << channels;
  for (const std::string mask : {"sequence", "step"})
    EXPECT_LT(
        worst_error(
            head +
                "{relu: , name: there}, {conv: {channels: 2, kernel: 3, padding: 1}, from: input1, name: v}, "
                "{sample: {fraction: 0.4, mask: " +
                mask + "}, from: [v, there], name: mask}, {multiply: , from: [mask, v]}" + tail,
            setup),
        1e-6)
        << mask;
  setup.constant = true;
  EXPECT_LT(
      worst_error(
          "[{input: constant}, {dense: 24, name: a}, {dense: 24, name: b}, {sample: 0.2, from: a, name: m}, "
          "{multiply: , from: [m, b, a]}" +
              tail,
          setup),
      1e-6);
}

TEST(Gradient, of_a_reconstruction_is_its_derivative) {
  Case setup;
  setup.input = {3, 4, 2};
  setup.loss.name = "reconstruction";
  const std::string layers =
      "{conv: {channels: 3, kernel: 3, padding: 1}}, {celu: 1}, {conv: {channels: 1, kernel: 3, "
      "padding: 1}}, {sample: 0.4, name: mask}, {multiply: , from: [mask, input1]}, {dense: 24}]";
  EXPECT_LT(worst_error(head + layers, setup), 1e-6);
  setup.recompute = true;
  EXPECT_LT(worst_error(head + layers, setup), 1e-6);
  setup.constant = true;
  EXPECT_LT(worst_error("[{input: constant}, " + layers, setup), 1e-6);
}

TEST(Gradient, passes_norms_dropout_and_sums) {
  Case setup;
  setup.input = {3, 3, 2};
  for (const std::string over : {"time", "step"})
    EXPECT_LT(worst_error(head + "{conv: {channels: 3, kernel: 2}}, {batch_norm: {over: " + over +
                              ", scale: 1.5, threshold: 0.8}}, {celu: 1}" + tail,
                          setup),
              1e-6)
        << over;
  for (const std::string mask : {"sequence", "step"})
    for (const bool constant : {false, true}) {
      setup.constant = constant;
      EXPECT_LT(worst_error("[{input: constant}, {dense: 5}, {dropout: {probability: 0.4, mask: " + mask +
                                "}}, lif" + tail,
                            setup),
                1e-6)
          << mask;
    }
  setup.constant = false;
  EXPECT_LT(worst_error(
                head +
                    "{dense: 4}, {celu: 1, name: a}, {dense: 4}, {celu: 1, name: b}, {add: , from: [a, b]}, "
                    "{dense: 4}, {name: c, relu: }, {add: , from: [a, c, b]}" +
                    tail,
                setup),
            1e-6);
}

TEST(Gradient, passes_from_what_is_constant_to_what_is_not) {
  Case setup;
  setup.constant = true;
  EXPECT_LT(worst_error("[{input: constant}, {dense: 5}, {lif: , name: n}, {dense: 5, name: d}, "
                        "{dense: 5, from: n, name: e}, {add: , from: [d, e]}, klif" +
                            tail,
                        setup),
            1e-6);
}

TEST(Gradient, by_the_samples_is_their_derivative) {
  Case setup;
  setup.input = {4, 5, 2};
  setup.steps = 3;
  for (const bool constant : {true, false})
    for (const std::string& layers :
         {"[{input: events}, {conv: {channels: 3, padding: 1}}, batch_norm, {celu: 1}, {max_pool: 2}, "
          "{dropout: 0.3}" +
              tail,
          "[{input: events}, {conv: {channels: 2, padding: 1}}, {batch_norm: {over: step}}, lif, {add: , "
          "from: "
          "[lif1, batch_norm1]}, {dense: 4}, klif" +
              tail,
          "[{input: events}, {flex: {channels: 2, logits: conv, norm: true, activation: sigmoid, "
          "route_weight: 1}}" +
              tail,
          "[{input: events}, {flex: {channels: 3, norm: true, learning: competition, activation: sigmoid}}" +
              tail}) {
      setup.constant = constant;
      EXPECT_LT(worst_input_error(layers, setup), 1e-6) << layers << constant;
    }
}

TEST(Gradient, of_a_network_as_it_stands_is_that_of_learning_where_nothing_differs) {
  const std::string layers = "[{input: events}, {dense: 5}, lif, {dense: 4}" + tail;
  Network<double> network = network_of<double>(layers, {});
  const Batch<double> batch = batch_of<double>({});
  const Loss<double> loss(Chosen{.name = "cross_entropy"}, 4);
  network.learn(batch, loss, 0);
  std::vector<std::vector<double>> learned;
  for (const auto* array : network.weights()) learned.push_back(array->gradient);
  network.differentiate(batch, loss, 0, {});
  for (std::size_t w = 0; w < learned.size(); ++w) EXPECT_EQ(network.weights()[w]->gradient, learned[w]);
}

TEST(Gradient, of_every_model_through_time_and_reset_is_its_derivative) {
  const auto models = differentiable_models();
  EXPECT_GE(models.size(), 15u);
  for (const auto model : models) {
    Case setup;
    setup.steps = 6;
    setup.gain = gain_of(model);
    const std::string layers = fmt::format("{}{{dense: 5}}, {}{}", head, model, tail);
    EXPECT_LT(worst_error(layers, setup), 1e-6) << model;
    EXPECT_LT(
        worst_error(fmt::format("{}{{dense: 5}}, {{{}: , output: membrane}}{}", head, model, tail), setup),
        1e-6)
        << model << ", membrane";
  }
}

TEST(Gradient, of_every_learned_parameter_is_its_derivative) {
  int checked = 0;
  for (const auto model : differentiable_models()) {
    Case setup;
    setup.steps = 5;
    setup.gain = gain_of(model);
    for (const auto& parameter : find_model(neuron_models(), model)->parameters) {
      if (!parameter.words.empty() || parameter.bounds.whole || parameter.name == "t_ref" ||
          !std::isfinite(parameter.default_value))
        continue;
      const std::string layers =
          fmt::format("{}{{dense: 5}}, {{{}: , learn: {}, name: n, output: membrane}}{}", head, model,
                      parameter.name, tail);
      Network<double> network = network_of<double>(layers, setup);
      const Loss<double> loss({.name = "cross_entropy"}, std::uint32_t(setup.steps));
      network.learn(batch_of<double>(setup), loss, 0);
      // Parameters that do nothing here (a time constant of an unused receptor) have no slope to compare.
      double slope = 0;
      for (const auto* array : network.weights())
        if (array->name == "n." + parameter.name) slope = array->gradient[0];
      if (std::abs(slope) < 1e-4) continue;
      // A short step where the second derivative jumps, a long one where the slope is small.
      const auto error = [&](double step) { return worst_error(layers, setup, "n." + parameter.name, step); };
      EXPECT_LT(std::min(error(1e-4), error(1e-5)), 2e-6) << model << "." << parameter.name;
      ++checked;
    }
  }
  EXPECT_GT(checked, 40);
}

TEST(Gradient, of_recurrent_neurons_is_their_derivative) {
  for (const auto model :
       {"lif", "{lif: {th_jump: 0.3, th_decay: 0.8, reset: soft}", "{lif_cell: ", "{klif: , learn: k"}) {
    Case setup;
    setup.gain = 2;
    const std::string layer = std::string(model) == "lif" ? "{lif: " : model;
    EXPECT_LT(worst_error(head + "{dense: 5}, " + layer + ", recurrent: true}" + tail, setup), 1e-6) << model;
    EXPECT_LT(
        worst_error(head + "{dense: 5}, " + layer + ", recurrent: true, output: membrane}" + tail, setup),
        1e-6)
        << model;
  }
}

// With the noise of a pass held, what stands for the membrane is a smooth function of all membranes of the
// layer.
TEST(Gradient, of_assumed_membranes_is_their_derivative) {
  const std::vector<Chosen> membranes = {
      {.name = "noise"},
      {.name = "noise", .parameters = {{"distribution", 1.0}, {"beta", 0.2}}},
      {.name = "normalised"},
      {.name = "normalised", .parameters = {{"alpha", 2.0}, {"beta", 0.1}}}};
  for (const Chosen& membrane : membranes)
    for (const std::string neurons :
         {"{lif: }", "{lif: {th_jump: 0.3, th_decay: 0.8, reset: soft}}", "{klif: , learn: [k, V_reset]}",
          "{lif_cell: }", "{oscillation: }", "{lif: , output: membrane}", "{leaky_integrator: }"})
      for (const bool constant : {false, true}) {
        Case setup;
        setup.gain = 2;
        setup.constant = constant;
        setup.membrane = membrane;
        setup.recompute = constant;
        const std::string input = constant ? "[{input: constant}, " : head;
        EXPECT_LT(worst_error(input + "{dense: 7}, " + neurons + tail, setup), 1e-6)
            << membrane.name << neurons << constant;
      }
  Case setup;
  setup.membrane = membranes[2];
  setup.input = {3, 4, 2};
  EXPECT_LT(
      worst_error(
          head + "{conv: {channels: 3, kernel: 2}}, batch_norm, lif, {conv: {channels: 2, kernel: 2}}, klif" +
              tail,
          setup),
      1e-6);
}

TEST(Gradient, of_assumed_membranes_is_cut_by_truncation) {
  Case setup;
  setup.steps = 6;
  setup.gain = 2;
  setup.membrane = {.name = "normalised"};
  const auto slope = [&](std::size_t truncate) {
    setup.truncate = truncate;
    Network<double> network = network_of<double>(head + "{dense: 3}, lif, {readout: last}]", setup);
    network.learn(batch_of<double>(setup), Loss<double>({.name = "cross_entropy"}, 6), 0);
    return network.weights()[0]->gradient;
  };
  EXPECT_EQ(slope(0), slope(6));
  EXPECT_NE(slope(0), slope(1));
}

TEST(Gradient, of_regularisers_is_their_derivative) {
  Case setup;
  setup.gain = 2;
  setup.regularisers = {{.name = "rate", .parameters = {{"target", 0.7}, {"weight", 2.0}}},
                        {.name = "rate_bounds", .parameters = {{"low", 0.8}, {"weight", 1.0}, {"of", 1.0}}}};
  EXPECT_LT(worst_error(head + "{dense: 5}, lif" + tail, setup), 1e-6);
}

const std::string deep =
    head +
    "{conv: {channels: 8, kernel: 3, padding: 1}}, batch_norm, lif, {max_pool: 2}, {dropout: 0.3}, "
    "{dense: 20}, {klif: , learn: {k: [0.5, 5]}, recurrent: true}" +
    tail;

TEST(Gradient, is_the_same_to_the_bit_for_any_number_of_threads) {
  Case setup = hard();
  setup.parts = 3;
  const auto one = gradients(deep, setup, 1);
  for (const int threads : {2, 4, 8}) EXPECT_EQ(one, gradients(deep, setup, threads)) << threads;
}

TEST(Gradient, is_the_same_to_the_bit_when_outputs_are_computed_again) {
  const std::string branches =
      head +
      "{conv: {channels: 6, padding: 1}, name: a}, {batch_norm: {over: step}}, klif, {dropout: {probability: "
      "0.3, "
      "mask: step}, name: left}, {conv: {channels: 6, padding: 1}, from: a}, {celu: }, {scale: 0.7}, "
      "{lif: , name: right}, {add: , from: [left, right]}, {average_pool: 2}, {max_pool: {kernel: 2, stride: "
      "1}}, "
      "flatten, {dropout: 0.2}, {lif: , recurrent: true}, leaky_relu, relu, {dense: 9}, izhikevich" +
      tail;
  Case setup = hard();
  setup.parts = 3;
  for (const auto& regularisers :
       {std::vector<Chosen>{}, {{.name = "rate", .parameters = {{"target", 0.2}, {"weight", 0.1}}}}})
    for (const std::string& layers : {deep, branches}) {
      setup.regularisers = regularisers;
      setup.recompute = false;
      const auto kept = gradients(layers, setup, 2);
      setup.recompute = true;
      EXPECT_EQ(kept, gradients(layers, setup, 2)) << layers;
    }
}

TEST(Gradient, of_rounded_factors_points_where_that_of_single_precision_does) {
  Case setup = hard();
  const std::string layers =
      head + "{conv: {channels: 16, padding: 1}}, batch_norm, relu, {dense: 32}, celu" + tail;
  const auto single = gradients(layers, setup, 1);
  setup.precision = Precision::bf16;
  const auto narrow = gradients(layers, setup, 1);
  ASSERT_NE(single, narrow);
  double dot = 0, of_single = 0, of_narrow = 0;
  for (std::size_t i = 0; i < single.size(); ++i) {
    dot += double(single[i]) * double(narrow[i]);
    of_single += double(single[i]) * double(single[i]);
    of_narrow += double(narrow[i]) * double(narrow[i]);
  }
  EXPECT_GT(dot / std::sqrt(of_single * of_narrow), 0.999);
  EXPECT_EQ(narrow, gradients(layers, setup, 4));
}

TEST(Gradient, in_single_precision_is_that_in_double_where_no_spike_differs) {
  Case setup = hard();
  const std::string layers =
      head +
      "{conv: {channels: 8, kernel: 3, stride: 2, padding: 1}}, {batch_norm: }, {lif_cell: }, "
      "{transposed_conv: {channels: 4, kernel: 2, stride: 2}}, {lif: , output: membrane}" +
      tail;
  const auto single = gradients(layers, setup, 1);
  Network<double> network = network_of<double>(layers, setup);
  Network<float> start = network_of<float>(layers, setup);
  const auto from = start.weights();
  const auto to = network.weights();
  for (std::size_t w = 0; w < from.size(); ++w)
    to[w]->values.assign(from[w]->values.begin(), from[w]->values.end());
  const Batch<float> batch = batch_of<float>(setup);
  Batch<double> exact{batch.samples, {}, batch.labels};
  exact.values.assign(batch.values.begin(), batch.values.end());
  network.learn(exact, Loss<double>({.name = "cross_entropy"}, std::uint32_t(setup.steps)), 5);
  std::size_t i = 0;
  for (const auto* array : network.weights()) {
    double largest = 0;
    for (const double g : array->gradient) largest = std::max(largest, std::abs(g));
    for (const double g : array->gradient) EXPECT_NEAR(g, single[i++], 1e-4 * largest + 1e-7) << array->name;
  }
}

TEST(Gradient, parts_of_a_batch_add_up_to_the_whole) {
  Case setup = hard();
  const std::string layers = head + "{conv: {channels: 4, kernel: 3}}, batch_norm, lif" + tail;
  setup.parts = 1;
  const auto whole = gradients(layers, setup, 2);
  for (const std::size_t parts : {2u, 3u, 7u, 9u}) {
    setup.parts = parts;
    const auto sum = gradients(layers, setup, 2);
    for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_NEAR(whole[i], sum[i], 1e-5) << parts;
  }
}

TEST(Gradient, truncation_cuts_what_came_earlier) {
  Case setup;
  setup.steps = 6;
  setup.gain = 2;
  const auto slope = [&](std::size_t truncate) {
    LayerContext context{
        .seed = 3, .dt_ms = 1, .steps = setup.steps, .surrogate = Surrogate(setup.surrogate)};
    context.truncate = truncate;
    Network<double> network(parse::parse_layers(parse_yaml(
                                head + "{dense: 3}, {lif: , output: membrane}, {readout: last}]", "t.yaml")),
                            {setup.input, false}, 3, context, 1);
    network.learn(batch_of<double>(setup), Loss<double>({.name = "cross_entropy"}, 6), 0);
    return network.weights()[0]->gradient;
  };
  EXPECT_EQ(slope(0), slope(6));
  EXPECT_NE(slope(0), slope(1));
}

TEST(Gradient, learning_fits_a_few_samples_whole) {
  Case setup = hard();
  setup.samples = 32;
  setup.classes = 4;
  const std::string layers =
      head +
      "{conv: {channels: 8, kernel: 3, padding: 1}}, batch_norm, lif, {max_pool: 2}, {dense: 64}, "
      "lif, {dense: 4}, {lif: , output: membrane}, {readout: mean}]";
  for (const Precision precision : {Precision::single, Precision::bf16}) {
    setup.precision = precision;
    Network<float> network = network_of<float>(layers, setup);
    const Batch<float> batch = batch_of<float>(setup);
    const Loss<float> loss({.name = "cross_entropy"}, std::uint32_t(setup.steps));
    Optimiser<float> adam({.name = "adam", .parameters = {{"learning_rate", 0.01}}});
    const auto weights = network.weights();
    std::size_t correct = 0;
    for (std::uint64_t step = 0; step < 200 && correct < 32; ++step) {
      correct = network.learn(batch, loss, step).correct;
      adam.step(weights, 0.01);
    }
    EXPECT_EQ(correct, 32u);
  }
}

TEST(Gradient, numbers_that_are_not_finite_name_the_layer_and_step) {
  Case setup = hard();
  Network<float> network =
      network_of<float>(head + "{dense: 4, name: wide}, {lif: , output: membrane}" + tail, setup);
  network.weights()[0]->values[0] = std::numeric_limits<float>::infinity();
  const Loss<float> loss({.name = "cross_entropy"}, std::uint32_t(setup.steps));
  try {
    network.learn(batch_of<float>(setup), loss, 0);
    FAIL() << "it went on";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("layer wide"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("step 1 of 4"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace synfire::learning
