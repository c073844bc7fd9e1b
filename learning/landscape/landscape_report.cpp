// What was found around a trained network, as JSON, as HDF5 and as a picture.
#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "io/hdf5.hpp"
#include "io/hdf5_whole.hpp"
#include "io/plot.hpp"
#include "learning/landscape/landscape.hpp"

namespace synfire::learning {
namespace {

using Json = nlohmann::ordered_json;

Json rows_of(const std::vector<double>& values, std::size_t columns) {
  Json rows = Json::array();
  for (std::size_t row = 0; row * columns < values.size(); ++row)
    rows.push_back(std::vector<double>(values.begin() + std::ptrdiff_t(row * columns),
                                       values.begin() + std::ptrdiff_t((row + 1) * columns)));
  return rows;
}

Json ends_of(const std::vector<Eigenvalue>& values) {
  Json all = Json::array();
  for (const Eigenvalue& each : values) all.push_back({{"value", each.value}, {"residual", each.residual}});
  return all;
}

Json surface_json(const Surface& surface) {
  return {{"along", surface.along},
          {"cosine", surface.cosine},
          {"moved", surface.moved},
          {"loss", rows_of(surface.loss, surface.along.size())},
          {"accuracy", rows_of(surface.accuracy, surface.along.size())}};
}

Json spectrum_json(const Landscape& found) {
  const Spectrum& spectrum = *found.spectrum;
  Json made = {{"parameters", spectrum.size},
               {"precision", found.asked.in_single ? "single" : "double"},
               {"step", *found.asked.step},
               {"trace", spectrum.trace},
               {"trace_error", spectrum.trace_error},
               {"asymmetry", spectrum.asymmetry},
               {"largest", ends_of(spectrum.largest)},
               {"smallest", ends_of(spectrum.smallest)},
               {"width", spectrum.width},
               {"values", spectrum.values},
               {"density", spectrum.density}};
  made["probes"] = Json::array();
  for (const Quadrature& probe : spectrum.probes)
    made["probes"].push_back({{"nodes", probe.nodes}, {"weights", probe.weights}});
  return made;
}

void write_rows(hdf5::Group& group, const std::string& name, const std::vector<double>& values,
                std::size_t columns, std::string_view meaning) {
  hdf5::Dataset dataset = group.create_growing(name, hdf5::type_of<double>(), {.columns = columns});
  dataset.append(std::span<const double>(values));
  dataset.set_attribute("description", meaning);
}

void write_surface(hdf5::Group group, const Surface& surface) {
  group.set_attribute("cosine", surface.cosine);
  group.set_attribute("moved", std::uint64_t(surface.moved));
  group.create_dataset("along", std::span<const double>(surface.along))
      .set_attribute("description", std::string_view("coordinates along both directions, in their lengths"));
  const std::size_t columns = surface.along.size();
  write_rows(group, "loss", surface.loss, columns, "rows: second direction; columns: first");
  write_rows(group, "accuracy", surface.accuracy, columns, "rows: second direction; columns: first");
}

void write_ends(hdf5::Group& group, const std::string& name, const std::vector<Eigenvalue>& all) {
  std::vector<double> values, residuals;
  for (const Eigenvalue& each : all) values.push_back(each.value), residuals.push_back(each.residual);
  group.create_dataset(name, std::span<const double>(values));
  group.create_dataset(name + "_residual", std::span<const double>(residuals));
}

void write_spectrum(hdf5::Group group, const Landscape& found) {
  const Spectrum& spectrum = *found.spectrum;
  group.set_attribute("parameters", std::uint64_t(spectrum.size));
  group.set_attribute("precision", std::string_view(found.asked.in_single ? "single" : "double"));
  group.set_attribute("step", *found.asked.step);
  group.set_attribute("steps", std::uint64_t(found.asked.curvature.steps));
  group.set_attribute("trace", spectrum.trace);
  group.set_attribute("trace_error", spectrum.trace_error);
  group.set_attribute("asymmetry", spectrum.asymmetry);
  group.set_attribute("width", spectrum.width);
  write_ends(group, "largest", spectrum.largest);
  write_ends(group, "smallest", spectrum.smallest);
  group.create_dataset("values", std::span<const double>(spectrum.values));
  group.create_dataset("density", std::span<const double>(spectrum.density));
  for (std::size_t k = 0; k < spectrum.probes.size(); ++k) {
    hdf5::Group probe = group.require_group(fmt::format("probes/{}", k));
    probe.create_dataset("nodes", std::span<const double>(spectrum.probes[k].nodes));
    probe.create_dataset("weights", std::span<const double>(spectrum.probes[k].weights));
  }
}

constexpr double page_width = 560, left = 58, map_side = 176, map_top = 34, map_height = map_side + 44;
constexpr double curve_top = 30, curve_height = 190, curve_page = curve_top + curve_height + 50;

/// A square of values [row from below, column] as it is drawn: darker is more.
struct Map {
  std::string name;
  std::vector<double> values;
  double low = 0, high = 1;
  bool logarithmic = false;

  double share(double value) const {
    if (!std::isfinite(value)) return 1;
    const double part =
        logarithmic ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
    return std::clamp(part, 0.0, 1.0);
  }
  double at(double share) const {
    return logarithmic ? low * std::pow(high / low, share) : low + (high - low) * share;
  }
};

Map map_of(std::string name, const std::vector<double>& values) {
  Map map{std::move(name), values};
  std::vector<double> finite;
  for (const double value : values)
    if (std::isfinite(value)) finite.push_back(value);
  if (finite.empty()) return map;
  const auto [low, high] = std::minmax_element(finite.begin(), finite.end());
  map.low = *low, map.high = *high > *low ? *high : *low + 1;
  map.logarithmic = map.low > 0 && map.high > 5 * map.low;
  return map;
}

plot::Colour shade(double share) { return plot::lighter(plot::palette()[0], 1 - 0.95 * share); }

// Where a line between two values crosses a level, from 0 at the first to 1 at the second.
double crossing(double a, double b, double level) { return (level - a) / (b - a); }

// The line of one level within each square of four points: from edge to edge.
void draw_level(plot::Drawing& drawing, const Map& map, std::size_t n, double level,
                const std::function<plot::Point(double, double)>& place) {
  const auto at = [&](std::size_t row, std::size_t column) {
    return map.share(map.values[row * n + column]);
  };
  for (std::size_t y = 0; y + 1 < n; ++y)
    for (std::size_t x = 0; x + 1 < n; ++x) {
      const double a = at(y, x), b = at(y, x + 1), c = at(y + 1, x + 1), d = at(y + 1, x);
      const double column = double(x), row = double(y);
      std::vector<plot::Point> ends;
      if ((a < level) != (b < level)) ends.push_back(place(column + crossing(a, b, level), row));
      if ((b < level) != (c < level)) ends.push_back(place(column + 1, row + crossing(b, c, level)));
      if ((d < level) != (c < level)) ends.push_back(place(column + crossing(d, c, level), row + 1));
      if ((a < level) != (d < level)) ends.push_back(place(column, row + crossing(a, d, level)));
      for (std::size_t k = 0; k + 1 < ends.size(); k += 2)
        drawing.line(ends[k], ends[k + 1], {{0.1, 0.1, 0.1, 0.7}, 0.6});
    }
}

void draw_map(plot::Drawing& drawing, const plot::Box& box, const Map& map, const std::vector<double>& along,
              bool with_levels) {
  const std::size_t n = along.size();
  plot::Image image{n, n, {}};
  for (std::size_t row = n; row-- > 0;)
    for (std::size_t column = 0; column < n; ++column)
      image.pixels.push_back(shade(map.share(map.values[row * n + column])));
  drawing.image(box, image);
  const double cell = box.width / double(n), half = (along.back() - along.front()) / double(n - 1) / 2;
  const auto place = [&](double column, double row) {
    return plot::Point{box.left + (column + 0.5) * cell, box.bottom() - (row + 0.5) * cell};
  };
  for (int k = 1; k < 10 && with_levels; ++k) draw_level(drawing, map, n, k / 10.0, place);
  const plot::Range range{along.front() - half, along.back() + half};
  plot::draw_bottom_axis(drawing, box, {.range = range, .label = "first direction"});
  plot::draw_left_axis(drawing, box, {.range = range, .label = "second direction"});
  drawing.text({box.left, box.top - 8}, map.name, {.bold = true});
  plot::Image scale{1, 64, {}};
  for (int k = 64; k-- > 0;) scale.pixels.push_back(shade(k / 63.0));
  const plot::Box bar{box.right() + 10, box.top, 8, box.height};
  drawing.image(bar, scale);
  for (int k = 0; k <= 5; ++k)
    drawing.text({bar.right() + 4, bar.bottom() - bar.height * k / 5}, fmt::format("{:.3g}", map.at(k / 5.0)),
                 {.size = 8, .down = plot::Align::middle});
}

void draw_surface(plot::Drawing& drawing, double top, const Surface& surface) {
  draw_map(drawing, {left, top + map_top, map_side, map_side}, map_of("loss", surface.loss), surface.along,
           true);
  if (std::isnan(surface.accuracy.front())) return;
  draw_map(drawing, {page_width / 2 + left - 10, top + map_top, map_side, map_side},
           map_of("accuracy", surface.accuracy), surface.along, false);
}

// Logarithms of base 10, down to a tenth of what a single eigenvalue gives.
void draw_density(plot::Drawing& drawing, double top, const Spectrum& spectrum) {
  const double one = 1 / (double(spectrum.size) * spectrum.width * std::sqrt(2 * std::numbers::pi));
  const double low = std::floor(std::log10(one / 10)),
               high = std::ceil(std::log10(*std::ranges::max_element(spectrum.density)) + 0.1);
  plot::Line line{fmt::format("trace {:.4g}, eigenvalues from {:.4g} to {:.4g}", spectrum.trace,
                              spectrum.smallest.front().value, spectrum.largest.front().value),
                  {}};
  for (std::size_t k = 0; k < spectrum.values.size(); ++k)
    line.points.push_back({spectrum.values[k], std::max(low, std::log10(spectrum.density[k]))});
  const plot::Box box{left, top + curve_top, page_width - left - 20, curve_height};
  plot::draw_lines(drawing, box, std::span(&line, 1),
                   {.range = {spectrum.values.front(), spectrum.values.back()},
                    .label = "eigenvalue of the Hessian",
                    .ticks = 8},
                   {.range = {low, high}, .label = "log10 of the density"});
}

}  // namespace

std::string landscape_json(const Landscape& found) {
  Json report = {{"network", found.network}, {"share", name_of(found.asked.share)},
                 {"samples", found.samples}, {"seed", found.asked.seed},
                 {"loss", found.here.loss},  {"accuracy", found.here.accuracy}};
  if (found.surface) report["surface"] = surface_json(*found.surface);
  if (found.spectrum) report["spectrum"] = spectrum_json(found);
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void write_landscape(const std::string& path, const Landscape& found) {
  hdf5::write_whole(path, [&](hdf5::File& file) {
    hdf5::Group group = file.require_group("synfire/landscape");
    group.set_attribute("network", std::string_view(found.network));
    group.set_attribute("share", name_of(found.asked.share));
    group.set_attribute("samples", std::uint64_t(found.samples));
    group.set_attribute("seed", found.asked.seed);
    group.set_attribute("loss", found.here.loss);
    group.set_attribute("accuracy", found.here.accuracy);
    if (found.surface) write_surface(group.require_group("surface"), *found.surface);
    if (found.spectrum) write_spectrum(group.require_group("spectrum"), found);
  });
}

void draw_landscape(const std::string& path, const Landscape& found, bool overwrite) {
  const double maps = found.surface ? map_top + map_height : 0;
  plot::Drawing drawing(path, page_width, maps + (found.spectrum ? curve_page : 0), {.overwrite = overwrite});
  if (found.surface) draw_surface(drawing, 0, *found.surface);
  if (found.spectrum) draw_density(drawing, maps, *found.spectrum);
  drawing.save();
}

}  // namespace synfire::learning
