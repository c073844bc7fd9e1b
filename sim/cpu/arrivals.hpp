// Which synapses the spikes of a projection reach in a step.
#pragma once

#include "sim/cpu/shard.hpp"
#include "synapses/sparse.hpp"

namespace synfire {

/// Synapses of one source and delay that its spikes of one step reach together.
struct Arrival {
  std::uint64_t begin;  ///< place of the first of them
  std::uint32_t count;
  float factor;  ///< of their weights: how often the source spiked

  static Arrival of(std::uint64_t begin, std::uint32_t count, std::uint32_t times, std::uint64_t) {
    return {begin, count, static_cast<float>(times)};
  }
};

/// The same with what a rule of plasticity must know.
struct TracedArrival {
  std::uint64_t begin;
  std::uint32_t count;
  std::uint32_t times;  ///< how often the source spiked
  std::uint64_t run;    ///< which run of equal delay; the source where all delays are equal

  static TracedArrival of(std::uint64_t begin, std::uint32_t count, std::uint32_t times, std::uint64_t run) {
    return {begin, count, times, run};
  }
};

/// A spike of age `min_delay` is looked up once; the runs of its row that are due later wait in a calendar
/// with one page a step. A page fills in the order of emission and source, so that every target sums its
/// inputs in an order that no sharding can change.
template <class Due> class Arrivals {
 public:
  Arrivals(const SparseBlock& block, std::vector<Shard*> feeders) : feeders_(std::move(feeders)) {
    if (block.has_one_delay()) return;
    std::size_t pages = 1;
    while (static_cast<Step>(pages) < block.max_delay - block.min_delay + 1) pages *= 2;
    calendar_.resize(pages);
  }

  const std::vector<Shard*>& feeders() const { return feeders_; }

  /// Calls visit(due) for everything that arrives in `step`. Steps must be asked for one after another.
  template <class Visit> void for_each(const SparseBlock& block, Step step, const Visit& visit) {
    const Step emitted = step - block.min_delay;
    if (block.has_one_delay()) {
      if (emitted >= 0) for_each_row(block, emitted, visit);
      return;
    }
    if (emitted >= 0) plan_runs(block, emitted);
    auto& page = calendar_[static_cast<std::size_t>(step) & (calendar_.size() - 1)];
    constexpr std::size_t look_ahead = 4;
    for (std::size_t k = 0; k < page.size(); ++k) {
      if (k + look_ahead < page.size()) block.prefetch(page[k + look_ahead].begin);
      visit(page[k]);
    }
    page.clear();
  }

 private:
  // Visits (source, times it spiked) of one step, ascending by source, with a look ahead for the cache.
  template <class Visit>
  void for_each_spike(const SparseBlock& block, Step emitted, const Visit& visit) const {
    constexpr std::size_t look_ahead = 2;
    for (const Shard* feeder : feeders_) {
      const auto& sources = feeder->history.slot(emitted);
      for (std::size_t k = 0; k < sources.size();) {
        if (k + look_ahead < sources.size()) block.prefetch(block.row_begin[sources[k + look_ahead]]);
        const std::size_t first = k;
        while (k < sources.size() && sources[k] == sources[first]) ++k;
        visit(sources[first], static_cast<std::uint32_t>(k - first));
      }
    }
  }

  template <class Visit>
  void for_each_row(const SparseBlock& block, Step emitted, const Visit& visit) const {
    for_each_spike(block, emitted, [&](std::uint32_t source, std::uint32_t times) {
      const std::uint64_t begin = block.row_begin[source];
      visit(Due::of(begin, static_cast<std::uint32_t>(block.row_begin[source + 1] - begin), times, source));
    });
  }

  void plan_runs(const SparseBlock& block, Step emitted) {
    const std::size_t mask = calendar_.size() - 1;
    for_each_spike(block, emitted, [&](std::uint32_t source, std::uint32_t times) {
      std::uint64_t begin = block.row_begin[source];
      for (std::uint64_t r = block.run_begin[source]; r < block.run_begin[source + 1]; ++r) {
        const DelayRun run = block.runs[r];
        calendar_[static_cast<std::size_t>(emitted + run.delay) & mask].push_back(
            Due::of(begin, run.count, times, r));
        begin += run.count;
      }
    });
  }

  std::vector<Shard*> feeders_;
  std::vector<std::vector<Due>> calendar_;  // a power of two of pages; empty when all delays are equal
};

}  // namespace synfire
