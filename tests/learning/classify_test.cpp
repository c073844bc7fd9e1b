// A small network learns classes that it can learn, the same on any number of shards, and does what its task
// says and no more.
#include "learning/classify.hpp"

#include <atomic>
#include <map>
#include <numeric>

#include <gtest/gtest.h>

#include "learning/task_file.hpp"
#include "tests/learning/small_task.hpp"

namespace synfire {
namespace {

using test::small_task;
using test::TemporaryFolder;

/// Keeps spikes, and the weights of the end.
class Sink final : public RecordSink {
 public:
  void spikes(std::size_t population, std::span<const Step> steps,
              std::span<const std::uint32_t> ids) override {
    auto& kept = spikes_[population];
    for (std::size_t i = 0; i < steps.size(); ++i) kept.emplace_back(steps[i], ids[i]);
  }
  void frames(std::size_t, std::size_t, std::span<const float>) override {}
  void weights(std::size_t, Step, const SynapseTable& table) override { table_ = table; }
  void flush(Step) override {}

  std::map<std::size_t, std::vector<std::pair<Step, std::uint32_t>>> spikes_;
  SynapseTable table_;
};

struct Outcome {
  Classification result;
  RunResult run;
  Sink sink;
};

RunOptions on(unsigned threads, unsigned shards = 0) {
  RunOptions options;
  options.threads = threads;
  options.shards = shards;
  return options;
}

Outcome classify(const NetworkDescription& network, const RunOptions& options = on(1),
                 TaskProgressCallback progress = {}) {
  Classifier classifier(network, options, std::move(progress));
  Outcome outcome{Classification(0), {}, {}};
  outcome.run = classifier.run(outcome.sink);
  outcome.result = classifier.result();
  return outcome;
}

class SmallTask : public testing::Test {
 protected:
  SmallTask() {
    test::write_set(folder, "train", 24);
    test::write_set(folder, "t10k", 8);
  }
  TemporaryFolder folder;
};

TEST_F(SmallTask, IsLearned) {
  const Outcome outcome = classify(small_task(folder, "passes: 2"));
  const Classification& result = outcome.result;
  EXPECT_EQ(result.train_samples, 48u);
  EXPECT_EQ(result.test_samples, 8u);
  EXPECT_EQ(result.labels, (std::vector<std::uint8_t>{0, 1, 2, 3, 0, 1, 2, 3}));
  EXPECT_EQ(result.confusion.total(), 8u);
  EXPECT_GE(result.confusion.accuracy(), 0.75);  // chance is 1/4
  EXPECT_FALSE(outcome.run.stopped_early);
  for (const std::int32_t c : result.assignment) EXPECT_LT(c, 4);
  ASSERT_FALSE(result.training_samples.empty());
  EXPECT_EQ(result.training_samples.back(), 48u);
  EXPECT_EQ(result.training_samples.size(), result.training_accuracy.size());
}

TEST_F(SmallTask, LearnedWeightsAreScaledAndTurnedToTheLitHalf) {
  const Outcome outcome = classify(small_task(folder, "passes: 2"));
  const SynapseTable& table = outcome.sink.table_;
  ASSERT_EQ(table.weights.size(), 64u * 12);
  std::vector<double> sums(12), lit(12);
  for (std::size_t k = 0; k < table.weights.size(); ++k) {
    const std::uint32_t target = table.targets[k], x = table.sources[k] % 8, y = table.sources[k] / 8;
    const bool halves[] = {x < 4, x >= 4, y < 4, y >= 4};
    sums[target] += table.weights[k];
    const std::int32_t own = outcome.result.assignment[target];
    if (own != no_class && halves[own]) lit[target] += table.weights[k];
  }
  double share = 0, assigned = 0;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    EXPECT_NEAR(sums[i], 20, 1e-3) << i;
    if (outcome.result.assignment[i] == no_class) continue;
    share += lit[i] / sums[i];
    ++assigned;
  }
  ASSERT_GT(assigned, 3);
  EXPECT_GT(share / assigned, 0.65);  // half of it by chance
}

TEST_F(SmallTask, ShardsAndThreadsChangeNothing) {
  const NetworkDescription network = small_task(folder);
  const Outcome one = classify(network), again = classify(network, on(2, 3));
  EXPECT_EQ(one.result.votes, again.result.votes);
  EXPECT_EQ(one.result.spikes, again.result.spikes);
  EXPECT_EQ(one.result.assignment, again.result.assignment);
  EXPECT_EQ(one.sink.spikes_, again.sink.spikes_);
  EXPECT_EQ(one.sink.table_.weights, again.sink.table_.weights);
  NetworkDescription other = network;
  other.seed = 6;
  EXPECT_NE(classify(other).sink.spikes_, one.sink.spikes_);
}

TEST_F(SmallTask, TestingLeavesTheWeightsAlone) {
  const Outcome few = classify(small_task(folder, "test: 1")), many = classify(small_task(folder, "test: 8"));
  EXPECT_EQ(few.sink.table_.weights, many.sink.table_.weights);
  EXPECT_EQ(few.result.assignment, many.result.assignment);
  EXPECT_NE(classify(small_task(folder, "train: 23")).sink.table_.weights, few.sink.table_.weights);
}

TEST_F(SmallTask, TakesTheTimeOfItsPresentations) {
  const Outcome outcome =
      classify(small_task(folder, "train: 6, test: 2, present: 100 ms, rest: 20 ms, min_spikes: 0"));
  EXPECT_EQ(outcome.result.train_presentations, 6u);
  EXPECT_EQ(outcome.result.test_presentations, 2u);
  EXPECT_EQ(outcome.run.steps, 8 * 240);
}

TEST_F(SmallTask, NothingIsShownWhileItRests) {
  NetworkDescription network = small_task(folder, "train: 4, test: 2");
  network.records.push_back({.population = 0, .spikes = Selection{}, .traces = {}});
  const Outcome outcome = classify(network);
  ASSERT_FALSE(outcome.sink.spikes_.at(0).empty());
  for (const auto& [step, id] : outcome.sink.spikes_.at(0)) EXPECT_LT(step % 1000, 700);
}

TEST_F(SmallTask, ParametersOfTheTestActThenOnly) {
  const Outcome heard = classify(small_task(folder, "max_boosts: 1"));
  NetworkDescription network = small_task(folder, "max_boosts: 1");
  network.task->test_parameters = {{1, "V_th", 1000}};
  const Outcome silenced = classify(network);
  EXPECT_EQ(silenced.sink.table_.weights, heard.sink.table_.weights);  // as it was while training
  EXPECT_EQ(silenced.result.spikes, std::vector<std::uint32_t>(8, 0));
  EXPECT_EQ(silenced.result.votes, std::vector<std::int32_t>(8, no_class));
  EXPECT_EQ(silenced.result.confusion.accuracy(), 0);
  EXPECT_EQ(silenced.result.test_presentations, 16u);  // each once more, brighter, and then the next
}

TEST_F(SmallTask, OnlyTheLastPresentationsAssign) {
  const Outcome outcome = classify(small_task(folder, "assign: 2"));
  bool any = false;
  for (const std::int32_t c : outcome.result.assignment) {
    EXPECT_TRUE(c == no_class || c == 2 || c == 3) << c;
    any = any || c != no_class;
  }
  EXPECT_TRUE(any);
}

TEST_F(SmallTask, StopsWhenAskedTo) {
  std::atomic<bool> stop{false};
  RunOptions options = on(1);
  options.stop = &stop;
  const Outcome outcome = classify(small_task(folder), options, [&](const TaskProgress& now) {
    EXPECT_EQ(now.phase, "train");
    EXPECT_EQ(now.total, 24u);
    if (now.done == 5) stop = true;
  });
  EXPECT_TRUE(outcome.run.stopped_early);
  EXPECT_EQ(outcome.result.train_samples, 5u);
  EXPECT_EQ(outcome.result.test_samples, 0u);
  EXPECT_EQ(outcome.sink.table_.weights.size(), 64u * 12);
}

TEST(DimImages, AreShownAgainBrighterUntilTheOutputAnswers) {
  const TemporaryFolder folder;
  test::write_set(folder, "train", 4, 10);
  test::write_set(folder, "t10k", 2, 0);
  const auto presentations = [&](const std::string& more) {
    return classify(small_task(folder, "train: 1, " + more)).result;
  };
  const Classification strict = presentations("boost: 200 Hz, min_spikes: 5");
  const Classification coarse = presentations("boost: 1000 Hz, min_spikes: 5");
  EXPECT_GT(strict.train_presentations, coarse.train_presentations);
  EXPECT_GT(coarse.train_presentations, 1u);
  EXPECT_EQ(strict.test_presentations, 2u);  // black ones do not get brighter
  EXPECT_EQ(presentations("boost: 0 Hz").train_presentations, 1u);
  EXPECT_EQ(presentations("boost: 0.001 Hz, max_boosts: 3").train_presentations, 4u);
  EXPECT_EQ(presentations("boost: 0.001 Hz, min_spikes: 0").train_presentations, 1u);
}

TEST(Intensity, MakesDimAndBrightImagesAlike) {
  const TemporaryFolder folder;
  const auto shown = [&](std::uint8_t value, const std::string& more) {
    test::write_set(folder, "train", 4, value);
    test::write_set(folder, "t10k", 2, value);
    return classify(small_task(folder, "train: 4" + more));
  };
  const Outcome dim = shown(20, ", intensity: 0.2"), bright = shown(200, ", intensity: 0.2");
  EXPECT_FALSE(dim.sink.table_.weights.empty());
  EXPECT_EQ(dim.sink.table_.weights, bright.sink.table_.weights);
  EXPECT_EQ(dim.result.spikes, bright.result.spikes);
  EXPECT_NE(shown(20, "").sink.table_.weights, shown(200, "").sink.table_.weights);
  EXPECT_EQ(shown(0, ", intensity: 0.2").result.train_presentations, 4u) << "black stays black";
}

std::string refusal(const NetworkDescription& network) {
  return test::error_of([&] { classify(network); });
}

TEST_F(SmallTask, RefusesWhatDoesNotFit) {
  const auto expect = [&](const NetworkDescription& network, const std::string& message) {
    const std::string found = refusal(network);
    EXPECT_NE(found.find(message), std::string::npos) << found;
    EXPECT_NE(found.find("net.yaml:"), std::string::npos) << found;
    EXPECT_NE(test::error_of([&] { check_task_data(network, *network.task); }), "");
  };
  expect(small_task(folder, "train: 25"), "holds 24 images, 25 are wanted");
  NetworkDescription network = small_task(folder);
  network.populations[0].shape = {8, 9};
  expect(network, "images of 8 x 8 pixels, but population 'pixels' (poisson) has 72 neurons");
  std::filesystem::remove(folder.file("t10k-labels-idx1-ubyte"));
  expect(small_task(folder), "there is no file t10k-labels-idx1-ubyte");
  test::write_set(folder, "t10k", 8);
  folder.write("t10k-labels-idx1-ubyte", test::idx_word(0x801) + test::idx_word(7) + "1234567");
  expect(small_task(folder), "holds 8 images, but");
}

TEST_F(SmallTask, NeedsAnEngineThatCanBeSteered) {
  NetworkDescription network = small_task(folder);
  network.projections[0].plasticity.clear();
  network.simulation.backend = "reference";
  EXPECT_NE(refusal(network).find("use engine batched on backend cpu"), std::string::npos)
      << refusal(network);
}

TEST(TaskData, FashionMnist) {
  const std::string fashion = "/usr/share/datasets/fashion-mnist";
  if (!std::filesystem::exists(fashion)) GTEST_SKIP() << "dataset-fashion-mnist is not installed";
  NetworkDescription network = parse_network(parse_yaml(
      "synfire: 1\npopulations: {pixels: {model: poisson, size: 784}, out: {model: iaf_psc_exp, size: 1}}\n"
      "task: {classify: {data: {idx: " +
          fashion + "}, input: pixels, output: out, train: 100, test: 7}}\n",
      "net.yaml"));
  const TaskData data = load_task_data(network, *network.task);
  EXPECT_EQ(data.train->count(), 100u);
  EXPECT_EQ(data.train->next().view.pixels.size(), 784u);
  std::vector<std::uint8_t> labels;
  for (std::size_t k = 0; k < data.test->count(); ++k) labels.push_back(data.test->next().label);
  EXPECT_EQ(labels, (std::vector<std::uint8_t>{9, 2, 1, 1, 6, 1, 4}));
  EXPECT_EQ(data.classes, 10u);
  EXPECT_EQ(task_files(*network.task).size(), 4u);
}

TEST(TaskData, Vibrations) {
  NetworkDescription network = parse_network(parse_yaml(
      "synfire: 1\npopulations: {film: {model: poisson, size: 784}, out: {model: iaf_psc_exp, size: 1}}\n"
      "task: {classify: {data: {vibration: {samples: 4, train: 3, augment: false}}, input: film, output: "
      "out}}\n",
      "net.yaml"));
  const TaskData data = load_task_data(network, *network.task);
  EXPECT_EQ(data.train->count(), 24u);
  EXPECT_EQ(data.test->count(), 8u);
  EXPECT_EQ(data.classes, 8u);
  network.task->data.parameters["train"] = 4;
  EXPECT_NE(test::error_of([&] { check_task_data(network, *network.task); }), "");
}

TEST_F(SmallTask, ResultsGoToTheFileOfTheRun) {
  const NetworkDescription network = small_task(folder, "train: 8, test: 4");
  const Classification result = classify(network).result;
  const std::string path = folder.file("run.h5");
  hdf5::File file = hdf5::File::create(path);
  write_task(file, network, result);
  file.close();
  const hdf5::Group group = hdf5::File::open(path).group("synfire/training/classify");
  EXPECT_EQ(group.number_attribute("accuracy"), result.confusion.accuracy());
  EXPECT_EQ(group.unsigned_attribute("classes"), 4u);
  EXPECT_EQ(group.text_attribute("output"), "exc");
  EXPECT_EQ(group.dataset("assignment").read<std::int32_t>(), result.assignment);
  EXPECT_EQ(group.dataset("predictions").read<std::int32_t>(), result.votes);
  EXPECT_EQ(group.dataset("labels").read<std::uint8_t>(), result.labels);
  EXPECT_EQ(group.dataset("spike_counts").read<std::uint32_t>(), result.spikes);
  EXPECT_EQ(group.dataset("training_accuracy").read<double>(), result.training_accuracy);
  EXPECT_EQ(group.dataset("confusion").dimensions(), (std::vector<std::uint64_t>{4, 5}));
  const auto cells = group.dataset("confusion").read<std::uint64_t>();
  EXPECT_EQ(std::accumulate(cells.begin(), cells.end(), std::uint64_t(0)), 4u);
}

}  // namespace
}  // namespace synfire
