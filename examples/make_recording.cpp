// Makes recordings/fashion.aedat: three pictures of Fashion-MNIST that move before an event camera for a
// second.
#include <array>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <zlib.h>

#include "core/error.hpp"
#include "core/random.hpp"
#include "encoders/event_camera.hpp"
#include "io/events/aedat2.hpp"

namespace synfire {
namespace {

constexpr int side = 128;  // of the sensor, a DVS128
constexpr int duration_ms = 1000;
constexpr double background = 60;  // brightness behind the pictures, whose own is 0 to 255
constexpr const char* standard_images = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz";

// An IDX file of pictures, compressed or not: four big-endian words (2051, count, rows, columns), then bytes.
class PictureFile {
 public:
  explicit PictureFile(const std::string& path) : path_(path), file_(gzopen(path.c_str(), "rb")) {
    if (file_ == nullptr)
      throw Error(ErrorKind::input, {path}, "cannot be opened; install the package dataset-fashion-mnist");
    if (word() != 2051) throw Error(ErrorKind::input, {path}, "is not an IDX file of pictures");
    count_ = word(), rows_ = word(), columns_ = word();
    if (rows_ != 28 || columns_ != 28)
      throw Error(ErrorKind::input, {path},
                  fmt::format("has pictures of {} x {} pixels, not 28 x 28", rows_, columns_));
  }

  Picture read(std::uint32_t index) {
    if (index >= count_)
      throw Error(ErrorKind::input, {path_},
                  fmt::format("has {} pictures, but number {} is wanted", count_, index));
    std::vector<unsigned char> bytes(std::size_t(rows_) * columns_);
    if (gzseek(file_.get(), static_cast<z_off_t>(16 + index * bytes.size()), SEEK_SET) < 0)
      throw Error(ErrorKind::input, {path_}, "ends too early");
    fill(bytes);
    return {static_cast<int>(columns_), static_cast<int>(rows_), {bytes.begin(), bytes.end()}};
  }

 private:
  struct Close {
    void operator()(gzFile file) const { gzclose(file); }
  };

  void fill(std::span<unsigned char> bytes) {
    if (gzread(file_.get(), bytes.data(), static_cast<unsigned>(bytes.size())) !=
        static_cast<int>(bytes.size()))
      throw Error(ErrorKind::input, {path_}, "ends too early or is damaged");
  }
  std::uint32_t word() {
    std::array<unsigned char, 4> b{};
    fill(b);
    return std::uint32_t(b[0]) << 24 | std::uint32_t(b[1]) << 16 | std::uint32_t(b[2]) << 8 | b[3];
  }

  std::string path_;
  std::unique_ptr<gzFile_s, Close> file_;
  std::uint32_t count_ = 0, rows_ = 0, columns_ = 0;
};

// A boot goes right along the top, a bag makes saccades in the middle, trousers go left along the bottom.
class Scene {
 public:
  explicit Scene(PictureFile& pictures)
      : boot_(pictures.read(0)), bag_(pictures.read(18)), trousers_(pictures.read(2)) {}

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
  PictureFile pictures(images);
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
