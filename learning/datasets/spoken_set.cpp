#include "learning/datasets/spoken_set.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <tbb/parallel_for.h>

#include "core/error.hpp"
#include "core/spelling.hpp"
#include "encoders/cochlea.hpp"
#include "io/events/shd.hpp"
#include "learning/recording.hpp"

namespace synfire {
namespace {

constexpr std::size_t digits = 10;
constexpr std::array<std::string_view, 2 * digits> names = {
    "zero", "one",  "two",  "three", "four", "five",  "six",   "seven",  "eight", "nine",
    "null", "eins", "zwei", "drei",  "vier", "fuenf", "sechs", "sieben", "acht",  "neun"};

std::string spoken(std::uint32_t label) { return label == 15 ? "f\u00fcnf" : std::string(names[label]); }

// Variants of espeak-ng that sound like people, one of each group whose members hardly differ.
constexpr std::array<std::string_view, 12> women = {"Alicia", "Andrea",  "Annie", "anika",
                                                    "aunty",  "belinda", "f1",    "f2",
                                                    "f3",     "grandma", "steph", "whisperf"};
constexpr std::array<std::string_view, 49> men = {
    "Alex",   "Andy",    "Denis",   "Diogo",   "Gene",        "Henrique", "Jacky",      "Lee",     "Marco",
    "Mario",  "Michael", "Mike",    "Nguyen",  "RicishayMax", "Storm",    "adam",       "antonio", "boris",
    "croak",  "ed",      "grandpa", "gustave", "iven",        "john",     "kaukovalta", "klatt3",  "m1",
    "m2",     "m3",      "m4",      "m5",      "m6",          "m7",       "m8",         "marcelo", "max",
    "miguel", "norbert", "pablo",   "paul",    "pedro",       "quincy",   "rob",        "sandro",  "shelby",
    "travis", "victor",  "whisper", "zac"};
constexpr std::array<std::string_view, 6> dialects = {"en-us",      "en-gb",          "en-gb-scotland",
                                                      "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd"};

template <class T> void shuffle(std::vector<T>& items, RandomStream random) {
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random.below(i)]);
}

RandomKey key_of(const SpokenSet& set, const SpokenWord& word, std::uint64_t seed) {
  return {seed, fmt::format("digits/{}/{}/{}", set.speakers[word.speaker].name, word.label, word.take)};
}

int around(double middle, double reach, RandomStream& random) {
  return static_cast<int>(std::lround(middle + random.uniform(-reach, reach)));
}

// --- people

struct Recording {
  int index = 0;
  std::string file;
};
using Takes = std::map<std::string, std::array<std::vector<Recording>, digits>>;  ///< by speaker

Takes recordings_in(const std::string& folder) {
  const auto set = open_dataset(folder);
  if (set->kind() != "spoken_digits")
    throw Error(ErrorKind::input,
                fmt::format("{}: holds no spoken digits, which are files {{digit}}_{{speaker}}_{{index}}.wav",
                            folder));
  Takes takes;
  for (std::size_t k = 0; k < set->size(); ++k) {
    const auto name = spoken_digit_name(set->source(k)).value();
    takes[name.speaker][static_cast<std::size_t>(name.digit)].push_back({name.index, set->source(k)});
  }
  for (auto& [speaker, of_digits] : takes)
    for (auto& of_digit : of_digits)
      std::sort(of_digit.begin(), of_digit.end(),
                [](const Recording& a, const Recording& b) { return a.index < b.index; });
  return takes;
}

std::set<std::string> held_out(const Takes& takes, const SpokenSetOptions& options) {
  constexpr std::size_t drawn = 2;
  std::vector<std::string> all;
  for (const auto& [speaker, of_digits] : takes) all.push_back(speaker);
  for (const std::string& speaker : options.test_speakers) {
    if (takes.contains(speaker)) continue;
    const std::vector<std::string_view> valid(all.begin(), all.end());
    throw Error(ErrorKind::input, fmt::format("{}: nobody is called '{}'{}", options.recordings, speaker,
                                              did_you_mean(speaker, valid)));
  }
  if (!options.test_speakers.empty()) return {options.test_speakers.begin(), options.test_speakers.end()};
  shuffle(all, RandomStream(RandomKey(options.seed, "digits/people"), 0));
  all.resize(std::min(drawn, all.size() - 1));
  return {all.begin(), all.end()};
}

void add_people(const SpokenSetOptions& options, SpokenSet& set) {
  const Takes takes = recordings_in(options.recordings);
  const auto tested = held_out(takes, options);
  for (const auto& [speaker, of_digits] : takes) {
    const std::size_t number = set.speakers.size();
    set.speakers.push_back({speaker, "unknown", tested.contains(speaker) ? Part::test : Part::train, ""});
    for (std::uint32_t digit = 0; digit < digits; ++digit) {
      const auto& all = of_digits[digit];
      const std::size_t count = options.takes == 0 ? all.size() : std::min(options.takes, all.size());
      for (std::size_t k = 0; k < count; ++k)
        set.words.push_back({number, digit, static_cast<std::size_t>(all[k].index), all[k].file, {}});
    }
  }
}

// --- voices

struct Voice {
  std::string_view variant;
  bool female = false;
};

/// All that are known in an order that is drawn; any number from the beginning has women and men in the same
/// shares as all have, as nearly as can be.
std::vector<Voice> drawn_voices(std::uint64_t seed) {
  std::vector<std::pair<double, Voice>> ranked;
  const auto add = [&](std::vector<std::string_view> variants, bool female) {
    shuffle(variants, RandomStream(RandomKey(seed, "digits/voices"), female ? 1 : 0));
    for (std::size_t k = 0; k < variants.size(); ++k)
      ranked.push_back(
          {(static_cast<double>(k) + 0.5) / static_cast<double>(variants.size()), {variants[k], female}});
  };
  add({women.begin(), women.end()}, true);
  add({men.begin(), men.end()}, false);
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Voice> voices;
  for (const auto& [rank, voice] : ranked) voices.push_back(voice);
  return voices;
}

/// A voice's own manner.
struct VoicePlan {
  std::size_t speaker = 0;
  double pitch = 50, words_per_minute = 150;
  std::string_view dialect;
};

SpeechManner manner_of(const VoicePlan& voice, const std::string& variant, std::uint32_t label,
                       RandomStream random) {
  constexpr double pitch_reach = 8, speed_reach = 15;
  const std::string_view language = label < digits ? voice.dialect : "de";
  return {fmt::format("{}+{}", language, variant), around(voice.pitch, pitch_reach, random),
          around(voice.words_per_minute, speed_reach, random)};
}

void add_words(const VoicePlan& voice, std::uint32_t label, std::size_t count, std::uint64_t seed,
               SpokenSet& set) {
  for (std::size_t take = 0; take < count; ++take) {
    SpokenWord word{voice.speaker, label, take, "", {}};
    word.manner = manner_of(voice, set.speakers[voice.speaker].variant, label,
                            RandomStream(key_of(set, word, seed), 0));
    set.words.push_back(std::move(word));
  }
}

/// A German class has as many words as the English one of the same digit; they are shared out evenly.
void add_voices_of(Part part, const std::vector<VoicePlan>& voices, const SpokenSetOptions& options,
                   SpokenSet& set) {
  const std::vector<std::size_t> by_people = set.counts(part);
  for (std::size_t v = 0; v < voices.size(); ++v)
    for (std::uint32_t digit = 0; digit < digits; ++digit) {
      const std::size_t german = by_people[digit] + options.repetitions * voices.size();
      add_words(voices[v], digit, options.repetitions, options.seed, set);
      add_words(voices[v], digit + digits, german / voices.size() + (v < german % voices.size() ? 1 : 0),
                options.seed, set);
    }
}

void add_voices(const SpokenSetOptions& options, SpokenSet& set) {
  const std::size_t tested = options.test_voices.value_or(std::max<std::size_t>(1, options.voices / 5));
  std::vector<VoicePlan> train, test;
  std::vector<Voice> all = drawn_voices(options.seed);
  all.resize(options.voices);
  // Those that are tested have women and men in the same shares as all.
  const auto females = static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [](const Voice& voice) { return voice.female; }));
  std::size_t women_left = (2 * tested * females + all.size()) / (2 * all.size()),
              men_left = tested - women_left;
  for (const Voice& voice : all) {
    std::size_t& left = voice.female ? women_left : men_left;
    const bool is_tested = left > 0;
    if (is_tested) --left;
    const std::size_t speaker = set.speakers.size();
    set.speakers.push_back({fmt::format("espeak-ng {}", voice.variant), voice.female ? "female" : "male",
                            is_tested ? Part::test : Part::train, std::string(voice.variant)});
    RandomStream random(RandomKey(options.seed, "digits/speaker/" + set.speakers.back().name), 0);
    const double pitch = random.uniform(30, 70), speed = random.uniform(125, 185);
    (is_tested ? test : train).push_back({speaker, pitch, speed, dialects[random.below(dialects.size())]});
  }
  add_voices_of(Part::train, train, options, set);
  add_voices_of(Part::test, test, options, set);
}

void check(const SpokenSetOptions& options) {
  const auto refuse = [](const std::string& why) { throw Error(ErrorKind::usage, why); };
  if (options.recordings.empty() && options.voices == 0)
    refuse("nobody speaks: give --recordings, --voices or both");
  if (options.voices > known_voices())
    refuse(fmt::format("--voices: {} are asked for, {} are known", options.voices, known_voices()));
  if (options.voices == 1) refuse("--voices: one voice cannot be learned and tested; give two or more");
  if (options.test_voices && *options.test_voices >= options.voices)
    refuse(fmt::format("--test-voices: {} of {} voices leave none to learn from", *options.test_voices,
                       options.voices));
}

// --- sound

double power_of(const std::vector<float>& samples) {
  double sum = 0;
  for (const float x : samples) sum += double(x) * double(x);
  return samples.empty() ? 0 : sum / static_cast<double>(samples.size());
}

}  // namespace

std::size_t known_voices() { return women.size() + men.size(); }

std::vector<SpokenWord> SpokenSet::words_of(Part part) const {
  std::vector<SpokenWord> all;
  std::copy_if(words.begin(), words.end(), std::back_inserter(all),
               [&](const SpokenWord& word) { return speakers[word.speaker].part == part; });
  return all;
}

std::vector<std::size_t> SpokenSet::counts(Part part) const {
  std::vector<std::size_t> counts(classes.size());
  for (const SpokenWord& word : words)
    if (speakers[word.speaker].part == part) ++counts[word.label];
  return counts;
}

SpokenSet plan_spoken_set(const SpokenSetOptions& options) {
  check(options);
  SpokenSet set;
  set.classes.assign(names.begin(), names.begin() + (options.voices > 0 ? 2 * digits : digits));
  if (!options.recordings.empty()) add_people(options, set);
  if (options.voices > 0) add_voices(options, set);
  const auto order = [](const SpokenWord& w) { return std::tuple(w.speaker, w.label, w.take); };
  std::stable_sort(set.words.begin(), set.words.end(),
                   [&](const SpokenWord& a, const SpokenWord& b) { return order(a) < order(b); });
  for (const Part part : {Part::train, Part::test})
    if (set.words_of(part).empty())
      throw Error(ErrorKind::input, fmt::format("nobody is left to {}: too few speakers",
                                                part == Part::train ? "learn from" : "test"));
  return set;
}

std::vector<Event> heard_word(const SpokenSet& set, const SpokenWord& word, const SpokenSetOptions& options,
                              const SpeechSynthesiser* synthesiser) {
  constexpr double silent_db = 40;
  const double rate = Cochlea::Parameters().rate;
  const bool said = !set.speakers[word.speaker].variant.empty();
  const Sound sound = said ? synthesiser->say(spoken(word.label), word.manner) : read_sound(word.file);
  Sound heard = resampled(trimmed(sound, silent_db), rate);
  const RandomKey key = key_of(set, word, options.seed);
  RandomStream onset(key, 1), noise(key, 2);
  const double power = power_of(heard.samples);
  const auto silence = static_cast<std::size_t>(std::lround(onset.uniform(0, options.onset_ms) * rate / 1e3));
  heard.samples.insert(heard.samples.begin(), silence, 0.0F);
  if (options.snr_db) {
    const double deviation = std::sqrt(power) * std::pow(10, -*options.snr_db / 20);
    for (float& x : heard.samples) x += static_cast<float>(deviation * noise.normal());
  }
  return cochlea_events(heard, key);
}

void write_spoken_set(const SpokenSet& set, Part part, const SpokenSetOptions& options,
                      const SpeechSynthesiser* synthesiser, const std::string& path,
                      const std::function<void(std::size_t)>& done) {
  constexpr std::size_t at_once = 64;  // in memory
  std::vector<ShdSpeaker> speakers;
  for (const SpokenSpeaker& speaker : set.speakers) speakers.push_back({speaker.name, speaker.gender});
  ShdWriter writer(path, set.classes, std::move(speakers));
  const std::vector<SpokenWord> words = set.words_of(part);
  for (std::size_t first = 0; first < words.size(); first += at_once) {
    const std::size_t count = std::min(at_once, words.size() - first);
    std::vector<std::vector<Event>> events(count);
    tbb::parallel_for(std::size_t(0), count, [&](std::size_t k) {
      events[k] = heard_word(set, words[first + k], options, synthesiser);
    });
    for (std::size_t k = 0; k < count; ++k)
      writer.add(events[k], words[first + k].label, static_cast<std::uint16_t>(words[first + k].speaker));
    done(first + count);
  }
  writer.finish();
}

void check_voices(const SpokenSet& set, const SpeechSynthesiser& synthesiser) {
  std::vector<std::string> variants;
  for (const SpokenSpeaker& speaker : set.speakers)
    if (!speaker.variant.empty()) variants.push_back(speaker.variant);
  if (variants.empty()) return;
  std::vector<Sound> sounds(variants.size());
  tbb::parallel_for(std::size_t(0), variants.size(), [&](std::size_t k) {
    sounds[k] = synthesiser.say("zero", {.voice = "en-us+" + variants[k]});
  });
  std::map<std::vector<float>, std::string> known = {
      {synthesiser.say("zero", {.voice = "en-us"}).samples, "no variant"}};
  for (std::size_t k = 0; k < variants.size(); ++k) {
    const auto [at, is_new] = known.try_emplace(std::move(sounds[k].samples), variants[k]);
    if (!is_new)
      throw Error(ErrorKind::resource,
                  fmt::format("espeak-ng: the voices '{}' and '{}' sound the same; this version lacks one of "
                              "them, so give another number of --voices or another --seed",
                              variants[k], at->second));
  }
}

}  // namespace synfire
