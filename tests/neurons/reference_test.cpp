// The biophysical models against a high-order integration of their equations between given inputs: exact ones
// agree to rounding on every grid, the others with an error that falls at the order they state.
#include "tests/neurons/reference.hpp"

#include <gtest/gtest.h>

namespace synfire {
namespace {

using namespace testing_tools;

constexpr int frames = 60;  // 48 ms

template <class M> Arrivals<M> volleys(double exc, double inh) {
  Arrivals<M> arrivals;
  arrivals[3].exc = exc;
  arrivals[4].inh = inh;
  arrivals[20].exc = exc / 2;
  arrivals[20].inh = inh / 2;
  return arrivals;
}

// ---- Currents and conductances of alpha shape ----

TEST(Reference, iaf_psc_alpha_is_exact_on_any_grid_also_at_equal_time_constants) {
  using M = IafPscAlpha<double>;
  for (const double tau_ex : {2.0, 10.0, 10.0 * (1 + 1e-9), 30.0}) {
    M::Parameters p{};
    p.tau_syn_ex = tau_ex;
    p.tau_syn_in = 3;
    p.I_e = 100;
    p.V_th = 0;
    const auto arrivals = volleys<M>(200, -150);
    const auto exact = by_runge_kutta<M>(
        std::array<double, 5>{p.E_L, 0, 0, 0, 0}, arrivals, frames,
        [&](const auto& y) {
          return std::array{-(y[0] - p.E_L) / p.tau_m + (y[1] + y[2] + p.I_e + 40) / p.C_m,
                            y[3] - y[1] / p.tau_syn_ex, y[4] - y[2] / p.tau_syn_in, -y[3] / p.tau_syn_ex,
                            -y[4] / p.tau_syn_in};
        },
        [&](auto& y, const auto& in) {
          y[3] += in.exc * std::exp(1.0) / p.tau_syn_ex;
          y[4] += in.inh * std::exp(1.0) / p.tau_syn_in;
        });
    expect_exact<M>(1e-9, p, arrivals, exact, 40);
  }
}

TEST(Reference, alpha_currents_and_conductances_peak_at_their_weight_after_tau_syn) {
  IafPscAlpha<double>::Parameters currents{};
  currents.V_th = 1e9;
  OneNeuron<IafPscAlpha<double>> a(currents, 0.1);
  IafCondAlpha<double>::Parameters conductances{};
  conductances.tau_syn_ex = 2;
  conductances.V_th = 1e9;
  OneNeuron<IafCondAlpha<double>> b(conductances, 0.1);
  a.step({70, -50, 0});
  b.step({70, 50, 0});
  for (int k = 1; k <= 60; ++k) {
    a.step();
    b.step();
    const double shape = k * 0.1 / 2 * std::exp(1 - k * 0.1 / 2);
    ASSERT_NEAR(a.state.I_syn_ex, 70 * shape, 1e-11);
    ASSERT_NEAR(a.state.I_syn_in, -50 * shape, 1e-11);
    ASSERT_NEAR(b.state.g_ex, 70 * shape, 1e-11);
    ASSERT_NEAR(b.state.g_in, 50 * shape, 1e-11);
    ASSERT_LE(a.state.I_syn_ex, 70 + 1e-11);
  }
}

TEST(Reference, iaf_cond_alpha_is_of_order_two) {
  using M = IafCondAlpha<double>;
  M::Parameters p{};
  p.tau_syn_ex = 2;
  p.tau_syn_in = 4;
  p.V_th = 0;
  const auto arrivals = volleys<M>(15, 20);
  const auto exact = by_runge_kutta<M>(
      std::array<double, 5>{p.E_L, 0, 0, 0, 0}, arrivals, frames,
      [&](const auto& y) {
        return std::array{
            (-p.g_L * (y[0] - p.E_L) - y[1] * (y[0] - p.E_ex) - y[2] * (y[0] - p.E_in) + 30) / p.C_m,
            y[3] - y[1] / p.tau_syn_ex, y[4] - y[2] / p.tau_syn_in, -y[3] / p.tau_syn_ex,
            -y[4] / p.tau_syn_in};
      },
      [&](auto& y, const auto& in) {
        y[3] += in.exc * std::exp(1.0) / p.tau_syn_ex;
        y[4] += in.inh * std::exp(1.0) / p.tau_syn_in;
      });
  expect_order<M>(2, p, arrivals, exact, 30);
  const auto found = on_grid<M>(p, arrivals, frames, 0.8, 30);
  for (std::size_t m = 1; m < 5; ++m) EXPECT_LT(largest_error(found, exact, m), 1e-10) << m;
}

// ---- Adaptive threshold ----

template <class P> void without_spikes(P& p) {
  p.V_th = 0;
  p.tau_syn_ex = 2;
  p.tau_theta = 50;
  p.target_rate = 3;
  p.theta_plus = 1;
}

TEST(Reference, lif_diehl_cook_is_of_order_two_with_exact_conductances_and_theta) {
  using M = LifDiehlCook<double>;
  M::Parameters p{};
  without_spikes(p);
  p.tau_m = 10;
  p.C_m = 80;
  const auto arrivals = volleys<M>(0.6, 0.9);
  const auto exact = by_runge_kutta<M>(
      std::array<double, 4>{p.E_L, 0, 0, p.theta_offset}, arrivals, frames,
      [&](const auto& y) {
        return std::array{
            (p.E_L - y[0] + y[1] * (p.E_ex - y[0]) + y[2] * (p.E_in - y[0])) / p.tau_m + 25 / p.C_m,
            -y[1] / p.tau_syn_ex, -y[2] / p.tau_syn_in,
            -y[3] / p.tau_theta - p.theta_plus * p.target_rate * 1e-3};
      },
      [&](auto& y, const auto& in) { y[1] += in.exc, y[2] += in.inh; });
  expect_order<M>(2, p, arrivals, exact, 25);
  const auto found = on_grid<M>(p, arrivals, frames, 0.8, 25);
  for (std::size_t m = 1; m < 4; ++m) EXPECT_LT(largest_error(found, exact, m), 1e-11) << m;
}

TEST(Reference, lif_diehl_cook_psc_is_exact_on_any_grid) {
  using M = LifDiehlCookPsc<double>;
  M::Parameters p{};
  without_spikes(p);
  p.tau_m = 10;
  p.C_m = 80;
  p.I_e = 20;
  const auto arrivals = volleys<M>(60, -90);
  const auto exact = by_runge_kutta<M>(
      std::array<double, 4>{p.E_L, 0, 0, p.theta_offset}, arrivals, frames,
      [&](const auto& y) {
        return std::array{(p.E_L - y[0]) / p.tau_m + (y[1] + y[2] + p.I_e + 25) / p.C_m, -y[1] / p.tau_syn_ex,
                          -y[2] / p.tau_syn_in, -y[3] / p.tau_theta - p.theta_plus * p.target_rate * 1e-3};
      },
      [&](auto& y, const auto& in) { y[1] += in.exc, y[2] += in.inh; });
  expect_exact<M>(1e-10, p, arrivals, exact, 25);
}

// ---- Adaptation ----

TEST(Reference, lif_adaptive_is_exact_on_any_grid_also_where_it_rings_or_time_constants_agree) {
  using M = LifAdaptive<double>;
  for (const double a : {-2.0, 0.0, 4.0, 300.0})  // 300 nS: damped oscillations
    for (const double tau_w : {10.0, 100.0}) {
      M::Parameters p{};
      p.a = a;
      p.tau_w = tau_w;
      p.tau_syn_ex = 10;
      p.V_th = 0;
      p.I_e = 60;
      const auto arrivals = volleys<M>(200, -150);
      const auto exact = by_runge_kutta<M>(
          std::array<double, 4>{p.E_L, 0, 0, 0}, arrivals, frames,
          [&](const auto& y) {
            return std::array{-(y[0] - p.E_L) / p.tau_m + (-y[1] + y[2] + y[3] + p.I_e + 40) / p.C_m,
                              (p.a * (y[0] - p.E_L) - y[1]) / p.tau_w, -y[2] / p.tau_syn_ex,
                              -y[3] / p.tau_syn_in};
          },
          [&](auto& y, const auto& in) { y[2] += in.exc, y[3] += in.inh; });
      expect_exact<M>(1e-9, p, arrivals, exact, 40);
    }
}

// A push into the upstroke, and a pull out of it 1.6 ms later.
template <class M> Arrivals<M> up_and_down(double exc, double inh) {
  Arrivals<M> arrivals;
  arrivals[3].exc = exc / 2;
  arrivals[20].exc = exc;
  arrivals[22].inh = inh;
  return arrivals;
}

// Up into the upstroke, to where the exponential is as strong as the leak and beyond.
TEST(Reference, aeif_psc_exp_is_of_order_two) {
  using M = AeifPscExp<double>;
  M::Parameters p{};
  p.tau_syn_ex = 2;
  p.tau_w = 20;
  p.I_e = 470;
  const auto arrivals = up_and_down<M>(1300, -2500);
  const auto exact = by_runge_kutta<M>(
      std::array<double, 4>{p.E_L, 0, 0, 0}, arrivals, frames,
      [&](const auto& y) {
        const double spike = p.g_L * p.Delta_T * std::exp((y[0] - p.V_th) / p.Delta_T);
        return std::array{(-p.g_L * (y[0] - p.E_L) + spike - y[1] + y[2] + y[3] + p.I_e + 90) / p.C_m,
                          (p.a * (y[0] - p.E_L) - y[1]) / p.tau_w, -y[2] / p.tau_syn_ex,
                          -y[3] / p.tau_syn_in};
      },
      [&](auto& y, const auto& in) { y[2] += in.exc, y[3] += in.inh; });
  double highest = p.E_L;
  for (const auto& y : exact) highest = std::max(highest, y[0]);
  EXPECT_GT(highest, p.V_th) << "the exponential was never used";
  expect_order<M>(2, p, arrivals, exact, 90);
}

TEST(Reference, aeif_cond_exp_is_of_order_two) {
  using M = AeifCondExp<double>;
  M::Parameters p{};
  p.tau_syn_ex = 2;
  p.tau_w = 20;
  p.I_e = 470;
  const auto arrivals = up_and_down<M>(20, 100);
  const auto exact = by_runge_kutta<M>(
      std::array<double, 4>{p.E_L, 0, 0, 0}, arrivals, frames,
      [&](const auto& y) {
        const double spike = p.g_L * p.Delta_T * std::exp((y[0] - p.V_th) / p.Delta_T);
        return std::array{(-p.g_L * (y[0] - p.E_L) + spike - y[1] - y[2] * (y[0] - p.E_ex) -
                           y[3] * (y[0] - p.E_in) + p.I_e + 90) /
                              p.C_m,
                          (p.a * (y[0] - p.E_L) - y[1]) / p.tau_w, -y[2] / p.tau_syn_ex,
                          -y[3] / p.tau_syn_in};
      },
      [&](auto& y, const auto& in) { y[2] += in.exc, y[3] += in.inh; });
  double highest = p.E_L;
  for (const auto& y : exact) highest = std::max(highest, y[0]);
  EXPECT_GT(highest, p.V_th) << "the exponential was never used";
  expect_order<M>(2, p, arrivals, exact, 90);
}

// ---- Quadratic ----

template <class M> Arrivals<M> jumps(double up, double down) {
  Arrivals<M> arrivals;
  arrivals[3].delta = up;
  arrivals[10].delta = down;
  arrivals[20].delta = up / 2;
  return arrivals;
}

TEST(Reference, izhikevich_is_of_order_one_in_both_schemes) {
  using M = Izhikevich<double>;
  M::Parameters p{};
  p.I_e = 1;
  const auto slope = [&](const auto& y) {
    return std::array{0.04 * y[0] * y[0] + 5 * y[0] + 140 - y[1] + p.I_e + 1, p.a * (p.b * y[0] - y[1])};
  };
  const auto arrive = [](auto& y, const auto& in) { y[0] += in.delta; };
  for (const auto& arrivals : {jumps<M>(3, -5), Arrivals<M>{}}) {
    const auto exact = by_runge_kutta<M>(std::array<double, 2>{-65, -13}, arrivals, frames, slope, arrive);
    expect_order<M>(1, p, arrivals, exact, 1);
  }
  p.consistent_integration = 0;
  const auto exact = by_runge_kutta<M>(std::array<double, 2>{-65, -13}, Arrivals<M>{}, frames, slope, arrive);
  expect_order<M>(1, p, {}, exact, 1);
}

// At rest, pulled down, pushed to where it only just does not run away, and with a drive that is just enough
// or just not enough to make it fire for ever (where both forms of the solution meet).
TEST(Reference, qif_psc_delta_is_exact_on_any_grid) {
  using M = QifPscDelta<double>;
  const double rheobase = 20.0 / 4 * 250 / 10;
  for (const double I_e :
       {0.0, -300.0, 60.0, rheobase * (1 - 1e-12), rheobase, rheobase * (1 + 1e-9), 130.0}) {
    M::Parameters p{};
    p.I_e = I_e - 20;
    p.V_peak = 1000;
    const auto arrivals = jumps<M>(4, -7);
    const auto exact = by_runge_kutta<M>(
        std::array<double, 1>{p.E_L}, arrivals, frames,
        [&](const auto& y) {
          return std::array{(y[0] - p.E_L) * (y[0] - p.V_crit) / (p.V_crit - p.E_L) / p.tau_m +
                            (p.I_e + 20) / p.C_m};
        },
        [](auto& y, const auto& in) { y[0] += in.delta; });
    expect_exact<M>(1e-9, p, arrivals, exact, 20);
  }
}

TEST(Quadratic, a_spike_within_a_step_is_not_undone_by_what_arrives_at_its_end) {
  using M = QifPscDelta<double>;
  OneNeuron<M> neuron({}, 0.1), calm({}, 0.1);
  neuron.state.V_m = -0.5;  // runs through infinity and round to below within the step
  EXPECT_TRUE(neuron.step({-50, 0}));
  EXPECT_EQ(neuron.state.V_m, neuron.parameters.V_reset);
  calm.state.V_m = -51;
  EXPECT_FALSE(calm.step({0, 0}));
  EXPECT_TRUE(calm.step({60, 0})) << "a jump beyond V_peak is a spike";
}

TEST(Quadratic, arriving_spikes_are_lost_while_refractory) {
  using M = QifPscDelta<double>;
  OneNeuron<M> neuron({}, 0.1);
  neuron.state.V_m = -0.5;
  EXPECT_TRUE(neuron.step());
  for (int k = 0; k < 20; ++k) EXPECT_FALSE(neuron.step({4, 0}));
  EXPECT_EQ(neuron.state.V_m, neuron.parameters.V_reset);
  neuron.step({4, 0});
  EXPECT_NEAR(neuron.state.V_m, neuron.parameters.V_reset + 4, 1e-12);
}

}  // namespace
}  // namespace synfire
