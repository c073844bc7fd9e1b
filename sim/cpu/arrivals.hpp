// Which synapses the spikes of a projection reach in a step.
#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "sim/cpu/shard.hpp"
#include "sim/release.hpp"
#include "synapses/sparse.hpp"

namespace synfire {

/// Synapses of one source and delay that its spikes of one step reach together.
struct Arrival {
  std::uint64_t begin;  ///< place of the first of them
  std::uint32_t count;
  float factor;  ///< of their weights: how often the source spiked

  std::uint32_t spikes() const { return static_cast<std::uint32_t>(factor); }
  static Arrival of(std::uint64_t begin, std::uint32_t count, std::uint32_t, float factor, std::uint64_t) {
    return {begin, count, factor};
  }
};

/// The same with what plasticity must know.
struct TracedArrival {
  std::uint64_t begin;
  std::uint32_t count;
  std::uint32_t times;  ///< how often the source spiked
  float factor;         ///< of the weights, for all of these together: less with short-term plasticity
  std::uint32_t run;    ///< which run of equal delay; the source where all delays are equal

  std::uint32_t spikes() const { return times; }
  static TracedArrival of(std::uint64_t begin, std::uint32_t count, std::uint32_t times, float factor,
                          std::uint64_t run) {
    return {begin, count, times, factor, static_cast<std::uint32_t>(run)};
  }
};

/// A spike of age `min_delay` is looked up once; the runs of its row that are due later wait in a calendar
/// with one page a step. A page fills in the order of emission and source, so that every target sums its
/// inputs in an order that no sharding can change.
template <class Due> class Arrivals {
 public:
  Arrivals(const SparseRows& block, std::vector<Shard*> feeders, std::unique_ptr<Release> release)
      : feeders_(std::move(feeders)), release_(std::move(release)) {
    if (block.has_one_delay()) return;
    make_calendar(block);
    remembers_ = release_ != nullptr;  // with what part of the weight they left is known then only
  }

  const std::vector<Shard*>& feeders() const { return feeders_; }
  /// See Inlet.
  std::optional<DelaySpan> stateful_delays(const SparseRows& block) const {
    if (!release_ || block.has_one_delay() || block.synapses() == 0) return std::nullopt;
    return DelaySpan{block.min_delay, block.max_delay};
  }
  void widen(SparseRows& block, DelaySpan delays) {
    if (!release_ || block.has_one_delay()) return;
    block.min_delay = delays.least;
    block.max_delay = delays.most;
    make_calendar(block);
  }
  std::size_t bytes() const { return release_ ? release_->bytes() : 0; }

  /// Remembers the spikes under way, for `replan`.
  void remember() { remembers_ = true; }
  /// The block has changed, between two steps of which `step` is the later one: from it on, what is under way
  /// finds the synapses that there are now. The smallest and largest delay must be the same as before.
  void replan(const SparseRows& block, Step step) {
    if (block.has_one_delay()) return;
    for (auto& page : calendar_) page.clear();
    for (const Flight& flight : flights_) plan_row(block, flight, step);
  }

  void save(const SavedShare& share) const {
    if (!release_ || !share.leads()) return;
    release_->save(share.within("release"));
    const SavedShare flights = share.within("flights");
    for (const Flight& flight : flights_) {
      flights.append<std::int64_t>("emitted", flight.emitted);
      flights.append<std::uint32_t>("source", flight.source);
      flights.append<std::uint32_t>("times", flight.times);
      flights.append<float>("factor", flight.factor);
    }
    flights.append<std::uint64_t>("count", flights_.size());
  }
  /// With the histories of the feeders as they were after step now - 1.
  void load(const SparseRows& block, const LoadedShare& share, Step now) {
    if (release_) release_->load(share.within("release"));
    if (block.has_one_delay()) return;
    std::deque<Flight> flights;
    if (release_) {
      flights = load_flights(share.within("flights"), block.row_begin.size() - 1);
    } else {
      for (Step emitted = std::max<Step>(0, now - block.max_delay); emitted < now - block.min_delay;
           ++emitted)
        for_each_spike<false>(block, emitted, [&](std::uint32_t source, std::uint32_t times, float factor) {
          flights.push_back({emitted, source, times, factor});
        });
    }
    flights_.swap(flights);
    replan(block, now);
    if (!remembers_) flights_.clear();
  }

  /// Calls visit(due) for everything that arrives in `step`. Steps must be asked for one after another.
  template <class Block, class Visit> void for_each(const Block& block, Step step, const Visit& visit) {
    const Step emitted = step - block.min_delay;
    if (block.has_one_delay()) {
      if (emitted >= 0) for_each_row(block, emitted, visit);
      return;
    }
    if (emitted >= 0) plan_runs(block, emitted);
    auto& page = calendar_[static_cast<std::size_t>(step) & (calendar_.size() - 1)];
    constexpr std::size_t look_ahead = 4;
    for (std::size_t k = 0; k < page.size(); ++k) {
      if (k + look_ahead < page.size()) prefetch(block, page[k + look_ahead]);
      visit(page[k]);
    }
    page.clear();
  }

 private:
  template <class Block> static void prefetch(const Block& block, const Due& due) {
    block.prefetch(due.begin, due.count);
  }
  template <bool whole_rows, class Block> static void prefetch(const Block& block, std::uint32_t source) {
    if constexpr (whole_rows) {
      const std::uint64_t begin = block.row_begin[source];
      block.prefetch(begin, static_cast<std::uint32_t>(block.row_begin[source + 1] - begin));
    } else {
      __builtin_prefetch(block.runs.data() + block.run_begin[source]);
    }
  }

  // Visits (source, times it spiked) of one step, ascending by source, with a look ahead for the cache.
  template <bool whole_rows, class Block, class Visit>
  void for_each_spike(const Block& block, Step emitted, const Visit& visit) {
    constexpr std::size_t look_ahead = 2;
    for (const Shard* feeder : feeders_) {
      const auto& sources = feeder->history.slot(emitted);
      for (std::size_t k = 0; k < sources.size();) {
        if (k + look_ahead < sources.size()) prefetch<whole_rows>(block, sources[k + look_ahead]);
        const std::size_t first = k;
        while (k < sources.size() && sources[k] == sources[first]) ++k;
        const auto times = static_cast<std::uint32_t>(k - first);
        const double part = release_ ? release_->part(sources[first], emitted, times) : double(times);
        visit(sources[first], times, static_cast<float>(part));
      }
    }
  }

  template <class Block, class Visit>
  void for_each_row(const Block& block, Step emitted, const Visit& visit) {
    for_each_spike<true>(block, emitted, [&](std::uint32_t source, std::uint32_t times, float factor) {
      const std::uint64_t begin = block.row_begin[source];
      const auto count = static_cast<std::uint32_t>(block.row_begin[source + 1] - begin);
      visit(Due::of(begin, count, times, factor, source));
    });
  }

  // Spikes of one source and step whose row has been looked up.
  struct Flight {
    Step emitted;
    std::uint32_t source, times;
    float factor;
  };

  static std::deque<Flight> load_flights(const LoadedShare& share, std::size_t sources) {
    std::deque<Flight> flights;
    const auto count = share.one<std::uint64_t>("count");
    if (count == 0) return flights;
    const auto& emitted = share.all<std::int64_t>("emitted", count);
    const auto& source = share.all<std::uint32_t>("source", count);
    const auto& times = share.all<std::uint32_t>("times", count);
    const auto& factor = share.all<float>("factor", count);
    for (std::size_t k = 0; k < count; ++k) {
      if (source[k] >= sources) State::refuse(share.of("source"), "names a neuron that is not there");
      flights.push_back({emitted[k], source[k], times[k], factor[k]});
    }
    return flights;
  }

  void make_calendar(const SparseRows& block) {
    std::size_t pages = 1;
    while (static_cast<Step>(pages) < block.max_delay - block.min_delay + 1) pages *= 2;
    calendar_.resize(pages);
  }

  template <class Block> void plan_runs(const Block& block, Step emitted) {
    const Step now = emitted + block.min_delay;
    while (!flights_.empty() && flights_.front().emitted + block.max_delay <= now) flights_.pop_front();
    for_each_spike<false>(block, emitted, [&](std::uint32_t source, std::uint32_t times, float factor) {
      const Flight flight{emitted, source, times, factor};
      plan_row(block, flight, now);
      if (remembers_) flights_.push_back(flight);
    });
  }

  // Puts the runs of a row that are due in step `from` or later onto their pages.
  void plan_row(const SparseRows& block, const Flight& flight, Step from) {
    const std::size_t mask = calendar_.size() - 1;
    std::uint64_t begin = block.row_begin[flight.source];
    for (std::uint64_t r = block.run_begin[flight.source]; r < block.run_begin[flight.source + 1]; ++r) {
      const DelayRun run = block.runs[r];
      const Step due = flight.emitted + run.delay;
      if (due >= from)
        calendar_[static_cast<std::size_t>(due) & mask].push_back(
            Due::of(begin, run.count, flight.times, flight.factor, r));
      begin += run.count;
    }
  }

  std::vector<Shard*> feeders_;
  std::unique_ptr<Release> release_;
  bool remembers_ = false;
  std::deque<Flight> flights_;              // ascending by step; empty unless they are remembered
  std::vector<std::vector<Due>> calendar_;  // a power of two of pages; empty when all delays are equal
};

}  // namespace synfire
