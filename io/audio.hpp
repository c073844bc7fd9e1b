// Sound from files (wav, flac and whatever else libsndfile reads), and sound at another sampling rate.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace synfire {

/// One channel of sound.
struct Sound {
  double rate = 0;             ///< samples per second
  std::vector<float> samples;  ///< full scale is -1 to 1; whole numbers of k bits are divided by 2^(k-1)

  double seconds() const { return rate > 0 ? static_cast<double>(samples.size()) / rate : 0; }
};

/// So many samples of a channel at most, in a file or after resampling: 23 minutes at 48 kHz.
inline constexpr std::size_t longest_sound = std::size_t(1) << 26;

/// All of a sound file; several channels are mixed to their mean. Memory is taken as samples really come,
/// whatever the header claims. Throws Error(input) naming the file and the cause: it cannot be opened or is
/// no sound, ends early, has no samples, more than `longest_sound`, more than 64 channels, or a value that is
/// not finite; Error(resource) when it cannot be read.
Sound read_sound(const std::string& path);

/// The same sound at another rate, band-limited by libsoxr at its high quality. The length in seconds stays,
/// to a sample. Throws Error(input) when a rate lies outside 100 Hz to 1 MHz or the result would be longer
/// than `longest_sound`.
Sound resampled(const Sound& sound, double rate);

/// Without its ends, as far as they are silent: both lose all windows of 10 ms whose power lies `below_db` or
/// more below that of the loudest window. Silence throughout stays as it is.
Sound trimmed(const Sound& sound, double below_db);

}  // namespace synfire
