#include "core/random.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include <Random123/philox.h>
#include <gtest/gtest.h>

#include "tests/core/statistics.hpp"

namespace synfire {
namespace {

using namespace testing_tools;
constexpr double most = 5;  // standard deviations

TEST(Philox, gives_the_words_of_Random123) {
  r123::Philox4x32 reference;
  RandomStream inputs(RandomKey(7, "counters"), 0);
  for (int trial = 0; trial < 1000; ++trial) {
    r123::Philox4x32::ctr_type counter;
    PhiloxBlocks<1> block{};
    for (std::size_t w = 0; w < 4; ++w)
      block.words[w][0] = counter[w] = trial == 0 ? 0u : trial == 1 ? ~0u : inputs.word();
    RandomKey key;
    key.low = trial == 0 ? 0u : trial == 1 ? ~0u : inputs.word();
    key.high = trial == 0 ? 0u : trial == 1 ? ~0u : inputs.word();
    const auto expected = reference(counter, {{key.low, key.high}});
    philox(block, key);
    for (std::size_t w = 0; w < 4; ++w) ASSERT_EQ(block.words[w][0], expected[w]) << "trial " << trial;
  }
}

TEST(Philox, published_answer_of_the_zero_counter) {  // Random123, kat_vectors: philox4x32 10
  PhiloxBlocks<1> block{};
  philox(block, RandomKey());
  EXPECT_EQ(block.words[0][0], 0x6627e8d5u);
  EXPECT_EQ(block.words[1][0], 0xe169c58du);
  EXPECT_EQ(block.words[2][0], 0xbc57ac4cu);
  EXPECT_EQ(block.words[3][0], 0x9b00dbd8u);
}

TEST(Philox, blocks_side_by_side_are_the_blocks_one_by_one) {
  const RandomKey key(3, "lanes");
  PhiloxBlocks<16> wide;
  for (std::uint32_t w = 0; w < 4; ++w)
    for (std::uint32_t l = 0; l < 16; ++l) wide.words[w][l] = 1000 * w + l;
  philox(wide, key);
  for (std::uint32_t l = 0; l < 16; ++l) {
    PhiloxBlocks<1> one;
    for (std::uint32_t w = 0; w < 4; ++w) one.words[w][0] = 1000 * w + l;
    philox(one, key);
    for (int w = 0; w < 4; ++w) EXPECT_EQ(wide.words[w][l], one.words[w][0]);
  }
}

TEST(RandomStream, depends_on_seed_object_index_and_part_and_nothing_else) {
  const auto first = [](std::uint64_t seed, const char* object, std::uint64_t index, std::uint32_t part) {
    RandomStream stream(RandomKey(seed, object), index, part);
    const std::uint64_t high = stream.word();
    return high << 32 | stream.word();
  };
  EXPECT_EQ(first(1, "a", 2, 3), first(1, "a", 2, 3));
  std::set<std::uint64_t> seen;
  int streams = 0;
  for (const std::uint64_t seed : {0ull, 1ull, 1ull << 40, ~0ull})
    for (const char* object : {"", "a", "b", "ab", "ba"})
      for (const std::uint64_t index : {0ull, 1ull, 1ull << 32, ~0ull})
        for (const std::uint32_t part : {0u, 1u, ~0u})
          seen.insert(first(seed, object, index, part)), ++streams;
  EXPECT_EQ(seen.size(), std::size_t(streams));
}

TEST(RandomStream, uniform_numbers_stay_inside_and_fill_the_interval_evenly) {
  constexpr int cells = 256, draws = 1 << 20;
  std::vector<std::uint64_t> counts(cells);
  RandomStream stream(RandomKey(1, "uniform"), 0);
  double last = 0.5, product = 0;
  for (int i = 0; i < draws; ++i) {
    const double u = stream.uniform();
    ASSERT_GT(u, 0);
    ASSERT_LT(u, 1);
    ++counts[std::size_t(u * cells)];
    product += (u - 0.5) * (last - 0.5);
    last = u;
  }
  EXPECT_LT(std::abs(chi_square(counts, std::vector<double>(cells, double(draws) / cells)).deviate()), most);
  EXPECT_LT(std::abs(product * 12 / std::sqrt(double(draws))), most);  // neighbours are uncorrelated
}

TEST(RandomStream, below_is_unbiased_and_below) {
  for (const std::uint64_t bound : {1ull, 2ull, 3ull, 7ull, 100ull, 1000ull}) {
    std::vector<std::uint64_t> counts(bound);
    const int draws = 200000;
    RandomStream stream(RandomKey(2, "below"), bound);
    for (int i = 0; i < draws; ++i) ++counts.at(stream.below(bound));
    if (bound > 1) {
      EXPECT_LT(
          std::abs(chi_square(counts, std::vector<double>(bound, double(draws) / double(bound))).deviate()),
          most)
          << bound;
    }
  }
}

TEST(RandomStream, below_is_unbiased_where_a_plain_product_would_be_wrong) {
  // 3/4 of 2^32: without rejection the first third of the values would come twice as often as the others.
  for (const std::uint64_t bound : {std::uint64_t(3) << 30, std::uint64_t(3) << 62}) {
    constexpr int cells = 3, draws = 300000;
    std::vector<std::uint64_t> thirds(cells);
    std::vector<std::uint64_t> low_bits(cells);
    RandomStream stream(RandomKey(3, "rejection"), bound);
    for (int i = 0; i < draws; ++i) {
      const std::uint64_t value = stream.below(bound);
      ASSERT_LT(value, bound);
      ++thirds[value / (bound / 3)];
      ++low_bits[value % 3];
    }
    const std::vector<double> even(cells, draws / 3.0);
    EXPECT_LT(chi_square(thirds, even).deviate(), most);
    EXPECT_LT(chi_square(low_bits, even).deviate(), most);
  }
}

TEST(RandomStream, normal_and_exponential_have_their_moments) {
  Moments normal, exponential, cube;
  RandomStream stream(RandomKey(4, "moments"), 0);
  constexpr int draws = 1 << 20;
  for (int i = 0; i < draws; ++i) {
    const double z = stream.normal();
    normal.add(z);
    cube.add(z * z * z);
    exponential.add(stream.exponential());
  }
  const double error = 1 / std::sqrt(double(draws));
  EXPECT_NEAR(normal.mean, 0, most * error);
  EXPECT_NEAR(normal.variance(), 1, most * std::sqrt(2.0) * error);
  EXPECT_NEAR(cube.mean, 0, most * std::sqrt(15.0) * error);
  EXPECT_NEAR(exponential.mean, 1, most * error);
  EXPECT_NEAR(exponential.variance(), 1, most * std::sqrt(8.0) * error);
}

class PoissonDraws : public testing::TestWithParam<double> {};

TEST_P(PoissonDraws, follow_the_distribution) {
  const double mean = GetParam();
  constexpr int draws = 200000;
  const auto most_counted = std::size_t(mean + 12 * std::sqrt(mean) + 20);
  std::vector<std::uint64_t> counts(most_counted + 1);
  std::vector<double> expected(most_counted + 1);
  for (int i = 0; i < draws; ++i) {
    RandomStream stream(RandomKey(5, "poisson"), std::uint64_t(i));
    ++counts[std::min<std::size_t>(draw_poisson(stream, mean), most_counted)];
  }
  for (std::size_t k = 0; k <= most_counted; ++k)
    expected[k] = draws * std::exp(log_poisson(double(k), mean));
  const ChiSquare test = chi_square(counts, expected);
  if (test.degrees > 0) {
    EXPECT_LT(std::abs(test.deviate()), most) << "mean " << mean;
  }
}
INSTANTIATE_TEST_SUITE_P(Means, PoissonDraws,
                         testing::Values(0.001, 0.1, 1.0, 3.7, 15.5, 20.0, 300.0, 12345.6));

class BinomialDraws : public testing::TestWithParam<std::pair<std::uint64_t, double>> {};

TEST_P(BinomialDraws, follow_the_distribution) {
  const auto [trials, probability] = GetParam();
  const int draws = trials > 2000000000 ? 5000 : 200000;  // a draw costs the standard deviation
  const double mean = double(trials) * probability, sd = std::sqrt(mean * (1 - probability));
  const auto low = std::size_t(std::max(0.0, mean - 12 * sd - 20));
  const auto high = std::size_t(std::min(double(trials), mean + 12 * sd + 20));
  std::vector<std::uint64_t> counts(high - low + 1);
  std::vector<double> expected(high - low + 1);
  for (int i = 0; i < draws; ++i) {
    RandomStream stream(RandomKey(6, "binomial"), std::uint64_t(i));
    const std::uint64_t k = draw_binomial(stream, trials, probability);
    ASSERT_LE(k, trials);
    ++counts[std::clamp<std::size_t>(k, low, high) - low];
  }
  for (std::size_t k = low; k <= high; ++k)
    expected[k - low] = draws * std::exp(log_binomial(double(k), double(trials), probability));
  EXPECT_LT(std::abs(chi_square(counts, expected).deviate()), most) << trials << " " << probability;
}
INSTANTIATE_TEST_SUITE_P(Cases, BinomialDraws,
                         testing::Values(std::pair<std::uint64_t, double>{1, 0.3},
                                         std::pair<std::uint64_t, double>{10, 0.5},
                                         std::pair<std::uint64_t, double>{12500, 0.1},
                                         std::pair<std::uint64_t, double>{40, 0.98},
                                         std::pair<std::uint64_t, double>{1000000000, 1e-8},
                                         std::pair<std::uint64_t, double>{3000000000, 0.25}));

TEST(RandomDraws, edges_are_exact) {
  RandomStream stream(RandomKey(1, "edges"), 0);
  EXPECT_EQ(draw_poisson(stream, 0), 0u);
  EXPECT_EQ(draw_binomial(stream, 0, 0.5), 0u);
  EXPECT_EQ(draw_binomial(stream, 17, 0), 0u);
  EXPECT_EQ(draw_binomial(stream, 17, 1), 17u);
}

}  // namespace
}  // namespace synfire
