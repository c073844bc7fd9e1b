// An artificial cochlea: sound becomes spikes of channels, from high pitch to low.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "core/parameter.hpp"
#include "core/random.hpp"
#include "encoders/basilar_membrane.hpp"

namespace synfire {

/// The model by which the Heidelberg spiking data sets were made: the sound is brought to a level and faded
/// in and out, moves the basilar membrane (encoders/basilar_membrane.hpp), whose velocity opens hair cells;
/// their release sites drive one bushy cell in each channel (encoders/hair_cell.hpp). The membrane is
/// computed in the frequency domain: with F the transform of the N samples and n = floor(N/2) + 1,
///
///   v[j] = Re( 1/n sum_k V(w_k, c) F_k exp(2 pi i j k / n) ),   f_k = 1 + k (rate/2 - 1)/(n - 1) Hz
///
/// which gives n steps at half the sampling rate. Each channel's sum ends where V has vanished; it is
/// evaluated on a grid of its own, 1.5 times denser than it must be, and read between by a kernel of ten
/// points (exp(beta sqrt(1 - x^2)), Barnett, Magland & af Klinteberg 2019, SIAM J. Sci. Comput. 41:C479).
/// Error of v, with that of the table of V: below 1e-5 of the channel's greatest. Source: Cramer, Stradmann,
/// Schemmel & Zenke 2020, IEEE Trans. Neural Netw. Learn. Syst., arXiv 1910.07407.
class Cochlea {
 public:
  struct Parameters {
    double channels = 700;
    double rate = 48000;
    double level = 0.3;
    double ramp = std::numeric_limits<double>::infinity();
    double sites = 40;
    double drive = 13000;
  };
  static constexpr bool emits_current = false;
  static constexpr std::string_view key = "file";  // of sound, as a source of a network

  static constexpr auto describe() {
    using P = Parameters;
    // The hair cell needs steps below 0.11 ms, and the membrane is known up to 24 kHz.
    constexpr Bounds channels{.low = 2, .high = 4096, .whole = true},
        rate{.low = 20000, .high = 48000, .whole = true}, sites{.low = 1, .high = 1000, .whole = true};
    return about<P>(
        "cochlea", "sound as spikes of an artificial cochlea, first channel highest pitch",
        "Cramer et al. 2020, arXiv 1910.07407",
        field(&P::channels, "channels", Unit::none, channels, "places of the membrane, evenly spaced"),
        field(&P::rate, "rate", Unit::Hz, rate, "sampling rate that the sound is brought to"),
        field(&P::level, "level", Unit::none, non_negative,
              "root mean square that the sound is brought to, full scale being 1"),
        field(&P::ramp, "ramp", Unit::ms, non_negative,
              "time over which the sound swells and fades; at most half of it"),
        field(&P::sites, "sites", Unit::none, sites, "release sites of a hair cell"),
        field(&P::drive, "drive", Unit::none, non_negative,
              "what all sites together add to their bushy cell, 1/s; 1 is its threshold"));
  }

  /// Of a recording, and of a sound of one call; longer ones must be cut.
  static constexpr double longest_s = 30;
  static constexpr std::size_t fewest_samples = 64;

  struct Spike {
    std::uint32_t step = 0;  ///< at step / model_rate() s
    std::uint16_t channel = 0;

    auto operator<=>(const Spike&) const = default;
  };
  /// What happens in one channel, a value for each step.
  struct Trace {
    std::vector<double> membrane, release_probability;
  };

  /// Tabulates the membrane, about 0.3 ms a channel. Throws Error(input) for parameters out of bounds.
  explicit Cochlea(const Parameters& parameters);
  Cochlea() : Cochlea(Parameters()) {}

  std::size_t channels() const { return table_.places(); }
  /// Steps per second.
  double model_rate() const { return model_rate_; }
  /// So many of a sound.
  static std::size_t steps(std::size_t samples) { return samples / 2 + 1; }
  double best_hz(std::size_t channel) const { return table_.best_hz(channel); }

  /// The spikes of a sound at Parameters::rate, by time, then channel. Blocks of channels run on the threads
  /// of TBB; random numbers are those of each channel, so the result is the same on any number of them.
  /// Throws Error(input) when the sound is shorter than `fewest_samples`, longer than `longest_s`, or holds a
  /// value that is not finite.
  std::vector<Spike> spikes(std::span<const float> sound, RandomKey key) const;

  /// The membrane and the hair cells of some channels. Throws as spikes, and Error(usage) for a channel that
  /// is not there.
  std::vector<Trace> traces(std::span<const float> sound, std::span<const std::size_t> channels) const;

  /// The sound as the membrane gets it: level and ramps.
  std::vector<double> prepared(std::span<const float> sound) const;

 private:
  struct Spectrum;
  struct Block;
  Spectrum spectrum_of(std::span<const float> sound) const;
  template <class Visit> void run_block(const Spectrum&, std::size_t first_channel, Visit&& visit) const;
  std::vector<Spike> block_spikes(const Spectrum&, std::size_t first_channel, RandomKey key) const;

  Parameters parameters_;
  double model_rate_;
  MembraneTable table_;
};

}  // namespace synfire
