// Spikes given in advance: lists, files, recordings.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/parameter.hpp"

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
/// width, 2], or neuron y*width + x of size [height, width] unless polarities are kept apart. With `pool` = k
/// squares of k x k pixels are one, where the sensor ends perhaps less. Of a cochlea: channel x is neuron
/// x/k.
struct EventRecording {
  struct Parameters {
    double sample = 0, lenient = 0, from = 0, until = 0, pool = 1, polarity = 0;
  };
  static constexpr std::array<std::string_view, 4> polarities = {"both", "merged", "on", "off"};
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
        field(&P::until, "until", Unit::ms, non_negative, "end there, counted alike; 0: at the end"),
        field(&P::pool, "pool", Unit::none, Bounds{.low = 1, .high = 65536, .whole = true},
              "so many pixels a side, or channels, are one"),
        field(&P::polarity, "polarity", polarities,
              "a neuron for each, one for both, or only brighter or darker; of a cochlea always both"));
  }

  /// The size of a population that plays what such a sensor saw, or a cochlea of `width` channels heard.
  static std::vector<std::uint32_t> shape(const Parameters& p, std::uint32_t width, std::uint32_t height,
                                          bool audio) {
    const auto pool = static_cast<std::uint32_t>(p.pool);
    const auto pooled = [pool](std::uint32_t extent) { return (extent + pool - 1) / pool; };
    if (audio) return {pooled(width)};
    if (p.polarity == 0) return {pooled(height), pooled(width), 2};
    return {pooled(height), pooled(width)};
  }
  /// The neuron of an event in a population of that shape; nothing when its polarity is left out.
  static std::optional<std::uint64_t> neuron(const Parameters& p, const std::vector<std::uint32_t>& shape,
                                             std::uint32_t x, std::uint32_t y, bool on) {
    const auto pool = static_cast<std::uint32_t>(p.pool);
    if (shape.size() == 1) return x / pool;
    const std::uint64_t pixel = std::uint64_t(y / pool) * shape[1] + x / pool;
    if (p.polarity == 0) return 2 * pixel + (on ? 1 : 0);
    if ((p.polarity == 2 && !on) || (p.polarity == 3 && on)) return std::nullopt;
    return pixel;
  }
};

}  // namespace synfire
