// synfire digits: sets of spoken digits in the layout of SHD, and networks that learn them.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "io/events/shd.hpp"
#include "io/hdf5.hpp"
#include "tests/io/event_lists.hpp"
#include "tests/io/wav.hpp"
#include "tests/program/small_training.hpp"
#include "tests/source_dir.hpp"

namespace synfire::test {
namespace {

using Json = nlohmann::json;
constexpr int usage = 2, input = 3, resource = 4;

Outcome run(const Folder& folder, const Words& words) { return synfire(words, {.folder = folder.path()}); }

Json made(const Folder& folder, Words words) {
  words.insert(words.end(), "--json");
  const auto outcome = run(folder, words);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  return outcome.exit_code == 0 ? Json::parse(outcome.out) : Json();
}

void expect_refused(const Outcome& outcome, int exit_code, const std::string& says) {
  EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
  EXPECT_NE(outcome.err.find(says), std::string::npos) << outcome.err;
}

/// 60 ms of a tone for each digit, between silences; each speaker has another loudness.
void write_words(const Folder& folder, const std::vector<std::string>& speakers, int digits) {
  constexpr std::uint32_t rate = 8000;
  std::filesystem::create_directory(folder.path() / "words");
  for (std::size_t s = 0; s < speakers.size(); ++s)
    for (int digit = 0; digit < digits; ++digit) {
      std::vector<std::int16_t> samples(rate / 5);
      for (std::size_t k = rate / 20; k < 11 * rate / 100; ++k)
        samples[k] = static_cast<std::int16_t>(
            4000.0 * double(s + 1) * std::sin(2 * std::numbers::pi * (400 + 300 * digit) * double(k) / rate));
      folder.write(fmt::format("words/{}_{}_0.wav", digit, speakers[s]), wav(samples, 1, rate));
    }
}

TEST(Digits, RecordingsBecomeFilesOfSpikes) {
  const Folder folder;
  write_words(folder, {"ann", "bob", "carl"}, 2);
  const Words words = {"digits", "--recordings", "words", "--test-speakers", "bob", "-o"};
  const auto with = [&](const std::string& name, const Words& more) {
    Words all = words;
    all.push_back(name);
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  const Json json = made(folder, with("set", {"--threads", "1"}));
  EXPECT_EQ(json.at("train").at("words"), 4);
  EXPECT_EQ(json.at("test").at("words"), 2);
  EXPECT_EQ(json.at("test").at("speakers"), Json({"1 bob"}));
  EXPECT_EQ(json.at("train").at("of_class"), Json({2, 2, 0, 0, 0, 0, 0, 0, 0, 0}));
  const auto shown = run(folder, {"dataset", "set", "--json"});
  ASSERT_EQ(shown.exit_code, 0) << shown.err;
  const Json set = Json::parse(shown.out);
  EXPECT_EQ(set.at("kind"), "shd");
  EXPECT_EQ(set.at("width"), 700);
  EXPECT_EQ(set.at("train"), Json({2, 2}));
  EXPECT_EQ(set.at("test"), Json({1, 1}));
  const auto word = run(folder, {"events", "set/shd_test.h5", "--sample", "1", "--json"});
  ASSERT_EQ(word.exit_code, 0) << word.err;
  const Json event = Json::parse(word.out);
  EXPECT_EQ(event.at("label"), 1);
  EXPECT_GT(event.at("events"), 100);
  EXPECT_LE(event.at("t_last_us"), 70'000) << "without the silence";
  // To the byte on any number of threads.
  made(folder, with("again", {"--threads", "3"}));
  for (const char* part : {"shd_train.h5", "shd_test.h5"})
    EXPECT_EQ(folder.content(std::string("set/") + part), folder.content(std::string("again/") + part))
        << part;
  expect_refused(run(folder, with("set", {})), usage, "--force");
  made(folder, with("set", {"--force", "--seed", "2"}));
  EXPECT_NE(folder.content("set/shd_test.h5"), folder.content("again/shd_test.h5"));
}

TEST(Digits, SilenceBeforeAndNoiseAreHeard) {
  const Folder folder;
  write_words(folder, {"ann", "bob"}, 2);
  const auto heard = [&](const std::string& name, const Words& more) {
    Words words = {"digits", "--recordings", "words", "--test-speakers", "bob", "-o", name};
    words.insert(words.end(), more.begin(), more.end());
    made(folder, words);
    ShdReader reader(folder.file(name + "/shd_test.h5"));
    return read_all(reader);
  };
  // The tone of 400 Hz is heard around the 500th channel; noise at all places, and it covers the tone.
  const auto far_from_tone = [](const std::vector<Event>& events) {
    return std::ranges::count_if(events, [](const Event& e) { return e.x < 400 || e.x >= 600; });
  };
  const auto plain = heard("plain", {}), late = heard("late", {"--onset", "400"}),
             noisy = heard("noisy", {"--noise", "-10"});
  ASSERT_FALSE(plain.empty());
  EXPECT_GT(late.back().t_us, plain.back().t_us);
  EXPECT_LE(late.back().t_us, 470'000);
  EXPECT_LT(double(far_from_tone(plain)), 0.15 * double(plain.size()));
  EXPECT_GT(double(far_from_tone(noisy)), 0.30 * double(noisy.size()));
  EXPECT_GT(far_from_tone(noisy), far_from_tone(plain)) << "noise is heard at all places";
}

TEST(Digits, WhatCannotBeMadeIsRefused) {
  const Folder folder;
  write_words(folder, {"ann", "bob"}, 1);
  std::filesystem::create_directory(folder.path() / "empty");
  expect_refused(run(folder, {"digits", "-o", "set"}), usage, "give --recordings, --voices or both");
  expect_refused(run(folder, {"digits", "-o", "set", "--recordings", "nowhere"}), input, "nowhere");
  expect_refused(run(folder, {"digits", "-o", "set", "--recordings", "empty"}), input, "not a data set");
  expect_refused(run(folder, {"digits", "-o", "set", "--recordings", "words", "--test-speakers", "bop"}),
                 input, "did you mean 'bob'");
  expect_refused(run(folder, {"digits", "-o", "set", "--voices", "1000"}), usage, "are known");
  expect_refused(run(folder, {"digits", "-o", "set", "--voices", "4", "--synthesiser", "no-such-program"}),
                 resource,
                 "no-such-program is not installed; install it (Debian: apt-get install espeak-ng)");
  expect_refused(run(folder, {"digits", "-o", "set", "--voices", "4", "--synthesiser", "false"}), resource,
                 "false failed");
  folder.write("words/0_ann_0.wav", wav({1, 2, 3}, 1, 8000));
  expect_refused(run(folder, {"digits", "-o", "set", "--recordings", "words", "--test-speakers", "bob"}),
                 input, "too short for the cochlea");
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "set/shd_train.h5"));
}

// --- learning of such a set

constexpr const char* augmented = R"(synfire: 1
seed: 3
dataset: {path: set}
simulation: {dt: 10 ms}
layers:
  - input: {time: events, span: 300 ms}
  - dense: 12
  - lif: {decay: 0.8}
    recurrent: true
  - dense: 2
  - leaky_integrator
  - readout: mean
training:
  epochs: 4
  batch: 8
  steps: 15
  validation: 4
  augment: {channel_jitter: 5, channel_shift: 20, time_stretch: 0.2, blend: 0.5}
)";

/// Two classes of 700 channels, at other places and times.
void write_spikes(const Folder& folder) {
  std::filesystem::create_directory(folder.path() / "set");
  for (const char* part : {"train", "test"}) {
    ShdWriter file(folder.file(fmt::format("set/shd_{}.h5", part)), {"low", "high"});
    for (int word = 0; word < 20; ++word) {
      std::vector<Event> events;
      for (int k = 0; k < 150; ++k)
        events.push_back({1000 * k + 20'000 * (word % 4),
                          static_cast<std::uint16_t>(100 + 400 * (word % 2) + k % 40 + word), 0, 1});
      file.add(events, word % 2, static_cast<std::uint16_t>(word));
    }
    file.finish();
  }
}

TEST(Digits, AugmentedTrainingGoesOnToTheBit) {
  const Folder folder;
  folder.write("net.yaml", augmented);
  write_spikes(folder);
  const auto train = [&](const std::string& output, const std::string& epochs, const std::string& threads,
                         const Words& more = {}) {
    Words words = {"train", "net.yaml", "-q", "-o", output, "--set", "training.epochs=" + epochs,
                   "-t",    threads};
    words.insert(words.end(), more.begin(), more.end());
    const auto outcome = run(folder, words);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  };
  train("whole.h5", "4", "1");
  train("parts.h5", "2", "2");
  train("parts.h5", "4", "2", {"--resume"});
  EXPECT_EQ(weights_of(folder, "parts.h5"), weights_of(folder, "whole.h5"));
  train("plain.h5", "4", "1", {"--set", "training.augment={}"});
  EXPECT_NE(weights_of(folder, "plain.h5"), weights_of(folder, "whole.h5"));
}

TEST(Digits, AugmentationThatDoesNotFitIsRefused) {
  const Folder folder;
  prepare(folder, 32);
  for (const std::string key : {"blend: 0.5", "channel_jitter: 5"})
    expect_refused(run(folder, {"train", "net.yaml", "--set", "training.augment={" + key + "}", "--set",
                                "training.validation=8"}),
                   input, key.substr(0, key.find(':')) + " of augment of training: images have no events");
}

// The data of Cramer et al. 2020 by the network that also learns what `synfire digits` makes.
TEST(Digits, GenuineShdIsReadByTheSameNetwork) {
  const char* const genuine = std::getenv("SYNFIRE_SHD");
  if (genuine == nullptr || *genuine == '\0') GTEST_SKIP() << "SYNFIRE_SHD does not say where SHD lies";
  const Folder folder;
  const auto outcome =
      run(folder, {"train", (source_dir() / "examples/liquid/shd.yaml").string(), "-q", "-o", "shd.h5",
                   "--set", std::string("dataset.path=") + genuine, "--set", "training.epochs=1", "--set",
                   "training.train=256", "--set", "training.validation=32", "--set", "training.test=64"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(hdf5::File::open(folder.file("shd.h5"))
                .group("synfire/training")
                .dataset("classes")
                .read_words()
                .size(),
            20U);
}

}  // namespace
}  // namespace synfire::test
