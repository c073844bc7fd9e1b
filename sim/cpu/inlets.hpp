// The ways in which a projection reaches a shard.
#pragma once

#include "sim/cpu/shard.hpp"
#include "synapses/sparse.hpp"

namespace synfire {

/// Spikes through stored synapses. A spike of age `min_delay` is looked up once; the runs of its row that are
/// due later wait in a calendar with one page a step. A page fills in the order of emission and source, so
/// that every target sums its inputs in an order that no sharding can change.
class SparseInlet final : public Inlet {
 public:
  SparseInlet(SparseBlock block, std::vector<Shard*> feeders, std::span<float> input);

  void deliver(Step step) override;
  std::span<Shard* const> feeders() const override { return feeders_; }
  Step age() const override { return block_.min_delay; }
  std::uint64_t synapses() const override { return block_.synapses(); }
  std::size_t bytes() const override { return block_.bytes(); }

 private:
  struct DueRun {
    std::uint64_t begin;
    std::uint32_t count;
    float factor;  // how often the source spiked in that step
  };
  template <class Visit> void for_each_spike(Step emitted, const Visit& visit) const;
  void deliver_rows(Step emitted);
  void plan_runs(Step emitted);

  SparseBlock block_;
  std::vector<Shard*> feeders_;
  float* input_;
  std::vector<std::vector<DueRun>> calendar_;  // a power of two of pages; empty when all delays are equal
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
