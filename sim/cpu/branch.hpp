// How active the synapses of a projection into a shard are, and the mask that this may move.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "sim/cpu/plastic_state.hpp"
#include "sim/cpu/rebuild.hpp"
#include "sim/cpu/traces.hpp"
#include "sim/mask.hpp"

namespace synfire {

class Branch {
 public:
  /// `block` must live as long and may change; see `rebuilt`.
  Branch(const SparseBlock& block, std::uint32_t targets, double dt_ms)
      : block_(block), targets_(targets), dt_ms_(dt_ms) {}

  /// Null pointer when all of every weight passes.
  const Mask* mask() const { return mask_.get(); }
  Mask* mask() { return mask_.get(); }
  void set_mask(std::unique_ptr<Mask> mask) { mask_ = std::move(mask); }
  /// The mask competes with another branch into the same shard, which must live as long.
  void compete(Branch& rival, double tau_ms) {
    rival_ = &rival;
    tau_ms_ = tau_ms;
    watch(tau_ms);
    rival.watch(tau_ms);
  }

  /// Spikes of a train arrive at a point of the grid.
  void arrive(std::uint64_t train, Step now, std::uint32_t times) {
    for (auto& [tau_ms, rates] : watched_) {
      Rate rate = rates.at(train, now);
      rate.x += static_cast<float>(times);
      rates.set(train, now, rate);
    }
  }
  /// After all that arrives at this point; M stays unless it may `move`.
  void learn(Step now, bool move) {
    if (!mask_) return;
    if (!move) return mask_->redraw(now);
    if (!mask_->due(now)) return;
    if (!mask_->competes(now)) return mask_->update(now, {}, {});
    const auto against = rival_->rate_by_target(tau_ms_, now);
    mask_->update(now, mask_->per_target() ? rate_by_target(tau_ms_, now) : rate_by_synapse(now),
                  mask_->per_target() ? against : at_synapses(against));
  }
  /// The trains of the block have moved (see trains_before). A mask must be by target.
  void rebuilt(std::span<const std::uint64_t> trains) {
    for (auto& [tau_ms, rates] : watched_) rates.rearrange(trains, no_train);
  }

  /// Before `load`: how many trains there are.
  void resize(std::size_t trains) {
    for (auto& [tau_ms, rates] : watched_) rates.resize(trains);
  }
  void save(const SavedShare& share) const {
    for (std::size_t k = 0; k < watched_.size(); ++k)
      save_traces(share.within("rates/" + std::to_string(k)), watched_[k].rates);
    if (!mask_) return;
    if (share.leads()) share.append<std::uint32_t>("mask/frozen", mask_->frozen() ? 1 : 0);
    for (const auto& [name, values] :
         {std::pair("mask/value", mask_->values()), {"mask/factor", mask_->factors()}}) {
      if (mask_->per_target()) {
        share.put<float>(name, values);
      } else {
        share.append<float>(name, values);
      }
    }
  }
  void load(const LoadedShare& share, const std::vector<std::uint64_t>& trains,
            const std::vector<ListedSynapse>& synapses) {
    for (std::size_t k = 0; k < watched_.size(); ++k)
      load_traces(share, "rates/" + std::to_string(k), trains, watched_[k].rates);
    if (!mask_) return;
    std::vector<float> values, factors;
    if (mask_->per_target()) {
      const auto saved = share.get<float>("mask/value"), passing = share.get<float>("mask/factor");
      values.assign(saved.begin(), saved.end());
      factors.assign(passing.begin(), passing.end());
    } else {
      load_of_synapses<float>(share, "mask/value", synapses, values);
      load_of_synapses<float>(share, "mask/factor", synapses, factors);
    }
    mask_->restore(std::move(values), std::move(factors), share.one<std::uint32_t>("mask/frozen") != 0);
  }

  /// M of the synapse at a place in the block.
  float mask_at(std::uint64_t place) const {
    return mask_->values()[mask_->per_target() ? block_.targets[place] : place];
  }
  std::size_t bytes() const {
    std::size_t sum = mask_ ? 2 * sizeof(float) * mask_->values().size() : 0;
    for (const auto& [tau_ms, rates] : watched_) sum += rates.bytes();
    return sum;
  }

 private:
  struct Rate {
    float x;
  };
  struct Watched {
    double tau_ms;
    LazyTraces<Rate> rates;
  };

  void watch(double tau_ms) {
    for (const auto& watched : watched_)
      if (watched.tau_ms == tau_ms) return;
    const std::size_t trains = block_.has_one_delay() ? block_.row_begin.size() - 1 : block_.runs.size();
    watched_.push_back({tau_ms, LazyTraces<Rate>(trains, {static_cast<float>(tau_ms)}, dt_ms_)});
  }

  // Calls visit(place, rate in Hz) for every synapse.
  template <class Visit> void for_each_rate(double tau_ms, Step now, const Visit& visit) const {
    const Watched* watched = watched_.data();
    while (watched->tau_ms != tau_ms) ++watched;
    const auto hertz = [&](std::uint64_t train) {
      return double(watched->rates.at(train, now).x) * 1000 / tau_ms;
    };
    if (block_.has_one_delay()) {
      for (std::size_t source = 0; source + 1 < block_.row_begin.size(); ++source) {
        const double rate = hertz(source);
        for (std::uint64_t k = block_.row_begin[source]; k < block_.row_begin[source + 1]; ++k)
          visit(k, rate);
      }
      return;
    }
    std::uint64_t place = 0;
    for (std::uint64_t r = 0; r < block_.runs.size(); ++r) {
      const double rate = hertz(r);
      for (std::uint32_t n = 0; n < block_.runs[r].count; ++n) visit(place++, rate);
    }
  }

  std::vector<double> rate_by_target(double tau_ms, Step now) const {
    std::vector<double> rates(targets_, 0.0), synapses(targets_, 0.0);
    for_each_rate(tau_ms, now, [&](std::uint64_t k, double rate) {
      rates[block_.targets[k]] += rate;
      synapses[block_.targets[k]] += 1;
    });
    for (std::size_t t = 0; t < rates.size(); ++t)
      if (synapses[t] > 0) rates[t] /= synapses[t];
    return rates;
  }
  std::vector<double> rate_by_synapse(Step now) const {
    std::vector<double> rates(block_.synapses());
    for_each_rate(tau_ms_, now, [&](std::uint64_t k, double rate) { rates[k] = rate; });
    return rates;
  }
  std::vector<double> at_synapses(const std::vector<double>& by_target) const {
    std::vector<double> values;
    values.reserve(block_.synapses());
    for (const std::uint16_t target : block_.targets) values.push_back(by_target[target]);
    return values;
  }

  const SparseBlock& block_;
  std::uint32_t targets_;
  double dt_ms_, tau_ms_ = 0;
  std::unique_ptr<Mask> mask_;
  Branch* rival_ = nullptr;
  std::vector<Watched> watched_;
};

}  // namespace synfire
