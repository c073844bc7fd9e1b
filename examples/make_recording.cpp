// Makes recordings/fashion.aedat: three pictures of Fashion-MNIST that move before an event camera for a
// second.
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/random.hpp"
#include "encoders/event_camera.hpp"
#include "io/events/aedat2.hpp"
#include "io/images.hpp"

namespace synfire {
namespace {

constexpr int side = 128;  // of the sensor, a DVS128
constexpr int duration_ms = 1000;
constexpr double background = 60;  // brightness behind the pictures, whose own is 0 to 255
constexpr const char* standard_images = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz";

Picture picture(IdxReader& images, std::uint32_t index) {
  const auto bytes = images.read(index, 1);
  return {28, 28, {bytes.begin(), bytes.end()}};
}

IdxReader open_images(const std::string& path) {
  IdxReader images(path);
  const auto& extents = images.extents();
  if (extents.size() != 3 || extents[1] != 28 || extents[2] != 28)
    throw Error(ErrorKind::input, {path}, "does not hold images of 28 x 28 pixels");
  return images;
}

// A boot goes right along the top, a bag makes saccades in the middle, trousers go left along the bottom.
class Scene {
 public:
  explicit Scene(IdxReader& images)
      : boot_(picture(images, 0)), bag_(picture(images, 18)), trousers_(picture(images, 2)) {}

  void draw(double t_ms, std::span<double> canvas) const {
    std::fill(canvas.begin(), canvas.end(), background);
    const double way = 92 * t_ms / duration_ms;
    const Saccades::Shift saccade = saccades_.at(t_ms);
    add_shifted(boot_, 4 + way, 8, canvas, side);
    add_shifted(bag_, 38 + saccade.x, 46 + saccade.y, canvas, side);
    add_shifted(trousers_, 96 - way, 92, canvas, side);
  }

 private:
  Picture boot_, bag_, trousers_;
  Saccades saccades_{.width = 24, .height = 10, .duration_ms = 320};
};

std::vector<CameraEvent> film(const Scene& scene) {
  // Coarse enough thresholds that the recording stays small; intensities are up to 255, so `dark` is small
  // too.
  const EventCamera::Parameters parameters{.threshold_on = 0.45,
                                           .threshold_off = 0.45,
                                           .mismatch = 0.03,
                                           .refractory = 1,
                                           .noise_rate = 0.1,
                                           .dark = 1};
  EventCamera camera(side, side, parameters, RandomKey(1, "examples/recordings/fashion"));
  std::vector<double> canvas(std::size_t(side) * side);
  std::vector<CameraEvent> events;
  for (int t_ms = 0; t_ms <= duration_ms; ++t_ms) {
    scene.draw(t_ms, canvas);
    camera.frame(std::int64_t(t_ms) * 1000, canvas, events);
  }
  return events;
}

void make_recording(const std::string& output, const std::string& images) {
  IdxReader pictures = open_images(images);
  std::vector<Event> events;
  for (const CameraEvent& e : film(Scene(pictures)))
    events.push_back({.t_us = e.t_us, .x = e.x, .y = e.y, .on = static_cast<std::uint8_t>(e.on)});
  Aedat2Writer writer(output, "DVS128");
  writer.write(events);
  writer.finish();
  fmt::print("{}: {} events\n", output, events.size());
}

}  // namespace
}  // namespace synfire

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    fmt::print(
        stderr,
        "usage: make_recording OUTPUT.aedat [IMAGES]\nIMAGES: pictures of Fashion-MNIST, IDX; default {}\n",
        synfire::standard_images);
    return 2;
  }
  try {
    synfire::make_recording(argv[1], argc == 3 ? argv[2] : synfire::standard_images);
  } catch (const synfire::Error& error) {
    fmt::print(stderr, "make_recording: {}\n", error.what());
    return error.exit_code();
  }
  return 0;
}
