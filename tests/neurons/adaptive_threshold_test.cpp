// The threshold that spikes raise: its decay is exact where single precision cannot see a step of it, and its
// drift brings a neuron to its target rate.
#include <gtest/gtest.h>

#include "tests/neurons/driver.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

template <class M> class AdaptiveThreshold : public ::testing::Test {};
using Models = ::testing::Types<LifDiehlCook<float>, LifDiehlCook<double>, LifDiehlCookPsc<float>,
                                LifDiehlCookPsc<double>>;
TYPED_TEST_SUITE(AdaptiveThreshold, Models);

template <class M> double theta(const OneNeuron<M>& neuron) {
  return double(neuron.state.theta) + double(neuron.state.theta_carry);
}

// A step of 0.5 ms changes theta by 5e-8 of it, less than a float can show. What is left is the rounding of
// the decay per step, a part in 2^24 of the change.
TYPED_TEST(AdaptiveThreshold, decays_exactly_over_minutes) {
  OneNeuron<TypeParam> neuron({}, 0.5);
  for (int minute = 1; minute <= 4; ++minute) {
    neuron.run(120000);
    const double exact = 20 * std::exp(-minute * 60000.0 / 1e7);
    EXPECT_NEAR(theta(neuron), exact, (20 - exact) * 2 * rounding<float>) << minute;
    EXPECT_NEAR(neuron.state.theta, exact, 20 * 2 * rounding<float>);
  }
}

TYPED_TEST(AdaptiveThreshold, adds_theta_plus_at_every_spike_and_nothing_is_lost) {
  using Real = typename RealOf<TypeParam>::type;
  typename TypeParam::Parameters p{};
  p.I_e = 40;
  p.tau_theta = 100000;
  OneNeuron<TypeParam> neuron(p, 0.5);
  double exact = p.theta_offset;
  int spikes = 0;
  for (int k = 0; k < 100000; ++k) {
    const bool spike = neuron.step();
    spikes += spike;
    exact = exact * std::exp(-0.5 / 1e5) + (spike ? double(p.theta_plus) : 0.0);
  }
  EXPECT_GT(spikes, 200);
  EXPECT_NEAR(theta(neuron), exact, 20 * 4 * rounding<float>);
  EXPECT_NEAR(TypeParam::margin(neuron.state, p), neuron.state.V_m - (p.V_th + exact - p.theta_offset),
              200 * rounding<Real> + 1e-5);
}

// From above and from below: too low a threshold rises, too high a one sinks.
TYPED_TEST(AdaptiveThreshold, drifts_to_where_the_neuron_fires_at_its_target_rate) {
  for (const double target : {8.0, 15.0})
    for (const double start : {0.0, 24.0}) {
      typename TypeParam::Parameters p{};
      p.I_e = 40;  // to -25 mV
      p.theta_plus = 0.5;
      p.target_rate = target;
      OneNeuron<TypeParam> neuron(p, 0.5);
      neuron.state.theta += start;
      const double first = neuron.spikes(1000).size() / 0.5;
      neuron.run(100000);
      const double rate = neuron.spikes(40000).size() / 20.0;
      EXPECT_NEAR(rate, target, 0.02 * target) << start;
      EXPECT_GT(std::abs(first - target), 0.2 * target) << "it fired so from the start: nothing to see";
    }
}

TYPED_TEST(AdaptiveThreshold, without_a_target_only_spikes_and_decay_move_it) {
  typename TypeParam::Parameters p{};
  p.I_e = 40;
  p.theta_plus = 0;
  p.tau_theta = 1e30f;
  OneNeuron<TypeParam> neuron(p, 0.5);
  EXPECT_GT(neuron.spikes(20000).size(), 100u);
  EXPECT_EQ(theta(neuron), 20);
}

// The layers of Diehl & Cook 2015: the inhibitory neuron follows each spike of its excitatory one, and a
// silenced excitatory neuron does not.
TEST(DiehlCook, an_excitatory_spike_makes_its_inhibitory_neuron_fire_which_silences_the_others) {
  using M = LifDiehlCook<float>;
  M::Parameters inhibitory{};
  inhibitory.tau_m = 10, inhibitory.E_L = -60, inhibitory.V_reset = -45, inhibitory.V_th = -40;
  inhibitory.t_ref = 2, inhibitory.E_in = -85, inhibitory.theta_plus = 0;
  OneNeuron<M> first({}, 0.5), second({}, 0.5), other(inhibitory, 0.5);
  bool to_inhibitory = false, to_second = false;
  int first_spikes = 0, second_spikes = 0, inhibitory_spikes = 0;
  for (int k = 0; k < 2000; ++k) {
    const bool a = first.step({0.3f, 0, 0});
    const bool b = second.step({0.25f, to_second ? 17.0f : 0.0f, 0});
    const bool c = other.step({to_inhibitory ? 10.4f : 0.0f, 0, 0});
    to_inhibitory = a;
    to_second = c;
    first_spikes += a, second_spikes += b, inhibitory_spikes += c;
  }
  EXPECT_GT(first_spikes, 10);
  EXPECT_NEAR(inhibitory_spikes, first_spikes, 1);
  EXPECT_EQ(second_spikes, 0);
  OneNeuron<M> alone({}, 0.5);
  EXPECT_GT(alone.spikes(2000, {0.25f, 0, 0}).size(), 10u) << "it would fire if it were let";
}

}  // namespace
}  // namespace synfire
