// What the layers of a trained network do in the steps in which samples are shown to them.
#pragma once

#include <span>
#include <vector>

#include "learning/unrolled/unrolled.hpp"
#include "sim/record.hpp"

namespace synfire::learning {

/// Keeps spikes and membranes of samples, each layer's in its own time; what lies between samples is left
/// out. Spikes go on to another sink, too, membranes as they come.
class Window final : public RecordSink {
 public:
  struct Spike {
    std::size_t sample, step;  ///< since `forget`, since the sample began for the layer
    std::uint32_t neuron;
  };

  /// `to` may be a null pointer. Sample n begins for the first layer at step 1 + n (steps + lag).
  Window(const NetworkDescription& network, const Unrolled& unrolled, Step steps, RecordSink* to);

  void spikes(std::size_t population, std::span<const Step> steps,
              std::span<const std::uint32_t> neurons) override;
  void spike_times(std::size_t population, std::span<const double> times_ms,
                   std::span<const std::uint32_t> neurons) override;
  void frames(std::size_t population, std::size_t trace, std::span<const float> values) override;
  void flush(Step step) override;

  // Between two runs of the engine, once all has been handed over.

  /// Of a layer (Unrolled::layers), in the order of time, then neuron.
  std::span<const Spike> spikes(std::size_t layer) const { return spikes_[layer]; }
  /// What the layer passes on, spikes or membranes: [steps, samples, neurons].
  std::vector<float> output(std::size_t layer, std::size_t samples) const;
  /// So many samples are done with.
  void forget(std::size_t samples);

 private:
  static constexpr std::size_t none = std::size_t(-1);
  Step period() const { return steps_ + unrolled_.lag; }
  bool take(std::size_t layer, Step step, std::uint32_t neuron);

  const Unrolled& unrolled_;
  Grid grid_;
  Step steps_;
  RecordSink* to_;
  std::vector<std::size_t> layer_of_;          // by population; none: a source
  std::vector<std::size_t> neurons_;           // by layer
  std::vector<std::vector<Spike>> spikes_;     // by layer
  std::vector<std::vector<float>> membranes_;  // by layer: frame after frame
  std::size_t first_sample_ = 0;
  std::size_t lead_ = 1;  // frames before the first sample that is kept
  std::vector<Step> taken_steps_;
  std::vector<double> taken_times_;
  std::vector<std::uint32_t> taken_neurons_;
};

}  // namespace synfire::learning
