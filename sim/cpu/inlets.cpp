#include "sim/cpu/inlets.hpp"

#include "core/loops.hpp"

namespace synfire {

SparseInlet::SparseInlet(SparseBlock block, std::vector<Shard*> feeders, std::span<float> input)
    : block_(std::move(block)), feeders_(std::move(feeders)), input_(input.data()) {
  if (block_.has_one_delay()) return;
  std::size_t pages = 1;
  while (static_cast<Step>(pages) < block_.max_delay - block_.min_delay + 1) pages *= 2;
  calendar_.resize(pages);
}

// Visits (source, times it spiked) of one step, ascending by source, with a look ahead for the cache.
template <class Visit> void SparseInlet::for_each_spike(Step emitted, const Visit& visit) const {
  constexpr std::size_t look_ahead = 2;
  for (const Shard* feeder : feeders_) {
    const auto& sources = feeder->history.slot(emitted);
    for (std::size_t k = 0; k < sources.size();) {
      if (k + look_ahead < sources.size()) block_.prefetch(block_.row_begin[sources[k + look_ahead]]);
      const std::size_t first = k;
      while (k < sources.size() && sources[k] == sources[first]) ++k;
      visit(sources[first], static_cast<float>(k - first));
    }
  }
}

void SparseInlet::deliver_rows(Step emitted) {
  for_each_spike(emitted, [&](std::uint32_t source, float factor) {
    const std::uint64_t begin = block_.row_begin[source];
    const auto count = static_cast<std::uint32_t>(block_.row_begin[source + 1] - begin);
    block_.deliver(begin, count, factor, input_);
    events_ += count * static_cast<std::uint64_t>(factor);
  });
}

void SparseInlet::plan_runs(Step emitted) {
  const std::size_t mask = calendar_.size() - 1;
  for_each_spike(emitted, [&](std::uint32_t source, float factor) {
    std::uint64_t begin = block_.row_begin[source];
    for (std::uint64_t r = block_.run_begin[source]; r < block_.run_begin[source + 1]; ++r) {
      const DelayRun run = block_.runs[r];
      calendar_[static_cast<std::size_t>(emitted + run.delay) & mask].push_back({begin, run.count, factor});
      begin += run.count;
    }
  });
}

void SparseInlet::deliver(Step step) {
  const Step emitted = step - block_.min_delay;
  if (block_.has_one_delay()) {
    if (emitted >= 0) deliver_rows(emitted);
    return;
  }
  if (emitted >= 0) plan_runs(emitted);
  auto& page = calendar_[static_cast<std::size_t>(step) & (calendar_.size() - 1)];
  constexpr std::size_t look_ahead = 4;
  for (std::size_t k = 0; k < page.size(); ++k) {
    if (k + look_ahead < page.size()) block_.prefetch(page[k + look_ahead].begin);
    const auto& [begin, count, factor] = page[k];
    block_.deliver(begin, count, factor, input_);
    events_ += count * static_cast<std::uint64_t>(factor);
  }
  page.clear();
}

void DriveInlet::deliver(Step step) {
  const Step emitted = step - delay_;
  if (emitted < 0 || !source_->counts(emitted, range_.first, counts_)) return;
  std::uint64_t events = 0;
  run_loop([&]() SYNFIRE_INLINE {
    float* const input = input_.data();
    const std::uint32_t* const counts = counts_.data();
    const float* const weights = weights_.data();
    const std::size_t size = counts_.size();
    std::uint32_t sum = 0;
    if (weights_.size() == 1) {
      const float weight = weights[0];
      SYNFIRE_INDEPENDENT
      for (std::size_t i = 0; i < size; ++i) {
        input[i] += weight * static_cast<float>(static_cast<std::int32_t>(counts[i]));
        sum += counts[i];
      }
    } else {
      SYNFIRE_INDEPENDENT
      for (std::size_t i = 0; i < size; ++i) {
        input[i] += weights[i] * static_cast<float>(static_cast<std::int32_t>(counts[i]));
        sum += counts[i];
      }
    }
    events = sum;
  });
  events_ += events;
}

void CurrentInlet::deliver(Step step) {
  const Step emitted = step - delay_;
  if (emitted < 0 || !source_->values(emitted, one_source_ ? 0 : range_.first, values_)) return;
  const bool one_weight = weights_.size() == 1;
  for (std::size_t i = 0; i < input_.size(); ++i)
    input_[i] += weights_[one_weight ? 0 : i] * values_[one_source_ ? 0 : i];
}

}  // namespace synfire
