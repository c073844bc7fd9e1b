// What can be done to a stream of events: small stages, put in a row, each working on a block in place.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "io/events/event_reader.hpp"

namespace synfire {

/// The pixels that events come from.
struct Extent {
  std::uint32_t width = 0, height = 0;

  std::uint64_t pixels() const { return std::uint64_t(width) * height; }
  bool operator==(const Extent&) const = default;
};

struct Pixel {
  std::uint16_t x = 0, y = 0;

  bool operator==(const Pixel&) const = default;
};

// Each stage has
//   void place(Extent&)                       checks itself against the sensor before it, and tells the one
//   after void begin(std::int64_t& origin_us)       optional: the time of the recording's first event; may
//   change it bool apply(Event&)                        changes an event, or returns false to drop it

/// Keeps the events of a rectangle and counts its pixels from its upper left corner.
struct Crop {
  std::uint32_t x = 0, y = 0, width = 0, height = 0;

  void place(Extent& sensor) const;
  bool apply(Event& event) const;
};

/// Keeps from <= t < until, both counted from the first event of the recording.
struct TimeWindow {
  std::int64_t from_us = 0;
  std::optional<std::int64_t> until_us = {};

  void place(Extent&) const;
  void begin(std::int64_t& origin_us);
  bool apply(Event& event) const;

 private:
  std::int64_t first_ = 0, last_ = 0;  ///< both inside
};

/// Joins factor x factor pixels into one; no event is dropped. Pixels at the right and lower edges may be
/// joined of fewer.
struct Downsample {
  std::uint32_t factor = 1;

  void place(Extent& sensor) const;
  bool apply(Event& event) const;
};

/// Keeps one kind of event, or forgets which kind it was.
struct Polarity {
  enum class Keep : std::uint8_t { on, off, merged };  ///< merged: all, as on
  Keep keep = Keep::on;

  void place(Extent&) const {}
  bool apply(Event& event) const;
};

/// Mirrors left and right, or up and down.
struct Flip {
  bool x = false, y = false;

  void place(Extent& sensor);
  bool apply(Event& event) const;

 private:
  Extent sensor_;
};

/// Stretches time about the first event of the recording, to the nearest µs.
struct TimeScale {
  double factor = 1;

  void place(Extent&) const;
  void begin(std::int64_t& origin_us);
  bool apply(Event& event) const;

 private:
  std::int64_t origin_ = 0;
};

/// The first event that reaches this stage comes at 0; for stages behind it, that is the first of the
/// recording.
struct StartAtZero {
  void place(Extent&) const {}
  void begin(std::int64_t& origin_us);
  bool apply(Event& event);

 private:
  std::optional<std::int64_t> first_;
};

/// Drops all events of some pixels.
struct DropPixels {
  std::vector<Pixel> pixels;

  void place(Extent& sensor);
  bool apply(Event& event) const { return !dropped_[std::size_t(event.y) * width_ + event.x]; }

 private:
  std::uint32_t width_ = 0;
  std::vector<bool> dropped_;
};

/// Drops background activity: an event is kept when one of the eight pixels around it had one in the last
/// `support_us`, kept or not. Every event leaves its time with its neighbours, so that the work for one does
/// not depend on the sensor. Source: Delbruck 2008, Frame-free dynamic digital vision, Intl. Symp. on
/// Secure-Life Electronics, 21-26.
struct BackgroundActivity {
  std::int64_t support_us = 5000;

  void place(Extent& sensor);
  bool apply(Event& event);

 private:
  std::uint32_t stride_ = 0;
  std::vector<std::int64_t> latest_;  ///< of the neighbours' events; with a border of one pixel
};

/// Drops what comes from a pixel less than `period_us` after the last event of it that was kept.
struct Refractory {
  std::int64_t period_us = 1000;

  void place(Extent& sensor);
  bool apply(Event& event);

 private:
  std::uint32_t width_ = 0;
  std::vector<std::int64_t> latest_;
};

using EventFilter = std::variant<Crop, TimeWindow, Downsample, Polarity, Flip, TimeScale, StartAtZero,
                                 DropPixels, BackgroundActivity, Refractory>;

/// Filters in the order in which they were given.
class FilterChain {
 public:
  /// Errors (usage): a filter that does not fit the sensor as the filters before leave it, values that make
  /// no sense, a sensor too large for a filter that remembers each pixel (2^25 pixels).
  FilterChain(std::vector<EventFilter> filters, Extent sensor);

  /// Of the events that come out.
  Extent extent() const { return extent_; }
  /// Changes a block; what is kept moves to its front. Returns how many. Blocks come in the order of the
  /// recording. Errors: a time leaves 64 bits.
  std::size_t apply(std::span<Event> block);

 private:
  std::vector<EventFilter> filters_;
  Extent extent_;
  bool begun_ = false;
};

}  // namespace synfire
