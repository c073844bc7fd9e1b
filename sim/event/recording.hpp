// What one shard of the event engine records of one population: exact spike times, and traces on a grid.
#pragma once

#include <chrono>
#include <vector>

#include "sim/event/parts.hpp"
#include "sim/record.hpp"

namespace synfire {

class EventRecording {
 public:
  EventRecording() = default;
  /// `stream`: the place of this part among those recorded; `variables`: the state variable of each trace.
  EventRecording(std::size_t stream, const RecordDescription& record, Range range, const Grid& grid,
                 const std::vector<std::size_t>& variables);

  void start(Recorder& recorder);
  bool active() const { return recorder_ != nullptr; }
  std::vector<std::size_t> trace_elements() const;

  void spike(double t, std::uint32_t neuron);
  /// The time of the next frame of any trace; infinity without traces.
  double next_frame() const { return next_frame_; }
  /// Takes the frames of that time; every event up to it must have happened.
  void take_frames(const EventNeurons& neurons);

  /// True when it is time to hand over.
  bool due() const;
  /// Hands over what there is; everything before `complete_ms` is then with the recorder.
  void hand_over(double complete_ms);

 private:
  struct Trace {
    std::size_t variable;
    Step every, next;                    // steps of the grid
    std::vector<std::uint32_t> offsets;  // within the range
  };
  void find_next_frame();

  Recorder* recorder_ = nullptr;
  Grid grid_{1};
  std::uint32_t first_ = 0;
  bool all_spikes_ = false;
  std::vector<bool> chosen_;  // when only some spikes are recorded
  std::vector<Trace> traces_;
  double next_frame_ = std::numeric_limits<double>::infinity();
  RecordChunk chunk_;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace synfire
