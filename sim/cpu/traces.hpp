// Exponentially decaying traces of spikes, as the rules of plasticity declare them.
#pragma once

#include <array>
#include <cmath>
#include <span>
#include <vector>

#include "core/aggregate.hpp"
#include "core/loops.hpp"
#include "core/math.hpp"
#include "core/soa.hpp"
#include "core/time.hpp"

namespace synfire {

/// exp(-k dt / tau) for whole numbers of steps k: a product of two factors, so that tables stay in the cache
/// however long ago a spike was.
class DecayTable {
 public:
  DecayTable() = default;
  DecayTable(double tau_ms, double dt_ms) : factors_(2 * size) {
    const double rate = dt_ms / tau_ms;
    for (std::size_t k = 0; k < size; ++k) {
      factors_[k] = static_cast<float>(math::exp(-rate * static_cast<double>(k)));
      factors_[size + k] = static_cast<float>(math::exp(-rate * static_cast<double>(k * size)));
    }
    reach_ = size * size - 1;
    beyond_ = static_cast<float>(math::exp(-rate * static_cast<double>(reach_)));
  }
  float operator()(Step steps) const {
    const auto k = static_cast<std::uint64_t>(steps);
    if (k > reach_) return beyond_ * (*this)(steps - static_cast<Step>(reach_));  // of long time constants
    return factors_[k % size] * factors_[size + k / size];
  }

 private:
  static constexpr std::uint64_t size = 1024;
  std::uint64_t reach_ = 0;
  float beyond_ = 0;
  std::vector<float> factors_;
};

/// Traces of many spike trains, each brought up to date when it is looked at. Trace is a struct of floats.
template <class Trace> class LazyTraces {
  static constexpr std::size_t count = member_count<Trace, float>;

 public:
  LazyTraces() = default;
  LazyTraces(std::size_t trains, const Trace& time_constants, double dt_ms) : values_(trains), last_(trains) {
    if constexpr (count > 0) {
      const auto taus = tie_members<count>(time_constants);
      [&]<std::size_t... m>(std::index_sequence<m...>) {
        ((decay_[m] = DecayTable(static_cast<double>(std::get<m>(taus)), dt_ms)), ...);
      }
      (std::make_index_sequence<count>());
    }
  }

  Trace at(std::size_t train, Step now) const {
    Trace trace = values_[train];
    const Step elapsed = now - static_cast<Step>(last_[train]);
    const auto members = tie_members<count>(trace);
    [&]<std::size_t... m>(std::index_sequence<m...>) { ((std::get<m>(members) *= decay_[m](elapsed)), ...); }
    (std::make_index_sequence<count>());
    return trace;
  }
  void set(std::size_t train, Step now, const Trace& trace) {
    values_[train] = trace;
    last_[train] = static_cast<std::uint32_t>(now);  // a run has fewer than 2^32 steps
  }
  /// All begin anew.
  void resize(std::size_t trains) {
    values_.assign(trains, Trace{});
    last_.assign(trains, 0);
  }
  /// Train k was number from[k] before; `absent` stands for one that begins now.
  void rearrange(std::span<const std::uint64_t> from, std::uint64_t absent) {
    std::vector<Trace> values(from.size());
    std::vector<std::uint32_t> last(from.size());
    for (std::size_t k = 0; k < from.size(); ++k) {
      if (from[k] == absent) continue;
      values[k] = values_[from[k]];
      last[k] = last_[from[k]];
    }
    values_.swap(values);
    last_.swap(last);
  }
  void prefetch(std::size_t train) const {
    __builtin_prefetch(values_.data() + train);
    __builtin_prefetch(last_.data() + train);
  }
  std::size_t size() const { return last_.size(); }
  /// As they were when each was looked at `last`.
  const std::vector<Trace>& values() const { return values_; }
  const std::vector<std::uint32_t>& last() const { return last_; }
  std::size_t bytes() const { return last_.size() * (sizeof(Trace) + sizeof(std::uint32_t)); }

 private:
  std::vector<Trace> values_;
  std::vector<std::uint32_t> last_;
  std::array<DecayTable, count> decay_;
};

/// Traces of a block of neurons, all brought forward together by one vector loop a step.
template <class Trace> class SteppedTraces {
  static constexpr std::size_t count = member_count<Trace, float>;

 public:
  SteppedTraces(std::size_t neurons, const Trace& time_constants, double dt_ms) : columns_(neurons) {
    if constexpr (count > 0) {
      const auto taus = tie_members<count>(time_constants);
      [&]<std::size_t... m>(std::index_sequence<m...>) {
        ((decay_[m] = static_cast<float>(std::exp(-dt_ms / static_cast<double>(std::get<m>(taus))))), ...);
      }
      (std::make_index_sequence<count>());
    }
  }

  void step() {
    for (std::size_t m = 0; m < count; ++m) {
      run_loop([column = columns_.column(m), factor = decay_[m]]() SYNFIRE_INLINE {
        float* const values = column.data();
        const std::size_t size = column.size();
        SYNFIRE_INDEPENDENT
        for (std::size_t i = 0; i < size; ++i) values[i] *= factor;
      });
    }
  }
  std::array<float*, count> pointers() { return columns_.pointers(); }
  std::span<float> column(std::size_t member) { return columns_.column(member); }
  std::span<const float> column(std::size_t member) const { return columns_.column(member); }
  static constexpr std::size_t members = count;
  Trace get(std::size_t neuron) const { return columns_.get(neuron); }
  void set(std::size_t neuron, const Trace& trace) { columns_.set(neuron, trace); }
  std::size_t bytes() const { return columns_.size() * sizeof(float) * count; }

 private:
  Columns<Trace, float> columns_;
  std::array<float, count> decay_{};
};

}  // namespace synfire
