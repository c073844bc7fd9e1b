#include "core/distribution.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

namespace synfire {
namespace {

template <class... Ts> struct Overload : Ts... { using Ts::operator()...; };
template <class... Ts> Overload(Ts...) -> Overload<Ts...>;

constexpr double normal_reach = 7.2;  // standard deviations
constexpr double infinity = std::numeric_limits<double>::infinity();

struct LogScale {
  double mu, sigma;
};

LogScale log_scale(const Lognormal& d) {
  const double variance = math::log(1 + (d.sd / d.mean) * (d.sd / d.mean));
  return {math::log(d.mean) - variance / 2, std::sqrt(variance)};
}

double draw(const Distribution::Shape& shape, RandomStream& stream, std::uint64_t index) {
  return std::visit(Overload{[](double value) { return value; },
                             [&](const Uniform& d) { return stream.uniform(d.low, d.high); },
                             [&](const Normal& d) { return d.mean + d.sd * stream.normal(); },
                             [&](const Lognormal& d) {
                               const auto [mu, sigma] = log_scale(d);
                               return math::exp(mu + sigma * stream.normal());
                             },
                             [&](const Exponential& d) { return d.mean * stream.exponential(); },
                             [&](const std::vector<double>& values) { return values.at(index); }},
                    shape);
}

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

// The probability that a draw falls inside the cut.
double kept(const Distribution& d) {
  const auto between = [&](auto cdf) { return cdf(d.max) - cdf(d.min); };
  return std::visit(
      Overload{[&](double value) { return value >= d.min && value <= d.max ? 1.0 : 0.0; },
               [&](const Uniform& s) {
                 if (s.low == s.high) return s.low >= d.min && s.low <= d.max ? 1.0 : 0.0;
                 return std::max(0.0, std::min(d.max, s.high) - std::max(d.min, s.low)) / (s.high - s.low);
               },
               [&](const Normal& s) {
                 if (s.sd == 0) return s.mean >= d.min && s.mean <= d.max ? 1.0 : 0.0;
                 return between([&](double x) { return normal_cdf((x - s.mean) / s.sd); });
               },
               [&](const Lognormal& s) {
                 const LogScale scale = log_scale(s);
                 if (scale.sigma == 0) return s.mean >= d.min && s.mean <= d.max ? 1.0 : 0.0;
                 return between([&](double x) {
                   return x <= 0 ? 0.0 : normal_cdf((std::log(x) - scale.mu) / scale.sigma);
                 });
               },
               [&](const Exponential& s) {
                 return between([&](double x) { return x <= 0 ? 0.0 : 1 - std::exp(-x / s.mean); });
               },
               [&](const std::vector<double>& values) {
                 const bool inside = std::all_of(values.begin(), values.end(),
                                                 [&](double v) { return v >= d.min && v <= d.max; });
                 return inside ? 1.0 : 0.0;
               }},
      d.shape);
}

std::pair<double, double> support(const Distribution::Shape& shape) {
  return std::visit(Overload{[](double value) { return std::pair(value, value); },
                             [](const Uniform& d) { return std::pair(d.low, d.high); },
                             [](const Normal& d) {
                               return d.sd == 0 ? std::pair(d.mean, d.mean) : std::pair(-infinity, infinity);
                             },
                             [](const Lognormal& d) {
                               return d.sd == 0 ? std::pair(d.mean, d.mean) : std::pair(0.0, infinity);
                             },
                             [](const Exponential&) { return std::pair(0.0, infinity); },
                             [](const std::vector<double>& values) {
                               if (values.empty()) return std::pair(0.0, 0.0);
                               const auto [low, high] = std::minmax_element(values.begin(), values.end());
                               return std::pair(*low, *high);
                             }},
                    shape);
}

}  // namespace

double Distribution::sample(RandomKey key, std::uint64_t index, std::uint32_t part) const {
  if (is_constant()) return constant();
  if (is_listed()) return std::get<std::vector<double>>(shape).at(index);
  RandomStream stream(key, index, part);
  double value = draw(shape, stream, index);
  while (value < min || value > max) value = draw(shape, stream, index);
  return value;
}

void Distribution::sample(RandomKey key, std::uint64_t index, std::uint32_t first,
                          std::span<double> values) const {
  const auto* const normal = std::get_if<Normal>(&shape);
  const auto* const even = std::get_if<Uniform>(&shape);
  if (normal == nullptr && even == nullptr) {
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = sample(key, index, first + static_cast<std::uint32_t>(i));
    return;
  }
  first_uniforms(key, index, first, values);
  if (normal != nullptr) {
    normal_quantiles(values);
    for (double& value : values) value = normal->mean + normal->sd * value;
  } else {
    for (double& value : values) value = even->low + (even->high - even->low) * value;
  }
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] < min || values[i] > max)
      values[i] = sample(key, index, first + static_cast<std::uint32_t>(i));
}

double Distribution::lowest() const { return std::max(min, support(shape).first); }
double Distribution::highest() const { return std::min(max, support(shape).second); }

double Distribution::practically_lowest() const {
  const auto* const normal = std::get_if<Normal>(&shape);
  return normal == nullptr ? lowest() : std::max(lowest(), normal->mean - normal_reach * normal->sd);
}
double Distribution::practically_highest() const {
  const auto* const normal = std::get_if<Normal>(&shape);
  return normal == nullptr ? highest() : std::min(highest(), normal->mean + normal_reach * normal->sd);
}

double Distribution::mean() const {
  return std::visit(
      Overload{[](double value) { return value; }, [](const Uniform& d) { return (d.low + d.high) / 2; },
               [](const std::vector<double>& values) {
                 if (values.empty()) return 0.0;
                 return std::accumulate(values.begin(), values.end(), 0.0) / double(values.size());
               },
               [](const auto& d) { return d.mean; }},
      shape);
}

void Distribution::check(std::string_view what) const {
  const auto refuse = [&](std::string_view why) {
    throw Error(ErrorKind::input, where, fmt::format("{}: {}", what, why));
  };
  if (const auto* d = std::get_if<Uniform>(&shape); d && d->low > d->high)
    refuse("the lower end of uniform is above the upper end");
  if (const auto* d = std::get_if<Normal>(&shape); d && d->sd < 0)
    refuse("the standard deviation is negative");
  if (const auto* d = std::get_if<Lognormal>(&shape); d && (d->sd < 0 || d->mean <= 0))
    refuse("lognormal needs a mean above zero and a standard deviation of at least zero");
  if (const auto* d = std::get_if<Exponential>(&shape); d && d->mean <= 0)
    refuse("the mean of exponential must be > 0");
  if (min > max) refuse("min is above max");
  constexpr double rarest = 1e-4;  // below this, redrawing until a value fits would take for ever
  if (kept(*this) < rarest)
    refuse(is_constant() || is_listed() ? "a value lies outside [min, max]"
                                        : "[min, max] keeps less than one draw in 10000; widen it");
}

}  // namespace synfire
