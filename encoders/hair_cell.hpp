// From the motion of the membrane to spikes of the auditory nerve: hair cells, their release sites, bushy
// cells; `lanes` channels side by side, one step at a time.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/host_device.hpp"
#include "core/math.hpp"
#include "core/random.hpp"

namespace synfire {

/// Transmitter of inner hair cells: a pool q near the membrane, c in the cleft, w being reprocessed. With the
/// permeability k(v) = g (v + A) / (v + A + B) for v > -A, else 0,
///
///   dq/dt = y (M - q)^+ - k q + x w,   dc/dt = k q - (l + r) c,   dw/dt = r c - x w
///
/// by explicit Euler steps, pools never below 0; a site releases with the rate h c. Rates per second: y
/// = 5.05, g = 2000, l = 2500, r = 6580, x = 66.3, h = 50000; A = 5, B = 300, M = 1. Source: Meddis 1986,
/// JASA 79:702, and 1988, JASA 83:1056. Steps must be shorter than 1/(l + r) = 0.11 ms.
template <int lanes> struct HairCells {
  static constexpr double y = 5.05, g = 2000, l = 2500, r = 6580, x = 66.3, A = 5, B = 300, h = 50000, M = 1;

  double dt, q[lanes], c[lanes], w[lanes];  // dt in s; the pools at first at rest

  explicit HairCells(double step_s) : dt(step_s) {
    const double k = g * A / (A + B);
    for (int i = 0; i < lanes; ++i) {
      c[i] = M * y * k / (l * k + y * (l + r));
      q[i] = c[i] * (l + r) / k;
      w[i] = c[i] * r / x;
    }
  }
  /// One step with the membrane's velocities v; p becomes the probability that a site releases in it.
  SYNFIRE_HD void step(const double* v, double* p) {
    SYNFIRE_LANES
    for (int i = 0; i < lanes; ++i) {
      const double open = v[i] + A;
      const double kt = open > 0 ? g * dt * open / (open + B) : 0.0;
      const double replenished = q[i] < M ? y * dt * (M - q[i]) : 0.0;
      const double ejected = kt * q[i], lost = (l + r) * dt * c[i];
      const double taken_up = r * dt * c[i], reprocessed = x * dt * w[i];
      q[i] = not_below_zero(q[i] + replenished - ejected + reprocessed);
      c[i] = not_below_zero(c[i] + ejected - lost);
      w[i] = not_below_zero(w[i] + taken_up - reprocessed);
      p[i] = h * dt * c[i];
    }
  }
  SYNFIRE_HD static double not_below_zero(double x) { return x > 0 ? x : 0.0; }
};

/// `sites` release sites of each channel. A site releases with probability p in a step, and is silent for the
/// `dead` - 1 steps after. Sites are alike, so only the number that is not silent is kept, and instead of a
/// draw for each of them an exponential waiting time is spent in portions of -ln(1 - p) a site: what is left
/// when it runs out says which site released, and the next time is drawn. The numbers of releases are
/// distributed as with single draws. Random numbers are those of the channels first_channel … of the key.
template <int lanes> class ReleaseSites {
 public:
  ReleaseSites(int sites, int dead, RandomKey key, std::uint64_t first_channel)
      : dead_(static_cast<std::size_t>(dead)), recent_(dead_ * lanes) {
    for (int i = 0; i < lanes; ++i) {
      streams_.emplace_back(key, first_channel + static_cast<std::uint64_t>(i));
      ready_[i] = sites;
      waiting_[i] = streams_.back().exponential();
    }
  }
  /// released[i] = releases in this step.
  SYNFIRE_HD void step(const double* p, double* released) {
    double* const ended = &recent_[slot_ * lanes];  // of `dead` steps ago
    double portion[lanes], left[lanes];
    SYNFIRE_LANES
    for (int i = 0; i < lanes; ++i) {
      ready_[i] += ended[i];
      const double none = 1 - p[i];
      portion[i] = -math::log(none > 1e-300 ? none : 1e-300);
      left[i] = waiting_[i] - ready_[i] * portion[i];
      released[i] = 0;
    }
    double least = left[0];
    SYNFIRE_LANES
    for (int i = 1; i < lanes; ++i) least = left[i] < least ? left[i] : least;
    if (least < 0) release(portion, left, released);
    SYNFIRE_LANES
    for (int i = 0; i < lanes; ++i) {
      waiting_[i] = left[i];
      ended[i] = released[i];
      ready_[i] -= released[i];
    }
    slot_ = slot_ + 1 == dead_ ? 0 : slot_ + 1;
  }

 private:
  [[gnu::noinline]] void release(const double* portion, double* left, double* released) {
    for (int i = 0; i < lanes; ++i) {
      if (left[i] >= 0) continue;
      double asked = ready_[i], wait = waiting_[i];  // sites not yet asked in this step
      while (wait < asked * portion[i]) {
        const double passed = std::floor(wait / portion[i]);
        asked -= (passed < asked ? passed : asked - 1) + 1;
        released[i] += 1;
        wait = streams_[static_cast<std::size_t>(i)].exponential();
      }
      left[i] = wait - asked * portion[i];
    }
  }

  std::size_t dead_, slot_ = 0;
  std::vector<double> recent_;  // releases of the last steps, [dead][lanes]
  std::vector<RandomStream> streams_;
  double ready_[lanes], waiting_[lanes];
};

/// One bushy cell of each channel, a leaky integrator: tau_m dv/dt = -v with tau_m = 1 ms, a current I with
/// tau = 0.5 ms to which every release adds 1 and which adds I W dt to v, threshold 1, reset and silence of
/// 1 ms. Source: Cramer et al. 2020, arXiv 1910.07407 (its program decides the order of operations within a
/// step).
template <int lanes> struct BushyCells {
  double membrane_decay, synapse_decay, gain;
  double silent_steps;
  double v[lanes] = {}, current[lanes] = {}, silent[lanes] = {};

  BushyCells(double step_s, double weight)
      : membrane_decay(std::exp(-step_s / 1e-3)),
        synapse_decay(std::exp(-step_s / 0.5e-3)),
        gain(weight * step_s),
        silent_steps(std::round(1e-3 / step_s)) {}

  /// One step; fired[i] is 1 where the cell reached its threshold in the step before. Returns how many did.
  SYNFIRE_HD int step(const double* released, std::int32_t* fired) {
    int count = 0;
    SYNFIRE_LANES
    for (int i = 0; i < lanes; ++i) {
      const bool awake = silent[i] <= 0, fires = awake && v[i] >= 1;
      fired[i] = fires ? 1 : 0;
      count += fired[i];
      v[i] = awake && !fires ? v[i] * membrane_decay : 0.0;
      silent[i] = fires ? silent_steps : silent[i];
      current[i] = current[i] * synapse_decay + released[i];
      const double raised = silent[i] <= 0 ? v[i] + current[i] * gain : v[i];
      v[i] = raised < 1 ? raised : 1.0;
      silent[i] -= 1;
    }
    return count;
  }
};

}  // namespace synfire
