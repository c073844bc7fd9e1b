// Recordings of which a trained network keeps what matters: the events where its mask is 1.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "io/events/readers.hpp"
#include "learning/gradient/event_grid.hpp"
#include "learning/gradient/network.hpp"
#include "learning/gradient/trained_file.hpp"

namespace synfire::learning {

/// The layers of a trained network up to its `sample`, for recordings of one sensor.
/// Source: Jiang 2022, thesis, University of Canterbury, sections 5.2.2 and 5.2.3.
class EventSampler {
 public:
  /// Throws Error(input) where the network has no layer `sample`, or several; where it learned from images;
  /// where its weights or its mask do not fit the sensor.
  EventSampler(const TrainedFile& trained, const SensorInfo& sensor);

  const EventGrid& grid() const { return grid_; }
  /// Time that the steps take together; 0: a recording's own, from its first event to its last.
  std::int64_t span_us() const { return span_us_; }
  /// The element of a step's counts that an event belongs to; nothing for one that the network does not see.
  std::optional<std::size_t> element(const Event& event) const {
    return grid_.element(event.y + top_, event.x + left_, event.on != 0);
  }
  /// From counts [steps, height, width, channels] the mask, and whether it keeps an element.
  void look(const std::vector<float>& counts);
  bool keeps(std::size_t step, std::size_t element) const;

 private:
  EventGrid grid_;
  std::int64_t span_us_ = 0;
  std::size_t top_ = 0, left_ = 0, mask_layer_ = 0;
  std::unique_ptr<Network<float>> network_;
  std::vector<float> mask_;  // [steps or 1, places, channels or 1]
  bool mask_is_constant_ = false;
  std::size_t mask_channels_ = 1;
};

/// The events of a recording that a sampler keeps, unchanged and in their order. Each stretch of the
/// sampler's span is looked at before its events are passed on, so a recording is read twice, and a third
/// time where the span is its own; memory does not depend on its length. Times must not step back.
class SampledReader final : public DerivedReader {
 public:
  SampledReader(std::unique_ptr<EventSampler> sampler, const OpenRecording& open);

  std::size_t read(std::span<Event> events) override;

 private:
  void begin(const OpenRecording& open);
  void look_at(std::int64_t stretch);

  std::unique_ptr<EventSampler> sampler_;
  std::unique_ptr<EventReader> ahead_;
  std::vector<Event> block_;         // that `ahead_` has read
  std::size_t next_ = 0, read_ = 0;  // in it
  std::int64_t origin_us_ = 0, span_us_ = 1, stretch_ = -1;
  std::vector<float> counts_;
};

}  // namespace synfire::learning
