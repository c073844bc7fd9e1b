// The linear models against their solutions, worked out by hand. Single precision: in each step the membrane
// errs by a few rounding units of the largest potential (4 operations on about 70 mV), and the error fades
// with exp(-dt/tau_m); the sum of the geometric series bounds what can pile up. Double precision: the same
// bound with its smaller unit, whatever dt: exact integration.
#include <cmath>

#include <gtest/gtest.h>

#include "tests/neurons/driver.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

template <class Real> double bound(double tau, double dt, double largest = 70) {
  return 4 * rounding<Real> * largest / -std::expm1(-dt / tau);
}

double relax(double from, double to, double t, double tau) { return to + (from - to) * std::exp(-t / tau); }

// The potential above rest at time t after a current of 1 pA began to decay with tau_s: the difference of two
// exponentials over that of their rates, as a hyperbolic sine, which does not cancel.
double psp(double t, double tau_m, double tau_s, double C_m) {
  const double a = 1 / tau_m, b = 1 / tau_s, middle = std::exp(-(a + b) / 2 * t) / C_m;
  return a == b ? middle * t : middle * std::sinh((b - a) / 2 * t) / ((b - a) / 2);
}

template <class Real> class ClosedForm : public ::testing::Test {};
using Reals = ::testing::Types<float, double>;
TYPED_TEST_SUITE(ClosedForm, Reals);

template <class M> void follows_constant_then_stepped_current(double dt) {
  using Real = typename OneNeuron<M>::Real;
  typename M::Parameters p{};
  p.I_e = 100;  // to -66 mV
  p.V_th = 0;
  OneNeuron<M> neuron(p, dt);
  typename M::Input stepped{};
  stepped.current = 250;  // to -56 mV
  const int half = static_cast<int>(std::lround(20 / dt));
  for (int k = 1; k <= half; ++k) {
    neuron.step();
    ASSERT_NEAR(neuron.state.V_m, relax(-70, -66, k * dt, 10), bound<Real>(10, dt)) << k * dt << " ms";
  }
  const double at_step = relax(-70, -66, 20, 10);
  for (int k = 1; k <= half; ++k) {
    neuron.step(stepped);
    ASSERT_NEAR(neuron.state.V_m, relax(at_step, -56, k * dt, 10), bound<Real>(10, dt)) << k * dt << " ms";
  }
}

TYPED_TEST(ClosedForm, membranes_follow_constant_and_stepped_currents_on_any_grid) {
  for (const double dt : {0.01, 0.1, 1.0}) {
    follows_constant_then_stepped_current<IafPscDelta<TypeParam>>(dt);
    follows_constant_then_stepped_current<IafPscExp<TypeParam>>(dt);
  }
}

TYPED_TEST(ClosedForm, a_delta_spike_jumps_in_its_step_and_decays_with_tau_m) {
  using M = IafPscDelta<TypeParam>;
  OneNeuron<M> neuron({}, 0.1);
  neuron.step({TypeParam(3), 0});
  EXPECT_NEAR(neuron.state.V_m, -67, bound<TypeParam>(10, 0.1));
  neuron.step({TypeParam(-5), 0});
  for (int k = 1; k <= 300; ++k) {
    neuron.step();
    const double exact = -70 + (3 * std::exp(-0.01) - 5) * std::exp(-k * 0.01);
    ASSERT_NEAR(neuron.state.V_m, exact, bound<TypeParam>(10, 0.1)) << k;
  }
}

TYPED_TEST(ClosedForm, exponential_currents_add_up_also_where_the_time_constants_are_equal) {
  for (const double tau_ex : {0.5, 2.0, 10.0, 10.0001, 25.0}) {
    for (const double dt : {0.01, 0.1, 1.0}) {
      using M = IafPscExp<TypeParam>;
      typename M::Parameters p{};
      p.tau_syn_ex = TypeParam(tau_ex);
      p.tau_syn_in = 3;
      OneNeuron<M> neuron(p, dt);
      neuron.step({100, 0, 0});
      EXPECT_EQ(neuron.state.V_m, -70)
          << "a spike acts on the current first, on the membrane in the next step";
      const int gap = static_cast<int>(std::lround(5 / dt));
      for (int k = 1; k <= 3 * gap; ++k) {
        typename M::Input in{};
        if (k == gap) in.inh = -60;
        neuron.step(in);
        double exact = -70 + 100 * psp(k * dt, 10, tau_ex, 250);
        if (k > gap) exact -= 60 * psp((k - gap) * dt, 10, 3, 250);
        // tau 10.0001 in float is off by a rounding unit, which the potential feels in proportion.
        ASSERT_NEAR(neuron.state.V_m, exact, 2 * bound<TypeParam>(10, dt)) << tau_ex << " " << k * dt;
      }
      EXPECT_NEAR(neuron.state.I_syn_ex, 100 * std::exp(-3 * gap * dt / tau_ex),
                  bound<TypeParam>(tau_ex, dt, 100));
    }
  }
}

// Height and time of the peak: dV/dt = 0 at t* = ln(tau_m/tau_s) / (1/tau_s - 1/tau_m).
TEST(PspShape, peaks_when_and_as_high_as_the_closed_form_says) {
  constexpr double dt = 0.01, weight = 100, tau_m = 10, C_m = 250;
  for (const double tau_s : {0.5, 2.0, 5.0, 10.0, 20.0}) {
    IafPscExp<double>::Parameters p{};
    p.tau_syn_ex = tau_s;
    OneNeuron<IafPscExp<double>> neuron(p, dt);
    neuron.step({weight, 0, 0});
    double highest = -70;
    int when = 0;
    for (int k = 1; k < 6000; ++k) {
      neuron.step();
      if (neuron.state.V_m > highest) highest = neuron.state.V_m, when = k;
    }
    const double peak = tau_s == tau_m ? tau_m : std::log(tau_m / tau_s) / (1 / tau_s - 1 / tau_m);
    EXPECT_NEAR(when * dt, peak, dt) << tau_s;
    // Within half a step of the top, which is flat: V'' = -V/(tau_m tau_s) there.
    const double height = weight * psp(peak, tau_m, tau_s, C_m);
    EXPECT_NEAR(highest + 70, height, height * dt * dt / (tau_m * tau_s) + 1e-11) << tau_s;
  }
}

// Time from `from` to the threshold under a constant drive towards `to`.
double crossing(double from, double to, double threshold, double tau) {
  return tau * std::log((to - from) / (to - threshold));
}

template <class M> void spikes_on_the_grid_after_the_exact_time(double I_e, double t_ref, double dt) {
  typename M::Parameters p{};
  p.I_e = I_e;
  p.t_ref = t_ref;
  p.V_reset = -65;  // unlike E_L
  const double to = -70 + I_e * 10 / 250;
  const double first = crossing(-70, to, -55, 10) / dt, interval = crossing(-65, to, -55, 10) / dt;
  for (const double steps : {first, interval})  // else rounding of the test decides
    ASSERT_GT(std::abs(steps - std::round(steps)), 1e-6);
  const auto spikes = OneNeuron<M>(p, dt).spikes(20000);
  ASSERT_GT(spikes.size(), 5u);
  EXPECT_EQ(spikes[0], static_cast<int>(std::ceil(first)) - 1) << "step k ends at (k + 1) dt";
  const int expected = static_cast<int>(std::ceil(interval)) + static_cast<int>(std::lround(t_ref / dt));
  for (std::size_t k = 1; k < spikes.size(); ++k) ASSERT_EQ(spikes[k] - spikes[k - 1], expected) << k;
}

TEST(SpikeTimes, are_the_exact_solution_rounded_up_to_the_grid) {
  for (const double I_e : {376.0, 400.0, 500.0, 1000.0, 3210.0})
    for (const double t_ref : {0.0, 0.1, 2.0, 5.0})
      for (const double dt : {0.1, 0.05, 0.025}) {
        if (t_ref > 0 && t_ref < dt) continue;
        SCOPED_TRACE(testing::Message() << I_e << " pA, t_ref " << t_ref << ", dt " << dt);
        spikes_on_the_grid_after_the_exact_time<IafPscDelta<double>>(I_e, t_ref, dt);
        spikes_on_the_grid_after_the_exact_time<IafPscExp<double>>(I_e, t_ref, dt);
      }
}

TEST(SpikeTimes, a_neuron_exactly_at_threshold_spikes) {
  OneNeuron<IafPscDelta<double>> neuron({}, 0.1);
  EXPECT_TRUE(neuron.step({15, 0}));
  OneNeuron<IafPscDelta<double>> below({}, 0.1);
  EXPECT_FALSE(below.step({std::nextafter(15.0, 0.0) - 1e-13, 0}));
}

// A neuron that spiked in step 0 with t_ref of 5 steps: held in steps 1 to 5, free in step 6.
template <class M> OneNeuron<M> refractory_neuron(typename M::Input push) {
  typename M::Parameters p{};
  p.t_ref = 0.5;
  OneNeuron<M> neuron(p, 0.1);
  neuron.state.V_m = -40;
  EXPECT_TRUE(neuron.step(push));
  return neuron;
}

TEST(Refractory, delta_spikes_are_lost_up_to_the_last_step_held_and_count_in_the_next) {
  for (int arrival = 1; arrival <= 8; ++arrival) {
    auto neuron = refractory_neuron<IafPscDelta<double>>({});
    for (int k = 1; k <= 8; ++k) neuron.step({k == arrival ? 4.0 : 0.0, 0});
    const double expected = arrival <= 5 ? -70 : -70 + 4 * std::exp(-(8 - arrival) * 0.01);
    EXPECT_NEAR(neuron.state.V_m, expected, 1e-12) << arrival;
  }
}

TEST(Refractory, exponential_currents_go_on_and_take_up_what_arrives) {
  for (int arrival = 0; arrival <= 8; ++arrival) {
    auto neuron = refractory_neuron<IafPscExp<double>>({arrival == 0 ? 50.0 : 0.0, 0, 0});
    for (int k = 1; k <= 8; ++k) neuron.step({k == arrival ? 50.0 : 0.0, 0, 0});
    EXPECT_NEAR(neuron.state.I_syn_ex, 50 * std::exp(-(8 - arrival) * 0.1 / 2), 1e-12) << arrival;
    // The membrane is free in steps 6, 7 and 8 and sees what is left of the current.
    const double begin = std::max(5, arrival);
    const double left = 50 * std::exp(-(begin - arrival) * 0.1 / 2);
    EXPECT_NEAR(neuron.state.V_m, -70 + left * psp((8 - begin) * 0.1, 10, 2, 250), 1e-12) << arrival;
  }
}

TEST(Refractory, conductances_go_on_and_take_up_what_arrives) {
  for (int arrival = 0; arrival <= 5; ++arrival) {
    auto neuron = refractory_neuron<IafCondExp<double>>({arrival == 0 ? 9.0 : 0.0, 0, 0});
    for (int k = 1; k <= 5; ++k) neuron.step({k == arrival ? 9.0 : 0.0, 0, 0});
    EXPECT_EQ(neuron.state.V_m, neuron.parameters.V_reset);
    EXPECT_NEAR(neuron.state.g_ex, 9 * std::exp(-(5 - arrival) * 0.1 / neuron.parameters.tau_syn_ex), 1e-12);
  }
}

TEST(Refractory, zero_lets_a_neuron_spike_in_every_step) {
  IafPscDelta<double>::Parameters p{};
  p.t_ref = 0;
  EXPECT_EQ(OneNeuron<IafPscDelta<double>>(p, 0.1).spikes(50, {20, 0}).size(), 50u);
  p.t_ref = 0.1;
  EXPECT_EQ(OneNeuron<IafPscDelta<double>>(p, 0.1).spikes(50, {20, 0}).size(), 25u);
}

TEST(LowestPotential, is_kept_whatever_arrives) {
  IafPscDelta<double>::Parameters p{};
  p.V_min = -80;
  OneNeuron<IafPscDelta<double>> neuron(p, 0.1);
  neuron.step({-9, 0});
  EXPECT_NEAR(neuron.state.V_m, -79, 1e-12);
  neuron.step({-500, 0});
  EXPECT_EQ(neuron.state.V_m, -80);
  neuron.step();
  EXPECT_NEAR(neuron.state.V_m, -70 - 10 * std::exp(-0.01), 1e-12) << "decays from V_min, not from below";
  OneNeuron<IafPscDelta<double>> unbounded({}, 0.1);
  unbounded.step({-500, 0});
  EXPECT_NEAR(unbounded.state.V_m, -570, 1e-12) << "without V_min there is none";
}

}  // namespace
}  // namespace synfire
