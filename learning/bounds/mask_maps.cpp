#include "learning/bounds/mask_maps.hpp"

#include <algorithm>

#include "io/plot.hpp"
#include "learning/bounds/certify.hpp"
#include "learning/robustness/test_batches.hpp"
#include "networks/layer_kinds.hpp"

namespace synfire::learning {
namespace {

std::vector<std::size_t> masked_layers(Trainer& network) {
  std::vector<std::size_t> found;
  const auto& layers = network.network().layers();
  for (std::size_t k = 0; k < layers.size(); ++k)
    if (layers[k].what.name == layer::Flex::describe().name) found.push_back(k);
  if (found.empty()) throw Error(ErrorKind::input, "there are no masks to draw: no layer has one (`flex`)");
  return found;
}

// Sample b of arrays [steps, samples, places, channels], as means over steps and channels of each place.
std::vector<double> mean_map(const bounds::Boxes& ends, std::size_t b, std::size_t places,
                             std::size_t channels) {
  const std::size_t row = places * channels, steps = ends.low.size() / (ends.samples * row);
  std::vector<double> values(places, 0);
  for (std::size_t t = 0; t < steps; ++t)
    for (std::size_t i = 0; i < row; ++i) {
      const std::size_t at = (t * ends.samples + b) * row + i;
      values[i / channels] += (double(ends.low[at]) + double(ends.high[at])) / 2 / double(steps * channels);
    }
  return values;
}

plot::Image grey(std::size_t height, std::size_t width, const std::vector<double>& values, double low,
                 double high) {
  plot::Image image{width, height, {}};
  for (const double value : values) {
    const double light = high > low ? std::clamp((value - low) / (high - low), 0.0, 1.0) : 0;
    image.pixels.push_back(plot::lighter({}, light));
  }
  return image;
}

}  // namespace

std::vector<MaskedSample> masks_of(Trainer& network, std::size_t count) {
  const auto layers = masked_layers(network);
  const FeatureShape& shape = network.network().shape(0).features;
  bounds::BoundedNetwork bounds = bounded_network(network, bounds::FlexRule::joint);
  std::vector<MaskedSample> all;
  for_each_test_batch(
      network, count_test_samples(network, count), [&](Batch<float>& batch, std::size_t first) {
        bounds.bound({batch.samples, batch.values, batch.values});
        const bounds::Boxes input = bounds.gathered(0);
        for (std::size_t b = 0; b < batch.samples; ++b)
          all.push_back({first + b, shape, mean_map(input, b, shape.size(), 1), {}});
        for (const std::size_t layer : layers) {
          const std::size_t node = bounds.mask_of(bounds.node_of(layer));
          const FeatureShape& of = bounds.shape(node).features;
          const bounds::Boxes mask = bounds.gathered(node);
          for (std::size_t b = 0; b < batch.samples; ++b)
            all[first + b].masks.push_back({network.network().layers()[layer].name, of.height, of.width,
                                            mean_map(mask, b, of.places(), of.channels)});
        }
        return true;
      });
  return all;
}

void draw_masks(const std::string& path, const std::vector<MaskedSample>& samples, bool overwrite) {
  constexpr double side = 90, gap = 12, top = 26, left = 14;
  const std::size_t columns = 1 + samples.front().masks.size();
  plot::Drawing drawing(path, 2 * left + double(columns) * (side + gap),
                        top + double(samples.size()) * (side + gap), {.overwrite = overwrite});
  const auto box = [&](std::size_t row, std::size_t column) {
    return plot::Box{left + double(column) * (side + gap), top + double(row) * (side + gap), side, side};
  };
  const plot::TextStyle title{.size = 9};
  drawing.text({left, top - 10}, "sample", title);
  for (std::size_t k = 0; k + 1 < columns; ++k)
    drawing.text({box(0, k + 1).left, top - 10}, samples.front().masks[k].layer, title);
  for (std::size_t row = 0; row < samples.size(); ++row) {
    const MaskedSample& sample = samples[row];
    const std::size_t channels = sample.shape.channels;
    std::vector<double> brightness(sample.shape.places(), 0);
    for (std::size_t i = 0; i < sample.values.size(); ++i)
      brightness[i / channels] += sample.values[i] / double(channels);
    const auto [low, high] = std::ranges::minmax(brightness);
    drawing.image(box(row, 0), grey(sample.shape.height, sample.shape.width, brightness, low, high));
    for (std::size_t k = 0; k + 1 < columns; ++k) {
      const MaskMap& mask = sample.masks[k];
      std::vector<double> pooled;
      for (const double m : mask.values) pooled.push_back(1 - m);
      drawing.image(box(row, k + 1), grey(mask.height, mask.width, pooled, 0, 1));
    }
  }
  drawing.save();
}

}  // namespace synfire::learning
