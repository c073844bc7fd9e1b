// What the tests of connection rules share: making a connector in one line, and chi-square tests.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/chi_squared.hpp>
#include <gtest/gtest.h>

#include "networks/connect/connector.hpp"

namespace synfire::testing {

/// A right implementation fails a single statistical check with this probability for a fresh seed; the seeds
/// are fixed, so a check that has passed keeps passing.
inline constexpr double error_rate = 1e-6;

inline std::uint32_t product(const std::vector<std::uint32_t>& shape) {
  std::uint32_t size = 1;
  for (const auto extent : shape) size *= extent;
  return size;
}

inline ConnectContext between(std::vector<std::uint32_t> source, std::vector<std::uint32_t> target,
                              std::uint64_t seed = 1) {
  ConnectContext context;
  context.sources = product(source);
  context.targets = product(target);
  context.source_shape = std::move(source);
  context.target_shape = std::move(target);
  context.key = RandomKey(seed, "projection");
  return context;
}

inline ConnectContext within(std::vector<std::uint32_t> shape, std::uint64_t seed = 1) {
  ConnectContext context = between(shape, shape, seed);
  context.same_population = true;
  return context;
}

inline ConnectDescription described(std::string rule, std::map<std::string, double> parameters = {}) {
  ConnectDescription connect;
  connect.rule = std::move(rule);
  connect.parameters = std::move(parameters);
  connect.where = {"net.yaml", 7, 3};
  return connect;
}

inline std::vector<std::uint32_t> sources(const Connector& connector, std::uint32_t target) {
  std::vector<std::uint32_t> found;
  connector.sources_of(target, found);
  return found;
}

using Rows = std::vector<std::vector<std::uint32_t>>;

inline Rows all_rows(const Connector& connector, const ConnectContext& context) {
  Rows rows;
  for (std::uint32_t target = 0; target < context.targets; ++target)
    rows.push_back(sources(connector, target));
  return rows;
}

inline Rows rows_of(const std::string& rule, std::map<std::string, double> parameters,
                    const ConnectContext& context) {
  return all_rows(*make_connector(described(rule, std::move(parameters)), context), context);
}

inline std::size_t total(const Rows& rows) {
  std::size_t sum = 0;
  for (const auto& row : rows) sum += row.size();
  return sum;
}

inline std::vector<double> in_degrees(const Rows& rows) {
  std::vector<double> degrees;
  for (const auto& row : rows) degrees.push_back(static_cast<double>(row.size()));
  return degrees;
}

inline std::vector<double> out_degrees(const Rows& rows, std::uint32_t sources) {
  std::vector<double> degrees(sources, 0);
  for (const auto& row : rows)
    for (const auto source : row) ++degrees.at(source);
  return degrees;
}

/// Upper tail probability of Pearson's statistic; neighbouring bins are merged until 8 are expected in each.
inline double chi_square_p(const std::vector<double>& observed, const std::vector<double>& expected,
                           double fitted = 0) {
  double statistic = 0, seen = 0, due = 0, rest = 0;
  for (const double e : expected) rest += e;
  int bins = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    seen += observed.at(i);
    due += expected[i];
    rest -= expected[i];
    if (due < 8 || (rest < 8 && i + 1 < expected.size())) continue;
    statistic += (seen - due) * (seen - due) / due;
    seen = due = 0;
    ++bins;
  }
  return cdf(complement(boost::math::chi_squared(bins - 1 - fitted), statistic));
}

/// Degrees against Binomial(trials, p).
inline double binomial_p(const std::vector<double>& degrees, double trials, double p) {
  std::vector<double> observed(static_cast<std::size_t>(trials) + 1, 0), expected;
  for (const double degree : degrees) ++observed.at(static_cast<std::size_t>(degree));
  const boost::math::binomial law(trials, p);
  for (std::size_t k = 0; k < observed.size(); ++k)
    expected.push_back(static_cast<double>(degrees.size()) * pdf(law, static_cast<double>(k)));
  return chi_square_p(observed, expected);
}

/// Counts against a uniform law.
inline double uniform_p(const std::vector<double>& counts) {
  double sum = 0;
  for (const double count : counts) sum += count;
  return chi_square_p(counts, std::vector<double>(counts.size(), sum / static_cast<double>(counts.size())));
}

}  // namespace synfire::testing
