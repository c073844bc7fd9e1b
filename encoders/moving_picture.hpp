#pragma once

#include <algorithm>
#include <string_view>

#include "core/error.hpp"
#include "encoders/event_camera.hpp"
#include "encoders/samples.hpp"

namespace synfire {

/// Images in front of an event camera, moved as in the recordings of N-MNIST (Orchard et al. 2015, Front.
/// Neurosci. 9:437): during each sample three saccades lead round a triangle, a frame every millisecond;
/// values are intensities, and those below 0 count as 0. Pixel (x, y) with polarity p is neuron (y width + x)
/// 2 + p. Each sample has a camera with noise of its own.
struct MovingPicture {
  using Parameters = EventCamera::Parameters;
  static constexpr bool emits_current = false;
  static constexpr bool needs_image = true;
  static constexpr std::string_view key = "values";
  static constexpr auto describe() { return EventCamera::describe(); }

  static std::size_t neurons(std::size_t values, const Parameters&) { return 2 * values; }

  static void encode(const Parameters& p, const Samples& samples, RandomKey random, EncodedSpikes& spikes) {
    std::vector<CameraEvent> events;
    std::vector<double> canvas(samples.columns);
    const auto width = static_cast<int>(samples.width), height = static_cast<int>(samples.height);
    for (std::size_t r = 0; r < samples.rows(); ++r) {
      RandomKey key = random;
      key.low ^= static_cast<std::uint32_t>(r) * 0x9E3779B9u;
      EventCamera camera(width, height, p, key);
      Picture picture{width, height, {samples.row(r).begin(), samples.row(r).end()}};
      for (double& value : picture.intensity) value = std::max(value, 0.0);
      const Saccades path{
          .width = samples.width / 4.0, .height = samples.height / 8.0, .duration_ms = samples.step / 3};
      for (std::int64_t ms = 0; static_cast<double>(ms) <= samples.step; ++ms) {
        std::fill(canvas.begin(), canvas.end(), 0.0);
        const Saccades::Shift shift = path.at(static_cast<double>(ms));
        add_shifted(picture, shift.x - path.width / 2, shift.y - path.height / 2, canvas, width);
        events.clear();
        camera.frame(ms * 1000, canvas, events);
        for (const CameraEvent& event : events)
          spikes.add(samples.start(r) + static_cast<double>(event.t_us) * 1e-3,
                     (std::uint64_t(event.y) * samples.width + event.x) * 2 + (event.on ? 1 : 0));
      }
    }
  }
};

}  // namespace synfire
