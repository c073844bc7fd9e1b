#include "learning/gradient/delays.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <tbb/parallel_for.h>

#include "core/loops.hpp"
#include "core/math.hpp"
#include "core/random.hpp"
#include "learning/gradient/delayed_events.hpp"
#include "learning/gradient/products.hpp"

namespace synfire::learning {
namespace {

// Of the largest tap: what is below counts as 0.
template <class Real> constexpr Real least_tap = 10 * std::numeric_limits<Real>::epsilon();
// Taps of a list cost so many times those of rows (measured: docs/performance.md).
constexpr double cost_of_list = 8;
// Part of the input above which products are faster than events.
constexpr double sparse_delayed = 0.24;
// What events write to at a time stays in the cache.
constexpr std::size_t cached_bytes = std::size_t(1) << 19;

/// The k for which a step t, which may lie before the first one, reaches one of `steps`.
struct Reached {
  std::size_t low, end;
  Reached(std::ptrdiff_t t, std::size_t steps, std::size_t taps)
      : low(t < 0 ? static_cast<std::size_t>(-t) : 0),
        end(static_cast<std::size_t>(
            std::clamp(std::ptrdiff_t(steps) - t, std::ptrdiff_t(0), std::ptrdiff_t(taps)))) {
    low = std::min(low, end);
  }
  std::size_t count() const { return end - low; }
};

// Columns of [steps, samples, out] as [samples, steps, width].
template <class Real>
void pack(const Real* from, std::size_t steps, std::size_t samples, std::size_t out, std::size_t first,
          std::size_t width, Real* to) {
  for (std::size_t t = 0; t < steps; ++t)
    for (std::size_t b = 0; b < samples; ++b)
      std::copy_n(from + (t * samples + b) * out + first, width, to + (b * steps + t) * width);
}
template <class Real>
void unpack(const Real* from, std::size_t steps, std::size_t samples, std::size_t out, std::size_t first,
            std::size_t width, Real* to) {
  for (std::size_t t = 0; t < steps; ++t)
    for (std::size_t b = 0; b < samples; ++b)
      std::copy_n(from + (b * steps + t) * width, width, to + (t * samples + b) * out + first);
}

// Outputs that are gone through together.
template <class Real> std::size_t block_of(std::size_t rows, std::size_t out) {
  constexpr std::size_t lanes = 16, most = 256;
  const std::size_t fitting = cached_bytes / sizeof(Real) / std::max<std::size_t>(rows, 1) / lanes * lanes;
  return std::min(std::clamp(fitting, lanes, most), out);
}

/// Taps of one connection that do not count as 0, [first, last].
struct TapSpan {
  std::size_t first, last;
};
template <class Real> TapSpan span_of(Real delay, Real sigma, std::size_t longest) {
  const std::size_t nearest = whole_delay(delay);
  if (!(sigma > 0)) return {nearest, nearest};
  const Real off = delay - Real(nearest);
  const Real reach = std::sqrt(-2 * sigma * sigma * std::log(least_tap<Real>) + off * off);
  const Real low = std::ceil(delay - reach), high = std::floor(delay + reach);
  const std::size_t first = low > 0 ? static_cast<std::size_t>(low) : 0;
  const std::size_t last = high < Real(longest) ? static_cast<std::size_t>(std::max(high, Real(0))) : longest;
  return {std::min(first, nearest), std::max(last, nearest)};
}

// e^-((k - d)^2 - (c - d)^2) / (2 sigma^2), c being the k nearest to d, which so has 1.
template <class Real> SYNFIRE_INLINE inline Real bell(Real k, Real delay, Real scale) {
  const Real off = delay - Real(static_cast<std::int32_t>(delay + Real(0.5))), distance = delay - k;
  const Real value = math::exp((off * off - distance * distance) * scale);
  return value < least_tap<Real> ? Real(0) : value;
}

// Rows of taps [taps, out] of an input.
template <class Real>
void bells(const Real* delays, std::size_t out, std::size_t taps, Real sigma, Real* rows) {
  LargeVector<Real> sums(out);
  std::fill(sums.begin(), sums.end(), Real(0));
  const Real scale = 1 / (2 * sigma * sigma);
  Real* const sum = sums.data();
  run_loop([=]() SYNFIRE_INLINE {
    for (std::size_t k = 0; k < taps; ++k) {
      Real* const row = rows + k * out;
      SYNFIRE_INDEPENDENT
      for (std::size_t j = 0; j < out; ++j) {
        row[j] = bell(Real(k), delays[j], scale);
        sum[j] += row[j];
      }
    }
    for (std::size_t k = 0; k < taps; ++k) {
      Real* const row = rows + k * out;
      SYNFIRE_INDEPENDENT
      for (std::size_t j = 0; j < out; ++j) row[j] /= sum[j];
    }
  });
}

}  // namespace

// Gradients as [in, out].
template <class Real> struct DelayedWeights<Real>::Sums { LargeVector<Real> weights, delays; };

template <class Real>
DelayedWeights<Real>::DelayedWeights(const LayerDescription& layer, const LayerContext& context,
                                     std::size_t in, std::size_t out, std::string_view what, double start,
                                     std::size_t at_least)
    : in_(in), out_(out), precision_(context.precision) {
  const auto p = values_of<layer::Delays>(*layer.delays);
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorKind::input, layer.delays->where,
                fmt::format("delays of layer {}: {}", layer.name, why));
  };
  longest_ = static_cast<std::size_t>(std::floor(p.max / context.dt_ms + 0.5));
  if (longest_ < 1)
    refuse(fmt::format("max is {} ms, less than half a step, which is {} ms (dt of simulation)", p.max,
                       context.dt_ms));
  if (longest_ + at_least >= context.steps)
    refuse(
        fmt::format("max is {} ms, {} steps of {} ms{}, but a sample is shown for {} steps only (`steps` "
                    "of training), so that nothing would arrive",
                    p.max, longest_, context.dt_ms,
                    at_least > 0 ? " beside the one that each connection takes" : "", context.steps));
  last_sigma_ = p.sigma_end;
  first_sigma_ = p.sigma > 0 ? p.sigma : std::max(double(longest_) / 2, last_sigma_);
  if (last_sigma_ > first_sigma_)
    refuse(fmt::format("sigma falls from {} to sigma_end, which is {}; it cannot rise", first_sigma_,
                       last_sigma_));
  fall_ = p.share * double(context.epochs);
  begin_epoch(0);
  weights_ = begin_weights<Real>(layer, context, what, {out, in}, start, in, out);
  delays_ =
      begin_weights<Real>(layer, context, "delay", {out, in}, double(layer::starts.size() - 1), in, out);
  delays_.decays = false;
  delays_.rate = p.rate;
  delays_.low = 0, delays_.high = Real(longest_);
  RandomStream stream(RandomKey(context.seed, "layer/" + delays_.name), 0);
  const double most = double(longest_);
  const auto half_normal = [&] {
    double drawn = most + 1;
    while (drawn > most) drawn = std::abs(most / 2 * stream.normal());
    return drawn;
  };
  for (Real& delay : delays_.values) delay = Real(p.init == 1 ? half_normal() : stream.uniform(0, most));
}

template <class Real> void DelayedWeights<Real>::begin_epoch(std::uint64_t epoch) {
  const double part = fall_ > 0 ? std::min(1.0, double(epoch) / fall_) : 1;
  sigma_ = first_sigma_ * std::pow(last_sigma_ / first_sigma_, part);
}

template <class Real>
void DelayedWeights<Real>::begin(const Pass& pass, std::span<const std::size_t> samples,
                                 SpareArrays<Real>& spare) {
  if (!pass.backward) return;
  weight_sum_.begin(samples, weights_.gradient, spare);
  delay_sum_.begin(samples, delays_.gradient, spare);
}
template <class Real> void DelayedWeights<Real>::gather(const Pass& pass) {
  weight_sum_.finish(pass);
  delay_sum_.finish(pass);
  release();
}
template <class Real> void DelayedWeights<Real>::release() {
  turned_weights_ = {}, turned_delays_ = {}, listed_ = {}, kernel_ = {}, turned_kernel_ = {};
  taps_ = {};
}

// ---- Taps ----

template <class Real> void DelayedWeights<Real>::prepare(const Pass& pass, bool stepwise) {
  const double sigma = pass.training ? sigma_ : 0;
  moves_ = sigma > 0;
  turned_weights_.resize(in_ * out_), turned_delays_.resize(in_ * out_);
  transpose(out_, in_, weights_.values.data(), turned_weights_.data());
  transpose(out_, in_, delays_.values.data(), turned_delays_.data());
  const double reach = sigma * std::sqrt(-2 * std::log(double(least_tap<Real>)));
  const double cost = cost_of_list * std::min(1 + 2 * reach, double(taps())) / double(taps());
  taps_.listed = cost < 1;
  sparse_ = sparse_delayed * gain(precision_) / std::min(cost, 1.0);
  if (taps_.listed) {
    take_list(sigma);
  } else {
    take_rows(sigma);
  }
  if (taps_.listed || stepwise) weigh(stepwise && (pass.backward || !taps_.listed));
  if (!stepwise || !pass.backward) return;
  turned_kernel_.resize(kernel_.size());
  transpose(in_, taps() * out_, kernel_.data(), turned_kernel_.data());
  if (taps_.listed) kernel_ = {};
}

template <class Real> void DelayedWeights<Real>::take_rows(double sigma) {
  taps_.values.resize(in_ * taps() * out_);
  tbb::parallel_for(std::size_t(0), in_, [&](std::size_t i) {
    const Real* const delays = turned_delays_.data() + i * out_;
    Real* const rows = taps_.values.data() + i * taps() * out_;
    if (moves_) return bells(delays, out_, taps(), Real(sigma), rows);
    std::fill_n(rows, taps() * out_, Real(0));
    for (std::size_t j = 0; j < out_; ++j) rows[whole_delay(delays[j]) * out_ + j] = 1;
  });
}

template <class Real> void DelayedWeights<Real>::take_list(double sigma) {
  const auto span = [&](std::size_t i, std::size_t j) {
    return span_of(turned_delays_[i * out_ + j], Real(sigma), longest_);
  };
  taps_.begins.assign(in_ + 1, 0);
  tbb::parallel_for(std::size_t(0), in_, [&](std::size_t i) {
    for (std::size_t j = 0; j < out_; ++j) {
      const TapSpan of = span(i, j);
      taps_.begins[i + 1] += of.last - of.first + 1;
    }
  });
  for (std::size_t i = 0; i < in_; ++i) taps_.begins[i + 1] += taps_.begins[i];
  taps_.values.resize(taps_.begins[in_]), taps_.places.resize(taps_.begins[in_]);
  const Real scale = sigma > 0 ? Real(1 / (2 * sigma * sigma)) : Real(0);
  tbb::parallel_for(std::size_t(0), in_, [&](std::size_t i) {
    std::vector<std::size_t> next(taps() + 1, 0);
    std::vector<Real> values(taps());
    for (std::size_t j = 0; j < out_; ++j) {
      const TapSpan of = span(i, j);
      for (std::size_t k = of.first; k <= of.last; ++k) ++next[k + 1];
    }
    next[0] = taps_.begins[i];
    for (std::size_t k = 0; k < taps(); ++k) next[k + 1] += next[k];
    for (std::size_t j = 0; j < out_; ++j) {
      const TapSpan of = span(i, j);
      Real sum = 0;
      for (std::size_t k = of.first; k <= of.last; ++k)
        sum += values[k] = moves_ ? bell(Real(k), turned_delays_[i * out_ + j], scale) : Real(1);
      for (std::size_t k = of.first; k <= of.last; ++k) {
        taps_.places[next[k]] = static_cast<std::uint32_t>(k * out_ + j);
        taps_.values[next[k]++] = values[k] / sum;
      }
    }
  });
}

// What is added for each event; `rows`: of all taps side by side.
template <class Real> void DelayedWeights<Real>::weigh(bool rows) {
  if (taps_.listed) listed_.resize(taps_.values.size());
  if (rows) kernel_.resize(in_ * taps() * out_);
  tbb::parallel_for(std::size_t(0), in_, [&](std::size_t i) {
    const Real* const weights = turned_weights_.data() + i * out_;
    Real* const kernel = kernel_.data() + i * taps() * out_;
    if (!taps_.listed) {
      for (std::size_t k = 0; k < taps(); ++k)
        for (std::size_t j = 0; j < out_; ++j)
          kernel[k * out_ + j] = weights[j] * taps_.values[(i * taps() + k) * out_ + j];
      return;
    }
    if (rows) std::fill_n(kernel, taps() * out_, Real(0));
    for (std::size_t n = taps_.begins[i]; n < taps_.begins[i + 1]; ++n) {
      listed_[n] = weights[taps_.places[n] % out_] * taps_.values[n];
      if (rows) kernel[taps_.places[n]] = listed_[n];
    }
  });
}

// g_k [in, out], or times the weights.
template <class Real> void DelayedWeights<Real>::matrix(std::size_t k, bool weighted, Real* to) const {
  for (std::size_t i = 0; i < in_; ++i) {
    Real* const row = to + i * out_;
    if (!taps_.listed) {
      std::copy_n(taps_.values.data() + (i * taps() + k) * out_, out_, row);
    } else {
      std::fill_n(row, out_, Real(0));
      const auto [first, last] = listed_from(i, k, k + 1);
      for (std::size_t n = first; n < last; ++n) row[taps_.places[n] - k * out_] = taps_.values[n];
    }
    if (weighted)
      for (std::size_t j = 0; j < out_; ++j) row[j] *= turned_weights_[i * out_ + j];
  }
}

// Those of an input's list from k = `low` to before `end`.
template <class Real>
std::pair<std::size_t, std::size_t> DelayedWeights<Real>::listed_from(std::size_t input, std::size_t low,
                                                                      std::size_t end) const {
  const std::uint32_t* const places = taps_.places.data();
  const std::size_t first = taps_.begins[input], last = taps_.begins[input + 1];
  const auto at = [&](std::size_t k) {
    return static_cast<std::size_t>(std::lower_bound(places + first, places + last, k * out_) - places);
  };
  return {low == 0 ? first : at(low), end == taps() ? last : at(end)};
}

template <class Real> auto DelayedWeights<Real>::way_of(double density) const -> Way {
  return density < sparse_ ? Way::events : Way::products;
}
template <class Real> auto DelayedWeights<Real>::way_of(const DelayedInput<Real>& x) const -> Way {
  return way_of(Sparse(x.now, x.steps * x.samples, in_).density());
}

// ---- Whole passes ----

template <class Real> void DelayedWeights<Real>::add(const DelayedInput<Real>& x, Real* y, Way way) const {
  if (way == Way::products) return add_products(x, y);
  if (taps_.listed) return add_list(x, y);
  const std::size_t rows = x.steps * x.samples, block = block_of<Real>(rows, out_);
  const DelayedEvents<Real> events(x, longest_, in_, x.samples);
  LargeVector<Real> sums(rows * block), kernel(taps() * block);
  for (std::size_t first = 0; first < out_; first += block) {
    const std::size_t width = std::min(block, out_ - first);
    pack(y, x.steps, x.samples, out_, first, width, sums.data());
    run_loop([&]() SYNFIRE_INLINE {
      for (std::size_t i = 0; i < in_; ++i) {
        if (events.of(0, i).empty()) continue;
        const Real* const weights = turned_weights_.data() + i * out_ + first;
        for (std::size_t k = 0; k < taps(); ++k) {
          const Real* const g = taps_.values.data() + (i * taps() + k) * out_ + first;
          Real* __restrict to = kernel.data() + k * width;
          for (std::size_t j = 0; j < width; ++j) to[j] = weights[j] * g[j];
        }
        for (const auto& event : events.of(0, i)) {
          const Reached k(event.step, x.steps, taps());
          const Real* const from = kernel.data() + k.low * width;
          const std::size_t at = event.sample * x.steps + std::size_t(event.step + std::ptrdiff_t(k.low));
          Real* __restrict to = sums.data() + at * width;
          const Real value = event.value;
          for (std::size_t n = 0; n < k.count() * width; ++n) to[n] += value * from[n];
        }
      }
    });
    unpack(sums.data(), x.steps, x.samples, out_, first, width, y);
  }
}

// Samples that are gone through together where taps are listed.
template <class Real> std::size_t DelayedWeights<Real>::group_of(const DelayedInput<Real>& x) const {
  return std::clamp<std::size_t>(cached_bytes / sizeof(Real) / (x.steps * out_), 1, x.samples);
}

template <class Real> void DelayedWeights<Real>::add_list(const DelayedInput<Real>& x, Real* y) const {
  const std::size_t group = group_of(x);
  const DelayedEvents<Real> events(x, longest_, in_, group);
  LargeVector<Real> sums(x.samples * x.steps * out_);
  pack(y, x.steps, x.samples, out_, 0, out_, sums.data());
  for (std::size_t g = 0; g * group < x.samples; ++g)
    for (std::size_t i = 0; i < in_; ++i)
      for (const auto& event : events.of(g, i))
        add_listed(i, event.value, event.step, x.steps, sums.data() + event.sample * x.steps * out_);
  unpack(sums.data(), x.steps, x.samples, out_, 0, out_, y);
}

// To one sample's y [steps, out].
template <class Real>
void DelayedWeights<Real>::add_listed(std::size_t input, Real value, std::ptrdiff_t t, std::size_t steps,
                                      Real* y) const {
  const Reached k(t, steps, taps());
  const auto [first, last] = listed_from(input, k.low, k.end);
  const std::ptrdiff_t begin = t * std::ptrdiff_t(out_);
  for (std::size_t n = first; n < last; ++n) y[begin + std::ptrdiff_t(taps_.places[n])] += value * listed_[n];
}

// Calls visit(rows of the input, row of the output, number of rows) for steps that are k apart.
template <class Real>
template <class Visit>
void DelayedWeights<Real>::for_shifted(const DelayedInput<Real>& x, std::size_t k, const Visit& visit) const {
  const std::size_t early = std::min(k, x.steps);
  if (x.before != nullptr && early > 0)
    visit(x.before + (longest_ - k) * x.samples * in_, std::size_t(0), early * x.samples);
  if (k < x.steps) visit(x.now, k * x.samples, (x.steps - k) * x.samples);
}

template <class Real> void DelayedWeights<Real>::add_products(const DelayedInput<Real>& x, Real* y) const {
  LargeVector<Real> kernel(in_ * out_);
  for (std::size_t k = 0; k < taps(); ++k) {
    matrix(k, true, kernel.data());
    for_shifted(x, k, [&](const Real* from, std::size_t row, std::size_t rows) {
      multiply(Transposed::no, Transposed::no, rows, out_, in_, from, kernel.data(), Real(1), y + row * out_,
               precision_);
    });
  }
}

template <class Real>
void DelayedWeights<Real>::by_weights(std::size_t part, const DelayedInput<Real>& x, const Real* d_y,
                                      Way way) {
  auto of_weights = weight_sum_.open(part), of_delays = delay_sum_.open(part);
  Sums sums;
  for (auto* array : {&sums.weights, &sums.delays}) {
    array->resize(in_ * out_);
    std::fill(array->begin(), array->end(), Real(0));
  }
  if (way == Way::products) {
    sum_products(x, d_y, sums);
  } else if (taps_.listed) {
    sum_list(x, d_y, sums);
  } else {
    sum_rows(x, d_y, sums);
  }
  transpose(in_, out_, sums.weights.data(), of_weights.values);
  transpose(in_, out_, sums.delays.data(), of_delays.values);
  weight_sum_.add(std::move(of_weights));
  delay_sum_.add(std::move(of_delays));
}

// With c_k = sum over t of x(t - k) dy(t): dw = sum_k g_k c_k, and as dg_k/dd = g_k (k - d - m) / sigma^2,
// m = sum_k g_k (k - d), dd = w (sum_k g_k (k - d) c_k - m dw) / sigma^2.
template <class Real>
void DelayedWeights<Real>::sum_rows(const DelayedInput<Real>& x, const Real* d_y, Sums& sums) const {
  const std::size_t rows = x.steps * x.samples, block = block_of<Real>(rows, out_);
  const DelayedEvents<Real> events(x, longest_, in_, x.samples);
  LargeVector<Real> packed(rows * block), matches(taps() * block), moments(2 * block);
  for (std::size_t first = 0; first < out_; first += block) {
    const std::size_t width = std::min(block, out_ - first);
    pack(d_y, x.steps, x.samples, out_, first, width, packed.data());
    run_loop([&]() SYNFIRE_INLINE {
      for (std::size_t i = 0; i < in_; ++i) {
        if (events.of(0, i).empty()) continue;
        std::fill_n(matches.data(), taps() * width, Real(0));
        for (const auto& event : events.of(0, i)) {
          const Reached k(event.step, x.steps, taps());
          const std::size_t at = event.sample * x.steps + std::size_t(event.step + std::ptrdiff_t(k.low));
          const Real* const from = packed.data() + at * width;
          Real* __restrict to = matches.data() + k.low * width;
          const Real value = event.value;
          for (std::size_t n = 0; n < k.count() * width; ++n) to[n] += value * from[n];
        }
        const std::size_t place = i * out_ + first;
        const Real* const delays = turned_delays_.data() + place;
        Real* __restrict of_weights = sums.weights.data() + place;
        Real* __restrict moment = moments.data();
        Real* __restrict mean = moments.data() + block;
        std::fill_n(moment, width, Real(0));
        std::fill_n(mean, width, Real(0));
        for (std::size_t k = 0; k < taps(); ++k) {
          const Real* const g = taps_.values.data() + (i * taps() + k) * out_ + first;
          const Real* const match = matches.data() + k * width;
          for (std::size_t j = 0; j < width; ++j) {
            const Real off = g[j] * (Real(k) - delays[j]);
            of_weights[j] += g[j] * match[j];
            moment[j] += off * match[j];
            mean[j] += off;
          }
        }
        finish(place, width, moment, mean, sums);
      }
    });
  }
}

// `moment` and `mean`: sum_k g_k (k - d) c_k and m, of connections from number `first` of [in, out] on.
template <class Real>
void DelayedWeights<Real>::finish(std::size_t first, std::size_t count, const Real* moment, const Real* mean,
                                  Sums& sums) const {
  if (!moves_) return;
  const Real scale = Real(1 / (sigma_ * sigma_));
  for (std::size_t j = 0; j < count; ++j)
    sums.delays[first + j] =
        turned_weights_[first + j] * scale * (moment[j] - mean[j] * sums.weights[first + j]);
}

template <class Real>
void DelayedWeights<Real>::sum_list(const DelayedInput<Real>& x, const Real* d_y, Sums& sums) const {
  const std::size_t group = group_of(x);
  const DelayedEvents<Real> events(x, longest_, in_, group);
  LargeVector<Real> packed(x.samples * x.steps * out_), matches(taps_.values.size());
  std::fill(matches.begin(), matches.end(), Real(0));
  pack(d_y, x.steps, x.samples, out_, 0, out_, packed.data());
  for (std::size_t g = 0; g * group < x.samples; ++g)
    for (std::size_t i = 0; i < in_; ++i)
      for (const auto& event : events.of(g, i)) {
        const Reached k(event.step, x.steps, taps());
        const auto [first, last] = listed_from(i, k.low, k.end);
        const Real* const from = packed.data() + event.sample * x.steps * out_;
        const std::ptrdiff_t begin = event.step * std::ptrdiff_t(out_);
        for (std::size_t n = first; n < last; ++n)
          matches[n] += event.value * from[begin + std::ptrdiff_t(taps_.places[n])];
      }
  std::vector<Real> moment(out_), mean(out_);
  for (std::size_t i = 0; i < in_; ++i) {
    std::ranges::fill(moment, Real(0)), std::ranges::fill(mean, Real(0));
    for (std::size_t n = taps_.begins[i]; n < taps_.begins[i + 1]; ++n) {
      const std::size_t k = taps_.places[n] / out_, j = taps_.places[n] % out_;
      const Real off = taps_.values[n] * (Real(k) - turned_delays_[i * out_ + j]);
      sums.weights[i * out_ + j] += taps_.values[n] * matches[n];
      moment[j] += off * matches[n], mean[j] += off;
    }
    finish(i * out_, out_, moment.data(), mean.data(), sums);
  }
}

template <class Real>
void DelayedWeights<Real>::sum_products(const DelayedInput<Real>& x, const Real* d_y, Sums& sums) const {
  const std::size_t size = in_ * out_;
  LargeVector<Real> matches(size), g(size), moment(size), mean(size);
  for (auto* array : {&moment, &mean}) std::fill(array->begin(), array->end(), Real(0));
  for (std::size_t k = 0; k < taps(); ++k) {
    Real beta = 0;
    for_shifted(x, k, [&](const Real* from, std::size_t row, std::size_t rows) {
      multiply(Transposed::yes, Transposed::no, in_, out_, rows, from, d_y + row * out_, beta, matches.data(),
               precision_);
      beta = 1;
    });
    if (beta == 0) std::fill(matches.begin(), matches.end(), Real(0));
    matrix(k, false, g.data());
    for (std::size_t n = 0; n < size; ++n) {
      const Real off = g[n] * (Real(k) - turned_delays_[n]);
      sums.weights[n] += g[n] * matches[n];
      moment[n] += off * matches[n], mean[n] += off;
    }
  }
  finish(0, size, moment.data(), mean.data(), sums);
}

// Of blocks of steps that gradients stay in, each by itself.
template <class Real>
void DelayedWeights<Real>::by_input(const Pass& pass, std::size_t samples, const Real* d_y,
                                    std::size_t truncate, Real* d_x) const {
  std::fill_n(d_x, pass.steps * samples * in_, Real(0));
  LargeVector<Real> kernel(in_ * out_);
  for (std::size_t k = 0; k < taps(); ++k) {
    matrix(k, true, kernel.data());
    for (std::size_t begin = 0, end = 0; begin < pass.steps; begin = end) {
      end = gradient_end(pass, begin, truncate);
      if (begin + k >= end) continue;
      multiply(Transposed::no, Transposed::yes, (end - begin - k) * samples, in_, out_,
               d_y + (begin + k) * samples * out_, kernel.data(), Real(1), d_x + begin * samples * in_,
               precision_);
    }
  }
}

// ---- Step by step ----

template <class Real>
void DelayedWeights<Real>::push(const Real* x, std::ptrdiff_t t, std::size_t samples, std::size_t steps,
                                Real* y, LargeVector<Real>& room) const {
  const Reached k(t, steps, taps());
  if (k.count() == 0) return;
  const std::size_t count = k.count() * out_;
  const auto to = [&](std::size_t sample) {
    return y + (sample * steps + std::size_t(t + std::ptrdiff_t(k.low))) * out_;
  };
  if (!taps_.listed && way_of(Sparse(x, samples, in_).density()) == Way::products) {
    room.resize(samples * taps() * out_);
    multiply(Transposed::no, Transposed::no, samples, taps() * out_, in_, x, kernel_.data(), Real(0),
             room.data(), precision_);
    for (std::size_t b = 0; b < samples; ++b) {
      const Real* const from = room.data() + (b * taps() + k.low) * out_;
      for (std::size_t n = 0; n < count; ++n) to(b)[n] += from[n];
    }
    return;
  }
  const DelayedEvents<Real> events({1, samples, x, nullptr}, longest_, in_, samples);
  run_loop([&]() SYNFIRE_INLINE {
    for (std::size_t i = 0; i < in_; ++i)
      for (const auto& event : events.of(0, i)) {
        if (taps_.listed) {
          add_listed(i, event.value, t, steps, y + event.sample * steps * out_);
          continue;
        }
        const Real* const from = kernel_.data() + (i * taps() + k.low) * out_;
        Real* __restrict sums = to(event.sample);
        const Real value = event.value;
        for (std::size_t n = 0; n < count; ++n) sums[n] += value * from[n];
      }
  });
}

template <class Real>
void DelayedWeights<Real>::pull(const Real* d_y, std::size_t t, std::size_t end, std::size_t samples,
                                std::size_t steps, Real* d_x, LargeVector<Real>& room) const {
  if (t >= end) return;
  const std::size_t row = taps() * out_, there = std::min(end - t, taps()) * out_;
  room.resize(samples * row);
  for (std::size_t b = 0; b < samples; ++b) {
    Real* const to = room.data() + b * row;
    std::copy_n(d_y + (b * steps + t) * out_, there, to);
    std::fill_n(to + there, row - there, Real(0));
  }
  multiply(Transposed::no, Transposed::no, samples, in_, row, room.data(), turned_kernel_.data(), Real(1),
           d_x, precision_);
}

template class DelayedWeights<float>;
template class DelayedWeights<double>;

}  // namespace synfire::learning
