#include "plasticity/structure.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <tuple>
#include <unordered_set>

namespace synfire::plasticity {
namespace {

using Pairs = std::unordered_set<std::uint64_t>;

std::uint64_t pair_of(std::uint32_t source, std::uint32_t target) {
  return std::uint64_t(source) << 32 | target;
}

Pairs connected_pairs(const std::vector<ListedSynapse>& synapses) {
  Pairs pairs;
  pairs.reserve(2 * synapses.size());
  for (const auto& synapse : synapses) pairs.insert(pair_of(synapse.source, synapse.target));
  return pairs;
}

enum Part : std::uint32_t { regeneration, formation };

}  // namespace

SynapseCounts counts_of(const std::vector<ListedSynapse>& synapses, std::uint32_t targets) {
  std::vector<bool> connected(targets);
  for (const auto& synapse : synapses) connected[synapse.target] = true;
  return {synapses.size(), static_cast<std::uint32_t>(std::count(connected.begin(), connected.end(), true)),
          targets};
}

StructureEvent Structure::apply(Synapses& synapses, const SynapseCounts& next) {
  if (event_++ == 0) at_first_ = synapses.size();
  for (std::size_t k = 0; k < synapses.size(); ++k) synapses[k].was = k;
  measure(synapses);
  StructureEvent event;
  event.rate_prune = rate_prune_;
  event.rate_regenerate = rate_regenerate_;
  const bool changing = double(event_) >= p_.start;
  if (changing) {
    std::vector<Pruned> gone;
    event.pruned = prune(synapses, gone);
    const SynapseCounts here = counts_of(synapses, possible_.targets);
    event.regenerated = regenerate(synapses);
    bear_in_mind(std::move(gone));
    move_rates(here, next);
  }
  event.formed = form(synapses);
  order(synapses);
  event.left = counts_of(synapses, possible_.targets);
  return event;
}

void Structure::measure(const Synapses& synapses) {
  if (event_ == 1) spans_.assign(synapses.size(), {p_.bound, -p_.bound, 0, 0, 0});
  const int needed = static_cast<int>(p_.T_num);
  for (std::size_t k = 0; k < synapses.size(); ++k) spans_[k].update(synapses[k].weight, needed);
}

std::vector<char> Structure::chosen_by_weight(const Synapses& synapses) const {
  std::vector<char> chosen(synapses.size());
  for (std::size_t k = 0; k < synapses.size(); ++k)
    chosen[k] = std::abs(synapses[k].weight) < p_.w_prune ? 1 : 0;
  return chosen;
}

std::vector<char> Structure::chosen_by_neuron(const Synapses& synapses) const {
  std::vector<double> activity(possible_.targets, 0.0);
  std::vector<bool> has(possible_.targets);
  for (std::size_t k = 0; k < synapses.size(); ++k) {
    activity[synapses[k].target] += spans_[k].activity();
    has[synapses[k].target] = true;
  }
  std::vector<std::size_t> connected;
  for (std::size_t t = 0; t < has.size(); ++t)
    if (has[t]) connected.push_back(t);
  const std::size_t count = Rule::share(rate_prune_, connected.size());
  std::vector<bool> loses(possible_.targets);
  const auto of_target = [&](std::size_t t) { return activity[t]; };
  for (const std::size_t t : Rule::smallest(of_target, std::move(connected), count)) loses[t] = true;
  std::vector<char> chosen(synapses.size());
  for (std::size_t k = 0; k < synapses.size(); ++k) chosen[k] = loses[synapses[k].target] ? 1 : 0;
  return chosen;
}

std::vector<char> Structure::chosen_by_synapse(const Synapses& synapses) const {
  const auto activity = [&](std::size_t k) { return spans_[k].activity(); };
  std::vector<std::size_t> all(synapses.size());
  std::iota(all.begin(), all.end(), std::size_t(0));
  std::vector<char> chosen(synapses.size());
  for (const std::size_t k :
       Rule::smallest(activity, std::move(all), Rule::share(rate_prune_, synapses.size())))
    chosen[k] = 1;
  return chosen;
}

std::uint64_t Structure::prune(Synapses& synapses, std::vector<Pruned>& gone) {
  std::vector<char> chosen(synapses.size());
  switch (Rule::word<Rule::Prune>(p_.prune)) {
    case Rule::Prune::none:
      return 0;
    case Rule::Prune::weight:
      chosen = chosen_by_weight(synapses);
      break;
    case Rule::Prune::neurons:
      chosen = chosen_by_neuron(synapses);
      break;
    case Rule::Prune::synapses:
      chosen = chosen_by_synapse(synapses);
      break;
  }
  const bool kept_in_mind = Rule::word<Rule::Regenerate>(p_.regenerate) != Rule::Regenerate::none;
  std::size_t left = 0;
  for (std::size_t k = 0; k < synapses.size(); ++k) {
    if (chosen[k] == 0) {
      spans_[left] = spans_[k];
      synapses[left++] = synapses[k];
    } else if (kept_in_mind) {
      gone.push_back({synapses[k], spans_[k].activity()});
    }
  }
  const std::uint64_t count = synapses.size() - left;
  synapses.resize(left);
  spans_.resize(left);
  return count;
}

// What an event pruned stays away until the next one. Where new pairs are formed and pruned again and again,
// each is kept once.
void Structure::bear_in_mind(std::vector<Pruned> gone) {
  if (p_.form > 0) {
    Pairs pairs;
    for (const Pruned& pruned : gone) pairs.insert(pair_of(pruned.synapse.source, pruned.synapse.target));
    std::erase_if(pruned_, [&](const Pruned& old) {
      return pairs.contains(pair_of(old.synapse.source, old.synapse.target));
    });
  }
  pruned_.insert(pruned_.end(), gone.begin(), gone.end());
}

std::uint64_t Structure::regenerate(Synapses& synapses) {
  const std::size_t candidates = pruned_.size();
  if (Rule::word<Rule::Regenerate>(p_.regenerate) == Rule::Regenerate::none) return 0;
  std::vector<std::size_t> order(candidates);
  std::iota(order.begin(), order.end(), std::size_t(0));
  if (Rule::word<Rule::Regenerate>(p_.regenerate) == Rule::Regenerate::random) {
    RandomStream stream(key_, event_, regeneration);
    for (std::size_t k = candidates; k > 1; --k) std::swap(order[k - 1], order[stream.below(k)]);
  } else {
    std::stable_sort(order.begin(), order.end(),
                     [&](auto a, auto b) { return pruned_[a].activity > pruned_[b].activity; });
  }
  const std::size_t wanted = Rule::share(rate_regenerate_, candidates);
  Pairs pairs = connected_pairs(synapses);
  std::vector<bool> back(pruned_.size());
  std::uint64_t count = 0;
  for (const std::size_t k : order) {
    if (count == wanted) break;
    ListedSynapse synapse = pruned_[k].synapse;
    if (!pairs.insert(pair_of(synapse.source, synapse.target)).second) continue;
    synapse.was = ListedSynapse::new_here;
    synapses.push_back(synapse);
    spans_.push_back({p_.bound, -p_.bound, 0, 0, 0});
    back[k] = true;
    ++count;
  }
  std::size_t left = 0;
  for (std::size_t k = 0; k < pruned_.size(); ++k)
    if (!back[k]) pruned_[left++] = pruned_[k];
  pruned_.resize(left);
  return count;
}

// Draws pairs until enough are free; that there are enough is counted first.
std::uint64_t Structure::form(Synapses& synapses) {
  const std::uint64_t most = p_.most > 0 ? static_cast<std::uint64_t>(p_.most) : at_first_;
  if (!(p_.form > 0) || synapses.size() >= most) return 0;
  Pairs pairs = connected_pairs(synapses);
  std::uint64_t possible = std::uint64_t(possible_.sources) * possible_.targets;
  if (!possible_.self) {
    possible -= std::min(possible_.sources, possible_.targets);
    std::erase_if(pairs, [](std::uint64_t pair) { return pair >> 32 == (pair & 0xFFFFFFFFu); });
  }
  const std::uint64_t count =
      std::min({static_cast<std::uint64_t>(p_.form), most - synapses.size(), possible - pairs.size()});
  RandomStream stream(key_, event_, formation);
  for (std::uint32_t n = 0; n < count;) {
    const auto source = static_cast<std::uint32_t>(stream.below(possible_.sources));
    const auto target = static_cast<std::uint32_t>(stream.below(possible_.targets));
    if (!possible_.self && source == target) continue;
    if (!pairs.insert(pair_of(source, target)).second) continue;
    synapses.push_back({source, target, possible_.delay(event_, n), p_.w_new, ListedSynapse::new_here});
    spans_.push_back({p_.bound, -p_.bound, 0, 0, 0});
    ++n;
  }
  return count;
}

void Structure::order(Synapses& synapses) {
  std::vector<std::size_t> order(synapses.size());
  std::iota(order.begin(), order.end(), std::size_t(0));
  const auto place = [&](std::size_t k) {
    return std::tuple(synapses[k].source, synapses[k].delay, synapses[k].target);
  };
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return place(a) < place(b); });
  Synapses ordered;
  std::vector<Rule::Span> spans;
  ordered.reserve(order.size());
  spans.reserve(order.size());
  for (const std::size_t k : order) {
    ordered.push_back(synapses[k]);
    spans.push_back(spans_[k]);
  }
  synapses = std::move(ordered);
  spans_ = std::move(spans);
}

void Structure::move_rates(const SynapseCounts& here, const SynapseCounts& next) {
  const auto rates = Rule::word<Rule::Rates>(p_.rates);
  if (rates == Rule::Rates::constant) return;
  const double ratio = Rule::ratio(here, next, rates);
  const double e = static_cast<double>(event_);
  // A next layer without synapses has no ratio; the rate stays.
  if (ratio > 0) rate_prune_ = Rule::next_prune_rate(rate_prune_, e, ratio, p_);
  rate_regenerate_ = Rule::next_regeneration_rate(rate_regenerate_, e, p_);
}

void Structure::save(const SavedShare& share) const {
  share.append<double>("rates", std::array{rate_prune_, rate_regenerate_});
  share.append<std::uint64_t>(
      "events", std::array{event_, at_first_, std::uint64_t(spans_.size()), std::uint64_t(pruned_.size())});
  for (const Rule::Span& span : spans_) {
    share.append<double>("spans", std::array{span.high, span.low, span.sum});
    share.append<std::int64_t>("sides", std::array<std::int64_t, 2>{span.side, span.events});
  }
  for (const auto& [synapse, activity] : pruned_) {
    share.append<std::uint32_t>("pruned/synapses", std::array{synapse.source, synapse.target, synapse.delay});
    share.append<double>("pruned/values", std::array{synapse.weight, activity});
  }
}

void Structure::load(const LoadedShare& share) {
  const auto& rates = share.all<double>("rates", 2);
  const auto& events = share.all<std::uint64_t>("events", 4);
  rate_prune_ = rates[0];
  rate_regenerate_ = rates[1];
  event_ = events[0];
  at_first_ = events[1];
  spans_.clear();
  pruned_.clear();
  if (events[2] > 0) {
    const auto& spans = share.all<double>("spans", 3 * events[2]);
    const auto& sides = share.all<std::int64_t>("sides", 2 * events[2]);
    for (std::size_t k = 0; k < events[2]; ++k)
      spans_.push_back({spans[3 * k], spans[3 * k + 1], spans[3 * k + 2], static_cast<int>(sides[2 * k]),
                        static_cast<int>(sides[2 * k + 1])});
  }
  if (events[3] > 0) {
    const auto& synapses = share.all<std::uint32_t>("pruned/synapses", 3 * events[3]);
    const auto& values = share.all<double>("pruned/values", 2 * events[3]);
    for (std::size_t k = 0; k < events[3]; ++k)
      pruned_.push_back(
          {{synapses[3 * k], synapses[3 * k + 1], synapses[3 * k + 2], values[2 * k]}, values[2 * k + 1]});
  }
}

std::size_t Structure::bytes() const {
  return spans_.size() * sizeof(Rule::Span) + pruned_.size() * sizeof(Pruned);
}

}  // namespace synfire::plasticity
