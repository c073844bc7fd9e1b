// The rules that make a whole graph: small_world, scale_free, erdos_renyi.
#include <algorithm>
#include <cmath>

#include "tests/networks/connect/support.hpp"

namespace synfire::testing {
namespace {

void expect_symmetric(const Rows& rows) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> forth, back;
  for (std::uint32_t target = 0; target < rows.size(); ++target)
    for (const auto source : rows[target]) {
      ASSERT_NE(source, target);
      forth.emplace_back(source, target);
      back.emplace_back(target, source);
    }
  std::sort(forth.begin(), forth.end());
  std::sort(back.begin(), back.end());
  EXPECT_EQ(forth, back);
}

std::uint32_t ring_distance(std::uint32_t a, std::uint32_t b, std::uint32_t n) {
  const std::uint32_t d = a > b ? a - b : b - a;
  return std::min(d, n - d);
}

TEST(SmallWorld, WithoutRewiringIsTheRing) {
  const auto rows = rows_of("small_world", {{"k", 4}, {"p", 0}}, within({10}));
  EXPECT_EQ(rows[0], (std::vector<std::uint32_t>{1, 2, 8, 9}));
  EXPECT_EQ(rows[5], (std::vector<std::uint32_t>{3, 4, 6, 7}));
  EXPECT_EQ(total(rows), 40u);
}

TEST(SmallWorld, RewiresTheStatedFractionAndKeepsTheNumberOfEdges) {
  constexpr std::uint32_t n = 5000;
  for (const double p : {0.05, 0.3, 1.0}) {
    const auto rows = rows_of("small_world", {{"k", 10}, {"p", p}}, within({n}));
    expect_symmetric(rows);
    EXPECT_EQ(total(rows), 50000u);
    double far = 0;
    for (std::uint32_t target = 0; target < n; ++target)
      for (const auto source : rows[target]) far += ring_distance(source, target, n) > 5;
    const double edges = 25000, moved = far / 2;
    EXPECT_LE(std::abs(moved - p * edges), 4.9 * std::sqrt(edges * p * (1 - p)) + 1)
        << p;  // 1e-6; 1: the first
  }
}

TEST(SmallWorld, RewiredEndsAreUniform) {
  constexpr std::uint32_t n = 1000;
  const auto rows = rows_of("small_world", {{"k", 20}, {"p", 1}}, within({n}));
  std::vector<double> lengths(n / 2 - 10, 0);  // distances 11 … 500; 500 can be reached one way only
  for (std::uint32_t target = 0; target < n; ++target)
    for (const auto source : rows[target]) {
      const auto d = ring_distance(source, target, n);
      if (d > 10) ++lengths.at(d - 11);
    }
  for (auto& length : lengths) length /= 2;  // an edge is seen from both ends
  double sum = 0;
  for (const double length : lengths) sum += length;
  std::vector<double> expected(lengths.size(), sum / (static_cast<double>(lengths.size()) - 0.5));
  expected.back() /= 2;
  EXPECT_GT(chi_square_p(lengths, expected), error_rate);
}

TEST(ScaleFree, TailFollowsThePowerLaw) {
  constexpr std::uint32_t n = 20000;
  const double alpha = 0.7, beta = 3000;
  const auto rows = rows_of("scale_free", {{"alpha", alpha}, {"beta", beta}}, within({n}));
  expect_symmetric(rows);
  const auto degrees = in_degrees(rows);
  for (const double least : {5., 10., 40., 160.}) {
    // A neuron has at least this degree when its rank, uniform in [0, n), is below (beta / least)^(1 /
    // alpha).
    const double p = std::floor(std::pow(beta / least, 1 / alpha)) / n;
    double found = 0;
    for (const double degree : degrees) found += degree >= least;
    EXPECT_NEAR(found, n * p, 4.9 * std::sqrt(n * p * (1 - p)) + 2) << least;  // 1e-6; 2: the last edges
  }
  const double mean = static_cast<double>(total(rows)) / n;
  EXPECT_GT(*std::max_element(degrees.begin(), degrees.end()), 20 * mean);
  EXPECT_GE(*std::min_element(degrees.begin(), degrees.end()), 0);
}

TEST(ScaleFree, WorksFromTwoNeuronsOn) {
  for (const std::uint32_t n : {2u, 3u, 10u}) {
    const auto rows = rows_of("scale_free", {{"alpha", 0.5}, {"beta", 1e6}}, within({n}));
    expect_symmetric(rows);
    EXPECT_GT(total(rows) + (n == 2), 0u);
  }
}

TEST(ErdosRenyi, DegreesAreBinomialAndThereIsNoLoop) {
  for (const double p : {0.001, 0.1, 0.9}) {
    const auto rows = rows_of("erdos_renyi", {{"p", p}}, within({1000}));
    EXPECT_GT(binomial_p(in_degrees(rows), 999, p), error_rate) << p;
    EXPECT_GT(binomial_p(out_degrees(rows, 1000), 999, p), error_rate) << p;
    for (std::uint32_t target = 0; target < 1000; ++target) {
      const auto& row = rows[target];
      EXPECT_FALSE(std::binary_search(row.begin(), row.end(), target));
      EXPECT_EQ(std::adjacent_find(row.begin(), row.end(), std::greater_equal<>()), row.end());
    }
  }
}

TEST(ErdosRenyi, TinyProbabilitiesGiveFewOrNoEdges) {
  EXPECT_EQ(total(rows_of("erdos_renyi", {{"p", 0}}, within({100}))), 0u);
  EXPECT_EQ(total(rows_of("erdos_renyi", {{"p", 1e-20}}, within({100}))), 0u);
  EXPECT_EQ(total(rows_of("erdos_renyi", {{"p", 0.5}}, within({1}))), 0u);
  double edges = 0;  // a coarse generator would miss a probability of 1e-7 altogether
  for (std::uint64_t seed = 0; seed < 40; ++seed)
    edges += static_cast<double>(total(rows_of("erdos_renyi", {{"p", 1e-7}}, within({10000}, seed))));
  EXPECT_LT(std::abs(edges - 400) / 20, 4.9);  // 1e-6
}

}  // namespace
}  // namespace synfire::testing
