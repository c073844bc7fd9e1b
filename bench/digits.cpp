// Question: how long does an image take the network of examples/stdp_digits.yaml, and how well does it tell
// classes apart? Prints JSON, one entry a seed. By default 300 images with 400 neurons on one thread, for
// speed; the accuracy that docs/performance.md tells needs the whole training:
//   bench_digits [--data FOLDER] [--neurons N] [--train N] [--test N] [--assign N] [--seeds 1 2 3] [--threads
//   N] bench_digits --train 60000 --test 10000 --assign 10000 --seeds 1 2 3
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "io/yaml.hpp"
#include "learning/classify.hpp"
#include "networks/parse.hpp"

namespace {

using namespace synfire;
using nlohmann::json;

class NoSink final : public RecordSink {
 public:
  void spikes(std::size_t, std::span<const Step>, std::span<const std::uint32_t>) override {}
  void frames(std::size_t, std::size_t, std::span<const float>) override {}
  void weights(std::size_t, Step, const SynapseTable&) override {}
  void flush(Step) override {}
};

struct Options {
  std::string data = "/usr/share/datasets/fashion-mnist";
  std::uint32_t neurons = 400, train = 300, test = 100, assign = 300;
  unsigned threads = 1;
  std::vector<std::uint64_t> seeds = {1};
};

NetworkDescription network_of(const Options& options, std::uint64_t seed) {
  Tree tree = read_yaml(SYNFIRE_EXAMPLES "/stdp_digits.yaml");
  apply_set(tree, fmt::format("seed={}", seed));
  for (const char* population : {"exc", "inh"})
    apply_set(tree, fmt::format("populations.{}.size={}", population, options.neurons));
  apply_set(tree, "task.classify.data.idx=" + options.data);
  apply_set(tree, fmt::format("task.classify.train={}", options.train));
  apply_set(tree, fmt::format("task.classify.test={}", options.test));
  apply_set(tree, fmt::format("task.classify.assign={}", options.assign));
  NetworkDescription network = parse_network(tree);
  network.records.clear();
  return network;
}

json bench(const Options& options, std::uint64_t seed) {
  RunOptions run;
  run.threads = options.threads;
  Classifier classifier(network_of(options, seed), run);
  NoSink sink;
  const RunResult result = classifier.run(sink);
  const Classification& found = classifier.result();
  return {{"data", options.data},
          {"neurons", options.neurons},
          {"seed", seed},
          {"threads", options.threads},
          {"train_samples", found.train_samples},
          {"train_presentations", found.train_presentations},
          {"ms_per_training_sample", found.train_s * 1e3 / double(found.train_samples)},
          {"ms_per_presentation", found.train_s * 1e3 / double(found.train_presentations)},
          {"test_samples", found.test_samples},
          {"ms_per_test_sample", found.test_s * 1e3 / double(found.test_samples)},
          {"accuracy", found.confusion.accuracy()},
          {"synaptic_events", result.synaptic_events}};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Times and judges the unsupervised learning of images."};
  Options options;
  app.add_option("--data", options.data, "folder with the four files of MNIST or Fashion-MNIST");
  app.add_option("--neurons", options.neurons, "excitatory neurons")->check(CLI::Range(1, 100000));
  app.add_option("--train", options.train, "training images")->check(CLI::Range(1, 60000));
  app.add_option("--test", options.test, "test images")->check(CLI::Range(1, 10000));
  app.add_option("--assign", options.assign, "training images that give classes")
      ->check(CLI::Range(1, 60000));
  app.add_option("--threads", options.threads, "threads")->check(CLI::Range(1, 1024));
  app.add_option("--seeds", options.seeds, "seeds, one run each");
  CLI11_PARSE(app, argc, argv);
  try {
    json results = json::array();
    for (const std::uint64_t seed : options.seeds) results.push_back(bench(options, seed));
    std::puts(results.dump(2).c_str());
  } catch (const Error& error) {
    std::fprintf(stderr, "bench_digits: %s\n", error.what());
    return error.exit_code();
  }
  return 0;
}
