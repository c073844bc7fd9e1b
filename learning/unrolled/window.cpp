#include "learning/unrolled/window.hpp"

#include <cmath>

namespace synfire::learning {

Window::Window(const NetworkDescription& network, const Unrolled& unrolled, Step steps, RecordSink* to)
    : unrolled_(unrolled),
      grid_(network.simulation.dt),
      steps_(steps),
      to_(to),
      layer_of_(network.populations.size(), none),
      spikes_(unrolled.layers.size()),
      membranes_(unrolled.layers.size()) {
  for (std::size_t k = 0; k < unrolled.layers.size(); ++k) {
    layer_of_[unrolled.layers[k].population] = k;
    neurons_.push_back(network.populations[unrolled.layers[k].population].size());
  }
}

// True for a spike of a sample, which is kept.
bool Window::take(std::size_t layer, Step step, std::uint32_t neuron) {
  const Step since = step - 1 - unrolled_.layers[layer].lag;
  if (since < 0 || since % period() >= steps_) return false;
  const auto sample = std::size_t(since / period());
  spikes_[layer].push_back({sample - first_sample_, std::size_t(since % period()), neuron});
  return true;
}

void Window::spikes(std::size_t population, std::span<const Step> steps,
                    std::span<const std::uint32_t> neurons) {
  taken_steps_.clear();
  taken_neurons_.clear();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!take(layer_of_[population], steps[i], neurons[i])) continue;
    taken_steps_.push_back(steps[i]);
    taken_neurons_.push_back(neurons[i]);
  }
  if (to_ != nullptr && !taken_steps_.empty()) to_->spikes(population, taken_steps_, taken_neurons_);
}

// A spike at the end of a step is one of that step.
void Window::spike_times(std::size_t population, std::span<const double> times_ms,
                         std::span<const std::uint32_t> neurons) {
  taken_times_.clear();
  taken_neurons_.clear();
  for (std::size_t i = 0; i < times_ms.size(); ++i) {
    const Step before = grid_.floor(times_ms[i]);
    const bool at_end = before == grid_.nearest(times_ms[i]) &&
                        std::abs(times_ms[i] - grid_.time_ms(before)) <= 1e-9 * grid_.dt_ms();
    if (!take(layer_of_[population], at_end ? before - 1 : before, neurons[i])) continue;
    taken_times_.push_back(times_ms[i]);
    taken_neurons_.push_back(neurons[i]);
  }
  if (to_ != nullptr && !taken_times_.empty()) to_->spike_times(population, taken_times_, taken_neurons_);
}

void Window::frames(std::size_t population, std::size_t trace, std::span<const float> values) {
  auto& kept = membranes_[layer_of_[population]];
  kept.insert(kept.end(), values.begin(), values.end());
  if (to_ != nullptr) to_->frames(population, trace, values);
}

void Window::flush(Step step) {
  if (to_ != nullptr) to_->flush(step);
}

std::vector<float> Window::output(std::size_t layer, std::size_t samples) const {
  const std::size_t neurons = neurons_[layer];
  std::vector<float> made(std::size_t(steps_) * samples * neurons, 0.0f);
  if (!unrolled_.layers[layer].membrane) {
    for (const Spike& spike : spikes_[layer])
      made[(spike.step * samples + spike.sample) * neurons + spike.neuron] += 1;
    return made;
  }
  for (std::size_t sample = 0; sample < samples; ++sample)
    for (std::size_t step = 0; step < std::size_t(steps_); ++step) {
      // Frames before the first sample were forgotten with step 0.
      const std::size_t frame =
          sample * std::size_t(period()) + step + std::size_t(unrolled_.layers[layer].lag) + lead_;
      std::copy_n(membranes_[layer].begin() + std::ptrdiff_t(frame * neurons), neurons,
                  made.begin() + std::ptrdiff_t((step * samples + sample) * neurons));
    }
  return made;
}

void Window::forget(std::size_t samples) {
  first_sample_ += samples;
  lead_ = 0;
  for (auto& spikes : spikes_) spikes.clear();
  for (auto& membranes : membranes_) membranes.clear();
}

}  // namespace synfire::learning
