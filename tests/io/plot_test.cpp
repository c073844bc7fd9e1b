#include "io/plot.hpp"

#include <cmath>

#include <cairo.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "io/text.hpp"
#include "tests/io/files.hpp"

namespace synfire::plot {
namespace {

using test::content_of;
using test::error_of;
using test::TemporaryFolder;

/// A PNG read back by the library that others read it with.
class Picture {
 public:
  explicit Picture(const std::string& path) : surface_(cairo_image_surface_create_from_png(path.c_str())) {}
  Picture(const Picture&) = delete;
  Picture& operator=(const Picture&) = delete;
  ~Picture() { cairo_surface_destroy(surface_); }

  int width() const { return cairo_image_surface_get_width(surface_); }
  int height() const { return cairo_image_surface_get_height(surface_); }
  /// 0xRRGGBB.
  unsigned at(int x, int y) const {
    const unsigned char* const row =
        cairo_image_surface_get_data(surface_) + y * cairo_image_surface_get_stride(surface_);
    return reinterpret_cast<const std::uint32_t*>(row)[x] & 0xFFFFFF;
  }
  int inked() const {
    int count = 0;
    for (int y = 0; y < height(); ++y)
      for (int x = 0; x < width(); ++x) count += at(x, y) != 0xFFFFFF;
    return count;
  }

 private:
  cairo_surface_t* surface_;
};

constexpr DrawingOptions one_pixel{.overwrite = false, .pixels_per_point = 1};

TEST(Plot, PixelsAreWhereTheyWereDrawn) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.png");
  Drawing drawing(path, 100, 50, one_pixel);
  drawing.rectangle({10, 20, 5, 4}, {1, 0, 0});
  drawing.line({0, 40.5}, {100, 40.5}, {{0, 0, 1}, 1});
  drawing.dots(std::array{Point{70, 10}}, 6, {0, 1, 0});
  drawing.ticks(std::array{Point{90.5, 10}}, 8, {{0, 0, 0}, 1});
  drawing.save();
  const Picture picture(path);
  ASSERT_EQ(picture.width(), 100);
  ASSERT_EQ(picture.height(), 50);
  EXPECT_EQ(picture.at(10, 20), 0xFF0000U);
  EXPECT_EQ(picture.at(14, 23), 0xFF0000U);
  EXPECT_EQ(picture.at(15, 23), 0xFFFFFFU);
  EXPECT_EQ(picture.at(9, 20), 0xFFFFFFU);
  EXPECT_EQ(picture.at(50, 40), 0x0000FFU);
  EXPECT_EQ(picture.at(50, 39), 0xFFFFFFU);
  EXPECT_EQ(picture.at(70, 10), 0x00FF00U);
  EXPECT_EQ(picture.at(90, 7), 0U);
  EXPECT_EQ(picture.at(90, 15), 0xFFFFFFU);
}

TEST(Plot, WholePageIsWhiteWhateverItsSize) {
  const TemporaryFolder folder;
  Drawing drawing(folder.file("a.png"), 33.3, 21.7, {.overwrite = false, .pixels_per_point = 3});
  drawing.save();
  const Picture picture(folder.file("a.png"));
  EXPECT_EQ(picture.width(), 100);
  EXPECT_EQ(picture.inked(), 0);
}

TEST(Plot, ImagesKeepTheirPixelsAndOrientation) {
  const TemporaryFolder folder;
  Drawing drawing(folder.file("a.png"), 40, 40, one_pixel);
  const Colour red{1, 0, 0}, none{0, 0, 0, 0}, half{0, 0, 1, 0.5};
  drawing.image({10, 10, 20, 20}, {2, 2, {red, none, none, half}});
  drawing.save();
  const Picture picture(folder.file("a.png"));
  EXPECT_EQ(picture.at(11, 11), 0xFF0000U);
  EXPECT_EQ(picture.at(19, 19), 0xFF0000U);
  EXPECT_EQ(picture.at(28, 11), 0xFFFFFFU);
  EXPECT_NEAR(picture.at(28, 28) >> 16, 127, 1);
  EXPECT_EQ(picture.at(28, 28) & 0xFF, 0xFFU);
  EXPECT_EQ(picture.at(31, 31), 0xFFFFFFU);
}

TEST(Plot, ClipCutsAndEnds) {
  const TemporaryFolder folder;
  Drawing drawing(folder.file("a.png"), 40, 40, one_pixel);
  {
    const Drawing::Clip clip(drawing, {0, 0, 10, 40});
    drawing.rectangle({0, 0, 40, 10}, {1, 0, 0});
  }
  drawing.rectangle({20, 20, 5, 5}, {1, 0, 0});
  drawing.save();
  const Picture picture(folder.file("a.png"));
  EXPECT_EQ(picture.at(9, 5), 0xFF0000U);
  EXPECT_EQ(picture.at(11, 5), 0xFFFFFFU);
  EXPECT_EQ(picture.at(22, 22), 0xFF0000U);
}

TEST(Plot, PolylineLeavesGapsAtWhatIsNoNumber) {
  const TemporaryFolder folder;
  Drawing drawing(folder.file("a.png"), 40, 10, one_pixel);
  const std::array points{Point{0, 5.5}, Point{10, 5.5}, Point{15, std::nan("")}, Point{20, 5.5},
                          Point{30, 5.5}};
  drawing.polyline(points, {{0, 0, 0}, 1});
  drawing.save();
  const Picture picture(folder.file("a.png"));
  EXPECT_EQ(picture.at(5, 5), 0U);
  EXPECT_EQ(picture.at(15, 5), 0xFFFFFFU);
  EXPECT_EQ(picture.at(25, 5), 0U);
}

TEST(Plot, TextIsDrawnAlsoAfterBytesThatAreNoText) {
  const TemporaryFolder folder;
  Drawing drawing(folder.file("a.png"), 200, 60, one_pixel);
  drawing.text({10, 20}, "\xff\xfe bad \x01");
  drawing.rectangle({100, 40, 10, 10}, {1, 0, 0});
  drawing.save();
  EXPECT_EQ(Picture(folder.file("a.png")).at(105, 45), 0xFF0000U);
  EXPECT_GT(drawing.text_width("wwww"), drawing.text_width("ii"));
}

TEST(Plot, EndingChoosesTheFormat) {
  const TemporaryFolder folder;
  for (const char* const name : {"a.png", "a.svg", "a.PDF"}) {
    Drawing drawing(folder.file(name), 100, 50);
    draw_bottom_axis(drawing, {20, 5, 70, 20}, {.range = {0, 1}, .label = "Time (s)"});
    draw_left_axis(drawing, {20, 5, 70, 20}, {.range = {0, 1}, .label = "Rate"});
    drawing.save();
  }
  EXPECT_EQ(content_of(folder.file("a.png")).substr(0, 8), "\x89PNG\r\n\x1a\n");
  EXPECT_NE(content_of(folder.file("a.svg")).find("<svg"), std::string::npos);
  EXPECT_NE(content_of(folder.file("a.svg")).find("</svg>"), std::string::npos);
  EXPECT_EQ(content_of(folder.file("a.PDF")).substr(0, 5), "%PDF-");
}

TEST(Plot, LinesLieWhereTheirAxesSay) {
  const TemporaryFolder folder;
  const auto drawn = [&](const std::string& name, double dots) {
    Drawing drawing(folder.file(name), 140, 100, one_pixel);
    const std::vector<Line> lines{{"one", {{2, 10}, {4, 10}}}, {"two", {{2, 30}, {4, 30}}}};
    draw_lines(drawing, {30, 20, 100, 60}, lines, {.range = {2, 4}, .label = "a"},
               {.range = {0, 40}, .label = "b"}, dots);
    drawing.save();
    return Picture(folder.file(name));
  };
  const auto colour = [](std::size_t k) {
    const Colour& c = palette()[k];
    return unsigned(std::lround(c.red * 255)) << 16 | unsigned(std::lround(c.green * 255)) << 8 |
           unsigned(std::lround(c.blue * 255));
  };
  const Picture plain = drawn("a.png", 0), dotted = drawn("b.png", 9);
  const auto darkest = [](const Picture& picture, int y) {
    unsigned least = 0xFFFFFF;
    for (int at = y - 1; at <= y; ++at) least = std::min(least, picture.at(80, at));
    return least;
  };
  EXPECT_NE(darkest(plain, 65), 0xFFFFFFU) << "10 of 40 is a quarter of the way up";
  EXPECT_NE(darkest(plain, 35), 0xFFFFFFU);
  EXPECT_EQ(plain.at(80, 50), 0xFFFFFFU);
  EXPECT_EQ(dotted.at(30, 63), colour(0));
  EXPECT_EQ(dotted.at(30, 33), colour(1));
  EXPECT_NE(plain.at(132, 63), colour(0));
}

TEST(Plot, RefusesWithoutTouchingWhatIsThere) {
  const TemporaryFolder folder;
  const auto make = [](const std::string& path, double side = 100) {
    return error_of([&] { Drawing(path, side, 50).save(); });
  };
  EXPECT_NE(make(folder.file("a.jpeg")).find(".png, .svg or .pdf"), std::string::npos);
  EXPECT_NE(make(folder.file("a")).find(".png, .svg or .pdf"), std::string::npos);
  EXPECT_NE(make(folder.file("none/a.png")).find("none/a.png"), std::string::npos);
  EXPECT_NE(make(folder.file("b.png"), 1e9).find("page"), std::string::npos);
  EXPECT_NE(make(folder.file("b.png"), std::nan("")).find("page"), std::string::npos);
  const std::string there = folder.write("there.png", "mine");
  EXPECT_NE(make(there).find("--force"), std::string::npos);
  EXPECT_EQ(content_of(there), "mine");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
  Drawing(there, 100, 50, {.overwrite = true, .pixels_per_point = 1}).save();
  EXPECT_EQ(Picture(there).width(), 100);
}

TEST(Plot, NiceTicks) {
  EXPECT_EQ(nice_ticks({0, 100}, 5), (std::vector<double>{0, 20, 40, 60, 80, 100}));
  EXPECT_EQ(nice_ticks({-3, 11}, 3), (std::vector<double>{0, 5, 10}));
  EXPECT_EQ(nice_ticks({0, 4850}, 2), (std::vector<double>{0, 2000, 4000})) << "one tick is no scale";
  EXPECT_TRUE(nice_ticks({1, 1}, 5).empty());
  EXPECT_TRUE(nice_ticks({0, std::nan("")}, 5).empty());
  EXPECT_EQ(tick_labels(std::vector<double>{0, 0.25, 0.5}),
            (std::vector<std::string>{"0.00", "0.25", "0.50"}));
  EXPECT_EQ(tick_labels(std::vector<double>{0, 1000}), (std::vector<std::string>{"0", "1000"}));
}

TEST(Text, PrintableKeepsUtf8AndReplacesTheRest) {
  EXPECT_EQ(printable("L2/3 µ → 𝛼"), "L2/3 µ → 𝛼");
  EXPECT_EQ(printable("a\033[1mb\n"), "a?[1mb?");
  EXPECT_EQ(printable("\xc0\xaf\xed\xa0\x80\xf5x\xe2\x82"), "??????x??");
}

}  // namespace
}  // namespace synfire::plot
