// What an optimiser does to one weight. Inside learning/gradient only.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/host_device.hpp"
#include "core/math.hpp"
#include "networks/training.hpp"

namespace synfire::learning::moves {

// Each has the number of values that it remembers of a weight, and gives the weight after the move; the
// equations stand with the parameters in networks/training.hpp.

template <class Real> struct Plain {
  static constexpr std::size_t slots = 0;
  Real rate, decay;

  SYNFIRE_HD Real operator()(Real w, Real g, std::array<Real, 0>&) const {
    return w - rate * (g + decay * w);
  }
};

template <class Real> struct Momentum {
  static constexpr std::size_t slots = 1;
  Real rate, decay, keep, take, ahead_g, ahead_b;  ///< the move is ahead_g g + ahead_b b

  SYNFIRE_HD Real operator()(Real w, Real g, std::array<Real, 1>& m) const {
    g = g + decay * w;
    m[0] = keep * m[0] + take * g;
    return w - rate * (ahead_g * g + ahead_b * m[0]);
  }
};

template <class Real> struct Moments {
  static constexpr std::size_t slots = 2;
  Real shrink, decay;  ///< of the weight itself; into the gradient
  Real forget1, beta2, forget2, step, root_scale, epsilon;

  SYNFIRE_HD Real operator()(Real w, Real g, std::array<Real, 2>& m) const {
    w = w * shrink;
    g = g + decay * w;
    m[0] = m[0] + forget1 * (g - m[0]);
    m[1] = beta2 * m[1] + forget2 * (g * g);
    return w - step * (m[0] / (math::sqrt(m[1]) * root_scale + epsilon));
  }
};

/// The slots are the mean square, and where they are wanted the mean and the last move, in this order.
template <class Real, bool centred, bool moving> struct RootMeanSquare {
  static constexpr std::size_t slots = 1 + (centred ? 1 : 0) + (moving ? 1 : 0);
  Real rate, decay, alpha, forget, epsilon, momentum;

  SYNFIRE_HD Real operator()(Real w, Real g, std::array<Real, slots>& m) const {
    g = g + decay * w;
    m[0] = alpha * m[0] + forget * (g * g);
    Real variance = m[0];
    if constexpr (centred) {
      m[1] = m[1] + forget * (g - m[1]);
      variance = m[0] - m[1] * m[1];
      variance = variance > Real(0) ? variance : Real(0);  // rounding
    }
    const Real move = g / (math::sqrt(variance) + epsilon);
    if constexpr (!moving) return w - rate * move;
    m[slots - 1] = momentum * m[slots - 1] + move;
    return w - rate * m[slots - 1];
  }
};

// The names of the slots.

inline std::vector<std::string_view> slots_of(const training::Sgd& sgd) {
  if (sgd.momentum == 0) return {};
  return {"momentum"};
}
inline std::vector<std::string_view> slots_of(const training::Adam&) { return {"mean", "square"}; }
inline std::vector<std::string_view> slots_of(const training::AdamW&) { return {"mean", "square"}; }
inline std::vector<std::string_view> slots_of(const training::RmsProp& rms) {
  std::vector<std::string_view> names = {"square"};
  if (rms.centred != 0) names.emplace_back("mean");
  if (rms.momentum != 0) names.emplace_back("momentum");
  return names;
}

// Calls use(move) with the constants of the t-th step, t counted from 1.

template <class Real, class Use>
void with_move(const training::Sgd& sgd, bool decays, double rate, std::uint64_t t, const Use& use) {
  const Real decay = Real(decays ? sgd.weight_decay : 0);
  if (sgd.momentum == 0) return use(Plain<Real>{Real(rate), decay});
  const bool first = t == 1, nesterov = sgd.nesterov != 0;
  use(Momentum<Real>{Real(rate), decay, Real(sgd.momentum), Real(first ? 1 : 1 - sgd.dampening),
                     Real(nesterov ? 1 : 0), Real(nesterov ? sgd.momentum : 1)});
}

template <class Real, class Adam>
Moments<Real> moments(const Adam& adam, double shrink, double decay, double rate, std::uint64_t t) {
  const double lost1 = 1 - std::pow(adam.beta1, double(t)), lost2 = 1 - std::pow(adam.beta2, double(t));
  return {.shrink = Real(shrink),
          .decay = Real(decay),
          .forget1 = Real(1 - adam.beta1),
          .beta2 = Real(adam.beta2),
          .forget2 = Real(1 - adam.beta2),
          .step = Real(rate / lost1),
          .root_scale = Real(1 / std::sqrt(lost2)),
          .epsilon = Real(adam.epsilon)};
}

template <class Real, class Use>
void with_move(const training::Adam& adam, bool decays, double rate, std::uint64_t t, const Use& use) {
  use(moments<Real>(adam, 1, decays ? adam.weight_decay : 0, rate, t));
}
template <class Real, class Use>
void with_move(const training::AdamW& adam, bool decays, double rate, std::uint64_t t, const Use& use) {
  use(moments<Real>(adam, decays ? 1 - rate * adam.weight_decay : 1, 0, rate, t));
}

template <class Real, class Use>
void with_move(const training::RmsProp& rms, bool decays, double rate, std::uint64_t, const Use& use) {
  const auto call = [&]<bool centred, bool moving>() {
    use(RootMeanSquare<Real, centred, moving>{Real(rate), Real(decays ? rms.weight_decay : 0),
                                              Real(rms.alpha), Real(1 - rms.alpha), Real(rms.epsilon),
                                              Real(rms.momentum)});
  };
  if (rms.centred != 0 && rms.momentum != 0) return call.template operator()<true, true>();
  if (rms.centred != 0) return call.template operator()<true, false>();
  if (rms.momentum != 0) return call.template operator()<false, true>();
  call.template operator()<false, false>();
}

}  // namespace synfire::learning::moves
