// Who says what in a set of spoken digits: nobody is in both parts, and classes are in balance.
#include "learning/datasets/spoken_set.hpp"

#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include "tests/io/files.hpp"

namespace synfire {
namespace {

using test::error_of;
using test::TemporaryFolder;

/// Names of recordings; nobody listens to them here.
void write_recordings(const TemporaryFolder& folder, const std::vector<std::string>& speakers, int takes) {
  for (const std::string& speaker : speakers)
    for (int digit = 0; digit < 10; ++digit)
      for (int take = 0; take < takes; ++take)
        folder.write(fmt::format("{}_{}_{}.wav", digit, speaker, take), "RIFF0000WAVE");
}

std::set<std::string> speakers_of(const SpokenSet& set, Part part) {
  std::set<std::string> names;
  for (const SpokenWord& word : set.words_of(part)) names.insert(set.speakers[word.speaker].name);
  return names;
}

TEST(SpokenSet, NobodyIsInBothPartsAndClassesAreInBalance) {
  const TemporaryFolder folder;
  write_recordings(folder, {"ann", "bob", "carl", "dora", "eve"}, 12);
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    SpokenSetOptions options;
    options.recordings = folder.path().string();
    options.takes = 11;
    options.voices = 23;
    options.repetitions = 4;
    options.seed = seed;
    const SpokenSet set = plan_spoken_set(options);
    const auto train = speakers_of(set, Part::train), test = speakers_of(set, Part::test);
    EXPECT_EQ(train.size(), 3U + 19U);
    EXPECT_EQ(test.size(), 2U + 4U);
    for (const std::string& name : test) EXPECT_FALSE(train.contains(name)) << name;
    // Three people of 11 takes and 19 voices of 4; two and four.
    EXPECT_EQ(set.counts(Part::train), std::vector<std::size_t>(20, 3 * 11 + 19 * 4));
    EXPECT_EQ(set.counts(Part::test), std::vector<std::size_t>(20, 2 * 11 + 4 * 4));
    std::set<std::string> variants;
    std::map<std::string, int> tested;
    for (const SpokenSpeaker& speaker : set.speakers) {
      EXPECT_TRUE(speaker.variant.empty() || variants.insert(speaker.variant).second)
          << "a voice stands twice";
      if (speaker.part == Part::test && !speaker.variant.empty()) ++tested[speaker.gender];
    }
    EXPECT_EQ(tested["female"], 1) << "a fifth of the voices, as of those that are only tested";
    EXPECT_EQ(tested["male"], 3);
  }
}

TEST(SpokenSet, EveryVoiceSpeaksBothLanguagesInItsOwnManner) {
  SpokenSetOptions options;
  options.voices = 10;
  options.repetitions = 6;
  const SpokenSet set = plan_spoken_set(options);
  EXPECT_EQ(set.classes.size(), 20U);
  EXPECT_EQ(set.classes[7], "seven");
  EXPECT_EQ(set.classes[15], "fuenf");
  EXPECT_EQ(set.words.size(), 10U * 20U * 6U);
  std::map<std::size_t, std::set<std::string>> languages;
  std::map<std::size_t, std::pair<int, int>> pitches;
  for (const SpokenWord& word : set.words) {
    const auto plus = word.manner.voice.find('+');
    const std::string language = word.manner.voice.substr(0, plus);
    EXPECT_EQ(word.manner.voice.substr(plus + 1), set.speakers[word.speaker].variant);
    EXPECT_EQ(language == "de", word.label >= 10);
    languages[word.speaker].insert(language);
    auto& [low, high] = pitches.try_emplace(word.speaker, 99, 0).first->second;
    low = std::min(low, word.manner.pitch), high = std::max(high, word.manner.pitch);
    EXPECT_TRUE(word.manner.pitch >= 0 && word.manner.pitch <= 99);
    EXPECT_TRUE(word.manner.words_per_minute >= 80 && word.manner.words_per_minute <= 450);
  }
  for (const auto& [speaker, spoken] : languages) EXPECT_EQ(spoken.size(), 2U) << "one dialect, and German";
  for (const auto& [speaker, range] : pitches) {
    EXPECT_LE(range.second - range.first, 16);
    EXPECT_GT(range.second, range.first) << "words are not all said alike";
  }
}

TEST(SpokenSet, FollowsFromItsSeed) {
  SpokenSetOptions options;
  options.voices = 12;
  options.repetitions = 2;
  const auto manners = [&](std::uint64_t seed) {
    options.seed = seed;
    std::vector<std::string> all;
    for (const SpokenWord& word : plan_spoken_set(options).words)
      all.push_back(
          fmt::format("{} {} {}", word.manner.voice, word.manner.pitch, word.manner.words_per_minute));
    return all;
  };
  EXPECT_EQ(manners(4), manners(4));
  EXPECT_NE(manners(4), manners(5));
}

TEST(SpokenSet, PeopleAreNamedOrDrawnAndTheirFirstTakesCount) {
  const TemporaryFolder folder;
  write_recordings(folder, {"ann", "bob", "carl"}, 12);
  SpokenSetOptions options;
  options.recordings = folder.path().string();
  options.test_speakers = {"bob"};
  options.takes = 3;
  const SpokenSet set = plan_spoken_set(options);
  EXPECT_EQ(speakers_of(set, Part::test), std::set<std::string>{"bob"});
  EXPECT_EQ(set.classes.size(), 10U) << "people say English only";
  EXPECT_EQ(set.counts(Part::train), std::vector<std::size_t>(10, 6));
  for (const SpokenWord& word : set.words) EXPECT_LT(word.take, 3U) << "by number, not by letters";
  options.test_speakers = {"bop"};
  EXPECT_NE(error_of([&] { plan_spoken_set(options); }).find("did you mean 'bob'"), std::string::npos);
  options.test_speakers = {"ann", "bob", "carl"};
  EXPECT_NE(error_of([&] { plan_spoken_set(options); }).find("nobody is left to learn from"),
            std::string::npos);
}

// A few words of two voices, as the synthesiser says them and the cochlea hears them.
TEST(SpokenSet, VoicesAreHeardTheSameOnAnyNumberOfThreads) {
  std::optional<SpeechSynthesiser> synthesiser;
  if (!error_of([&] { synthesiser.emplace(); }).empty()) GTEST_SKIP() << "espeak-ng is not installed";
  SpokenSetOptions options;
  options.voices = 2;
  options.repetitions = 1;
  SpokenSet set = plan_spoken_set(options);
  std::erase_if(set.words, [](const SpokenWord& word) { return word.label != 3 && word.label != 15; });
  check_voices(set, *synthesiser);
  const TemporaryFolder folder;
  const auto write = [&](const std::string& name, std::size_t threads) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
    std::size_t done = 0;
    write_spoken_set(set, Part::test, options, &*synthesiser, folder.file(name),
                     [&](std::size_t k) { done = k; });
    EXPECT_EQ(done, 2U);
    return test::content_of(folder.file(name));
  };
  EXPECT_EQ(write("a_test.h5", 1), write("b_test.h5", 3));
  const auto read = open_dataset(folder.file("a_test.h5"));
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ(read->kind(), "shd");
  EXPECT_EQ(read->part(0), Part::test);
  EXPECT_EQ(read->shape().width, 700U);
  EXPECT_EQ(read->label(0), 3U);
  EXPECT_EQ(read->label(1), 15U);
  const auto heard = heard_word(set, set.words_of(Part::test)[1], options, &*synthesiser);
  const auto events = read->item(1).events;
  ASSERT_EQ(events.size(), heard.size());
  EXPECT_GT(events.size(), 1000U);
  for (std::size_t k = 0; k < events.size(); ++k) {
    ASSERT_EQ(events[k].x, heard[k].x);
    ASSERT_NEAR(double(events[k].t_us), double(heard[k].t_us), 500) << "as exact as float16 is";
  }
  // Two speakers who would be one and the same.
  set.speakers[1].variant = set.speakers[0].variant;
  EXPECT_NE(error_of([&] { check_voices(set, *synthesiser); }).find("sound the same"), std::string::npos);
  set.speakers[1].variant = "no-such-variant";
  EXPECT_NE(error_of([&] { check_voices(set, *synthesiser); }).find("'no-such-variant' and 'no variant'"),
            std::string::npos);
}

TEST(SpokenSet, RefusesWhatCannotBe) {
  const auto says = [](const SpokenSetOptions& options, const std::string& piece) {
    const std::string message = error_of([&] { plan_spoken_set(options); });
    EXPECT_NE(message.find(piece), std::string::npos) << message;
  };
  SpokenSetOptions options;
  says(options, "give --recordings, --voices or both");
  options.voices = known_voices() + 1;
  says(options, "are known");
  options.voices = 1;
  says(options, "one voice");
  options.voices = 5;
  options.test_voices = 5;
  says(options, "leave none to learn from");
  options.test_voices = 0;
  says(options, "nobody is left to test");
  const TemporaryFolder folder;
  write_recordings(folder, {"ann"}, 2);
  options = {};
  options.recordings = folder.path().string();
  says(options, "nobody is left to test");
}

}  // namespace
}  // namespace synfire
