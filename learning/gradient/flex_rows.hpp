// What a Flex layer does to the elements of a map.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

#include "core/loops.hpp"
#include "core/math.hpp"

namespace synfire::learning {

/// How the channels of a pool become those of a convolution: out = (1 - w) in[low] + w in[high].
template <class Real> class ChannelAlignment {
 public:
  ChannelAlignment(std::size_t in, std::size_t out, bool repeat) : in_(in), out_(out) {
    for (std::size_t o = 0; o < out; ++o) {
      const double at =
          repeat ? double(o % in) : std::max(0.0, (double(o) + 0.5) * double(in) / double(out) - 0.5);
      const auto below = std::min(static_cast<std::size_t>(at), in - 1);
      low_.push_back(std::uint32_t(below));
      high_.push_back(std::uint32_t(std::min(below + 1, in - 1)));
      weight_.push_back(Real(at - double(below)));
    }
    turn(in);
  }

  /// Of a channel of the output: the two of the input, and the weight of the second.
  std::tuple<std::uint32_t, std::uint32_t, Real> source(std::size_t out) const {
    return {low_[out], high_[out], weight_[out]};
  }
  /// Both ways are the identity then.
  bool is_identity() const { return in_ == out_; }
  /// From maps with the channels of the pool to those of the convolution.
  void to_all(std::size_t places, const Real* pool, Real* all) const {
    run_loop([&]() SYNFIRE_INLINE {
      for (std::size_t place = 0; place < places; ++place) {
        const Real* __restrict from = pool + place * in_;
        Real* __restrict to = all + place * out_;
        for (std::size_t c = 0; c < out_; ++c)
          to[c] = from[low_[c]] + weight_[c] * (from[high_[c]] - from[low_[c]]);
      }
    });
  }
  /// The transpose of that; overwrites d.
  void to_own(std::size_t places, const Real* d_all, Real* d) const {
    if (is_identity()) {
      std::copy_n(d_all, places * out_, d);
      return;
    }
    std::fill_n(d, places * in_, Real(0));
    run_loop([&]() SYNFIRE_INLINE {
      for (std::size_t place = 0; place < places; ++place) {
        const Real* __restrict from = d_all + place * out_;
        Real* __restrict to = d + place * in_;
        for (std::size_t k = 0; k < back_weight_.size(); k += in_) {
          const std::uint32_t* source = back_.data() + k;
          const Real* w = back_weight_.data() + k;
          for (std::size_t c = 0; c < in_; ++c) to[c] += w[c] * from[source[c]];
        }
      }
    });
  }

 private:
  void turn(std::size_t in) {
    std::vector<std::vector<std::pair<std::uint32_t, Real>>> terms(in);
    for (std::size_t o = 0; o < low_.size(); ++o) {
      terms[low_[o]].emplace_back(std::uint32_t(o), Real(1) - weight_[o]);
      if (weight_[o] != Real(0)) terms[high_[o]].emplace_back(std::uint32_t(o), weight_[o]);
    }
    std::size_t most = 0;
    for (const auto& of : terms) most = std::max(most, of.size());
    back_.assign(most * in, 0), back_weight_.assign(most * in, Real(0));
    for (std::size_t c = 0; c < in; ++c)
      for (std::size_t k = 0; k < terms[c].size(); ++k)
        std::tie(back_[k * in + c], back_weight_[k * in + c]) = terms[c][k];
  }

  std::size_t in_, out_;
  std::vector<std::uint32_t> low_, high_;
  std::vector<Real> weight_;  // of the higher one
  // The same from the side of `in`: rows of one term for each of its channels, as many as the most has.
  std::vector<std::uint32_t> back_;
  std::vector<Real> back_weight_;
};

/// What makes a mask of its logits.
enum class MaskActivation : std::uint8_t { hard_sigmoid, sigmoid, ste, binary, stochastic };

/// mask[i] = f(z[i] + eta) and its slope; of those that are 0 or 1, what the slope belongs to.
template <class Real>
void soft_mask(MaskActivation activation, bool backward_of_sigmoid, std::size_t size, const Real* logits,
               Real eta, Real* mask, Real* slopes) {
  const Real* __restrict z = logits;
  Real* __restrict m = mask;
  Real* __restrict s = slopes;
  const auto each = [&](const auto& f) {
    run_loop([=, &f]() SYNFIRE_INLINE {
      SYNFIRE_INDEPENDENT
      for (std::size_t i = 0; i < size; ++i) f(z[i] + eta, m[i], s[i]);
    });
  };
  const auto sigmoid = [](Real x, Real& y, Real& slope) SYNFIRE_INLINE {
    y = Real(1) / (Real(1) + math::exp(-x));
    slope = y * (Real(1) - y);
  };
  const bool by_sigmoid =
      activation == MaskActivation::stochastic || (activation == MaskActivation::ste && backward_of_sigmoid);
  if (activation == MaskActivation::hard_sigmoid) {
    each([](Real x, Real& y, Real& slope) SYNFIRE_INLINE {
      const Real line = x * Real(1.0 / 6) + Real(0.5), low = line > Real(0) ? line : Real(0);
      y = low < Real(1) ? low : Real(1);
      slope = line > Real(0) && line < Real(1) ? Real(1.0 / 6) : Real(0);
    });
  } else if (activation == MaskActivation::sigmoid || by_sigmoid) {
    each(sigmoid);
  } else {  // the straight line whose slope stands for that of the step
    const Real slope_of_all = activation == MaskActivation::ste ? Real(1) : Real(0);
    each([=](Real x, Real& y, Real& slope) SYNFIRE_INLINE {
      y = x + Real(0.5);
      slope = slope_of_all;
    });
  }
}

/// Sums of what Routing means: M above 1/2, M (1 - M), |C - P|, both, |C - P| / (|C| + |P|).
inline constexpr std::size_t routing_sums = 5;
using RoutingSums = std::array<double, routing_sums>;

/// y = m c + (1 - m) p; adds to the sums.
template <class Real>
void mix_row(std::size_t size, const Real* c, const Real* p, const Real* m, Real* y, RoutingSums& sums) {
  constexpr std::size_t statistics = routing_sums, lanes = 16;
  Real found[statistics][lanes] = {};
  run_loop([&]() SYNFIRE_INLINE {
    const Real* __restrict conv = c;
    const Real* __restrict pool = p;
    const Real* __restrict mask = m;
    Real* __restrict to = y;
    Real chosen[lanes] = {}, open[lanes] = {}, apart[lanes] = {}, hangs[lanes] = {}, scaled[lanes] = {};
    std::size_t i = 0;
    for (; i + lanes <= size; i += lanes) {
      SYNFIRE_LANES
      for (std::size_t l = 0; l < lanes; ++l) {
        const Real a = conv[i + l], b = pool[i + l], w = mask[i + l], d = a - b;
        const Real far = std::abs(d), undecided = w * (Real(1) - w);
        to[i + l] = b + w * d;
        chosen[l] += w > Real(0.5) ? Real(1) : Real(0);
        open[l] += undecided;
        apart[l] += far;
        hangs[l] += undecided * far;
        scaled[l] += far / (std::abs(a) + std::abs(b) + Real(1e-8));
      }
    }
    for (; i < size; ++i) {
      const Real d = conv[i] - pool[i], undecided = mask[i] * (Real(1) - mask[i]);
      to[i] = pool[i] + mask[i] * d;
      chosen[0] += mask[i] > Real(0.5) ? Real(1) : Real(0);
      open[0] += undecided;
      apart[0] += std::abs(d);
      hangs[0] += undecided * std::abs(d);
      scaled[0] += std::abs(d) / (std::abs(conv[i]) + std::abs(pool[i]) + Real(1e-8));
    }
    const Real* all[] = {chosen, open, apart, hangs, scaled};
    for (std::size_t k = 0; k < statistics; ++k) std::copy_n(all[k], lanes, found[k]);
  });
  for (std::size_t k = 0; k < statistics; ++k)
    for (std::size_t l = 0; l < lanes; ++l) sums[k] += double(found[k][l]);
}

/// And back: the `first` writes, others add. `share` of the loss reaches the mask.
template <bool first, class Real>
void unmix_row(std::size_t size, Real share, const Real* __restrict c, const Real* __restrict p,
               const Real* __restrict m, const Real* __restrict dy, Real* __restrict d_conv,
               Real* __restrict d_pool, Real* __restrict d_mask) {
  run_loop([=]() SYNFIRE_INLINE {
    SYNFIRE_INDEPENDENT
    for (std::size_t i = 0; i < size; ++i) {
      const Real taken = dy[i] * m[i];
      d_conv[i] = first ? taken : d_conv[i] + taken;
      d_pool[i] = first ? dy[i] - taken : d_pool[i] + (dy[i] - taken);
      d_mask[i] = share * dy[i] * (c[i] - p[i]);
    }
  });
}

}  // namespace synfire::learning
