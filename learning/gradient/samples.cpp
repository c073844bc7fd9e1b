#include "learning/gradient/samples.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>
#include <tbb/parallel_for.h>

#include "learning/gradient/event_changes.hpp"
#include "learning/gradient/event_grid.hpp"
#include "networks/layer_kinds.hpp"

namespace synfire::learning {
namespace {

void shuffle(std::vector<std::size_t>& items, RandomKey key, std::uint64_t index) {
  RandomStream random(key, index);
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random.below(i)]);
}

std::size_t padded(double wanted, std::size_t there, std::string_view side, const LayerDescription& input) {
  const auto size = static_cast<std::size_t>(wanted);
  const double least = value_of(input.what, &layer::Input::least);
  if (size > 0 && least > 0)
    throw Error(ErrorKind::input, input.what.where,
                fmt::format("layer input: `least` says what {} says; leave one of them out", side));
  if (size == 0) return std::max(there, static_cast<std::size_t>(least));
  if (size >= there) return size;
  throw Error(ErrorKind::input, input.what.where,
              fmt::format("layer input: {} is {}, but samples have {}", side, size, there));
}

}  // namespace

Samples::Samples(const DatasetDescription& dataset, const TrainingDescription& training,
                 const LayerDescription& input, std::uint64_t seed)
    : items_(std::make_shared<const ChosenItems>(dataset)),
      how_(training),
      seed_(seed),
      kept_(items_->set().size()),
      most_bytes_(dataset.cache_bytes) {
  const ItemShape& shape = items_->set().shape();
  const auto p = values_of<layer::Input>(input.what);
  const bool events = p.time == 1;
  if (events == shape.images)
    throw Error(ErrorKind::input, input.what.where,
                events ? "layer input: the data set has images; leave `time: events` out"
                       : "layer input: the data set has recordings; write {input: {time: events}}");
  shape_.constant = !events;
  if (!events && p.span != 0)
    throw Error(ErrorKind::input, input.what.where, "layer input: span goes with time: events");
  span_us_ = static_cast<std::int64_t>(p.span * 1e3);
  shape_.features = {padded(p.height, shape.height, "height", input),
                     padded(p.width, shape.width, "width", input), std::size_t(shape.channels)};
  const auto channels = static_cast<std::size_t>(p.channels);
  if (channels != 0 && channels != shape_.features.channels) {
    if (shape_.features.channels != 1)
      throw Error(ErrorKind::input, input.what.where,
                  fmt::format("layer input: samples have {} channels; only one can be repeated to {}",
                              shape_.features.channels, channels));
    shape_.features.channels = channels;
  }
  top_ = (shape_.features.height - shape.height) / 2;
  left_ = (shape_.features.width - shape.width) / 2;
  check_normalisation();
  check_changes();

  std::vector<std::size_t> train = items_->items(Part::train), test = items_->items(Part::test);
  shuffle(train, RandomKey(seed, "training/split"), 0);
  if (training.train) train.resize(std::min<std::size_t>(*training.train, train.size()));
  if (training.test) {
    shuffle(test, RandomKey(seed, "training/split"), 1);
    test.resize(std::min<std::size_t>(*training.test, test.size()));
    std::sort(test.begin(), test.end());
  }
  if (train.size() <= training.validation)
    throw Error(ErrorKind::input, training.where,
                fmt::format("training: {} samples to learn from, {} of them for validation: none is left",
                            train.size(), training.validation));
  const auto cut = train.end() - static_cast<std::ptrdiff_t>(training.validation);
  shares_[0].assign(train.begin(), cut);
  shares_[1].assign(cut, train.end());
  shares_[2] = std::move(test);
  if (how_.augment.blend == 0) return;
  of_class_.resize(items_->classes().size());
  for (const std::size_t item : shares_[0]) of_class_[items_->label(item)].push_back(item);
  for (auto& items : of_class_) std::sort(items.begin(), items.end());
}

void Samples::check_normalisation() const {
  const std::size_t given = how_.augment.mean.size();
  if (given <= 1 || given == shape_.features.channels) return;
  throw Error(ErrorKind::input, how_.where,
              fmt::format("normalise of augment: {} means, but samples have {} channels", given,
                          shape_.features.channels));
}

void Samples::check_changes() const {
  const AugmentDescription& how = how_.augment;
  const ItemShape& shape = items_->set().shape();
  const auto refuse = [&](std::string_view key, const std::string& why) {
    throw Error(ErrorKind::input, how.where, fmt::format("{} of augment of training: {}", key, why));
  };
  for (const auto& [key, used] : {std::pair{"channel_jitter", how.channel_jitter > 0},
                                  std::pair{"channel_shift", how.channel_shift > 0}}) {
    if (!used || shape.audio) continue;
    refuse(key, shape.images
                    ? "images have no events; it is for recordings of a cochlea"
                    : fmt::format("the recordings have {} x {} pixels, not the channels of a cochlea; `crop` "
                                  "moves them",
                                  shape.width, shape.height));
  }
  for (const auto& [key, used] :
       {std::pair{"time_stretch", how.time_stretch > 0}, std::pair{"blend", how.blend > 0}})
    if (used && shape.images) refuse(key, "images have no events; it is for recordings");
  if (how.time_stretch > 0 && span_us_ == 0)
    refuse("time_stretch",
           "steps are equal parts of each recording, however long it is; give the input a "
           "`span`: {input: {time: events, span: 1 s}}");
}

std::vector<std::size_t> Samples::order(std::uint64_t epoch) const {
  std::vector<std::size_t> items = share(Share::train);
  shuffle(items, RandomKey(seed_, "training/order"), epoch);
  return items;
}

std::shared_ptr<const DataItem> Samples::item(std::size_t number) {
  if (kept_[number] != nullptr) return kept_[number];
  return std::make_shared<const DataItem>(items_->read(number));
}

void Samples::choose(std::span<const std::size_t> items, bool augment, std::uint64_t epoch, SampleRange range,
                     ChosenSamples& chosen) {
  chosen.items.assign(items.size(), nullptr);
  chosen.counts.resize(items.size());
  chosen.numbers.assign(items.begin(), items.end());
  chosen.labels.resize(items.size());
  chosen.augment = augment, chosen.epoch = epoch, chosen.range = range;
  tbb::parallel_for(range.begin, range.end, [&](std::size_t k) {
    chosen.items[k] = item(items[k]);
    chosen.labels[k] = chosen.items[k]->label;
    if (shape_.constant) return;
    const Move move = move_of(items[k], augment, epoch);
    if (augment && how_.augment.changes_events())
      return count_events(changed(items[k], *chosen.items[k], epoch), move, chosen.counts[k]);
    count_events(chosen.items[k]->events, move, chosen.counts[k]);
  });
  for (std::size_t k = range.begin; k < range.end; ++k) {
    const auto& read = chosen.items[k];
    if (kept_[items[k]] != nullptr || kept_bytes_ + read->bytes() > most_bytes_) continue;
    kept_bytes_ += read->bytes();
    kept_[items[k]] = read;
  }
}

template <class Real>
void Samples::spread(const ChosenSamples& chosen, SequenceWindow window, Batch<Real>& batch) const {
  const std::size_t all = chosen.items.size(), size = shape_.features.size();
  const std::size_t steps = shape_.steps(how_.steps / window.count), first = window.number * steps;
  batch.samples = all;
  batch.values.resize(steps * all * size);
  batch.labels = chosen.labels;
  tbb::parallel_for(chosen.range.begin, chosen.range.end, [&](std::size_t k) {
    Real* const to = batch.values.data() + k * size;
    if (shape_.constant)
      return write_image(*chosen.items[k], move_of(chosen.numbers[k], chosen.augment, chosen.epoch), to);
    for (std::size_t t = 0; t < steps; ++t) std::fill_n(to + t * all * size, size, Real(0));
    const auto& counts = chosen.counts[k];
    auto count = std::lower_bound(counts.begin(), counts.end(), first,
                                  [](const auto& each, std::size_t step) { return each.step < step; });
    for (; count != counts.end() && count->step < first + steps; ++count)
      to[(count->step - first) * all * size + count->element] += Real(1);
  });
}

template <class Real>
void Samples::fill(std::span<const std::size_t> items, bool augment, std::uint64_t epoch, SampleRange range,
                   Batch<Real>& batch) {
  choose(items, augment, epoch, range, filled_);
  spread(filled_, {}, batch);
}

Samples::Move Samples::move_of(std::size_t number, bool augment, std::uint64_t epoch) const {
  const std::size_t crop = how_.augment.crop;
  Move move{crop, crop, false};
  if (!augment) return move;
  RandomStream random(RandomKey(seed_, "training/augment"), epoch << 32 | number);
  if (crop > 0) move.y = random.below(2 * crop + 1), move.x = random.below(2 * crop + 1);
  move.flip = how_.augment.flip && random.below(2) == 1;
  return move;
}

template <class Real> void Samples::write_image(const DataItem& item, const Move& move, Real* to) const {
  const ItemShape& from = items_->set().shape();
  const auto& [height, width, channels] = shape_.features;
  const std::size_t crop = how_.augment.crop;
  const auto normalised = [&](double value, std::size_t c) {
    if (how_.augment.mean.empty()) return Real(value);
    const std::size_t k = how_.augment.mean.size() == 1 ? 0 : c;
    return Real((value - how_.augment.mean[k]) / how_.augment.deviation[k]);
  };
  for (std::size_t y = 0; y < height; ++y)
    for (std::size_t x = 0; x < width; ++x) {
      // Where the pixel comes from; unsigned numbers that went below 0 are beyond the image, too.
      const std::size_t source_y = y + move.y - crop - top_;
      const std::size_t source_x = (move.flip ? width - 1 - x : x) + move.x - crop - left_;
      const bool inside = source_y < from.height && source_x < from.width;
      const std::size_t pixel = (source_y * from.width + source_x) * from.channels;
      for (std::size_t c = 0; c < channels; ++c)
        to[(y * width + x) * channels + c] =
            normalised(inside ? item.pixels[pixel + (from.channels == 1 ? 0 : c)] / 255.0 : 0.0, c);
    }
}

std::optional<std::size_t> Samples::other_of_class(std::size_t number, RandomStream& random) const {
  const auto& items = of_class_[items_->label(number)];
  if (items.size() < 2) return std::nullopt;
  const std::size_t drawn = random.below(items.size() - 1);
  return items[drawn + (items[drawn] >= number ? 1 : 0)];
}

std::vector<Event> Samples::changed(std::size_t number, const DataItem& item, std::uint64_t epoch) {
  const AugmentDescription& how = how_.augment;
  const ItemShape& shape = items_->set().shape();
  const RandomKey key(seed_, "training/augment/events");
  const std::uint64_t index = epoch << 32 | number;
  RandomStream choices(key, index), kept(key, index, 1), jitter(key, index, 2);
  std::vector<Event> events = item.events;
  if (how.blend > 0 && choices.uniform() < how.blend)
    if (const auto other = other_of_class(number, choices))
      events = blended(events, this->item(*other)->events, {shape.width, shape.height}, kept);
  if (how.time_stretch > 0)
    stretch_times(events, choices.uniform(1 - how.time_stretch, 1 + how.time_stretch));
  if (how.channel_shift > 0)
    shift_channels(events,
                   static_cast<std::int64_t>(choices.below(2 * std::uint64_t(how.channel_shift) + 1)) -
                       std::int64_t(how.channel_shift),
                   shape.width);
  if (how.channel_jitter > 0) jitter_channels(events, how.channel_jitter, shape.width, jitter);
  return events;
}

// Finds the step and the element that each event counts in; the steps are equal parts of the recording.
void Samples::count_events(std::span<const Event> events, const Move& move,
                           std::vector<ChosenSamples::Count>& counts) const {
  const std::size_t steps = how_.steps, crop = how_.augment.crop;
  const EventGrid grid{shape_.features, steps};
  counts.clear();
  if (events.empty()) return;
  const std::int64_t span = span_us_ > 0 ? span_us_ : events.back().t_us + 1;
  for (const Event& event : events) {
    const std::size_t across = move.flip ? items_->set().shape().width - 1 - event.x : event.x;
    const auto t = grid.step(event.t_us, span);
    if (t >= steps) break;
    const auto place = grid.element(event.y + top_ + crop - move.y, across + left_ + crop - move.x, event.on);
    if (place) counts.push_back({static_cast<std::uint32_t>(t), static_cast<std::uint32_t>(*place)});
  }
}

template void Samples::spread(const ChosenSamples&, SequenceWindow, Batch<float>&) const;
template void Samples::spread(const ChosenSamples&, SequenceWindow, Batch<double>&) const;
template void Samples::fill(std::span<const std::size_t>, bool, std::uint64_t, SampleRange, Batch<float>&);
template void Samples::fill(std::span<const std::size_t>, bool, std::uint64_t, SampleRange, Batch<double>&);

}  // namespace synfire::learning
