// Dense products whose connections have delays that are learned.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "core/array.hpp"
#include "learning/gradient/layers.hpp"
#include "learning/gradient/ordered_sum.hpp"
#include "networks/layer_kinds.hpp"

namespace synfire::learning {

/// The whole steps that a delay stands for once nothing is learned.
template <class Real> std::size_t whole_delay(Real delay) {
  return static_cast<std::size_t>(std::floor(delay + Real(0.5)));
}

/// What reaches such a product: arrays [steps, samples, in].
template <class Real> struct DelayedInput {
  std::size_t steps = 0, samples = 0;
  const Real* now = nullptr;
  const Real* before = nullptr;  ///< as many steps as the longest delay, right before `now`; null pointer: 0
};

/// Step of a pass before which everything lies that a gradient may come back from to step t.
inline std::size_t gradient_end(const Pass& pass, std::size_t t, std::size_t truncate) {
  if (truncate == 0) return pass.steps;
  const std::size_t next = ((pass.first_step() + t) / truncate + 1) * truncate;
  return std::min(pass.steps, next - pass.first_step());
}

/// g_k of all connections from an input, k = 0 … D: side by side, or only those that are not 0.
template <class Real> struct DelayTaps {
  bool listed = false;
  LargeVector<Real> values;           ///< [in, D + 1, out]; or those of the list
  LargeVector<std::uint32_t> places;  ///< list: k out + j of each, ascending
  std::vector<std::size_t> begins;    ///< list: where each input begins, and the end
};

/// Connections with weights w_ji and delays d_ji in [0, D], both learned (layer::Delays):
///
///   y_j(t) = sum_i w_ji sum_k g_k(d_ji) x_i(t - k),    k = 0 … D
///   g_k(d) = exp(-(k - d)^2 / (2 sigma^2)) / sum_l exp(-(l - d)^2 / (2 sigma^2)).
///
/// Where nothing is learned, g is 1 at the nearest k and 0 elsewhere. What is below 10 epsilon of the largest
/// g_k counts as 0. Inputs that are mostly 0 are gone through event by event, each of which adds a row of
/// taps; else there is one matrix product for each k.
template <class Real> class DelayedWeights {
 public:
  /// Ways to the same sums.
  enum class Way : std::uint8_t { events, products };

  /// Weights "name.what" and delays "name.delay", both [out, in]. Throws Error(input) at the delays where
  /// they are shorter than a step or, with `at_least` steps that each connection takes anyway, longer than a
  /// sample.
  DelayedWeights(const LayerDescription&, const LayerContext&, std::size_t in, std::size_t out,
                 std::string_view what, double start, std::size_t at_least);

  void add_weights(std::vector<Weights<Real>*>& all) { all.push_back(&weights_), all.push_back(&delays_); }
  std::size_t longest() const { return longest_; }  ///< D
  void begin_epoch(std::uint64_t epoch);
  void begin(const Pass&, std::span<const std::size_t> samples, SpareArrays<Real>&);
  /// Before all parts, on the way there: what they read. `stepwise`: `push` and `pull` will be called.
  void prepare(const Pass&, bool stepwise);
  /// Nobody asks any more until it is prepared again.
  void release();
  void gather(const Pass&);

  /// The faster way for an input, or one of which that part is not 0.
  Way way_of(double density) const;
  Way way_of(const DelayedInput<Real>& x) const;

  // A whole pass at once.

  /// y [steps, samples, out] += …
  void add(const DelayedInput<Real>& x, Real* y, Way way) const;
  /// The part's gradients by weights and delays, from d_y [steps, samples, out].
  void by_weights(std::size_t part, const DelayedInput<Real>& x, const Real* d_y, Way way);
  /// d_x [steps, samples, in] = …, not beyond the window, nor beyond blocks of `truncate` steps (0: all).
  void by_input(const Pass&, std::size_t samples, const Real* d_y, std::size_t truncate, Real* d_x) const;

  // Step by step, over arrays [samples, steps, out]; `room` is written as it pleases.

  /// What x [samples, in] of step t, which may lie before the first one, adds to this and later steps.
  void push(const Real* x, std::ptrdiff_t t, std::size_t samples, std::size_t steps, Real* y,
            LargeVector<Real>& room) const;
  /// d_x [samples, in] += what it owes to steps from t to before `end`.
  void pull(const Real* d_y, std::size_t t, std::size_t end, std::size_t samples, std::size_t steps,
            Real* d_x, LargeVector<Real>& room) const;

 private:
  struct Sums;
  std::size_t taps() const { return longest_ + 1; }
  void take_rows(double sigma);
  void take_list(double sigma);
  void weigh(bool rows);
  void matrix(std::size_t k, bool weighted, Real* to) const;
  std::pair<std::size_t, std::size_t> listed_from(std::size_t input, std::size_t low, std::size_t end) const;
  std::size_t group_of(const DelayedInput<Real>& x) const;
  template <class Visit>
  void for_shifted(const DelayedInput<Real>& x, std::size_t k, const Visit& visit) const;
  void add_list(const DelayedInput<Real>& x, Real* y) const;
  void add_listed(std::size_t input, Real value, std::ptrdiff_t t, std::size_t steps, Real* y) const;
  void add_products(const DelayedInput<Real>& x, Real* y) const;
  void sum_rows(const DelayedInput<Real>& x, const Real* d_y, Sums& sums) const;
  void sum_list(const DelayedInput<Real>& x, const Real* d_y, Sums& sums) const;
  void sum_products(const DelayedInput<Real>& x, const Real* d_y, Sums& sums) const;
  void finish(std::size_t first, std::size_t count, const Real* moment, const Real* mean, Sums& sums) const;

  std::size_t in_, out_, longest_ = 0;
  Precision precision_;
  double first_sigma_ = 0, last_sigma_ = 0, fall_ = 0, sigma_ = 0;  // fall_: epochs
  Weights<Real> weights_, delays_;
  OrderedSum<Real> weight_sum_, delay_sum_;
  // Of a pass.
  double sparse_ = 1;                                 // part of the input up to which events are faster
  bool moves_ = false;                                // delays have a gradient
  LargeVector<Real> turned_weights_, turned_delays_;  // [in, out]
  DelayTaps<Real> taps_;
  LargeVector<Real> listed_, kernel_;  // w g: of the list; [in, D + 1, out]
  LargeVector<Real> turned_kernel_;    // [D + 1, out, in], which `pull` reads faster
};

}  // namespace synfire::learning
