// Neurons between given inputs on coarse and fine grids, against a fourth-order Runge-Kutta solution.
#pragma once

#include <array>
#include <cmath>
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "tests/neurons/driver.hpp"

namespace synfire::testing_tools {

/// One classical Runge-Kutta step of dy/dt = slope(y).
template <std::size_t n, class Slope>
std::array<double, n> runge_kutta(const std::array<double, n>& y, double h, const Slope& slope) {
  const auto at = [&](const std::array<double, n>& k, double f) {
    auto z = y;
    for (std::size_t i = 0; i < n; ++i) z[i] += f * k[i];
    return z;
  };
  const auto k1 = slope(y), k2 = slope(at(k1, h / 2)), k3 = slope(at(k2, h / 2)), k4 = slope(at(k3, h));
  auto z = y;
  for (std::size_t i = 0; i < n; ++i) z[i] += h / 6 * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]);
  return z;
}

/// Time is looked at in frames, so that any grid that divides a frame can be compared.
inline constexpr double frame = 0.8;  // ms

/// What arrives at the end of a frame.
template <class M> using Arrivals = std::map<int, typename M::Input>;

/// The state at the end of each frame, on a grid of dt; `current` (pA) is there all the time.
template <class M>
std::vector<std::vector<double>> on_grid(const typename M::Parameters& p, const Arrivals<M>& arrivals,
                                         int frames, double dt, double current = 0) {
  using Real = typename RealOf<M>::type;
  OneNeuron<M> neuron(p, dt);
  std::vector<std::vector<double>> states;
  const int steps = static_cast<int>(std::lround(frame / dt));
  for (int f = 0; f < frames; ++f) {
    for (int k = 1; k <= steps; ++k) {
      const auto arrival = k == steps ? arrivals.find(f) : arrivals.end();
      typename M::Input input = arrival == arrivals.end() ? typename M::Input{} : arrival->second;
      input.current = Real(current);
      EXPECT_FALSE(neuron.step(input)) << "the reference knows no reset";
    }
    states.push_back(values_of<Real>(neuron.state));
  }
  return states;
}

/// The same by Runge-Kutta with 800 steps a frame: `slope` gives the derivatives, `arrive` adds an input. The
/// error is about (h/tau)^4/120 of the response, below 1e-12 of it for time constants of 1 ms and more.
template <class M, std::size_t n, class Slope, class Arrive>
std::vector<std::array<double, n>> by_runge_kutta(std::array<double, n> y, const Arrivals<M>& arrivals,
                                                  int frames, const Slope& slope, const Arrive& arrive) {
  constexpr int steps = 800;
  std::vector<std::array<double, n>> states;
  for (int f = 0; f < frames; ++f) {
    for (int k = 0; k < steps; ++k) y = runge_kutta(y, frame / steps, slope);
    if (const auto arrival = arrivals.find(f); arrival != arrivals.end()) arrive(y, arrival->second);
    states.push_back(y);
  }
  return states;
}

/// The largest difference of state variable `member` at any frame.
template <std::size_t n>
double largest_error(const std::vector<std::vector<double>>& found,
                     const std::vector<std::array<double, n>>& exact, std::size_t member) {
  double largest = 0;
  for (std::size_t f = 0; f < exact.size(); ++f)
    largest = std::max(largest, std::abs(found[f][member] - exact[f][member]));
  return largest;
}

/// The error of the potential falls by 2^order with each halving of dt from 0.2 ms.
template <class M, class Exact>
void expect_order(double order, const typename M::Parameters& p, const Arrivals<M>& arrivals,
                  const Exact& exact, double current = 0) {
  const auto error = [&](double dt) {
    return largest_error(on_grid<M>(p, arrivals, static_cast<int>(exact.size()), dt, current), exact, 0);
  };
  double last = error(0.2);
  EXPECT_GT(last, 1e-7) << "nothing to see";
  for (const double dt : {0.1, 0.05, 0.025, 0.0125}) {
    const double next = error(dt);
    EXPECT_NEAR(std::log2(last / next), order, 0.15) << "dt " << dt << " error " << next;
    last = next;
  }
}

/// Every state variable of the reference is met to `tolerance` on any grid.
template <class M, class Exact>
void expect_exact(double tolerance, const typename M::Parameters& p, const Arrivals<M>& arrivals,
                  const Exact& exact, double current = 0) {
  for (const double dt : {0.8, 0.4, 0.1, 0.025}) {
    const auto found = on_grid<M>(p, arrivals, static_cast<int>(exact.size()), dt, current);
    for (std::size_t m = 0; m < exact.front().size(); ++m)
      EXPECT_LT(largest_error(found, exact, m), tolerance) << "state " << m << " dt " << dt;
  }
}

}  // namespace synfire::testing_tools
