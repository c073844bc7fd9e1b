#include "sim/catalogue.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/spike_schedule.hpp"
#include "encoders/sources.hpp"
#include "io/events/formats.hpp"
#include "io/spike_file.hpp"
#include "neurons/models.hpp"
#include "sim/catalogue_neurons.hpp"
#include "sim/catalogue_samples.hpp"
#include "sim/catalogue_trains.hpp"
#include "sim/values.hpp"

namespace synfire {
namespace {

/// Calls visit.template operator()<Model>() for the neuron model of this name.
template <class Visit> void with_neuron_model(std::string_view name, Visit&& visit) {
  bool found = false;
  NeuronModels::for_each([&]<template <class> class Model>() {
    if (found || Model<float>::describe().name != name) return;
    found = true;
    visit.template operator()<Model>();
  });
  if (!found) throw Error(ErrorKind::internal, fmt::format("no neuron model '{}'", name));
}

// What the one part of the list that holds a model makes of it.
template <class Made, class Make> std::unique_ptr<Made> made_by_a_part(const Make& make) {
  std::unique_ptr<Made> made;
  [&]<std::size_t... part>(std::index_sequence<part...>) { (void)((made = make(NeuronPart<part>{})) || ...); }
  (std::make_index_sequence<neuron_parts>());
  return made;
}

const SourceInfo* find_source(std::string_view name) {
  for (const auto& source : source_models())
    if (source.model.name == name) return &source;
  return nullptr;
}

bool is(const PopulationDescription& population, std::string_view source) {
  return population.model == source;
}

// ---- Poisson ----

PoissonCounts make_poisson(const BuildContext& context, const PopulationDescription& population) {
  const auto p = constant_parameters<Poisson::Parameters>(Poisson::describe(), population);
  const RandomKey key = context.key(fmt::format("population/{}/spikes", population.name));
  const auto found = population.parameters.find("rate");
  if (found != population.parameters.end()) {
    if (const auto* schedule = std::get_if<Schedule>(&found->second))
      return {key, *schedule, p.start, p.stop, context.grid};
    const auto& rate = std::get<Distribution>(found->second);
    if (!rate.is_constant()) {
      std::vector<double> rates(population.size());
      const RandomKey rate_key = context.key(fmt::format("population/{}/rate", population.name));
      for (std::uint32_t i = 0; i < rates.size(); ++i) rates[i] = rate.sample(rate_key, i);
      return {key, rates, p.start, p.stop, context.grid};
    }
  }
  return {key, Schedule{{{0.0, p.rate}}, {}}, p.start, p.stop, context.grid};
}

class PoissonSource final : public Emitter, public CountSource {
 public:
  PoissonSource(PoissonCounts counts, Range range)
      : draws_(std::move(counts)), range_(range), counts_(range.count) {}

  void step(Step step, std::vector<std::uint32_t>& spikes) override {
    if (!draws_.draw(step, range_.first, counts_)) return;
    for (std::uint32_t i = 0; i < range_.count; ++i)
      for (std::uint32_t k = 0; k < counts_[i]; ++k) spikes.push_back(i);
  }
  bool counts(Step step, std::uint32_t first, std::span<std::uint32_t> counts) override {
    return draws_.draw(step, first, counts);
  }
  bool set_parameter(std::string_view parameter, std::span<const double> values) override {
    if (parameter != "rate") return false;
    if (values.size() == 1) {
      draws_.set_rate(values[0]);
    } else {
      std::vector<double> rates(std::size_t(range_.first) + values.size());  // draws count from neuron 0
      std::copy(values.begin(), values.end(), rates.begin() + range_.first);
      draws_.set_rates(rates);
    }
    return true;
  }
  std::size_t bytes() const override { return counts_.size() * sizeof(std::uint32_t); }

 private:
  PoissonCounts draws_;
  Range range_;
  std::vector<std::uint32_t> counts_;
};

// ---- Spikes given in advance ----

void append_part(std::span<const std::uint32_t> ids, Range range, std::vector<std::uint32_t>& spikes) {
  for (const std::uint32_t id : ids)
    if (id >= range.first && id - range.first < range.count) spikes.push_back(id - range.first);
}

/// What a task gives from sample to sample.
class FedSource final : public Emitter {
 public:
  FedSource(const Feed& feed, Range range) : feed_(feed), range_(range) {}
  void step(Step step, std::vector<std::uint32_t>& spikes) override {
    append_part(feed_.spikes.in_step(step), range_, spikes);
  }
  std::size_t bytes() const override { return feed_.spikes.bytes(); }

 private:
  const Feed& feed_;
  Range range_;
};

class TrainSource final : public Emitter {
 public:
  TrainSource(SpikeSchedule train, Range range) : train_(std::move(train)), range_(range) {}

  void step(Step step, std::vector<std::uint32_t>& spikes) override {
    append_part(train_.in_step(step), range_, spikes);
  }
  std::size_t bytes() const override { return train_.bytes(); }

 private:
  SpikeSchedule train_;
  Range range_;
};

// ---- Currents ----

class SteppedCurrent final : public SignalSource {
 public:
  SteppedCurrent(Schedule amplitude, Step start, Step stop, Grid grid)
      : amplitude_(std::move(amplitude)), start_(start), stop_(stop), grid_(grid) {}

  bool values(Step step, std::uint32_t, std::span<float> values) override {
    const double amplitude = step >= start_ && step < stop_ ? amplitude_.at(grid_.time_ms(step)) : 0.0;
    if (amplitude == 0) return false;
    std::fill(values.begin(), values.end(), static_cast<float>(amplitude));
    return true;
  }

 private:
  Schedule amplitude_;
  Step start_, stop_;
  Grid grid_;
};

class VariedCurrent final : public SignalSource {
 public:
  VariedCurrent(std::vector<float> amplitudes, Step start, Step stop)
      : amplitudes_(std::move(amplitudes)), start_(start), stop_(stop) {}

  bool values(Step step, std::uint32_t first, std::span<float> values) override {
    if (step < start_ || step >= stop_) return false;
    std::copy_n(amplitudes_.begin() + first, values.size(), values.begin());
    return true;
  }

 private:
  std::vector<float> amplitudes_;
  Step start_, stop_;
};

/// A row of currents for each sample; nothing after the last.
class SampledCurrent final : public SignalSource {
 public:
  SampledCurrent(SampleCurrents currents, double duration_ms, Grid grid) : currents_(std::move(currents)) {
    for (std::size_t r = 0; r <= currents_.rows(); ++r) {
      starts_.push_back(grid.nearest(currents_.start_ms(r)));
      if (currents_.start_ms(r) >= duration_ms) break;
    }
  }

  bool values(Step step, std::uint32_t first, std::span<float> values) override {
    const auto next = std::upper_bound(starts_.begin(), starts_.end(), step);
    if (next == starts_.begin() || next == starts_.end()) return false;
    currents_.copy(static_cast<std::size_t>(next - starts_.begin()) - 1, first, values);
    return true;
  }

 private:
  SampleCurrents currents_;
  std::vector<Step> starts_;  // of each row that the run reaches, and the end of the last
};

/// What a task gives from sample to sample.
class FedCurrent final : public SignalSource {
 public:
  explicit FedCurrent(const Feed& feed) : feed_(feed) {}
  bool values(Step, std::uint32_t first, std::span<float> values) override {
    if (feed_.currents.empty()) return false;
    std::copy_n(feed_.currents.begin() + first, values.size(), values.begin());
    return true;
  }

 private:
  const Feed& feed_;
};

class GaussianCurrent final : public SignalSource {
 public:
  GaussianCurrent(RandomKey key, NoiseCurrent::Parameters p, Step start, Step stop, Step interval)
      : key_(key), parameters_(p), start_(start), stop_(stop), interval_(interval) {}

  bool values(Step step, std::uint32_t first, std::span<float> values) override {
    if (step < start_ || step >= stop_) return false;
    const Step interval = (step - start_) / interval_;
    const bool fresh = interval != held_interval_ || first != held_first_ || values.size() != held_.size();
    if (fresh) {
      held_.resize(values.size());
      NoiseCurrent::draw(key_, parameters_, interval, first, held_);
      held_interval_ = interval;
      held_first_ = first;
    }
    std::copy(held_.begin(), held_.end(), values.begin());
    return true;
  }

 private:
  RandomKey key_;
  NoiseCurrent::Parameters parameters_;
  Step start_, stop_, interval_, held_interval_ = -1;
  std::uint32_t held_first_ = 0;
  std::vector<float> held_;
};

}  // namespace

bool is_neuron_model(std::string_view model) { return find_model(neuron_models(), model) != nullptr; }

bool is_signal_model(std::string_view model) {
  const SourceInfo* source = find_source(model);
  return source != nullptr && source->emits_current;
}

const ModelInfo& model_info(std::string_view model) {
  if (const ModelInfo* neuron = find_model(neuron_models(), model)) return *neuron;
  if (const SourceInfo* source = find_source(model)) return source->model;
  throw Error(ErrorKind::internal, fmt::format("no model '{}'", model));
}

std::unique_ptr<Emitter> make_neurons(const BuildContext& context, const PopulationDescription& population,
                                      Range range) {
  return made_by_a_part<Emitter>([&](auto part) { return part.cpu(context, population, range); });
}

std::unique_ptr<ReferenceNeurons> make_reference_neurons(const BuildContext& context,
                                                         const PopulationDescription& population) {
  return made_by_a_part<ReferenceNeurons>([&](auto part) { return part.reference(context, population); });
}

std::unique_ptr<Emitter> make_spike_source(const BuildContext& context,
                                           const PopulationDescription& population, Range range) {
  if (is(population, Poisson::describe().name))
    return std::make_unique<PoissonSource>(make_poisson(context, population), range);
  if (population.fed) return std::make_unique<FedSource>(context.feed(population), range);
  const SpikeTrain train = given_spikes(context, population);
  return std::make_unique<TrainSource>(SpikeSchedule(train.times_ms, train.ids, context.grid), range);
}

std::unique_ptr<CountSource> make_count_source(const BuildContext& context,
                                               const PopulationDescription& population) {
  if (!is(population, Poisson::describe().name)) return nullptr;
  return std::make_unique<PoissonSource>(make_poisson(context, population), Range{});
}

std::unique_ptr<SignalSource> make_signal_source(const BuildContext& context,
                                                 const PopulationDescription& population) {
  const Grid& grid = context.grid;
  if (is(population, NoiseCurrent::describe().name)) {
    const auto p = constant_parameters<NoiseCurrent::Parameters>(NoiseCurrent::describe(), population);
    return std::make_unique<GaussianCurrent>(context.key(fmt::format("population/{}/noise", population.name)),
                                             p, grid.nearest(p.start), grid.nearest(p.stop),
                                             std::max<Step>(1, grid.nearest(p.dt)));
  }
  if (population.fed) return std::make_unique<FedCurrent>(context.feed(population));
  const double duration = context.network.simulation.duration;
  if (is(population, EncodeDirect::describe().name))
    return std::make_unique<SampledCurrent>(SampleCurrents(population, duration), duration, grid);
  const auto p = constant_parameters<StepCurrent::Parameters>(StepCurrent::describe(), population);
  const Step start = grid.nearest(p.start), stop = grid.nearest(p.stop);
  const auto found = population.parameters.find("amplitude");
  if (found != population.parameters.end()) {
    if (const auto* schedule = std::get_if<Schedule>(&found->second))
      return std::make_unique<SteppedCurrent>(*schedule, start, stop, grid);
    const auto& amplitude = std::get<Distribution>(found->second);
    if (!amplitude.is_constant()) {
      const RandomKey key = context.key(fmt::format("population/{}/amplitude", population.name));
      std::vector<float> amplitudes(population.size());
      for (std::uint32_t i = 0; i < amplitudes.size(); ++i)
        amplitudes[i] = static_cast<float>(amplitude.sample(key, i));
      return std::make_unique<VariedCurrent>(std::move(amplitudes), start, stop);
    }
  }
  return std::make_unique<SteppedCurrent>(Schedule{{{0.0, p.amplitude}}, {}}, start, stop, grid);
}

void resolve_files(NetworkDescription& network) {
  for (auto& population : network.populations) {
    if (is(population, EventRecording::describe().name) && !population.fed) {
      const auto sensor = open_recorded(population)->sensor();
      const auto shape = recorded_shape(population, sensor.width, sensor.height, sensor.audio);
      if (population.shape.empty()) population.shape = shape;
      if (population.shape != shape)
        throw Error(ErrorKind::input, population.where,
                    fmt::format("{}: the recording '{}' has size [{}]; write that or leave size out",
                                title(population), population.file, fmt::join(shape, ", ")));
    }
    read_values(population);
    if (auto shape = encoder_shape(population)) population.shape = std::move(*shape);
    if (is(population, SpikeFile::describe().name) && population.shape.empty()) {
      const auto spikes = read_spike_file(population.file, query_of(population));
      const std::uint64_t largest =
          spikes.ids.empty() ? 0 : *std::max_element(spikes.ids.begin(), spikes.ids.end());
      if (largest >= (std::uint64_t(1) << 31))
        throw Error(ErrorKind::input, population.where,
                    fmt::format("{}: '{}' holds neuron id {}; at most 2^31 - 1 is possible",
                                title(population), population.file, largest));
      population.shape = {static_cast<std::uint32_t>(largest + 1)};
    }
  }
}

PopulationDescription fed_population(std::string name, std::uint32_t size) {
  PopulationDescription made;
  made.name = std::move(name);
  made.model = EncodeDirect::describe().name;
  made.shape = {size};
  made.fed = true;
  return made;
}

PopulationDescription gate_population(std::string name, std::vector<std::uint32_t> shape) {
  PopulationDescription made;
  made.name = std::move(name);
  made.model = IafPscDelta<float>::describe().name;  // which the event engine has, too
  made.shape = std::move(shape);
  // Any spike is enough, and nothing is left of it.
  made.parameters = {{"E_L", Distribution(0.0)},
                     {"V_reset", Distribution(0.0)},
                     {"V_th", Distribution(0.5)},
                     {"t_ref", Distribution(0.0)}};
  return made;
}

std::size_t bytes_per_neuron(const PopulationDescription& population) {
  if (!is_neuron_model(population.model)) return sizeof(std::uint32_t);
  std::size_t bytes = 0;
  with_neuron_model(population.model, [&]<template <class> class Model>() {
    using M = Model<float>;
    bytes = sizeof(typename M::State) + sizeof(typename M::Input) + 1;
    const bool varied =
        std::any_of(population.parameters.begin(), population.parameters.end(), [](const auto& entry) {
          const auto* value = std::get_if<Distribution>(&entry.second);
          return value != nullptr && !value->is_constant();
        });
    if (varied) bytes += sizeof(typename M::Parameters) + sizeof(typename M::Constants);
  });
  return bytes;
}

}  // namespace synfire
