#include "learning/event_sampler.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "learning/gradient/trainer.hpp"
#include "networks/layer_kinds.hpp"

namespace synfire::learning {
namespace {

template <class Kind> bool is(const LayerDescription& layer) {
  return layer.what.name == Kind::describe().name;
}

std::size_t sample_layer(const std::vector<LayerDescription>& layers) {
  std::size_t found = 0;
  for (std::size_t k = 0; k < layers.size(); ++k) {
    if (!is<layer::Sample>(layers[k])) continue;
    if (found != 0)
      throw Error(
          ErrorKind::input, layers[k].what.where,
          fmt::format("layers: '{}' and '{}' both sample; events are compressed by a network with one",
                      layers[found].name, layers[k].name));
    found = k;
  }
  if (found == 0)
    throw Error(ErrorKind::input, layers.front().what.where,
                "layers: none of them is a `sample`, which chooses the events to keep");
  return found;
}

/// The layers that the last one needs, in their order.
std::vector<LayerDescription> up_to(const std::vector<LayerDescription>& layers, std::size_t last) {
  std::vector<bool> needed(layers.size(), false);
  needed[0] = needed[last] = true;
  for (std::size_t k = last; k > 0; --k)
    if (needed[k])
      for (const std::size_t from : layers[k].from) needed[from] = true;
  std::vector<LayerDescription> kept;
  std::vector<std::size_t> place(layers.size(), 0);
  for (std::size_t k = 0; k <= last; ++k) {
    if (!needed[k]) continue;
    place[k] = kept.size();
    kept.push_back(layers[k]);
    for (std::size_t& from : kept.back().from) from = place[from];
  }
  return kept;
}

std::size_t padded(double wanted, std::size_t there, std::string_view side) {
  if (wanted == 0) return there;
  if (whole(wanted) >= there) return whole(wanted);
  throw Error(ErrorKind::input,
              fmt::format("the network sees a {} of {} pixels, but the sensor has {}", side, wanted, there));
}

std::int64_t since(std::int64_t origin, std::int64_t t) {
  std::int64_t passed = 0;
  return __builtin_sub_overflow(t, origin, &passed) ? std::numeric_limits<std::int64_t>::max() : passed;
}

}  // namespace

EventSampler::EventSampler(const TrainedFile& trained, const SensorInfo& sensor) {
  const NetworkDescription description = trained.network();
  const auto layers = up_to(description.layers, sample_layer(description.layers));
  const auto input = values_of<layer::Input>(layers.front().what);
  if (input.time != 1)
    throw Error(ErrorKind::input, layers.front().what.where,
                "layer input: the network learned from images; events need one with {input: {time: events}}");
  span_us_ = static_cast<std::int64_t>(input.span * 1e3);
  grid_.steps = description.training->steps;
  grid_.features = {padded(input.height, sensor.height, "height"), padded(input.width, sensor.width, "width"),
                    sensor.audio ? std::size_t(1) : std::size_t(2)};
  top_ = (grid_.features.height - sensor.height) / 2;
  left_ = (grid_.features.width - sensor.width) / 2;
  LayerContext context = context_of(description);
  context.answer = Answer::anything;
  mask_layer_ = layers.size() - 1;
  network_ = std::make_unique<Network<float>>(layers, SignalShape{grid_.features, false}, 0, context, 1);
  auto targets = network_->weights();
  const auto buffers = network_->buffers();
  targets.insert(targets.end(), buffers.begin(), buffers.end());
  std::vector<NamedArray<float>> arrays;
  for (const auto& array : trained.record.best_weights)
    if (std::any_of(targets.begin(), targets.end(),
                    [&](const auto* target) { return target->name == array.name; }))
      arrays.push_back(array);
  take(arrays, *network_);
  const SignalShape& mask = network_->shape(mask_layer_);
  mask_is_constant_ = mask.constant;
  mask_channels_ = mask.features.channels;
  const FeatureShape& seen = grid_.features;
  const bool fits = mask.features.height == seen.height && mask.features.width == seen.width &&
                    (mask_channels_ == 1 || mask_channels_ == seen.channels);
  if (!fits)
    throw Error(
        ErrorKind::input, layers.back().what.where,
        fmt::format(
            "layer {}: a mask of [{}, {}, {}] does not fit the recording, whose steps are [{}, {}, {}]",
            layers.back().name, mask.features.height, mask.features.width, mask_channels_, seen.height,
            seen.width, seen.channels));
}

void EventSampler::look(const std::vector<float>& counts) {
  Batch<float> batch;
  batch.samples = 1;
  batch.values.assign(counts.begin(), counts.end());
  batch.labels = {0};
  const std::size_t wanted[] = {mask_layer_};
  network_->compute(batch, {}, wanted);
  mask_ = network_->gathered(mask_layer_);
}

bool EventSampler::keeps(std::size_t step, std::size_t element) const {
  const std::size_t size = grid_.features.places() * mask_channels_;
  const std::size_t within =
      mask_channels_ == grid_.features.channels ? element : element / grid_.features.channels;
  return mask_[(mask_is_constant_ ? 0 : step * size) + within] > 0;
}

SampledReader::SampledReader(std::unique_ptr<EventSampler> sampler, const OpenRecording& open)
    : DerivedReader(open()),
      sampler_(std::move(sampler)),
      block_(std::size_t(1) << 13),
      counts_(sampler_->grid().steps * sampler_->grid().features.size()) {
  begin(open);
}

void SampledReader::begin(const OpenRecording& open) {
  const auto first_look = open();
  std::size_t count = first_look->read(block_);
  if (count == 0) return;
  origin_us_ = block_.front().t_us;
  span_us_ = sampler_->span_us();
  if (span_us_ == 0) {
    std::int64_t last = origin_us_;
    for (; count > 0; count = first_look->read(block_)) last = block_[count - 1].t_us;
    span_us_ = since(origin_us_, last);
    if (span_us_ < std::numeric_limits<std::int64_t>::max()) ++span_us_;
  }
  ahead_ = open();
}

void SampledReader::look_at(std::int64_t stretch) {
  std::fill(counts_.begin(), counts_.end(), 0.0F);
  const EventGrid& grid = sampler_->grid();
  while (true) {
    if (next_ == read_) {
      read_ = ahead_->read(block_);
      next_ = 0;
      if (read_ == 0) break;
    }
    const Event& event = block_[next_];
    const std::int64_t passed = since(origin_us_, event.t_us), of = passed / span_us_;
    if (of > stretch) break;
    ++next_;
    const auto element = sampler_->element(event);
    if (of < stretch || !element) continue;
    counts_[grid.step(passed - of * span_us_, span_us_) * grid.features.size() + *element] += 1;
  }
  sampler_->look(counts_);
  stretch_ = stretch;
}

std::size_t SampledReader::read(std::span<Event> events) {
  while (true) {
    const std::size_t count = source().read(events);
    if (count == 0) return 0;
    std::size_t kept = 0;
    for (const Event event : events.first(count)) {
      const std::int64_t passed = since(origin_us_, event.t_us), stretch = passed / span_us_;
      if (stretch != stretch_) look_at(stretch);
      const auto element = sampler_->element(event);
      const std::size_t step = sampler_->grid().step(passed - stretch * span_us_, span_us_);
      if (element && sampler_->keeps(step, *element)) events[kept++] = event;
    }
    if (kept > 0) return kept;
  }
}

}  // namespace synfire::learning
