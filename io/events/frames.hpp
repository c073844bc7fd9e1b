// Events merged to frames of equal length, one after another.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "io/events/filters.hpp"
#include "io/hdf5.hpp"

namespace synfire {

enum class FrameKind : std::uint8_t {
  /// Events of each pixel and polarity (plane 0: off, plane 1: on).
  count,
  /// exp(-(T - t) / tau) of the last event t of each pixel and polarity, T the end of the frame; 0 where
  /// there
  /// was none. Source: Lagorce et al. 2017, IEEE TPAMI 39:1346, eq. 3.
  time_surface,
  /// One plane: each event adds its sign to the two frames that it lies between, the nearer the more:
  /// max(0, 1 - |t - t_k| / bin) with frame k at t_k = k bin. Source: Zhu et al. 2019, CVPR, eqs. 2-3; theirs
  /// of
  /// B frames over a recording of length L is this one with bin = L / (B - 1).
  voxel,
};

struct FrameOptions {
  FrameKind kind = FrameKind::count;
  std::int64_t bin_us = 10000;
  double tau_us = 10000;  ///< of the time surface
};

/// The word that names a kind: "count", "time_surface", "voxel".
std::string_view frame_kind_name(FrameKind kind);

/// Frame k begins k bins after the first event. A frame is given out when an event comes after it; memory is
/// a few frames.
class FrameBuilder {
 public:
  /// A frame: plane after plane, row after row.
  using Output = std::function<void(std::span<const float>)>;

  /// Errors (usage): no pixels or more than 2^24, a bin below 1 µs, tau not above 0.
  FrameBuilder(const FrameOptions& options, Extent sensor, Output output);

  std::uint32_t planes() const { return options_.kind == FrameKind::voxel ? 1 : 2; }
  /// Errors (input): a time before the one before; an event that would come after more than 10^6 frames.
  void add(std::span<const Event> events);
  /// Gives out what is left: the frame that holds the last event, and for a voxel grid the one after it.
  void finish();
  std::uint64_t frames() const { return frames_; }
  /// Of the first frame; 0 when there is none.
  std::int64_t start_us() const { return start_; }

 private:
  void advance(std::uint64_t bin);
  void give_out();
  void place(const Event& event, double since_us);

  FrameOptions options_;
  Extent sensor_;
  Output output_;
  bool begun_ = false;
  std::int64_t start_ = 0, last_ = 0;
  std::uint64_t frames_ = 0;         ///< given out, so also the number of the one being filled
  std::vector<float> frame_, next_;  ///< next: of the voxel grid
  std::vector<double> latest_;       ///< of the time surface: µs since the start, below 0 for never
};

/// Frames as the dataset /frames [frames, planes, height, width] of a new HDF5 file, which appears when it is
/// finished.
class FrameFile {
 public:
  /// Errors: as FrameBuilder; the file cannot be made.
  FrameFile(const std::string& path, const FrameOptions& options, Extent sensor);
  FrameFile(const FrameFile&) = delete;
  FrameFile& operator=(const FrameFile&) = delete;

  void write(std::span<const Event> events) { builder_.add(events); }
  void finish();
  std::uint64_t frames() const { return builder_.frames(); }

 private:
  /// Removes what lies under the name, when there is still something.
  struct Unfinished {
    std::string path;
    ~Unfinished();
  };

  std::string path_;
  FrameBuilder builder_;
  Unfinished unfinished_;
  hdf5::File file_;
  hdf5::Dataset frames_;
};

}  // namespace synfire
