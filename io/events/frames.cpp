#include "io/events/frames.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

#include <fmt/format.h>

#include "core/error.hpp"

namespace synfire {

namespace {

constexpr std::uint64_t most_frames = 1000000;
constexpr double never = -1;

hdf5::Dataset make_dataset(hdf5::File& file, const FrameOptions& options, Extent sensor,
                           std::uint32_t planes) {
  hdf5::Dataset frames =
      file.create_growing("frames", hdf5::type_of<float>(),
                          {.row = {planes, sensor.height, sensor.width}, .chunk_bytes = 1 << 20});
  frames.set_attribute("kind", frame_kind_name(options.kind));
  frames.set_attribute("axes", std::string_view("frame, polarity, y, x"));
  frames.set_attribute("bin_us", options.bin_us);
  if (options.kind == FrameKind::time_surface) frames.set_attribute("tau_us", options.tau_us);
  return frames;
}

}  // namespace

std::string_view frame_kind_name(FrameKind kind) {
  constexpr std::array<std::string_view, 3> names{"count", "time_surface", "voxel"};
  return names[static_cast<std::size_t>(kind)];
}

FrameBuilder::FrameBuilder(const FrameOptions& options, Extent sensor, Output output)
    : options_(options), sensor_(sensor), output_(std::move(output)) {
  constexpr std::uint64_t most_pixels = std::uint64_t(1) << 24;
  if (sensor.pixels() == 0 || sensor.pixels() > most_pixels)
    throw Error(ErrorKind::usage, fmt::format("frames of {} x {} pixels cannot be made; 1 to {} can",
                                              sensor.width, sensor.height, most_pixels));
  if (options.bin_us < 1) throw Error(ErrorKind::usage, "frames: a bin lasts at least 1 µs");
  if (!(options.tau_us > 0)) throw Error(ErrorKind::usage, "frames: the time constant is above 0");
  frame_.resize(sensor.pixels() * planes());
  if (options.kind == FrameKind::voxel) next_.resize(frame_.size());
  if (options.kind == FrameKind::time_surface) latest_.assign(frame_.size(), never);
}

void FrameBuilder::add(std::span<const Event> events) {
  for (const Event& event : events) {
    if (!begun_) start_ = last_ = event.t_us;
    begun_ = true;
    if (event.t_us < last_)
      throw Error(
          ErrorKind::input,
          fmt::format("an event at {} µs comes after one at {} µs; frames need events in order of time",
                      event.t_us, last_));
    last_ = event.t_us;
    const std::uint64_t since = static_cast<std::uint64_t>(event.t_us) - static_cast<std::uint64_t>(start_);
    const std::uint64_t bin = since / static_cast<std::uint64_t>(options_.bin_us);
    if (bin >= most_frames)
      throw Error(
          ErrorKind::input,
          fmt::format("an event lies {} µs after the first: that would be more than {} frames of {} µs; make "
                      "the bins longer, or keep a part of the recording",
                      since, most_frames, options_.bin_us));
    advance(bin);
    place(event, static_cast<double>(since));
  }
}

void FrameBuilder::advance(std::uint64_t bin) {
  while (frames_ < bin) give_out();
}

void FrameBuilder::give_out() {
  if (options_.kind == FrameKind::time_surface) {
    const double end = static_cast<double>(frames_ + 1) * static_cast<double>(options_.bin_us);
    for (std::size_t i = 0; i < frame_.size(); ++i)
      frame_[i] =
          latest_[i] == never ? 0.0F : static_cast<float>(std::exp((latest_[i] - end) / options_.tau_us));
  }
  output_(frame_);
  ++frames_;
  std::fill(frame_.begin(), frame_.end(), 0.0F);
  if (options_.kind == FrameKind::voxel) frame_.swap(next_);
}

void FrameBuilder::place(const Event& event, double since_us) {
  const std::size_t pixel = std::size_t(event.y) * sensor_.width + event.x;
  const std::size_t cell = options_.kind == FrameKind::voxel ? pixel : event.on * sensor_.pixels() + pixel;
  if (options_.kind == FrameKind::count) {
    frame_[cell] += 1;
  } else if (options_.kind == FrameKind::time_surface) {
    latest_[cell] = since_us;
  } else {
    const double bin = static_cast<double>(options_.bin_us);
    const double share = std::clamp(since_us / bin - static_cast<double>(frames_), 0.0, 1.0);
    const double sign = event.on != 0 ? 1 : -1;
    frame_[cell] += static_cast<float>(sign * (1 - share));
    next_[cell] += static_cast<float>(sign * share);
  }
}

void FrameBuilder::finish() {
  if (!begun_) return;
  begun_ = false;
  give_out();
  if (options_.kind == FrameKind::voxel) give_out();
}

FrameFile::Unfinished::~Unfinished() {
  std::error_code ignored;
  std::filesystem::remove(path, ignored);
}

FrameFile::FrameFile(const std::string& path, const FrameOptions& options, Extent sensor)
    : path_(path),
      builder_(options, sensor, [this](std::span<const float> frame) { frames_.append(frame); }),
      unfinished_{path + ".unfinished"},
      file_(hdf5::File::create(unfinished_.path, true)),
      frames_(make_dataset(file_, options, sensor, builder_.planes())) {}

void FrameFile::finish() {
  builder_.finish();
  frames_.set_attribute("start_us", builder_.start_us());
  file_.flush();
  file_.rename(path_);
  file_.close();
}

}  // namespace synfire
