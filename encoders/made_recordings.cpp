#include "encoders/made_recordings.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "encoders/cochlea.hpp"

namespace synfire {
namespace {

using std::numbers::pi;

RandomKey key_of(RandomStream& stream, std::string_view what) {
  const std::uint64_t high = stream.word();
  return {high << 32 | stream.word(), what};
}

struct Point {
  double x = 0, y = 0;
};

// ---- Gestures ----

/// What differs between two recordings of a gesture.
struct Manner {
  Point centre;
  double reach, period_ms, phase, radius;

  explicit Manner(RandomStream& random)
      : centre{random.uniform(54, 74), random.uniform(54, 74)},
        reach(random.uniform(14, 22)),
        period_ms(random.uniform(250, 400)),
        phase(random.uniform()),
        radius(random.uniform(6, 9)) {}
};

std::vector<Point> hands(std::size_t gesture, const Manner& m, double t_ms) {
  const double angle = 2 * pi * (t_ms / m.period_ms + m.phase), s = std::sin(angle), c = std::cos(angle);
  const auto [x, y] = m.centre;
  constexpr double side = 28;  // from the middle to where one hand alone is
  switch (gesture) {
    case 0:
      return {{x - 12 - m.reach * (1 + s) / 2, y}, {x + 12 + m.reach * (1 + s) / 2, y}};
    case 1:
      return {{x - side + 0.6 * m.reach * s, y}};
    case 2:
      return {{x + side + 0.6 * m.reach * s, y}};
    case 3:  // y points down
      return {{x + m.reach * c, y + m.reach * s}};
    case 4:
      return {{x + m.reach * c, y - m.reach * s}};
    default:
      return {{x - side, y + m.reach * s}, {x + side, y - m.reach * s}};
  }
}

void draw_hand(Point at, double radius, std::vector<double>& canvas) {
  constexpr int side = Gestures::width;
  const int reach = static_cast<int>(3 * radius);
  const int x0 = static_cast<int>(at.x), y0 = static_cast<int>(at.y);
  for (int y = std::max(0, y0 - reach); y <= std::min(side - 1, y0 + reach); ++y)
    for (int x = std::max(0, x0 - reach); x <= std::min(side - 1, x0 + reach); ++x) {
      const double dx = x - at.x, dy = y - at.y;
      canvas[static_cast<std::size_t>(y) * static_cast<std::size_t>(side) + static_cast<std::size_t>(x)] +=
          150 * std::exp(-(dx * dx + dy * dy) / (2 * radius * radius));
    }
}

// ---- Digits ----

// The way of the pen, in a square of side 1, y down.
const std::vector<Point>& strokes(std::size_t digit) {
  static const std::array<std::vector<Point>, 10> all = {{
      {{.5, .05}, {.2, .2}, {.12, .5}, {.2, .8}, {.5, .95}, {.8, .8}, {.88, .5}, {.8, .2}, {.5, .05}},
      {{.35, .2}, {.55, .05}, {.55, .95}},
      {{.15, .25}, {.3, .08}, {.6, .05}, {.82, .22}, {.75, .45}, {.15, .95}, {.88, .95}},
      {{.18, .12}, {.5, .04}, {.8, .2}, {.72, .42}, {.42, .48}, {.78, .58}, {.84, .8}, {.5, .96}, {.15, .86}},
      {{.65, .95}, {.65, .05}, {.12, .65}, {.9, .65}},
      {{.82, .06}, {.25, .06}, {.2, .45}, {.55, .4}, {.85, .6}, {.78, .88}, {.45, .96}, {.14, .86}},
      {{.75, .06}, {.4, .2}, {.17, .55}, {.22, .85}, {.5, .96}, {.8, .82}, {.78, .58}, {.5, .5}, {.2, .65}},
      {{.12, .06}, {.88, .06}, {.4, .95}},
      {{.5, .48},
       {.25, .36},
       {.22, .15},
       {.5, .05},
       {.78, .15},
       {.76, .36},
       {.5, .48},
       {.2, .65},
       {.2, .88},
       {.5, .96},
       {.78, .88},
       {.8, .65},
       {.5, .48}},
      {{.8, .35}, {.55, .5}, {.25, .42}, {.2, .2}, {.5, .05}, {.78, .15}, {.8, .35}, {.7, .7}, {.45, .95}},
  }};
  return all[digit];
}

double distance_to(Point p, Point a, Point b) {
  const double dx = b.x - a.x, dy = b.y - a.y, length = dx * dx + dy * dy;
  double along = length > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / length : 0;
  along = std::clamp(along, 0.0, 1.0);
  return std::hypot(p.x - a.x - along * dx, p.y - a.y - along * dy);
}

Picture drawn_digit(std::size_t digit, double jitter, RandomStream& random) {
  constexpr int side = 28;
  const double slant = random.uniform(-0.25, 0.25), size = random.uniform(16, 20),
               pen = random.uniform(1, 1.7);
  const Point shift{random.uniform(-2, 2), random.uniform(-2, 2)};
  std::vector<Point> way;
  for (const Point& p : strokes(digit)) {
    const double x = p.x - 0.5 + jitter * random.normal(), y = p.y - 0.5 + jitter * random.normal();
    way.push_back({side / 2.0 + shift.x + size * (0.8 * x - slant * y), side / 2.0 + shift.y + size * y});
  }
  Picture picture{side, side, std::vector<double>(std::size_t(side) * side)};
  for (int y = 0; y < side; ++y)
    for (int x = 0; x < side; ++x) {
      double nearest = side;
      for (std::size_t k = 0; k + 1 < way.size(); ++k)
        nearest = std::min(nearest, distance_to({double(x), double(y)}, way[k], way[k + 1]));
      picture.intensity[static_cast<std::size_t>(y) * static_cast<std::size_t>(side) +
                        static_cast<std::size_t>(x)] = 200 * std::clamp(pen + 0.5 - nearest, 0.0, 1.0);
    }
  return picture;
}

// ---- Words ----

constexpr std::array<Utterance::Formants, 3> vowel_formants = {
    {{750, 1200, 1}, {300, 2300, 0.9}, {320, 800, 0.9}}};  // a, i, u

double channel_of(double hz) {
  constexpr double lowest = 50, highest = 20000;
  return (VowelWords::width - 1) * std::log(highest / hz) / std::log(highest / lowest);
}

double bump(double distance, double width) { return std::exp(-distance * distance / (2 * width * width)); }

}  // namespace

std::vector<CameraEvent> Gestures::recording(const Parameters& p, RandomKey random, std::size_t of_class,
                                             std::size_t trial) {
  constexpr int duration_ms = 600, frame_ms = 10;
  RandomStream stream(random, of_class, static_cast<std::uint32_t>(trial));
  const Manner manner(stream);
  EventCamera camera(width, height, {.threshold_on = 0.25, .threshold_off = 0.25, .noise_rate = p.noise_rate},
                     key_of(stream, "gestures"));
  std::vector<CameraEvent> events;
  std::vector<double> canvas;
  for (int t = 0; t <= duration_ms; t += frame_ms) {
    canvas.assign(std::size_t(width) * height, 60);
    for (const Point& hand : hands(of_class, manner, t)) draw_hand(hand, manner.radius, canvas);
    camera.frame(std::int64_t(t) * 1000, canvas, events);
  }
  return events;
}

std::vector<CameraEvent> MovingDigits::recording(const Parameters& p, RandomKey random, std::size_t of_class,
                                                 std::size_t trial) {
  constexpr int duration_ms = 300, frame_ms = 2;
  RandomStream stream(random, of_class, static_cast<std::uint32_t>(trial));
  const Picture picture = drawn_digit(of_class, p.jitter, stream);
  EventCamera camera(width, height, {.threshold_on = 0.4, .threshold_off = 0.4, .noise_rate = p.noise_rate},
                     key_of(stream, "digits"));
  const Saccades path{.width = 8, .height = 4, .duration_ms = 100};
  std::vector<CameraEvent> events;
  std::vector<double> canvas;
  for (int t = 0; t <= duration_ms; t += frame_ms) {
    canvas.assign(std::size_t(width) * height, 20);
    const Saccades::Shift shift = path.at(t);
    add_shifted(picture, 3 + shift.x - path.width / 2, 3 + shift.y - path.height / 2, canvas, width);
    camera.frame(std::int64_t(t) * 1000, canvas, events);
  }
  return events;
}

Utterance Utterance::drawn(RandomKey random, std::size_t word, std::size_t trial) {
  constexpr std::array<std::array<int, 3>, words> orders = {
      {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}};
  RandomStream stream(random, word, static_cast<std::uint32_t>(trial));
  Utterance made;
  made.vowels = orders[word];
  made.tract = stream.uniform(0.92, 1.08);
  made.pitch_hz = stream.uniform(100, 160);
  made.vowel_ms = stream.uniform(60, 80);
  made.start_ms = stream.uniform(2, 12);
  return made;
}

Utterance::Formants Utterance::at(double t_ms) const {
  constexpr double glide_ms = 20, swell_ms = 10;
  const double t = t_ms - start_ms;
  if (t < 0 || t >= 3 * vowel_ms) return {};
  const auto now = std::min<std::size_t>(2, static_cast<std::size_t>(t / vowel_ms));
  const double inside = t - static_cast<double>(now) * vowel_ms, left = vowel_ms - inside;
  const Formants& here = vowel_formants[static_cast<std::size_t>(vowels[now])];
  const Formants& next = vowel_formants[static_cast<std::size_t>(vowels[std::min<std::size_t>(now + 1, 2)])];
  const double part = left < glide_ms ? 1 - left / glide_ms : 0;
  const double swell = std::min({1.0, t / swell_ms, (3 * vowel_ms - t) / swell_ms});
  const auto between = [part](double a, double b) { return a + part * (b - a); };
  return {tract * between(here.first_hz, next.first_hz), tract * between(here.second_hz, next.second_hz),
          swell * between(here.loudness, next.loudness)};
}

std::vector<CameraEvent> VowelWords::recording(const Parameters& p, RandomKey random, std::size_t of_class,
                                               std::size_t trial) {
  constexpr double background_hz = 1, spread = 12;
  const Utterance word = Utterance::drawn(random, of_class, trial);
  RandomStream stream(random, of_class + classes, static_cast<std::uint32_t>(trial));
  std::vector<CameraEvent> events;
  for (int ms = 0; ms < static_cast<int>(word.length_ms()) + 10; ++ms) {
    const Utterance::Formants f = word.at(ms);
    const double c1 = f.loudness > 0 ? channel_of(f.first_hz) : 0,
                 c2 = f.loudness > 0 ? channel_of(f.second_hz) : 0;
    const auto begin = static_cast<std::ptrdiff_t>(events.size());
    for (std::uint32_t c = 0; c < width; ++c) {
      const double rate =
          background_hz + p.max_rate * f.loudness * (bump(c - c1, spread) + 0.7 * bump(c - c2, spread));
      if (stream.uniform() >= rate * 1e-3) continue;
      const auto t_us = std::int64_t(ms) * 1000 + static_cast<std::int64_t>(stream.below(1000));
      events.push_back({t_us, static_cast<std::uint16_t>(c), 0, true});
    }
    std::sort(events.begin() + begin, events.end(), [](const CameraEvent& a, const CameraEvent& b) {
      return a.t_us != b.t_us ? a.t_us < b.t_us : a.x < b.x;
    });
  }
  return events;
}

std::vector<float> SpokenWords::sound(const Parameters& p, RandomKey random, std::size_t of_class,
                                      std::size_t trial) {
  constexpr double rate = 48000, highest_hz = 4000, bandwidth_hz = 120;
  const Utterance word = Utterance::drawn(random, of_class, trial);
  RandomStream stream(random, of_class + classes, static_cast<std::uint32_t>(trial));
  const int harmonics = static_cast<int>(highest_hz / word.pitch_hz);
  std::vector<float> sound(static_cast<std::size_t>((word.length_ms() + 10) * rate / 1000));
  std::vector<double> weights(static_cast<std::size_t>(harmonics));
  for (std::size_t i = 0; i < sound.size(); ++i) {
    const double t = static_cast<double>(i) / rate;
    if (i % 48 == 0) {  // formants move slowly: once in a millisecond
      const Utterance::Formants f = word.at(t * 1e3);
      for (int h = 1; h <= harmonics; ++h) {
        const double hz = h * word.pitch_hz;
        weights[static_cast<std::size_t>(h - 1)] =
            f.loudness * (bump(hz - f.first_hz, bandwidth_hz) + 0.5 * bump(hz - f.second_hz, bandwidth_hz));
      }
    }
    double value = p.noise * stream.normal();
    for (int h = 1; h <= harmonics; ++h)
      if (const double weight = weights[static_cast<std::size_t>(h - 1)]; weight > 1e-3)
        value += weight * std::sin(2 * pi * h * word.pitch_hz * t);
    sound[i] = static_cast<float>(value);
  }
  return sound;
}

std::vector<CameraEvent> SpokenWords::recording(const Parameters& p, RandomKey random, std::size_t of_class,
                                                std::size_t trial) {
  static const Cochlea cochlea;  // its table takes a while, and is the same for all
  RandomKey key = random;
  key.low ^= static_cast<std::uint32_t>(of_class << 16 ^ trial) * 0x9E3779B9u;
  const std::vector<float> heard = sound(p, random, of_class, trial);
  std::vector<CameraEvent> events;
  for (const Cochlea::Spike& spike : cochlea.spikes(heard, key))
    events.push_back({std::llround(spike.step * 1e6 / cochlea.model_rate()), spike.channel, 0, true});
  return events;
}

}  // namespace synfire
