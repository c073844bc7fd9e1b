// Question: how long do a training step and an inference take for networks that others have been timed with
// (docs/performance.md), and what part of it is the bare matrix products at this machine's speed?
//   bench_training [--threads N] [--repeats N] [--parts N] [--bf16] [--recompute] [--case vgg11 …] [--steps
//   T]
//                  [--updates K]    learning by `method: fptt`: K windows of a sequence
#include <algorithm>
#include <chrono>
#include <random>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include "core/array.hpp"
#include "core/denormals.hpp"
#include "io/yaml.hpp"
#include "learning/gradient/fptt.hpp"
#include "learning/gradient/network.hpp"
#include "learning/gradient/optimisers.hpp"
#include "learning/gradient/products.hpp"
#include "networks/parse_layers.hpp"

namespace {

using namespace synfire;
using namespace synfire::learning;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

struct Case {
  std::string name, layers;
  FeatureShape input;
  bool constant = true;
  double density = 1;  // of the inputs: below 1 they are events
  std::size_t steps = 1, samples = 1, classes = 10;
  double mega_macs = 0;  // of a sample's forward pass, all steps
};

// Convolution, norm and neurons; the numbers are channels, p a pool.
std::string vgg11() {
  std::string layers = "[{input: constant}";
  for (const char* each : {"64", "p", "128", "p", "256", "256", "p", "512", "512", "p", "512", "512", "p"})
    layers += each[0] == 'p' ? std::string(", {max_pool: 2}")
                             : fmt::format(
                                   ", {{conv: {{channels: {}, padding: 1, bias: false}}}}, batch_norm, "
                                   "{{lif: {{decay: 0.95, reset: soft}}}}",
                                   each);
  for (const int size : {2048, 1024})
    layers += fmt::format(", {{dense: {}}}, {{lif: {{decay: 0.95, reset: soft}}}}", size);
  return layers + ", {dense: 10}, {readout: mean}]";
}

std::vector<Case> cases() {
  const std::string adaptive = "{lif: {decay: 0.9, th_jump: 0.1, th_decay: 0.95}, recurrent: true}";
  const std::string waiting = "{lif: {decay: 0.9, th_jump: 0.1, th_decay: 0.95}, recurrent: {delays: 25 ms}}";
  const std::string liquid =
      "{batch_norm: {over: step}}, {liquid: , recurrent: true, receptors: {adaptation: [x, b], membrane: [x, "
      "V_m]}}";
  return {
      {"vgg11", vgg11(), {32, 32, 3}, true, 1, 10, 16, 10, 1559},
      {"shd",
       "[{input: events}, {dense: 256}, " + adaptive + ", {dense: 256}, " + adaptive +
           ", {dense: 20}, {leaky_integrator: {leak: decay, decay: 0.9}}, {readout: mean}]",
       {1, 1, 700},
       false,
       0.01,
       100,
       128,
       20,
       38.1},
      {"delays",
       "[{input: events}, {dense: 256, delays: 25 ms}, " + waiting + ", {dense: 256, delays: 25 ms}, " +
           waiting + ", {dense: 20}, {leaky_integrator: {leak: decay, decay: 0.9}}, {readout: mean}]",
       {1, 1, 700},
       false,
       0.01,
       100,
       128,
       20,
       38.1},
      {"liquid",
       "[{input: events}, {dense: 256}, " + liquid + ", {dropout: 0.5}, {dense: 256}, " + liquid +
           ", {dropout: 0.2}, {dense: 20}, {leaky_integrator: {leak: decay, decay: 0.9}}, log_softmax]",
       {1, 1, 700},
       false,
       0.01,
       100,
       128,
       20,
       90.5},
      {"linear_lif",
       "[{input: events}, {dense: 4096}, lif, {readout: {of: mean, classes: 16}}]",
       {1, 1, 512},
       false,
       1,
       500,
       16,
       16,
       1049},
      {"fashion",
       "[{input: constant}, {conv: {channels: 32, padding: 1}}, relu, {max_pool: 2}, {conv: {channels: 64, "
       "padding: "
       "1}}, relu, {max_pool: 2}, {dense: 512}, lif_cell, {dense: 10}, {lif_cell: , output: membrane}, "
       "{readout: mean}]",
       {28, 28, 1},
       true,
       1,
       8,
       64,
       10,
       5.45},
  };
}

Batch<float> batch_of(const Case& c) {
  Batch<float> batch;
  batch.samples = c.samples;
  batch.values.resize((c.constant ? 1 : c.steps) * c.samples * c.input.size());
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::bernoulli_distribution event(c.density);
  for (float& value : batch.values) value = c.density < 1 ? float(event(random)) : normal(random);
  for (std::size_t b = 0; b < c.samples; ++b) batch.labels.push_back(std::uint32_t(b % c.classes));
  return batch;
}

template <class Work> double median_s(int repeats, const Work& work) {
  std::vector<double> times;
  for (int r = -1; r < repeats; ++r) {
    const auto start = Clock::now();
    work();
    if (r >= 0) times.push_back(std::chrono::duration<double>(Clock::now() - start).count());
  }
  std::nth_element(times.begin(), times.begin() + std::ptrdiff_t(times.size() / 2), times.end());
  return times[times.size() / 2];
}

// Bare products of single precision on all threads, in GFLOP/s.
double product_speed(unsigned threads) {
  constexpr std::size_t n = 768;
  std::vector<std::vector<float>> a(threads, std::vector<float>(n * n, 1)), c = a;
  const double seconds = median_s(9, [&] {
    tbb::parallel_for(0u, threads, [&](unsigned t) {
      keep_to_this_thread();
      multiply(Transposed::no, Transposed::yes, n, n, n, a[t].data(), a[t].data(), 0.0f, c[t].data());
    });
  });
  return 2e-9 * double(threads) * double(n * n * n) / seconds;
}

struct Options {
  unsigned threads = 2;
  int repeats = 5;
  std::size_t parts = 0;  // 0: one for each thread, two at least
  bool bf16 = false, recompute = false;
  std::size_t steps = 0, updates = 0;  // 0: the case's own; back through time
};

json bench(Case c, const Options& options, double gflops) {
  if (options.steps > 0) c.mega_macs *= double(options.steps) / double(c.steps), c.steps = options.steps;
  const std::size_t before = resident_bytes();
  LayerContext context{.seed = 1, .dt_ms = 1, .steps = c.steps, .surrogate = Surrogate({.name = "arctan"})};
  context.precision = options.bf16 ? Precision::bf16 : Precision::single;
  context.recompute = options.recompute;
  const std::size_t parts = options.parts > 0 ? options.parts : std::max(2u, options.threads);
  Network<float> network(parse::parse_layers(parse_yaml(c.layers, "bench.yaml")), {c.input, c.constant},
                         c.classes, context, parts);
  const std::size_t windows = std::max<std::size_t>(1, options.updates);
  Case window = c;
  window.steps /= windows;
  const Batch<float> batch = batch_of(window);
  const Loss<float> loss({.name = "cross_entropy"}, std::uint32_t(window.steps));
  Fptt<float> fptt({.updates = double(windows), .beta = 1}, c.steps, {});
  Optimiser<float> adam({.name = "adam"});
  const auto weights = network.weights();
  const FlushDenormals flush;
  const double step = median_s(options.repeats, [&] {
    const auto move = [&](std::span<Weights<float>* const> all) { adam.step(all, 1e-4); };
    if (options.updates > 0) {
      fptt.learn(
          network, loss, 0, [&](SequenceWindow) -> const Batch<float>& { return batch; }, move);
    } else {
      network.learn(batch, loss, 0);
      move(weights);
    }
  });
  const double moved = median_s(options.repeats, [&] { adam.step(weights, 1e-4); });
  const std::size_t peak = peak_resident_bytes();
  const double inference = median_s(options.repeats, [&] {
    for (std::size_t w = 0; w < windows; ++w) network.predict(batch, 0, {w, windows});
  });
  const double products_s = 6e-3 * c.mega_macs * double(c.samples) / gflops;
  return {{"case", c.name},
          {"threads", options.threads},
          {"parts", parts},
          {"precision", options.bf16 ? "bf16" : "single"},
          {"recompute", options.recompute},
          {"samples", c.samples},
          {"steps", c.steps},
          {"updates", options.updates},
          {"parameters", network.parameters()},
          {"training_step_s", step},
          {"of_it_adam_s", moved},
          {"inference_s", inference},
          {"ms_per_sample", 1e3 * step / double(c.samples)},
          {"bare_products_s", products_s},
          {"peak_above_start_mib", double(peak - before) / 0x1p20}};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Times of training steps and inferences"};
  Options options;
  std::vector<std::string> wanted;
  app.add_option("--threads", options.threads);
  app.add_option("--repeats", options.repeats);
  app.add_option("--parts", options.parts);
  app.add_flag("--bf16", options.bf16);
  app.add_flag("--recompute", options.recompute);
  app.add_option("--case", wanted);
  app.add_option("--steps", options.steps);
  app.add_option("--updates", options.updates);
  CLI11_PARSE(app, argc, argv);
  json results = json::array();
  tbb::task_arena(int(options.threads)).execute([&] {
    const double gflops = product_speed(options.threads);
    results.push_back({{"products_gflop_s", gflops}, {"threads", options.threads}});
    for (const Case& c : cases())
      if (wanted.empty() || std::find(wanted.begin(), wanted.end(), c.name) != wanted.end())
        results.push_back(bench(c, options, gflops));
  });
  fmt::print("{}\n", results.dump(2));
}
