// A network's gradient against central differences, for the tests of layers.
#pragma once

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <tbb/task_arena.h>

#include "io/yaml.hpp"
#include "learning/gradient/network.hpp"
#include "networks/parse_layers.hpp"

namespace synfire::learning::gradient_check {

struct Case {
  FeatureShape input{1, 1, 6};
  bool constant = false;
  std::size_t steps = 4, samples = 5, parts = 2, classes = 3;
  Chosen surrogate{.name = "sigmoid", .parameters = {{"alpha", 2.0}}};
  double gain = 1;  // of the inputs
  bool smooth = true;
  std::vector<Chosen> regularisers;
  Precision precision = Precision::single;
  bool recompute = false;
  Chosen membrane{.name = "own"};
  std::size_t truncate = 0;
  Chosen loss{.name = "cross_entropy"};
};

template <class Real> Network<Real> network_of(const std::string& layers, const Case& setup) {
  LayerContext context{.seed = 3, .dt_ms = 1, .steps = setup.steps, .surrogate = Surrogate(setup.surrogate)};
  context.precision = setup.precision;
  context.recompute = setup.recompute;
  context.membrane = setup.membrane;
  context.truncate = setup.truncate;
  if (setup.loss.name == "reconstruction") context.answer = Answer::sample;
  if (setup.smooth)
    context.smooth = std::make_shared<const std::function<double(double)>>(
        [surrogate = context.surrogate](double margin) { return surrogate.primitive(margin); });
  return Network<Real>(parse::parse_layers(parse_yaml(layers, "test.yaml")), {setup.input, setup.constant},
                       setup.classes, context, setup.parts, setup.regularisers);
}

template <class Real> Batch<Real> batch_of(const Case& setup) {
  Batch<Real> batch;
  batch.samples = setup.samples;
  batch.values.resize((setup.constant ? 1 : setup.steps) * setup.samples * setup.input.size());
  std::mt19937 random(7);
  std::normal_distribution<double> normal;
  for (Real& value : batch.values) value = Real(setup.gain * normal(random));
  for (std::size_t b = 0; b < setup.samples; ++b) batch.labels.push_back(std::uint32_t(b % setup.classes));
  return batch;
}

// The largest distance between the gradient and central differences, as a part of the largest gradient.
inline double worst_error(const std::string& layers, const Case& setup, std::string_view only = "",
                          double step = 1e-5) {
  Network<double> network = network_of<double>(layers, setup);
  const Batch<double> batch = batch_of<double>(setup);
  const Loss<double> loss(setup.loss, std::uint32_t(setup.steps));
  network.learn(batch, loss, 0);
  double largest = 0, worst = 0;
  const auto weights = network.weights();
  std::vector<std::vector<double>> gradients;
  for (const auto* array : weights) gradients.push_back(array->gradient);
  for (std::size_t w = 0; w < weights.size(); ++w) {
    if (!only.empty() && weights[w]->name != only) continue;
    auto& values = weights[w]->values;
    for (std::size_t i = 0; i < values.size(); i += values.size() / 24 + 1) {
      const double there = values[i], h = step * std::max(1.0, std::abs(there));
      double slope = 0;
      for (const auto& [shift, weight] : {std::pair(-2.0, 1.0), {-1.0, -8.0}, {1.0, 8.0}, {2.0, -1.0}}) {
        values[i] = there + shift * h;
        slope += weight / (12 * h) * network.learn(batch, loss, 0).loss;
      }
      values[i] = there;
      worst = std::max(worst, std::abs(slope - gradients[w][i]));
      largest = std::max(largest, std::abs(slope));
    }
  }
  EXPECT_GT(largest, 1e-8) << "nothing depends on the weights";
  return worst / largest;
}

inline const std::string head = "[{input: events}, ";
inline const std::string tail = ", {dense: 3}, {readout: mean}]";

// Inputs at which a model neither stays silent nor blows up.
inline double gain_of(std::string_view model) {
  if (model.starts_with("iaf_cond") || model.starts_with("lif_diehl_cook")) return 2;
  if (model.starts_with("iaf") || model.starts_with("aeif") || model == "lif_adaptive") return 300;
  return model == "izhikevich" ? 20 : 2;
}

// The same by the samples, of a network as it stands: its norms use running statistics, nothing is dropped.
inline double worst_input_error(const std::string& layers, const Case& setup) {
  Network<double> network = network_of<double>(layers, setup);
  Batch<double> batch = batch_of<double>(setup);
  const Loss<double> loss(setup.loss, std::uint32_t(setup.steps));
  for (std::uint64_t k = 0; k < 3; ++k)
    network.learn(batch, loss, k);  // statistics that are no longer 0 and 1
  std::vector<double> gradient(batch.values.size());
  const double value = network.differentiate(batch, loss, 0, gradient).loss;
  EXPECT_NEAR(value, network.evaluate(batch, loss).loss, 1e-14);
  double largest = 0, worst = 0;
  for (std::size_t i = 0; i < gradient.size(); i += gradient.size() / 40 + 1) {
    const double there = batch.values[i], h = 1e-5 * std::max(1.0, std::abs(there));
    double slope = 0;
    for (const auto& [shift, weight] : {std::pair(-2.0, 1.0), {-1.0, -8.0}, {1.0, 8.0}, {2.0, -1.0}}) {
      batch.values[i] = there + shift * h;
      slope += weight / (12 * h) * network.evaluate(batch, loss).loss;
    }
    batch.values[i] = there;
    worst = std::max(worst, std::abs(slope - gradient[i]));
    largest = std::max(largest, std::abs(slope));
  }
  EXPECT_GT(largest, 1e-8) << "nothing depends on the samples";
  return worst / largest;
}

// What a run computes: hard spikes in single precision.
inline Case hard() {
  Case setup;
  setup.smooth = false;
  setup.input = {6, 6, 2};
  setup.samples = 7;
  setup.gain = 2;
  return setup;
}
inline std::vector<float> gradients(const std::string& layers, const Case& setup, int threads) {
  std::vector<float> all;
  tbb::task_arena(threads).execute([&] {
    Network<float> network = network_of<float>(layers, setup);
    const Loss<float> loss({.name = "cross_entropy"}, std::uint32_t(setup.steps));
    network.learn(batch_of<float>(setup), loss, 5);
    for (const auto* array : network.weights())
      all.insert(all.end(), array->gradient.begin(), array->gradient.end());
  });
  return all;
}

}  // namespace synfire::learning::gradient_check
