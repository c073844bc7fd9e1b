// Rules over two-dimensional populations, against hand-worked cases and a search over all pairs.
#include <cmath>

#include "tests/networks/connect/support.hpp"

namespace synfire::testing {
namespace {

using Ids = std::vector<std::uint32_t>;

TEST(Kernel2d, HandWorked) {
  // Source 3 x 4:  0 1 2 3 / 4 5 6 7 / 8 9 10 11. Patches of 2 x 2, stride 1 down and 2 across: target 2 x 2.
  const auto rows =
      rows_of("kernel_2d", {{"height", 2}, {"width", 2}, {"stride_x", 2}}, between({3, 4}, {2, 2}));
  EXPECT_EQ(rows, (Rows{{0, 1, 4, 5}, {2, 3, 6, 7}, {4, 5, 8, 9}, {6, 7, 10, 11}}));
}

TEST(Kernel2d, PaddingCutsPatchesAtTheEdge) {
  const auto rows =
      rows_of("kernel_2d",
              {{"height", 3}, {"width", 3}, {"stride_y", 2}, {"stride_x", 2}, {"pad_y", 1}, {"pad_x", 1}},
              between({3, 3}, {2, 2}));
  EXPECT_EQ(rows, (Rows{{0, 1, 3, 4}, {1, 2, 4, 5}, {3, 4, 6, 7}, {4, 5, 7, 8}}));
}

TEST(Kernel2d, Channels) {
  const std::map<std::string, double> whole{{"height", 1}, {"width", 2}};
  EXPECT_EQ(rows_of("kernel_2d", whole, between({1, 2, 2}, {1, 1, 3})),
            (Rows{{0, 1, 2, 3}, {0, 1, 2, 3}, {0, 1, 2, 3}}));
  auto same = whole;
  same["same_channel"] = 1;
  EXPECT_EQ(rows_of("kernel_2d", same, between({1, 2, 2}, {1, 1, 2})), (Rows{{0, 2}, {1, 3}}));
}

struct Patch {
  int height, width, stride_y, stride_x, pad_y, pad_x, same_channel;
};

Rows patches_by_search(const Patch& p, const ConnectContext& context) {
  const auto &s = context.source_shape, &t = context.target_shape;
  Rows rows(context.targets);
  for (std::uint32_t target = 0; target < context.targets; ++target)
    for (std::uint32_t source = 0; source < context.sources; ++source) {
      const int ty = static_cast<int>(target / t[2] / t[1]), tx = static_cast<int>(target / t[2] % t[1]);
      const int y = static_cast<int>(source / s[2] / s[1]), x = static_cast<int>(source / s[2] % s[1]);
      const int dy = y - (ty * p.stride_y - p.pad_y), dx = x - (tx * p.stride_x - p.pad_x);
      const bool inside = dy >= 0 && dy < p.height && dx >= 0 && dx < p.width;
      if (inside && (p.same_channel == 0 || source % s[2] == target % t[2])) rows[target].push_back(source);
    }
  return rows;
}

TEST(Kernel2d, AgreesWithASearchOverAllPairs) {
  for (const Patch& p :
       {Patch{3, 5, 1, 1, 0, 0, 0}, Patch{3, 3, 2, 3, 1, 2, 0}, Patch{4, 1, 3, 2, 5, 0, 1},
        Patch{11, 9, 1, 1, 0, 0, 0}, Patch{2, 2, 4, 4, 0, 0, 1}, Patch{1, 1, 1, 1, 3, 3, 0}}) {
    const auto extent = [](int size, int kernel, int stride, int pad) {
      return static_cast<std::uint32_t>((size + 2 * pad - kernel) / stride + 1);
    };
    const auto context = between(
        {11, 9, 2}, {extent(11, p.height, p.stride_y, p.pad_y), extent(9, p.width, p.stride_x, p.pad_x), 2});
    const auto connector = make_connector(described("kernel_2d", {{"height", p.height},
                                                                  {"width", p.width},
                                                                  {"stride_y", p.stride_y},
                                                                  {"stride_x", p.stride_x},
                                                                  {"pad_y", p.pad_y},
                                                                  {"pad_x", p.pad_x},
                                                                  {"same_channel", p.same_channel}}),
                                          context);
    const auto rows = all_rows(*connector, context);
    EXPECT_EQ(rows, patches_by_search(p, context));
    EXPECT_EQ(connector->expected_synapses(), static_cast<double>(total(rows)));
  }
}

TEST(Neighbourhood2d, AgreesWithASearchOverAllPairs) {
  const auto context = within({7, 9, 2});
  for (const double radius : {0., 1., 1.5, 2., 3., 5., 100.})
    for (const double circle : {0., 1.})
      for (const double autapses : {0., 1.}) {
        const auto connector =
            make_connector(described("neighbourhood_2d",
                                     {{"radius", radius}, {"circle", circle}, {"allow_autapses", autapses}}),
                           context);
        Rows expected(context.targets);
        for (int target = 0; target < 126; ++target)
          for (int source = 0; source < 126; ++source) {
            const double dy = source / 18 - target / 18, dx = source / 2 % 9 - target / 2 % 9;
            const bool near = circle != 0 ? dy * dy + dx * dx <= radius * radius
                                          : std::abs(dy) <= radius && std::abs(dx) <= radius;
            if (near && (autapses != 0 || source != target))
              expected[static_cast<std::size_t>(target)].push_back(static_cast<std::uint32_t>(source));
          }
        EXPECT_EQ(all_rows(*connector, context), expected) << radius << ' ' << circle << ' ' << autapses;
        EXPECT_EQ(connector->expected_synapses(), static_cast<double>(total(expected)));
      }
}

TEST(Neighbourhood2d, OtherChannelCountsAreBothCovered) {
  const auto rows = rows_of("neighbourhood_2d", {{"radius", 0}}, between({2, 2, 3}, {2, 2}));
  EXPECT_EQ(rows, (Rows{{0, 1, 2}, {3, 4, 5}, {6, 7, 8}, {9, 10, 11}}));
}

}  // namespace
}  // namespace synfire::testing
