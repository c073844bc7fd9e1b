// An event camera: a moving picture becomes brighter and darker events.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "core/parameter.hpp"
#include "core/random.hpp"

namespace synfire {

/// One change of brightness, at column x and row y counted from the upper left corner.
struct CameraEvent {
  std::int64_t t_us = 0;
  std::uint16_t x = 0, y = 0;
  bool on = false;  ///< brighter

  bool operator==(const CameraEvent&) const = default;
};

/// The dynamic vision sensor. A pixel compares L = log(I + dark) with the level R that it remembers:
///
///   L >= R + theta_on:   ON event,    L <= R - theta_off:   OFF event
///
/// After an event at t the pixel is deaf until t + refractory and then remembers R = L(t + refractory);
/// without a refractory period that is the level just crossed. Between two frames L is a straight line, so
/// crossings have times of their own. Thresholds differ from pixel to pixel: theta + mismatch z with z
/// normal, at least theta/10. Background events come as a Poisson process of each pixel, ON or OFF with equal
/// probability, and reset it like any event; they do not depend on where the frames lie. Sources: pixel and
/// reset, Lichtsteiner, Posch & Delbruck 2008, IEEE J. Solid-State Circuits 43:566; linear interpolation,
/// Mueggler et al. 2017, Int. J. Robotics Res. 36:142; mismatch and background events, Hu, Liu & Delbruck
/// 2021, CVPR Workshops (v2e).
class EventCamera {
 public:
  struct Parameters {
    double threshold_on = 0.3;
    double threshold_off = 0.3;
    double mismatch = 0.03;
    double refractory = 1;
    double noise_rate = 0.1;
    double dark = 1e-3;
  };
  static constexpr auto describe() {
    using P = Parameters;
    // So that no frame can ask for more events than memory holds, and log stays among normal numbers.
    constexpr Bounds contrast{.low = 0.01, .high = 100}, rate{.low = 0, .high = 1e5},
        above_zero{.low = 1e-30};
    return about<P>(
        "event_camera", "a moving picture as ON and OFF events of a dynamic vision sensor",
        "Lichtsteiner, Posch & Delbruck 2008, IEEE J. Solid-State Circuits 43:566",
        field(&P::threshold_on, "threshold_on", Unit::none, contrast,
              "rise of log intensity for an ON event"),
        field(&P::threshold_off, "threshold_off", Unit::none, contrast,
              "fall of log intensity for an OFF event"),
        field(&P::mismatch, "mismatch", Unit::none, non_negative,
              "standard deviation of the thresholds among pixels"),
        field(&P::refractory, "refractory", Unit::ms, non_negative,
              "time that a pixel is deaf after an event"),
        field(&P::noise_rate, "noise_rate", Unit::Hz, rate, "background events of a pixel"),
        field(&P::dark, "dark", Unit::none, above_zero, "added to each intensity, as by dark current"));
  }

  /// Throws Error(usage) for a sensor without pixels or with more than 65535 on a side, Error(input) for
  /// parameters out of bounds.
  EventCamera(int width, int height, const Parameters& parameters, RandomKey key);

  /// The picture at `t_us`, row by row, intensities >= 0; the first sets the levels, each further one appends
  /// the events since the one before, sorted by time, then row, then column. Throws Error(usage) when the
  /// size is not that of the sensor, the time does not grow, or an intensity is negative or not finite.
  void frame(std::int64_t t_us, std::span<const double> intensity, std::vector<CameraEvent>& events);

  int width() const { return width_; }
  int height() const { return height_; }

 private:
  struct Pixel {
    double level;                        // R
    double log_intensity;                // L at the last frame
    double threshold_on, threshold_off;  // of this pixel
    double free_at;                      // µs; deaf until then
    double noise_at;                     // µs; the next background event
    std::uint32_t noise_drawn;           // background events drawn so far
    bool noise_on;
  };
  struct Line;  // L between two frames

  void check_frame(std::int64_t t_us, std::span<const double> intensity) const;
  void start(std::span<const double> intensity);
  void draw_noise(std::size_t index, Pixel& pixel, double after) const;
  void watch(std::size_t index, const Line& line, std::vector<CameraEvent>& events);
  CameraEvent event_at(std::size_t index, double t, bool on) const;

  int width_, height_;
  double refractory_us_, noise_per_us_, dark_;
  RandomKey noise_key_;
  std::vector<Pixel> pixels_;
  bool started_ = false;
  std::int64_t last_us_ = 0;
};

/// A picture, row by row, in front of a camera.
struct Picture {
  int width = 0, height = 0;
  std::vector<double> intensity;
};

/// Adds `picture` to `canvas` (canvas_width pixels wide) with its upper left corner at (x, y), by bilinear
/// interpolation; what lies outside is cut off. Moving by a whole pixel moves the picture exactly.
void add_shifted(const Picture& picture, double x, double y, std::span<double> canvas, int canvas_width);

/// Three saccades along the sides of an isosceles triangle, as those by which N-MNIST was recorded (Orchard
/// et al. 2015, Front. Neurosci. 9:437); here first to the lower right, then to the upper right, then back to
/// the left, at constant speed.
struct Saccades {
  double width = 8, height = 4;  ///< of the triangle, pixels
  double duration_ms = 100;      ///< of one saccade

  struct Shift {
    double x = 0, y = 0;
  };
  /// Of the picture at t >= 0; starts anew after three saccades.
  Shift at(double t_ms) const;
};

}  // namespace synfire
