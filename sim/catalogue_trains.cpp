#include "sim/catalogue_trains.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "encoders/sources.hpp"
#include "io/events/formats.hpp"
#include "io/spike_file.hpp"
#include "sim/catalogue_samples.hpp"
#include "sim/values.hpp"

namespace synfire {
namespace {

SpikeTrain listed_spikes(const PopulationDescription& population) {
  SpikeTrain train;
  for (std::size_t i = 0; i < population.spikes.size(); ++i)
    for (const double t : population.spikes[i]) {
      train.times_ms.push_back(t);
      train.ids.push_back(i);
    }
  return train;
}

SpikeTrain spikes_of_file(const PopulationDescription& population) {
  SpikeTrain spikes = read_spike_file(population.file, query_of(population));
  const auto negative =
      std::find_if(spikes.times_ms.begin(), spikes.times_ms.end(), [](double t) { return t < 0; });
  if (negative != spikes.times_ms.end())
    throw Error(ErrorKind::input, population.where,
                fmt::format("{}: '{}' holds a spike at {} ms; a run begins at 0 ms", title(population),
                            population.file, *negative));
  for (const std::uint64_t id : spikes.ids) {
    if (id < population.size()) continue;
    throw Error(
        ErrorKind::input, population.where,
        fmt::format("{}: '{}' holds a spike of neuron {}, but the size is {}; raise size or leave it out",
                    title(population), population.file, id, population.size()));
  }
  return spikes;
}

EventRecording::Parameters playing(const PopulationDescription& population) {
  return constant_parameters<EventRecording::Parameters>(EventRecording::describe(), population);
}

SpikeTrain recorded_events(const BuildContext& context, const PopulationDescription& population) {
  const auto p = playing(population);
  double until_ms = context.network.simulation.duration;
  if (p.until > 0) until_ms = std::min(until_ms, std::nextafter(p.until - p.from, 0.0));
  const auto reader = open_recorded(population);
  const bool audio = reader->sensor().audio;
  SpikeTrain train;
  std::vector<Event> block(std::size_t(1) << 14);
  std::int64_t origin = 0;
  bool first = true;
  for (std::size_t n = reader->read(block); n > 0; n = reader->read(block)) {
    for (const Event& event : std::span(block).first(n)) {
      if (first) origin = audio ? 0 : event.t_us;
      first = false;
      const double t = static_cast<double>(event.t_us - origin) * 1e-3 - p.from;
      if (t > until_ms || t < 0) continue;
      const auto neuron = EventRecording::neuron(p, population.shape, event.x, event.y, event.on != 0);
      if (!neuron) continue;
      train.times_ms.push_back(t);
      train.ids.push_back(*neuron);
    }
  }
  for (const auto& warning : reader->warnings())
    context.tell(fmt::format("{}: {}", population.file, warning));
  if (first)
    throw Error(ErrorKind::input, population.where,
                fmt::format("{}: '{}' holds no event of a pixel", title(population), population.file));
  return train;
}

}  // namespace

std::unique_ptr<EventReader> open_recorded(const PopulationDescription& population) {
  const auto p = playing(population);
  const bool backwards = p.until > 0 && p.until <= p.from;
  if (backwards)
    throw Error(ErrorKind::input, population.where,
                fmt::format("{}: until must come after from", title(population)));
  EventOptions options;
  options.sample = static_cast<std::uint64_t>(p.sample);
  options.lenient = p.lenient != 0;
  return open_events(population.file, options);
}

SpikeQuery query_of(const PopulationDescription& population) {
  SpikeQuery query;
  if (!population.file_population.empty()) query.population = population.file_population;
  return query;
}

std::vector<std::uint32_t> recorded_shape(const PopulationDescription& population, std::uint32_t width,
                                          std::uint32_t height, bool audio) {
  const auto p = playing(population);
  if (audio && p.polarity != 0)
    throw Error(ErrorKind::input, population.where,
                fmt::format("{}: a cochlea has no polarities; leave polarity out", title(population)));
  return EventRecording::shape(p, width, height, audio);
}

SpikeTrain given_spikes(const BuildContext& context, const PopulationDescription& population) {
  if (population.fed) return {};  // until the task gives some
  if (population.model == SpikeList::describe().name) return listed_spikes(population);
  if (population.model == SpikeFile::describe().name) return spikes_of_file(population);
  if (auto spikes = encoded_spikes(context, population)) return std::move(*spikes);
  return recorded_events(context, population);
}

}  // namespace synfire
