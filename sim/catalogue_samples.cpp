#include "sim/catalogue_samples.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "encoders/sources.hpp"
#include "io/audio.hpp"
#include "io/csv.hpp"
#include "io/events/numpy.hpp"
#include "io/images.hpp"
#include "sim/values.hpp"

namespace synfire {
namespace {

constexpr std::size_t most_values = std::size_t(1) << 27;

[[noreturn]] void refuse_size(const PopulationDescription& population) {
  throw Error(ErrorKind::input, population.values->where,
              fmt::format("values of {}: more than {} values in all; show fewer samples", title(population),
                          most_values));
}

void read_table(const PopulationDescription& population, Samples& samples) {
  if (is_npy(population.file)) {
    NumberTable table = read_npy_table(population.file, most_values);
    samples.columns = table.columns;
    samples.values = std::move(table.values);
    return;
  }
  CsvReader table(population.file);
  samples.columns = table.columns();
  while (table.next()) {
    if (samples.values.size() + samples.columns > most_values) refuse_size(population);
    for (std::size_t column = 0; column < samples.columns; ++column)
      samples.values.push_back(table.number(column));
  }
}

void read_pictures(const PopulationDescription& population, Samples& samples) {
  const Images images = read_images(population.file, population.values->item, population.values->items);
  samples.height = images.height;
  samples.width = images.width;
  samples.columns = images.pixels_each();
  if (images.pixels.size() > most_values) refuse_size(population);
  for (const std::uint8_t pixel : images.pixels) samples.values.push_back(pixel / 255.0);
}

Samples read_round(const PopulationDescription& population) {
  Samples samples;
  const ValuesDescription& values = *population.values;
  if (!values.rows.empty()) {
    samples.columns = values.rows.front().size();
    for (const auto& row : values.rows) samples.values.insert(samples.values.end(), row.begin(), row.end());
  } else if (values.images) {
    read_pictures(population, samples);
  } else {
    read_table(population, samples);
  }
  if (samples.values.empty())
    throw Error(ErrorKind::input, values.where,
                fmt::format("values of {}: '{}' holds none", title(population), population.file));
  if (samples.rows() > 1 && !values.step)
    throw Error(
        ErrorKind::input, values.where,
        fmt::format("values of {}: '{}' holds {} samples; write how long each is shown: {{…, step: 100 ms}}",
                    title(population), population.file, samples.rows()));
  return samples;
}

// As read when the files of the network were, or else now.
std::shared_ptr<const Samples> one_round(const PopulationDescription& population) {
  if (population.values->read) return population.values->read;
  return std::make_shared<const Samples>(read_round(population));
}

// The size as the user wrote it when it has as many neurons, else the natural one.
std::vector<std::uint32_t> checked_shape(const PopulationDescription& population, std::size_t neurons,
                                         std::vector<std::uint32_t> natural) {
  constexpr std::size_t largest = std::size_t(1) << 31;
  if (neurons > largest)
    throw Error(ErrorKind::input, population.where,
                fmt::format("{}: needs {} neurons; at most 2^31 are possible", title(population), neurons));
  if (population.shape.empty()) return natural;
  if (population.size() == neurons) return population.shape;
  throw Error(
      ErrorKind::input, population.where,
      fmt::format("{}: its size is {}, but what it encodes takes {} neurons; write [{}] or leave size out",
                  title(population), population.size(), neurons, fmt::join(natural, ", ")));
}

// The shape of an image stays where there is one neuron for each pixel; two are its polarities.
std::vector<std::uint32_t> natural_shape(const Samples& samples, std::size_t neurons) {
  const std::size_t each = neurons / samples.columns;
  if (samples.width == 0) return {static_cast<std::uint32_t>(neurons)};
  std::vector<std::uint32_t> shape{static_cast<std::uint32_t>(samples.height),
                                   static_cast<std::uint32_t>(samples.width)};
  if (each > 1) shape.push_back(static_cast<std::uint32_t>(each));
  return shape;
}

bool hears(const PopulationDescription& population) { return population.model == Cochlea::describe().name; }

SpikeTrain heard_spikes(const BuildContext& context, const PopulationDescription& population) {
  const auto parameters = constant_parameters<Cochlea::Parameters>(Cochlea::describe(), population);
  const Cochlea cochlea(parameters);
  const Sound sound = resampled(read_sound(population.file), parameters.rate);
  SpikeTrain train;
  for (const auto& spike :
       cochlea.spikes(sound.samples, context.key(fmt::format("population/{}/spikes", population.name)))) {
    train.times_ms.push_back(spike.step * 1e3 / cochlea.model_rate());
    train.ids.push_back(spike.channel);
  }
  return train;
}

}  // namespace

Samples read_samples(const PopulationDescription& population, double duration_ms) {
  Samples samples = *one_round(population);
  const ValuesDescription& values = *population.values;
  samples.step = values.step.value_or(duration_ms);
  const double needed = std::ceil(duration_ms / samples.step);
  const std::size_t round = samples.values.size();
  for (std::uint32_t k = 1; k < values.repeat && static_cast<double>(samples.rows()) < needed; ++k) {
    if (samples.values.size() + round > most_values) refuse_size(population);
    samples.values.reserve(samples.values.size() + round);
    std::copy_n(samples.values.begin(), round, std::back_inserter(samples.values));
  }
  if (static_cast<double>(samples.rows()) > needed)
    samples.values.resize(static_cast<std::size_t>(needed) * samples.columns);
  return samples;
}

bool encodes_values(const PopulationDescription& population) {
  bool found = false;
  with_encoder(population.model, [&]<class Encoder>() { found = true; });
  return found;
}

void read_values(PopulationDescription& population) {
  if (population.values && encodes_values(population))
    population.values->read = std::make_shared<const Samples>(read_round(population));
}

std::optional<std::vector<std::uint32_t>> encoder_shape(const PopulationDescription& population) {
  if (hears(population)) {
    const auto channels = constant_parameters<Cochlea::Parameters>(Cochlea::describe(), population).channels;
    return checked_shape(population, static_cast<std::size_t>(channels),
                         {static_cast<std::uint32_t>(channels)});
  }
  std::optional<std::vector<std::uint32_t>> shape;
  if (population.fed) return shape;
  with_encoder(population.model, [&]<class Encoder>() {
    using Parameters = typename Encoder::Parameters;
    const auto samples = one_round(population);
    if constexpr (requires { Encoder::needs_image; })
      if (samples->width == 0)
        throw Error(ErrorKind::input, population.values->where,
                    fmt::format("values of {}: this encoder looks at images; write {{idx: file}}",
                                title(population)));
    const std::size_t neurons =
        Encoder::neurons(samples->columns, constant_parameters<Parameters>(Encoder::describe(), population));
    shape = checked_shape(population, neurons, natural_shape(*samples, neurons));
  });
  return shape;
}

std::optional<SpikeTrain> encoded_spikes(const BuildContext& context,
                                         const PopulationDescription& population) {
  if (hears(population)) return heard_spikes(context, population);
  std::optional<SpikeTrain> train;
  with_encoder(population.model, [&]<class Encoder>() {
    if constexpr (requires { &Encoder::encode; }) {
      using Parameters = typename Encoder::Parameters;
      const Samples samples = read_samples(population, context.network.simulation.duration);
      EncodedSpikes spikes;
      Encoder::encode(constant_parameters<Parameters>(Encoder::describe(), population), samples,
                      context.key(fmt::format("population/{}/spikes", population.name)), spikes);
      train = SpikeTrain{};
      train->times_ms = std::move(spikes.times_ms);
      train->ids = std::move(spikes.ids);
    }
  });
  return train;
}

SampleCurrents::SampleCurrents(const PopulationDescription& population, double duration_ms)
    : samples_(one_round(population)), step_ms_(population.values->step.value_or(duration_ms)) {
  const auto p = constant_parameters<EncodeDirect::Parameters>(EncodeDirect::describe(), population);
  amplitude_ = p.amplitude;
  offset_ = p.offset;
  rows_ = samples_->rows() * population.values->repeat;
}

void SampleCurrents::copy(std::size_t row, std::uint32_t first, std::span<float> currents) const {
  const auto values = samples_->row(row % samples_->rows()).subspan(first, currents.size());
  for (std::size_t i = 0; i < currents.size(); ++i)
    currents[i] = static_cast<float>(amplitude_ * values[i] + offset_);
}

}  // namespace synfire
