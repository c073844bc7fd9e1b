// The ways in which a projection reaches a shard.
#pragma once

#include "sim/cpu/arrivals.hpp"
#include "sim/cpu/rebuild.hpp"

namespace synfire {

/// Spikes through stored synapses that do not change, in a SparseBlock or CompactBlock. Due is Arrival, or
/// TracedArrival where a `release` says what part of the weight passes.
template <class Due, class Block = SparseBlock> class SparseInlet final : public Inlet {
 public:
  SparseInlet(Block block, std::vector<Shard*> feeders, std::unique_ptr<Release> release,
              std::span<float> input)
      : block_(std::move(block)),
        arrivals_(block_, std::move(feeders), std::move(release)),
        input_(input.data()) {}

  void deliver(Step step) override {
    arrivals_.for_each(block_, step, [&](const Due& arrival) {
      block_.deliver(arrival.begin, arrival.count, arrival.factor, input_);
      events_ += std::uint64_t(arrival.count) * arrival.spikes();
    });
  }
  std::vector<Feeder> feeders() const override {
    return feeders_of_age(arrivals_.feeders(), block_.min_delay, block_.max_delay);
  }
  std::optional<DelaySpan> stateful_delays() const override { return arrivals_.stateful_delays(block_); }
  void widen(DelaySpan delays) override { arrivals_.widen(block_, delays); }
  void save(const SavedShare& share, Step) const override { arrivals_.save(share); }
  void load(const LoadedShare& share, Step now) override { arrivals_.load(block_, share, now); }
  std::uint64_t synapses() const override { return block_.synapses(); }
  std::uint32_t connected() const override { return connected_targets(block_); }
  std::size_t bytes() const override { return block_.bytes() + arrivals_.bytes(); }

 private:
  Block block_;
  Arrivals<Due> arrivals_;
  float* input_;
};

/// Counts of a stateless source, read where they are needed: neuron i takes those of source neuron i.
class DriveInlet final : public Inlet {
 public:
  DriveInlet(std::unique_ptr<CountSource> source, Range range, std::vector<float> weights, Step delay,
             std::span<float> input)
      : source_(std::move(source)),
        range_(range),
        weights_(std::move(weights)),
        delay_(delay),
        input_(input),
        counts_(range.count) {}

  void deliver(Step step) override;
  std::uint64_t synapses() const override { return range_.count; }
  std::size_t bytes() const override {
    return weights_.size() * sizeof(float) + counts_.size() * sizeof(std::uint32_t);
  }
  bool is_drive() const override { return true; }

 private:
  std::unique_ptr<CountSource> source_;
  Range range_;
  std::vector<float> weights_;  // one for all, or one for each neuron
  Step delay_;
  std::span<float> input_;
  std::vector<std::uint32_t> counts_;
};

/// A current: of source neuron i for neuron i, or of the one source neuron for all.
class CurrentInlet final : public Inlet {
 public:
  CurrentInlet(std::unique_ptr<SignalSource> source, bool one_source, Range range, std::vector<float> weights,
               Step delay, std::span<float> input)
      : source_(std::move(source)),
        one_source_(one_source),
        range_(range),
        weights_(std::move(weights)),
        delay_(delay),
        input_(input),
        values_(one_source ? 1 : range.count) {}

  void deliver(Step step) override;
  std::uint64_t synapses() const override { return 0; }
  std::size_t bytes() const override { return (weights_.size() + values_.size()) * sizeof(float); }

 private:
  std::unique_ptr<SignalSource> source_;
  bool one_source_;
  Range range_;
  std::vector<float> weights_;
  Step delay_;
  std::span<float> input_;
  std::vector<float> values_;
};

}  // namespace synfire
