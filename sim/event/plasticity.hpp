// Synapses that change, in continuous time: the rules of plasticity as they are, with traces that are brought
// up to date when they are looked at.
#pragma once

#include <algorithm>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "core/aggregate.hpp"
#include "core/math.hpp"
#include "core/synapse_view.hpp"
#include "networks/description.hpp"
#include "sim/event/synapses.hpp"

namespace synfire {

/// The synapses of one projection into one shard under its rules. Calls must not go back in time.
class EventPlasticity {
 public:
  virtual ~EventPlasticity() = default;
  /// A spike arrives at the synapses [from, to) of a row: they learn, and the weights it acts with are given.
  virtual std::span<const double> arrive(double t, std::uint64_t from, std::uint64_t to) = 0;
  /// A target spikes; arrivals of the same time come before.
  virtual void fire(double t, std::uint32_t target) = 0;
  /// When rules act on all synapses next; infinity: never.
  virtual double next_period() const = 0;
  virtual void act_periodically() = 0;
  /// With its sign.
  virtual double weight(std::uint64_t synapse) const = 0;
  virtual std::size_t bytes() const = 0;
};

/// What part of its weight a spike passes with.
class EventRelease {
 public:
  virtual ~EventRelease() = default;
  /// Of the spike of a source at t; times of one source must not descend.
  virtual double part(std::uint32_t source, double t) = 0;
  virtual std::size_t bytes() const = 0;
};

/// Null pointer when no rule changes synapses. `synapses` must outlive what is made.
std::unique_ptr<EventPlasticity> make_event_plasticity(const ProjectionPlan&, EventSynapses& synapses,
                                                       std::uint32_t targets);
/// Null pointer when no rule asks for it.
std::unique_ptr<EventRelease> make_event_release(const std::vector<RuleDescription>& rules,
                                                 std::uint32_t sources);
/// Throws Error(input), at the rule, for those that this engine does not serve.
void require_event_rules(const ProjectionDescription&);

/// A rule that acts on all synapses at the multiples of `every` (ms).
struct EventPeriod {
  double every = 0;
  std::function<void(const SynapseView<double>&)> apply;
};

/// The synapses onto each target, target by target.
class EventIncoming {
 public:
  EventIncoming(const EventSynapses& synapses, std::uint32_t targets);
  std::span<const std::uint64_t> of(std::uint32_t target) const {
    return std::span(synapses_).subspan(begins_[target], begins_[target + 1] - begins_[target]);
  }
  std::size_t bytes() const { return (synapses_.size() + begins_.size()) * sizeof(std::uint64_t); }

 private:
  std::vector<std::uint64_t> begins_, synapses_;
};

/// Applies a periodic rule to the synapses onto `targets` targets, in blocks that its view can count.
void apply_in_blocks(const EventPeriod& rule, const EventIncoming& incoming, std::uint32_t targets,
                     std::span<double> weights);

template <class R> class EventPlasticityOf final : public EventPlasticity {
  using Pre = typename R::Pre;
  using Post = typename R::Post;

 public:
  EventPlasticityOf(const typename R::Parameters& parameters, EventSynapses& synapses, std::uint32_t targets,
                    double sign, std::vector<EventPeriod> periods)
      : p_(parameters),
        synapses_(synapses),
        sign_(sign),
        incoming_(synapses, targets),
        pre_(synapses.size()),
        post_(targets),
        periods_(std::move(periods)),
        periods_done_(periods_.size(), 0) {}

  std::span<const double> arrive(double t, std::uint64_t from, std::uint64_t to) override {
    acting_.clear();
    const auto weights = synapses_.own_weights();
    const auto targets = synapses_.targets(from, to);
    for (std::uint64_t k = from; k < to; ++k) {
      const Pre pre = pre_[k].at(t, R::pre_time_constants(p_));
      const Post post = post_[targets[k - from]].at(t, R::post_time_constants(p_));
      weights[k] = bounded(weights[k] + R::on_pre(weights[k], pre, post, p_));
      pre_[k] = {pre, t};
      R::arrive(pre_[k].trace, p_);
      acting_.push_back(sign_ * weights[k]);
    }
    return acting_;
  }

  void fire(double t, std::uint32_t target) override {
    const auto weights = synapses_.own_weights();
    const Post post = post_[target].at(t, R::post_time_constants(p_));
    for (const std::uint64_t k : incoming_.of(target)) {
      const Pre pre = pre_[k].at(t, R::pre_time_constants(p_));
      weights[k] = bounded(weights[k] + R::on_post(weights[k], pre, post, p_));
    }
    post_[target] = {post, t};
    R::fire(post_[target].trace, p_);
  }

  double next_period() const override {
    double next = std::numeric_limits<double>::infinity();
    for (std::size_t r = 0; r < periods_.size(); ++r) next = std::min(next, due(r));
    return next;
  }
  void act_periodically() override {
    const double t = next_period();
    for (std::size_t r = 0; r < periods_.size(); ++r) {
      if (due(r) > t) continue;
      apply_in_blocks(periods_[r], incoming_, static_cast<std::uint32_t>(post_.size()),
                      synapses_.own_weights());
      ++periods_done_[r];
    }
  }
  double weight(std::uint64_t synapse) const override { return sign_ * synapses_.own_weights()[synapse]; }
  std::size_t bytes() const override {
    return pre_.size() * sizeof(pre_[0]) + post_.size() * sizeof(post_[0]) + incoming_.bytes();
  }

 private:
  /// A struct of traces as it was at a time.
  template <class Trace> struct Dated {
    Trace trace{};
    double time = 0;

    Trace at(double t, const Trace& time_constants) const {
      Trace now = trace;
      constexpr std::size_t count = member_count<Trace, double>;
      if constexpr (count > 0) {
        const auto values = tie_members<count>(now);
        const auto taus = tie_members<count>(time_constants);
        [&]<std::size_t... m>(std::index_sequence<m...>) {
          ((std::get<m>(values) *= math::exp(-(t - time) / std::get<m>(taus))), ...);
        }
        (std::make_index_sequence<count>());
      }
      return now;
    }
  };

  double bounded(double weight) const { return std::clamp(weight, p_.w_min, p_.w_max); }
  double due(std::size_t rule) const {
    return periods_[rule].every * static_cast<double>(periods_done_[rule] + 1);
  }

  typename R::Parameters p_;
  EventSynapses& synapses_;
  double sign_;
  EventIncoming incoming_;
  std::vector<Dated<Pre>> pre_;    // by synapse: its arrivals
  std::vector<Dated<Post>> post_;  // by target: its spikes
  std::vector<EventPeriod> periods_;
  std::vector<std::uint64_t> periods_done_;
  std::vector<double> acting_;
};

}  // namespace synfire
