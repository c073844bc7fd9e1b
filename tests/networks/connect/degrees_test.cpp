// Who is connected to whom, as distributions: the random rules between populations.
#include <algorithm>
#include <cmath>
#include <set>

#include "tests/networks/connect/support.hpp"

namespace synfire::testing {
namespace {

bool has_repeats(std::vector<std::uint32_t> row) {
  std::sort(row.begin(), row.end());
  return std::adjacent_find(row.begin(), row.end()) != row.end();
}

void expect_within(const Rows& rows, const ConnectContext& context, bool autapses, bool multapses) {
  for (std::uint32_t target = 0; target < rows.size(); ++target) {
    for (const auto source : rows[target]) ASSERT_LT(source, context.sources);
    ASSERT_TRUE(multapses || !has_repeats(rows[target])) << "target " << target;
    ASSERT_TRUE(autapses || std::count(rows[target].begin(), rows[target].end(), target) == 0);
  }
}

TEST(FixedProbability, DegreesAreBinomialOnBothSides) {
  for (const double p : {0.003, 0.1, 0.5, 0.8, 0.97}) {  // either side of the half, where the method changes
    const auto context = between({900}, {1100});
    const auto rows = rows_of("fixed_probability", {{"p", p}}, context);
    expect_within(rows, context, true, false);
    EXPECT_GT(binomial_p(in_degrees(rows), 900, p), error_rate) << p;
    EXPECT_GT(binomial_p(out_degrees(rows, 900), 1100, p), error_rate) << p;
  }
}

TEST(FixedProbability, FewSourcesOfManyAreSpreadEvenly) {
  const auto context = between({4000000}, {3000});  // about 20 of 4 million: the hashed set
  const auto rows = rows_of("fixed_probability", {{"p", 5e-6}}, context);
  expect_within(rows, context, true, false);
  std::vector<double> bins(200, 0);
  for (const auto& row : rows)
    for (const auto source : row) ++bins[source / 20000];
  EXPECT_GT(uniform_p(bins), error_rate);
  const double mean = 60000, z = (static_cast<double>(total(rows)) - mean) / std::sqrt(mean);
  EXPECT_LT(std::abs(z), 4.9);  // 1e-6
}

TEST(FixedProbability, EverySubsetHasItsBernoulliProbability) {
  const auto context = between({4}, {40000});
  const double p = 0.3;
  std::vector<double> seen(16, 0), expected;
  for (const auto& row : rows_of("fixed_probability", {{"p", p}}, context)) {
    std::size_t subset = 0;
    for (const auto source : row) subset |= std::size_t(1) << source;
    ++seen[subset];
  }
  for (unsigned subset = 0; subset < 16; ++subset) {
    const int size = std::popcount(subset);
    expected.push_back(40000 * std::pow(p, size) * std::pow(1 - p, 4 - size));
  }
  EXPECT_GT(chi_square_p(seen, expected), error_rate);
}

TEST(FixedProbability, ZeroAndOneAreExact) {
  const auto context = within({50});
  EXPECT_EQ(total(rows_of("fixed_probability", {{"p", 0}}, context)), 0u);
  EXPECT_EQ(total(rows_of("fixed_probability", {{"p", 1}}, context)), 2500u);
  const auto rows = rows_of("fixed_probability", {{"p", 1}, {"allow_autapses", 0}}, context);
  EXPECT_EQ(total(rows), 2450u);
  expect_within(rows, context, false, false);
}

TEST(FixedProbability, WithoutAutapsesTheOtherPairsKeepTheirProbability) {
  const auto context = within({800});
  const auto rows = rows_of("fixed_probability", {{"p", 0.2}, {"allow_autapses", 0}}, context);
  expect_within(rows, context, false, false);
  EXPECT_GT(binomial_p(in_degrees(rows), 799, 0.2), error_rate);
  EXPECT_GT(binomial_p(out_degrees(rows, 800), 799, 0.2), error_rate);
}

struct Switches {
  double autapses, multapses;
};

TEST(FixedIndegree, EveryTargetHasExactlyItsSourcesAndTheyAreUniform) {
  for (const auto [autapses, multapses] : {Switches{1, 1}, {0, 1}, {1, 0}, {0, 0}})
    for (const double indegree : {7., 60., 149., 250., 298.}) {
      const auto context = within({300});
      const auto rows = rows_of(
          "fixed_indegree",
          {{"indegree", indegree}, {"allow_autapses", autapses}, {"allow_multapses", multapses}}, context);
      expect_within(rows, context, autapses != 0, multapses != 0);
      for (const auto& row : rows) ASSERT_EQ(row.size(), static_cast<std::size_t>(indegree));
      const auto degrees = out_degrees(rows, 300);
      const double feeders = autapses != 0 ? 300 : 299;  // targets that may choose a source
      EXPECT_GT(binomial_p(degrees, multapses != 0 ? feeders * indegree : feeders,
                           multapses != 0 ? 1 / feeders : indegree / feeders),
                error_rate)
          << indegree;
    }
}

TEST(FixedIndegree, EverySetOfDifferentSourcesIsEquallyLikely) {
  for (const int size : {2, 3, 4}) {  // of 6: draws what is in for 2 and 3, what is out for 4
    std::map<std::uint32_t, double> seen;
    const auto context = between({6}, {30000});
    for (const auto& row : rows_of("fixed_indegree", {{"indegree", size}, {"allow_multapses", 0}}, context)) {
      std::uint32_t subset = 0;
      for (const auto source : row) subset |= 1u << source;
      ++seen[subset];
    }
    std::vector<double> counts;
    for (const auto& [subset, count] : seen) counts.push_back(count);
    EXPECT_EQ(counts.size(), size == 3 ? 20u : 15u);
    EXPECT_GT(uniform_p(counts), error_rate) << size;
  }
}

TEST(FixedIndegree, ManyCandidatesAndFewSourcesAreDifferentAndUniform) {
  const auto context = between({3000000}, {2000});
  const auto rows = rows_of("fixed_indegree", {{"indegree", 30}, {"allow_multapses", 0}}, context);
  expect_within(rows, context, true, false);
  std::vector<double> bins(100, 0);
  for (const auto& row : rows)
    for (const auto source : row) ++bins[source / 30000];
  EXPECT_GT(uniform_p(bins), error_rate);
}

TEST(FixedIndegree, MultapsesOccurAsOftenAsIndependentDrawsRepeat) {
  const auto context = between({1000}, {20000});
  double repeated = 0;
  for (const auto& row : rows_of("fixed_indegree", {{"indegree", 10}}, context)) repeated += has_repeats(row);
  double p = 1;
  for (int i = 0; i < 10; ++i) p *= 1 - i / 1000.0;
  const double mean = 20000 * (1 - p);
  EXPECT_LT(std::abs(repeated - mean) / std::sqrt(mean * p), 4.9);  // 1e-6
}

TEST(FixedIndegree, IndependentOfHowManyAreAskedBefore) {
  const auto context = between({100000}, {10});  // a prefix property would tie targets together
  const auto rows = rows_of("fixed_indegree", {{"indegree", 500}}, context);
  for (std::size_t a = 0; a < rows.size(); ++a)
    for (std::size_t b = a + 1; b < rows.size(); ++b) EXPECT_NE(rows[a], rows[b]);
}

TEST(FixedOutdegree, EverySourceHasExactlyItsTargetsAndTheyAreUniform) {
  for (const auto [autapses, multapses] : {Switches{1, 1}, {0, 1}, {1, 0}, {0, 0}})
    for (const double outdegree : {9., 250.}) {
      const auto context = within({300});
      const auto rows = rows_of(
          "fixed_outdegree",
          {{"outdegree", outdegree}, {"allow_autapses", autapses}, {"allow_multapses", multapses}}, context);
      expect_within(rows, context, autapses != 0, multapses != 0);
      for (const double degree : out_degrees(rows, 300)) ASSERT_EQ(degree, outdegree);
      const double others = autapses != 0 ? 300 : 299;
      EXPECT_GT(binomial_p(in_degrees(rows), multapses != 0 ? others * outdegree : others,
                           multapses != 0 ? 1 / others : outdegree / others),
                error_rate);
      for (const auto& row : rows) ASSERT_TRUE(std::is_sorted(row.begin(), row.end()));
    }
}

TEST(FixedTotalNumber, TotalIsExactAndInDegreesAreMultinomial) {
  for (const std::uint32_t targets : {1u, 2u, 777u, 4096u}) {
    const auto context = between({500}, {targets});
    const auto rows = rows_of("fixed_total_number", {{"N", 50000}}, context);
    expect_within(rows, context, true, true);
    EXPECT_EQ(total(rows), 50000u);
    EXPECT_GT(uniform_p(out_degrees(rows, 500)), error_rate);
    if (targets <= 2) continue;
    EXPECT_GT(uniform_p(in_degrees(rows)), error_rate);  // Pearson's statistic of a multinomial
    EXPECT_GT(binomial_p(in_degrees(rows), 50000, 1.0 / targets), error_rate);
  }
}

TEST(FixedTotalNumber, VarianceOfTheShareOfAHalfIsBinomial) {
  constexpr int seeds = 2000;
  double sum = 0, squares = 0;
  for (int seed = 0; seed < seeds; ++seed) {
    const auto context = between({10}, {8}, static_cast<std::uint64_t>(seed));
    const auto connector = make_connector(described("fixed_total_number", {{"N", 1000}}), context);
    double first = 0;
    for (std::uint32_t target = 0; target < 3; ++target)
      first += static_cast<double>(sources(*connector, target).size());
    sum += first;
    squares += first * first;
  }
  const double mean = sum / seeds, variance = squares / seeds - mean * mean;
  const double expected = 1000 * 3.0 / 8 * 5.0 / 8;
  EXPECT_LT(std::abs(mean - 375) / std::sqrt(expected / seeds), 4.9);          // 1e-6
  EXPECT_LT(std::abs(variance / expected - 1), 4.9 * std::sqrt(2.0 / seeds));  // 1e-6
}

TEST(FixedTotalNumber, EverySetOfDifferentPairsIsEquallyLikely) {
  for (const int count : {2, 6}) {  // of 9 pairs; corrections go up and down
    std::map<std::uint32_t, double> seen;
    for (std::uint64_t seed = 0; seed < 20000; ++seed) {
      const auto rows =
          rows_of("fixed_total_number", {{"N", count}, {"allow_multapses", 0}}, between({3}, {3}, seed));
      std::uint32_t subset = 0;
      for (std::uint32_t target = 0; target < 3; ++target)
        for (const auto source : rows[target]) subset |= 1u << (3 * target + source);
      ASSERT_EQ(std::popcount(subset), count);
      ++seen[subset];
    }
    std::vector<double> counts;
    for (const auto& [subset, times] : seen) counts.push_back(times);
    EXPECT_EQ(counts.size(), count == 2 ? 36u : 84u);
    EXPECT_GT(uniform_p(counts), error_rate) << count;
  }
}

TEST(FixedTotalNumber, SwitchesHoldAndFullIsPossible) {
  for (const auto [autapses, multapses] : {Switches{1, 0}, {0, 1}, {0, 0}})
    for (const double n : {0., 1., 5000., 9900.}) {
      const auto context = within({100});
      const auto rows =
          rows_of("fixed_total_number",
                  {{"N", n}, {"allow_autapses", autapses}, {"allow_multapses", multapses}}, context);
      expect_within(rows, context, autapses != 0, multapses != 0);
      EXPECT_EQ(total(rows), static_cast<std::size_t>(n));
    }
}

TEST(FixedTotalNumber, DistinctPairsHaveHypergeometricInDegrees) {
  const auto context = between({1000}, {2000});
  const auto rows = rows_of("fixed_total_number", {{"N", 300000}, {"allow_multapses", 0}}, context);
  EXPECT_EQ(total(rows), 300000u);
  EXPECT_GT(binomial_p(in_degrees(rows), 1000, 0.15), error_rate);  // nearly: a row is 1/2000 of the pairs
  EXPECT_GT(binomial_p(out_degrees(rows, 1000), 2000, 0.15), error_rate);
}

}  // namespace
}  // namespace synfire::testing
