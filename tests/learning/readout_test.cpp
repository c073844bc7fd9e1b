// Samples reach the network at their steps, whatever form they have, and its answers are read in every way.
#include "learning/readout.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/events/formats.hpp"
#include "learning/task_file.hpp"
#include "tests/learning/small_task.hpp"

namespace synfire {
namespace {

using test::error_of;
using test::TemporaryFolder;

NetworkDescription network_of(const std::string& text) { return parse_network(parse_yaml(text, "net.yaml")); }

RunOptions on(unsigned threads, unsigned shards = 0) {
  RunOptions options;
  options.threads = threads;
  options.shards = shards;
  return options;
}

template <class Task> struct Outcome {
  NetworkDescription network;
  std::decay_t<decltype(std::declval<Task>().result())> result;
  RunResult run;
  MemorySink sink;
};
template <class Task>
Outcome<Task> outcome_of(const NetworkDescription& network, const RunOptions& options = on(1)) {
  Task task(network, options);
  MemorySink sink(task.network());
  RunResult run = task.run(sink);
  return {task.network(), task.result(), std::move(run), std::move(sink)};
}

// ---- Recordings ----

/// Recordings of 34 x 34 pixels in a folder for each class.
void write_recording(const TemporaryFolder& folder, const std::string& path,
                     const std::vector<Event>& events) {
  const auto file = folder.path() / path;
  std::filesystem::create_directories(file.parent_path());
  const auto writer =
      format_to_write(file.string(), "nmnist").create(file.string(), {.width = 34, .height = 34});
  writer->write(events);
  writer->finish();
}

std::string eye_task(const TemporaryFolder& folder, const std::string& eye, const std::string& more = "") {
  return fmt::format(
      "synfire: 1\nsimulation: {{dt: 0.5 ms}}\npopulations:\n  eye: {{model: events, {}}}\n"
      "  out: {{model: parrot, size: 2}}\nprojections: [{{from: eye, to: out, connect: all_to_all}}]\n"
      "record: {{eye: {{spikes: all}}}}\ntask:\n  readout: {{data: {{dataset: {{path: {}}}}}, input: eye, "
      "output: eye, "
      "present: 10 ms, rest: 5 ms, lambda: 1{}}}\n",
      eye, folder.path().string(), more);
}

class Recordings : public testing::Test {
 protected:
  Recordings() {
    // Times begin with the first event.
    write_recording(folder, "train/a/1.bin",
                    {{100, 0, 0, 1}, {1100, 3, 0, 1}, {9990, 5, 2, 0}, {10200, 1, 1, 1}});
    write_recording(folder, "train/b/1.bin", {{0, 7, 7, 0}, {300, 7, 7, 0}, {2000, 33, 33, 1}});
    write_recording(folder, "test/a/1.bin", {{0, 0, 0, 1}});
    write_recording(folder, "test/b/1.bin", {{0, 33, 33, 1}, {1, 7, 7, 0}});
  }
  TemporaryFolder folder;
};

using Spikes = std::vector<std::pair<Step, std::uint32_t>>;

Spikes spikes_of(const MemorySink::Spikes& kept) {
  Spikes spikes;
  for (std::size_t k = 0; k < kept.steps.size(); ++k) spikes.emplace_back(kept.steps[k], kept.neurons[k]);
  return spikes;
}

constexpr std::uint32_t pixel(std::uint32_t x, std::uint32_t y, std::uint32_t on) {
  return (y * 34 + x) * 2 + on;
}

TEST_F(Recordings, ArePlayedAtTheStepsOfTheirEvents) {
  const auto outcome = outcome_of<ReadoutTrainer>(network_of(eye_task(folder, "size: [34, 34, 2]")));
  // A sample takes 30 steps of 0.5 ms, of which 20 show it. An event at t falls into the step that ends at
  // the nearest point of the grid; the one at 10.1 ms comes too late.
  const Spikes expected = {{0, pixel(0, 0, 1)},  {1, pixel(3, 0, 1)},  {19, pixel(5, 2, 0)},
                           {30, pixel(7, 7, 0)}, {30, pixel(7, 7, 0)}, {33, pixel(33, 33, 1)},
                           {60, pixel(0, 0, 1)}, {90, pixel(7, 7, 0)}, {90, pixel(33, 33, 1)}};
  EXPECT_EQ(spikes_of(outcome.sink.of(0)), expected);
  EXPECT_EQ(outcome.run.steps, 4 * 30);
  EXPECT_EQ(outcome.result.train_samples, 2u);
  EXPECT_EQ(outcome.result.confusion.classes(), 2u);
}

TEST_F(Recordings, ArePooledAndMergedAsTheInputSays) {
  const auto first = [&](const std::string& eye) {
    Spikes spikes = spikes_of(outcome_of<ReadoutTrainer>(network_of(eye_task(folder, eye))).sink.of(0));
    std::erase_if(spikes, [](const auto& spike) { return spike.first >= 30; });
    return spikes;
  };
  EXPECT_EQ(first("size: [9, 9, 2], params: {pool: 4}"), (Spikes{{0, 1}, {1, 1}, {19, 2}}));
  EXPECT_EQ(first("size: [34, 34], params: {polarity: merged}"), (Spikes{{0, 0}, {1, 3}, {19, 2 * 34 + 5}}));
  EXPECT_EQ(first("size: [17, 17], params: {polarity: off, pool: 2}"), (Spikes{{19, 17 + 2}}));
  EXPECT_EQ(first("size: [34, 34], params: {polarity: on, from: 1 ms}"), (Spikes{{0, 3}, {17, 34 + 1}}));
  EXPECT_EQ(first("size: [34, 34], params: {polarity: merged, until: 5 ms}"), (Spikes{{0, 0}, {1, 3}}));
}

TEST_F(Recordings, FeaturesAreTheCountsOfEachBin) {
  const auto network = network_of(eye_task(folder, "size: [34, 34, 2]", ", bins: 2, features: counts"));
  const auto outcome = outcome_of<ReadoutTrainer>(network);
  ASSERT_EQ(outcome.result.readout.columns, 2u * 34 * 34 * 2);
  // Of two samples the readout learns the difference: weights are proportional to it.
  const auto weight = [&](std::size_t bin, std::uint32_t neuron) {
    return outcome.result.readout.weights[bin * 34 * 34 * 2 + neuron];
  };
  const double unit = weight(0, pixel(0, 0, 1));
  EXPECT_GT(unit, 0);
  EXPECT_NEAR(weight(1, pixel(5, 2, 0)), unit, 1e-12);
  EXPECT_NEAR(weight(0, pixel(5, 2, 0)), 0, 1e-12);
  EXPECT_NEAR(weight(0, pixel(7, 7, 0)), -2 * unit, 1e-12);
  EXPECT_EQ(outcome.result.predictions, (std::vector<std::int32_t>{0, 1}));
  const auto filtered = outcome_of<ReadoutTrainer>(
      network_of(eye_task(folder, "size: [34, 34, 2]", ", bins: 2, features: counts, filter: 5 ms")));
  const auto& w = filtered.result.readout.weights;
  EXPECT_NEAR(w[34 * 34 * 2 + pixel(3, 0, 1)] / w[pixel(3, 0, 1)], std::exp(-1.0), 1e-6);
  const auto roots = outcome_of<ReadoutTrainer>(
      network_of(eye_task(folder, "size: [34, 34, 2]", ", bins: 2, features: roots")));
  EXPECT_NEAR(roots.result.readout.weights[pixel(7, 7, 0)] / roots.result.readout.weights[pixel(0, 0, 1)],
              -std::sqrt(2.0), 1e-6);
}

TEST_F(Recordings, WhatDoesNotFitIsNamed) {
  const auto refusal = [&](const std::string& eye, const std::string& more = "") {
    const NetworkDescription network = network_of(eye_task(folder, eye, more));
    const std::string checked = error_of([&] { check_task_data(network, *network.task); });
    EXPECT_EQ(checked, error_of([&] { outcome_of<ReadoutTrainer>(network); }));
    return checked;
  };
  EXPECT_NE(refusal("size: [34, 34]").find("the size must be [34, 34, 2], not [34, 34]"), std::string::npos);
  EXPECT_NE(refusal("size: [34, 34, 2], params: {sample: 1}").find("'sample' is for a recording of its own"),
            std::string::npos);
  EXPECT_NE(refusal("size: [34, 34, 2]", ", train: 3").find("holds 2 samples to train on, 3 are wanted"),
            std::string::npos);
  std::string text = eye_task(folder, "size: [34, 34, 2]");
  text.replace(text.find("model: events, size: [34, 34, 2]"), 32, "model: latency, size: [34, 34]  ");
  const NetworkDescription values = network_of(text);
  EXPECT_NE(error_of([&] { check_task_data(values, *values.task); }).find("no values; take the model events"),
            std::string::npos);
  NetworkDescription alone = network_of(eye_task(folder, "size: [34, 34, 2]"));
  alone.projections.clear();
  alone.records.clear();
  EXPECT_NE(error_of([&] { outcome_of<ReadoutTrainer>(alone); }).find("nothing is connected to it"),
            std::string::npos);
}

// ---- Values ----

/// Images of 1 x 4 pixels: that of the class is full, the others are `rest` of 255.
void write_pixels(const TemporaryFolder& folder, const std::string& set, std::uint32_t count, int rest) {
  std::string images = test::idx_word(0x803) + test::idx_word(count) + test::idx_word(1) + test::idx_word(4);
  std::string labels = test::idx_word(0x801) + test::idx_word(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    for (std::uint32_t p = 0; p < 4; ++p) images += static_cast<char>(p == i % 4 ? 255 : rest);
    labels += static_cast<char>(i % 4);
  }
  folder.write(set + "-images-idx3-ubyte", images);
  folder.write(set + "-labels-idx1-ubyte", labels);
}

/// Each pixel reaches one neuron, which stands for a class.
Outcome<Classifier> decoded(const std::string& eye, const std::string& weight, const std::string& decode,
                            int rest, unsigned threads = 1) {
  const TemporaryFolder folder;
  write_pixels(folder, "train", 4, rest);
  write_pixels(folder, "t10k", 8, rest);
  return outcome_of<Classifier>(
      network_of(
          fmt::format("synfire: 1\nsimulation: {{dt: 0.5 ms}}\npopulations:\n  eye: {{{}}}\n"
                      "  out: {{model: iaf_psc_exp, size: 4}}\n"
                      "projections: [{{from: eye, to: out, connect: one_to_one, weight: {}}}]\n"
                      "record: {{out: {{spikes: all}}}}\n"
                      "task: {{classify: {{data: {{idx: {}}}, input: eye, output: out, present: 50 ms, rest: "
                      "50 ms, {}}}}}\n",
                      eye, weight, folder.path().string(), decode)),
      on(threads));
}

TEST(Decode, RatesOfAnEncoder) {
  const auto outcome = decoded("model: rate, size: [1, 4], params: {method: regular, max_rate: 200 Hz}",
                               "3000 pA", "decode: rate, train: 0", 100);
  EXPECT_EQ(outcome.result.confusion.accuracy(), 1);
  EXPECT_EQ(outcome.result.train_samples, 0u);
  // Each begins anew with its sample: the same spikes every time, 10 of the full pixel, of which the last
  // arrives too late, and 3 of the others.
  EXPECT_EQ(outcome.result.spikes, std::vector<std::uint32_t>(8, 9 + 3 * 3));
}

TEST(Decode, FirstSpikes) {
  const auto decode = [](const std::string& how) {
    return decoded("model: latency, size: 4", "3000 pA", how + ", train: 0", 200).result;
  };
  EXPECT_EQ(decode("decode: first_spike").confusion.accuracy(), 1);
  EXPECT_EQ(decode("decode: rate").confusion.accuracy(), 0.25);  // all fire once
}

TEST(Decode, MembranesThatNeedNotSpike) {
  const auto outcome = decoded("model: direct, size: 4, params: {amplitude: 300 pA}", "1",
                               "decode: membrane_max, train: 0", 250);
  EXPECT_EQ(outcome.result.confusion.accuracy(), 1);
  EXPECT_EQ(outcome.result.spikes, std::vector<std::uint32_t>(8, 0));
  const auto strong =
      decoded("model: direct, size: 4, params: {amplitude: 600 pA}", "1", "decode: rate, train: 0", 0);
  EXPECT_EQ(strong.result.confusion.accuracy(), 1);
  // The current ends with the presentation.
  for (const Step step : strong.sink.of(1).steps) EXPECT_LE(step % 200, 103);
}

TEST(Decode, ThreadsChangeNothing) {
  for (const char* eye : {"model: rate, size: 4", "model: direct, size: 4, params: {amplitude: 900 pA}"}) {
    const std::string weight = std::string(eye).find("direct") == std::string::npos ? "3000 pA" : "1";
    const auto one = decoded(eye, weight, "decode: first_spike", 60),
               four = decoded(eye, weight, "decode: first_spike", 60, 4);
    EXPECT_EQ(one.result.votes, four.result.votes);
    EXPECT_EQ(spikes_of(one.sink.of(1)), spikes_of(four.sink.of(1)));
    EXPECT_FALSE(one.sink.of(1).steps.empty());
  }
}

TEST(Decode, RandomEncodersDrawAnewForEachPresentation) {
  const auto outcome =
      decoded("model: rate, size: 4, params: {max_rate: 300 Hz}", "3000 pA", "decode: rate, train: 0", 255);
  std::vector<Spikes> samples(8);
  for (const auto& [step, neuron] : spikes_of(outcome.sink.of(1)))
    samples[std::size_t(step) / 200].emplace_back(step % 200, neuron);
  EXPECT_NE(samples[0], samples[1]);
  EXPECT_NE(samples[0], samples[4]);
}

TEST(Decode, LinesOfAnImageAreASignalForDelta) {
  const TemporaryFolder folder;
  test::write_set(folder, "train", 4);
  test::write_set(folder, "t10k", 4);
  const auto outcome = outcome_of<ReadoutTrainer>(network_of(fmt::format(
      "synfire: 1\nsimulation: {{dt: 0.5 ms}}\npopulations:\n  eye: {{model: delta, size: 16, params: "
      "{{threshold: 1}}}}\n"
      "  out: {{model: parrot, size: 1}}\nprojections: [{{from: eye, to: out, connect: all_to_all}}]\n"
      "record: {{eye: {{spikes: all}}}}\ntask: {{readout: {{data: {{idx: {}}}, input: eye, output: eye, "
      "present: 80 ms, "
      "rest: 20 ms, lambda: 1}}}}\n",
      folder.path().string())));
  // 8 lines of 10 ms. Upper half lit (class 2): each column falls between the starts of lines 3 and 4, at 40
  // ms.
  Spikes third;
  for (const auto& [step, neuron] : spikes_of(outcome.sink.of(0)))
    if (step / 200 == 2) third.emplace_back(step % 200, neuron);
  Spikes expected;
  for (std::uint32_t column = 0; column < 8; ++column) expected.emplace_back(79, 2 * column + 1);
  EXPECT_EQ(third, expected);
}

TEST(Decode, GroupsMustBeEven) {
  const TemporaryFolder folder;
  write_pixels(folder, "train", 4, 0);
  write_pixels(folder, "t10k", 2, 0);  // classes are those of the set, not of what is shown
  const NetworkDescription network = network_of(fmt::format(
      "synfire: 1\npopulations: {{eye: {{model: latency, size: 4}}, out: {{model: iaf_psc_exp, size: 6}}}}\n"
      "task: {{classify: {{data: {{idx: {}}}, input: eye, output: out, decode: rate}}}}\n",
      folder.path().string()));
  EXPECT_NE(error_of([&] {
              check_task_data(network, *network.task);
            }).find("has 4 classes, among which the 6 neurons of population 'out'"),
            std::string::npos);
}

// ---- A liquid ----

std::string liquid(const std::string& more, const std::string& plasticity = "") {
  return fmt::format(R"(synfire: 1
seed: 4
simulation: {{dt: 1 ms}}
populations:
  ear: {{model: events, size: 70, params: {{pool: 10}}}}
  exc: {{model: iaf_psc_exp, size: 150}}
projections:
  - {{from: ear, to: exc, connect: {{fixed_indegree: 5}}, weight: {{uniform: [100 pA, 500 pA]}}{}}}
  - {{from: exc, to: exc, connect: {{fixed_indegree: 5}}, weight: 50 pA, delay: {{uniform: [1 ms, 20 ms]}}}}
record: {{exc: {{spikes: all}}}}
task:
  readout: {{data: {{vowel_words: {{samples: 5, train: 3}}}}, input: ear, output: exc, present: 260 ms, rest: 40 ms, {}}}
)",
                     plasticity, more);
}

TEST(Readout, TellsWordsApart) {
  const auto outcome = outcome_of<ReadoutTrainer>(network_of(liquid("bins: 4")));
  EXPECT_EQ(outcome.result.train_samples, 18u);
  EXPECT_EQ(outcome.result.test_samples, 12u);
  EXPECT_GE(outcome.result.confusion.accuracy(), 0.75);  // 1/6 by chance
  EXPECT_EQ(outcome.result.readout.columns, 600u);
  ASSERT_TRUE(outcome.result.lambda);
  EXPECT_EQ(outcome.result.choice.tried.size(), 9u);
  const auto delta = outcome_of<ReadoutTrainer>(network_of(liquid("bins: 4, method: delta, epochs: 30")));
  EXPECT_GE(delta.result.confusion.accuracy(), 0.75);
  EXPECT_FALSE(delta.result.lambda);
}

TEST(Readout, ThreadsAndShardsChangeNothing) {
  const NetworkDescription network = network_of(liquid("bins: 2"));
  const auto one = outcome_of<ReadoutTrainer>(network);
  for (const unsigned threads : {2u, 3u, 4u}) {
    const auto other = outcome_of<ReadoutTrainer>(network, on(threads, threads));
    EXPECT_EQ(one.result.readout.weights, other.result.readout.weights) << threads;
    EXPECT_EQ(one.result.predictions, other.result.predictions);
    EXPECT_EQ(spikes_of(one.sink.of(1)), spikes_of(other.sink.of(1)));
  }
}

TEST(Readout, PlasticityWorksBeforeTheFeaturesAreTaken) {
  const std::string stdp = ", plasticity: {stdp: {w_max: 1000 pA}}";
  const auto outcome = outcome_of<ReadoutTrainer>(network_of(liquid("lambda: 1", stdp)));
  EXPECT_EQ(outcome.run.steps, (18 + 18 + 12) * 300);
  const auto& kept = outcome.sink.weights_of(0);
  ASSERT_EQ(kept.size(), 1u);
  // What was learned by then does not depend on what comes after.
  const auto fewer = outcome_of<ReadoutTrainer>(network_of(liquid("lambda: 1, test: 2", stdp)));
  EXPECT_EQ(fewer.sink.weights_of(0)[0].second.weights, kept[0].second.weights);
  const auto twice = outcome_of<ReadoutTrainer>(network_of(liquid("lambda: 1, passes: 2", stdp)));
  EXPECT_NE(twice.sink.weights_of(0)[0].second.weights, kept[0].second.weights);
}

TEST(Readout, StopsWhenAskedTo) {
  std::atomic<bool> stop{false};
  RunOptions options = on(1);
  options.stop = &stop;
  ReadoutTrainer trainer(network_of(liquid("bins: 2")), options, [&](const TaskProgress& now) {
    if (now.phase == "test") stop = true;
  });
  MemorySink sink(trainer.network());
  EXPECT_TRUE(trainer.run(sink).stopped_early);
  EXPECT_EQ(trainer.result().train_samples, 18u);
  EXPECT_EQ(trainer.result().confusion.total(), 0u);
}

TEST(Readout, ResultsGoToTheFileOfTheRun) {
  const TemporaryFolder folder;
  const auto outcome = outcome_of<ReadoutTrainer>(network_of(liquid("bins: 2")));
  const std::string path = folder.file("run.h5");
  hdf5::File file = hdf5::File::create(path);
  write_task(file, outcome.network, outcome.result);
  file.close();
  const hdf5::Group group = hdf5::File::open(path).group("synfire/training/readout");
  EXPECT_EQ(group.number_attribute("accuracy"), outcome.result.confusion.accuracy());
  EXPECT_EQ(group.number_attribute("train_accuracy"), outcome.result.train_accuracy);
  EXPECT_EQ(group.number_attribute("lambda"), outcome.result.lambda);
  EXPECT_EQ(group.text_attribute("method"), "ridge");
  EXPECT_EQ(group.dataset("weights").dimensions(), (std::vector<std::uint64_t>{6, 300}));
  EXPECT_EQ(group.dataset("weights").read<double>(), outcome.result.readout.weights);
  EXPECT_EQ(group.dataset("bias").read<double>(), outcome.result.readout.bias);
  EXPECT_EQ(group.dataset("predictions").read<std::int32_t>(), outcome.result.predictions);
  EXPECT_EQ(group.dataset("lambdas").read<double>(), outcome.result.choice.tried);
}

TEST(Readout, GenuineRecordingsAreLearned) {
  if (!test::have("nmnist/labels.csv")) GTEST_SKIP() << "no N-MNIST";
  const auto outcome = outcome_of<ReadoutTrainer>(
      network_of(fmt::format("synfire: 1\nsimulation: {{dt: 1 ms}}\npopulations:\n  eye: {{model: events, "
                             "size: [17, 17], params: {{pool: 2, "
                             "polarity: merged}}}}\n  out: {{model: parrot, size: 1}}\nprojections: [{{from: "
                             "eye, to: out, connect: all_to_all}}]\n"
                             "task: {{readout: {{data: {{dataset: {{path: {}}}}}, input: eye, output: eye, "
                             "present: 310 ms, rest: 1 ms, "
                             "train: 200}}}}\n",
                             std::filesystem::absolute(test::data_root() / "nmnist").string())));
  EXPECT_EQ(outcome.result.train_samples, 200u);
  EXPECT_EQ(outcome.result.test_samples, 50u);
  EXPECT_GE(outcome.result.confusion.accuracy(), 0.6);
}

}  // namespace
}  // namespace synfire
