#include "learning/recording.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/error.hpp"
#include "encoders/cochlea.hpp"
#include "io/audio.hpp"
#include "io/byte_file.hpp"
#include "io/events/formats.hpp"

namespace synfire {

namespace {

SensorInfo heard(const std::string& path, std::size_t channels) {
  SensorInfo info;
  info.format = "sound";
  info.name = "cochlea";
  info.width = static_cast<std::uint16_t>(channels);
  info.height = 1;
  info.audio = true;
  if (const auto name = spoken_digit_name(path)) info.label = name->digit;
  return info;
}

// Its table takes a while, and is the same for all sounds.
const Cochlea& cochlea() {
  static const Cochlea made;
  return made;
}

/// The spikes of a sound. They are computed at once when it is opened.
class CochleaReader final : public EventReader {
 public:
  explicit CochleaReader(const std::string& path) : size_(std::filesystem::file_size(path)) {
    const RandomKey key(1, "cochlea/" + std::filesystem::path(path).stem().string());
    events_ = cochlea_events(read_sound(path), key);
    info_ = heard(path, cochlea().channels());
  }

  const SensorInfo& sensor() const override { return info_; }
  std::size_t read(std::span<Event> to) override {
    const std::size_t count = std::min(to.size(), events_.size() - next_);
    std::copy_n(events_.begin() + static_cast<std::ptrdiff_t>(next_), count, to.begin());
    next_ += count;
    return count;
  }
  std::uint64_t offset() const override { return size_; }
  std::uint64_t lost() const override { return 0; }
  std::vector<std::string> warnings() const override { return {}; }

 private:
  std::uint64_t size_;
  SensorInfo info_;
  std::vector<Event> events_;
  std::size_t next_ = 0;
};

}  // namespace

std::vector<Event> cochlea_events(const Sound& sound, RandomKey key) {
  const Sound heard = resampled(sound, Cochlea::Parameters().rate);
  std::vector<Event> events;
  for (const Cochlea::Spike& spike : cochlea().spikes(heard.samples, key))
    events.push_back({.t_us = std::llround(double(spike.step) * 1e6 / cochlea().model_rate()),
                      .x = spike.channel,
                      .y = 0,
                      .on = 1});
  return events;
}

std::optional<SpokenDigit> spoken_digit_name(const std::string& path) {
  const std::string name = std::filesystem::path(path).stem().string();
  const auto first = name.find('_'), last = name.rfind('_');
  if (first != 1 || last <= first + 1 || last == std::string::npos) return std::nullopt;
  const std::string index = name.substr(last + 1);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool numbers = is_digit(name[0]) && !index.empty() && index.size() <= 6 &&
                       std::all_of(index.begin(), index.end(), is_digit);
  if (!numbers) return std::nullopt;
  return SpokenDigit{name[0] - '0', name.substr(first + 1, last - first - 1), std::stoi(index)};
}

bool is_sound(const std::string& path) {
  ByteFile file(path);
  const auto ahead = file.peek(12);
  const std::string_view head(reinterpret_cast<const char*>(ahead.data()),
                              std::min<std::size_t>(ahead.size(), 12));
  return (head.starts_with("RIFF") && head.ends_with("WAVE")) || head.starts_with("fLaC") ||
         (head.starts_with("FORM") && head.ends_with("AIFF")) || head.starts_with("OggS");
}

SensorInfo recording_sensor(const std::string& path, const EventOptions& options) {
  if (is_sound(path)) return heard(path, static_cast<std::size_t>(Cochlea::Parameters().channels));
  return open_events(path, options)->sensor();
}

std::unique_ptr<EventReader> open_recording(const std::string& path, const EventOptions& options) {
  if (is_sound(path)) {
    if (options.sample != 0 || options.sensor)
      throw Error(ErrorKind::usage,
                  path + ": a sound is one recording without a camera: no sample, no sensor");
    return std::make_unique<CochleaReader>(path);
  }
  return open_events(path, options);
}

}  // namespace synfire
