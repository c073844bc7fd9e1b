#include "sim/inspection/fields_plot.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/error.hpp"

namespace synfire {
namespace {

using plot::Colour;

constexpr Colour absent{0.88, 0.88, 0.88}, paper{1, 1, 1}, positive{0.03, 0.11, 0.35}, negative{0.65, 0.2, 0};

/// Rows and columns of a population on paper, and where a neuron lies.
struct Sheet {
  std::size_t rows = 1, columns = 1, width = 1, channels = 1;
  bool flat = false;

  explicit Sheet(const std::vector<std::uint32_t>& shape) {
    flat = shape.size() < 2;
    if (flat) {
      const std::size_t size = shape.empty() ? 1 : shape[0];
      columns = static_cast<std::size_t>(std::ceil(std::sqrt(double(size))));
      rows = (size + columns - 1) / columns;
      return;
    }
    channels = shape.size() > 2 ? shape[2] : 1;
    width = shape[1];
    rows = shape[0];
    columns = width * channels;
  }
  std::size_t row(std::size_t neuron) const { return neuron / columns; }
  std::size_t column(std::size_t neuron) const {
    if (flat) return neuron % columns;
    const std::size_t channel = neuron % channels, x = neuron / channels % width;
    return channel * width + x;
  }
};

Colour shade(double weight, double largest) {
  const double part = largest > 0 ? std::min(1.0, std::abs(weight) / largest) : 0;
  const Colour& end = weight < 0 ? negative : positive;
  const auto mixed = [part](double from, double to) { return from + (to - from) * part; };
  return {mixed(paper.red, end.red), mixed(paper.green, end.green), mixed(paper.blue, end.blue), 1};
}

void draw_scale(plot::Drawing& drawing, const plot::Box& box, double largest, bool with_negative,
                const std::string& label) {
  constexpr std::size_t shades = 64;
  plot::Image bar{1, shades, {}};
  const double low = with_negative ? -largest : 0;
  for (std::size_t k = 0; k < shades; ++k)
    bar.pixels.push_back(shade(largest - (largest - low) * (double(k) + 0.5) / shades, largest));
  drawing.image(box, bar);
  plot::draw_left_axis(drawing, box, {.range = {low, largest > 0 ? largest : 1}, .label = label, .ticks = 4});
}

}  // namespace

FieldImage field_image(const RecordedWeights& weights) {
  const Sheet source(weights.source_shape), target(weights.target_shape);
  const std::size_t width = target.columns * (source.columns + 1) - 1;
  const std::size_t height = target.rows * (source.rows + 1) - 1;
  constexpr std::size_t most = std::size_t(1) << 26;
  if (double(width) * double(height) > double(most))
    throw Error(ErrorKind::usage, fmt::format("the fields of '{}' are {} x {} pixels, too many to draw",
                                              weights.projection, width, height));
  std::vector<float> sums(width * height, std::nanf(""));
  for (std::size_t k = 0; k < weights.weights.size(); ++k) {
    const std::size_t row =
        target.row(weights.targets[k]) * (source.rows + 1) + source.row(weights.sources[k]);
    const std::size_t column =
        target.column(weights.targets[k]) * (source.columns + 1) + source.column(weights.sources[k]);
    float& sum = sums[row * width + column];
    sum = std::isnan(sum) ? weights.weights[k] : sum + weights.weights[k];
  }
  FieldImage made{{width, height, {}}, 0};
  for (const float sum : sums)
    if (std::isfinite(sum)) made.largest = std::max(made.largest, double(std::abs(sum)));
  made.image.pixels.reserve(sums.size());
  for (const float sum : sums)
    made.image.pixels.push_back(std::isnan(sum) ? absent : shade(double(sum), made.largest));
  return made;
}

void draw_fields(const std::string& path, const RecordedWeights& weights, bool overwrite) {
  const FieldImage fields = field_image(weights);
  constexpr double side = 480, left = 12, top = 30, right = 86, bottom = 12, pixels_per_point = 3;
  const double fits = side * pixels_per_point / double(std::max(fields.image.width, fields.image.height));
  const double scale = (fits >= 1 ? std::floor(fits) : fits) / pixels_per_point;  // whole pixels stay sharp
  const plot::Box box{left, top, double(fields.image.width) * scale, double(fields.image.height) * scale};
  const double page_height = std::max(box.bottom() + bottom, top + 150);
  plot::Drawing drawing(path, std::max(box.right(), 240.0) + right, page_height,
                        {.overwrite = overwrite, .pixels_per_point = pixels_per_point});
  drawing.text({left, top - 10},
               fmt::format("{} → {} after {:g} s", weights.source, weights.target, weights.time_ms * 1e-3),
               {.size = 9.5, .bold = true});
  drawing.image(box, fields.image);
  const bool with_negative =
      std::any_of(weights.weights.begin(), weights.weights.end(), [](float w) { return w < 0; });
  const std::string unit = weights.units.empty() || weights.units == "1" ? "" : " (" + weights.units + ")";
  draw_scale(drawing, {drawing.width() - 24, top, 12, 110}, fields.largest, with_negative, "weight" + unit);
  drawing.save();
}

}  // namespace synfire
