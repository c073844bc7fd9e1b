// The mask of a `sample` layer: as many ones as it says, and no potential is left out that is larger than one
// it takes.
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "io/yaml.hpp"
#include "learning/gradient/event_grid.hpp"
#include "learning/gradient/network.hpp"
#include "networks/parse_layers.hpp"

namespace synfire::learning {
namespace {

struct Masked {
  std::vector<float> mask;
  SignalShape shape;
};

// What a `sample` layer makes of [steps, samples, features].
Masked mask_of(const std::string& sample, const SignalShape& input, std::size_t steps,
               const std::vector<float>& values, std::size_t parts = 1, const std::string& before = "") {
  LayerContext context{.steps = steps, .surrogate = Surrogate({.name = "arctan"})};
  context.answer = Answer::anything;
  const std::string layers = fmt::format("[{{input: {}}}, {}{{sample: {}}}]",
                                         input.constant ? "constant" : "events", before, sample);
  Network<float> network(parse::parse_layers(parse_yaml(layers, "test.yaml")), input, 0, context, parts);
  Batch<float> batch;
  batch.samples = values.size() / (input.steps(steps) * input.features.size());
  batch.values.assign(values.begin(), values.end());
  batch.labels.assign(batch.samples, 0);
  const std::size_t last = network.layers().size() - 1, wanted[] = {last};
  network.compute(batch, {}, wanted);
  return {network.gathered(last), network.shape(last)};
}

std::vector<float> drawn(std::size_t count, float levels) {
  std::mt19937 random(4);
  std::uniform_int_distribution<int> level(0, int(levels));
  std::vector<float> values(count);
  for (float& value : values) value = float(level(random)) - levels / 2;
  return values;
}

// With few levels there are many ties; of these the earlier are taken.
TEST(SampleLayer, TakesTheLargestAndOfEqualOnesTheEarlier) {
  constexpr std::size_t samples = 6, size = 5 * 4 * 2, taken = 12;
  for (const float levels : {3.0F, 1e6F}) {
    const auto values = drawn(samples * size, levels);
    const auto made = mask_of("0.3", {{5, 4, 2}, true}, 3, values, 4);
    EXPECT_TRUE(made.shape.constant);
    ASSERT_EQ(made.mask.size(), values.size());
    for (std::size_t b = 0; b < samples; ++b) {
      std::vector<std::size_t> order(size);
      std::iota(order.begin(), order.end(), b * size);
      std::stable_sort(order.begin(), order.end(), [&](auto i, auto j) { return values[i] > values[j]; });
      for (std::size_t k = 0; k < size; ++k)
        EXPECT_EQ(made.mask[order[k]], k < taken ? 1 : 0) << b << " " << k;
    }
  }
}

TEST(SampleLayer, PotentialsAddUpAndLeak) {
  // 4, 2, 1 and 0, 1, 1.2 with half of it left after a step.
  const std::vector<float> values = {4, 0, 0, 1, 0, 0.7F};
  EXPECT_EQ(mask_of("{fraction: 0.5, leak: 0.5}", {{1, 1, 2}, false}, 3, values).mask,
            (std::vector<float>{0, 1}));
  EXPECT_EQ(mask_of("{fraction: 0.5, leak: 1}", {{1, 1, 2}, false}, 3, values).mask,
            (std::vector<float>{1, 0}));
  EXPECT_EQ(mask_of("{fraction: 0.5, leak: 0.5, mask: step}", {{1, 1, 2}, false}, 3, values).mask,
            (std::vector<float>{1, 0, 1, 0, 0, 1}));
}

TEST(SampleLayer, TakesAtLeastOneAndAtMostAll) {
  const auto values = drawn(10, 100);
  const auto ones = [&](const std::string& sample) {
    const auto mask = mask_of(sample, {{1, 1, 10}, true}, 1, values).mask;
    return std::accumulate(mask.begin(), mask.end(), 0.0F);
  };
  EXPECT_EQ(ones("0.001"), 1);
  EXPECT_EQ(ones("0.5"), 5);
  EXPECT_EQ(ones("1"), 10);
}

// The smallest of what is not 0, of all steps or of each; where nothing is there nothing is chosen.
TEST(SampleLayer, ChoosesAmongWhatAnotherLayerHas) {
  const std::vector<float> values = {0, 3, 0, 1, 2, 0,  // three steps of six inputs
                                     0, 0, 0, 5, 4, 0,  //
                                     0, 0, 0, 0, 0, 0};
  const auto chosen = [&](const std::string& mask) {
    return mask_of("{fraction: 0.34, leak: 0, mask: " + mask + "}, from: [turned, input1]",
                   {{1, 1, 6}, false}, 3, values, 1, "{scale: -1, name: turned}, ")
        .mask;
  };
  EXPECT_EQ(chosen("step"), (std::vector<float>{0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0}));
  // Potentials of the last step are all 0: of the three that were there the first.
  EXPECT_EQ(chosen("sequence"), (std::vector<float>{0, 1, 0, 0, 0, 0}));
}

TEST(SampleLayer, PassesOnWhatIsNoNumber) {
  auto values = drawn(40, 100);
  for (const std::size_t k : {3u, 17u, 30u}) values[k] = std::numeric_limits<float>::quiet_NaN();
  const auto mask = mask_of("0.5", {{1, 1, 40}, true}, 1, values).mask;
  for (std::size_t k = 0; k < mask.size(); ++k) EXPECT_EQ(std::isnan(mask[k]), std::isnan(values[k])) << k;
  EXPECT_EQ(std::count(mask.begin(), mask.end(), 1.0F), 17);
}

TEST(EventGrid, StepsAreEqualPartsWithoutOverflow) {
  const EventGrid grid{{2, 3, 2}, 4};
  EXPECT_EQ(grid.step(0, 8), 0u);
  EXPECT_EQ(grid.step(1, 8), 0u);
  EXPECT_EQ(grid.step(2, 8), 1u);
  EXPECT_EQ(grid.step(7, 8), 3u);
  EXPECT_EQ(grid.step(8, 8), 4u);
  EXPECT_EQ(grid.step(5, 1), 4u);
  constexpr auto longest = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(grid.step(longest - 1, longest), 3u);
  EXPECT_EQ(grid.step(longest / 2 + 2, longest), 2u);
  EXPECT_EQ(grid.element(1, 2, true), std::optional<std::size_t>(11));
  EXPECT_EQ(grid.element(1, 2, false), std::optional<std::size_t>(10));
  EXPECT_EQ(grid.element(2, 0, true), std::nullopt);
}

}  // namespace
}  // namespace synfire::learning
