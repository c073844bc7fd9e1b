// Shared kernels: a projection under `kernel_2d` with `shared` is a convolution.
#include "tests/sim/networks.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

// A picture of spikes, two channels of 5 x 6: how often each pixel spikes (0 to 2 times).
constexpr int rows = 5, columns = 6, channels = 2;
int pixel(int y, int x, int c) { return (3 * y + 5 * x + (7 + x + y) * c + y * x) % 3; }

std::string picture() {
  std::string lists;
  for (int y = 0; y < rows; ++y)
    for (int x = 0; x < columns; ++x)
      for (int c = 0; c < channels; ++c) {
        lists += lists.empty() ? "[" : ", [";
        for (int n = 0; n < pixel(y, x, c); ++n) lists += fmt::format("{}{} ms", n > 0 ? ", " : "", 1 + n);
        lists += "]";
      }
  return "[" + lists + "]";
}

std::string network(const std::string& shape, const std::string& rule, const std::string& weight) {
  return fmt::format(R"(
synfire: 1
simulation: {{duration: 10 ms}}
populations:
  eye: {{model: spike_list, size: [5, 6, 2], spikes: {}}}
  maps: {{{}, size: {}}}
projections:
  - {{from: eye, to: maps, connect: {{kernel_2d: {{{}, shared: true}}}}, weight: {}}}
record: {{maps: {{V_m: {{every: 10 ms}}}}}}
)",
                     picture(), counter, shape, rule, weight);
}

// Weights are whole numbers, so that sums are exact.
TEST(SharedKernel, is_a_convolution) {
  std::vector<int> kernel;
  std::string listed;
  for (int k = 0; k < 3 * 2 * channels * 3; ++k) {
    kernel.push_back(k * 7 % 11 - 5);
    listed += fmt::format("{}{} mV", k > 0 ? ", " : "", kernel.back());
  }
  const auto entry = [&](int dy, int dx, int from, int to) {
    return kernel[std::size_t(((dy * 2 + dx) * channels + from) * 3 + to)];
  };
  // 3 x 2 patches, stride 1 x 2, one padded row above and below: 5 x 3 places.
  const std::string text =
      network("[5, 3, 3]", "height: 3, width: 2, stride_x: 2, pad_y: 1", "[" + listed + "]");
  for (const auto& backend : backends) {
    const Ran ran = run_on(backend, text);
    std::size_t target = 0;
    for (int ty = 0; ty < 5; ++ty)
      for (int tx = 0; tx < 3; ++tx)
        for (int to = 0; to < 3; ++to) {
          int sum = 0;
          for (int dy = 0; dy < 3; ++dy)
            for (int dx = 0; dx < 2; ++dx)
              for (int from = 0; from < channels; ++from) {
                const int y = ty - 1 + dy, x = 2 * tx + dx;
                if (y >= 0 && y < rows && x < columns) sum += entry(dy, dx, from, to) * pixel(y, x, from);
              }
          EXPECT_NEAR(ran.trace("maps")[target++], sum, 1e-4) << backend << ty << tx << to;
        }
  }
}

// Drawn once: targets of one channel that see the same pixels' pattern have the same weights.
TEST(SharedKernel, drawn_weights_are_the_same_at_every_place) {
  const std::string text = network("[5, 6, 1]", "height: 1, width: 1", "{uniform: [1 mV, 9 mV]}");
  const Ran ran = run(text);
  std::map<std::pair<int, int>, float> by_pattern;
  for (int y = 0; y < rows; ++y)
    for (int x = 0; x < columns; ++x) {
      const float V = ran.trace("maps")[std::size_t(y * columns + x)];
      const auto [found, is_new] = by_pattern.try_emplace({pixel(y, x, 0), pixel(y, x, 1)}, V);
      if (is_new) continue;
      EXPECT_EQ(V, found->second) << y << x;
    }
  EXPECT_GE(by_pattern.size(), 4u);
}

TEST(SharedKernel, a_list_of_another_size_is_refused) {
  try {
    run(network("[5, 6, 1]", "height: 1, width: 1", "[1 mV, 2 mV, 3 mV]"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("3 entries, but the kernel has 2"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace synfire
