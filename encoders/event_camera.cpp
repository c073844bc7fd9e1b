#include "encoders/event_camera.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/math.hpp"

namespace synfire {
namespace {

constexpr double never = std::numeric_limits<double>::infinity();

void check(const EventCamera::Parameters& parameters) {
  constexpr auto description = EventCamera::describe();
  for_each_field(description, [&](const auto& f) {
    const ParameterInfo info{std::string(f.name), f.unit, 0, f.bounds, std::string(f.meaning)};
    check_bounds(info, parameters.*(f.member), "event camera", {});
  });
}

}  // namespace

struct EventCamera::Line {
  double t0, t1, from, to;

  double at(double t) const { return from + (to - from) * ((t - t0) / (t1 - t0)); }
  /// When a level in its range is reached, if not before `earliest`.
  double time_of(double level, double earliest) const {
    return std::clamp(t0 + (t1 - t0) * ((level - from) / (to - from)), earliest, t1);
  }
};

EventCamera::EventCamera(int width, int height, const Parameters& parameters, RandomKey key)
    : width_(width),
      height_(height),
      refractory_us_(parameters.refractory * 1e3),
      noise_per_us_(parameters.noise_rate * 1e-6),
      dark_(parameters.dark) {
  if (width < 1 || height < 1 || width > 65535 || height > 65535)
    throw Error(ErrorKind::usage,
                fmt::format("an event camera has 1 to 65535 pixels on a side, not {} x {}", width, height));
  check(parameters);
  noise_key_ = key;
  noise_key_.high ^= 0x6E6F6973u;  // a family of its own beside the thresholds
  pixels_.resize(std::size_t(width) * std::size_t(height));
  for (std::size_t i = 0; i < pixels_.size(); ++i) {
    RandomStream stream(key, i);
    const auto threshold = [&](double mean) {
      return std::max(mean + parameters.mismatch * stream.normal(), mean / 10);
    };
    pixels_[i].threshold_on = threshold(parameters.threshold_on);
    pixels_[i].threshold_off = threshold(parameters.threshold_off);
  }
}

void EventCamera::check_frame(std::int64_t t_us, std::span<const double> intensity) const {
  if (intensity.size() != pixels_.size())
    throw Error(ErrorKind::usage, fmt::format("a frame of {} pixels for a sensor of {} x {}",
                                              intensity.size(), width_, height_));
  if (started_ && t_us <= last_us_)
    throw Error(ErrorKind::usage, fmt::format("a frame at {} µs after one at {} µs", t_us, last_us_));
  const auto bad = std::find_if(intensity.begin(), intensity.end(),
                                [](double value) { return !(value >= 0 && std::isfinite(value)); });
  if (bad != intensity.end())
    throw Error(ErrorKind::usage,
                fmt::format("pixel {} has the intensity {}; it must be 0 or a finite larger one",
                            bad - intensity.begin(), *bad));
}

void EventCamera::start(std::span<const double> intensity) {
  for (std::size_t i = 0; i < pixels_.size(); ++i) {
    Pixel& pixel = pixels_[i];
    pixel.level = pixel.log_intensity = math::log(intensity[i] + dark_);
    pixel.free_at = -never;
    pixel.noise_drawn = 0;
    draw_noise(i, pixel, static_cast<double>(last_us_));
  }
}

void EventCamera::draw_noise(std::size_t index, Pixel& pixel, double after) const {
  if (noise_per_us_ <= 0) {
    pixel.noise_at = never;
    return;
  }
  RandomStream stream(noise_key_, index, pixel.noise_drawn++);
  pixel.noise_at = after + stream.exponential() / noise_per_us_;
  pixel.noise_on = stream.word() & 1;
}

CameraEvent EventCamera::event_at(std::size_t index, double t, bool on) const {
  const auto width = static_cast<std::size_t>(width_);
  return {static_cast<std::int64_t>(std::floor(t)), static_cast<std::uint16_t>(index % width),
          static_cast<std::uint16_t>(index / width), on};
}

void EventCamera::watch(std::size_t index, const Line& line, std::vector<CameraEvent>& events) {
  Pixel& pixel = pixels_[index];
  double now = line.t0;
  if (pixel.free_at > now && pixel.free_at <= line.t1) {
    now = pixel.free_at;
    pixel.level = line.at(now);
  }
  while (true) {
    const bool deaf = pixel.free_at > line.t1;
    const bool rises = !deaf && line.to > line.from && line.to >= pixel.level + pixel.threshold_on;
    const bool falls = !deaf && line.to < line.from && line.to <= pixel.level - pixel.threshold_off;
    const double next_level = rises ? pixel.level + pixel.threshold_on : pixel.level - pixel.threshold_off;
    const double crossing = rises || falls ? line.time_of(next_level, now) : never;
    const double t = std::min(crossing, pixel.noise_at);
    if (t > line.t1) return;
    const bool is_noise = pixel.noise_at <= crossing;
    const bool on = is_noise ? pixel.noise_on : rises;
    if (is_noise) draw_noise(index, pixel, t);
    if (is_noise && t < pixel.free_at) continue;
    events.push_back(event_at(index, t, on));
    now = t;
    pixel.level = is_noise ? line.at(t) : next_level;
    if (refractory_us_ <= 0) continue;
    now = pixel.free_at = t + refractory_us_;
    if (now <= line.t1) pixel.level = line.at(now);
  }
}

void EventCamera::frame(std::int64_t t_us, std::span<const double> intensity,
                        std::vector<CameraEvent>& events) {
  check_frame(t_us, intensity);
  const std::int64_t before = std::exchange(last_us_, t_us);
  if (!std::exchange(started_, true)) {
    start(intensity);
    return;
  }
  const std::size_t first = events.size();
  for (std::size_t i = 0; i < pixels_.size(); ++i) {
    const double now = math::log(intensity[i] + dark_);
    watch(i, {static_cast<double>(before), static_cast<double>(t_us), pixels_[i].log_intensity, now}, events);
    pixels_[i].log_intensity = now;
  }
  std::sort(events.begin() + static_cast<std::ptrdiff_t>(first), events.end(),
            [](const CameraEvent& a, const CameraEvent& b) {
              return std::tie(a.t_us, a.y, a.x, a.on) < std::tie(b.t_us, b.y, b.x, b.on);
            });
}

void add_shifted(const Picture& picture, double x, double y, std::span<double> canvas, int canvas_width) {
  const int height = static_cast<int>(canvas.size()) / canvas_width;
  const int left = static_cast<int>(std::floor(x)), top = static_cast<int>(std::floor(y));
  const double right_part = x - left, lower_part = y - top;
  const auto value = [&](int row, int column) {
    const bool inside = row >= 0 && column >= 0 && row < picture.height && column < picture.width;
    return inside ? picture.intensity[std::size_t(row) * std::size_t(picture.width) + std::size_t(column)]
                  : 0.0;
  };
  for (int row = std::max(0, -top); row <= picture.height && top + row < height; ++row)
    for (int column = std::max(0, -left); column <= picture.width && left + column < canvas_width; ++column) {
      const double upper =
          value(row - 1, column - 1) * right_part + value(row - 1, column) * (1 - right_part);
      const double lower = value(row, column - 1) * right_part + value(row, column) * (1 - right_part);
      canvas[std::size_t(top + row) * std::size_t(canvas_width) + std::size_t(left + column)] +=
          upper * lower_part + lower * (1 - lower_part);
    }
}

Saccades::Shift Saccades::at(double t_ms) const {
  constexpr int count = 3;
  const Shift corners[count + 1] = {{0, 0}, {width / 2, height}, {width, 0}, {0, 0}};
  const double phase = std::fmod(t_ms / duration_ms, count);
  const int side = std::min(static_cast<int>(phase), count - 1);
  const double part = phase - side;
  const Shift from = corners[side], to = corners[side + 1];
  return {from.x + (to.x - from.x) * part, from.y + (to.y - from.y) * part};
}

}  // namespace synfire
