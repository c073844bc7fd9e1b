#include "encoders/vibration.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "core/error.hpp"

namespace synfire {
namespace {

constexpr double dt_ms = 0.1;
constexpr std::size_t group_size = 4, pieces = 4;

// What is drawn for a trial; numbers of the parts of its random stream.
enum Part : std::uint32_t { motion, heights, noise, split, order };

std::uint64_t stream_of(std::size_t surface, std::size_t trial) {
  return std::uint64_t(trial) << 8 | surface;
}

/// A random order of n things (Fisher and Yates).
std::vector<std::size_t> shuffled(std::size_t n, RandomStream stream) {
  std::vector<std::size_t> items(n);
  std::iota(items.begin(), items.end(), std::size_t(0));
  for (std::size_t i = n; i > 1; --i) std::swap(items[i - 1], items[stream.below(i)]);
  return items;
}

void add(VibrationSet& set, const Vibration::Trace& trace, std::size_t surface) {
  const auto picture = Vibration::picture(trace);
  set.pictures.insert(set.pictures.end(), picture.begin(), picture.end());
  set.classes.push_back(static_cast<std::uint8_t>(surface));
}

VibrationSet reordered(const VibrationSet& set, std::span<const std::size_t> order) {
  constexpr std::size_t size = Vibration::length;
  VibrationSet result;
  result.pictures.reserve(set.pictures.size());
  for (const std::size_t i : order) {
    const auto first = set.pictures.begin() + std::ptrdiff_t(i * size);
    result.pictures.insert(result.pictures.end(), first, first + size);
    result.classes.push_back(set.classes[i]);
  }
  return result;
}

// Combinations of a group: its size to the power of the pieces.
double combined(std::size_t samples) {
  double sum = 0;
  for (std::size_t first = 0; first < samples; first += group_size)
    sum += std::pow(double(std::min(group_size, samples - first)), double(pieces));
  return sum;
}

void check(const Vibration::Parameters& p) {
  if (p.train >= p.samples)
    throw Error(ErrorKind::input, fmt::format("vibration: train is {} of {} samples; at least one must be "
                                              "left for the test",
                                              p.train, p.samples));
  constexpr double most = 1e6;
  const double total =
      Vibration::classes * (p.augment != 0 ? combined(static_cast<std::size_t>(p.train)) : p.train);
  if (total > most)
    throw Error(
        ErrorKind::input,
        fmt::format("vibration: {} training samples would be made; at most {} are possible", total, most));
}

}  // namespace

Vibration::Trace Vibration::trace(const Parameters& p, RandomKey key, std::size_t surface,
                                  std::size_t trial) {
  const std::uint64_t stream = stream_of(surface, trial);
  const double relative = roughness_um[surface] / roughness_um[0];
  const double wavelength_mm = 4 * std::pow(relative, 0.4);
  const double amplitude = std::pow(relative, 0.2) * (p.film == 1 ? 1.0 : 0.4);
  RandomStream moved(key, stream, motion),
      heard(key, stream, noise + 16 * static_cast<std::uint32_t>(p.film));
  const double speed = std::max(0.1 * p.speed, p.speed * (1 + p.speed_sd * moved.normal()));  // mm/ms
  const double start = p.phase_sd * moved.normal();
  std::vector<double> height;
  RandomStream surface_stream(key, stream, heights);
  Trace trace(length);
  for (std::size_t i = 0; i < length; ++i) {
    const double t = dt_ms * double(i + 1);
    const double phase = start + speed * t / wavelength_mm;
    const auto asperity = static_cast<std::size_t>(std::max(0.0, std::floor(phase)));
    while (height.size() <= asperity) height.push_back(1 + p.irregularity * surface_stream.normal());
    const double turn = 6.283185307179586 * phase;
    const double swing = std::sin(turn) + 0.3 * std::sin(2 * turn);
    const double contact = 1 - std::exp(-t / 5);
    trace[i] = static_cast<float>(amplitude * height[asperity] * contact * swing + p.noise * heard.normal());
  }
  return trace;
}

std::vector<std::uint8_t> Vibration::picture(const Trace& trace) {
  std::vector<std::uint8_t> pixels;
  pixels.reserve(trace.size());
  for (const float x : trace)
    pixels.push_back(static_cast<std::uint8_t>(std::lround(255 * std::clamp(x, 0.0f, 1.0f))));
  return pixels;
}

std::vector<std::vector<float>> split_and_combine(std::span<const std::vector<float>> samples,
                                                  std::size_t parts) {
  std::vector<std::vector<float>> made;
  for (std::size_t first = 0; first < samples.size(); first += group_size) {
    const auto group = samples.subspan(first, std::min(group_size, samples.size() - first));
    const std::size_t part = group.front().size() / parts;
    std::vector<std::size_t> chosen(parts, 0);  // counts up like an odometer
    for (std::size_t digit = 0; digit < parts;) {
      std::vector<float>& combination = made.emplace_back();
      for (std::size_t k = 0; k < parts; ++k) {
        const auto from = group[chosen[k]].begin() + std::ptrdiff_t(k * part);
        combination.insert(combination.end(), from, from + std::ptrdiff_t(part));
      }
      for (digit = 0; digit < parts && ++chosen[digit] == group.size(); ++digit) chosen[digit] = 0;
    }
  }
  return made;
}

VibrationData make_vibrations(const Vibration::Parameters& p, RandomKey key) {
  check(p);
  const auto samples = static_cast<std::size_t>(p.samples), train = static_cast<std::size_t>(p.train);
  VibrationData data;
  VibrationSet trained;
  for (std::size_t surface = 0; surface < Vibration::classes; ++surface) {
    const auto trials = shuffled(samples, RandomStream(key, surface, split));
    std::vector<Vibration::Trace> traces;
    for (std::size_t k = 0; k < train; ++k) traces.push_back(Vibration::trace(p, key, surface, trials[k]));
    if (p.augment != 0) traces = split_and_combine(traces, pieces);
    for (const auto& trace : traces) add(trained, trace, surface);
    for (std::size_t k = train; k < samples; ++k)
      add(data.test, Vibration::trace(p, key, surface, trials[k]), surface);
  }
  data.train = reordered(trained, shuffled(trained.classes.size(), RandomStream(key, 0, order)));
  return data;
}

}  // namespace synfire
