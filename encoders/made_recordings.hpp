// Recordings that the program makes itself, in classes that look like those of the well-known sets.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/parameter.hpp"
#include "core/random.hpp"
#include "encoders/event_camera.hpp"

namespace synfire {

/// How many of each class, which all kinds share.
inline constexpr Bounds made_samples{.low = 2, .high = 10000, .whole = true};
inline constexpr Bounds made_training{.low = 1, .high = 9999, .whole = true};

/// Hands before an event camera of 128 x 128 pixels, for 600 ms: 0 claps, 1 waves on the left, 2 waves on the
/// right, 3 turns clockwise, 4 turns counter-clockwise, 5 drums with both. A hand is a bright round spot,
/// I = 60 + 150 exp(-d^2 / (2 r^2)). Place, reach, period (250 to 400 ms), phase and r (6 to 9 pixels) are
/// drawn anew for each recording. 3 and 4 differ in the order of their events only.
struct Gestures {
  struct Parameters {
    double samples = 12;
    double train = 8;
    double noise_rate = 0.5;
  };
  static constexpr bool audio = false;
  static constexpr std::uint32_t width = 128, height = 128;
  static constexpr std::size_t classes = 6;

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>("gestures",
                    "hands that clap, wave, turn and drum before an event camera of 128 x 128 pixels",
                    "scenes after Amir et al. 2017, CVPR",
                    field(&P::samples, "samples", Unit::none, made_samples, "recordings of each gesture"),
                    field(&P::train, "train", Unit::none, made_training,
                          "of these, how many are trained; the rest is tested"),
                    field(&P::noise_rate, "noise_rate", Unit::Hz, Bounds{.low = 0, .high = 1000},
                          "background events of a pixel"));
  }
  /// The same for the same key, class and trial; by time.
  static std::vector<CameraEvent> recording(const Parameters&, RandomKey, std::size_t of_class,
                                            std::size_t trial);
};

/// Handwritten digits, as drawn with a pen through a few points that jitter, slanted, scaled and shifted,
/// which make three saccades of 100 ms before an event camera of 34 x 34 pixels.
struct MovingDigits {
  struct Parameters {
    double samples = 30;
    double train = 20;
    double noise_rate = 0.5;
    double jitter = 0.03;
  };
  static constexpr bool audio = false;
  static constexpr std::uint32_t width = 34, height = 34;
  static constexpr std::size_t classes = 10;

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>("moving_digits",
                    "drawn digits that make three saccades before an event camera of 34 x 34 pixels",
                    "saccades of Orchard et al. 2015, Front. Neurosci. 9:437",
                    field(&P::samples, "samples", Unit::none, made_samples, "recordings of each digit"),
                    field(&P::train, "train", Unit::none, made_training,
                          "of these, how many are trained; the rest is tested"),
                    field(&P::noise_rate, "noise_rate", Unit::Hz, Bounds{.low = 0, .high = 1000},
                          "background events of a pixel"),
                    field(&P::jitter, "jitter", Unit::none, Bounds{.low = 0, .high = 0.5},
                          "standard deviation of the points a digit is drawn through, in its heights"));
  }
  static std::vector<CameraEvent> recording(const Parameters&, RandomKey, std::size_t of_class,
                                            std::size_t trial);
};

/// Words of the vowels a, i and u, each once: 0 aiu, 1 aui, 2 iau, 3 iua, 4 uai, 5 uia. So words differ in
/// order only; summed over time all are alike. A speaker, drawn for each word, has a pitch, a length of the
/// vocal tract that scales the formants, and a speed.
struct Utterance {
  static constexpr std::size_t words = 6;

  struct Formants {
    double first_hz = 0, second_hz = 0, loudness = 0;
  };
  double tract = 1;  ///< scales formants
  double pitch_hz = 120;
  double vowel_ms = 70;  ///< each
  double start_ms = 5;
  std::array<int, 3> vowels{};

  static Utterance drawn(RandomKey, std::size_t word, std::size_t trial);
  double length_ms() const { return start_ms + 3 * vowel_ms; }
  /// At a time: vowels glide into each other, and swell and fade at the ends of the word.
  Formants at(double t_ms) const;
};

/// Such words as spikes of 700 channels, first channel highest pitch, between 50 Hz and 20 kHz in even
/// logarithms. Each channel is a Poisson process with the rate
///
///   r = 1 Hz + max_rate L [exp(-(c - c1)^2 / 2 s^2) + 0.7 exp(-(c - c2)^2 / 2 s^2)],   s = 12 channels
///
/// where c1, c2 are the channels of the formants and L the loudness.
struct VowelWords {
  struct Parameters {
    double samples = 20;
    double train = 14;
    double max_rate = 150;
  };
  static constexpr bool audio = true;
  static constexpr std::uint32_t width = 700, height = 1;
  static constexpr std::size_t classes = Utterance::words;

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>("vowel_words",
                    "words of the same three vowels in different order, as spikes of 700 channels",
                    "layout of Cramer et al. 2020, arXiv 1910.07407",
                    field(&P::samples, "samples", Unit::none, made_samples, "utterances of each word"),
                    field(&P::train, "train", Unit::none, made_training,
                          "of these, how many are trained; the rest is tested"),
                    field(&P::max_rate, "max_rate", Unit::Hz, Bounds{.low = 0, .high = 1000},
                          "rate at the first formant"));
  }
  static std::vector<CameraEvent> recording(const Parameters&, RandomKey, std::size_t of_class,
                                            std::size_t trial);
};

/// The same words as sound, heard by the artificial cochlea (encoders/cochlea.hpp): harmonics of the pitch up
/// to 4 kHz, weighted by two resonances of 120 Hz width, with white noise.
struct SpokenWords {
  struct Parameters {
    double samples = 8;
    double train = 5;
    double noise = 0.01;
  };
  static constexpr bool audio = true;
  static constexpr std::uint32_t width = 700, height = 1;
  static constexpr std::size_t classes = Utterance::words;

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>("spoken_words", "the same words as sound, heard by the artificial cochlea",
                    "cochlea of Cramer et al. 2020, arXiv 1910.07407",
                    field(&P::samples, "samples", Unit::none, made_samples, "utterances of each word"),
                    field(&P::train, "train", Unit::none, made_training,
                          "of these, how many are trained; the rest is tested"),
                    field(&P::noise, "noise", Unit::none, fraction,
                          "standard deviation of the noise, in amplitudes of the loudest harmonic"));
  }
  /// One word at 48 kHz.
  static std::vector<float> sound(const Parameters&, RandomKey, std::size_t of_class, std::size_t trial);
  static std::vector<CameraEvent> recording(const Parameters&, RandomKey, std::size_t of_class,
                                            std::size_t trial);
};

}  // namespace synfire
