#include "sim/catalogue_feed.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "encoders/sources.hpp"
#include "sim/catalogue_samples.hpp"
#include "sim/catalogue_trains.hpp"
#include "sim/values.hpp"

namespace synfire {
namespace {

using Recording = EventRecording;

[[noreturn]] void refuse(const PopulationDescription& population, const std::string& what) {
  throw Error(ErrorKind::input, population.where, fmt::format("{}: {}", title(population), what));
}

Recording::Parameters playing(const PopulationDescription& population) {
  return constant_parameters<Recording::Parameters>(Recording::describe(), population);
}

bool plays_events(const PopulationDescription& population) {
  return population.model == Recording::describe().name;
}

std::string described(const SampleShape& shape) {
  if (shape.audio) return fmt::format("events of {} channels", shape.width);
  return fmt::format("{} of {} x {} pixels", shape.events ? "events" : "images", shape.height, shape.width);
}

void check_recordings(const PopulationDescription& population, const SampleShape& shape,
                      const std::string& source) {
  if (!shape.events)
    refuse(population,
           fmt::format("{} holds images, no events; take an encoder, such as the event camera", source));
  for (const char* other : {"sample", "lenient"})
    if (population.parameters.contains(other))
      refuse(population,
             fmt::format("'{}' is for a recording of its own; the task chooses the samples", other));
  const auto p = playing(population);
  if (p.until > 0 && p.until <= p.from) refuse(population, "until must come after from");
  const auto needed = recorded_shape(population, shape.width, shape.height, shape.audio);
  if (population.shape == needed) return;
  refuse(population,
         fmt::format("{} holds {}, for which the size must be [{}], not [{}]", source, described(shape),
                     fmt::join(needed, ", "), fmt::join(population.shape, ", ")));
}

template <class Encoder> constexpr bool reads_lines = requires { Encoder::reads_lines; };
template <class Encoder> constexpr bool needs_image = requires { Encoder::needs_image; };

// Values at a time, and how many follow one another.
template <class Encoder> std::size_t columns_of(const SampleShape& shape) {
  const std::size_t line = std::size_t(shape.width) * shape.channels;
  return reads_lines<Encoder> ? line : line * shape.height;
}

template <class Encoder>
void check_images(const PopulationDescription& population, const SampleShape& shape,
                  const std::string& source) {
  if (shape.events)
    refuse(population, fmt::format("{} holds {}, no values; take the model {}", source, described(shape),
                                   Recording::describe().name));
  if (needs_image<Encoder> && shape.channels != 1)
    refuse(population, fmt::format("{} holds pictures in colour, which it cannot look at", source));
  const auto p = constant_parameters<typename Encoder::Parameters>(Encoder::describe(), population);
  const std::size_t needed = Encoder::neurons(columns_of<Encoder>(shape), p);
  if (population.size() != needed)
    refuse(population, fmt::format("{} holds {}, for which it takes {} neurons; it has {}", source,
                                   described(shape), needed, population.size()));
}

EncodedSample play_events(const PopulationDescription& population, std::span<const Event> events,
                          double present_ms) {
  const auto p = playing(population);
  const double until = p.until > 0 ? std::min(present_ms, p.until - p.from) : present_ms;
  EncodedSample made;
  for (const Event& event : events) {
    const double t = static_cast<double>(event.t_us) * 1e-3 - p.from;
    if (t < 0 || t >= until) continue;
    const auto neuron = Recording::neuron(p, population.shape, event.x, event.y, event.on != 0);
    if (!neuron) continue;
    made.times_ms.push_back(t);
    made.ids.push_back(*neuron);
  }
  return made;
}

template <class Encoder>
EncodedSample encode_pixels(const PopulationDescription& population, const SampleShape& shape,
                            std::span<const std::uint8_t> pixels, double present_ms, RandomKey key) {
  const auto p = constant_parameters<typename Encoder::Parameters>(Encoder::describe(), population);
  Samples samples;
  samples.columns = columns_of<Encoder>(shape);
  samples.height = shape.height;
  samples.width = shape.width;
  samples.values.reserve(pixels.size());
  for (const std::uint8_t pixel : pixels) samples.values.push_back(pixel / 255.0);
  samples.step = present_ms / static_cast<double>(samples.rows());
  EncodedSample made;
  if constexpr (requires { &Encoder::encode; }) {
    EncodedSpikes spikes;
    Encoder::encode(p, samples, key, spikes);
    made.times_ms = std::move(spikes.times_ms);
    made.ids = std::move(spikes.ids);
  } else {
    made.currents = std::move(samples.values);
    for (double& value : made.currents) value = p.amplitude * value + p.offset;
  }
  return made;
}

}  // namespace

void check_feed(const PopulationDescription& population, const SampleShape& shape,
                const std::string& source) {
  if (plays_events(population)) return check_recordings(population, shape, source);
  with_encoder(population.model, [&]<class Encoder>() { check_images<Encoder>(population, shape, source); });
}

EncodedSample encode_sample(const PopulationDescription& population, const SampleShape& shape,
                            const SampleView& sample, double present_ms, RandomKey key) {
  if (plays_events(population)) return play_events(population, sample.events, present_ms);
  EncodedSample made;
  with_encoder(population.model, [&]<class Encoder>() {
    made = encode_pixels<Encoder>(population, shape, sample.pixels, present_ms, key);
  });
  return made;
}

}  // namespace synfire
