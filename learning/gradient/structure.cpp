#include "learning/gradient/structure.hpp"

#include <cmath>
#include <numeric>

#include <fmt/format.h>
#include <tbb/parallel_for.h>

namespace synfire::learning {
namespace {

using Prune = training::Structure::Prune;
using Regenerate = training::Structure::Regenerate;

bool joins_neurons(const Weights<float>& weights) { return weights.shape.size() == 2 && weights.decays; }

bool is_there(const Weights<float>& weights, std::size_t i) {
  return weights.pruned.empty() || weights.pruned[i] == 0;
}

SynapseCounts counts_of(const Weights<float>& weights) {
  const std::size_t targets = weights.shape[0], sources = weights.shape[1];
  SynapseCounts counts{.targets = static_cast<std::uint32_t>(targets)};
  for (std::size_t t = 0; t < targets; ++t) {
    std::uint64_t row = 0;
    for (std::size_t s = 0; s < sources; ++s) row += is_there(weights, t * sources + s) ? 1 : 0;
    counts.synapses += row;
    counts.connected += row > 0 ? 1 : 0;
  }
  return counts;
}

// Of a weight: what a rule remembers, in an order that a file keeps.
constexpr std::array<std::string_view, 8> remembered = {"pruned", "high",   "low",     "sum",
                                                        "side",   "events", "earlier", "gradient"};

}  // namespace

WeightStructure::WeightStructure(const Chosen& chosen, std::uint64_t seed, All weights)
    : p_(values_of<training::Structure>(chosen)), key_(seed, "training/structure") {
  rule_.alpha = float(p_.alpha), rule_.beta = float(p_.beta), rule_.gamma = float(p_.gamma);
  rule_.start = float(p_.start), rule_.mid = float(p_.mid), rule_.ceiling = float(p_.ceiling);
  rule_.limit = float(p_.limit), rule_.reset = float(p_.reset);
  std::vector<std::size_t> found;
  for (std::size_t k = 0; k < weights.size(); ++k)
    if (joins_neurons(*weights[k])) found.push_back(k);
  if (found.size() < 2)
    throw Error(ErrorKind::input, chosen.where,
                "structure of training: there is nothing to prune; it acts on the weights of `dense` layers "
                "and recurrent neurons, and leaves those of the last `dense` alone");
  const auto feeds_forward = [&](std::size_t k) { return weights[k]->name.ends_with(".weight"); };
  for (std::size_t n = 0; n + 1 < found.size(); ++n) {
    const auto next = std::find_if(found.begin() + std::ptrdiff_t(n) + 1, found.end(), feeds_forward);
    const std::size_t size = weights[found[n]]->size();
    const Rule::Span first{float(p_.bound), -float(p_.bound), 0, 0, 0};
    arrays_.push_back({found[n], next == found.end() ? found.back() : *next,
                       std::vector<Rule::Span>(size, first), std::vector<float>(size),
                       std::vector<float>(size), float(p_.rate_prune), float(p_.rate_regenerate)});
    weights[found[n]]->pruned.assign(size, 0);
  }
}

void WeightStructure::note_gradients(All weights) {
  noting_ = static_cast<Regenerate>(p_.regenerate) == Regenerate::gradient;
  for (Array& array : arrays_) {
    std::fill(array.gradient.begin(), array.gradient.end(), 0.0f);
    weights[array.number]->gradient_of_pruned = noting_;
  }
}

void WeightStructure::before_move(All weights) {
  tbb::parallel_for(std::size_t(0), arrays_.size(), [&](std::size_t a) {
    Array& array = arrays_[a];
    Weights<float>& w = *weights[array.number];
    for (std::size_t i = 0; i < w.size(); ++i) {
      if (w.pruned[i] == 0) continue;
      if (noting_) array.gradient[i] += std::abs(w.gradient[i]);
      w.gradient[i] = 0;
    }
  });
}

void WeightStructure::after_move(All weights) {
  const bool look = ++moves_ % static_cast<std::uint64_t>(p_.every) == 0;
  const int needed = static_cast<int>(p_.T_num);
  tbb::parallel_for(std::size_t(0), arrays_.size(), [&](std::size_t a) {
    Array& array = arrays_[a];
    Weights<float>& w = *weights[array.number];
    for (std::size_t i = 0; i < w.size(); ++i) {
      if (w.pruned[i] != 0) {
        w.values[i] = 0;
      } else if (look) {
        array.spans[i].update(w.values[i], needed);
      }
    }
  });
}

// Of the targets, or the connections, that there are: the share of them that is to go.
std::vector<std::size_t> WeightStructure::least_active(const Array& array, const Weights<float>& w) const {
  const std::size_t targets = w.shape[0], sources = w.shape[1];
  std::vector<std::size_t> there;
  if (static_cast<Prune>(p_.prune) == Prune::synapses) {
    for (std::size_t i = 0; i < w.size(); ++i)
      if (w.pruned[i] == 0) there.push_back(i);
    const std::size_t count = Rule::share(double(array.rate_prune), there.size());
    return Rule::smallest([&](std::size_t i) { return array.spans[i].activity(); }, std::move(there), count);
  }
  std::vector<double> activity(targets, 0.0);
  for (std::size_t t = 0; t < targets; ++t) {
    bool connected = false;
    for (std::size_t i = t * sources; i < (t + 1) * sources; ++i) {
      if (w.pruned[i] != 0) continue;
      activity[t] += double(array.spans[i].activity());
      connected = true;
    }
    if (connected) there.push_back(t);
  }
  const std::size_t count = Rule::share(double(array.rate_prune), there.size());
  std::vector<std::size_t> gone;
  for (const std::size_t t :
       Rule::smallest([&](std::size_t each) { return activity[each]; }, std::move(there), count))
    for (std::size_t i = t * sources; i < (t + 1) * sources; ++i)
      if (w.pruned[i] == 0) gone.push_back(i);
  return gone;
}

std::uint64_t WeightStructure::prune(Array& array, Weights<float>& w) const {
  std::vector<std::size_t> gone;
  if (static_cast<Prune>(p_.prune) == Prune::weight) {
    for (std::size_t i = 0; i < w.size(); ++i)
      if (w.pruned[i] == 0 && std::abs(double(w.values[i])) < p_.w_prune) gone.push_back(i);
  } else {
    gone = least_active(array, w);
  }
  for (const std::size_t i : gone) {
    array.earlier[i] = w.values[i];
    w.values[i] = 0;
    w.pruned[i] = 1;
  }
  return gone.size();
}

std::vector<std::size_t> WeightStructure::candidates(const Weights<float>& w) const {
  std::vector<std::size_t> all;
  if (static_cast<Regenerate>(p_.regenerate) == Regenerate::none) return all;
  for (std::size_t i = 0; i < w.size(); ++i)
    if (w.pruned[i] != 0) all.push_back(i);
  return all;
}

std::uint64_t WeightStructure::regenerate(Array& array, Weights<float>& w, std::vector<std::size_t> order,
                                          std::uint64_t epoch) const {
  const std::size_t count = Rule::share(double(array.rate_regenerate), order.size());
  if (static_cast<Regenerate>(p_.regenerate) == Regenerate::random) {
    RandomStream stream(key_, epoch, static_cast<std::uint32_t>(array.number));
    for (std::size_t k = order.size(); k > 1; --k) std::swap(order[k - 1], order[stream.below(k)]);
    order.resize(count);
  } else {
    const bool gradient = static_cast<Regenerate>(p_.regenerate) == Regenerate::gradient;
    order = Rule::smallest(
        [&](std::size_t i) { return gradient ? -array.gradient[i] : -array.spans[i].activity(); },
        std::move(order), count);
  }
  for (const std::size_t i : order) {
    w.pruned[i] = 0;
    w.values[i] = p_.restore == 0 ? array.earlier[i] : 0;
    array.spans[i] = {float(p_.bound), -float(p_.bound), 0, 0, 0};
  }
  return count;
}

void WeightStructure::move_rates(Array& array, const SynapseCounts& here, const SynapseCounts& next,
                                 double epoch) const {
  const auto rates = Rule::word<Rule::Rates>(float(p_.rates));
  if (rates == Rule::Rates::constant) return;
  const float ratio = Rule::ratio(here, next, rates);
  if (ratio > 0) array.rate_prune = Rule::next_prune_rate(array.rate_prune, float(epoch), ratio, rule_);
  array.rate_regenerate = Rule::next_regeneration_rate(array.rate_regenerate, float(epoch), rule_);
}

std::vector<ArrayStructure> WeightStructure::end_epoch(All weights, std::uint64_t epoch) {
  std::vector<ArrayStructure> made;
  std::vector<SynapseCounts> before;
  for (const Weights<float>* w : weights)
    before.push_back(joins_neurons(*w) ? counts_of(*w) : SynapseCounts{});
  for (Array& array : arrays_) {
    Weights<float>& w = *weights[array.number];
    // Whatever the method of learning did to the weights at the end of the epoch.
    for (std::size_t i = 0; i < w.size(); ++i)
      if (w.pruned[i] != 0) w.values[i] = 0;
    ArrayStructure record{.array = w.name,
                          .rate_prune = double(array.rate_prune),
                          .rate_regenerate = double(array.rate_regenerate)};
    if (double(epoch) >= p_.start) {
      auto pruned_before = candidates(w);
      record.pruned = double(prune(array, w));
      const SynapseCounts here = counts_of(w);
      record.regenerated = double(regenerate(array, w, std::move(pruned_before), epoch));
      move_rates(array, here, before[array.next], double(epoch));
    }
    const SynapseCounts left = counts_of(w);
    record.connections = double(left.synapses);
    record.density = record.connections / double(w.size());
    record.neurons = double(left.connected);
    w.gradient_of_pruned = false;
    made.push_back(std::move(record));
  }
  noting_ = false;
  return made;
}

std::vector<ConnectionMask> WeightStructure::masks(All weights) const {
  std::vector<ConnectionMask> all;
  for (const Array& array : arrays_) {
    const Weights<float>& w = *weights[array.number];
    ConnectionMask& mask = all.emplace_back(w.name, w.shape, w.pruned);
    for (auto& each : mask.kept) each = each == 0 ? 1 : 0;
  }
  return all;
}

std::vector<NamedArray<float>> WeightStructure::state(All weights) const {
  std::vector<NamedArray<float>> all;
  for (const Array& array : arrays_) {
    const Weights<float>& w = *weights[array.number];
    const std::size_t first = all.size();
    for (const std::string_view name : remembered)
      all.push_back({fmt::format("{}.{}", w.name, name), w.shape, std::vector<float>(w.size())});
    for (std::size_t i = 0; i < w.size(); ++i) {
      const Rule::Span& span = array.spans[i];
      const float values[] = {float(w.pruned[i]), span.high,          span.low,         span.sum,
                              float(span.side),   float(span.events), array.earlier[i], array.gradient[i]};
      for (std::size_t k = 0; k < remembered.size(); ++k) all[first + k].values[i] = values[k];
    }
    all.push_back({w.name + ".rates", {2}, {array.rate_prune, array.rate_regenerate}});
  }
  // A number of moves below 2^40, in two parts that are exact.
  all.push_back({"structure.moves", {2}, {float(moves_ >> 20), float(moves_ & 0xFFFFFu)}});
  return all;
}

void WeightStructure::load(All weights, const std::vector<NamedArray<float>>& state) {
  if (state.empty()) return;
  const auto own = this->state(weights);
  bool same = own.size() == state.size();
  for (std::size_t k = 0; same && k < own.size(); ++k)
    same = own[k].name == state[k].name && own[k].values.size() == state[k].values.size();
  if (!same)
    throw Error(ErrorKind::input, "the connections of `structure` in the file are not of this network");
  auto from = state.begin();
  for (Array& array : arrays_) {
    Weights<float>& w = *weights[array.number];
    for (std::size_t i = 0; i < w.size(); ++i) {
      const auto value = [&](std::size_t k) { return from[std::ptrdiff_t(k)].values[i]; };
      w.pruned[i] = value(0) != 0 ? 1 : 0;
      array.spans[i] = {value(1), value(2), value(3), int(value(4)), int(value(5))};
      array.earlier[i] = value(6), array.gradient[i] = value(7);
    }
    from += std::ptrdiff_t(remembered.size());
    array.rate_prune = from->values[0], array.rate_regenerate = from->values[1];
    ++from;
  }
  moves_ = (static_cast<std::uint64_t>(from->values[0]) << 20) + static_cast<std::uint64_t>(from->values[1]);
}

}  // namespace synfire::learning
