#include "io/plot.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <system_error>

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <cairo.h>
#include <fmt/format.h>

#include "core/error.hpp"
#include "io/text.hpp"

namespace synfire::plot {

namespace {

struct SurfaceCloser {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
struct ContextCloser {
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};
using Surface = std::unique_ptr<cairo_surface_t, SurfaceCloser>;
using Context = std::unique_ptr<cairo_t, ContextCloser>;

cairo_status_t collect(void* to, const unsigned char* bytes, unsigned int count) {
  try {
    static_cast<std::string*>(to)->append(reinterpret_cast<const char*>(bytes), count);
  } catch (...) {
    return CAIRO_STATUS_NO_MEMORY;
  }
  return CAIRO_STATUS_SUCCESS;
}

void require(cairo_status_t status, const std::string& path) {
  if (status == CAIRO_STATUS_SUCCESS) return;
  const auto kind = status == CAIRO_STATUS_NO_MEMORY ? ErrorKind::resource : ErrorKind::internal;
  throw Error(kind, fmt::format("{}: cannot draw: {}", path, cairo_status_to_string(status)));
}

double offset(Align align, double extent) {
  return align == Align::start ? 0 : align == Align::middle ? extent / 2 : extent;
}

/// cairo's pixel: premultiplied, alpha in the highest byte.
std::uint32_t packed(Colour colour) {
  const auto byte = [](double share) {
    return static_cast<std::uint32_t>(std::lround(std::clamp(share, 0.0, 1.0) * 255));
  };
  const double a = colour.alpha;
  return byte(a) << 24 | byte(colour.red * a) << 16 | byte(colour.green * a) << 8 | byte(colour.blue * a);
}

}  // namespace

const std::array<Colour, 8>& palette() {
  static constexpr std::array<Colour, 8> colours{{{0.000, 0.447, 0.698},
                                                  {0.835, 0.369, 0.000},
                                                  {0.000, 0.620, 0.451},
                                                  {0.800, 0.475, 0.655},
                                                  {0.902, 0.624, 0.000},
                                                  {0.337, 0.706, 0.914},
                                                  {0.35, 0.35, 0.35},
                                                  {0.75, 0.68, 0.10}}};
  return colours;
}

Colour lighter(Colour c, double share) {
  const auto mix = [&](double value) { return value + (1 - value) * share; };
  return {mix(c.red), mix(c.green), mix(c.blue), c.alpha};
}

Format format_of(const std::string& path) {
  std::string ending = std::filesystem::path(path).extension().string();
  for (char& c : ending)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (ending == ".png") return Format::png;
  if (ending == ".svg") return Format::svg;
  if (ending == ".pdf") return Format::pdf;
  throw Error(ErrorKind::usage,
              fmt::format("{}: cannot tell the kind of picture; end the name with .png, .svg or .pdf", path));
}

void check_new_picture(const std::string& path, bool overwrite) {
  format_of(path);
  if (!overwrite && std::filesystem::exists(path))
    throw Error(ErrorKind::usage,
                fmt::format("{}: exists; name another picture, or replace it with --force", path));
}

struct Drawing::State {
  std::string path;
  Format format;
  double width, height;
  std::string bytes;  // what vector surfaces write; outlives them
  Surface surface;
  Context context;

  cairo_t* pen() const { return context.get(); }
  void colour(Colour c) const { cairo_set_source_rgba(pen(), c.red, c.green, c.blue, c.alpha); }
  void stroke(const Stroke& stroke) const {
    colour(stroke.colour);
    cairo_set_line_width(pen(), stroke.width);
    cairo_stroke(pen());
  }
  void font(const TextStyle& style) const {
    cairo_select_font_face(pen(), "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                           style.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(pen(), style.size);
  }
};

namespace {

Surface make_surface(Format format, std::string* bytes, double width, double height, double scale) {
  if (format == Format::svg)
    return Surface(cairo_svg_surface_create_for_stream(collect, bytes, width, height));
  if (format == Format::pdf)
    return Surface(cairo_pdf_surface_create_for_stream(collect, bytes, width, height));
  return Surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(std::ceil(width * scale)),
                                            static_cast<int>(std::ceil(height * scale))));
}

}  // namespace

Drawing::Drawing(const std::string& path, double width, double height, const DrawingOptions& options) {
  const double pixels_per_point = options.pixels_per_point;
  constexpr double most_points = 20000, most_pixels = 32000;
  const Format format = format_of(path);
  const double side = std::max(width, height);
  if (!(std::min(width, height) >= 1) || !(side <= most_points) || !(side * pixels_per_point <= most_pixels))
    throw Error(ErrorKind::usage,
                fmt::format("{}: cannot draw a page of {} x {} points", path, width, height));
  check_new_picture(path, options.overwrite);
  state_ = std::make_unique<State>();
  state_->path = path;
  state_->format = format;
  state_->width = width;
  state_->height = height;
  state_->surface = make_surface(format, &state_->bytes, width, height, pixels_per_point);
  require(cairo_surface_status(state_->surface.get()), path);
  state_->context = Context(cairo_create(state_->surface.get()));
  if (format == Format::png) cairo_scale(state_->pen(), pixels_per_point, pixels_per_point);
  cairo_set_line_join(state_->pen(), CAIRO_LINE_JOIN_ROUND);
  state_->colour({1, 1, 1});
  cairo_paint(state_->pen());
}

Drawing::Drawing(Drawing&&) noexcept = default;
Drawing& Drawing::operator=(Drawing&&) noexcept = default;
Drawing::~Drawing() = default;

double Drawing::width() const { return state_->width; }
double Drawing::height() const { return state_->height; }

void Drawing::line(Point from, Point to, const Stroke& stroke) {
  cairo_move_to(state_->pen(), from.x, from.y);
  cairo_line_to(state_->pen(), to.x, to.y);
  state_->stroke(stroke);
}

void Drawing::polyline(std::span<const Point> points, const Stroke& stroke) {
  bool drawn = false;
  for (const Point& p : points) {
    const bool usable = std::isfinite(p.x) && std::isfinite(p.y);
    if (usable && drawn) cairo_line_to(state_->pen(), p.x, p.y);
    if (usable && !drawn) cairo_move_to(state_->pen(), p.x, p.y);
    drawn = usable;
  }
  state_->stroke(stroke);
}

void Drawing::rectangle(const Box& box, Colour fill) {
  cairo_rectangle(state_->pen(), box.left, box.top, box.width, box.height);
  state_->colour(fill);
  cairo_fill(state_->pen());
}

void Drawing::dots(std::span<const Point> points, double diameter, Colour colour) {
  state_->colour(colour);
  for (const Point& p : points) {
    cairo_new_sub_path(state_->pen());
    cairo_arc(state_->pen(), p.x, p.y, diameter / 2, 0, 2 * std::numbers::pi);
    cairo_fill(state_->pen());
  }
}

void Drawing::ticks(std::span<const Point> points, double height, const Stroke& stroke) {
  constexpr std::size_t together = 4096;  // one path of all would be slow to stroke
  for (std::size_t k = 0; k < points.size(); ++k) {
    cairo_move_to(state_->pen(), points[k].x, points[k].y - height / 2);
    cairo_line_to(state_->pen(), points[k].x, points[k].y + height / 2);
    if (k % together == together - 1) state_->stroke(stroke);
  }
  state_->stroke(stroke);
}

void Drawing::area(std::span<const Point> points, double baseline, Colour fill) {
  if (points.empty()) return;
  cairo_move_to(state_->pen(), points.front().x, baseline);
  for (const Point& p : points) cairo_line_to(state_->pen(), p.x, std::isfinite(p.y) ? p.y : baseline);
  cairo_line_to(state_->pen(), points.back().x, baseline);
  cairo_close_path(state_->pen());
  state_->colour(fill);
  cairo_fill(state_->pen());
}

void Drawing::image(const Box& box, const Image& image) {
  constexpr std::size_t most = 32000;
  if (image.width == 0 || image.height == 0) return;
  if (image.width > most || image.height > most || image.pixels.size() != image.width * image.height)
    throw Error(ErrorKind::internal, fmt::format("an image of {} x {} with {} pixels", image.width,
                                                 image.height, image.pixels.size()));
  const auto width = static_cast<int>(image.width), height = static_cast<int>(image.height);
  const Surface surface(cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height));
  require(cairo_surface_status(surface.get()), state_->path);
  unsigned char* const data = cairo_image_surface_get_data(surface.get());
  const auto stride = static_cast<std::size_t>(cairo_image_surface_get_stride(surface.get()));
  for (std::size_t y = 0; y < image.height; ++y) {
    auto* const row = reinterpret_cast<std::uint32_t*>(data + y * stride);
    for (std::size_t x = 0; x < image.width; ++x) row[x] = packed(image.pixels[y * image.width + x]);
  }
  cairo_surface_mark_dirty(surface.get());
  double pixel_width = box.width / width, pixel_height = box.height / height;
  cairo_user_to_device_distance(state_->pen(), &pixel_width, &pixel_height);
  const bool grows = pixel_width > 1 || pixel_height > 1;
  cairo_save(state_->pen());
  cairo_translate(state_->pen(), box.left, box.top);
  cairo_scale(state_->pen(), box.width / width, box.height / height);
  cairo_set_source_surface(state_->pen(), surface.get(), 0, 0);
  cairo_pattern_set_filter(cairo_get_source(state_->pen()), grows ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_GOOD);
  cairo_rectangle(state_->pen(), 0, 0, width, height);
  cairo_fill(state_->pen());
  cairo_restore(state_->pen());
}

void Drawing::text(Point at, std::string_view text, const TextStyle& style) {
  const std::string content = printable(text);
  state_->font(style);
  cairo_text_extents_t extents;
  cairo_text_extents(state_->pen(), content.c_str(), &extents);
  // Height of capitals instead of this text's own: labels side by side then share a line.
  const double capitals = 0.73 * style.size;
  state_->colour(style.colour);
  cairo_save(state_->pen());
  cairo_translate(state_->pen(), at.x, at.y);
  if (style.upwards) cairo_rotate(state_->pen(), -std::numbers::pi / 2);
  cairo_move_to(state_->pen(), -offset(style.across, extents.x_advance),
                capitals - offset(style.down, capitals));
  cairo_show_text(state_->pen(), content.c_str());
  cairo_restore(state_->pen());
}

double Drawing::text_width(std::string_view text, const TextStyle& style) const {
  state_->font(style);
  cairo_text_extents_t extents;
  cairo_text_extents(state_->pen(), printable(text).c_str(), &extents);
  return extents.x_advance;
}

Drawing::Clip::Clip(Drawing& drawing, const Box& box) : drawing_(drawing) {
  cairo_t* const pen = drawing_.state_->pen();
  cairo_save(pen);
  cairo_rectangle(pen, box.left, box.top, box.width, box.height);
  cairo_clip(pen);
}

Drawing::Clip::~Clip() { cairo_restore(drawing_.state_->pen()); }

namespace {

/// Writes beside the file first, so that a full disk leaves what was there.
void write_whole(const std::string& path, const std::string& bytes) {
  const std::string partial = path + ".partial";
  std::ofstream stream(partial, std::ios::binary | std::ios::trunc);
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  stream.close();
  std::error_code reason;
  if (stream) std::filesystem::rename(partial, path, reason);
  if (stream && !reason) return;
  std::error_code ignored;
  std::filesystem::remove(partial, ignored);
  throw Error(
      ErrorKind::resource,
      fmt::format("{}: cannot write the picture; does the folder exist, may you write there, is there room?",
                  path));
}

}  // namespace

void Drawing::save() {
  require(cairo_status(state_->pen()), state_->path);
  if (state_->format == Format::png) {
    cairo_surface_flush(state_->surface.get());
    state_->bytes.clear();
    require(cairo_surface_write_to_png_stream(state_->surface.get(), collect, &state_->bytes), state_->path);
  } else {
    cairo_show_page(state_->pen());
    cairo_surface_finish(state_->surface.get());
    require(cairo_surface_status(state_->surface.get()), state_->path);
  }
  write_whole(state_->path, state_->bytes);
}

std::vector<double> nice_ticks(Range range, int count) {
  const double span = range.high - range.low;
  if (!std::isfinite(span) || !(span > 0) || count < 1) return {};
  const double power = std::pow(10, std::floor(std::log10(span / count)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power * count >= span * (1 - 1e-9)) {
      step = factor * power;
      break;
    }
  std::vector<double> ticks;
  const double first = std::ceil(range.low / step - 1e-9), last = std::floor(range.high / step + 1e-9);
  for (double k = first; k <= last && ticks.size() < 1000; ++k) ticks.push_back(k == 0 ? 0 : k * step);
  return ticks.size() < 2 && count < 10 ? nice_ticks(range, count + 1) : ticks;
}

std::vector<std::string> tick_labels(std::span<const double> values) {
  double step = 1;
  if (values.size() > 1)
    step = std::abs(values[1] - values[0]);
  else if (values.size() == 1 && values[0] != 0)
    step = std::abs(values[0]);
  int decimals = 0;
  for (double scaled = step; decimals < 9 && std::abs(scaled - std::round(scaled)) > 1e-6 * step;
       scaled *= 10)
    ++decimals;
  std::vector<std::string> labels;
  const bool large = std::any_of(values.begin(), values.end(), [](double v) { return std::abs(v) >= 1e7; });
  for (const double v : values)
    labels.push_back(large ? fmt::format("{:.6g}", v) : fmt::format("{:.{}f}", v, decimals));
  return labels;
}

namespace {
constexpr Stroke axis_stroke{{0.25, 0.25, 0.25}, 0.7};
constexpr double tick_length = 3;
}  // namespace

void draw_bottom_axis(Drawing& drawing, const Box& box, const Axis& axis) {
  drawing.line({box.left, box.bottom()}, {box.right(), box.bottom()}, axis_stroke);
  const auto values = nice_ticks(axis.range, axis.ticks);
  const auto labels = tick_labels(values);
  for (std::size_t k = 0; k < values.size(); ++k) {
    const double x = axis.range.place(values[k], box.left, box.width);
    drawing.line({x, box.bottom()}, {x, box.bottom() + tick_length}, axis_stroke);
    if (axis.numbers)
      drawing.text({x, box.bottom() + tick_length + 2.5}, labels[k],
                   {.size = 8, .across = Align::middle, .down = Align::start});
  }
  if (!axis.label.empty())
    drawing.text({box.left + box.width / 2, box.bottom() + 17}, axis.label,
                 {.size = 9, .across = Align::middle, .down = Align::start});
}

void draw_left_axis(Drawing& drawing, const Box& box, const Axis& axis, double label_gap) {
  drawing.line({box.left, box.top}, {box.left, box.bottom()}, axis_stroke);
  const auto values = nice_ticks(axis.range, axis.ticks);
  const auto labels = tick_labels(values);
  for (std::size_t k = 0; k < values.size(); ++k) {
    const double y = axis.range.place(values[k], box.bottom(), -box.height);
    drawing.line({box.left - tick_length, y}, {box.left, y}, axis_stroke);
    if (axis.numbers)
      drawing.text({box.left - tick_length - 2.5, y}, labels[k],
                   {.size = 8, .across = Align::end, .down = Align::middle});
  }
  if (!axis.label.empty())
    drawing.text({box.left - label_gap, box.top + box.height / 2}, axis.label,
                 {.size = 9, .across = Align::middle, .down = Align::end, .upwards = true});
}

void draw_lines(Drawing& drawing, const Box& box, std::span<const Line> lines, const Axis& along,
                const Axis& up, double dots) {
  draw_left_axis(drawing, box, up);
  draw_bottom_axis(drawing, box, along);
  double text_x = box.left;
  for (std::size_t k = 0; k < lines.size(); ++k) {
    std::vector<Point> points;
    for (const Point& point : lines[k].points)
      points.push_back({along.range.place(point.x, box.left, box.width),
                        up.range.place(point.y, box.bottom(), -box.height)});
    const Colour colour = palette()[k % palette().size()];
    drawing.polyline(points, {colour, 1.4});
    if (dots > 0) drawing.dots(points, dots, colour);
    const TextStyle style{.size = 9, .colour = colour};
    drawing.text({text_x, box.top - 8}, lines[k].name, style);
    text_x += drawing.text_width(lines[k].name, style) + 10;
  }
}

}  // namespace synfire::plot
