// A set of spoken digits in the layout of SHD: people from recordings, and voices of a synthesiser, heard by
// the artificial cochlea (encoders/cochlea.hpp).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "io/speech.hpp"
#include "learning/datasets/dataset.hpp"

namespace synfire {

/// What such a set is made of.
struct SpokenSetOptions {
  std::string recordings;  ///< folder with {digit}_{speaker}_{index}.wav, English; "": no people
  std::vector<std::string> test_speakers;  ///< of these, who is only tested; empty: two, drawn
  std::size_t takes = 0;                   ///< of each of these speakers and digits, the first; 0: all
  std::size_t voices = 0;                  ///< of the synthesiser, English and German
  std::optional<std::size_t> test_voices;  ///< of these, how many are only tested; absent: a fifth
  std::size_t repetitions = 10;            ///< of each word by each voice, each in another manner
  double onset_ms = 0;                     ///< silence before a word: drawn from 0 to this
  std::optional<double> snr_db;            ///< white noise so far below the word, in power
  std::uint64_t seed = 1;
};

/// So many voices of the synthesiser are known here; no two of them are alike.
std::size_t known_voices();

struct SpokenSpeaker {
  std::string name, gender;  ///< gender: "female", "male", "unknown"
  Part part = Part::train;   ///< of all that they say
  std::string variant;       ///< of the synthesiser's voices; "" for people
};

/// Something that is said.
struct SpokenWord {
  std::size_t speaker = 0;  ///< of SpokenSet::speakers
  std::uint32_t label = 0;  ///< of SpokenSet::classes
  std::size_t take = 0;     ///< which time
  std::string file;         ///< the recording, of people
  SpeechManner manner;      ///< of voices
};

/// What is said by whom. No speaker is in both parts. Each English class of a part has as many words as its
/// German one, where there are voices: they say German words more often than English ones, which people say,
/// too. A speaker of the synthesiser is a variant with a pitch, a speed and an English dialect of its own;
/// words vary around these. All is drawn from the seed.
struct SpokenSet {
  std::vector<std::string> classes;     ///< English zero to nine and, with voices, German null to neun
  std::vector<SpokenSpeaker> speakers;  ///< people by name, then voices
  std::vector<SpokenWord> words;        ///< by speaker, class and take

  /// Words of each class.
  std::vector<std::size_t> counts(Part part) const;
  std::vector<SpokenWord> words_of(Part part) const;
};

/// Throws Error(input) where the folder holds no such recordings, a speaker is not among them, or nobody
/// would be left to learn from or to test; Error(usage) where neither people nor voices, or more voices than
/// are known, are asked for.
SpokenSet plan_spoken_set(const SpokenSetOptions& options);

/// The word as the cochlea hears it: what is 40 dB below its loudest part is cut off at both ends, then come
/// silence and noise. Random numbers are those of the seed, the speaker's name, the class and the take.
std::vector<Event> heard_word(const SpokenSet& set, const SpokenWord& word, const SpokenSetOptions& options,
                              const SpeechSynthesiser* synthesiser);

/// Writes a part as one file. Words are computed on all threads; the file does not depend on how many there
/// are. `done` is told now and then how many words are. Throws as ShdWriter, read_sound and
/// SpeechSynthesiser.
void write_spoken_set(const SpokenSet& set, Part part, const SpokenSetOptions& options,
                      const SpeechSynthesiser* synthesiser, const std::string& path,
                      const std::function<void(std::size_t)>& done);

/// Throws Error(resource) where two of the speakers' variants sound alike, or one as no variant does: this
/// synthesiser lacks it then, and the speaker would be somebody else, perhaps of the other part.
void check_voices(const SpokenSet& set, const SpeechSynthesiser& synthesiser);

}  // namespace synfire
