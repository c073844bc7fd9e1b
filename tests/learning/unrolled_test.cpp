// A network that was trained does in the engines what it did in training: spike for spike where sums are
// exact.
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "learning/datasets/pack.hpp"
#include "learning/unrolled/simulated.hpp"
#include "neurons/models.hpp"
#include "sim/catalogue.hpp"
#include "sim/differentiable.hpp"
#include "tests/learning/small_task.hpp"

namespace synfire::learning {
namespace {

using test::error_of;
using test::TemporaryFolder;

constexpr std::uint32_t test_samples = 40;  // more than are shown at once

/// Images of 8 x 8 pixels, each 0 or 255, of four classes.
void write_images(const TemporaryFolder& folder) {
  std::mt19937 random(5);
  for (const auto& [set, count] : {std::pair("train", 8u), {"t10k", test_samples}}) {
    std::string images = test::idx_word(0x803) + test::idx_word(count) + test::idx_word(test::side) +
                         test::idx_word(test::side);
    std::string labels = test::idx_word(0x801) + test::idx_word(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      for (std::uint32_t p = 0; p < test::side * test::side; ++p) images += random() % 3 == 0 ? '\xff' : '\0';
      labels += static_cast<char>(i % 4);
    }
    folder.write(fmt::format("{}-images-idx3-ubyte", set), images);
    folder.write(fmt::format("{}-labels-idx1-ubyte", set), labels);
  }
}

/// Recordings of few channels, four words.
class Words final : public DataSet {
 public:
  std::string_view kind() const override { return "words"; }
  const ItemShape& shape() const override { return shape_; }
  const std::vector<std::string>& classes() const override { return classes_; }
  std::size_t size() const override { return 24; }
  std::uint32_t label(std::size_t item) const override { return item % 4; }
  Part part(std::size_t item) const override { return item < 4 ? Part::train : Part::test; }
  std::string source(std::size_t) const override { return "words"; }
  DataItem item(std::size_t number) const override {
    std::mt19937 random(static_cast<unsigned>(number));
    DataItem made{label(number), {}, {}};
    for (std::int64_t t = 0; t < 100'000; t += 1 + random() % 400)
      made.events.push_back(
          {.t_us = t, .x = static_cast<std::uint16_t>(random() % shape_.width), .y = 0, .on = 1});
    return made;
  }

 private:
  ItemShape shape_{.images = false, .audio = true, .width = 12, .height = 1};
  std::vector<std::string> classes_{"a", "b", "c", "d"};
};

NetworkDescription network_of(const std::string& data, const std::string& layers, int steps = 6,
                              const std::string& engine = "batched") {
  NetworkDescription network = parse_network(
      parse_yaml(fmt::format("synfire: 1\nsimulation: {{dt: 1 ms}}\ndataset: {{path: \"{}\"}}\nlayers: {}\n"
                             "training: {{steps: {}, epochs: 1, batch: 16}}\n",
                             data, layers, steps),
                 "net.yaml"));
  network.simulation.engine = engine;
  return network;
}

struct Weighted {
  double scale = 1;    // of weights
  bool dyadic = true;  // multiples of 1/16 before that, so that sums are exact
};

/// Weights, norms and all, that nobody had to learn.
std::vector<NamedArray<float>> weights_for(const NetworkDescription& network, const Weighted& how) {
  Trainer trainer(network, {});
  auto all = trainer.network().weights();
  for (auto* buffer : trainer.network().buffers()) all.push_back(buffer);
  std::vector<NamedArray<float>> arrays = values_of_all(all);
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  for (auto& array : arrays) {
    if (array.name.ends_with(".frozen")) array.values[0] = 1;
    if (array.values.size() == 1) continue;  // parameters of neurons, factors of scale
    if (array.name.ends_with(".delay")) continue;
    if (array.name.ends_with(".mask")) {
      for (float& value : array.values) value = float(random() % 2);
      continue;
    }
    for (float& value : array.values) {
      const double drawn = how.dyadic ? double(int(random() % 17) - 8) / 16 : 0.3 * normal(random);
      value = float(how.scale * drawn);
      if (array.name.ends_with(".running_variance")) value = how.dyadic ? 4.0f : float(1 + drawn * drawn);
    }
  }
  return arrays;
}

struct Ran {
  SimulatedTest result{0};
  std::vector<float> expected;  // outputs of the layers
  MemorySink::Spikes all;       // of all populations, one after the other
};

Ran ran(const NetworkDescription& network, const std::vector<NamedArray<float>>& weights,
        const RunOptions& options = {}) {
  Trainer trainer(network, {});
  trainer.load_weights(weights);
  Ran made;
  made.expected = trainer.judge(Share::test).outputs;
  SimulatedNetwork simulated(network, weights, options);
  MemorySink sink(simulated.network());
  simulated.run(&sink);
  made.result = simulated.result();
  for (const auto& spikes : sink.all()) {
    made.all.steps.insert(made.all.steps.end(), spikes.steps.begin(), spikes.steps.end());
    made.all.neurons.insert(made.all.neurons.end(), spikes.neurons.begin(), spikes.neurons.end());
    made.all.times_ms.insert(made.all.times_ms.end(), spikes.times_ms.begin(), spikes.times_ms.end());
  }
  return made;
}

/// The same spikes in the same steps and the same outputs, bit for bit; and every layer has some spikes.
void expect_same(const NetworkDescription& network, const Weighted& how = {}) {
  const Ran made = ran(network, weights_for(network, how));
  for (const SimulatedLayer& layer : made.result.layers) {
    if (!layer.spikes) continue;
    EXPECT_EQ(layer.differing, 0) << layer.name;
    EXPECT_GT(layer.spike_count, 0) << layer.name << " is silent";
    EXPECT_LT(layer.spike_count, double(layer.neurons) * network.training->steps) << layer.name;
  }
  EXPECT_EQ(made.result.agreement(), 1);
  EXPECT_EQ(made.result.outputs, made.expected);
}

const std::string head = "[{input: constant}, ";
const std::string tail = ", {dense: 4}, {lif: {V_th: 0.125}, name: out}, {readout: mean}]";

TEST(Unrolled, DenseLayersSpikeAsInTraining) {
  const TemporaryFolder folder;
  write_images(folder);
  const std::string data = folder.path().string();
  expect_same(network_of(data, head + "{dense: 30}, lif, {dense: 20}, lif" + tail));
  expect_same(network_of(
      data, head + "lif, {dense: {size: 20, bias: false}}, {dense: 24}, {lif: {leak: tau}}" + tail));
  expect_same(network_of(data, head + "{dense: 30}, {lif: {reset: soft, V_reset: -0.5}}, lif" + tail));
}

TEST(Unrolled, MapsSpikeAsInTraining) {
  const TemporaryFolder folder;
  write_images(folder);
  const std::string first = head + "{conv: {channels: 4, kernel: 3, padding: 1}}, relu, lif, ";
  for (const std::string layers :
       {"{conv: {channels: 6, kernel: 3, stride: 2, padding: 1}}, lif",
        "{transposed_conv: {channels: 3, kernel: 3, stride: 2, padding: 1, output_padding: 1}}, lif",
        "{average_pool: {kernel: 2}}, {scale: 4}, {conv: {channels: 3, kernel: 3}}, lif",
        "{average_pool: {kernel: 4, stride: 3, padding: 1}}, relu, {dense: 12}, lif",
        "{max_pool: 2}, {conv: {channels: 5, kernel: 2}}, lif",
        "{max_pool: {kernel: 3, stride: 2, padding: 1}}, flatten, {max_pool: 1}, {dense: 12}, lif",
        "{global_pool: mean}, {dense: 12}, lif", "{global_pool: max}, {dropout: 0.3}, {dense: 12}, lif"}) {
    SCOPED_TRACE(layers);
    expect_same(network_of(folder.path().string(), first + layers + tail));
  }
}

// Where a mask that is frozen convolves, spikes go through weights, and where it pools through a gate.
TEST(Unrolled, FrozenMasksRouteSpikesAsInTraining) {
  const TemporaryFolder folder;
  write_images(folder);
  const std::string cell = "{iaf_psc_delta: {E_L: 0 mV, V_reset: 0 mV, V_th: 1 mV, t_ref: 0 ms}}";
  const std::string first = head + "{conv: {channels: 4, kernel: 3, padding: 1}}, relu, ";
  for (const std::string flex :
       {"{flex: {channels: 8, frozen_after: 2}}",
        "{flex: {channels: 8, stride: 2, granularity: spatial, frozen_after: 2}}",
        "{flex: {channels: 6, align: repeat, frozen_after: 2, norm: false}}",
        "{flex: {channels: 4, kernel: 2, stride: 2, padding: 0, pool: average, frozen_after: 1}}",
        "{flex: {channels: 4, logits: conv, frozen_after: 1}}"}) {
    SCOPED_TRACE(flex);
    for (const std::string& neurons : {std::string("lif"), cell})
      expect_same(network_of(folder.path().string(), first + neurons + ", " + flex + ", " + neurons + ", " +
                                                         flex + ", " + neurons + tail));
    expect_same(
        network_of(folder.path().string(),
                   first + cell + ", " + flex + ", " + cell + ", {dense: 4}, " + cell + ", {readout: mean}]",
                   6, "event"));
  }
  const std::string means = "lif, {average_pool: 2}, {scale: 4}, ";
  expect_same(
      network_of(folder.path().string(), first + means +
                                             "{flex: {channels: 4, pool: average, kernel: 2, padding: 0, "
                                             "frozen_after: 1}}, lif" +
                                             tail));
}

// What is not linear in spikes is no matter of synapses, and is computed in each step from the spikes so far.
TEST(Unrolled, WhatIsNotLinearIsComputedInEachStep) {
  const TemporaryFolder folder;
  write_images(folder);
  const std::string cell = "{iaf_psc_delta: {E_L: 0 mV, V_reset: 0 mV, V_th: 1 mV, t_ref: 0 ms}}";
  const std::string first = head + "{conv: {channels: 4, kernel: 3, padding: 1}, name: shown}, ";
  for (const std::string between :
       {"{dense: 9}, relu, {dense: 12}", "{conv: {channels: 2, kernel: 3}}, max_pool",
        "{dense: 12}, {batch_norm: {over: step, epsilon: 1e-30}}",
        "{flex: {channels: 8, norm: false, activation: ste}}",
        "{flex: {channels: 8, norm: false, activation: binary, granularity: spatial}}",
        "{average_pool: 2}, {scale: 4}, {flex: {channels: 4, frozen_after: 1}}",
        "max_pool, {conv: {channels: 3, kernel: 2}}, relu, {dense: 12}"}) {
    SCOPED_TRACE(between);
    for (const std::string& neurons : {std::string("lif"), cell})
      expect_same(
          network_of(folder.path().string(), first + neurons + ", " + between + ", " + neurons + tail));
    expect_same(network_of(
        folder.path().string(),
        first + cell + ", " + between + ", " + cell + ", {dense: 4}, " + cell + ", {readout: mean}]", 6,
        "event"));
  }
  // Two ways, one of them with the sample itself, and neurons that hear themselves.
  expect_same(network_of(folder.path().string(),
                         first +
                             "{lif: , name: a}, {conv: {channels: 4, kernel: 3, padding: 1}}, "
                             "relu, {add: , from: [relu1, a, shown]}, relu, {lif: , recurrent: true}" +
                             tail));
  const auto network =
      network_of(folder.path().string(), first + "lif, {dense: 9}, relu, {dense: 9}, lif" + tail);
  const auto result = ran(network, weights_for(network, {})).result;
  EXPECT_FALSE(result.layers[0].stepped);
  EXPECT_TRUE(result.layers[1].stepped);
  EXPECT_EQ(result.layers[1].synapses, 0u);
  EXPECT_EQ(result.layers[1].dense_operations, 6 * (256.0 * 9 + 81));
}

TEST(Unrolled, NetworksThatKeptNoOutputsInTrainingSpikeAsTheyDid) {
  const TemporaryFolder folder;
  write_images(folder);
  NetworkDescription network =
      network_of(folder.path().string(), head + "{dense: 30}, lif, {dense: 20}, lif" + tail);
  network.training->recompute = true;
  expect_same(network);
}

TEST(Unrolled, NormsAreFoldedIntoWeights) {
  const TemporaryFolder folder;
  write_images(folder);
  const std::string norm = "{batch_norm: {epsilon: 1e-30, scale: 2}}";
  expect_same(network_of(folder.path().string(), head + "{conv: {channels: 4, kernel: 3}}, " + norm +
                                                     ", lif, {dense: 30}, " + norm + ", lif, " + norm +
                                                     ", {dense: 20}, lif" + tail),
              {.scale = 2});
}

TEST(Unrolled, BranchesMeetInTheStepOfTraining) {
  const TemporaryFolder folder;
  write_images(folder);
  const std::string data = folder.path().string();
  // Spikes that take a short and a long way; a sample that comes in behind neurons; neurons that hear
  // themselves.
  expect_same(network_of(
      data, head +
                "{dense: 20, name: x}, {lif: , name: a}, {dense: 20}, {lif: , name: b}, "
                "{dense: 20, name: c}, {add: , from: [c, a, x]}, {lif: , name: d}, {add: , from: [d, a]}, "
                "{dense: 20}, lif" +
                tail));
}

TEST(Unrolled, NeuronsThatHearThemselvesSpikeAsInTraining) {
  const TemporaryFolder folder;
  write_images(folder);
  expect_same(network_of(
      folder.path().string(),
      head + "{dense: 20}, {lif: , recurrent: true}, {dense: 20}, {lif: {decay: 0.75}, recurrent: true}" +
          tail,
      12));
}

// Delays of layers in a row add up; a layer that is computed in each step has them, too.
TEST(Unrolled, DelaysAreThoseOfSynapses) {
  const TemporaryFolder folder;
  write_images(folder);
  const std::string data = folder.path().string();
  const std::string first = head + "{dense: 20}, lif, ";
  expect_same(
      network_of(data, first + "{dense: 20, delays: 5 ms}, {lif: , recurrent: {delays: 4 ms}}" + tail, 14));
  expect_same(
      network_of(data,
                 first +
                     "{dense: {size: 16, bias: false}, delays: 3 ms}, {dense: 20, delays: {max: 2 ms, "
                     "init: half_normal}}, lif" +
                     tail,
                 12),
      {.scale = 0.5});
  expect_same(network_of(data, first + "{dense: 20, delays: 3 ms}, relu, lif" + tail, 12));
  const std::string cell = "{iaf_psc_delta: {E_L: 0 mV, V_reset: 0 mV, V_th: 1 mV, t_ref: 0 ms}";
  const std::string cells = head + "{dense: 20}, " + cell + "}, {dense: 20, delays: 4 ms}, " + cell +
                            ", recurrent: {delays: 3 ms}}, {dense: 4}, " + cell + "}, {readout: mean}]";
  for (const std::string engine : {"batched", "event"}) {
    SCOPED_TRACE(engine);
    const NetworkDescription network = network_of(data, cells, 12, engine);
    const Ran made = ran(network, weights_for(network, {}));
    EXPECT_EQ(made.result.agreement(), 1);
    EXPECT_GT(made.result.spike_count(), 0);
    for (const auto& layer : made.result.layers) EXPECT_EQ(layer.differing, 0) << layer.name;
  }
}

TEST(Unrolled, AnswersMayBeMembranes) {
  const TemporaryFolder folder;
  write_images(folder);
  const std::string hidden = head + "{dense: 30}, lif, {dense: 8}, ";
  for (const std::string way : {"mean", "sum", "last", "max"})
    expect_same(network_of(folder.path().string(), hidden +
                                                       "{leaky_integrator: {leak: decay}}, {dense: 8}, " +
                                                       "{readout: {of: " + way + ", classes: 4}}]"));
  expect_same(
      network_of(folder.path().string(), hidden + "{lif: , output: membrane}, {dense: 4}, log_softmax]"));
}

// The largest scale below which a model is silent differs with its units.
TEST(Unrolled, EveryModelSpikesAsInTraining) {
  const TemporaryFolder folder;
  write_images(folder);
  std::size_t tried = 0;
  for (const auto model : differentiable_models()) {
    const auto neurons = differentiable_neurons<float>(std::string(model), {}, 1);
    if (neurons->noises() > 0 || model_info(model).receptors[0].magnitude) continue;
    SCOPED_TRACE(model);
    const std::string layers = fmt::format("{}{{dense: 16}}, {}, {{dense: 4}}, {}, {{readout: mean}}]", head,
                                           neurons->spikes() ? model : "lif", model);
    const NetworkDescription network = network_of(folder.path().string(), layers, 12);
    double spikes = 0;
    for (const double scale : {1.0, 16.0, 256.0, 4096.0}) {
      const Ran made = ran(network, weights_for(network, {.scale = scale}));
      for (const auto& layer : made.result.layers) EXPECT_EQ(layer.differing, 0) << layer.name << scale;
      EXPECT_EQ(made.result.outputs, made.expected) << scale;
      spikes += made.result.spike_count();
    }
    EXPECT_GT(spikes, 0);
    ++tried;
  }
  EXPECT_GE(tried, 8u);
}

TEST(Unrolled, RecordingsAreCountedInEachStep) {
  const TemporaryFolder folder;
  const auto words = std::make_shared<const ChosenItems>(std::make_shared<Words>(), DatasetDescription{});
  pack_spikes(words, Part::train, {}, folder.file("words_train.h5"));
  pack_spikes(words, Part::test, {}, folder.file("words_test.h5"));
  expect_same(
      network_of(folder.path().string(),
                 "[{input: {time: events}}, {dense: 20}, {lif: , recurrent: true}, {dense: 12}, lif" + tail,
                 9),
      {.scale = 0.5});
}

// What arrives at them are products of states, whose sums differ in their last bits.
TEST(Unrolled, ReceptorsThatAreFilledGetInEachStepWhatTheyGotInTraining) {
  const TemporaryFolder folder;
  write_images(folder);
  const std::string soft = "C_m: 1 pF, E_L: 0 mV, V_reset: 0 mV, V_th: 1 mV, t_ref: 0 ms, tau_m: 5 ms";
  for (const std::string& neurons :
       {std::string("{liquid: , receptors: {adaptation: [x, b], membrane: [x, V_m]}, recurrent: "),
        std::string("{liquid: {u_r: -0.3}, learn: u_r, receptors: {membrane: V_m}, recurrent: "),
        "{iaf_psc_exp: {" + soft + "}, receptors: {inh: [V_m, exc]}, recurrent: "})
    for (const std::string recurrent : {"true}", "false}", "{delays: 3 ms}}"}) {
      SCOPED_TRACE(neurons + recurrent);
      const std::string layer = neurons + recurrent;
      const auto network = network_of(
          folder.path().string(),
          head + "{dense: 20}, " + layer + ", {dense: 20}, batch_norm, " + layer + ", {dense: 9}, lif" + tail,
          8);
      const Ran made = ran(network, weights_for(network, {.dyadic = false}));
      EXPECT_EQ(made.result.agreement(), 1);
      for (const SimulatedLayer& each : made.result.layers) {
        EXPECT_GT(each.spike_count, 1) << each.name;
        EXPECT_LE(each.differing, 0.01 * each.spike_count) << each.name;
      }
      for (std::size_t k = 0; k < made.expected.size(); ++k)
        EXPECT_NEAR(made.result.outputs[k], made.expected[k], 1e-2) << k;
      EXPECT_TRUE(made.result.layers[0].stepped && made.result.layers[1].stepped);
      EXPECT_FALSE(made.result.layers[2].stepped);
    }
  const auto events =
      network_of(folder.path().string(),
                 head + "{dense: 9}, {lif_adaptive: , name: slow, receptors: {inh: w}}" + tail, 6, "event");
  EXPECT_NE(error_of([&] {
              SimulatedNetwork(events, weights_for(events, {}), {});
            }).find("layer slow: `receptors` need the states of neurons"),
            std::string::npos);
}

TEST(Unrolled, WhateverTheWeightsAreDecisionsAreTheSame) {
  const TemporaryFolder folder;
  write_images(folder);
  const NetworkDescription network =
      network_of(folder.path().string(),
                 head +
                     "{conv: {channels: 4, kernel: 3, padding: 1}}, batch_norm, {klif: {k: 1.3}}, "
                     "{average_pool: 2}, {conv: {channels: 8, kernel: 3}}, batch_norm, {klif: , learn: k}, "
                     "{dense: 4}, {lif_cell: , output: membrane}, {readout: mean}]");
  const Ran made = ran(network, weights_for(network, {.scale = 2, .dyadic = false}));
  EXPECT_EQ(made.result.agreement(), 1);
  EXPECT_GT(made.result.spike_count(), 0);
  for (std::size_t k = 0; k < made.expected.size(); ++k)
    EXPECT_NEAR(made.result.outputs[k], made.expected[k], 1e-2 * (1 + std::abs(made.expected[k])));
}

TEST(Unrolled, CountsWhatSpikesCost) {
  const TemporaryFolder folder;
  write_images(folder);
  const NetworkDescription network = network_of(
      folder.path().string(), head + "{dense: 16}, {lif: , recurrent: true}, {dense: 10}, lif" + tail);
  auto weights = weights_for(network, {});
  for (auto& array : weights)
    for (float& value : array.values) value = value == 0 ? 0.0625f : value;  // no synapse is left out
  const SimulatedTest result = ran(network, weights).result;
  ASSERT_EQ(result.layers.size(), 3u);
  const auto& [first, second, third] = std::tie(result.layers[0], result.layers[1], result.layers[2]);
  EXPECT_EQ(first.synapses, 16u * 16u);
  EXPECT_EQ(second.synapses, 160u);
  EXPECT_DOUBLE_EQ(first.synaptic_operations, 16 * first.spike_count);
  EXPECT_DOUBLE_EQ(second.synaptic_operations, 10 * first.spike_count);
  EXPECT_DOUBLE_EQ(third.synaptic_operations, 4 * second.spike_count);
  EXPECT_EQ(first.dense_operations, 6 * 16 * 16);
  EXPECT_EQ(second.dense_operations, 6 * 160);
  EXPECT_EQ(third.dense_operations, 6 * 40);
  EXPECT_EQ(result.dense_before, 64 * 16);
  EXPECT_EQ(result.dense_behind, 0);
}

TEST(Unrolled, ThreadsChangeNothing) {
  const TemporaryFolder folder;
  write_images(folder);
  for (const auto& [engine, model] :
       {std::pair("batched", "lif"), {"event", "iaf_psc_delta: {E_L: 0 mV, V_reset: 0 mV, V_th: 1 mV}"}}) {
    const NetworkDescription network = network_of(
        folder.path().string(),
        fmt::format("{0}{{conv: {{channels: 4, kernel: 3}}}}, {{{1}, recurrent: true}}, {{dense: 70}}, "
                    "{{{1}}}, {{dense: 4}}, {{{1}}}, {{readout: mean}}]",
                    head,
                    std::string(model).find(':') == std::string::npos ? std::string(model) + ": " : model),
        6, engine);
    const auto weights = weights_for(network, {.dyadic = false});
    const auto cut = [&](unsigned threads) {
      RunOptions options;
      options.threads = options.shards = threads;
      return ran(network, weights, options);
    };
    const Ran one = cut(1);
    EXPECT_GT(one.result.spike_count(), 0);
    for (const unsigned threads : {2u, 4u}) {
      const Ran more = cut(threads);
      EXPECT_EQ(more.all, one.all) << engine << threads;
      EXPECT_EQ(more.result.outputs, one.result.outputs) << engine << threads;
    }
  }
}

TEST(Unrolled, TheEventEngineGivesTheSameWhereSpikesAreMadeByArrivals) {
  const TemporaryFolder folder;
  write_images(folder);
  const std::string cell = "{iaf_psc_delta: {E_L: 0 mV, V_reset: 0 mV, V_th: 1 mV, t_ref: 0 ms}";
  for (const std::string& recurrent : {std::string("}"), std::string(", recurrent: true}")})
    expect_same(network_of(folder.path().string(),
                           head + "{dense: 30}, " + cell + recurrent + ", {dense: 20}, " + cell +
                               "}, {dense: 4}, " + cell + "}, {readout: mean}]",
                           8, "event"));
}

// Spikes then come within steps, the first of them earlier than at the end of its step.
TEST(Unrolled, TheEventEngineComesCloseWhereSpikesFallBetweenSteps) {
  const TemporaryFolder folder;
  write_images(folder);
  for (const std::string cell : {"iaf_psc_exp", "iaf_psc_alpha", "lif_adaptive"}) {
    const std::string neurons =
        fmt::format("{{{}: {{E_L: 0 mV, V_reset: 0 mV, V_th: 15 mV, t_ref: 5 ms}}}}", cell);
    const std::string layers =
        head + "{dense: 30}, " + neurons + ", {dense: 4}, " + neurons + ", {readout: mean}]";
    const NetworkDescription steps = network_of(folder.path().string(), layers, 40);
    NetworkDescription events = steps;
    events.simulation.engine = "event";
    const auto weights = weights_for(steps, {.scale = 256});
    const double expected = ran(steps, weights).result.layers[0].spike_count;
    EXPECT_GT(expected, 10) << cell;
    EXPECT_NEAR(ran(events, weights).result.layers[0].spike_count, expected, 0.1 * expected) << cell;
  }
}

TEST(Unrolled, WhatSynapsesCannotCarryIsRefused) {
  const TemporaryFolder folder;
  write_images(folder);
  const auto refusal = [&](const std::string& layers, const std::string& engine = "batched") {
    const NetworkDescription network = network_of(folder.path().string(), head + layers + tail, 6, engine);
    return error_of([&] { SimulatedNetwork(network, weights_for(network, {}), {}); });
  };
  const auto expect = [&](const std::string& layers, const std::string& says) {
    EXPECT_NE(refusal(layers).find(says), std::string::npos) << refusal(layers);
  };
  expect("{lif: , output: membrane, name: soft}, {dense: 9}, lif",
         "layer soft: the neurons 'lif2' behind it hear its membrane");
  expect("lif, {sample: {fraction: 0.5}}, {dense: 9}, lif",
         "layer sample1: the neurons 'lif2' behind it hear what follows from all steps together");
  expect("lif, {dense: 9}, relu, {lif: , output: membrane, name: soft}, relu, lif",
         "layer soft: the neurons 'lif3' behind it hear its membrane");
  expect("{dense: 9}, iaf_cond_exp, {dense: 9}, lif", "layer iaf_cond_exp1: its inputs are conductances");
  EXPECT_NE(refusal("lif", "event").find("population 'lif1' (lif): this model has no event form"),
            std::string::npos)
      << refusal("lif", "event");
  NetworkDescription noisy = network_of(folder.path().string(), head + "lif" + tail);
  noisy.training->membrane.name = "noise";
  EXPECT_NE(error_of([&] {
              SimulatedNetwork(noisy, weights_for(noisy, {}), {});
            }).find("membrane of training (noise): neurons of a simulation keep their own"),
            std::string::npos);
  const NetworkDescription plain = network_of(folder.path().string(), head + "{dense: 4}]");
  EXPECT_NE(
      error_of([&] { SimulatedNetwork(plain, weights_for(plain, {}), {}); }).find("there are no neurons"),
      std::string::npos);
}

}  // namespace
}  // namespace synfire::learning
