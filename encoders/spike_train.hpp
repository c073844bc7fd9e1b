// Spikes given in advance: lists, files, recordings.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/parameter.hpp"
#include "core/time.hpp"

namespace synfire {

/// Spikes listed in the network file, one list of times for each neuron.
struct SpikeList {
  static constexpr bool emits_current = false;
  static constexpr std::string_view key = "spikes";
  static constexpr auto describe() {
    return about("spike_list", "spikes at the times listed under `spikes`, one list for each neuron",
                 "NEST spike_generator");
  }
};

/// Spikes from a file: SONATA HDF5 (`/spikes/<population>`), or CSV with columns for time and neuron.
struct SpikeFile {
  static constexpr bool emits_current = false;
  static constexpr std::string_view key = "file";
  static constexpr auto describe() {
    return about("spike_file", "spikes from `file`, SONATA HDF5 or CSV", "SONATA data format, spikes");
  }
};

/// An event-camera recording; pixel (x, y) with polarity p is neuron (y*width + x)*2 + p of size [height,
/// width, 2]. Of a cochlea: channel x is neuron x.
struct EventRecording {
  struct Parameters {
    double sample = 0, lenient = 0, from = 0, until = 0;
  };
  static constexpr bool emits_current = false;
  static constexpr std::string_view key = "events";
  static constexpr auto describe() {
    using P = Parameters;
    constexpr Bounds number{.low = 0, .high = 1e9, .whole = true};
    return about<P>(
        "events", "a recording of an event camera, played from its first event, or of a cochlea, from 0 on",
        "docs/events.md",
        field(&P::sample, "sample", Unit::none, number, "which recording of a file that holds many"),
        field(&P::lenient, "lenient", Unit::none, flag, "leave out what is damaged; told as a notice"),
        field(&P::from, "from", Unit::ms, non_negative,
              "begin so long after the first event (of a camera) or the start (of a cochlea)"),
        field(&P::until, "until", Unit::ms, non_negative, "end there, counted alike; 0: at the end"));
  }
};

/// Spikes sorted by step, then neuron. A spike at time t is emitted in the step that ends at the grid point
/// nearest to t (spikes before the first grid point: in step 0). Several spikes of a neuron in a step are
/// kept.
class SpikeSchedule {
 public:
  SpikeSchedule() = default;
  /// times in ms and ids side by side, in any order.
  SpikeSchedule(std::span<const double> times_ms, std::span<const std::uint64_t> ids, const Grid& grid);

  /// The neurons that spike in `step`, ascending.
  std::span<const std::uint32_t> in_step(Step step) const;

  std::size_t size() const { return ids_.size(); }
  std::size_t bytes() const { return steps_.size() * sizeof(Step) + ids_.size() * sizeof(std::uint32_t); }

 private:
  std::vector<Step> steps_;
  std::vector<std::uint32_t> ids_;
};

}  // namespace synfire
