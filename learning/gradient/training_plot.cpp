#include "learning/gradient/training_plot.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "io/plot.hpp"

namespace synfire::learning {
namespace {

using plot::Align;
using plot::Box;

constexpr double page_width = 560, left = 58, right = 20, top = 26, gap = 72, curves_height = 170;
constexpr double axis_height = 44;  // of the numbers and the label below a box

/// A share of the samples: its name and its colour in both panels.
struct Curve {
  const char* name;
  Score EpochRecord::*share;
};
constexpr Curve curves[] = {
    {"train", &EpochRecord::train}, {"validation", &EpochRecord::validation}, {"test", &EpochRecord::test}};

// Values of all epochs, in their order.
std::vector<double> values_of(const TrainedFile& trained, const Curve& curve, double Score::*what) {
  std::vector<double> values;
  for (const auto& epoch : trained.record.epochs) values.push_back(epoch.*curve.share.*what);
  return values;
}

plot::Range range_of(const TrainedFile& trained, double Score::*what) {
  double low = 0, high = 0;
  for (const Curve& curve : curves)
    for (const double value : values_of(trained, curve, what))
      if (std::isfinite(value)) low = std::min(low, value), high = std::max(high, value);
  return {low, high > low ? high * 1.05 : low + 1};
}

/// One line of a panel.
struct Line {
  std::string name;
  std::vector<double> values;  // by epoch
};

void draw_lines(plot::Drawing& drawing, const Box& box, const std::vector<Line>& lines,
                const plot::Range& range, const std::string& label) {
  const std::size_t epochs = lines.empty() ? 0 : lines.front().values.size();
  std::vector<plot::Line> drawn;
  for (const Line& line : lines) {
    drawn.push_back({line.name, {}});
    for (std::size_t e = 0; e < line.values.size(); ++e)
      drawn.back().points.push_back({double(e + 1), line.values[e]});
  }
  plot::draw_lines(drawing, box, drawn,
                   {.range = {1, double(std::max<std::size_t>(2, epochs))}, .label = "epoch"},
                   {.range = range, .label = label}, epochs == 1 ? 4 : 0);
}

void draw_curves(plot::Drawing& drawing, const Box& box, const TrainedFile& trained, double Score::*what,
                 const plot::Range& range, const std::string& label) {
  std::vector<Line> lines;
  for (const Curve& curve : curves) {
    auto values = values_of(trained, curve, what);
    if (std::any_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); }))
      lines.push_back({curve.name, std::move(values)});
  }
  draw_lines(drawing, box, lines, range, label);
}

// Of the layers that spike.
std::vector<Line> rates_of(const TrainedFile& trained) {
  std::vector<Line> lines;
  for (std::size_t k = 0; k < trained.layers.size(); ++k) {
    Line line{trained.layers[k], {}};
    for (const EpochRecord& epoch : trained.record.epochs) line.values.push_back(epoch.rates.at(k));
    if (!line.values.empty() && line.values.front() >= 0) lines.push_back(std::move(line));
  }
  return lines;
}

void draw_rates(plot::Drawing& drawing, const Box& box, const std::vector<Line>& lines) {
  double high = 0;
  for (const Line& line : lines)
    for (const double value : line.values) high = std::max(high, value);
  draw_lines(drawing, box, lines, {0, high > 0 ? high * 1.05 : 1}, "spikes per neuron and step");
}

bool has_routing(const TrainedFile& trained) {
  return !trained.record.epochs.empty() && !trained.record.epochs.front().routing.empty();
}

bool has_structure(const TrainedFile& trained) {
  return !trained.record.epochs.empty() && !trained.record.epochs.front().structure.empty();
}

// One column of a table that every epoch has, a line for each of its rows.
template <class Row, class Name, class Value>
void draw_column(plot::Drawing& drawing, const Box& box, const TrainedFile& trained,
                 std::vector<Row> EpochRecord::*table, const Name& name_of, const Value& value_of,
                 std::string_view column) {
  std::vector<Line> lines;
  double high = 0;
  for (std::size_t k = 0; k < (trained.record.epochs.front().*table).size(); ++k) {
    Line line{name_of((trained.record.epochs.front().*table)[k]), {}};
    for (const EpochRecord& epoch : trained.record.epochs) {
      line.values.push_back(value_of((epoch.*table)[k]));
      if (std::isfinite(line.values.back())) high = std::max(high, line.values.back());
    }
    lines.push_back(std::move(line));
  }
  draw_lines(drawing, box, lines, {0, high > 0 ? high * 1.05 : 1}, std::string(column));
}

// The mean over the layers and its deviation among them, by epoch.
struct Trend {
  std::vector<double> mean, above, below;
};
Trend trend_of(const TrainedFile& trained, double Routing::*value) {
  Trend trend;
  for (const EpochRecord& epoch : trained.record.epochs) {
    const double count = double(epoch.routing.size());
    double mean = 0, square = 0;
    for (const LayerRouting& layer : epoch.routing) mean += layer.routing.*value / count;
    for (const LayerRouting& layer : epoch.routing)
      square += (layer.routing.*value - mean) * (layer.routing.*value - mean) / count;
    trend.mean.push_back(mean);
    trend.above.push_back(mean + std::sqrt(square)), trend.below.push_back(mean - std::sqrt(square));
  }
  return trend;
}

// Of all layers together: where they convolve and how decided they are by epoch, and one against the other,
// a dot for each layer and epoch with Pearson's r of all of them (PlasticFlex thesis, figures 5.7 to 5.10).
void draw_dashboard(plot::Drawing& drawing, const Box& by_epoch, const Box& against,
                    const TrainedFile& trained) {
  const Trend ratio = trend_of(trained, &Routing::conv_ratio),
              decided = trend_of(trained, &Routing::binariness);
  draw_lines(drawing, by_epoch,
             {{"conv_ratio", ratio.mean},
              {"+ deviation", ratio.above},
              {"- deviation", ratio.below},
              {"binariness", decided.mean}},
             {0, 1}, "mean of the layers");
  const plot::Range unit{0, 1};
  plot::draw_left_axis(drawing, against, {.range = unit, .label = "binariness"});
  plot::draw_bottom_axis(drawing, against, {.range = unit, .label = "conv_ratio"});
  const std::size_t layers = trained.record.epochs.front().routing.size();
  std::vector<std::pair<double, double>> all;
  for (std::size_t k = 0; k < layers; ++k) {
    std::vector<plot::Point> dots;
    for (const EpochRecord& epoch : trained.record.epochs) {
      const Routing& routing = epoch.routing[k].routing;
      all.emplace_back(routing.conv_ratio, routing.binariness);
      dots.push_back({unit.place(routing.conv_ratio, against.left, against.width),
                      unit.place(routing.binariness, against.bottom(), -against.height)});
    }
    drawing.dots(dots, 4, plot::palette()[k % plot::palette().size()]);
  }
  const double r = correlation(all);
  drawing.text({against.left, against.top - 10},
               std::isnan(r) ? "r: nothing moved" : fmt::format("r = {:.3f}", r), {.size = 9});
}

// Each row sums up to 1; darker is more.
void draw_confusion(plot::Drawing& drawing, const Box& box, const TrainedFile& trained) {
  const std::size_t classes = trained.classes.size();
  plot::Image image{classes, classes, {}};
  const plot::Colour ink = plot::palette()[0];
  for (std::size_t row = 0; row < classes; ++row) {
    const auto* cells = trained.tested->confusion.data() + row * (classes + 1);
    double sum = 0;
    for (std::size_t column = 0; column <= classes; ++column) sum += double(cells[column]);
    for (std::size_t column = 0; column < classes; ++column)
      image.pixels.push_back(plot::lighter(ink, sum > 0 ? 1 - double(cells[column]) / sum : 1));
  }
  drawing.image(box, image);
  const plot::TextStyle beside{.size = 8, .across = Align::end, .down = Align::middle},
      under{.size = 8, .across = Align::middle, .down = Align::start};
  const double cell = box.width / double(classes);
  for (std::size_t k = 0; k < classes; k += (classes + 19) / 20) {
    const double middle = (double(k) + 0.5) * cell;
    drawing.text({box.left - 4, box.top + middle}, std::to_string(k), beside);
    drawing.text({box.left + middle, box.bottom() + 4}, std::to_string(k), under);
  }
  drawing.text({box.left + box.width / 2, box.bottom() + 17}, "said class",
               {.across = Align::middle, .down = Align::start});
  drawing.text({box.left - 34, box.top + box.height / 2}, "true class",
               {.across = Align::middle, .upwards = true});
  drawing.text({box.right() + 14, box.top + 10},
               fmt::format("test: {:.2f} %", 100 * trained.tested->score.accuracy),
               {.size = 11, .bold = true});
  drawing.text({box.right() + 14, box.top + 26},
               fmt::format("by the weights of epoch {}", trained.record.best + 1));
}

}  // namespace

void draw_training(const std::string& path, const TrainedFile& trained, bool overwrite,
                   TrainingPicture picture) {
  constexpr double matrix = 210, panel = top + curves_height + axis_height;
  const auto wanted = [&](TrainingPicture one) { return picture == TrainingPicture::all || picture == one; };
  const auto rates = rates_of(trained);
  const bool has_classes = trained.tested && !std::isnan(trained.tested->score.accuracy);
  if (picture == TrainingPicture::confusion && !has_classes)
    throw Error(ErrorKind::input,
                "there is no confusion to draw: no classes of test samples were judged (yet)");
  if (picture == TrainingPicture::rates && rates.empty())
    throw Error(ErrorKind::input, "there are no rates to draw: no layer spikes");
  const bool with_curves = wanted(TrainingPicture::training),
             with_rates = wanted(TrainingPicture::rates) && !rates.empty();
  if (picture == TrainingPicture::routing && !has_routing(trained))
    throw Error(ErrorKind::input, "there is no routing to draw: no layer has a mask (`flex`)");
  const bool with_routing = wanted(TrainingPicture::routing) && has_routing(trained);
  if (picture == TrainingPicture::structure && !has_structure(trained))
    throw Error(ErrorKind::input,
                "there is no structure to draw: no connections came or went (`structure` of training)");
  const bool with_structure = wanted(TrainingPicture::structure) && has_structure(trained);
  const bool with_matrix = wanted(TrainingPicture::confusion) && has_classes;
  const double height = (with_curves ? panel : 0) + (with_rates ? panel : 0) +
                        (with_routing ? panel * double(1 + routing_columns.size()) : 0) +
                        (with_structure ? panel * double(structure_columns.size()) : 0) +
                        (with_matrix ? top + matrix + axis_height : 0);
  plot::Drawing drawing(path, page_width, height, {.overwrite = overwrite});
  const double width = (page_width - left - right - gap) / 2;
  double down = top;
  const auto whole_row = [&] { return Box{left, down, page_width - left - right, curves_height}; };
  if (with_curves) {
    const Box loss{left, down, width, curves_height},
        accuracy{left + width + gap, down, width, curves_height};
    draw_curves(drawing, loss, trained, &Score::loss, range_of(trained, &Score::loss), "loss");
    draw_curves(drawing, accuracy, trained, &Score::accuracy, {0, 1}, "accuracy");
    down += panel;
  }
  if (with_rates) {
    draw_rates(drawing, whole_row(), rates);
    down += panel;
  }
  if (with_routing) {
    draw_dashboard(drawing, {left, down, width, curves_height},
                   {left + width + gap, down, width, curves_height}, trained);
    down += panel;
    for (const RoutingColumn& column : routing_columns) {
      draw_column(
          drawing, whole_row(), trained, &EpochRecord::routing,
          [](const LayerRouting& layer) { return layer.layer; },
          [&](const LayerRouting& layer) { return layer.routing.*column.value; }, column.name);
      down += panel;
    }
  }
  if (with_structure) {
    for (const StructureColumn& column : structure_columns) {
      draw_column(
          drawing, whole_row(), trained, &EpochRecord::structure,
          [](const ArrayStructure& array) { return array.array; },
          [&](const ArrayStructure& array) { return array.*column.value; },
          column.units == "1" ? std::string(column.name) : fmt::format("{} ({})", column.name, column.units));
      down += panel;
    }
  }
  if (with_matrix) draw_confusion(drawing, {left, down, matrix, matrix}, trained);
  drawing.save();
}

}  // namespace synfire::learning
