// Firing rates under constant currents against closed forms and quadratures. A neuron on the grid spikes at
// the first step that ends at or after the exact time, so that an interval is that time rounded up.
#include <functional>

#include <gtest/gtest.h>

#include "tests/neurons/driver.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

// The mean of the last ten intervals (ms) under a constant current; infinity for a neuron that stays silent.
template <class M> double interval(typename M::Parameters p, double I_e, double dt, double duration = 15000) {
  p.I_e = typename RealOf<M>::type(I_e);
  const auto spikes = OneNeuron<M>(p, dt).spikes(static_cast<int>(duration / dt));
  if (spikes.size() < 12) return std::numeric_limits<double>::infinity();
  return (spikes.back() - spikes[spikes.size() - 11]) * dt / 10;
}

// ---- Leaky ----

// From reset to threshold towards E_L + I tau_m/C_m, and the refractory time.
template <class P> double leaky_interval(const P& p, double I) {
  const double rest = p.E_L, to = rest + I * p.tau_m / p.C_m;
  if (to <= p.V_th) return std::numeric_limits<double>::infinity();
  return p.t_ref + p.tau_m * std::log((to - p.V_reset) / (to - p.V_th));
}

template <class M> void expect_leaky_rates(typename M::Parameters p) {
  const double rheobase = (p.V_th - p.E_L) * p.C_m / p.tau_m;
  EXPECT_EQ(interval<M>(p, 0.999 * rheobase, 0.1), std::numeric_limits<double>::infinity());
  for (const double times : {1.01, 1.2, 2.0, 5.0})
    for (const double dt : {0.1, 0.025}) {
      const double exact = leaky_interval(p, times * rheobase), found = interval<M>(p, times * rheobase, dt);
      EXPECT_GE(found, exact - 1e-6) << times << " dt " << dt;
      EXPECT_LE(found, exact + dt) << times << " dt " << dt;
    }
}

TEST(Rates, of_leaky_neurons_follow_the_logarithm) {
  expect_leaky_rates<IafPscExp<double>>({});
  expect_leaky_rates<IafPscAlpha<double>>({});
  IafPscAlpha<double>::Parameters other{};
  other.V_reset = -62, other.t_ref = 0.7, other.tau_m = 23;
  expect_leaky_rates<IafPscAlpha<double>>(other);
  LifAdaptive<double>::Parameters bare{};
  bare.a = bare.b = 0;
  expect_leaky_rates<LifAdaptive<double>>(bare);
  LifDiehlCook<double>::Parameters excitatory{};
  excitatory.theta_plus = 0, excitatory.tau_theta = 1e30;
  expect_leaky_rates<LifDiehlCook<double>>(excitatory);
  LifDiehlCookPsc<double>::Parameters inhibitory{};
  inhibitory.theta_plus = 0, inhibitory.tau_theta = 1e30;
  inhibitory.tau_m = 10, inhibitory.E_L = -60, inhibitory.V_reset = -45, inhibitory.V_th = -40,
  inhibitory.t_ref = 2;
  expect_leaky_rates<LifDiehlCookPsc<double>>(inhibitory);
}

TEST(Rates, of_conductance_neurons_follow_the_logarithm) {
  const auto rate = []<class M>(M, typename M::Parameters p) {
    for (const double I : {300.0, 400.0, 900.0}) {
      const double tau_m = p.C_m / p.g_L, to = p.E_L + I / p.g_L;
      const double exact = p.t_ref + tau_m * std::log((to - p.V_reset) / (to - p.V_th));
      EXPECT_NEAR(interval<M>(p, I, 0.1), exact + 0.05, 0.05 + 1e-6) << I;
    }
  };
  rate(IafCondExp<double>{}, {});
  rate(IafCondAlpha<double>{}, {});
}

// ---- Adaptive ----

// The interval T at which V comes to V_th when w starts at b/(1 - exp(-T/tau_w)), as it does once all
// intervals are equal (a = 0); the membrane's answer to a decaying current as a difference of exponentials.
double adapted_interval(const LifAdaptive<double>::Parameters& p, double I) {
  const auto excess = [&](double T) {
    const double w = p.b / -std::expm1(-T / p.tau_w) * std::exp(-p.t_ref / p.tau_w), t = T - p.t_ref;
    const double to = p.E_L + I * p.tau_m / p.C_m, rate = 1 / p.tau_w - 1 / p.tau_m;
    return to + (p.V_reset - to) * std::exp(-t / p.tau_m) -
           w / p.C_m * (std::exp(-t / p.tau_m) - std::exp(-t / p.tau_w)) / rate - p.V_th;
  };
  double low = p.t_ref + 1e-3, high = 2000;
  while (high - low > 1e-9) {
    const double middle = (low + high) / 2;
    (excess(middle) < 0 ? low : high) = middle;
  }
  return high;
}

TEST(Rates, of_the_adaptive_neuron_settle_where_spikes_make_up_for_the_decay) {
  LifAdaptive<double>::Parameters p{};
  p.a = 0;
  for (const double I : {400.0, 500.0, 800.0, 1500.0}) {
    const double exact = adapted_interval(p, I), found = interval<LifAdaptive<double>>(p, I, 0.02);
    EXPECT_GE(found, exact - 1e-6) << I;
    EXPECT_LE(found, exact + 0.04) << I;  // w comes to stand where the rounded interval has it
    EXPECT_GT(exact, 1.3 * leaky_interval(p, I)) << "no adaptation to see";
  }
}

TEST(Rates, sub_threshold_adaptation_raises_the_rheobase_by_a) {
  LifAdaptive<double>::Parameters p{};
  p.a = 10;
  p.b = 0;
  p.tau_w = 50;
  p.tau_m = 60;
  const double rheobase = (p.C_m / p.tau_m + p.a) * (p.V_th - p.E_L);
  OneNeuron<LifAdaptive<double>> neuron(p, 0.1);
  for (double part = 0; part < 0.99; part += 0.01) neuron.run(1000, {0, 0, part * rheobase});
  EXPECT_TRUE(neuron.spikes(20000, {0, 0, 0.99 * rheobase}).empty());
  EXPECT_NEAR(neuron.state.V_m, p.E_L + 0.99 * (p.V_th - p.E_L), 1e-9);
  EXPECT_NEAR(neuron.state.w, p.a * 0.99 * (p.V_th - p.E_L), 1e-8);
  EXPECT_FALSE(neuron.spikes(20000, {0, 0, 1.01 * rheobase}).empty());
}

// ---- Quadratic and exponential ----

// The time from V_reset to V_peak, given dV/dt of the potential, by Simpson's rule.
double passage(double from, double to, const std::function<double(double)>& slope) {
  constexpr int pieces = 20000;
  const double h = (to - from) / pieces;
  double sum = 0;
  for (int k = 0; k < pieces; ++k)
    sum +=
        h / 6 * (1 / slope(from + k * h) + 4 / slope(from + (k + 0.5) * h) + 1 / slope(from + (k + 1) * h));
  return sum;
}

TEST(Rates, of_the_quadratic_neuron_follow_the_arctangent) {
  using M = QifPscDelta<double>;
  M::Parameters p{};
  const double D = p.V_crit - p.E_L, middle = (p.V_crit + p.E_L) / 2, rheobase = D / 4 * p.C_m / p.tau_m;
  EXPECT_EQ(interval<M>(p, 0.9999 * rheobase, 0.1), std::numeric_limits<double>::infinity());
  for (const double times : {1.01, 1.5, 4.0, 20.0}) {
    const double J = times * D / 4 - D / 4, q = std::sqrt(J * D);
    const double exact =
        p.t_ref + p.tau_m * std::sqrt(D / J) *
                      (std::atan((p.V_peak - middle) / q) - std::atan((p.V_reset - middle) / q));
    for (const double dt : {0.1, 0.025}) {
      const double found = interval<M>(p, times * rheobase, dt);
      EXPECT_GE(found, exact - 1e-6) << times;
      EXPECT_LE(found, exact + dt) << times;
    }
  }
}

// From minus to plus infinity: f = sqrt(J/D)/(pi tau_m). Also with steps that are longer than an interval.
TEST(Rates, of_the_quadratic_neuron_between_infinities_are_a_square_root) {
  using M = QifPscDelta<double>;
  M::Parameters p{};
  p.V_peak = 1e9, p.V_reset = -1e9, p.t_ref = 0;
  const double D = p.V_crit - p.E_L;
  for (const double J : {0.1, 1.0, 10.0, 300.0}) {
    const double exact = 3.14159265358979323846 * p.tau_m * std::sqrt(D / J);
    const double found = interval<M>(p, (J + D / 4) * p.C_m / p.tau_m, 0.01, 20000);
    EXPECT_GE(found, exact - 1e-5) << J;
    EXPECT_LE(found, exact + 0.01) << J;
  }
  p.I_e = 1e6;  // an interval of 0.7 ms: it spikes in every step of 1 ms
  EXPECT_EQ(OneNeuron<M>(p, 1.0).spikes(100).size(), 100u);
}

template <class M> void expect_exponential_rates() {
  typename M::Parameters p{};
  p.a = p.b = 0;
  p.t_ref = 1.5;
  for (const double I : {600.0, 800.0, 2000.0}) {
    const double exact =
        p.t_ref + passage(p.V_reset, p.V_peak, [&](double V) {
          return (-p.g_L * (V - p.E_L) + p.g_L * p.Delta_T * std::exp((V - p.V_th) / p.Delta_T) + I) / p.C_m;
        });
    for (const double dt : {0.1, 0.02}) {
      const double found = interval<M>(p, I, dt);
      EXPECT_GE(found, exact - 0.5 * dt) << I << " dt " << dt;
      EXPECT_LE(found, exact + 1.5 * dt) << I << " dt " << dt;
    }
  }
}

TEST(Rates, of_exponential_neurons_without_adaptation_are_the_time_of_passage) {
  expect_exponential_rates<AeifPscExp<double>>();
  expect_exponential_rates<AeifCondExp<double>>();
}

TEST(Rates, of_izhikevichs_model_without_recovery_converge_to_the_time_of_passage) {
  using M = Izhikevich<double>;
  M::Parameters p{};
  p.a = p.b = p.d = 0;
  for (const double I : {20.0, 40.0}) {
    const double exact = passage(p.c, p.V_th, [&](double V) { return 0.04 * V * V + 5 * V + 140 + I; });
    double last = 1e9;
    for (const double dt : {0.1, 0.05, 0.025, 0.0125}) {
      const double error = std::abs(interval<M>(p, I, dt) - exact);
      EXPECT_LT(error, 12 * dt) << I;
      EXPECT_LT(error, 0.7 * last) << I << " dt " << dt;
      last = error;
    }
  }
}

}  // namespace
}  // namespace synfire
