// The door between the event engine and the concrete models.
#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "encoders/sources.hpp"
#include "neurons/models.hpp"
#include "sim/catalogue.hpp"
#include "sim/catalogue_samples.hpp"
#include "sim/catalogue_trains.hpp"
#include "sim/event/neurons.hpp"

namespace synfire {
namespace {

constexpr double never = std::numeric_limits<double>::infinity();

/// Calls visit.template operator()<Model>() for the models with an event form.
template <class Visit> void for_each_event_model(Visit&& visit) {
  NeuronModels::for_each([&]<template <class> class Model>() {
    if constexpr (EventDriven<Model<double>, double>) visit.template operator()<Model>();
  });
}

// ---- Spikes ----

/// The rate of a Poisson train over time, cut to [start, stop).
struct Rates {
  std::vector<Schedule::Piece> pieces;  // Hz
  double start = 0, stop = never;

  /// When the expected number of spikes since t has grown by `expected`.
  double after(double t, double expected) const {
    t = std::max(t, start);
    for (std::size_t k = 0; k < pieces.size(); ++k) {
      const double end = k + 1 < pieces.size() ? pieces[k + 1].time_ms : never;
      if (t >= end) continue;
      t = std::max(t, pieces[k].time_ms);
      const double per_ms = pieces[k].value * 1e-3;
      const double wait = per_ms > 0 ? expected / per_ms : never;
      if (t + wait < end) return t + wait < stop ? t + wait : never;
      expected -= (end - t) * per_ms;
    }
    return never;
  }
};

/// Waiting times of the unit Poisson process, stretched by the rate; wait k of a neuron is a function of
/// (seed, neuron, k).
class PoissonWaits final : public EventSource {
 public:
  PoissonWaits(RandomKey key, Rates shared, std::vector<double> own, Range range)
      : key_(key), rates_(std::move(shared)), own_(std::move(own)), range_(range), trains_(range.count) {}

  double next(std::uint32_t i) override {
    Train& train = trains_[i];
    if (train.time == never) return never;
    const double wait = RandomStream(key_, range_.first + i, train.drawn++).exponential();
    if (own_.empty()) return train.time = rates_.after(train.time, wait);
    const double time = own_[i] > 0 ? std::max(train.time, rates_.start) + wait / (own_[i] * 1e-3) : never;
    return train.time = time < rates_.stop ? time : never;
  }
  std::size_t bytes() const override { return trains_.size() * sizeof(Train) + own_.size() * sizeof(double); }

 private:
  struct Train {
    double time = 0;
    std::uint32_t drawn = 0;
  };

  RandomKey key_;
  Rates rates_;
  std::vector<double> own_;  // a rate for each neuron of the range, where they differ
  Range range_;
  std::vector<Train> trains_;
};

class GivenSpikes final : public EventSource {
 public:
  GivenSpikes(const SpikeTrain& train, Range range) : next_(range.count + std::size_t(1), 0) {
    const auto inside = [&](std::uint64_t id) { return id >= range.first && id - range.first < range.count; };
    for (const std::uint64_t id : train.ids)
      if (inside(id)) ++next_[id - range.first + 1];
    std::partial_sum(next_.begin(), next_.end(), next_.begin());
    ends_.assign(next_.begin() + 1, next_.end());
    times_.resize(next_.back());
    std::vector<std::size_t> at(next_.begin(), next_.end() - 1);
    for (std::size_t k = 0; k < train.ids.size(); ++k)
      if (inside(train.ids[k])) times_[at[train.ids[k] - range.first]++] = train.times_ms[k];
    for (std::uint32_t i = 0; i < range.count; ++i)
      std::sort(times_.begin() + std::ptrdiff_t(next_[i]), times_.begin() + std::ptrdiff_t(ends_[i]));
  }

  double next(std::uint32_t i) override { return next_[i] < ends_[i] ? times_[next_[i]++] : never; }
  std::size_t bytes() const override {
    return times_.size() * sizeof(double) + 2 * next_.size() * sizeof(std::size_t);
  }

 private:
  std::vector<double> times_;             // neuron after neuron, ascending
  std::vector<std::size_t> next_, ends_;  // by neuron
};

// ---- Currents ----

/// A current that is the same for all: a schedule, cut to [start, stop).
class SteppedSignal final : public EventSignal {
 public:
  SteppedSignal(const Schedule& amplitude, double start, double stop) {
    if (!(start < stop)) return;
    pieces_.push_back({start, amplitude.at(start)});
    for (const auto& piece : amplitude.pieces)
      if (piece.time_ms > start && piece.time_ms < stop) pieces_.push_back(piece);
    if (stop < never) pieces_.push_back({stop, 0.0});
  }
  double change(std::size_t k) const override { return k < pieces_.size() ? pieces_[k].time_ms : never; }
  void values(std::size_t k, std::uint32_t, std::span<double> values) const override {
    std::fill(values.begin(), values.end(), pieces_[k].value);
  }

 private:
  std::vector<Schedule::Piece> pieces_;
};

class VariedSignal final : public EventSignal {
 public:
  VariedSignal(RandomKey key, Distribution amplitude, double start, double stop)
      : key_(key), amplitude_(std::move(amplitude)), start_(start), stop_(stop) {}

  double change(std::size_t k) const override {
    if (!(start_ < stop_)) return never;
    return k == 0 ? start_ : k == 1 ? stop_ : never;
  }
  void values(std::size_t k, std::uint32_t first, std::span<double> values) const override {
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = k == 0 ? amplitude_.sample(key_, first + i) : 0.0;
  }

 private:
  RandomKey key_;
  Distribution amplitude_;
  double start_, stop_;
};

class NoiseSignal final : public EventSignal {
 public:
  NoiseSignal(RandomKey key, NoiseCurrent::Parameters p) : key_(key), p_(p) {}

  double change(std::size_t k) const override {
    const double begin = interval(k);
    if (begin < p_.stop) return begin;
    const bool ends_here = k > 0 && interval(k - 1) < p_.stop && p_.stop < never;
    return ends_here ? p_.stop : never;
  }
  void values(std::size_t k, std::uint32_t first, std::span<double> values) const override {
    std::vector<float> drawn(values.size(), 0.0f);
    if (interval(k) < p_.stop) NoiseCurrent::draw(key_, p_, static_cast<std::int64_t>(k), first, drawn);
    std::copy(drawn.begin(), drawn.end(), values.begin());
  }

 private:
  double interval(std::size_t k) const { return p_.start + static_cast<double>(k) * p_.dt; }

  RandomKey key_;
  NoiseCurrent::Parameters p_;
};

/// A row of currents for each sample; nothing after the last.
class SampledSignal final : public EventSignal {
 public:
  explicit SampledSignal(SampleCurrents currents) : currents_(std::move(currents)) {}

  double change(std::size_t k) const override {
    return k <= currents_.rows() ? currents_.start_ms(k) : never;
  }
  void values(std::size_t k, std::uint32_t first, std::span<double> values) const override {
    std::vector<float> row(values.size(), 0.0f);
    if (k < currents_.rows()) currents_.copy(k, first, row);
    std::copy(row.begin(), row.end(), values.begin());
  }

 private:
  SampleCurrents currents_;
};

/// What a task gives, in each step of the grid.
class FedSignal final : public EventSignal {
 public:
  FedSignal(const Feed& feed, const Grid& grid) : feed_(feed), grid_(grid) {}
  double change(std::size_t k) const override { return grid_.time_ms(static_cast<Step>(k)); }
  void values(std::size_t, std::uint32_t first, std::span<double> values) const override {
    if (feed_.currents.empty()) return std::fill(values.begin(), values.end(), 0.0);
    std::copy_n(feed_.currents.begin() + first, values.size(), values.begin());
  }

 private:
  const Feed& feed_;
  Grid grid_;
};

std::unique_ptr<EventSource> make_poisson_waits(const BuildContext& context,
                                                const PopulationDescription& population, Range range) {
  const auto p = constant_parameters<Poisson::Parameters>(Poisson::describe(), population);
  const RandomKey key = context.key(fmt::format("population/{}/waits", population.name));
  Rates rates{{{0.0, p.rate}}, p.start, p.stop};
  std::vector<double> own;
  const auto found = population.parameters.find("rate");
  if (found != population.parameters.end()) {
    if (const auto* schedule = std::get_if<Schedule>(&found->second)) {
      rates.pieces = schedule->pieces;
    } else if (const auto& rate = std::get<Distribution>(found->second); !rate.is_constant()) {
      const RandomKey rate_key = context.key(fmt::format("population/{}/rate", population.name));
      for (std::uint32_t i = 0; i < range.count; ++i) own.push_back(rate.sample(rate_key, range.first + i));
    }
  }
  return std::make_unique<PoissonWaits>(key, std::move(rates), std::move(own), range);
}

std::unique_ptr<EventSignal> make_step_signal(const BuildContext& context,
                                              const PopulationDescription& population) {
  const auto p = constant_parameters<StepCurrent::Parameters>(StepCurrent::describe(), population);
  const auto found = population.parameters.find("amplitude");
  if (found != population.parameters.end()) {
    if (const auto* schedule = std::get_if<Schedule>(&found->second))
      return std::make_unique<SteppedSignal>(*schedule, p.start, p.stop);
    const auto& amplitude = std::get<Distribution>(found->second);
    if (!amplitude.is_constant())
      return std::make_unique<VariedSignal>(
          context.key(fmt::format("population/{}/amplitude", population.name)), amplitude, p.start, p.stop);
  }
  return std::make_unique<SteppedSignal>(Schedule{{{0.0, p.amplitude}}, {}}, p.start, p.stop);
}

}  // namespace

void require_event_form(const PopulationDescription& population) {
  bool found = false;
  std::vector<std::string_view> able;
  for_each_event_model([&]<template <class> class Model>() {
    able.push_back(Model<double>::describe().name);
    found = found || able.back() == population.model;
  });
  if (found) return;
  throw Error(
      ErrorKind::input, population.where,
      fmt::format("{}: this model has no event form, which engine event needs; those that have one: {} "
                  "(or use engine batched)",
                  title(population), fmt::join(able, ", ")));
}

std::unique_ptr<EventNeurons> make_event_neurons(const BuildContext& context,
                                                 const PopulationDescription& population, Range range) {
  require_event_form(population);
  std::unique_ptr<EventNeurons> made;
  for_each_event_model([&]<template <class> class Model>() {
    if (!made && Model<double>::describe().name == population.model)
      made = std::make_unique<EventNeuronsOf<Model<double>>>(context, population, range);
  });
  return made;
}

std::unique_ptr<EventSource> make_event_source(const BuildContext& context,
                                               const PopulationDescription& population, Range range) {
  if (population.model == Poisson::describe().name) return make_poisson_waits(context, population, range);
  return std::make_unique<GivenSpikes>(given_spikes(context, population), range);
}

std::unique_ptr<EventSignal> make_event_signal(const BuildContext& context,
                                               const PopulationDescription& population) {
  if (population.fed) return std::make_unique<FedSignal>(context.feed(population), context.grid);
  if (population.model == StepCurrent::describe().name) return make_step_signal(context, population);
  if (population.model == EncodeDirect::describe().name)
    return std::make_unique<SampledSignal>(SampleCurrents(population, context.network.simulation.duration));
  const auto p = constant_parameters<NoiseCurrent::Parameters>(NoiseCurrent::describe(), population);
  return std::make_unique<NoiseSignal>(context.key(noise_path(population)), p);
}

}  // namespace synfire
