#include "io/audio.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <sndfile.h>
#include <soxr.h>

#include "core/error.hpp"

namespace synfire {
namespace {

constexpr int most_channels = 64;
constexpr std::size_t block_frames = 4096;
constexpr double lowest_rate = 100, highest_rate = 1e6;

struct CloseSound {
  void operator()(SNDFILE* file) const { sf_close(file); }
};
using SoundFile = std::unique_ptr<SNDFILE, CloseSound>;

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
  throw Error(ErrorKind::input, Position{path, 0, 0}, what);
}

SoundFile open_sound(const std::string& path, SF_INFO& info) {
  SoundFile file(sf_open(path.c_str(), SFM_READ, &info));
  if (!file) refuse(path, fmt::format("cannot be read as sound: {}", sf_strerror(nullptr)));
  if (info.channels < 1 || info.channels > most_channels)
    refuse(path, fmt::format("has {} channels; 1 to {} can be mixed", info.channels, most_channels));
  if (info.samplerate < 1) refuse(path, "does not say its sampling rate");
  return file;
}

void check_length(const std::string& path, std::uint64_t frames) {
  if (frames > longest_sound)
    refuse(path, fmt::format("has more than {} samples; cut it into shorter pieces", longest_sound));
}

// Appends the mean of the channels.
void mix(std::span<const float> interleaved, std::size_t channels, const std::string& path,
         std::vector<float>& samples) {
  for (std::size_t first = 0; first < interleaved.size(); first += channels) {
    double sum = 0;
    for (std::size_t c = 0; c < channels; ++c) sum += interleaved[first + c];
    const double mean = sum / static_cast<double>(channels);
    if (!std::isfinite(mean)) refuse(path, fmt::format("sample {} is not a finite number", samples.size()));
    samples.push_back(static_cast<float>(mean));
  }
}

void check_rate(double rate) {
  if (rate >= lowest_rate && rate <= highest_rate) return;
  throw Error(ErrorKind::input,
              fmt::format("a sampling rate of {} Hz cannot be resampled; it must lie in [{}, {}]", rate,
                          lowest_rate, highest_rate));
}

}  // namespace

Sound read_sound(const std::string& path) {
  SF_INFO info{};
  const SoundFile file = open_sound(path, info);
  const auto channels = static_cast<std::size_t>(info.channels);
  // Streams do not know their length and claim the largest possible one, or none.
  const bool knows_length = info.frames > 0 && info.frames < SF_COUNT_MAX;
  if (knows_length) check_length(path, static_cast<std::uint64_t>(info.frames));
  Sound sound;
  sound.rate = info.samplerate;
  std::vector<float> block(block_frames * channels);
  while (true) {
    const sf_count_t frames = sf_readf_float(file.get(), block.data(), block_frames);
    if (frames <= 0) break;
    mix(std::span(block).first(static_cast<std::size_t>(frames) * channels), channels, path, sound.samples);
    check_length(path, sound.samples.size());
  }
  if (sf_error(file.get()) != SF_ERR_NO_ERROR)
    refuse(path,
           fmt::format("is damaged after {} samples: {}", sound.samples.size(), sf_strerror(file.get())));
  if (knows_length && sound.samples.size() < static_cast<std::size_t>(info.frames))
    refuse(path, fmt::format("ends after {} of {} samples", sound.samples.size(), info.frames));
  if (sound.samples.empty()) refuse(path, "holds no samples");
  return sound;
}

Sound resampled(const Sound& sound, double rate) {
  check_rate(sound.rate);
  check_rate(rate);
  if (sound.rate == rate) return sound;
  const double length = std::ceil(static_cast<double>(sound.samples.size()) * (rate / sound.rate)) + 1;
  if (length > static_cast<double>(longest_sound))
    throw Error(ErrorKind::input,
                fmt::format("at {} Hz the sound would have more than {} samples; cut it into shorter pieces",
                            rate, longest_sound));
  Sound result;
  result.rate = rate;
  result.samples.resize(static_cast<std::size_t>(length));
  const soxr_io_spec_t floats = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
  const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
  const soxr_runtime_spec_t one_thread = soxr_runtime_spec(1);
  std::size_t written = 0;
  const soxr_error_t failure =
      soxr_oneshot(sound.rate, rate, 1, sound.samples.data(), sound.samples.size(), nullptr,
                   result.samples.data(), result.samples.size(), &written, &floats, &quality, &one_thread);
  if (failure != nullptr) throw Error(ErrorKind::resource, fmt::format("resampling failed: {}", failure));
  result.samples.resize(written);
  return result;
}

Sound trimmed(const Sound& sound, double below_db) {
  const auto window = static_cast<std::size_t>(std::max(1.0, std::round(sound.rate * 0.01)));
  const std::size_t samples = sound.samples.size();
  std::vector<double> powers;
  for (std::size_t first = 0; first < samples; first += window) {
    const std::size_t end = std::min(first + window, samples);
    double sum = 0;
    for (std::size_t k = first; k < end; ++k) sum += double(sound.samples[k]) * double(sound.samples[k]);
    powers.push_back(sum / static_cast<double>(end - first));
  }
  if (powers.empty()) return sound;
  const double least = *std::max_element(powers.begin(), powers.end()) * std::pow(10, -below_db / 10);
  const auto heard = [&](double power) { return power > least; };
  const auto begin = std::find_if(powers.begin(), powers.end(), heard);
  if (begin == powers.end()) return sound;
  const auto end = std::find_if(powers.rbegin(), powers.rend(), heard).base();
  const auto at = [&](auto place) {
    return sound.samples.begin() +
           std::ptrdiff_t(std::min(static_cast<std::size_t>(place - powers.begin()) * window, samples));
  };
  return {sound.rate, {at(begin), at(end)}};
}

}  // namespace synfire
