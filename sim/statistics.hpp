// Spike statistics gathered while the network runs.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "core/state.hpp"
#include "core/time.hpp"

namespace synfire {

/// Counts spikes and inter-spike intervals of a range of neurons, spike by spike.
class IntervalStatistics {
 public:
  IntervalStatistics() = default;
  explicit IntervalStatistics(std::size_t neurons) : neurons_(neurons) {}

  void add(Step step, std::span<const std::uint32_t> spikes) {
    for (const std::uint32_t i : spikes) add(static_cast<double>(step), i);
  }
  /// A spike at a time in any unit, the same for all, >= 0.
  void add(double time, std::uint32_t i) {
    ++count_;
    Neuron& n = neurons_[i];
    ++n.spikes;
    if (n.last >= 0) {
      const double interval = time - n.last;
      n.sum += interval;
      n.squares += interval * interval;
      ++n.intervals;
    }
    n.last = time;
  }

  std::uint64_t spikes() const { return count_; }
  /// Spikes of each neuron.
  void counts(std::span<std::uint64_t> counts) const {
    for (std::size_t i = 0; i < neurons_.size(); ++i) counts[i] = neurons_[i].spikes;
  }

  /// Sum over neurons with at least `least` intervals of sd(interval)/mean(interval), and their number.
  void add_variation(double& sum, std::uint64_t& neurons, std::uint32_t least = 5) const {
    for (const Neuron& n : neurons_) {
      if (n.intervals < least || n.sum <= 0) continue;
      const double mean = n.sum / n.intervals;
      const double variance = std::max(0.0, n.squares / n.intervals - mean * mean);
      sum += std::sqrt(variance) / mean;
      ++neurons;
    }
  }

  void save(const SavedShare& share) const {
    for_each_member([&](const char* name, auto Neuron::*member) {
      using Value = std::remove_cvref_t<decltype(Neuron().*member)>;
      std::vector<Value> values;
      for (const Neuron& n : neurons_) values.push_back(n.*member);
      share.put<Value>(name, values);
    });
  }
  void load(const LoadedShare& share) {
    for_each_member([&](const char* name, auto Neuron::*member) {
      using Value = std::remove_cvref_t<decltype(Neuron().*member)>;
      const auto values = share.get<Value>(name);
      for (std::size_t i = 0; i < neurons_.size(); ++i) neurons_[i].*member = values[i];
    });
    count_ = 0;
    for (const Neuron& n : neurons_) count_ += n.spikes;
  }

 private:
  struct Neuron {
    double last = -1;
    double sum = 0, squares = 0;
    std::uint32_t intervals = 0;
    std::uint32_t spikes = 0;
  };
  template <class Visit> static void for_each_member(const Visit& visit) {
    visit("last_spike", &Neuron::last);
    visit("intervals/sum", &Neuron::sum);
    visit("intervals/squares", &Neuron::squares);
    visit("intervals/count", &Neuron::intervals);
    visit("spikes", &Neuron::spikes);
  }

  std::vector<Neuron> neurons_;
  std::uint64_t count_ = 0;

 public:
  static constexpr std::size_t bytes_per_neuron = sizeof(Neuron);
};

}  // namespace synfire
