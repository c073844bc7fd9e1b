// Spikes through synapses that a rule of plasticity changes.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>

#include "sim/cpu/arrivals.hpp"
#include "sim/cpu/branch.hpp"
#include "sim/cpu/eligibility.hpp"
#include "sim/cpu/incoming.hpp"
#include "sim/cpu/plastic_state.hpp"
#include "sim/cpu/traces.hpp"
#include "sim/rules.hpp"
#include "sim/structure.hpp"

namespace synfire {

/// What the parts of a plastic projection are made from, whatever its rule.
struct PlasticParts {
  std::size_t projection = 0;
  SparseBlock block;  ///< with a weight for each synapse
  std::vector<Shard*> feeders;
  std::unique_ptr<Release> release;
  std::span<float> input;
  Range targets;
  float sign = 1;  ///< -1: the weights are kept as sizes of negative ones
  double dt_ms = 0.1;
  std::vector<PeriodicRule> periodic;
  std::optional<RewardSignal> reward;
  std::unique_ptr<StructureRule> structure;
  std::vector<Shard*> next;  ///< those whose structure this one refers to
  std::unique_ptr<Mask> mask;
};

/// One projection into one shard under a rule R (a SpikeRule over float). Work is done at spikes: an arrival
/// visits the synapses of its row with the traces of their targets, a spike of a target visits the synapses
/// onto it with the traces of their sources.
template <class R> class PlasticSynapses final : public PlasticInlet {
  using Pre = typename R::Pre;
  using Post = typename R::Post;
  static constexpr bool modulated = requires { requires R::modulated; };

 public:
  PlasticSynapses(PlasticParts parts, const typename R::Parameters& parameters)
      : PlasticInlet(parts.projection),
        block_(std::move(parts.block)),
        arrivals_(block_, std::move(parts.feeders), std::move(parts.release)),
        input_(parts.input.data()),
        targets_(parts.targets),
        sign_(parts.sign),
        parameters_(parameters),
        incoming_(block_, parts.targets.count),
        pre_(trains_of(block_), R::pre_time_constants(parameters), parts.dt_ms),
        post_(parts.targets.count, R::post_time_constants(parameters), parts.dt_ms),
        periodic_(std::move(parts.periodic)),
        structure_(std::move(parts.structure)),
        next_(std::move(parts.next)),
        branch_(block_, parts.targets.count, parts.dt_ms) {
    branch_.set_mask(std::move(parts.mask));
    if (structure_) arrivals_.remember();
    if constexpr (modulated)
      eligibility_.emplace(block_.synapses(), std::move(*parts.reward), double(parameters.tau_e),
                           parts.dt_ms);
  }

  void deliver(Step step) override {
    const Step now = step + 1;  // what is due in a step acts at its end
    post_.step();
    if constexpr (modulated) take_reward(step);
    const auto post = post_.pointers();
    const auto parameters = parameters_;
    arrivals_.for_each(block_, step, [&](const TracedArrival& arrival) {
      Pre pre = pre_.at(arrival.run, now);
      branch_.arrive(arrival.run, now, arrival.times);
      for (std::uint32_t n = 0; n < arrival.times; ++n) {
        if (branch_.mask() == nullptr) {
          pass<false>(arrival, pre, post, parameters, now);
        } else {
          pass<true>(arrival, pre, post, parameters, now);
        }
        R::arrive(pre, parameters);
      }
      pre_.set(arrival.run, now, pre);
      events_ += std::uint64_t(arrival.count) * arrival.times;
    });
  }

  void learn(Step step, std::span<const std::uint32_t> spikes) override {
    const Step now = step + 1;
    for (const std::uint32_t target : spikes) {
      Post post = post_.get(target);
      if (plastic_) strengthen(target, post, now);
      R::fire(post, parameters_);
      post_.set(target, post);
    }
    for (const auto& rule : periodic_)
      if (plastic_ && now % rule.every == 0) apply(rule, now);
    if (plastic_ && structure_ && now % structure_->every == 0) restructure(now);
    branch_.learn(now, plastic_);
    reached_ = now;
  }

  std::optional<DelaySpan> stateful_delays() const override { return arrivals_.stateful_delays(block_); }
  void widen(DelaySpan delays) override { arrivals_.widen(block_, delays); }

  void save(const SavedShare& share, Step) const override {
    save_synapses(share, block_);
    save_trains(share, block_);
    save_traces(share.within("pre"), pre_);
    for (std::size_t m = 0; m < post_.members; ++m)
      share.put<float>("post/" + std::to_string(m), post_.column(m));
    branch_.save(share);
    if constexpr (modulated) eligibility_->save(share);
    if (structure_) structure_->save(share.within("structure"));
    arrivals_.save(share);
  }

  void load(const LoadedShare& share, Step now) override {
    const std::vector<ListedSynapse> synapses = load_synapses(share);
    for (const ListedSynapse& synapse : synapses) {
      const bool fits = std::size_t(synapse.source) + 1 < block_.row_begin.size() &&
                        Step(synapse.delay) >= block_.min_delay && Step(synapse.delay) <= block_.max_delay;
      if (!fits) State::refuse(share.of("source"), "holds a synapse that cannot be");
    }
    SparseBlock block = block_of(synapses, block_);
    const bool same = std::equal(block.targets.begin(), block.targets.end(), block_.targets.begin(),
                                 block_.targets.end()) &&
                      std::equal(block.row_begin.begin(), block.row_begin.end(), block_.row_begin.begin());
    if (!same && !structure_) State::refuse(share.of("target"), "has other synapses");
    block_ = std::move(block);
    incoming_ = Incoming(block_, targets_.count);
    const std::vector<std::uint64_t> trains = find_trains(share, block_);
    pre_.resize(trains.size());
    branch_.resize(trains.size());
    load_traces(share, "pre", trains, pre_);
    for (std::size_t m = 0; m < post_.members; ++m) {
      const auto saved = share.get<float>("post/" + std::to_string(m));
      std::copy(saved.begin(), saved.end(), post_.column(m).begin());
    }
    branch_.load(share, trains, synapses);
    if constexpr (modulated) eligibility_->load(share, synapses, now);
    if (structure_) structure_->load(share.within("structure"));
    arrivals_.load(block_, share, now);
    reached_ = now;
  }

  void set_plastic(bool on) override { plastic_ = on; }
  void apply_periodic() override {
    for (const auto& rule : periodic_) apply(rule, reached_);
  }

  void append_synapses(SynapseTable& table) const override {
    for (std::uint32_t source = 0; source + 1 < block_.row_begin.size(); ++source) {
      for (std::uint64_t k = block_.row_begin[source]; k < block_.row_begin[source + 1]; ++k) {
        table.sources.push_back(source);
        table.targets.push_back(targets_.first + block_.targets[k]);
        table.weights.push_back(sign_ * weight_at(k, reached_));
        if (branch_.mask() != nullptr) table.masks.push_back(branch_.mask_at(k));
      }
    }
  }

  std::vector<Feeder> feeders() const override {
    auto feeders = feeders_of_age(arrivals_.feeders(), block_.min_delay, block_.max_delay);
    if constexpr (modulated)
      for (Shard* shard : eligibility_->feeders()) feeders.push_back({shard, 1, 1});
    for (Shard* shard : next_) feeders.push_back({shard, 1, 1});
    return feeders;
  }
  Branch& branch() override { return branch_; }
  StructureRule* structure() override { return structure_.get(); }
  std::uint32_t connected() const override { return connected_targets(block_); }
  std::uint64_t synapses() const override { return block_.synapses(); }
  std::size_t bytes() const override {
    return block_.bytes() + incoming_.bytes() + pre_.bytes() + post_.bytes() +
           (eligibility_ ? eligibility_->bytes() : 0) + branch_.bytes() +
           (structure_ ? structure_->bytes() : 0);
  }

 private:
  static std::size_t trains_of(const SparseBlock& block) {
    return block.has_one_delay() ? block.row_begin.size() - 1 : block.runs.size();
  }
  static float bounded(float w, const typename R::Parameters& p) {
    return std::min(std::max(w, p.w_min), p.w_max);
  }

  // One arriving spike: changes the weights of its synapses, then adds them to the targets' input.
  template <bool masked>
  void pass(const TracedArrival& arrival, const Pre& pre, const auto& post_columns,
            const typename R::Parameters& shared, Step now) {
    // Copies: a weight stored below might else have changed them.
    const auto parameters = shared;
    const auto post = post_columns;
    const Pre x = pre;
    const std::uint16_t* const target = block_.targets.data() + arrival.begin;
    float* const weight = block_.weights.data() + arrival.begin;
    float* const input = input_;
    const float sign = sign_ * (arrival.factor / static_cast<float>(arrival.times));
    const float* const factor = masked ? branch_.mask()->factors().data() : nullptr;
    const bool by_target = masked && branch_.mask()->per_target();
    const auto part = [&](std::uint32_t k) {
      if constexpr (!masked) return sign;
      return sign * factor[by_target ? std::uint64_t(target[k]) : arrival.begin + k];
    };
    if (!plastic_) {
      for (std::uint32_t k = 0; k < arrival.count; ++k) input[target[k]] += part(k) * weight[k];
      return;
    }
    for (std::uint32_t k = 0; k < arrival.count; ++k) {
      const std::uint32_t t = target[k];
      const float change = R::on_pre(weight[k], x, gather<Post>(post, t), parameters);
      const float w = changed(arrival.begin + k, weight[k], change, parameters, now);
      weight[k] = w;
      input[t] += part(k) * w;
    }
  }

  // A spike of a target: changes the weights of the synapses onto it.
  void strengthen(std::uint32_t target, const Post& traces, Step now) {
    const auto parameters = parameters_;
    const Post post = traces;
    const auto synapses = incoming_.of(target);
    constexpr std::size_t look_ahead = 32;  // weights lie anywhere
    for (std::size_t k = 0; k < synapses.size(); ++k) {
      if (k + look_ahead < synapses.size()) {
        __builtin_prefetch(block_.weights.data() + synapses[k + look_ahead].place, 1);
        pre_.prefetch(synapses[k + look_ahead].run);
      }
      const auto [place, run] = synapses[k];
      float& w = block_.weights[place];
      w = changed(place, w, R::on_post(w, pre_.at(run, now), post, parameters), parameters, now);
    }
  }

  // The weight after a change; under a reward, the change goes to the eligibility.
  float changed(std::uint64_t place, float w, float change, const typename R::Parameters& parameters,
                Step now) {
    if constexpr (modulated) {
      const float gained = eligibility_->gained(place, now);
      eligibility_->set(place, now, change);
      return bounded(w + gained, parameters);
    } else {
      return bounded(w + change, parameters);
    }
  }

  float weight_at(std::uint64_t place, Step now) const {
    if constexpr (modulated) {
      return bounded(block_.weights[place] + eligibility_->gained(place, now), parameters_);
    } else {
      return block_.weights[place];
    }
  }

  void take_reward(Step step) {
    if (!eligibility_->advance(step)) return;
    bring_up_to(step + 1);
    eligibility_->close_block(step + 1);
  }

  void bring_up_to(Step now) {
    if constexpr (modulated) {
      for (std::uint64_t k = 0; k < block_.synapses(); ++k)
        block_.weights[k] = changed(k, block_.weights[k], 0.0f, parameters_, now);
    }
  }

  void apply(const PeriodicRule& rule, Step now) {
    bring_up_to(now);
    rule.apply({std::span(block_.weights), std::span(block_.targets), targets_.count});
  }

  // Synapses go and come; what belongs to those that stay moves with them.
  void restructure(Step now) {
    bring_up_to(now);
    std::vector<ListedSynapse> list = list_of(block_);
    structure_->apply(now, list);
    SparseBlock block = block_of(list, block_);
    const auto trains = trains_before(block, block_);
    block_ = std::move(block);
    arrivals_.replan(block_, now);
    incoming_ = Incoming(block_, targets_.count);
    pre_.rearrange(trains, no_train);
    branch_.rebuilt(trains);
    if constexpr (modulated) {
      std::vector<std::uint64_t> places;
      for (const auto& synapse : list) places.push_back(synapse.was);
      eligibility_->rearrange(places, ListedSynapse::new_here, now);
    }
  }

  SparseBlock block_;
  Arrivals<TracedArrival> arrivals_;
  float* input_;
  Range targets_;
  float sign_;
  typename R::Parameters parameters_;
  Incoming incoming_;
  LazyTraces<Pre> pre_;
  SteppedTraces<Post> post_;
  std::vector<PeriodicRule> periodic_;
  std::optional<Eligibility> eligibility_;
  std::unique_ptr<StructureRule> structure_;
  std::vector<Shard*> next_;
  Branch branch_;
  bool plastic_ = true;
  Step reached_ = 0;
};

}  // namespace synfire
