// Every example runs through the program, and what it shows is there to see.
#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "io/events/aedat2.hpp"
#include "io/events/shd.hpp"
#include "io/hdf5.hpp"
#include "io/spike_file.hpp"
#include "tests/examples/programs.hpp"
#include "tests/io/event_lists.hpp"
#include "tests/io/files.hpp"
#include "tests/source_dir.hpp"

namespace synfire {
namespace {

using test::TemporaryFolder;

std::filesystem::path examples() { return test::source_dir() / "examples"; }

/// The spikes of one population of the file that a run has written, by time.
SpikeTrain spikes_of(const std::string& path, const std::string& population) {
  SpikeTrain spikes = read_spike_file(path, {.population = population});
  sort_by_time(spikes);
  return spikes;
}

/// Runs an example and gives the path of its result; fails the test when the program does.
std::string run_example(const TemporaryFolder& folder, const std::string& name,
                        const std::vector<std::string>& settings, const std::string& command = "run") {
  const std::string output = folder.file("run.h5");
  std::vector<std::string> arguments = {
      command, (examples() / (name + ".yaml")).string(), "-o", output, "--quiet", "--force"};
  for (const std::string& setting : settings) arguments.insert(arguments.end(), {"--set", setting});
  const auto result = test::run_program(test::synfire_program(), arguments);
  EXPECT_EQ(result.exit_code, 0) << name << ": " << result.output;
  return output;
}

std::string duration_setting(double ms) { return "simulation.duration=" + std::to_string(ms) + " ms"; }

struct Band {
  const char* population;
  double neurons, low_hz, high_hz;
};
struct Example {
  std::string name;
  double duration_ms;
  std::vector<Band> bands;
  std::vector<std::string> settings = {};
};
void PrintTo(const Example& example, std::ostream* to) { *to << example.name; }

// The bands leave room for the realisation of the network; where peer simulators were measured, theirs lie
// inside: brunel 37.6 Hz, cuba 5.3 to 5.9 Hz, coba 17 to 21 Hz.
const std::vector<Example>& all_examples() {
  static const std::vector<Example> all = {
      {"brunel", 200, {{"exc", 10000, 33, 41}, {"inh", 2500, 33, 41}}},
      {"cuba", 500, {{"exc", 3200, 4, 8}, {"inh", 800, 4, 8}}},
      {"coba", 500, {{"exc", 3200, 15, 25}, {"inh", 800, 15, 25}}},
      {"plastic", 300, {{"exc", 8000, 2, 8}, {"inh", 2000, 2, 8}}},
      {"smallworld", 1000, {{"ring", 1000, 5, 20}}},
      {"dvs", 1000, {{"patches", 256, 4, 10}}},
      // A tenth of it fires a little less than the whole (NEST 3.10: L23E 0.91, L4E 4.38, L4I 5.87, L5E 7.58,
      // L6I 7.82 Hz), as a fifth did in peers (2.96 instead of 3.23 Hz over all): fewer, stronger synapses.
      {"microcircuit",
       500,
       {{"L23E", 2068, 0.2, 1.2},
        {"L4E", 2192, 3, 5.5},
        {"L4I", 548, 3.8, 6.5},
        {"L5E", 485, 4, 10},
        {"L6I", 295, 5.5, 9}},
       {"scale.neurons=0.1"}},
      // Constant currents alone start no activity where most of the synapses are replaced by currents, too.
      {"microcircuit_dc",
       500,
       {{"L23E", 4137, 0.2, 1.4}, {"L4E", 4383, 3, 5.5}, {"L5E", 970, 4, 11}, {"L6I", 590, 5.5, 9}},
       {"scale.neurons=0.2", "scale.in_degrees=0.5"}},
  };
  return all;
}

struct Task {
  const char* name;
  std::size_t samples;  // of the test
  double least;         // accuracy
  const char* kind = "classify";
  const char* setting = nullptr;  // of the run, where it would take long here
};
void PrintTo(const Task& task, std::ostream* to) { *to << task.name; }
// As they stand they train for a second or so: what is asked for is well above chance, 10 %, 12.5 % or a
// sixth.
constexpr Task tasks[] = {
    {"stdp_digits", 60, 0.25},
    {"tactile", 24, 0.5},
    {"nmnist", 100, 0.6, "readout"},
    {"dvs_gesture", 24, 0.6, "readout"},
    {"shd_reservoir", 36, 0.6, "readout"},
    {"spoken_digits", 12, 0.5, "readout", "task.readout.data={spoken_words: {samples: 5, train: 3}}"}};

enum class Samples { fashion, real, made, words };
// Of the networks of examples/liquid.
const std::vector<std::string> few_neurons = {"layers[1].dense=24", "layers[5].dense=24"};

struct Trained {
  std::string name;
  std::vector<std::string> settings = {};  // to make it smaller
  std::size_t train = 320;
  Samples samples = Samples::fashion;  // of Debian's package, of SYNFIRE_DATA, or noise: in folders of
                                       // classes, or as words of a cochlea
  std::size_t classes = 10;
  std::string data = {};  // folder of SYNFIRE_DATA
};
void PrintTo(const Trained& trained, std::ostream* to) { *to << trained.name; }

/// Settings that leave four channels of each convolution and few neurons of the dense layer.
std::vector<std::string> thin(std::vector<int> convolutions, int dense) {
  convolutions.insert(convolutions.end(), {1, 2, 3});
  std::vector<std::string> settings = {fmt::format("layers[{}].dense.size=64", dense)};
  for (const int k : convolutions) settings.push_back(fmt::format("layers[{}].conv.channels=4", k));
  return settings;
}

/// The same for a VGG, whose convolutions may be flex layers; small steps, as it is far from its size.
std::vector<std::string> flexed(const std::string& kind, const std::vector<int>& convolutions,
                                const std::vector<int>& dense) {
  std::vector<std::string> settings = {"training.batch=16", "training.optimiser.sgd.learning_rate=0.01"};
  for (const int k : convolutions) settings.push_back(fmt::format("layers[{}].{}.channels=4", k, kind));
  for (const int k : dense) settings.push_back(fmt::format("layers[{}].dense.size=32", k));
  return settings;
}

// What `synfire train` makes of a few samples in one epoch.
const std::vector<Trained>& all_trainings() {
  static const std::vector<Trained> all = {
      {"fashion/network"},
      {"fashion/baseline"},
      {"fashion/adam_step"},
      {"fashion/batch_norm"},
      {"fashion/cosine"},
      {"fashion/dropout"},
      {"fashion/graded"},
      {"fashion/gradient_descent"},
      {"fashion/step"},
      {"klif/fashion", thin({7}, 12), 128},
      {"klif/fashion_lif", thin({7}, 12), 128},
      {"klif/mnist", thin({7}, 12), 128, Samples::real, 10, "mnist"},
      {"klif/nmnist", thin({7}, 12), 64, Samples::real, 10, "nmnist"},
      {"klif/cifar10", thin({7, 10, 13, 17, 20, 23}, 28), 64, Samples::real, 10, "cifar10"},
      {"klif/cifar10_dvs", thin({7, 11, 15}, 20), 20, Samples::made},
      {"klif/dvs_gesture", thin({7, 11, 15, 19}, 24), 22, Samples::made, 11},
      {"flex/vgg6", flexed("conv", {1, 3, 6, 8}, {11, 14}), 64, Samples::real, 10, "mnist"},
      {"flex/vgg6_flex", flexed("flex", {1, 3, 5, 7}, {9, 12}), 64, Samples::real, 10, "mnist"},
      {"flex/vgg6_clamp", flexed("conv", {1, 4, 8, 11}, {15, 19}), 64, Samples::real, 10, "mnist"},
      {"flex/vgg6_flex_clamp", flexed("flex", {1, 4, 7, 10}, {13, 17}), 64, Samples::real, 10, "mnist"},
      {"flex/vgg6_snn", flexed("conv", {1, 4, 8, 11}, {15, 19}), 64, Samples::real, 10, "mnist"},
      {"flex/vgg6_flex_snn", flexed("flex", {1, 4, 7, 10}, {13, 17}), 64, Samples::real, 10, "mnist"},
      {"flex/vgg11", flexed("conv", {1, 4, 7, 9, 12, 14, 17, 19}, {22, 25}), 64, Samples::real, 10,
       "cifar10"},
      {"flex/vgg11_flex", flexed("flex", {1, 3, 5, 7, 9, 11, 13, 15}, {17, 20}), 64, Samples::real, 10,
       "cifar10"},
      {"flex/vgg11_clamp", flexed("conv", {1, 5, 9, 12, 16, 19, 23, 26}, {30, 34}), 64, Samples::real, 10,
       "cifar10"},
      {"flex/vgg11_flex_clamp", flexed("flex", {1, 4, 7, 10, 13, 16, 19, 22}, {25, 29}), 64, Samples::real,
       10, "cifar10"},
      {"flex/vgg11_snn", flexed("conv", {1, 5, 9, 12, 16, 19, 23, 26}, {30, 34}), 64, Samples::real, 10,
       "cifar10"},
      {"flex/vgg11_flex_snn", flexed("flex", {1, 4, 7, 10, 13, 16, 19, 22}, {25, 29}), 64, Samples::real, 10,
       "cifar10"},
      {"flex/vgg16", flexed("conv", {1, 3, 6, 8, 11, 13, 15, 18, 20, 22, 25, 27, 29}, {32, 35}), 64,
       Samples::real, 10, "cifar10"},
      {"flex/vgg16_flex", flexed("flex", {1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25}, {27, 30}), 64,
       Samples::real, 10, "cifar10"},
      {"flex/vgg16_clamp", flexed("conv", {1, 4, 8, 11, 15, 18, 21, 25, 28, 31, 35, 38, 41}, {45, 49}), 64,
       Samples::real, 10, "cifar10"},
      {"flex/vgg16_flex_clamp", flexed("flex", {1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 34, 37}, {40, 44}),
       64, Samples::real, 10, "cifar10"},
      {"flex/vgg16_snn", flexed("conv", {1, 4, 8, 11, 15, 18, 21, 25, 28, 31, 35, 38, 41}, {45, 49}), 64,
       Samples::real, 10, "cifar10"},
      {"flex/vgg16_flex_snn", flexed("flex", {1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 34, 37}, {40, 44}), 64,
       Samples::real, 10, "cifar10"},
      {"flex/resnet18",
       flexed("conv", {1, 4, 7, 11, 14, 18, 21, 23, 27, 30, 34, 37, 39, 43, 46, 50, 53, 55, 59, 62}, {}), 64,
       Samples::real, 10, "cifar10"},
      {"oscillation/lif"},
      {"oscillation/oscillation"},
      {"oscillation/alternative"},
      {"certify/plain"},
      {"certify/flex"},
      {"certify/spiking"},
      {"sampling/fashion", {}, 128},
      {"sampling/nmnist",
       {"layers[25].conv.channels=6", "layers[27].conv.channels=6", "layers[29].conv.channels=6",
        "layers[31].conv.channels=6"},
       40,
       Samples::real,
       10,
       "nmnist"},
      {"sampling/nmnist_task",
       {"layers[25].conv=8", "layers[27].conv=8", "layers[30].dense=64"},
       40,
       Samples::real,
       10,
       "nmnist"},
      {"sampling/nmnist_classes",
       {"layers[1].conv=8", "layers[3].conv=8", "layers[6].dense=64"},
       40,
       Samples::real,
       10,
       "nmnist"},
      {"single_step/network"},
      {"single_step/direct"},
      {"single_step/single"},
      {"liquid/shd", {}, 60, Samples::words, 20},
      {"liquid/lif", few_neurons, 60, Samples::words, 20},
      {"liquid/adaptive", few_neurons, 60, Samples::words, 20},
      {"liquid/adex", few_neurons, 60, Samples::words, 20},
      {"liquid/liquid", few_neurons, 60, Samples::words, 20},
      {"liquid/structure", few_neurons, 60, Samples::words, 20},
      {"liquid/delays", few_neurons, 60, Samples::words, 20},
      {"liquid/liquid_delays", few_neurons, 60, Samples::words, 20}};
  return all;
}

TEST(Examples, EachHasABandHere) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(examples())) {
    if (entry.path().extension() != ".yaml") continue;
    const std::string name =
        std::filesystem::relative(entry.path(), examples()).replace_extension().generic_string();
    if (name == "liquid/network") continue;  // which the files beside it include
    const auto is_it = [&](const auto& e) { return e.name == name; };
    EXPECT_TRUE(std::any_of(all_examples().begin(), all_examples().end(), is_it) ||
                std::any_of(std::begin(tasks), std::end(tasks), is_it) ||
                std::any_of(all_trainings().begin(), all_trainings().end(), is_it))
        << name << ".yaml has no line in all_examples(), tasks or all_trainings()";
  }
}

class EachExample : public testing::TestWithParam<Example> {};
INSTANTIATE_TEST_SUITE_P(Files, EachExample, testing::ValuesIn(all_examples()),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(EachExample, FiresInItsBand) {
  const Example& example = GetParam();
  const TemporaryFolder folder;
  std::vector<std::string> settings = example.settings;
  settings.push_back(duration_setting(example.duration_ms));
  const std::string output = run_example(folder, example.name, settings);
  for (const Band& band : example.bands) {
    const SpikeTrain spikes = spikes_of(output, band.population);
    ASSERT_FALSE(spikes.ids.empty()) << band.population;
    const double rate_hz = double(spikes.ids.size()) / band.neurons / (example.duration_ms * 1e-3);
    EXPECT_GE(rate_hz, band.low_hz) << band.population;
    EXPECT_LE(rate_hz, band.high_hz) << band.population;
    EXPECT_LT(double(*std::max_element(spikes.ids.begin(), spikes.ids.end())), band.neurons);
    EXPECT_GT(*std::min_element(spikes.times_ms.begin(), spikes.times_ms.end()), 0);
    EXPECT_LE(*std::max_element(spikes.times_ms.begin(), spikes.times_ms.end()), example.duration_ms + 1e-6);
  }
}

class EachTask : public testing::TestWithParam<Task> {};
INSTANTIATE_TEST_SUITE_P(Files, EachTask, testing::ValuesIn(tasks),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(EachTask, LearnsMoreThanChance) {
  const Task& task = GetParam();
  if (task.name == std::string("stdp_digits") &&
      !std::filesystem::exists("/usr/share/datasets/fashion-mnist"))
    GTEST_SKIP() << "dataset-fashion-mnist is not installed";
  const TemporaryFolder folder;
  std::vector<std::string> settings;
  if (task.setting != nullptr) settings.emplace_back(task.setting);
  const std::string output = run_example(folder, task.name, settings);
  const hdf5::Group group = hdf5::File::open(output).group(std::string("synfire/training/") + task.kind);
  EXPECT_EQ(group.unsigned_attribute("test_samples"), task.samples);
  EXPECT_GE(group.number_attribute("accuracy").value_or(0), task.least);
  const auto shown = test::run_program(test::synfire_program(), {"inspect", output, "--no-raster"});
  EXPECT_NE(shown.output.find("accuracy"), std::string::npos) << shown.output;
  if (task.kind != std::string("classify")) return;
  const auto picture = folder.file("fields.png");
  const auto drawn = test::run_program(test::synfire_program(),
                                       {"inspect", output, "--no-raster", "--plot", "weights=" + picture});
  EXPECT_EQ(drawn.exit_code, 0) << drawn.output;
  EXPECT_NE(drawn.output.find("accuracy"), std::string::npos) << drawn.output;
  EXPECT_TRUE(std::filesystem::exists(picture));
}

class EachTraining : public testing::TestWithParam<Trained> {};
INSTANTIATE_TEST_SUITE_P(Files, EachTraining, testing::ValuesIn(all_trainings()), [](const auto& tested) {
  std::string name = tested.param.name;
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
});

/// Recordings of noise, so many of each class, a folder for each; what is learned of them does not matter.
std::string noise_in_classes(const TemporaryFolder& folder, std::size_t classes, std::size_t of_each) {
  for (std::size_t k = 0; k < classes * of_each; ++k) {
    const std::string path = folder.file(fmt::format("made/class{:02}/{}.aedat", k % classes, k));
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    Aedat2Writer writer(path, "DVS128");
    writer.write(test::noise_events(400, test::camera(128, 128), 5000));
    writer.finish();
  }
  return folder.file("made");
}

/// The same in the layout of SHD, 700 channels.
std::string noise_in_words(const TemporaryFolder& folder, std::size_t classes, std::size_t of_each) {
  for (const char* part : {"train", "test"}) {
    ShdWriter writer(folder.file(fmt::format("shd_{}.h5", part)));
    std::vector<Event> events = test::noise_events(400, test::camera(700, 1));
    for (Event& event : events) event.on = 1;
    for (std::size_t k = 0; k < classes * of_each; ++k) writer.add(events, std::int64_t(k % classes));
    writer.finish();
  }
  return folder.path().string();
}

/// Where the samples lie; empty where they are not to be had.
std::string samples_of(const Trained& trained, const TemporaryFolder& folder) {
  if (trained.samples == Samples::made) return noise_in_classes(folder, trained.classes, 4);
  if (trained.samples == Samples::words) return noise_in_words(folder, trained.classes, 4);
  const std::string path =
      trained.samples == Samples::real ? test::data_file(trained.data) : "/usr/share/datasets/fashion-mnist";
  return std::filesystem::exists(path) ? path : "";
}

TEST_P(EachTraining, LearnsAndIsJudged) {
  const Trained& trained = GetParam();
  const TemporaryFolder folder;
  const std::string samples = samples_of(trained, folder);
  if (samples.empty()) GTEST_SKIP() << "its samples are not installed";
  const std::size_t judged = std::min<std::size_t>(trained.train / 5, 40);
  std::vector<std::string> settings = {
      "training.epochs=1", "dataset.path=" + samples, fmt::format("training.train={}", trained.train),
      fmt::format("training.validation={}", judged), fmt::format("training.test={}", judged)};
  if (trained.samples == Samples::made) settings.emplace_back("dataset.split=0.6");
  settings.insert(settings.end(), trained.settings.begin(), trained.settings.end());
  const std::string output = run_example(folder, trained.name, settings, "train");
  const hdf5::Group training = hdf5::File::open(output).group("synfire/training");
  const auto loss = training.group("epochs").dataset("train_loss").read<double>();
  ASSERT_EQ(loss.size(), 1u);
  EXPECT_GT(loss[0], 0);
  // Readouts that add up over a word say much before they have learned anything.
  const double more = trained.samples == Samples::words ? 4 : 0.2;
  EXPECT_LT(loss[0], std::log(double(trained.classes)) + more) << "the logarithm is that of saying nothing";
  const auto said = training.group("test").dataset("predictions").read<std::uint32_t>();
  const bool decides = !std::isnan(training.group("test").number_attribute("accuracy").value());
  EXPECT_EQ(decides, trained.name != "sampling/fashion" && trained.name != "sampling/nmnist");
  EXPECT_EQ(said.size(), decides ? judged : 0U);
  EXPECT_EQ(training.group("test").dataset("confusion").dimensions(),
            (std::vector<std::uint64_t>{trained.classes, trained.classes + 1}));
}

TEST(Fashion, AFewSamplesAreEnoughForMoreThanChance) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist"))
    GTEST_SKIP() << "dataset-fashion-mnist is not installed";
  const TemporaryFolder folder;
  const std::string output = run_example(
      folder, "fashion/baseline",
      {"training.train=1100", "training.epochs=2", "training.validation=100", "training.test=200"}, "train");
  const hdf5::Group test = hdf5::File::open(output).group("synfire/training/test");
  EXPECT_GT(test.number_attribute("accuracy").value_or(0), 0.4);
}

TEST(Coba, LivesOnWithoutItsKick) {
  const TemporaryFolder folder;
  for (const char* seed : {"1", "2", "3"}) {
    const auto spikes = spikes_of(run_example(folder, "coba", {std::string("seed=") + seed}), "exc");
    // Each 100 ms after the kick: an active network has about 19 Hz, a dead one none.
    std::vector<double> rates_hz(10);
    for (const double t : spikes.times_ms)
      rates_hz[std::min<std::size_t>(std::size_t(t / 100), 9)] += 10 / 3200.0;
    EXPECT_GT(*std::min_element(rates_hz.begin(), rates_hz.end()), 10) << "seed " << seed;
    EXPECT_LT(*std::max_element(rates_hz.begin(), rates_hz.end()), 35) << "seed " << seed;
  }
}

/// From the first spike until nine neurons of ten have spiked, ms.
double spread_ms(const SpikeTrain& spikes, std::size_t neurons) {
  std::map<std::uint64_t, double> first;
  for (std::size_t i = 0; i < spikes.ids.size(); ++i) {
    const auto [entry, added] = first.try_emplace(spikes.ids[i], spikes.times_ms[i]);
    if (!added) entry->second = std::min(entry->second, spikes.times_ms[i]);
  }
  std::vector<double> times;
  for (const auto& [id, t] : first) times.push_back(t);
  std::sort(times.begin(), times.end());
  return times.size() < neurons * 9 / 10 ? INFINITY : times[neurons * 9 / 10 - 1] - times.front();
}

TEST(SmallWorld, ShortcutsCarryWavesEverywhereAtOnce) {
  const TemporaryFolder folder;
  std::vector<double> spread;
  for (const char* p : {"0", "0.002", "0.05"}) {
    const std::string rewired = std::string("projections[0].connect.small_world.p=") + p;
    spread.push_back(spread_ms(spikes_of(run_example(folder, "smallworld", {rewired}), "ring"), 1000));
  }
  EXPECT_LT(spread[1], spread[0]);
  EXPECT_LT(spread[2], 0.5 * spread[1]);
}

TEST(SmallWorld, WavesGoToNeighbours) {
  const TemporaryFolder folder;
  const std::string ring = run_example(folder, "smallworld", {"projections[0].connect.small_world.p=0"});
  const SpikeTrain spikes = spikes_of(ring, "ring");
  // But for the few that the noise strikes, each spike follows one of a neighbour within 5 ms.
  std::size_t led = 0;
  for (std::size_t i = 0; i < spikes.ids.size(); ++i) {
    bool found = false;
    for (std::size_t j = i; j-- > 0 && spikes.times_ms[j] > spikes.times_ms[i] - 5 && !found;) {
      const auto apart = std::max(spikes.ids[i], spikes.ids[j]) - std::min(spikes.ids[i], spikes.ids[j]);
      found = spikes.times_ms[j] < spikes.times_ms[i] && std::min<std::uint64_t>(apart, 1000 - apart) <= 5;
    }
    led += found;
  }
  EXPECT_GT(double(led), 0.99 * double(spikes.ids.size()));
}

/// Mean column of the spikes of patches in the rows [top, bottom) during [from, until) ms.
double mean_column(const SpikeTrain& spikes, std::uint64_t top, std::uint64_t bottom, double from,
                   double until) {
  double sum = 0, count = 0;
  for (std::size_t i = 0; i < spikes.ids.size(); ++i) {
    const std::uint64_t row = spikes.ids[i] / 16, column = spikes.ids[i] % 16;
    const bool counts =
        row >= top && row < bottom && spikes.times_ms[i] >= from && spikes.times_ms[i] < until;
    if (counts) sum += double(column), count += 1;
  }
  return sum / count;
}

TEST(Dvs, PatchesFollowWhatMoves) {
  const TemporaryFolder folder;
  const SpikeTrain spikes = spikes_of(run_example(folder, "dvs", {}), "patches");
  // The boot goes 92 pixels = 11.5 patches to the right along the top, the trousers as far to the left below.
  const double way = 11.5 * 0.8;
  EXPECT_NEAR(mean_column(spikes, 0, 5, 800, 1000) - mean_column(spikes, 0, 5, 0, 200), way, 1);
  EXPECT_NEAR(mean_column(spikes, 11, 16, 800, 1000) - mean_column(spikes, 11, 16, 0, 200), -way, 1);
}

TEST(Dvs, NeighboursSilenceEachOther) {
  const TemporaryFolder folder;
  const auto active = [&](const std::vector<std::string>& settings) {
    SpikeTrain spikes = spikes_of(run_example(folder, "dvs", settings), "patches");
    std::sort(spikes.ids.begin(), spikes.ids.end());
    return std::unique(spikes.ids.begin(), spikes.ids.end()) - spikes.ids.begin();
  };
  EXPECT_LT(double(active({})), 0.8 * double(active({"projections[1].weight=0 pA"})));
}

struct Genuine {
  std::string name;
  double duration_ms;
  std::vector<std::string> settings;
  std::size_t patches;
};
void PrintTo(const Genuine& recording, std::ostream* to) { *to << recording.name; }

class GenuineRecording : public testing::TestWithParam<Genuine> {};
INSTANTIATE_TEST_SUITE_P(Files, GenuineRecording,
                         testing::Values(Genuine{"dvs128_checkerboard_1", 70, {}, 256},
                                         Genuine{"dvs128_checkerboard_2", 120, {}, 256},
                                         Genuine{"davis240c_IMU_translBoxes",
                                                 1000,
                                                 {"populations.eye.size=[180, 240, 2]",
                                                  "populations.patches.size=[22, 30]"},
                                                 660}),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(GenuineRecording, DrivesThePatches) {
  const Genuine& recording = GetParam();
  const std::string file = "dvs/aedat2/" + recording.name + ".aedat";
  if (!test::have(file)) GTEST_SKIP() << test::data_file(file) << " is missing";
  std::vector<std::string> settings = recording.settings;
  const auto absolute = std::filesystem::absolute(test::data_file(file)).string();
  settings.insert(settings.end(),
                  {"populations.eye.events=" + absolute, duration_setting(recording.duration_ms)});
  const TemporaryFolder folder;
  const SpikeTrain spikes = spikes_of(run_example(folder, "dvs", settings), "patches");
  ASSERT_FALSE(spikes.ids.empty());
  EXPECT_LT(*std::max_element(spikes.ids.begin(), spikes.ids.end()), recording.patches);
  const double rate_hz =
      double(spikes.ids.size()) / double(recording.patches) / (recording.duration_ms * 1e-3);
  EXPECT_GT(rate_hz, 2);    // something moves in each of them
  EXPECT_LT(rate_hz, 200);  // as the refractory period of 5 ms allows
}

}  // namespace
}  // namespace synfire
