#include "learning/datasets/sheet.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.hpp"
#include "io/events/picture.hpp"

namespace synfire {

namespace {

constexpr double cell = 62, gap = 4, margin = 10, label_width = 74, top = 28;

plot::Image photograph(const DataItem& item, const ItemShape& shape) {
  plot::Image image{shape.width, shape.height, {}};
  const auto value = [&](std::size_t i) { return i < item.pixels.size() ? double(item.pixels[i]) / 255 : 0; };
  for (std::size_t i = 0; i < std::size_t(shape.width) * shape.height; ++i) {
    const std::size_t first = i * shape.channels;
    const bool coloured = shape.channels == 3;
    image.pixels.push_back(
        {value(first), value(coloured ? first + 1 : first), value(coloured ? first + 2 : first)});
  }
  return image;
}

plot::Image accumulated(const DataItem& item, const ItemShape& shape) {
  SensorInfo sensor;  // recordings of a set may have sizes of their own
  sensor.width = static_cast<std::uint16_t>(shape.width);
  sensor.height = static_cast<std::uint16_t>(shape.height);
  for (const Event& event : item.events) {
    sensor.width =
        std::max<std::uint16_t>(sensor.width, static_cast<std::uint16_t>(std::min(event.x + 1, 65535)));
    sensor.height =
        std::max<std::uint16_t>(sensor.height, static_cast<std::uint16_t>(std::min(event.y + 1, 65535)));
  }
  return event_image(count_pixels(item.events, sensor), 256);
}

plot::Image raster(const DataItem& item, const ItemShape& shape) {
  constexpr std::uint32_t most_rows = 128;
  const std::uint32_t together = std::max(1U, (shape.width + most_rows - 1) / most_rows);
  TimeHistogram bins((std::max(shape.width, 1U) + together - 1) / together, 128);
  for (const Event& event : item.events)
    if (event.x < shape.width) bins.add(event.t_us, event.x / together);
  return raster_image(bins);
}

/// The first items of each class.
std::vector<std::vector<std::size_t>> first_items(const ChosenItems& items, std::size_t columns) {
  std::vector<std::vector<std::size_t>> rows(items.classes().size());
  for (const Part part : {Part::train, Part::test}) {
    const auto counts = items.counts(Part::train);
    for (const std::size_t item : items.items(part)) {
      const std::uint32_t label = items.label(item);
      const bool wanted = part == Part::train || counts[label] == 0;
      if (wanted && rows[label].size() < columns) rows[label].push_back(item);
    }
  }
  return rows;
}

}  // namespace

plot::Image item_image(const DataItem& item, const ItemShape& shape) {
  if (shape.images) return photograph(item, shape);
  return shape.audio ? raster(item, shape) : accumulated(item, shape);
}

void draw_sheet(const std::string& path, const ChosenItems& items, std::size_t columns, bool overwrite) {
  constexpr std::size_t most_rows = 100;
  const auto rows = first_items(items, columns);
  if (rows.size() > most_rows)
    throw Error(ErrorKind::usage,
                fmt::format("a sheet of {} classes is too long; choose up to {}", rows.size(), most_rows));
  plot::Drawing drawing(path, label_width + double(columns) * (cell + gap) + margin,
                        top + double(rows.size()) * (cell + gap) + margin, {.overwrite = overwrite});
  drawing.text({margin, 16}, fmt::format("{}: {} classes", items.set().kind(), rows.size()),
               {.size = 9.5, .bold = true});
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const double y = top + double(row) * (cell + gap);
    drawing.text({label_width - 8, y + cell / 2}, items.classes()[row],
                 {.across = plot::Align::end, .down = plot::Align::middle});
    for (std::size_t column = 0; column < rows[row].size(); ++column) {
      const plot::Box box{label_width + double(column) * (cell + gap), y, cell, cell};
      drawing.rectangle({box.left - 0.5, box.top - 0.5, cell + 1, cell + 1}, {0.75, 0.75, 0.75});
      drawing.rectangle(box, {1, 1, 1});
      const plot::Image image = item_image(items.read(rows[row][column]), items.set().shape());
      if (image.width == 0 || image.height == 0) continue;
      const bool stretched = items.set().shape().audio;
      const double scale = cell / double(std::max(image.width, image.height));
      const double width = stretched ? cell : double(image.width) * scale;
      const double height = stretched ? cell : double(image.height) * scale;
      drawing.image({box.left + (cell - width) / 2, box.top + (cell - height) / 2, width, height}, image);
    }
  }
  drawing.save();
}

}  // namespace synfire
