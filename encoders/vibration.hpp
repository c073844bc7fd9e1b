// What a soft fingertip feels when it slides over metal: traces of two piezoelectric films, made up by a
// stated equation, and the way from a trace to a picture.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/parameter.hpp"
#include "core/random.hpp"

namespace synfire {

/// Traces of a PVDF film sliding at v over a surface of class c, whose roughness Ra is 50,
/// 25, 12.5, 6.3, 3.2, 1.6, 0.8 or 0.4 um. Sampled at 10 kHz for 784 samples from the first contact on:
///
///   x(t) = g a_c q(t) (1 - exp(-t/5 ms)) [sin(2 pi phi) + 0.3 sin(4 pi phi)] + noise z(t)
///   phi(t) = phi_0 + v t / lambda_c,   lambda_c = 4 mm (Ra/50 um)^0.4,   a_c = (Ra/50 um)^0.2
///
/// The film answers to the change of strain, so each asperity gives one swing; g is 1 for film 1
/// (perpendicular to the sliding) and 0.4 for film 2 (parallel to it). Of each trial's own, all normal: v has
/// mean `speed` and relative deviation `speed_sd` (a hand moves the finger), phi_0 has deviation `phase_sd`;
/// asperity k has the height q = 1 + irregularity z_k, the same for both films; z(t) is white noise of the
/// amplifier. Not a model of one instrument: it keeps what makes the task of Jiang 2022 (chapter 6,
/// recordings not public) what it is, rough surfaces far apart and fine ones alike.
struct Vibration {
  struct Parameters {
    double film = 1;
    double samples = 10;
    double train = 7;
    double augment = 1;
    double speed = 0.2;
    double speed_sd = 0.02;
    double phase_sd = 0.05;
    double irregularity = 0.15;
    double noise = 0.03;
  };
  static constexpr std::size_t classes = 8, length = 784, side = 28;
  static constexpr std::array<double, classes> roughness_um = {50, 25, 12.5, 6.3, 3.2, 1.6, 0.8, 0.4};

  static constexpr auto describe() {
    using P = Parameters;
    constexpr Bounds film{.low = 1, .high = 2, .whole = true}, each{.low = 2, .high = 1000, .whole = true},
        trained{.low = 1, .high = 999, .whole = true}, metres{.low = 0.01, .high = 1};
    return about<P>(
        "vibration", "made-up vibrations of a fingertip sliding over eight surfaces, as 28 x 28 pictures",
        "after Jiang 2022, chapter 6",
        field(&P::film, "film", Unit::none, film, "1: perpendicular to the sliding, 2: parallel, weaker"),
        field(&P::samples, "samples", Unit::none, each, "slides over each surface"),
        field(&P::train, "train", Unit::none, trained, "of these, how many are trained; the rest is tested"),
        field(&P::augment, "augment", Unit::none, flag,
              "split the training samples and combine their pieces"),
        field(&P::speed, "speed", Unit::none, metres, "mean speed of the finger, m/s"),
        field(&P::speed_sd, "speed_sd", Unit::none, fraction, "relative standard deviation of the speed"),
        field(&P::phase_sd, "phase_sd", Unit::none, fraction,
              "standard deviation of where the first asperity is met, in distances of asperities"),
        field(&P::irregularity, "irregularity", Unit::none, fraction,
              "relative standard deviation of the asperities' heights"),
        field(&P::noise, "noise", Unit::none, fraction,
              "standard deviation of the sensor's noise, in amplitudes of the roughest surface"));
  }

  using Trace = std::vector<float>;  ///< `length` values

  /// One slide; the same for the same key, surface and trial.
  static Trace trace(const Parameters&, RandomKey key, std::size_t surface, std::size_t trial);

  /// A trace as a picture of side x side pixels, row after row: 255 min(1, max(0, x)), the positive swings.
  static std::vector<std::uint8_t> picture(const Trace&);
};

/// Fig. 6.5 of Jiang 2022. Each sample is cut into `pieces` parts of equal length; a new sample takes its
/// first part from any sample of a group, its second part from any, and so on. The samples are grouped by
/// fours in their order, so that 7 samples and 4 pieces give 4^4 + 3^4 = 337 new ones, the originals among
/// them (the text's "four pieces" and "three pieces" are read as the choices that a group leaves for each
/// period). Lengths must be equal and a multiple of `pieces`.
std::vector<std::vector<float>> split_and_combine(std::span<const std::vector<float>> samples,
                                                  std::size_t pieces);

/// The data of a task: pictures of Vibration::side squared, one after another, and their classes.
struct VibrationSet {
  std::vector<std::uint8_t> pictures, classes;
};
struct VibrationData {
  VibrationSet train;  ///< in random order
  VibrationSet test;   ///< class after class
};

/// Draws all slides, and which of each class are trained. Throws Error(input) when train >= samples, or the
/// training set would have more than 1e6 samples.
VibrationData make_vibrations(const Vibration::Parameters&, RandomKey key);

}  // namespace synfire
