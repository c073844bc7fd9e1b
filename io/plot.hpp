// A small drawing surface: lines, areas, dots, text, axes and images, written as PNG, SVG or PDF.
// Positions and sizes are in points (1/72 inch) from the top left corner.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace synfire::plot {

struct Colour {
  double red = 0, green = 0, blue = 0, alpha = 1;  ///< 0 to 1, not premultiplied
};

/// Eight colours that people with any kind of colour vision can tell apart (Okabe and Ito 2008), darkest
/// contrasts first.
const std::array<Colour, 8>& palette();
/// The colour mixed with white: 0 leaves it, 1 gives white.
Colour lighter(Colour, double share);

struct Point {
  double x = 0, y = 0;
};

struct Box {
  double left = 0, top = 0, width = 0, height = 0;

  double right() const { return left + width; }
  double bottom() const { return top + height; }
};

struct Stroke {
  Colour colour;
  double width = 0.8;
};

enum class Align { start, middle, end };

struct TextStyle {
  double size = 9;
  Colour colour = {0.15, 0.15, 0.15};
  Align across = Align::start;  ///< of x: left edge, middle or right edge of the text
  Align down = Align::end;      ///< of y: top, middle or baseline of the text
  bool bold = false;
  bool upwards = false;  ///< turned by 90 degrees, read from bottom to top
};

/// Pixels, row after row from the top.
struct Image {
  std::size_t width = 0, height = 0;
  std::vector<Colour> pixels;
};

/// The format that a file name asks for by its ending. Throws Error(usage) for any other ending.
enum class Format { png, svg, pdf };
Format format_of(const std::string& path);

/// What a Drawing would refuse about its file, before there is anything to draw: an unknown ending, a file
/// that exists and is not to be overwritten. Throws Error(usage).
void check_new_picture(const std::string& path, bool overwrite);

struct DrawingOptions {
  bool overwrite = false;         ///< replace an existing file
  double pixels_per_point = 2.5;  ///< of PNG
};

class Drawing {
 public:
  /// An empty white page. Throws Error(usage) for an unknown ending, a page that is empty or too large to
  /// hold (side above 20,000 points or 32,000 pixels), a file that exists and is not to be overwritten.
  Drawing(const std::string& path, double width, double height, const DrawingOptions& = {});
  Drawing(Drawing&&) noexcept;
  Drawing& operator=(Drawing&&) noexcept;
  ~Drawing();

  double width() const;
  double height() const;

  void line(Point from, Point to, const Stroke&);
  /// Straight lines from point to point; a point that is not finite leaves a gap.
  void polyline(std::span<const Point>, const Stroke&);
  void rectangle(const Box&, Colour fill);
  /// Round dots of one size.
  void dots(std::span<const Point>, double diameter, Colour);
  /// Upright strokes of the given height, centred on the points.
  void ticks(std::span<const Point>, double height, const Stroke&);
  /// The area between a line of points and a baseline.
  void area(std::span<const Point>, double baseline, Colour fill);
  /// Stretches the image over the box; smooth when it has to shrink, sharp pixels when it has to grow.
  void image(const Box&, const Image&);
  /// UTF-8; what is not is drawn as '?'.
  void text(Point, std::string_view, const TextStyle& = {});
  double text_width(std::string_view, const TextStyle& = {}) const;
  /// Everything drawn until the end of the given life is cut at the box.
  class Clip {
   public:
    Clip(Drawing&, const Box&);
    Clip(const Clip&) = delete;
    Clip& operator=(const Clip&) = delete;
    ~Clip();

   private:
    Drawing& drawing_;
  };

  /// Writes the file, whole or not at all. Throws Error(resource) when it cannot be written.
  void save();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A range of values along an edge.
struct Range {
  double low = 0, high = 1;

  double place(double value, double start, double length) const {
    return start + (value - low) / (high - low) * length;
  }
};

/// About `count` round values (1, 2 or 5 times a power of ten apart) inside the range, at least two.
std::vector<double> nice_ticks(Range, int count);
/// The values as text with just as many decimals as their distance needs.
std::vector<std::string> tick_labels(std::span<const double> values);

struct Axis {
  Range range;
  std::string label;
  int ticks = 5;
  bool numbers = true;
};

/// Axis below the box, and at its left; `label_gap` is the distance of the label from the axis.
void draw_bottom_axis(Drawing&, const Box&, const Axis&);
void draw_left_axis(Drawing&, const Box&, const Axis&, double label_gap = 34);

/// One of several lines, in the units of the axes.
struct Line {
  std::string name;
  std::vector<Point> points;
};
/// Both axes, the lines in the colours of the palette, their names above the box in the same colours, and
/// dots of that diameter at their points unless it is 0.
void draw_lines(Drawing&, const Box&, std::span<const Line>, const Axis& along, const Axis& up,
                double dots = 0);

}  // namespace synfire::plot
