#include "learning/gradient/samples.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>
#include <tbb/parallel_for.h>

#include "core/random.hpp"
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
}

void Samples::check_normalisation() const {
  const std::size_t given = how_.augment.mean.size();
  if (given <= 1 || given == shape_.features.channels) return;
  throw Error(ErrorKind::input, how_.where,
              fmt::format("normalise of augment: {} means, but samples have {} channels", given,
                          shape_.features.channels));
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

template <class Real>
void Samples::fill(std::span<const std::size_t> items, bool augment, std::uint64_t epoch, SampleRange range,
                   Batch<Real>& batch) {
  batch.samples = items.size();
  batch.values.resize(shape_.steps(how_.steps) * items.size() * shape_.features.size());
  batch.labels.resize(items.size());
  std::vector<std::shared_ptr<const DataItem>> read(items.size());
  tbb::parallel_for(range.begin, range.end, [&](std::size_t k) {
    read[k] = item(items[k]);
    batch.labels[k] = read[k]->label;
    write(*read[k], items[k], augment, epoch, items.size(), batch.values.data() + k * shape_.features.size());
  });
  for (std::size_t k = range.begin; k < range.end; ++k) {
    if (kept_[items[k]] != nullptr || kept_bytes_ + read[k]->bytes() > most_bytes_) continue;
    kept_bytes_ += read[k]->bytes();
    kept_[items[k]] = std::move(read[k]);
  }
}

// Writes one sample to its row of each step; steps lie `samples` rows apart.
template <class Real>
void Samples::write(const DataItem& item, std::size_t number, bool augment, std::uint64_t epoch,
                    std::size_t samples, Real* to) const {
  // A shift of `crop` leaves the sample where it is.
  const std::size_t crop = how_.augment.crop;
  std::size_t y = crop, x = crop;
  bool flip = false;
  if (augment) {
    RandomStream random(RandomKey(seed_, "training/augment"), epoch << 32 | number);
    if (crop > 0) y = random.below(2 * crop + 1), x = random.below(2 * crop + 1);
    flip = how_.augment.flip && random.below(2) == 1;
  }
  if (shape_.constant) {
    write_image(item, y, x, flip, to);
  } else {
    write_events(item, y, x, flip, samples, to);
  }
}

template <class Real>
void Samples::write_image(const DataItem& item, std::size_t shift_y, std::size_t shift_x, bool flip,
                          Real* to) const {
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
      const std::size_t source_y = y + shift_y - crop - top_;
      const std::size_t source_x = (flip ? width - 1 - x : x) + shift_x - crop - left_;
      const bool inside = source_y < from.height && source_x < from.width;
      const std::size_t pixel = (source_y * from.width + source_x) * from.channels;
      for (std::size_t c = 0; c < channels; ++c)
        to[(y * width + x) * channels + c] =
            normalised(inside ? item.pixels[pixel + (from.channels == 1 ? 0 : c)] / 255.0 : 0.0, c);
    }
}

// Counts events in equal parts of the recording.
template <class Real>
void Samples::write_events(const DataItem& item, std::size_t shift_y, std::size_t shift_x, bool flip,
                           std::size_t samples, Real* to) const {
  const std::size_t steps = how_.steps, size = shape_.features.size(), crop = how_.augment.crop;
  const EventGrid grid{shape_.features, steps};
  for (std::size_t t = 0; t < steps; ++t) std::fill_n(to + t * samples * size, size, Real(0));
  if (item.events.empty()) return;
  const std::int64_t span = span_us_ > 0 ? span_us_ : item.events.back().t_us + 1;
  for (const Event& event : item.events) {
    const std::size_t across = flip ? items_->set().shape().width - 1 - event.x : event.x;
    const auto t = grid.step(event.t_us, span);
    if (t >= steps) break;
    const auto place =
        grid.element(event.y + top_ + crop - shift_y, across + left_ + crop - shift_x, event.on);
    if (place) to[t * samples * size + *place] += Real(1);
  }
}

template void Samples::fill(std::span<const std::size_t>, bool, std::uint64_t, SampleRange, Batch<float>&);
template void Samples::fill(std::span<const std::size_t>, bool, std::uint64_t, SampleRange, Batch<double>&);

}  // namespace synfire::learning
