// Augmentation of recordings: what each change does to events, and that a sample's changes follow from seed,
// epoch and sample alone.
#include "learning/gradient/event_changes.hpp"

#include <cmath>
#include <map>
#include <numeric>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include "io/events/aedat2.hpp"
#include "io/events/shd.hpp"
#include "io/yaml.hpp"
#include "learning/gradient/samples.hpp"
#include "networks/parse_layers.hpp"
#include "tests/io/event_lists.hpp"
#include "tests/learning/small_task.hpp"

namespace synfire::learning {
namespace {

using test::error_of;
using test::TemporaryFolder;

RandomStream stream(std::uint64_t index) { return {RandomKey(3, "test"), index}; }

/// Events 1 ms apart from `begin_us` on, in channels that go round from `first`.
std::vector<Event> row(std::size_t count, std::int64_t begin_us, std::uint16_t first,
                       std::uint16_t channels) {
  std::vector<Event> events;
  for (std::size_t k = 0; k < count; ++k)
    events.push_back(
        {begin_us + std::int64_t(k) * 1000, static_cast<std::uint16_t>(first + k % channels), 0, 1});
  return events;
}

double mean_time(const std::vector<Event>& events) {
  double sum = 0;
  for (const Event& event : events) sum += double(event.t_us);
  return sum / double(events.size());
}

TEST(EventChanges, StretchMultipliesTimes) {
  const auto before = row(100, 1500, 10, 7);
  auto events = before;
  stretch_times(events, 1.13);
  ASSERT_EQ(events.size(), before.size());
  for (std::size_t k = 0; k < events.size(); ++k) {
    EXPECT_EQ(events[k].t_us, std::llround(double(before[k].t_us) * 1.13));
    EXPECT_EQ(events[k].x, before[k].x);
  }
}

TEST(EventChanges, ShiftMovesAllAndDropsWhatLeaves) {
  for (const std::int64_t by : {-4, 0, 3}) {
    auto events = row(40, 0, 0, 10);
    const auto before = events;
    shift_channels(events, by, 10);
    EXPECT_EQ(events.size(), 4 * std::size_t(10 - std::abs(by)));
    std::size_t k = 0;
    for (const Event& event : before)
      if (event.x + by >= 0 && event.x + by < 10) {
        ASSERT_LT(k, events.size());
        EXPECT_EQ(events[k].x, event.x + by);
        EXPECT_EQ(events[k++].t_us, event.t_us);
      }
  }
}

TEST(EventChanges, JitterKeepsCountsAndHasItsDeviation) {
  constexpr std::size_t count = 20000;
  constexpr double deviation = 5;
  auto events = row(count, 0, 350, 1);
  auto random = stream(0);
  jitter_channels(events, deviation, 700, random);
  ASSERT_EQ(events.size(), count);
  double sum = 0, squares = 0;
  for (const Event& event : events) {
    sum += event.x - 350.0;
    squares += (event.x - 350.0) * (event.x - 350.0);
  }
  EXPECT_NEAR(sum / count, 0, 4 * deviation / std::sqrt(double(count)));
  // Rounding adds a twelfth to the variance.
  EXPECT_NEAR(squares / count, deviation * deviation + 1 / 12.0, 4 * 25 * std::sqrt(2.0 / count));
  auto at_the_end = row(count, 0, 0, 1);
  jitter_channels(at_the_end, 30, 20, random);
  ASSERT_EQ(at_the_end.size(), count) << "reflected, several times where it must be";
  for (const Event& event : at_the_end) ASSERT_LT(event.x, 20);
}

TEST(EventChanges, BlendTakesHalfOfBothAroundTheMiddle) {
  const auto one = row(1000, 100'000, 100, 50), other = row(500, 400'000, 110, 50);
  const double middle = (mean_time(one) + mean_time(other)) / 2;
  double count = 0, time = 0;
  constexpr int trials = 200;
  for (int trial = 0; trial < trials; ++trial) {
    auto random = stream(std::uint64_t(trial));
    const auto both = blended(one, other, {700, 1}, random);
    EXPECT_TRUE(std::ranges::is_sorted(both, {}, &Event::t_us));
    count += double(both.size());
    time += mean_time(both);
  }
  // Each of 1500 events with probability 1/2: variance 375.
  EXPECT_NEAR(count / trials, 750, 4 * std::sqrt(375.0 / trials));
  EXPECT_NEAR(time / trials, middle, 5000);
}

TEST(EventChanges, BlendMovesEachOfTheTwoAsAWhole) {
  const std::vector<Event> one = {{10, 5, 0, 1}, {30, 7, 0, 1}}, other = {{41, 9, 0, 1}, {61, 11, 0, 1}};
  std::map<std::pair<std::int64_t, int>, int> seen;
  for (std::uint64_t trial = 0; trial < 64; ++trial) {
    auto random = stream(trial);
    for (const Event& event : blended(one, other, {700, 1}, random)) ++seen[{event.t_us, event.x}];
  }
  // Centres (20, 6) and (51, 10): one goes by (16, 2), the other by (-16, -2).
  const std::map<std::pair<std::int64_t, int>, int> expected = {
      {{26, 7}, 0}, {{46, 9}, 0}, {{25, 7}, 0}, {{45, 9}, 0}};
  ASSERT_EQ(seen.size(), expected.size());
  for (const auto& [place, times] : seen) {
    EXPECT_TRUE(expected.contains(place)) << place.first << ", " << place.second;
    EXPECT_NEAR(times, 32, 4 * 4) << "of 64, with probability 1/2";
  }
}

TEST(EventChanges, BlendDropsWhatLeavesAndTakesNothingFromNothing) {
  const std::vector<Event> one = {{0, 0, 0, 1}}, other = {{1000, 20, 0, 1}};
  auto random = stream(1);
  EXPECT_EQ(blended(one, {}, {700, 1}, random), one);
  EXPECT_TRUE(blended({}, one, {700, 1}, random).empty());
  for (std::uint64_t trial = 0; trial < 16; ++trial) {
    auto drawn = stream(trial);
    EXPECT_TRUE(blended(one, other, {10, 1}, drawn).empty()) << "both would be in channel 10";
  }
}

// --- samples

constexpr std::size_t per_class = 6, events_each = 200;

/// Two classes in the layout of SHD; each recording has two channels of its own.
void write_words(const TemporaryFolder& folder) {
  for (const char* part : {"train", "test"}) {
    ShdWriter file(folder.file(fmt::format("shd_{}.h5", part)));
    for (std::size_t k = 0; k < 2 * per_class; ++k)
      file.add(row(events_each, 50'000, static_cast<std::uint16_t>(100 + 300 * (k % 2) + 10 * k), 2),
               std::int64_t(k % 2), static_cast<std::uint16_t>(k));
    file.finish();
  }
}

Samples samples_of(const TemporaryFolder& folder, const AugmentDescription& augment,
                   const std::string& input = "{time: events, span: 600 ms}", std::uint32_t validation = 2) {
  DatasetDescription dataset;
  dataset.path = folder.path().string();
  TrainingDescription training;
  training.steps = 30;
  training.validation = validation;
  training.augment = augment;
  const auto layers = parse::parse_layers(parse_yaml("[input: " + input + ", dense: 2]", "net.yaml"));
  return {dataset, training, layers.front(), 5};
}

Batch<float> filled(Samples& samples, const std::vector<std::size_t>& items, bool augment,
                    std::uint64_t epoch) {
  Batch<float> batch;
  samples.fill(items, augment, epoch, {0, items.size()}, batch);
  return batch;
}

/// Of one sample of a batch, [steps, channels].
std::vector<float> part_of(const Batch<float>& batch, std::size_t sample) {
  constexpr std::size_t size = 700;
  std::vector<float> values;
  for (std::size_t first = sample * size; first < batch.values.size(); first += batch.samples * size)
    values.insert(values.end(), batch.values.begin() + std::ptrdiff_t(first),
                  batch.values.begin() + std::ptrdiff_t(first + size));
  return values;
}

const AugmentDescription all_changes = [] {
  AugmentDescription augment;
  augment.channel_jitter = 3;
  augment.channel_shift = 20;
  augment.time_stretch = 0.2;
  augment.blend = 0.5;
  return augment;
}();

TEST(AugmentedEvents, FollowFromSeedEpochAndSample) {
  const TemporaryFolder folder;
  write_words(folder);
  Samples samples = samples_of(folder, all_changes);
  const auto items = samples.share(Share::train);
  const auto first = filled(samples, items, true, 4);
  EXPECT_EQ(filled(samples, items, true, 4).values, first.values);
  EXPECT_NE(filled(samples, items, true, 5).values, first.values);
  {
    const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
    Samples again = samples_of(folder, all_changes);
    EXPECT_EQ(filled(again, items, true, 4).values, first.values);
  }
  // Whatever stands beside it in the batch.
  const auto alone = filled(samples, {items[3]}, true, 4);
  EXPECT_EQ(part_of(alone, 0), part_of(first, 3));
  EXPECT_EQ(alone.labels[0], samples.set().label(items[3]));
}

TEST(AugmentedEvents, OnlyTrainingSamplesAreChanged) {
  const TemporaryFolder folder;
  write_words(folder);
  Samples changed = samples_of(folder, all_changes), plain = samples_of(folder, {});
  for (const Share share : {Share::train, Share::validation, Share::test}) {
    const auto items = changed.share(share);
    EXPECT_EQ(filled(changed, items, false, 1).values, filled(plain, items, false, 1).values);
  }
  const auto items = changed.share(Share::train);
  EXPECT_NE(filled(changed, items, true, 1).values, filled(plain, items, true, 1).values);
}

TEST(AugmentedEvents, EachChangeAloneKeepsWhatItMust) {
  const TemporaryFolder folder;
  write_words(folder);
  const auto sum = [](const Batch<float>& batch) {
    return std::accumulate(batch.values.begin(), batch.values.end(), 0.0);
  };
  AugmentDescription jitter, shift, stretch, blend;
  jitter.channel_jitter = 4;
  shift.channel_shift = 15;
  stretch.time_stretch = 0.3;
  blend.blend = 1;
  for (const auto& augment : {jitter, shift, stretch}) {
    Samples samples = samples_of(folder, augment);
    const auto items = samples.share(Share::train);
    const auto batch = filled(samples, items, true, 2);
    EXPECT_EQ(sum(batch), double(events_each * items.size())) << "all stay within the channels and the span";
    for (std::size_t k = 0; k < items.size(); ++k) EXPECT_EQ(batch.labels[k], samples.set().label(items[k]));
  }
  Samples samples = samples_of(folder, blend);
  const auto items = samples.share(Share::train);
  double total = 0;
  constexpr int epochs = 20;
  for (int epoch = 0; epoch < epochs; ++epoch)
    total += sum(filled(samples, items, true, std::uint64_t(epoch)));
  const double draws = double(2 * events_each * items.size()) * epochs;
  EXPECT_NEAR(total, draws / 2, 4 * std::sqrt(draws / 4));
}

// Another of the class, which is to be learned from: what is kept for validation or the test stays unseen.
TEST(AugmentedEvents, BlendTakesTrainingSamplesOfTheSameClass) {
  const TemporaryFolder folder;
  write_words(folder);
  AugmentDescription blend;
  blend.blend = 1;
  Samples samples = samples_of(folder, blend);
  const auto items = samples.share(Share::train);
  // A recording and another of its class meet in the middle between their channels.
  const auto channel = [&](std::size_t item) {
    const std::size_t k = item - 2 * per_class;  // the file of the test comes first
    return 100 + 300 * (k % 2) + 10 * k;
  };
  std::map<std::size_t, std::size_t> partners;
  for (std::uint64_t epoch = 0; epoch < 40; ++epoch) {
    const auto batch = filled(samples, items, true, epoch);
    for (std::size_t k = 0; k < items.size(); ++k) {
      const auto values = part_of(batch, k);
      std::size_t at = 0;
      while (at < 700) {
        double here = 0;
        for (std::size_t step = 0; step < 30; ++step) here += values[step * 700 + at];
        if (here > 0) break;
        ++at;
      }
      bool found = false;
      for (const std::size_t other : items) {
        if (other == items[k] || other % 2 != items[k] % 2) continue;
        if (2 * at != channel(other) + channel(items[k])) continue;
        found = true;
        ++partners[other];
      }
      EXPECT_TRUE(found) << "sample " << items[k] << " begins in channel " << at;
    }
  }
  EXPECT_EQ(partners.size(), items.size()) << "each is taken now and then";
}

TEST(AugmentedEvents, AreRefusedWhereThereAreNone) {
  const TemporaryFolder images, words, camera;
  test::write_set(images, "train", 16);
  test::write_set(images, "t10k", 8);
  write_words(words);
  for (const char* name : {"a/1.aedat", "a/2.aedat", "b/3.aedat", "b/4.aedat"}) {
    std::filesystem::create_directories(std::filesystem::path(camera.file(name)).parent_path());
    Aedat2Writer writer(camera.file(name), "DVS128");
    writer.write(test::noise_events(50, test::camera(128, 128)));
    writer.finish();
  }
  AugmentDescription jitter, shift, stretch, blend;
  jitter.channel_jitter = 1;
  shift.channel_shift = 1;
  stretch.time_stretch = 0.1;
  blend.blend = 0.1;
  const auto says = [](const TemporaryFolder& folder, const AugmentDescription& augment,
                       const std::string& input, const std::string& piece) {
    const std::string message = error_of([&] { samples_of(folder, augment, input, 0); });
    EXPECT_NE(message.find(piece), std::string::npos) << message << "\nexpected: " << piece;
  };
  says(images, jitter, "constant", "channel_jitter of augment of training: images have no events");
  says(images, shift, "constant", "channel_shift of augment of training: images have no events");
  says(images, stretch, "constant", "time_stretch of augment of training: images have no events");
  says(images, blend, "constant", "blend of augment of training: images have no events");
  says(camera, jitter, "events", "128 x 128 pixels, not the channels of a cochlea; `crop` moves them");
  says(camera, shift, "events", "channel_shift of augment of training: the recordings have 128 x 128");
  says(words, stretch, "events", "give the input a `span`");
  EXPECT_EQ(error_of([&] { samples_of(camera, blend, "events", 0); }), "");
  EXPECT_EQ(error_of([&] { samples_of(camera, stretch, "{time: events, span: 1 s}", 0); }), "");
}

}  // namespace
}  // namespace synfire::learning
