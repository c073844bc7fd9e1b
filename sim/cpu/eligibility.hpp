// How a reward turns the eligibility of synapses into weight, without touching every synapse in every step.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "core/array.hpp"
#include "core/math.hpp"
#include "core/time.hpp"
#include "sim/cpu/plastic_state.hpp"
#include "sim/cpu/shard.hpp"

namespace synfire {

/// The reward d(t) of a projection: spikes of a population, or a current.
class RewardSignal {
 public:
  RewardSignal(std::vector<Shard*> feeders, double tau_d_ms, double dt_ms)
      : feeders_(std::move(feeders)), jump_(1 / tau_d_ms), decay_(std::exp(-dt_ms / tau_d_ms)) {}
  explicit RewardSignal(std::unique_ptr<SignalSource> current) : current_(std::move(current)) {}

  const std::vector<Shard*>& feeders() const { return feeders_; }
  /// Reward per ms at the beginning of `step`; steps must be asked for one after another.
  double at(Step step) {
    const Step emitted = step - 1;
    if (emitted < 0) return 0;
    if (current_) {
      float value = 0;
      return current_->values(emitted, 0, {&value, 1}) ? static_cast<double>(value) * 1e-3 : 0;
    }
    level_ *= decay_;
    for (const Shard* feeder : feeders_) level_ += jump_ * double(feeder->history.slot(emitted).size());
    return level_;
  }
  double level() const { return level_; }
  void set_level(double level) { level_ = level; }
  /// Of the integral over a step, given the level at its beginning.
  double rate_of_decay_per_step() const { return current_ ? 0 : -std::log(decay_); }

 private:
  std::vector<Shard*> feeders_;
  std::unique_ptr<SignalSource> current_;
  double level_ = 0, jump_ = 0, decay_ = 1;
};

/// Eligibilities e of the synapses of a block. dw/dt = e d with e = e_0 exp(-t/tau_e) between spikes, so the
/// change from point j to point n of the grid is e_j lambda^-j (Q_n - Q_j), where Q_n = sum over steps k < n
/// of lambda^k d_k and lambda = exp(-dt/tau_e). Powers are counted from the beginning of a block of steps, at
/// whose end all synapses are brought up to date, so that numbers stay moderate.
class Eligibility {
 public:
  Eligibility(std::size_t synapses, RewardSignal reward, double tau_e_ms, double dt_ms)
      : reward_(std::move(reward)),
        rate_(dt_ms / tau_e_ms),
        block_(std::max<Step>(1, static_cast<Step>(10 * tau_e_ms / dt_ms))),
        values_(synapses, 0.0f),
        last_(synapses, 0) {
    const double rate = rate_ + reward_.rate_of_decay_per_step();
    integral_ = -std::expm1(-rate) / rate * dt_ms;
    sums_.assign(1, 0.0);
  }

  const std::vector<Shard*>& feeders() const { return reward_.feeders(); }

  /// Takes up the reward of `step`; true when the block of steps is full and `close_block` is due after all
  /// synapses have been brought to point step + 1.
  bool advance(Step step) {
    const double d = reward_.at(step);
    sums_.push_back(sums_.back() + math::exp(-rate_ * double(step - base_)) * d * integral_);
    return step + 1 - base_ >= block_;
  }
  void close_block(Step point) {
    base_ = point;
    sums_.assign(1, 0.0);
  }

  /// What the weight of synapse k has gained up to a point, and is owed.
  float gained(std::size_t k, Step point) const {
    const Step from = static_cast<Step>(last_[k]);
    const double since = sums_[std::size_t(point - base_)] - sums_[std::size_t(from - base_)];
    return static_cast<float>(double(values_[k]) * math::exp(rate_ * double(from - base_)) * since);
  }
  /// Brings e_k to a point, `change` included; the gain must have been taken before.
  void set(std::size_t k, Step point, float change) {
    const Step elapsed = point - static_cast<Step>(last_[k]);
    if (elapsed > 0) values_[k] *= static_cast<float>(math::exp(-rate_ * double(elapsed)));
    values_[k] += change;
    last_[k] = static_cast<std::uint32_t>(point);
  }
  /// Synapse k was number from[k] before, or begins at `point` (`absent`); all have been brought to it.
  void rearrange(std::span<const std::uint64_t> from, std::uint64_t absent, Step point) {
    LargeVector<float> values(from.size(), 0.0f);
    for (std::size_t k = 0; k < from.size(); ++k)
      if (from[k] != absent) values[k] = values_[from[k]];
    values_.swap(values);
    last_.assign(from.size(), static_cast<std::uint32_t>(point));
  }
  void save(const SavedShare& share) const {
    share.append<float>("eligibility", values_);
    share.append<std::uint32_t>("eligible_since", last_);
    if (!share.leads()) return;
    share.append<double>("reward/level", reward_.level());
    share.append<std::int64_t>("reward/base", base_);
    share.append<double>("reward/sums", sums_);
  }
  void load(const LoadedShare& share, const std::vector<ListedSynapse>& synapses, Step now) {
    load_of_synapses<float>(share, "eligibility", synapses, values_);
    load_of_synapses<std::uint32_t>(share, "eligible_since", synapses, last_);
    reward_.set_level(share.one<double>("reward/level"));
    base_ = share.one<std::int64_t>("reward/base");
    if (base_ < 0 || base_ > now) State::refuse(share.of("reward/base"), "lies outside the run");
    sums_ = share.all<double>("reward/sums", static_cast<std::size_t>(now - base_) + 1);
    for (const std::uint32_t last : last_)
      if (static_cast<Step>(last) < base_ || static_cast<Step>(last) - base_ >= Step(sums_.size()))
        State::refuse(share.of("eligible_since"), "does not fit the rewards");
  }
  std::size_t bytes() const { return values_.size() * (sizeof(float) + sizeof(std::uint32_t)); }

 private:
  RewardSignal reward_;
  double rate_, integral_ = 0;
  Step block_, base_ = 0;
  LargeVector<float> values_;
  LargeVector<std::uint32_t> last_;
  std::vector<double> sums_;
};

}  // namespace synfire
