#include "sim/event/recording.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace synfire {
namespace {

std::vector<std::uint32_t> offsets_in(Range range, const Selection& selection) {
  std::vector<std::uint32_t> offsets;
  if (selection.all) {
    offsets.resize(range.count);
    std::iota(offsets.begin(), offsets.end(), 0u);
  }
  for (const std::uint32_t id : selection.ids)
    if (id >= range.first && id - range.first < range.count) offsets.push_back(id - range.first);
  return offsets;
}

}  // namespace

EventRecording::EventRecording(std::size_t stream, const RecordDescription& record, Range range,
                               const Grid& grid, const std::vector<std::size_t>& variables)
    : grid_(grid), first_(range.first), all_spikes_(record.spikes.all) {
  chunk_.shard = stream;
  if (!all_spikes_) {
    chosen_.resize(range.count);
    for (const std::uint32_t i : offsets_in(range, record.spikes)) chosen_[i] = true;
  }
  for (std::size_t t = 0; t < record.traces.size(); ++t) {
    const Step every = std::max<Step>(1, grid.nearest(record.traces[t].every));
    traces_.push_back({variables[t], every, every, offsets_in(range, record.traces[t].neurons)});
  }
  chunk_.frames.resize(traces_.size());
  find_next_frame();
}

void EventRecording::start(Recorder& recorder) {
  recorder_ = &recorder;
  last_ = std::chrono::steady_clock::now();
}

std::vector<std::size_t> EventRecording::trace_elements() const {
  std::vector<std::size_t> elements;
  for (const auto& trace : traces_) elements.push_back(trace.offsets.size());
  return elements;
}

void EventRecording::spike(double t, std::uint32_t neuron) {
  if (!all_spikes_ && !chosen_[neuron]) return;
  chunk_.times_ms.push_back(t);
  chunk_.neurons.push_back(first_ + neuron);
}

void EventRecording::find_next_frame() {
  next_frame_ = std::numeric_limits<double>::infinity();
  for (const auto& trace : traces_)
    if (!trace.offsets.empty()) next_frame_ = std::min(next_frame_, grid_.time_ms(trace.next));
}

void EventRecording::take_frames(const EventNeurons& neurons) {
  const double t = next_frame_;
  for (std::size_t k = 0; k < traces_.size(); ++k) {
    Trace& trace = traces_[k];
    if (grid_.time_ms(trace.next) > t) continue;
    for (const std::uint32_t i : trace.offsets)
      chunk_.frames[k].push_back(static_cast<float>(neurons.state(i, t, trace.variable)));
    trace.next += trace.every;
  }
  find_next_frame();
}

bool EventRecording::due() const {
  constexpr std::size_t most_bytes = std::size_t(1) << 20;
  constexpr std::chrono::milliseconds longest_wait{150};
  return chunk_.bytes() >= most_bytes || std::chrono::steady_clock::now() - last_ >= longest_wait;
}

// Spikes of one time came in the order in which the shard met them; the stream wants that of the neurons.
void EventRecording::hand_over(double complete_ms) {
  std::vector<std::size_t> order(chunk_.times_ms.size());
  std::iota(order.begin(), order.end(), std::size_t(0));
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(chunk_.times_ms[a], chunk_.neurons[a]) <
           std::pair(chunk_.times_ms[b], chunk_.neurons[b]);
  });
  RecordChunk chunk;
  chunk.shard = chunk_.shard;
  for (const std::size_t k : order) {
    chunk.times_ms.push_back(chunk_.times_ms[k]);
    chunk.neurons.push_back(chunk_.neurons[k]);
  }
  chunk.frames = std::exchange(chunk_.frames, std::vector<std::vector<float>>(traces_.size()));
  chunk.complete_ms = complete_ms;
  chunk.complete = std::max<Step>(0, grid_.floor(complete_ms));
  chunk_.times_ms.clear();
  chunk_.neurons.clear();
  recorder_->push(std::move(chunk));
  last_ = std::chrono::steady_clock::now();
}

}  // namespace synfire
