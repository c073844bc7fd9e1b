// The conductance model has no closed form; it is judged by a fourth-order Runge-Kutta solution on a fine
// grid.
#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "tests/neurons/driver.hpp"

namespace synfire {
namespace {

using namespace testing_tools;
using Model = IafCondExp<double>;

struct Exact {
  Model::Parameters p;
  double current = 0;

  using Y = std::array<double, 3>;  // V, g_ex, g_in

  Y slope(const Y& y) const {
    return {
        (-p.g_L * (y[0] - p.E_L) - y[1] * (y[0] - p.E_ex) - y[2] * (y[0] - p.E_in) + current + p.I_e) / p.C_m,
        -y[1] / p.tau_syn_ex, -y[2] / p.tau_syn_in};
  }
  /// Global error about (h/tau_syn)^4/120 of the response: below 1e-12 mV for h = tau_syn/1000.
  Y after(Y y, double t, int steps) const {
    const double h = t / steps;
    const auto at = [](const Y& a, const Y& b, double f) {
      return Y{a[0] + f * b[0], a[1] + f * b[1], a[2] + f * b[2]};
    };
    for (int k = 0; k < steps; ++k) {
      const Y k1 = slope(y), k2 = slope(at(y, k1, h / 2)), k3 = slope(at(y, k2, h / 2)),
              k4 = slope(at(y, k3, h));
      for (int m = 0; m < 3; ++m) y[m] += h / 6 * (k1[m] + 2 * k2[m] + 2 * k3[m] + k4[m]);
    }
    return y;
  }
};

Model::Parameters slow_synapses() {
  Model::Parameters p{};
  p.tau_syn_ex = 2;
  p.tau_syn_in = 5;
  p.I_e = 50;
  p.V_th = 0;
  return p;
}

template <class M>
OneNeuron<M> after_volley(const typename M::Parameters& p, double dt, double t, double exc, double inh,
                          double current = 0) {
  using Real = typename OneNeuron<M>::Real;
  OneNeuron<M> neuron(p, dt);
  neuron.state.g_ex = Real(exc);
  neuron.state.g_in = Real(inh);
  neuron.run(static_cast<int>(std::lround(t / dt)), {0, 0, Real(current)});
  return neuron;
}

TEST(IafCondExp, is_of_order_two_in_the_step) {
  const auto p = slow_synapses();
  const Exact exact{p, 30};
  for (const double t : {3.2, 12.8}) {
    const double V = exact.after({p.E_L, 20, 30}, t, 16000)[0];
    double last = 0;
    for (const double dt : {0.4, 0.2, 0.1, 0.05, 0.025}) {
      const double error = std::abs(after_volley<Model>(p, dt, t, 20, 30, 30).state.V_m - V);
      if (last > 0) {
        EXPECT_NEAR(std::log2(last / error), 2, 0.1) << "t " << t << " dt " << dt;
      }
      last = error;
    }
  }
}

TEST(IafCondExp, conductances_are_exact_on_any_grid) {
  for (const double dt : {0.05, 0.1, 0.8}) {
    const auto neuron = after_volley<Model>(slow_synapses(), dt, 8, 20, 30);
    EXPECT_NEAR(neuron.state.g_ex, 20 * std::exp(-8.0 / 2), 1e-12);
    EXPECT_NEAR(neuron.state.g_in, 30 * std::exp(-8.0 / 5), 1e-12);
  }
}

TEST(IafCondExp, is_exact_while_conductances_are_constant) {
  auto p = slow_synapses();
  p.tau_syn_ex = p.tau_syn_in = 1e15;
  const double g = p.g_L + 3 + 7;
  const double to = (p.g_L * p.E_L + 3 * p.E_ex + 7 * p.E_in + p.I_e + 40) / g;
  for (const double dt : {0.1, 1.0}) {
    const auto neuron = after_volley<Model>(p, dt, 10, 3, 7, 40);
    // 1.5 ulp of the exponential in each step, carried on with a factor below 1
    EXPECT_NEAR(neuron.state.V_m, to + (p.E_L - to) * std::exp(-10 * g / p.C_m), 1e-11) << dt;
  }
}

TEST(IafCondExp, in_float_stays_within_rounding_of_the_double_trace) {
  const auto p = slow_synapses();
  IafCondExp<float>::Parameters pf{};
  pf.tau_syn_ex = 2, pf.tau_syn_in = 5, pf.I_e = 50, pf.V_th = 0;
  // At most 8 rounding units of 85 mV in each step, fading over the membrane's 15 ms (150 steps).
  const double tolerance = 8 * rounding<float> * 85 * 150;
  for (double t = 0.5; t < 40; t += 0.5)
    EXPECT_NEAR((after_volley<IafCondExp<float>>(pf, 0.1, t, 20, 30).state.V_m),
                after_volley<Model>(p, 0.1, t, 20, 30).state.V_m, tolerance);
}

TEST(IafCondExp, excitation_pulls_to_E_ex_and_inhibition_to_E_in_from_either_side) {
  auto p = slow_synapses();
  p.tau_syn_ex = p.tau_syn_in = 1e15;
  p.I_e = 0;
  p.V_th = 100;
  EXPECT_NEAR(after_volley<Model>(p, 0.1, 10, 1e6, 0).state.V_m, p.E_ex, 1e-2);
  EXPECT_NEAR(after_volley<Model>(p, 0.1, 10, 0, 1e6).state.V_m, p.E_in, 1e-2);
  auto lower = p;
  lower.E_L = -100;
  EXPECT_GT(after_volley<Model>(lower, 0.1, 10, 0, 50).state.V_m, -95) << "E_in lies above: it depolarises";
}

TEST(IafCondExp, a_spike_acts_on_the_conductance_at_the_end_of_its_step) {
  OneNeuron<Model> neuron({}, 0.1);
  neuron.step({5, 6, 0});
  EXPECT_EQ(neuron.state.V_m, neuron.parameters.E_L);
  EXPECT_EQ(neuron.state.g_ex, 5);
  EXPECT_EQ(neuron.state.g_in, 6);
  neuron.step();
  EXPECT_GT(neuron.state.V_m, neuron.parameters.E_L);
}

// Potentials and conductances beyond reason must not give anything that is not a number.
TEST(IafCondExp, survives_extreme_conductances) {
  OneNeuron<IafCondExp<float>> neuron({}, 0.1);
  for (const float g : {1e6f, 1e12f, 1e30f}) {
    neuron.run(50, {g, g, 0});
    EXPECT_TRUE(std::isfinite(neuron.state.V_m)) << g;
  }
}

}  // namespace
}  // namespace synfire
