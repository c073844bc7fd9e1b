#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/loops.hpp"
#include "core/parameter.hpp"
#include "core/random.hpp"
#include "core/schedule.hpp"
#include "core/time.hpp"

namespace synfire {

/// Poisson spike trains, one for each neuron: the number of spikes in a step has mean rate*dt and is drawn
/// anew for every (neuron, step), so that a train can be replayed from any step on any machine. Resolution of
/// the draw: 2^-32.
struct Poisson {
  struct Parameters {
    double rate = 0;
    double start = 0;
    double stop = std::numeric_limits<double>::infinity();
  };
  static constexpr bool emits_current = false;
  static constexpr std::array<std::string_view, 1> scheduled = {"rate"}, per_neuron = {"rate"};

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>("poisson", "independent Poisson spike trains", "NEST poisson_generator",
                    field(&P::rate, "rate", Unit::Hz, non_negative, "expected spikes per second"),
                    field(&P::start, "start", Unit::ms, non_negative, "time of the first possible spike"),
                    field(&P::stop, "stop", Unit::ms, non_negative, "time after which no spike comes"));
  }
};

/// The Poisson distribution of one mean as 32-bit thresholds: the count is `base` plus the number of
/// thresholds that are <= the random word.
class PoissonTable {
 public:
  explicit PoissonTable(double mean = 0);

  double mean() const { return mean_; }
  std::uint32_t count(std::uint32_t word) const {
    std::uint32_t n = base_;
    for (const std::uint32_t threshold : thresholds_) n += word >= threshold;
    return n;
  }
  std::span<const std::uint32_t> thresholds() const { return thresholds_; }
  std::uint32_t base() const { return base_; }

 private:
  double mean_;
  std::uint32_t base_ = 0;
  std::vector<std::uint32_t> thresholds_;  // ascending
};

/// Draws the counts of a Poisson population.
class PoissonCounts {
 public:
  /// One rate for all neurons.
  PoissonCounts(RandomKey key, Schedule rate, double start, double stop, Grid grid);
  /// A rate for each neuron, in Hz.
  PoissonCounts(RandomKey key, const std::vector<double>& rates, double start, double stop, Grid grid);

  /// From the next draw on, all neurons have this rate, or each its own (Hz), and no schedule holds. Cheap
  /// for means up to 1 a step with no more than some hundred different rates, as pictures have.
  void set_rate(double rate);
  void set_rates(std::span<const double> rates);

  /// counts[i] = spikes of neuron first + i in `step`. False, with counts untouched, when all are certainly
  /// 0.
  bool draw(Step step, std::uint32_t first, std::span<std::uint32_t> counts);

 private:
  bool active(Step step) const;
  std::uint32_t table_index(double rate);
  void lay_out_columns();
  void draw_group(Step step, std::uint32_t group, std::uint32_t* counts) const;
  void draw_columns(Step step, std::uint32_t group, std::uint32_t* counts) const;
  void draw_tables(Step step, std::uint32_t group, std::uint32_t* counts) const;

  RandomKey key_;
  Schedule rate_;
  Step start_, stop_;
  Grid grid_;
  PoissonTable shared_;  // of the present piece of the schedule
  // When each neuron has its own rate:
  std::vector<PoissonTable> tables_;  // of distinct rates
  std::unordered_map<double, std::uint32_t> known_;
  std::vector<std::uint32_t> table_of_;  // neuron -> table
  // When besides all means are small: thresholds minus 1, group after group, level after level.
  std::vector<std::uint32_t> columns_;
  std::vector<std::uint32_t> first_level_;  // group -> its levels in columns_, in rows of a group's size
  bool silent_ = false;                     // all rates are 0
};

}  // namespace synfire
